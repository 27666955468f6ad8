//! Changing an API so that what must hold of it holds with any number of writers.
//!
//! An edit reads the API's item, then whatever it needs, and commits all its writes in one transaction on the condition that the
//! item is still as it was read; the transaction moves the item's revision. So edits of one API happen one after another,
//! in this process and in others, and each sees the one before. Where another writer was quicker, the edit begins anew.

use super::pending::fits;
use super::{ApiKind, ApiRecord, Definitions, api_key_of};
use crate::wire::{Failure, Member, Members};
use crate::{Management, wire};
use postern_definition::rest::RestApi;
use postern_definition::{ApiId, DeploymentId, routed};
use postern_plan::{Snapshot, api_partition};
use postern_store::{Condition, Item, Key, StoreError, Write, encode};
use rand::RngExt;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};
use std::marker::PhantomData;
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
pub(crate) struct Edits<'a, A = RestApi> {
    service: &'a Management,
    api: ApiId,
    attempts: Attempts,
    _turn: MutexGuard<'a, ()>,
    kind: PhantomData<fn() -> A>,
}

impl Management {
    /// Begins an API that is not there yet, under an id that was just drawn. Committing makes it.
    pub(crate) fn new_api<A: ApiKind>(&self, api: A) -> Edit<'_, A> {
        Edit {
            service: self,
            id: api.id().clone(),
            found: Some((ApiRecord { api, pending: None }, Condition::Absent)),
            writes: Vec::new(),
            changed: true,
            frozen: Vec::new(),
            discarded: Vec::new(),
        }
    }

    /// Waits for the turn to change a REST API.
    pub(crate) async fn edits(&self, api: &ApiId) -> Edits<'_> {
        self.edits_in(api).await
    }

    pub(crate) async fn edits_in<A: ApiKind>(&self, api: &ApiId) -> Edits<'_, A> {
        Edits {
            service: self,
            api: api.clone(),
            attempts: Attempts::default(),
            _turn: self.turns.take(api).await,
            kind: PhantomData,
        }
    }

    /// As [`Management::edits`], for the API that a request's path names.
    pub(crate) async fn edits_of<A: ApiKind>(
        &self,
        members: &Members,
    ) -> Result<Edits<'_, A>, Failure> {
        Ok(self.edits_in(&named::<A>(members)?).await)
    }

    /// As [`Management::edits_of`], where what addresses a REST API names one of routes.
    pub(crate) async fn edits_of_routes(
        &self,
        members: &Members,
    ) -> Result<Edits<'_, routed::Api>, Failure> {
        Ok(self.edits_in(&named::<RestApi>(members)?).await)
    }

    /// Whether what addresses a REST API names one of routes.
    pub(crate) async fn is_of_routes(&self, members: &Members) -> Result<bool, Failure> {
        let key = api_key_of::<routed::Api>(&named::<RestApi>(members)?);
        self.definitions().exists(&key).await
    }
}

/// The API that a request's path names.
fn named<A: ApiKind>(members: &Members) -> Result<ApiId, Failure> {
    match members.get(A::MEMBER) {
        Some(Member::Text(values)) => Ok(values.first().map_or("", String::as_str).into()),
        _ => Err(wire::Failure::internal(format!(
            "an operation that edits has no {} in its path",
            A::MEMBER
        ))),
    }
}

impl<'a, A: ApiKind> Edits<'a, A> {
    /// After a commit that is one of several: the next counts its attempts from the start.
    pub(crate) fn renew(&mut self) {
        self.attempts = Attempts::default();
    }

    /// The next attempt, with the API as it is now.
    pub(crate) async fn begin(&mut self) -> Result<Edit<'a, A>, Failure> {
        loop {
            self.attempts.next().await?;
            let found = self.service.definitions().api_of::<A>(&self.api).await?;
            if found.as_ref().is_some_and(|(r, _)| r.pending.is_some()) {
                // Whoever began this did not get to its end. It must be whole before anything else changes.
                let definitions = self.service.definitions();
                if definitions.finish_pending::<A>(&self.api).await? {
                    self.renew();
                }
                continue;
            }
            return Ok(Edit {
                service: self.service,
                id: self.api.clone(),
                found: found.map(|(record, revision)| (record, Condition::Revision(revision))),
                writes: Vec::new(),
                changed: false,
                frozen: Vec::new(),
                discarded: Vec::new(),
            });
        }
    }
}

/// One attempt at a change: what was read, and the writes so far.
pub(crate) struct Edit<'a, A = RestApi> {
    service: &'a Management,
    id: ApiId,
    /// The API, and what must hold of its item for the change to be made.
    found: Option<(ApiRecord<A>, Condition)>,
    writes: Vec<Write>,
    changed: bool,
    /// Deployments whose snapshots are stored already, and are to go again where the change is not made.
    frozen: Vec<DeploymentId>,
    /// Deployments whose snapshots are to go once the change is made.
    discarded: Vec<DeploymentId>,
}

impl<'a, A: ApiKind> Edit<'a, A> {
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
    pub(crate) fn api(&self, missing: impl FnOnce() -> Failure) -> Result<&A, Failure> {
        match &self.found {
            Some((record, _)) => Ok(&record.api),
            None => Err(missing()),
        }
    }

    /// The API's own item, to change it.
    pub(crate) fn record_mut(
        &mut self,
        missing: impl FnOnce() -> Failure,
    ) -> Result<&mut ApiRecord<A>, Failure> {
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

    /// Notes the writes that make of one definition another, of nothing where there is none before. The API's own item is not
    /// among them.
    pub(crate) fn replace(&mut self, before: Option<&A::Definition>, after: &A::Definition) {
        let there = before.map(|before| A::writes(&self.id, before));
        let mut there: HashMap<Key, Write> = there
            .into_iter()
            .flatten()
            .map(|write| (write.key().clone(), write))
            .collect();
        for write in A::writes(&self.id, after) {
            if there.remove(write.key()).as_ref() != Some(&write) {
                self.writes.push(write);
            }
        }
        for key in there.into_keys() {
            self.delete(key);
        }
    }

    /// Writes that someone else worked out.
    pub(crate) fn note(&mut self, writes: Vec<Write>) {
        self.writes.extend(writes);
    }

    /// As [`Edit::note`], in place of writes of the same keys that were noted before.
    pub(crate) fn supersede(&mut self, writes: Vec<Write>) {
        let keys: HashSet<&Key> = writes.iter().map(Write::key).collect();
        self.writes.retain(|write| !keys.contains(write.key()));
        self.writes.extend(writes);
    }

    /// Stores what a deployment froze. Nobody looks for it before the change is made.
    pub(crate) async fn store(
        &mut self,
        deployment: &DeploymentId,
        snapshot: &Snapshot,
    ) -> Result<(), Failure> {
        self.frozen.push(deployment.clone());
        let table = self.definitions().table();
        Ok(snapshot.save(table, &self.id, deployment).await?)
    }

    /// Lets go of what a deployment froze, where the change takes the deployment away.
    pub(crate) fn discard(&mut self, deployment: &DeploymentId) {
        self.discarded.push(deployment.clone());
    }

    pub(crate) fn delete(&mut self, key: Key) {
        self.writes.push(Write::delete(key, Condition::Always));
    }

    /// Whether anything is to change so far.
    pub(crate) fn changes(&self) -> bool {
        self.changed || !self.writes.is_empty()
    }

    /// The items of the API whose sort keys begin with this, as they will be with the writes so far.
    pub(crate) async fn items_to_be(&self, prefix: &str) -> Result<Vec<Item>, Failure> {
        let partition = api_partition(&self.id);
        let there = self.definitions().all(&partition, prefix).await?;
        let mut items: BTreeMap<String, Item> = there
            .into_iter()
            .map(|item| (item.key.sort.clone(), item))
            .collect();
        for write in &self.writes {
            let key = write.key();
            if key.partition != partition || !key.sort.starts_with(prefix) {
                continue;
            }
            match write {
                Write::Put { body, .. } => {
                    let item = Item {
                        key: key.clone(),
                        body: body.clone(),
                        revision: 0,
                        expires_at: None,
                        counters: BTreeMap::new(),
                    };
                    items.insert(key.sort.clone(), item);
                }
                Write::Delete { .. } => {
                    items.remove(&key.sort);
                }
                Write::Check { .. } => {}
            }
        }
        Ok(items.into_values().collect())
    }

    /// Says whether the change was made. Where it was not, another was quicker and the edit is to be begun anew.
    pub(crate) async fn commit(mut self) -> Result<bool, Failure> {
        let (service, id) = (self.service, self.id.clone());
        let frozen = std::mem::take(&mut self.frozen);
        let discarded = std::mem::take(&mut self.discarded);
        let is_made = self.make().await?;
        // A store that does not answer may have committed, so only a commit that was refused frees the snapshots.
        let unwanted = if is_made { discarded } else { frozen };
        for deployment in &unwanted {
            let table = service.definitions().table();
            // What stays of one goes with the API.
            let _ = Snapshot::delete(table, &id, deployment).await;
        }
        Ok(is_made)
    }

    async fn make(self) -> Result<bool, Failure> {
        if self.writes.is_empty() && !self.changed {
            return Ok(true);
        }
        let Some((mut record, condition)) = self.found else {
            return Err(Failure::internal(format!(
                "an edit of `{}` wrote without asking whether the API exists",
                self.id
            )));
        };
        let definitions = self.service.definitions();
        let key = api_key_of::<A>(&self.id);
        let put = |record: &ApiRecord<A>| Write::put(key.clone(), encode(record), condition);
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
            definitions.finish_pending::<A>(&self.id).await?;
        } else {
            definitions.drop_pending(&self.id, &pending).await;
        }
        Ok(is_made)
    }

    /// Deletes the API's own item along with the writes noted.
    pub(crate) async fn commit_without_api(self) -> Result<bool, Failure> {
        let Some((_, condition)) = self.found else {
            return Ok(true);
        };
        let mut writes = vec![Write::delete(api_key_of::<A>(&self.id), condition)];
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
