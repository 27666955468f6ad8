//! Changing an API so that what must hold of it holds with any number of writers.
//!
//! An edit reads the API's item, then whatever it needs, and commits all its writes in one transaction on the condition that the
//! item is still as it was read; the transaction moves the item's revision. So edits of one API happen one after another,
//! in this process and in others, and each sees the one before. Where another writer was quicker, the edit begins anew.

use super::pending::fits;
use super::{ApiRecord, Definitions, api_key};
use crate::wire::{Failure, Member, Members};
use crate::{Management, wire};
use postern_definition::ApiId;
use postern_definition::rest::RestApi;
use postern_store::{Condition, Key, StoreError, Write, encode};
use rand::RngExt;
use serde::Serialize;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// How often an edit is begun before its client is told of the others.
const ATTEMPTS_MAX: u32 = 12;
const BACKOFF_MS: u64 = 5;
const BACKOFF_MS_MAX: u64 = 200;

/// Lets the edits of one API within this process wait for one another, for those that lose against each other in the store
/// could starve. The store's condition, not this, is what makes them correct. APIs share a fixed number of places to queue.
pub(crate) struct Turns {
    queues: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            queues: (0..256).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Turns {
    pub(super) async fn take(&self, scope: impl Hash) -> MutexGuard<'_, ()> {
        let place = self.hasher.hash_one(scope) as usize % self.queues.len();
        self.queues[place].lock().await
    }
}

/// How often something was begun so far.
#[derive(Default)]
pub(super) struct Attempts(u32);

impl Attempts {
    /// Waits before any but the first, and gives up after the last.
    pub(super) async fn next(&mut self) -> Result<(), Failure> {
        if self.0 >= ATTEMPTS_MAX {
            return Err(Failure::concurrent());
        }
        if self.0 > 0 {
            let most = (BACKOFF_MS << self.0.min(6)).min(BACKOFF_MS_MAX);
            let pause = rand::rng().random_range(0..=most);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self.0 += 1;
        Ok(())
    }
}

/// The attempts at one edit.
pub(crate) struct Edits<'a> {
    service: &'a Management,
    api: ApiId,
    attempts: Attempts,
    _turn: MutexGuard<'a, ()>,
}

impl Management {
    /// Waits for the turn to change an API.
    pub(crate) async fn edits(&self, api: &ApiId) -> Edits<'_> {
        Edits {
            service: self,
            api: api.clone(),
            attempts: Attempts::default(),
            _turn: self.turns.take(api).await,
        }
    }

    /// As [`Management::edits`], for the API that a request's path names.
    pub(crate) async fn edits_of(&self, members: &Members) -> Result<Edits<'_>, Failure> {
        match members.get("restapi_id") {
            Some(Member::Text(values)) => {
                let api = values.first().map_or("", String::as_str);
                Ok(self.edits(&api.into()).await)
            }
            _ => Err(wire::Failure::internal(
                "an operation that edits has no restapi_id in its path".to_owned(),
            )),
        }
    }
}

impl<'a> Edits<'a> {
    /// After a commit that is one of several: the next counts its attempts from the start.
    pub(crate) fn renew(&mut self) {
        self.attempts = Attempts::default();
    }

    /// The next attempt, with the API as it is now.
    pub(crate) async fn begin(&mut self) -> Result<Edit<'a>, Failure> {
        loop {
            self.attempts.next().await?;
            let found = self.service.definitions().api(&self.api).await?;
            if found.as_ref().is_some_and(|(r, _)| r.pending.is_some()) {
                // Whoever began this did not get to its end. It must be whole before anything else changes.
                if self.service.definitions().finish_pending(&self.api).await? {
                    self.renew();
                }
                continue;
            }
            return Ok(Edit {
                service: self.service,
                id: self.api.clone(),
                found,
                writes: Vec::new(),
                changed: false,
            });
        }
    }
}

/// One attempt at a change: what was read, and the writes so far.
pub(crate) struct Edit<'a> {
    service: &'a Management,
    id: ApiId,
    found: Option<(ApiRecord, u64)>,
    writes: Vec<Write>,
    changed: bool,
}

impl<'a> Edit<'a> {
    pub(crate) fn service(&self) -> &'a Management {
        self.service
    }

    pub(crate) fn definitions(&self) -> Definitions<'a> {
        self.service.definitions()
    }

    pub(crate) fn id(&self) -> &ApiId {
        &self.id
    }

    /// The API, or what its absence means to the operation.
    pub(crate) fn api(&self, missing: impl FnOnce() -> Failure) -> Result<&RestApi, Failure> {
        match &self.found {
            Some((record, _)) => Ok(&record.api),
            None => Err(missing()),
        }
    }

    /// The API's own item, to change it.
    pub(crate) fn record_mut(
        &mut self,
        missing: impl FnOnce() -> Failure,
    ) -> Result<&mut ApiRecord, Failure> {
        match &mut self.found {
            Some((record, _)) => {
                self.changed = true;
                Ok(record)
            }
            None => Err(missing()),
        }
    }

    pub(crate) fn put<T: Serialize>(&mut self, key: Key, value: &T) {
        self.writes
            .push(Write::put(key, encode(value), Condition::Always));
    }

    /// Like [`Edit::put`], where an item of the same key would be another's: an id drawn twice.
    pub(crate) fn create<T: Serialize>(&mut self, key: Key, value: &T) {
        self.writes
            .push(Write::put(key, encode(value), Condition::Absent));
    }

    /// Writes that someone else worked out.
    pub(crate) fn note(&mut self, writes: Vec<Write>) {
        self.writes.extend(writes);
    }

    pub(crate) fn delete(&mut self, key: Key) {
        self.writes.push(Write::delete(key, Condition::Always));
    }

    /// Says whether the change was made. Where it was not, another was quicker and the edit is to be begun anew.
    pub(crate) async fn commit(self) -> Result<bool, Failure> {
        if self.writes.is_empty() && !self.changed {
            return Ok(true);
        }
        let Some((mut record, revision)) = self.found else {
            return Err(Failure::internal(format!(
                "an edit of `{}` wrote without asking whether the API exists",
                self.id
            )));
        };
        let definitions = self.service.definitions();
        let put = |record: &ApiRecord| {
            let body = encode(record);
            Write::put(api_key(&self.id), body, Condition::Revision(revision))
        };
        let mut writes = vec![put(&record)];
        if fits(&self.writes) {
            writes.extend(self.writes);
            return committed(definitions.table().transact(writes).await);
        }
        // What rests on a condition is decided at once; the rest follows.
        let (later, now): (Vec<_>, Vec<_>) = self
            .writes
            .into_iter()
            .partition(|write| write.condition() == Condition::Always);
        let pending = definitions.save_pending(&self.id, later).await?;
        record.pending = Some(pending.clone());
        writes = vec![put(&record)];
        writes.extend(now);
        let is_made = committed(definitions.table().transact(writes).await)?;
        if is_made {
            // Where another finishes it, what this one's client reads next may still be as before. It is made all the same.
            definitions.finish_pending(&self.id).await?;
        } else {
            definitions.drop_pending(&self.id, &pending).await;
        }
        Ok(is_made)
    }

    /// Deletes the API's own item along with the writes noted.
    pub(crate) async fn commit_without_api(self) -> Result<bool, Failure> {
        let Some((_, revision)) = self.found else {
            return Ok(true);
        };
        let mut writes = vec![Write::delete(
            api_key(&self.id),
            Condition::Revision(revision),
        )];
        writes.extend(self.writes);
        committed(self.service.definitions().table().transact(writes).await)
    }
}

pub(super) fn committed(outcome: Result<(), StoreError>) -> Result<bool, Failure> {
    match outcome {
        Ok(()) => Ok(true),
        Err(StoreError::ConditionFailed { .. } | StoreError::Conflict) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
