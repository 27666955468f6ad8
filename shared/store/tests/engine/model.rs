//! The embedded engine does what a simple map does, whatever is asked of it in whatever order.
//!
//! The model knows no bytes, threads or files. It says what every call returns but the revisions, which are for the engine
//! to choose; of those it says that each is new.

use crate::time::TestClock;
use postern_store::{
    Add, Bounds, Condition, Consistency, Embedded, Item, Key, Query, Store, StoreError, Table,
    Write,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const START: u64 = 1_800_000_000;
const PARTITIONS: [&str; 2] = ["p", "p#"];
const SORTS: [&str; 6] = ["a", "a#", "a#1", "a#2", "b", "é"];
const PREFIXES: [&str; 5] = ["", "a", "a#", "b", "c"];
const COUNTERS: [&str; 2] = ["x", "y"];

#[derive(Clone, Copy, Debug)]
struct At {
    partition: usize,
    sort: usize,
}

#[derive(Clone, Copy, Debug)]
enum Asked {
    Always,
    Absent,
    Present,
    Current,
    Former,
}

#[derive(Clone, Debug)]
enum Change {
    Put {
        body: Vec<u8>,
        expires_in: Option<i64>,
    },
    Delete,
    Check,
}

#[derive(Clone, Debug)]
enum Step {
    Write(At, Change, Asked),
    Transact(Vec<(At, Change, Asked)>),
    Add {
        at: At,
        by: Vec<(usize, i64)>,
        within: Option<(usize, i64, i64)>,
        expires_in: Option<i64>,
    },
    Page {
        partition: usize,
        prefix: usize,
        after: Option<usize>,
        limit: usize,
    },
    Pass(u64),
    Reopen,
}

fn at() -> impl Strategy<Value = At> {
    (0..PARTITIONS.len(), 0..SORTS.len()).prop_map(|(partition, sort)| At { partition, sort })
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        4 => Just(Asked::Always),
        1 => Just(Asked::Absent),
        1 => Just(Asked::Present),
        1 => Just(Asked::Current),
        1 => Just(Asked::Former),
    ]
}

/// Some expire at once, and the rest soon.
fn expires_in() -> impl Strategy<Value = Option<i64>> {
    option::weighted(0.3, -5..100_i64)
}

fn change(may_check: bool) -> impl Strategy<Value = Change> {
    let put = (vec(any::<u8>(), 0..4), expires_in())
        .prop_map(|(body, expires_in)| Change::Put { body, expires_in });
    prop_oneof![
        4 => put,
        1 => Just(Change::Delete),
        u32::from(may_check) => Just(Change::Check),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let by = vec((0..COUNTERS.len(), -3..4_i64), 0..3);
    let within = option::of((0..COUNTERS.len(), -4..2_i64, -1..5_i64));
    prop_oneof![
        6 => (at(), change(false), asked()).prop_map(|(at, change, asked)| Step::Write(at, change, asked)),
        3 => vec((at(), change(true), asked()), 0..5).prop_map(Step::Transact),
        4 => (at(), by, within, expires_in())
            .prop_map(|(at, by, within, expires_in)| Step::Add { at, by, within, expires_in }),
        3 => (0..PARTITIONS.len(), 0..PREFIXES.len(), option::of(0..SORTS.len()), 0..4_usize)
            .prop_map(|(partition, prefix, after, limit)| Step::Page { partition, prefix, after, limit }),
        2 => (1..70_u64).prop_map(Step::Pass),
        1 => Just(Step::Reopen),
    ]
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    body: Vec<u8>,
    expires_at: Option<u64>,
    counters: BTreeMap<String, i64>,
    /// Learned from the engine after each step.
    revision: u64,
}

/// What there should be.
#[derive(Default)]
struct Model {
    items: BTreeMap<Key, Known>,
    /// Every revision that an item under this key ever had, the latest last.
    revisions: BTreeMap<Key, Vec<u64>>,
    now: u64,
}

impl Model {
    fn live(&self, key: &Key) -> Option<&Known> {
        let now = self.now;
        let item = self.items.get(key)?;
        item.expires_at
            .is_none_or(|expires_at| expires_at > now)
            .then_some(item)
    }

    fn key(at: At) -> Key {
        Key::new(PARTITIONS[at.partition], SORTS[at.sort])
    }

    fn expiry(&self, expires_in: Option<i64>) -> Option<u64> {
        expires_in.map(|seconds| self.now.saturating_add_signed(seconds))
    }

    fn condition(&self, key: &Key, asked: Asked) -> Condition {
        let had = self.revisions.get(key).map_or(&[][..], Vec::as_slice);
        let former = had.len().checked_sub(2).map(|index| had[index]);
        match asked {
            Asked::Always => Condition::Always,
            Asked::Absent => Condition::Absent,
            Asked::Present => Condition::Present,
            Asked::Current => Condition::Revision(had.last().copied().unwrap_or(1)),
            Asked::Former => Condition::Revision(former.unwrap_or(2)),
        }
    }

    fn to_write(&self, at: At, change: &Change, asked: Asked) -> Write {
        let key = Self::key(at);
        let condition = self.condition(&key, asked);
        match change {
            Change::Put { body, expires_in } => Write::Put {
                key,
                body: body.clone().into(),
                expires_at: self.expiry(*expires_in),
                condition,
            },
            Change::Delete => Write::Delete { key, condition },
            Change::Check => Write::Check { key, condition },
        }
    }

    fn write(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let mut keys = BTreeSet::new();
        for write in writes {
            let key = write.key();
            if !keys.insert(key) {
                return Err(StoreError::DuplicateKey {
                    partition: key.partition.clone(),
                    sort: key.sort.clone(),
                });
            }
        }
        for (index, write) in writes.iter().enumerate() {
            let live = self.live(write.key());
            let holds = match write.condition() {
                Condition::Always => true,
                Condition::Absent => live.is_none(),
                Condition::Present => live.is_some(),
                Condition::Revision(revision) => live.is_some_and(|item| item.revision == revision),
            };
            if !holds {
                return Err(StoreError::ConditionFailed { index });
            }
        }
        for write in writes {
            match write {
                Write::Put {
                    key,
                    body,
                    expires_at,
                    ..
                } => {
                    let known = Known {
                        body: body.to_vec(),
                        expires_at: *expires_at,
                        counters: self
                            .live(key)
                            .map(|item| item.counters.clone())
                            .unwrap_or_default(),
                        revision: 0,
                    };
                    self.items.insert(key.clone(), known);
                }
                Write::Delete { key, .. } => drop(self.items.remove(key)),
                Write::Check { .. } => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, add: &Add) -> Result<BTreeMap<String, i64>, StoreError> {
        let mut item = self.live(&add.key).cloned().unwrap_or_default();
        let counter = |item: &Known, name: &str| item.counters.get(name).copied().unwrap_or(0);
        for (name, bounds) in &add.within {
            let value = counter(&item, name);
            if value < bounds.at_least || value > bounds.at_most {
                return Err(StoreError::ConditionFailed { index: 0 });
            }
        }
        for (name, by) in &add.by {
            let sum = counter(&item, name) + by;
            item.counters.insert(name.clone(), sum);
        }
        item.expires_at = add.expires_at.or(item.expires_at);
        let counters = item.counters.clone();
        self.items.insert(add.key.clone(), item);
        Ok(counters)
    }

    fn page(&self, query: &Query) -> Vec<String> {
        self.items
            .keys()
            .filter(|key| key.partition == query.partition && key.sort.starts_with(&query.prefix))
            .filter(|key| query.after.as_ref().is_none_or(|after| key.sort > *after))
            .filter(|key| self.live(key).is_some())
            .map(|key| key.sort.clone())
            .collect()
    }

    /// The item of the engine is the one of the model, and where that is a new state of it, its revision is new.
    fn compare(&mut self, key: &Key, item: Option<&Item>) -> TestCaseResult {
        let known = self.live(key).cloned();
        prop_assert_eq!(item.is_some(), known.is_some(), "{:?}", key);
        let (Some(item), Some(known)) = (item, known) else {
            return Ok(());
        };
        prop_assert_eq!(&item.key, key);
        prop_assert_eq!(&item.body[..], &known.body[..]);
        prop_assert_eq!(item.expires_at, known.expires_at);
        prop_assert_eq!(&item.counters, &known.counters);
        if known.revision == 0 {
            let had = self.revisions.entry(key.clone()).or_default();
            prop_assert!(!had.contains(&item.revision), "{:?} had {:?}", key, had);
            had.push(item.revision);
            if let Some(known) = self.items.get_mut(key) {
                known.revision = item.revision;
            }
        } else {
            prop_assert_eq!(item.revision, known.revision);
        }
        Ok(())
    }
}

/// Does the steps on both. With a folder, the store is closed and opened again where a step says so.
async fn agree(steps: &[Step], dir: Option<&Path>) -> TestCaseResult {
    let clock = TestClock::at(START);
    let open = || match dir {
        Some(dir) => Embedded::open(dir, clock.clone()).unwrap(),
        None => Embedded::memory(clock.clone()).unwrap(),
    };
    let table = |store: &Store| -> Arc<dyn Table> { store.usage.clone() };
    let mut store = Some(open());
    let mut engine = store.as_ref().map(table).unwrap();
    let mut model = Model {
        now: START,
        ..Model::default()
    };
    for step in steps {
        match step {
            Step::Write(at, change, asked) => {
                let write = model.to_write(*at, change, *asked);
                let expected = model.write(std::slice::from_ref(&write));
                prop_assert_eq!(engine.write(write).await, expected);
            }
            Step::Transact(writes) => {
                let writes: Vec<_> = writes
                    .iter()
                    .map(|(at, change, asked)| model.to_write(*at, change, *asked))
                    .collect();
                let expected = model.write(&writes);
                prop_assert_eq!(engine.transact(writes).await, expected);
            }
            Step::Add {
                at,
                by,
                within,
                expires_in,
            } => {
                let name = |index: usize| COUNTERS[index].to_owned();
                let add = Add {
                    key: Model::key(*at),
                    by: by.iter().map(|(index, by)| (name(*index), *by)).collect(),
                    within: within
                        .iter()
                        .map(|&(index, at_least, at_most)| {
                            (name(index), Bounds { at_least, at_most })
                        })
                        .collect(),
                    expires_at: model.expiry(*expires_in),
                };
                let expected = model.add(&add);
                prop_assert_eq!(engine.add(add).await, expected);
            }
            Step::Page {
                partition,
                prefix,
                after,
                limit,
            } => {
                let query = Query {
                    partition: PARTITIONS[*partition].to_owned(),
                    prefix: PREFIXES[*prefix].to_owned(),
                    after: after.map(|index| SORTS[index].to_owned()),
                    limit: *limit,
                };
                let mut expected = model.page(&query);
                let batch = engine.query(query).await.unwrap();
                match &batch.next {
                    // A page ends where it says, and leaves nothing out before.
                    Some(next) => expected.retain(|sort| sort <= next),
                    None if *limit == 0 => expected.clear(),
                    None => {}
                }
                let found: Vec<_> = batch.items.into_iter().map(|item| item.key.sort).collect();
                prop_assert!(found.len() <= *limit);
                prop_assert_eq!(found, expected);
            }
            Step::Pass(seconds) => {
                clock.pass(*seconds);
                model.now += seconds;
            }
            Step::Reopen => {
                if dir.is_some() {
                    drop((store.take(), engine));
                    store = Some(open());
                    engine = store.as_ref().map(table).unwrap();
                }
            }
        }
        for partition in 0..PARTITIONS.len() {
            for sort in 0..SORTS.len() {
                let key = Model::key(At { partition, sort });
                let item = engine.get(&key, Consistency::Strong).await.unwrap();
                model.compare(&key, item.as_ref())?;
            }
        }
    }
    Ok(())
}

fn run(steps: &[Step], dir: Option<&Path>) -> TestCaseResult {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(agree(steps, dir))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_does_in_memory_what_a_map_does(steps in vec(step(), 1..60)) {
        run(&steps, None)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_does_in_a_file_what_a_map_does(steps in vec(step(), 1..60)) {
        let dir = TempDir::new().unwrap();
        run(&steps, Some(dir.path()))?;
    }
}
