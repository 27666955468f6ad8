//! Answers in the cache table, where every environment finds them.
//!
//! ```text
//! answer#{hash}  answer            format, until, writing, parts; then the first piece of the value
//! answer#{hash}  {writing}#{n}     a further piece, of a value that is longer than an item
//! ```
//!
//! Each writing draws a number, which is in the names of its further pieces; these are written before the item that counts
//! them. So pieces of two writings never meet, and a writing that broke off is nothing: either the item that counts the
//! pieces is not there, or a piece that it counts is missing. What nobody counts any more expires.
//!
//! A value is an entry, deflated where that is shorter, and sealed where the method's settings say so.

use super::entry::Entry;
use super::key::Key;
use super::seal::Seal;
use bytes::Bytes;
use postern_store::{Clock, Condition, Consistency, StoreError, Table, Write, deflate, inflate};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::timeout;

const FORMAT: u8 = 1;
const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;
/// What comes before the first piece: format, until, writing, and the number of further pieces.
const HEAD_BYTES: usize = 1 + 8 + 8 + 1;
const PIECE_BYTES: usize = postern_store::BODY_BYTES_MAX - HEAD_BYTES;
/// Below this, deflating saves no read unit.
const DEFLATE_FROM_BYTES: usize = 3_000;
/// An entry has no more, headers and all, whatever its bytes claim.
const ENTRY_BYTES_MAX: usize = 4 << 20;

/// No request waits longer to learn whether the table has its answer.
const GET_WITHIN: Duration = Duration::from_millis(50);
/// No request waits longer for its answer to be stored.
const PUT_WITHIN: Duration = Duration::from_millis(100);
/// A table that failed or was slow is left alone for so long.
const AWAY_FOR: Duration = Duration::from_secs(1);

pub(super) struct Stored {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    get_within: Duration,
    put_within: Duration,
    /// Until when the table counts as away, in milliseconds since 1970.
    away_until_ms: AtomicU64,
}

impl Stored {
    pub(super) fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>) -> Self {
        Self {
            table,
            clock,
            get_within: GET_WITHIN,
            put_within: PUT_WITHIN,
            away_until_ms: AtomicU64::new(0),
        }
    }

    /// Whether other processes may write to the table.
    pub(super) fn is_shared(&self) -> bool {
        self.table.generation().is_none()
    }

    /// An entry whose time is not over. What cannot be read in time is not there.
    pub(super) async fn get(&self, key: &Key, seal: Option<&Seal>) -> Option<Entry> {
        let value = self
            .bounded(self.get_within, self.read(key))
            .await
            .flatten()?;
        let (until, bytes) = value;
        if until <= self.clock.now() {
            return None;
        }
        let bytes = match seal {
            Some(seal) => seal.open(bytes, &about(key, until))?,
            None => bytes,
        };
        let (form, bytes) = bytes.split_first()?;
        let bytes = match *form {
            PLAIN => bytes.to_vec(),
            DEFLATED => inflate(bytes, ENTRY_BYTES_MAX).ok()?,
            _ => return None,
        };
        Entry::of_bytes(bytes.into(), until)
    }

    /// Where that fails, or takes too long, the next environment asks the backend once more.
    pub(super) async fn put(&self, key: &Key, entry: &Entry, seal: Option<&Seal>) {
        // Whole milliseconds, as they are stored.
        let until = Duration::from_millis(entry.until.as_millis() as u64);
        let bytes = entry.to_bytes();
        let deflated = Some(&bytes).filter(|bytes| bytes.len() >= DEFLATE_FROM_BYTES);
        let deflated = deflated.map(|bytes| deflate(bytes));
        let value = match deflated {
            Some(deflated) if deflated.len() < bytes.len() => [&[DEFLATED], &*deflated].concat(),
            _ => [&[PLAIN], &*bytes].concat(),
        };
        let value = match seal {
            Some(seal) => seal.close(value, &about(key, until)),
            None => value,
        };
        self.bounded(self.put_within, self.write(key, until, &value))
            .await;
    }

    async fn read(&self, key: &Key) -> Result<Option<(Duration, Vec<u8>)>, StoreError> {
        let partition = key.partition();
        let get = async |sort: String| {
            let key = postern_store::Key::new(partition.clone(), sort);
            let item = self.table.get(&key, Consistency::Eventual).await?;
            Ok::<_, StoreError>(item.map(|item| item.body))
        };
        let Some(first) = get(FIRST.to_owned()).await? else {
            return Ok(None);
        };
        let Some(head) = Head::read(&first) else {
            return Ok(None);
        };
        let mut value = first[HEAD_BYTES..].to_vec();
        for number in 0..head.further {
            let Some(piece) = get(piece_name(head.writing, number)).await? else {
                return Ok(None);
            };
            value.extend_from_slice(&piece);
        }
        Ok(Some((head.until, value)))
    }

    async fn write(&self, key: &Key, until: Duration, value: &[u8]) -> Result<(), StoreError> {
        let mut pieces = value.chunks(PIECE_BYTES);
        let first = pieces.next().unwrap_or_default();
        let head = Head {
            until,
            writing: rand::random(),
            // An entry has a few pieces at most.
            further: pieces.len() as u8,
        };
        let put = async |sort: String, body: Bytes| {
            let write = Write::Put {
                key: postern_store::Key::new(key.partition(), sort),
                body,
                expires_at: Some(until.as_secs() + 1),
                condition: Condition::Always,
            };
            self.table.write(write).await
        };
        for (number, piece) in (0..).zip(pieces) {
            let name = piece_name(head.writing, number);
            put(name, Bytes::copy_from_slice(piece)).await?;
        }
        put(FIRST.to_owned(), [&head.bytes(), first].concat().into()).await
    }

    /// What the table does within this time. One that is away is not asked for a while.
    async fn bounded<T>(
        &self,
        within: Duration,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Option<T> {
        let now_ms = || self.clock.now().as_millis() as u64;
        if now_ms() < self.away_until_ms.load(Ordering::Relaxed) {
            return None;
        }
        if let Ok(Ok(done)) = timeout(within, asked).await {
            return Some(done);
        }
        let until = now_ms() + AWAY_FOR.as_millis() as u64;
        self.away_until_ms.store(until, Ordering::Relaxed);
        None
    }
}

const FIRST: &str = "answer";

fn piece_name(writing: u64, number: u8) -> String {
    format!("{writing:016x}#{number}")
}

/// So that no sealed value can be put under another key, nor its time be changed.
fn about(key: &Key, until: Duration) -> Vec<u8> {
    [&key.0[..], &(until.as_millis() as u64).to_be_bytes()].concat()
}

struct Head {
    until: Duration,
    writing: u64,
    further: u8,
}

impl Head {
    fn bytes(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = [FORMAT; HEAD_BYTES];
        bytes[1..9].copy_from_slice(&(self.until.as_millis() as u64).to_be_bytes());
        bytes[9..17].copy_from_slice(&self.writing.to_be_bytes());
        bytes[17] = self.further;
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<HEAD_BYTES>()?;
        let number = |from: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[from..from + 8]);
            u64::from_be_bytes(number)
        };
        (bytes[0] == FORMAT).then(|| Self {
            until: Duration::from_millis(number(1)),
            writing: number(9),
            further: bytes[17],
        })
    }
}

#[cfg(test)]
mod tests;
