//! Requests that want the same at the same time: one asks for it, the others wait.
//!
//! Who waits does so for a while and no longer. Where the one that asked gets nothing that the others may have, because whoever it
//! asks fails, its client goes or the answer is for it alone, all the others go on by themselves at once, not one after the other.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

type All<K, V> = Mutex<HashMap<K, watch::Receiver<Option<V>>>>;

/// What is being asked for, by what it is told apart by.
pub(crate) struct Flights<K, V>(All<K, V>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// What a request that found no answer is to do.
pub(crate) enum Turn<'f, K: Eq + Hash, V> {
    /// Ask, and tell the others.
    Lead(Lead<'f, K, V>),
    Wait(Wait<V>),
}

/// The others wait until it is dropped.
pub(crate) struct Lead<'f, K: Eq + Hash, V> {
    flights: &'f All<K, V>,
    key: K,
    outcome: watch::Sender<Option<V>>,
}

pub(crate) struct Wait<V>(watch::Receiver<Option<V>>);

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    pub(crate) fn turn(&self, key: &K) -> Turn<'_, K, V> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.entry(key.clone()) {
            Place::Occupied(place) => Turn::Wait(Wait(place.get().clone())),
            Place::Vacant(place) => {
                let (outcome, waiting) = watch::channel(None);
                place.insert(waiting);
                Turn::Lead(Lead {
                    flights: &self.0,
                    key: key.clone(),
                    outcome,
                })
            }
        }
    }
}

impl<K: Eq + Hash, V> Lead<'_, K, V> {
    pub(crate) fn tell(self, outcome: V) {
        self.outcome.send_replace(Some(outcome));
    }
}

impl<K: Eq + Hash, V> Drop for Lead<'_, K, V> {
    fn drop(&mut self) {
        let mut all = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.key);
    }
}

impl<V: Clone> Wait<V> {
    /// `None` where there is nothing to be had in time.
    pub(crate) async fn outcome(mut self, within: Duration) -> Option<V> {
        let told = tokio::time::timeout(within, self.0.changed()).await;
        // Without an outcome, whoever was to tell it is gone; it may also have been told just before.
        let _ = told.ok()?;
        self.0.borrow().clone()
    }
}
