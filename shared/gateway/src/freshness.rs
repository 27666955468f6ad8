//! How old what is held of the store may be, and when it is read again.

use postern_store::{Clock, Table};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How old what is held may be.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// After this, it is read again beside the next request.
    pub revalidate_after: Duration,
    /// After this, it is read again before the next request goes on.
    pub stale_after: Duration,
}

impl Freshness {
    /// Stale is twelve times as old as due for reading again.
    pub fn revalidating_after(revalidate_after: Duration) -> Self {
        Self {
            revalidate_after,
            stale_after: revalidate_after * 12,
        }
    }
}

impl Default for Freshness {
    fn default() -> Self {
        Self::revalidating_after(Duration::from_secs(5))
    }
}

pub(crate) enum Age {
    Fresh,
    Due,
    Stale,
}

/// When something held was read.
#[derive(Default)]
pub(crate) struct Stamp {
    /// In milliseconds since 1970.
    read_at_ms: AtomicU64,
    /// When it was last asked for, whatever came of it: a store that fails or is slow is not asked by every request.
    asked_at_ms: AtomicU64,
    /// The table's generation before it was read.
    generation: AtomicU64,
}

impl Stamp {
    /// Before reading. Gives what [`Stamp::read`] is told afterwards.
    pub(crate) fn ask(&self, table: &dyn Table, clock: &dyn Clock) -> u64 {
        // Whoever comes meanwhile need not do the same.
        self.asked_at_ms.store(now_ms(clock), Ordering::Relaxed);
        table.generation().unwrap_or_default()
    }

    pub(crate) fn read(&self, generation: u64, clock: &dyn Clock) {
        self.generation.store(generation, Ordering::Relaxed);
        self.read_at_ms.store(now_ms(clock), Ordering::Relaxed);
    }

    pub(crate) fn age(&self, freshness: Freshness, table: &dyn Table, clock: &dyn Clock) -> Age {
        if let Some(generation) = table.generation() {
            let same = generation == self.generation.load(Ordering::Relaxed);
            return if same { Age::Fresh } else { Age::Stale };
        }
        let now = now_ms(clock);
        let since =
            |at: &AtomicU64| Duration::from_millis(now.saturating_sub(at.load(Ordering::Relaxed)));
        if since(&self.asked_at_ms) < freshness.revalidate_after {
            Age::Fresh
        } else if since(&self.read_at_ms) < freshness.stale_after {
            Age::Due
        } else {
            Age::Stale
        }
    }
}

fn now_ms(clock: &dyn Clock) -> u64 {
    clock.now().as_millis() as u64
}
