//! Virtual time: futures that sleep cost nothing, and the same seed gives the same run.

use postern_store::Clock;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// The time, and who waits for it.
#[derive(Default)]
pub(crate) struct Time {
    now: AtomicI64,
    sequence: AtomicU64,
    sleepers: Mutex<BTreeMap<(i64, u64), Waker>>,
}

impl Time {
    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    pub(crate) fn sleep(self: &Arc<Self>, nanoseconds: i64) -> Sleep {
        Sleep {
            time: Arc::clone(self),
            until: self.now() + nanoseconds,
            asleep: false,
        }
    }
}

/// An environment's clock, which may go before or after.
pub(crate) struct SkewedClock {
    pub(crate) time: Arc<Time>,
    pub(crate) skew: i64,
}

impl Clock for SkewedClock {
    fn now(&self) -> Duration {
        Duration::from_nanos((self.time.now() + self.skew).unsigned_abs())
    }
}

pub(crate) struct Sleep {
    time: Arc<Time>,
    until: i64,
    asleep: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.time.now() >= self.until {
            return Poll::Ready(());
        }
        if !self.asleep {
            self.asleep = true;
            let key = (
                self.until,
                self.time.sequence.fetch_add(1, Ordering::Relaxed),
            );
            let mut sleepers = self.time.sleepers.lock().expect("no thread panics");
            sleepers.insert(key, context.waker().clone());
        }
        Poll::Pending
    }
}

struct Ready {
    id: usize,
    ready: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.ready.lock().expect("no thread panics").push(self.id);
    }
}

pub(crate) struct Executor {
    pub(crate) time: Arc<Time>,
    ready: Arc<Mutex<Vec<usize>>>,
    tasks: Vec<Option<Task>>,
    free: Vec<usize>,
}

impl Executor {
    pub(crate) fn new(start: i64) -> Self {
        let time = Arc::new(Time::default());
        time.now.store(start, Ordering::Relaxed);
        Self {
            time,
            ready: Arc::default(),
            tasks: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Starts a task at once.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        let id = self.free.pop().unwrap_or_else(|| {
            self.tasks.push(None);
            self.tasks.len() - 1
        });
        self.tasks[id] = Some(Box::pin(task));
        self.poll(id);
        self.poll_ready();
    }

    /// Lets time pass until then, and all happen that is due.
    pub(crate) fn run_until(&mut self, until: i64) {
        loop {
            let next = {
                let mut sleepers = self.time.sleepers.lock().expect("no thread panics");
                match sleepers.first_entry() {
                    Some(first) if first.key().0 <= until => {
                        let at = first.key().0;
                        Some((at, first.remove()))
                    }
                    _ => None,
                }
            };
            let Some((at, waker)) = next else {
                self.time.now.store(until, Ordering::Relaxed);
                return;
            };
            self.time.now.store(at, Ordering::Relaxed);
            waker.wake();
            self.poll_ready();
        }
    }

    fn poll_ready(&mut self) {
        loop {
            let Some(id) = self.ready.lock().expect("no thread panics").pop() else {
                return;
            };
            self.poll(id);
        }
    }

    fn poll(&mut self, id: usize) {
        let Some(task) = &mut self.tasks[id] else {
            return;
        };
        let waker = Waker::from(Arc::new(Ready {
            id,
            ready: Arc::clone(&self.ready),
        }));
        if task
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
        {
            self.tasks[id] = None;
            self.free.push(id);
        }
    }
}
