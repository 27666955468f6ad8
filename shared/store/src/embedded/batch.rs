//! What is done within one transaction of the database.
//!
//! Each piece of work is decided before it is applied: its conditions look at what the pieces before it left, and one
//! that is refused leaves nothing behind. So pieces that know nothing of each other can share a transaction, and with it
//! the wait for the disk.

use super::layout::{self, EXPIRIES, TableId};
use super::value::Value;
use crate::{Add, Condition, Key, StoreError, Write};
use redb::{ReadableTable, Table, WriteTransaction};
use std::collections::BTreeMap;

/// What a table is asked to do. Its arguments are valid.
pub(super) enum Work {
    /// All of them or none.
    Write(Vec<Write>),
    Add(Add),
}

/// What came of it: the counters after an addition, and none after a write.
pub(super) type Outcome = Result<BTreeMap<String, i64>, StoreError>;

type Items<'t> = Table<'t, &'static [u8], &'static [u8]>;
type Expiries<'t> = Table<'t, &'static [u8], ()>;

pub(super) struct Batch<'t> {
    transaction: &'t WriteTransaction,
    now: u64,
    items: [Option<Items<'t>>; TableId::ALL.len()],
    expiries: Option<Expiries<'t>>,
    changed: [bool; TableId::ALL.len()],
    swept: usize,
}

impl<'t> Batch<'t> {
    pub(super) fn new(transaction: &'t WriteTransaction, now: u64) -> Self {
        Self {
            transaction,
            now,
            items: [const { None }; TableId::ALL.len()],
            expiries: None,
            changed: [false; TableId::ALL.len()],
            swept: 0,
        }
    }

    /// Which tables have something new to see.
    pub(super) fn changed(&self) -> [bool; TableId::ALL.len()] {
        self.changed
    }

    pub(super) fn has_changes(&self) -> bool {
        self.swept > 0 || self.changed.contains(&true)
    }

    /// Fails only where the database does; then the whole batch is void.
    pub(super) fn apply(&mut self, table: TableId, work: Work) -> Result<Outcome, redb::Error> {
        match work {
            Work::Write(writes) => self.write(table, writes),
            Work::Add(add) => self.add(table, add),
        }
    }

    /// Deletes what expired, at most `max` items. Returns whether there may be more.
    ///
    /// The tables do not count as changed: nobody could see these items any more.
    pub(super) fn sweep(&mut self, max: usize) -> Result<bool, redb::Error> {
        let due = {
            let end = layout::due_before(self.now);
            let mut due = Vec::new();
            for entry in self.expiries()?.range(..end.as_slice())?.take(max) {
                due.push(entry?.0.value().to_vec());
            }
            due
        };
        for expiry in &due {
            self.expiries()?.remove(expiry.as_slice())?;
            let Some((expires_at, table, item_key)) = layout::parse_expiry_key(expiry) else {
                continue;
            };
            let items = self.items(table)?;
            // Only what says itself that it expired is deleted, whatever the list of expiries claims.
            let is_due = items.get(item_key)?.is_some_and(|stored| {
                Value::decode(stored.value())
                    .is_ok_and(|value| value.expires_at == Some(expires_at))
            });
            if is_due {
                items.remove(item_key)?;
            }
        }
        self.swept += due.len();
        Ok(due.len() == max)
    }

    fn write(&mut self, table: TableId, writes: Vec<Write>) -> Result<Outcome, redb::Error> {
        let mut decided = Vec::with_capacity(writes.len());
        for (index, write) in writes.into_iter().enumerate() {
            let key = layout::item_key(write.key());
            let before = match self.before(table, &key, write.key())? {
                Ok(before) => before,
                Err(corrupt) => return Ok(Err(corrupt)),
            };
            if !before.meets(write.condition()) {
                return Ok(Err(StoreError::ConditionFailed { index }));
            }
            decided.push((key, before, write));
        }
        for (key, before, write) in decided {
            match write {
                Write::Put {
                    body, expires_at, ..
                } => {
                    let value = Value {
                        revision: before.next_revision(),
                        expires_at,
                        counters: before.live.map(|live| live.counters).unwrap_or_default(),
                        body: &body,
                    };
                    self.put(table, &key, before.expires_at, &value)?;
                }
                Write::Delete { .. } => self.delete(table, &key, before.expires_at)?,
                Write::Check { .. } => {}
            }
        }
        Ok(Ok(BTreeMap::new()))
    }

    fn add(&mut self, table: TableId, add: Add) -> Result<Outcome, redb::Error> {
        let key = layout::item_key(&add.key);
        let Some(stored) = self.stored(table, &key)? else {
            return self.add_to(table, &key, None, Value::empty(), add);
        };
        let value = match Value::decode(&stored) {
            Ok(value) => value,
            Err(reason) => return Ok(Err(corrupt(&add.key, reason))),
        };
        let expiry = value.expires_at;
        let value = if value.is_live(self.now) {
            value
        } else {
            Value::empty()
        };
        self.add_to(table, &key, expiry, value, add)
    }

    fn add_to(
        &mut self,
        table: TableId,
        key: &[u8],
        expiry_before: Option<u64>,
        mut value: Value<'_>,
        add: Add,
    ) -> Result<Outcome, redb::Error> {
        for (name, bounds) in &add.within {
            let counter = value.counters.get(name).copied().unwrap_or_default();
            if !(bounds.at_least..=bounds.at_most).contains(&counter) {
                return Ok(Err(StoreError::ConditionFailed { index: 0 }));
            }
        }
        for (name, by) in add.by {
            let counter = value.counters.entry(name).or_default();
            *counter = counter.saturating_add(by);
        }
        if add.expires_at.is_some() {
            value.expires_at = add.expires_at;
        }
        self.put(table, key, expiry_before, &value)?;
        Ok(Ok(value.counters))
    }

    /// What the database fails at comes first, what the item fails at second.
    fn before(
        &mut self,
        table: TableId,
        key: &[u8],
        name: &Key,
    ) -> Result<Result<Before, StoreError>, redb::Error> {
        let now = self.now;
        let Some(stored) = self.items(table)?.get(key)? else {
            return Ok(Ok(Before::default()));
        };
        Ok(match Value::decode(stored.value()) {
            Ok(value) => Ok(Before {
                expires_at: value.expires_at,
                live: value.is_live(now).then_some(Live {
                    revision: value.revision,
                    counters: value.counters,
                }),
            }),
            Err(reason) => Err(corrupt(name, reason)),
        })
    }

    fn stored(&mut self, table: TableId, key: &[u8]) -> Result<Option<Vec<u8>>, redb::Error> {
        let stored = self.items(table)?.get(key)?;
        Ok(stored.map(|stored| stored.value().to_vec()))
    }

    fn put(
        &mut self,
        table: TableId,
        key: &[u8],
        expiry_before: Option<u64>,
        value: &Value<'_>,
    ) -> Result<(), redb::Error> {
        self.items(table)?.insert(key, value.encode().as_slice())?;
        self.move_expiry(table, key, expiry_before, value.expires_at)
    }

    fn delete(
        &mut self,
        table: TableId,
        key: &[u8],
        expiry_before: Option<u64>,
    ) -> Result<(), redb::Error> {
        self.items(table)?.remove(key)?;
        self.move_expiry(table, key, expiry_before, None)
    }

    fn move_expiry(
        &mut self,
        table: TableId,
        key: &[u8],
        from: Option<u64>,
        to: Option<u64>,
    ) -> Result<(), redb::Error> {
        self.changed[table.index()] = true;
        if from == to {
            return Ok(());
        }
        if let Some(from) = from {
            let expiry = layout::expiry_key(from, table, key);
            self.expiries()?.remove(expiry.as_slice())?;
        }
        if let Some(to) = to {
            let expiry = layout::expiry_key(to, table, key);
            self.expiries()?.insert(expiry.as_slice(), ())?;
        }
        Ok(())
    }

    fn items(&mut self, table: TableId) -> Result<&mut Items<'t>, redb::Error> {
        let slot = &mut self.items[table.index()];
        Ok(match slot {
            Some(items) => items,
            None => slot.insert(self.transaction.open_table(table.items())?),
        })
    }

    fn expiries(&mut self) -> Result<&mut Expiries<'t>, redb::Error> {
        Ok(match &mut self.expiries {
            Some(expiries) => expiries,
            slot @ None => slot.insert(self.transaction.open_table(EXPIRIES)?),
        })
    }
}

/// What was under a key before a write.
#[derive(Default)]
struct Before {
    /// Also of an item that has expired and is not deleted yet: its place in the list of expiries.
    expires_at: Option<u64>,
    live: Option<Live>,
}

struct Live {
    revision: u64,
    counters: BTreeMap<String, i64>,
}

impl Before {
    fn meets(&self, condition: Condition) -> bool {
        match condition {
            Condition::Always => true,
            Condition::Absent => self.live.is_none(),
            Condition::Present => self.live.is_some(),
            Condition::Revision(revision) => self
                .live
                .as_ref()
                .is_some_and(|live| live.revision == revision),
        }
    }

    fn next_revision(&self) -> u64 {
        match &self.live {
            Some(live) => live.revision.wrapping_add(1),
            None => first_revision(),
        }
    }
}

impl Value<'static> {
    /// An item that an addition makes.
    fn empty() -> Self {
        Self {
            revision: first_revision(),
            expires_at: None,
            counters: BTreeMap::new(),
            body: &[],
        }
    }
}

/// A place to count from where no item under the same key has been: by chance, so that nothing has to be remembered of an
/// item that was deleted. The upper half is left free to count into.
fn first_revision() -> u64 {
    rand::random::<u64>() >> 1
}

fn corrupt(key: &Key, reason: String) -> StoreError {
    StoreError::Corrupt {
        partition: key.partition.clone(),
        sort: key.sort.clone(),
        reason,
    }
}
