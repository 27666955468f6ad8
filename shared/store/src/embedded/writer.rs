//! The one thread that writes.
//!
//! It takes all the work that is waiting, does it in one transaction, waits for the disk once, and then answers everyone.
//! While it waits, the next work gathers: the busier the store, the more writers share a wait.

use super::batch::{Batch, Outcome, Work};
use super::layout::TableId;
use crate::{Clock, StoreError, Write};
use redb::Database;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long what has expired may lie about.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// Deleted in one transaction, so that nobody waits long behind a sweep.
const SWEEP_ITEMS_MAX: usize = 256;
/// One transaction takes no more than this, so that the first in it is answered soon.
const BATCH_JOBS_MAX: usize = 256;
/// The same, in bytes of bodies. The last piece of work may go beyond.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// Counts the writes to each table.
pub(super) type Generations = [AtomicU64; TableId::ALL.len()];

/// The way to the thread. Dropping it ends the thread, when all that was asked is done.
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    table: TableId,
    work: Work,
    answer: oneshot::Sender<Outcome>,
}

impl Writer {
    pub(super) fn start(
        database: Arc<Database>,
        generations: Arc<Generations>,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let (sender, jobs) = channel();
        let thread = Thread {
            database,
            generations,
            clock,
            jobs,
            swept_at: Duration::ZERO,
        };
        let thread = std::thread::Builder::new()
            .name("postern-store".to_owned())
            .spawn(move || thread.run())?;
        Ok(Self {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    /// The work is done even if nobody waits for its outcome.
    pub(super) async fn ask(&self, table: TableId, work: Work) -> Outcome {
        let stopped = || unavailable("its writer has stopped; start Postern again");
        let (answer, outcome) = oneshot::channel();
        let job = Job {
            table,
            work,
            answer,
        };
        match &self.jobs {
            Some(jobs) => jobs.send(job).map_err(|_| stopped())?,
            None => return Err(stopped()),
        }
        outcome.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has answered all it will; there is nobody to tell here.
            let _ = thread.join();
        }
    }
}

pub(super) fn unavailable(reason: impl Display) -> StoreError {
    StoreError::Unavailable {
        reason: reason.to_string(),
    }
}

struct Thread {
    database: Arc<Database>,
    generations: Arc<Generations>,
    clock: Arc<dyn Clock>,
    jobs: Receiver<Job>,
    swept_at: Duration,
}

impl Thread {
    fn run(mut self) {
        let mut patience = SWEEP_EVERY;
        loop {
            let jobs = match self.jobs.recv_timeout(patience) {
                Ok(first) => self.gather(first),
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let more_to_sweep = self.round(jobs);
            patience = if more_to_sweep {
                Duration::ZERO
            } else {
                SWEEP_EVERY
            };
        }
    }

    fn gather(&self, first: Job) -> Vec<Job> {
        let mut bytes = first.work.body_bytes();
        let mut jobs = vec![first];
        while jobs.len() < BATCH_JOBS_MAX && bytes < BATCH_BYTES_MAX {
            let Ok(next) = self.jobs.try_recv() else {
                break;
            };
            bytes += next.work.body_bytes();
            jobs.push(next);
        }
        jobs
    }

    /// Returns whether there is more to sweep right away.
    fn round(&mut self, jobs: Vec<Job>) -> bool {
        let now = self.clock.now();
        let sweeps = now.abs_diff(self.swept_at) >= SWEEP_EVERY;
        if jobs.is_empty() && !sweeps {
            return false;
        }
        let (work, answers): (Vec<_>, Vec<_>) = jobs
            .into_iter()
            .map(|job| ((job.table, job.work), job.answer))
            .unzip();
        match self.commit(work, now.as_secs(), sweeps) {
            Ok((outcomes, more_to_sweep)) => {
                if sweeps && !more_to_sweep {
                    self.swept_at = now;
                }
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // Whoever asked may have gone away.
                    let _ = answer.send(outcome);
                }
                more_to_sweep
            }
            Err(error) => {
                let error = unavailable(error);
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
                // The next sweep waits its turn, or a broken disk would keep this thread spinning.
                self.swept_at = now;
                false
            }
        }
    }

    /// Nothing is answered before the commit, refusals neither: they may rest on what the same batch wrote.
    fn commit(
        &self,
        work: Vec<(TableId, Work)>,
        now: u64,
        sweeps: bool,
    ) -> Result<(Vec<Outcome>, bool), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        // Two waits for the disk instead of one. But without it, opening after a kill reads the whole file: 190 ms where
        // it holds 130 MB, against half a millisecond.
        transaction.set_quick_repair(true);
        let mut batch = Batch::new(&transaction, now);
        let mut outcomes = Vec::with_capacity(work.len());
        for (table, work) in work {
            outcomes.push(batch.apply(table, work)?);
        }
        let more_to_sweep = sweeps && batch.sweep(SWEEP_ITEMS_MAX)?;
        let (changed, has_changes) = (batch.changed(), batch.has_changes());
        drop(batch);
        if !has_changes {
            transaction.abort()?;
            return Ok((outcomes, more_to_sweep));
        }
        let committed = transaction.commit();
        // After the commit, so that who sees the new number reads the new items; and after a failed one too, which may
        // have reached the disk all the same.
        for (generation, changed) in self.generations.iter().zip(changed) {
            if changed {
                generation.fetch_add(1, Ordering::Release);
            }
        }
        committed?;
        Ok((outcomes, more_to_sweep))
    }
}

impl Work {
    fn body_bytes(&self) -> usize {
        match self {
            Self::Write(writes) => writes.iter().map(Write::body_bytes).sum(),
            Self::Add(_) => 0,
        }
    }
}
