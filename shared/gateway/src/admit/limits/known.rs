//! Items of the account that requests need again and again, held in memory and kept fresh: never more than so many, and what
//! is not there among them, so that whoever guesses asks the store once for each guess.

use crate::bounded::bounded;
use crate::freshness::{Age, Freshness, Stamp};
use postern_store::{Clock, Consistency, Item, Key, StoreError, Table, decode};
use quick_cache::sync::Cache;
use serde::de::DeserializeOwned;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// For how long a store that failed is not asked for what nothing is known of: without it every request of an outage would
/// wait for its turn.
const PAUSE: Duration = Duration::from_secs(1);

/// Items of one kind, by what requests know of them.
pub(super) struct Known<K, T> {
    held: Cache<K, Arc<Held<T>>>,
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    freshness: Freshness,
    /// Until when the store is left alone, in milliseconds since 1970.
    away_until_ms: AtomicU64,
}

/// An item as it was last read, or that it is not there.
pub(super) struct Held<T> {
    key: Key,
    found: RwLock<Option<Found<T>>>,
    stamp: Stamp,
}

struct Found<T> {
    value: Arc<T>,
    revision: u64,
}

/// What is held of an item, and whether it should be read again beside the request.
pub(super) struct Look<T> {
    pub(super) value: Option<Arc<T>>,
    pub(super) due: Option<Arc<Held<T>>>,
}

impl<T> Held<T> {
    fn value(&self) -> Option<Arc<T>> {
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        found.as_ref().map(|found| found.value.clone())
    }
}

impl<K: Hash + Eq + Clone, T: DeserializeOwned> Known<K, T> {
    pub(super) fn new(
        most: usize,
        table: Arc<dyn Table>,
        clock: Arc<dyn Clock>,
        freshness: Freshness,
    ) -> Self {
        Self {
            held: bounded(most),
            table,
            clock,
            freshness,
            away_until_ms: AtomicU64::new(0),
        }
    }

    /// What is known of an item. It is read where nothing is, or where what is known is too old; who asks for the same
    /// meanwhile waits for it.
    pub(super) async fn look(
        &self,
        name: &K,
        key: impl FnOnce() -> Key,
    ) -> Result<Look<T>, StoreError> {
        let held = match self.held.get(name) {
            Some(held) => held,
            None => match self.held.get_value_or_guard_async(name).await {
                Ok(held) => held,
                Err(place) => {
                    let held = Arc::new(Held {
                        key: key(),
                        found: RwLock::new(None),
                        stamp: Stamp::default(),
                    });
                    self.first(&held).await?;
                    // Somebody who let it go meanwhile is no reason not to go on.
                    let _ = place.insert(held.clone());
                    held
                }
            },
        };
        let age = held.stamp.age(self.freshness, &*self.table, &*self.clock);
        let due = match age {
            Age::Fresh => None,
            Age::Due => Some(held.clone()),
            Age::Stale => {
                // Better what was known before than nothing.
                let _ = self.read(&held).await;
                None
            }
        };
        Ok(Look {
            value: held.value(),
            due,
        })
    }

    /// Reads again what is held. What fails leaves it as it was.
    pub(super) async fn refresh(&self, held: &Held<T>) {
        let _ = self.read(held).await;
    }

    /// Reads what nothing is known of.
    async fn first(&self, held: &Held<T>) -> Result<(), StoreError> {
        let now_ms = || self.clock.now().as_millis() as u64;
        if now_ms() < self.away_until_ms.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable {
                reason: "it did not answer a moment ago".to_owned(),
            });
        }
        let read = self.read(held).await;
        if read.is_err() {
            let until = now_ms() + PAUSE.as_millis() as u64;
            self.away_until_ms.store(until, Ordering::Relaxed);
        }
        read
    }

    async fn read(&self, held: &Held<T>) -> Result<(), StoreError> {
        let generation = held.stamp.ask(&*self.table, &*self.clock);
        let known = {
            let found = held.found.read().unwrap_or_else(PoisonError::into_inner);
            found.as_ref().map(|found| found.revision)
        };
        let mut item = self.table.get(&held.key, Consistency::Eventual).await?;
        let revision = |item: &Option<Item>| item.as_ref().map(|item| item.revision);
        if revision(&item) < known {
            // Before it counts as gone, or as older than it was, the store is asked for the latest word.
            item = self.table.get(&held.key, Consistency::Strong).await?;
        }
        // An item of the same revision may be another one: what was deleted and made again begins anew.
        let found = match item {
            Some(item) => Some(Found {
                value: Arc::new(decode(&item)?),
                revision: item.revision,
            }),
            None => None,
        };
        *held.found.write().unwrap_or_else(PoisonError::into_inner) = found;
        held.stamp.read(generation, &*self.clock);
        Ok(())
    }
}
