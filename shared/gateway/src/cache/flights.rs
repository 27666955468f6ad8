//! Requests that want the same answer at the same time: one asks for it, the others wait.
//!
//! Who waits does so for a while and no longer. Where the one that asked gets nothing that may be kept, because its backend
//! fails, its client goes or the answer is too long, all the others go on by themselves at once, not one after the other.

use super::entry::Entry;
use super::key::Key;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A backend that takes longer is slow; then asking it several times at once is less bad than waiting.
const WAIT_MAX: Duration = Duration::from_secs(5);

type Outcome = Option<Arc<Entry>>;

#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<Key, watch::Receiver<Outcome>>>);

/// What a request that found no answer is to do.
pub(super) enum Turn<'f> {
    /// Ask, and tell the others.
    Lead(Lead<'f>),
    Wait(Wait),
}

/// The others wait until it is dropped.
pub(super) struct Lead<'f> {
    flights: &'f Flights,
    key: Key,
    outcome: watch::Sender<Outcome>,
}

pub(super) struct Wait(watch::Receiver<Outcome>);

impl Flights {
    pub(super) fn turn(&self, key: Key) -> Turn<'_> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.entry(key) {
            Place::Occupied(place) => Turn::Wait(Wait(place.get().clone())),
            Place::Vacant(place) => {
                let (outcome, waiting) = watch::channel(None);
                place.insert(waiting);
                Turn::Lead(Lead {
                    flights: self,
                    key,
                    outcome,
                })
            }
        }
    }
}

impl Lead<'_> {
    pub(super) fn tell(self, entry: Arc<Entry>) {
        self.outcome.send_replace(Some(entry));
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut all = self
            .flights
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.key);
    }
}

impl Wait {
    /// `None` where there is nothing to be had in time.
    pub(super) async fn outcome(mut self) -> Outcome {
        let told = tokio::time::timeout(WAIT_MAX, self.0.changed()).await;
        // Without an outcome, whoever was to tell it is gone; it may also have been told just before.
        let _ = told.ok()?;
        self.0.borrow().clone()
    }
}
