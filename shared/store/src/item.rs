//! What a table holds, and how it is asked for.

use bytes::Bytes;
use std::collections::BTreeMap;

/// Where an item lives. Items of one partition are sorted by the bytes of `sort`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub partition: String,
    pub sort: String,
}

impl Key {
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            sort: sort.into(),
        }
    }
}

/// An item as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub key: Key,
    pub body: Bytes,
    /// Moves with every put, and never returns to a value it had before, not even when the item is deleted and made anew.
    /// Additions to counters leave it, or whoever edits a document would lose to everyone who counts.
    pub revision: u64,
    /// The second since 1970 from which on the item is not there. Engines hide an expired item at once, and delete it when
    /// they can. Whoever writes under its key makes a new item, with nothing left of the expired one.
    pub expires_at: Option<u64>,
    /// Numbers that only `add` moves. A put leaves them as they are.
    pub counters: BTreeMap<String, i64>,
}

/// What must hold for a write to happen. An expired item counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Always,
    Absent,
    Present,
    /// The item is as it was when this revision of it was read.
    Revision(u64),
}

/// One page of a partition, in ascending order of the sort key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub partition: String,
    /// Only items whose sort key begins with this.
    pub prefix: String,
    /// Only items whose sort key is greater than this: where the page before ended. It need not be the key of an item, nor
    /// begin with the prefix.
    pub after: Option<String>,
    /// At most this many items; an engine may return fewer, even none, and still have more. Zero asks for nothing: neither
    /// items nor a next page.
    pub limit: usize,
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub items: Vec<Item>,
    /// The `after` of the next page, where there may be one.
    pub next: Option<String>,
}
