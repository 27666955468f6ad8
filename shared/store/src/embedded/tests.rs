//! The engine on a disk that fails, waits and loses power when told.

use super::layout::{EXPIRIES, TableId, item_key};
use super::{Store, builder, store};
use crate::{Add, Condition, Consistency, Key, Query, StoreError, SystemClock, Write};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use redb::{Database, ReadableDatabase, ReadableTableMetadata, StorageBackend};
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use tokio::task::JoinSet;

/// A disk in memory that remembers what was done to it.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    events: Vec<Event>,
    syncs: usize,
    is_broken: bool,
    is_stuck: bool,
}

#[derive(Debug)]
enum Event {
    Length(usize),
    Write(usize, Vec<u8>),
    Sync,
    /// Not the disk's doing: this write was answered.
    Acknowledged(u32),
}

impl Disk {
    fn holding(bytes: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.change(|state| state.bytes = bytes);
        disk
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
        changed
    }

    fn database(&self) -> Database {
        builder().create_with_backend(self.clone()).unwrap()
    }

    fn open(&self) -> Store {
        store(self.database(), Arc::new(SystemClock), Path::new("test")).unwrap()
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.change(|state| state.bytes.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = offset as usize;
        self.change(|state| {
            let found = state.bytes.get(offset..offset + out.len());
            out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(|state| {
            state.bytes.resize(len as usize, 0);
            state.events.push(Event::Length(len as usize));
        });
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let state = self.0.0.lock().unwrap();
        let mut state = self.0.1.wait_while(state, |state| state.is_stuck).unwrap();
        if state.is_broken {
            return Err(io::Error::other("the disk is full"));
        }
        state.syncs += 1;
        state.events.push(Event::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = offset as usize;
        self.change(|state| {
            state.bytes[offset..offset + data.len()].copy_from_slice(data);
            state.events.push(Event::Write(offset, data.to_vec()));
        });
        Ok(())
    }
}

fn key(n: u32) -> Key {
    Key::new("p", format!("{n:04}"))
}

fn put(n: u32) -> Write {
    Write::put(key(n), format!("body {n}"), Condition::Always)
}

/// Begins 64 writes while the disk is stuck, so that they wait together.
async fn write_together(disk: &Disk, store: &Store) -> JoinSet<Result<(), StoreError>> {
    disk.change(|state| state.is_stuck = true);
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let table = store.usage.clone();
        tasks.spawn(async move { table.write(put(n)).await });
    }
    // Each task runs until it waits for its answer.
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
    tasks
}

#[tokio::test]
async fn writers_that_wait_together_share_the_wait() {
    let disk = Disk::default();
    let store = disk.open();
    let before = disk.change(|state| state.syncs);
    store.usage.write(put(0)).await.unwrap();
    let syncs_of_one = disk.change(|state| state.syncs) - before;
    assert!(syncs_of_one > 0);

    let tasks = write_together(&disk, &store).await;
    let before = disk.change(|state| {
        state.is_stuck = false;
        state.syncs
    });
    for result in tasks.join_all().await {
        assert_eq!(result, Ok(()));
    }
    let syncs = disk.change(|state| state.syncs) - before;
    // One commit was under way when the others came, and they went together.
    assert!(
        syncs <= 2 * syncs_of_one,
        "{syncs} for all, {syncs_of_one} for one"
    );
}

#[tokio::test]
async fn a_commit_that_fails_is_told_to_everyone_who_waits() {
    let disk = Disk::default();
    let store = disk.open();
    let generation = store.usage.generation();
    let tasks = write_together(&disk, &store).await;
    disk.change(|state| {
        state.is_stuck = false;
        state.is_broken = true;
    });
    for result in tasks.join_all().await {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    }
    // It may have reached the disk all the same.
    assert_ne!(store.usage.generation(), generation);
    let error = store.usage.write(put(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_refusal_writes_nothing() {
    let disk = Disk::default();
    let store = disk.open();
    let before = disk.change(|state| state.syncs);
    let write = Write::put(key(1), "body", Condition::Present);
    let refused = Err(StoreError::ConditionFailed { index: 0 });
    assert_eq!(store.usage.write(write).await, refused);
    assert_eq!(disk.change(|state| state.syncs), before);
}

#[tokio::test]
async fn an_item_of_a_newer_format_is_neither_read_nor_overwritten() {
    let disk = Disk::default();
    drop(disk.open());
    let database = disk.database();
    let transaction = database.begin_write().unwrap();
    let mut items = transaction.open_table(TableId::Usage.items()).unwrap();
    items
        .insert(item_key(&key(1)).as_slice(), &b"\x02newer"[..])
        .unwrap();
    drop(items);
    transaction.commit().unwrap();
    drop(database);

    let table = disk.open().usage;
    let add = Add {
        key: key(1),
        by: Vec::new(),
        within: Vec::new(),
        expires_at: None,
    };
    let query = Query {
        partition: key(1).partition,
        prefix: String::new(),
        after: None,
        limit: 10,
    };
    let delete = Write::delete(key(1), Condition::Always);
    for error in [
        table.get(&key(1), Consistency::Strong).await.unwrap_err(),
        table.query(query).await.unwrap_err(),
        table.write(put(1)).await.unwrap_err(),
        table.transact(vec![put(2), delete]).await.unwrap_err(),
        table.add(add).await.unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            "the item `p` `0001` cannot be read: \
             its format 2 is not known to this version of Postern; update Postern"
        );
    }
    // The others are as well as ever.
    assert_eq!(table.get(&key(2), Consistency::Strong).await, Ok(None));
    assert_eq!(table.write(put(2)).await, Ok(()));
}

#[tokio::test]
async fn the_list_of_expiries_holds_what_expires_and_no_more() {
    let disk = Disk::default();
    let store = disk.open();
    let far = u64::from(u32::MAX);
    let expiring = |n, expires_at| Write::Put {
        key: key(n),
        body: "body".into(),
        expires_at: Some(expires_at),
        condition: Condition::Always,
    };
    let delete = |n| Write::delete(key(n), Condition::Always);
    for write in [
        expiring(1, far),
        expiring(2, far),
        expiring(2, far + 1),
        expiring(3, far),
        put(3),
        expiring(4, far),
        delete(4),
        put(5),
        // Expired already: replaced, deleted.
        expiring(6, 1),
        expiring(6, far),
        expiring(7, 1),
        delete(7),
        delete(8),
    ] {
        store.usage.write(write).await.unwrap();
    }
    drop(store);
    let transaction = disk.database().begin_read().unwrap();
    let expiries = transaction.open_table(EXPIRIES).unwrap();
    assert_eq!(expiries.len().unwrap(), 3, "of items 1, 2 and 6");
}

/// Power goes at any moment. What was synced is on the disk; of what came after, any part may be, in any order.
#[tokio::test]
async fn what_was_acknowledged_survives_a_loss_of_power() {
    let disk = Disk::default();
    let store = disk.open();
    let opened = disk.change(|state| state.events.len());
    for n in 0..60 {
        store.usage.write(put(n)).await.unwrap();
        disk.change(|state| state.events.push(Event::Acknowledged(n)));
    }
    let events = disk.change(|state| std::mem::take(&mut state.events));
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..150 {
        let cut = random.random_range(opened..=events.len());
        let (bytes, acknowledged) = after_power_loss(&events[..cut], &mut random);
        let store = Disk::holding(bytes).open();
        for n in 0..acknowledged {
            let item = store.usage.get(&key(n), Consistency::Strong).await.unwrap();
            assert_eq!(
                item.unwrap().body,
                format!("body {n}"),
                "cut at {cut} of {}",
                events.len()
            );
        }
        // It goes on from there.
        store.usage.write(put(99)).await.unwrap();
    }
}

/// What the disk holds, and how many writes were acknowledged.
fn after_power_loss(events: &[Event], random: &mut StdRng) -> (Vec<u8>, u32) {
    let synced = events
        .iter()
        .rposition(|event| matches!(event, Event::Sync))
        .unwrap_or_default();
    let mut bytes = Vec::new();
    let mut acknowledged = 0;
    for (index, event) in events.iter().enumerate() {
        let is_lost = index > synced && random.random_bool(0.5);
        match event {
            Event::Acknowledged(n) => acknowledged = n + 1,
            Event::Length(length) if !is_lost => bytes.resize(*length, 0),
            Event::Write(offset, data) if !is_lost => {
                let end = offset + data.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*offset..end].copy_from_slice(data);
            }
            Event::Length(_) | Event::Write(..) | Event::Sync => {}
        }
    }
    (bytes, acknowledged)
}
