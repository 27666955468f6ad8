use super::super::entry::tests::entry;
use super::*;
use async_trait::async_trait;
use postern_store::{Add, Batch, Embedded, Item, Query, SystemClock};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

/// A clock that stands until it is set.
struct Set(AtomicU64);

impl Clock for Set {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A table that breaks off after some writes, and may hang.
struct Breaking {
    table: Arc<dyn Table>,
    writes_left: AtomicUsize,
    asked: AtomicUsize,
    hangs: Mutex<bool>,
}

#[async_trait]
impl Table for Breaking {
    async fn get(
        &self,
        key: &postern_store::Key,
        consistency: Consistency,
    ) -> Result<Option<Item>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if *self.hangs.lock().unwrap() {
            std::future::pending::<()>().await;
        }
        self.table.get(key, consistency).await
    }

    async fn query(&self, query: Query) -> Result<Batch, StoreError> {
        self.table.query(query).await
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        let left = self.writes_left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(StoreError::Unavailable {
                reason: "it is away".to_owned(),
            });
        }
        self.writes_left.store(left - 1, Ordering::Relaxed);
        self.table.write(write).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.table.transact(writes).await
    }

    async fn add(&self, add: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        self.table.add(add).await
    }

    fn generation(&self) -> Option<u64> {
        None
    }
}

/// However busy the machine is.
fn patient(stored: Stored) -> Stored {
    let minute = Duration::from_secs(60);
    Stored {
        get_within: minute,
        put_within: minute,
        ..stored
    }
}

const KEY: Key = Key([7; 32]);
const UNTIL: Duration = Duration::from_secs(4_000_000_000);

fn table() -> Arc<dyn Table> {
    Embedded::memory(Arc::new(SystemClock)).unwrap().cache
}

fn breaking(writes: usize) -> (Stored, Arc<Breaking>, Arc<Set>) {
    let clock = Arc::new(Set(AtomicU64::new(1_000_000)));
    let breaking = Arc::new(Breaking {
        table: Embedded::memory(clock.clone()).unwrap().cache,
        writes_left: AtomicUsize::new(writes),
        asked: AtomicUsize::new(0),
        hangs: Mutex::new(false),
    });
    let stored = patient(Stored::new(breaking.clone(), clock.clone()));
    (stored, breaking, clock)
}

/// Bytes that do not deflate.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| byte()).collect()
}

#[tokio::test]
async fn what_is_put_is_found_whatever_its_length_and_sealed_or_not() {
    let seal = Seal::of(&[1; 32]);
    for body in [
        Vec::new(),
        b"hi".to_vec(),
        vec![b'a'; 1_048_576],
        noise(PIECE_BYTES, 1),
        noise(1_048_576, 2),
    ] {
        for seal in [None, Some(&seal)] {
            let stored = patient(Stored::new(table(), Arc::new(SystemClock)));
            assert_eq!(stored.get(&KEY, seal).await, None);
            let entry = entry(body.clone(), UNTIL);
            // Not by `put`: how long a store takes is not what this is about.
            let value = [&[PLAIN], &*entry.to_bytes()].concat();
            let sealed = seal.map(|seal| seal.close(value.clone(), &about(&KEY, UNTIL)));
            let value = sealed.unwrap_or(value);
            stored.write(&KEY, UNTIL, &value).await.unwrap();
            assert_eq!(stored.get(&KEY, seal).await, Some(entry));
        }
    }
}

#[tokio::test]
async fn a_put_is_deflated_and_sealed_as_it_is_read() {
    let seal = Seal::of(&[1; 32]);
    let table = table();
    let stored = patient(Stored::new(table.clone(), Arc::new(SystemClock)));
    for (times, seal) in [
        (1, None),
        (1, Some(&seal)),
        (2_000, None),
        (2_000, Some(&seal)),
    ] {
        let entry = entry(b"secret".repeat(times), UNTIL);
        stored.put(&KEY, &entry, seal).await;
        assert_eq!(stored.get(&KEY, seal).await.as_ref(), Some(&entry));
        let key = postern_store::Key::new(KEY.partition(), FIRST);
        let item = table.get(&key, Consistency::Strong).await.unwrap().unwrap();
        assert!(item.body.len() < 1_000, "{}", item.body.len());
        let shows = item.body.windows(6).any(|window| window == b"secret");
        assert_eq!(shows, times == 1 && seal.is_none());
    }
    // Nobody takes one for the other, nor for what another key sealed.
    assert_eq!(stored.get(&KEY, None).await, None);
    assert_eq!(stored.get(&KEY, Some(&Seal::of(&[2; 32]))).await, None);
}

#[tokio::test]
async fn a_writing_that_broke_off_is_never_read_as_a_whole() {
    let old = [&[PLAIN], &*entry(noise(1_000_000, 1), UNTIL).to_bytes()].concat();
    let new = [&[PLAIN], &*entry(noise(1_000_000, 2), UNTIL).to_bytes()].concat();
    let pieces = new.len().div_ceil(PIECE_BYTES);
    for before in [None, Some(old)] {
        for writes in 0..pieces {
            let (stored, table, _) = breaking(usize::MAX);
            if let Some(old) = &before {
                stored.write(&KEY, UNTIL, old).await.unwrap();
            }
            table.writes_left.store(writes, Ordering::Relaxed);
            assert!(stored.write(&KEY, UNTIL, &new).await.is_err());
            let read = stored.read(&KEY).await.unwrap().map(|(_, value)| value);
            assert_eq!(read, before, "after {writes} writes");
        }
    }
}

#[tokio::test]
async fn a_value_of_which_a_piece_is_gone_is_not_there() {
    let (stored, table, _) = breaking(usize::MAX);
    let value = noise(1_000_000, 1);
    stored.write(&KEY, UNTIL, &value).await.unwrap();
    let query = Query {
        partition: KEY.partition(),
        prefix: String::new(),
        after: None,
        limit: 10,
    };
    let items = table.query(query).await.unwrap().items;
    assert_eq!(items.len(), 3);
    let piece = items.iter().find(|item| item.key.sort != FIRST).unwrap();
    let delete = Write::delete(piece.key.clone(), Condition::Always);
    table.write(delete).await.unwrap();
    assert_eq!(stored.read(&KEY).await, Ok(None));
}

#[tokio::test]
async fn an_entry_is_gone_when_its_time_is_over() {
    let (stored, _, clock) = breaking(usize::MAX);
    let until = Duration::from_millis(1_000_500);
    // The table would have it a little longer.
    stored.put(&KEY, &entry("hi", until), None).await;
    for (now, expected) in [(1_000_499, true), (1_000_500, false)] {
        clock.0.store(now, Ordering::Relaxed);
        let found = stored.get(&KEY, None).await;
        assert_eq!(found.is_some(), expected, "{now}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_hangs_is_waited_for_once_and_then_left_alone_for_a_while() {
    let (stored, table, clock) = breaking(usize::MAX);
    let stored = Stored {
        get_within: GET_WITHIN,
        ..stored
    };
    *table.hangs.lock().unwrap() = true;
    let begun = tokio::time::Instant::now();
    for _ in 0..100 {
        assert_eq!(stored.get(&KEY, None).await, None);
    }
    assert_eq!(begun.elapsed(), GET_WITHIN);
    assert_eq!(table.asked.load(Ordering::Relaxed), 1);
    clock.0.fetch_add(1_000, Ordering::Relaxed);
    *table.hangs.lock().unwrap() = false;
    stored.get(&KEY, None).await;
    assert_eq!(table.asked.load(Ordering::Relaxed), 2);
}

proptest::proptest! {
    #[test]
    fn no_stored_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60), known in proptest::prelude::any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stored = patient(Stored::new(table(), Arc::new(SystemClock)));
            let mut bytes = bytes;
            if let (true, Some(first)) = (known, bytes.first_mut()) {
                *first = FORMAT;
            }
            let key = postern_store::Key::new(KEY.partition(), FIRST);
            let write = Write::put(key, bytes, Condition::Always);
            stored.table.write(write).await.unwrap();
            assert_eq!(stored.get(&KEY, None).await, None);
        });
    }
}
