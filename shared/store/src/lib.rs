//! Postern's memory: the storage port, its embedded engine, and the contract that every engine passes.
//!
//! The port is shaped like DynamoDB, because that is where it runs for real: items under (partition, sort), conditions
//! instead of locks, transactions of at most a hundred writes, counters that add, items that expire. What an item's body
//! means is the caller's business; this crate never looks inside.

mod clock;
#[cfg(feature = "contract")]
#[expect(
    clippy::unwrap_used,
    reason = "these are tests, though they are not compiled as such"
)]
pub mod contract;
mod document;
mod embedded;
mod item;
mod table;
pub mod validate;

pub use clock::{Clock, SystemClock};
pub use document::{decode, deflate, encode, inflate};
pub use embedded::{Embedded, OpenError};
pub use item::{Batch, Condition, Item, Key, Query};
pub use table::{Add, Bounds, Consistency, StoreError, Table, Write};

use std::sync::Arc;

/// Bytes of body that every engine takes in one item. DynamoDB ends at 400 KB with keys, names and counters included.
pub const BODY_BYTES_MAX: usize = 390_000;
/// Bytes of a partition key, as DynamoDB allows.
pub const PARTITION_BYTES_MAX: usize = 2_048;
/// Bytes of a sort key, as DynamoDB allows.
pub const SORT_BYTES_MAX: usize = 1_024;
/// Writes in one transaction.
pub const TRANSACTION_WRITES_MAX: usize = 100;
/// Bytes of all bodies in one transaction: DynamoDB's 4 MB, less room for keys and names.
pub const TRANSACTION_BYTES_MAX: usize = 3_800_000;

/// The four tables, apart because they live differently.
#[derive(Clone)]
pub struct Store {
    /// APIs, deployments, stages: kept, and recoverable to a point in time.
    pub definitions: Arc<dyn Table>,
    /// Counters and leases: they expire.
    pub usage: Arc<dyn Table>,
    /// Cached answers: they expire, and nobody backs them up.
    pub cache: Arc<dyn Table>,
    /// Open WebSocket connections: they expire.
    pub connections: Arc<dyn Table>,
}
