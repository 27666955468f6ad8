//! How old what is held of the store may be, when it is read again, and how much is held.

use postern_store::{Clock, Table};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
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

/// Things held at most by one [`Holding`], those among them that are not there. Beyond it everything held is let go.
const HELD_MAX: usize = 1_000;

/// What was read, or looked for in vain, by how requests ask for it.
pub(crate) struct Holding<K, T>(RwLock<HashMap<K, Arc<T>>>);

impl<K, T> Default for Holding<K, T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Hash + Eq, T> Holding<K, T> {
    pub(crate) fn get(&self, key: &K) -> Option<Arc<T>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(key).cloned()
    }

    /// Holds a thing, unless somebody else was quicker. Gives what is held.
    pub(crate) fn hold(&self, key: K, held: Arc<T>, is_there: impl Fn(&T) -> bool) -> Arc<T> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= HELD_MAX {
            // What is not there goes first: whoever asks for much of that must not cost others what is.
            all.retain(|_, held| is_there(held));
        }
        if all.len() >= HELD_MAX {
            all.clear();
        }
        all.entry(key).or_insert(held).clone()
    }
}

fn now_ms(clock: &dyn Clock) -> u64 {
    clock.now().as_millis() as u64
}
