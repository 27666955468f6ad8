//! What a meter did since it was made. The caller makes metrics of the differences.

use std::sync::atomic::{AtomicU64, Ordering};

/// Totals that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Writes that the store was asked for, with those that it refused.
    pub writes: u64,
    /// Writes that came too late, because others had moved the bucket.
    pub outrun: u64,
    pub reads: u64,
    /// Reads and writes that the store failed at.
    pub failures: u64,
    /// Tokens let in without the store.
    pub unmetered: u64,
    /// Requests refused for want of the store.
    pub unavailable: u64,
    /// Limits forgotten to make room.
    pub forgotten: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) writes: Counter,
    pub(crate) outrun: Counter,
    pub(crate) reads: Counter,
    pub(crate) failures: Counter,
    pub(crate) unmetered: Counter,
    pub(crate) unavailable: Counter,
    pub(crate) forgotten: Counter,
}

impl Counters {
    pub(crate) fn read(&self) -> Counts {
        Counts {
            writes: self.writes.get(),
            outrun: self.outrun.get(),
            reads: self.reads.get(),
            failures: self.failures.get(),
            unmetered: self.unmetered.get(),
            unavailable: self.unavailable.get(),
            forgotten: self.forgotten.get(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
