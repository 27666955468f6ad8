//! Changing what belongs to the account so that what must hold of it holds with any number of writers.
//!
//! A change remembers every item that it read, and commits all its writes in one transaction on the condition that each of
//! these is as it was read, or still absent. So whatever a change decided by is true when it happens, in this process and in
//! others. Where another writer was quicker, the change begins anew.

use super::edit::{Attempts, committed};
use crate::Management;
use crate::definitions::Definitions;
use crate::limits::{self, Counted};
use crate::wire::Failure;
use bytes::Bytes;
use postern_definition::Map;
use postern_store::{Condition, Item, Key, TRANSACTION_WRITES_MAX, Write, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use tokio::sync::MutexGuard;

/// Something that belongs to the account, as it is stored.
///
/// Lists that are in another order than the items' own, or hold some of them only, are made of copies: so a page costs one
/// query, whatever it lists.
pub(crate) trait Record:
    Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync
{
    fn key(&self) -> Key;

    fn tags_mut(&mut self) -> &mut Map<String>;

    fn copies(&self) -> Vec<Key> {
        Vec::new()
    }

    /// Items that say something else of it, for those who look for that alone.
    fn extracts(&self) -> Vec<(Key, Bytes)> {
        Vec::new()
    }

    /// All items that are there because of it.
    fn items(&self) -> BTreeMap<Key, Bytes> {
        let body = encode(self);
        let copies = self.copies().into_iter().map(|key| (key, body.clone()));
        let own = (self.key(), body.clone());
        let mut items: BTreeMap<_, _> = copies.chain(self.extracts()).collect();
        items.insert(own.0, own.1);
        items
    }
}

/// The attempts at one change.
pub(crate) struct Changes<'a> {
    service: &'a Management,
    attempts: Attempts,
    _turn: MutexGuard<'a, ()>,
}

impl Management {
    /// Waits for the turn to change something of the account.
    pub(crate) async fn changes(&self) -> Changes<'_> {
        Changes {
            service: self,
            attempts: Attempts::default(),
            _turn: self.turns.take("account").await,
        }
    }
}

impl<'a> Changes<'a> {
    pub(crate) async fn begin(&mut self) -> Result<Change<'a>, Failure> {
        self.attempts.next().await?;
        Ok(Change {
            service: self.service,
            seen: BTreeMap::new(),
            writes: BTreeMap::new(),
        })
    }

    /// After a commit that is one of several: the next counts its attempts from the start.
    pub(crate) fn renew(&mut self) {
        self.attempts = Attempts::default();
    }
}

/// One attempt at a change: what was read, and the writes so far.
pub(crate) struct Change<'a> {
    service: &'a Management,
    seen: BTreeMap<Key, Condition>,
    /// Nothing deletes.
    writes: BTreeMap<Key, Option<Bytes>>,
}

impl<'a> Change<'a> {
    pub(crate) fn service(&self) -> &'a Management {
        self.service
    }

    pub(crate) fn definitions(&self) -> Definitions<'a> {
        self.service.definitions()
    }

    async fn item(&mut self, key: &Key) -> Result<Option<Item>, Failure> {
        let item = self.definitions().item(key).await?;
        let condition = match &item {
            Some(item) => Condition::Revision(item.revision),
            None => Condition::Absent,
        };
        // Had it been another at first, the first is what was decided by, and the commit will fail.
        self.seen.entry(key.clone()).or_insert(condition);
        Ok(item)
    }

    /// Reads an item, not seeing what this change wrote.
    pub(crate) async fn read<T: DeserializeOwned>(
        &mut self,
        key: &Key,
    ) -> Result<Option<T>, Failure> {
        let item = self.item(key).await?;
        Ok(item.map(|item| decode(&item)).transpose()?)
    }

    /// Whether an item is there, and rests the change on that.
    pub(crate) async fn sees(&mut self, key: &Key) -> Result<bool, Failure> {
        Ok(self.item(key).await?.is_some())
    }

    /// Whether an item is there, and moves its revision: who is about to delete it learns that it has come to matter.
    pub(crate) async fn touch(&mut self, key: &Key) -> Result<bool, Failure> {
        let item = self.item(key).await?;
        let there = item.is_some();
        if let Some(item) = item {
            self.writes.entry(item.key).or_insert(Some(item.body));
        }
        Ok(there)
    }

    pub(crate) fn put<T: Serialize>(&mut self, key: Key, value: &T) {
        self.writes.insert(key, Some(encode(value)));
    }

    pub(crate) fn delete(&mut self, key: Key) {
        self.writes.insert(key, None);
    }

    /// Makes a record on the condition that there is none of its key.
    pub(crate) fn create<R: Record>(&mut self, record: &R) {
        self.seen.insert(record.key(), Condition::Absent);
        for (key, body) in record.items() {
            self.writes.insert(key, Some(body));
        }
    }

    /// Makes a record that was read another.
    pub(crate) fn replace<R: Record>(&mut self, before: &R, after: &R) {
        if before == after {
            return;
        }
        self.remove(before);
        for (key, body) in after.items() {
            self.writes.insert(key, Some(body));
        }
    }

    pub(crate) fn remove<R: Record>(&mut self, record: &R) {
        for key in record.items().into_keys() {
            self.writes.insert(key, None);
        }
    }

    /// Counts one more, where there may be one more.
    pub(crate) async fn grow(&mut self, counted: &Counted) -> Result<(), Failure> {
        let key = Key::new("counts", counted.sort);
        let count = self.read::<u64>(&key).await?.unwrap_or_default();
        let limit = (counted.limit)(self.service.limits());
        limits::check(count, limit, counted.things, "account")?;
        self.put(key, &(count + 1));
        Ok(())
    }

    pub(crate) async fn shrink(&mut self, counted: &Counted) -> Result<(), Failure> {
        let key = Key::new("counts", counted.sort);
        let count = self.read::<u64>(&key).await?.unwrap_or_default();
        self.put(key, &count.saturating_sub(1));
        Ok(())
    }

    /// How many writes and conditions there are.
    pub(crate) fn len(&self) -> usize {
        let only_seen = self
            .seen
            .keys()
            .filter(|key| !self.writes.contains_key(key));
        self.writes.len() + only_seen.count()
    }

    /// Says whether the change was made. Where it was not, another was quicker and the change is to be begun anew.
    pub(crate) async fn commit(mut self) -> Result<bool, Failure> {
        if self.writes.is_empty() {
            return Ok(true);
        }
        if self.len() > TRANSACTION_WRITES_MAX {
            return Err(Failure::bad_request(format!(
                "The request changes or rests on {} items, and at most {TRANSACTION_WRITES_MAX} can be changed together. Make it in several requests.",
                self.len()
            )));
        }
        let mut writes = Vec::new();
        for (key, body) in self.writes {
            let condition = self.seen.remove(&key).unwrap_or(Condition::Always);
            writes.push(match body {
                Some(body) => Write::put(key, body, condition),
                None => Write::delete(key, condition),
            });
        }
        writes.extend(
            self.seen
                .into_iter()
                .map(|(key, condition)| Write::Check { key, condition }),
        );
        committed(self.service.definitions().table().transact(writes).await)
    }
}
