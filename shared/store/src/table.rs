//! The port: what Postern asks of a store.

use crate::{Batch, Condition, Item, Key, Query};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;

/// One table of items. Every write that returned `Ok` is durable, and visible to a strong read that begins after it.
#[async_trait]
pub trait Table: Send + Sync + 'static {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError>;

    /// Strongly consistent: what pages through a definition must see what was just written.
    async fn query(&self, query: Query) -> Result<Batch, StoreError>;

    async fn write(&self, write: Write) -> Result<(), StoreError>;

    /// All of the writes or none. No two may name the same key.
    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError>;

    /// Adds to counters of one item in one step, making item and counters where they are missing (as zero).
    /// Returns all counters of the item as they are then. A counter that is named twice gets both.
    async fn add(&self, add: Add) -> Result<BTreeMap<String, i64>, StoreError>;

    /// Moves with every write to this table, where the engine can see them all. `None` where other processes write too,
    /// and only reading again tells. It does not move when an item expires. Ask before reading: what is read is then at
    /// least as new as the number.
    fn generation(&self) -> Option<u64>;
}

/// How fresh a read must be. Eventual costs half on DynamoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    Strong,
    Eventual,
}

/// A change to one item, or a condition on one that is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    Put {
        key: Key,
        body: Bytes,
        expires_at: Option<u64>,
        condition: Condition,
    },
    Delete {
        key: Key,
        condition: Condition,
    },
    /// Only in a transaction: nothing is changed, but the condition must hold.
    Check {
        key: Key,
        condition: Condition,
    },
}

impl Write {
    pub fn put(key: Key, body: impl Into<Bytes>, condition: Condition) -> Self {
        Self::Put {
            key,
            body: body.into(),
            expires_at: None,
            condition,
        }
    }

    pub fn delete(key: Key, condition: Condition) -> Self {
        Self::Delete { key, condition }
    }

    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } | Self::Check { key, .. } => key,
        }
    }

    pub fn condition(&self) -> Condition {
        match self {
            Self::Put { condition, .. }
            | Self::Delete { condition, .. }
            | Self::Check { condition, .. } => *condition,
        }
    }

    pub(crate) fn body_bytes(&self) -> usize {
        match self {
            Self::Put { body, .. } => body.len(),
            Self::Delete { .. } | Self::Check { .. } => 0,
        }
    }
}

/// Additions to the counters of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Add {
    pub key: Key,
    pub by: Vec<(String, i64)>,
    /// Refuse unless these counters are within these bounds before the addition.
    pub within: Vec<(String, Bounds)>,
    /// Set as the item's expiry. `None` leaves the expiry as it is.
    pub expires_at: Option<u64>,
}

/// An inclusive range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub at_least: i64,
    pub at_most: i64,
}

/// Why a store did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Nothing was changed. `index` is the first write of the transaction whose condition failed, 0 for a single write.
    #[error("the condition on the item does not hold (write {index})")]
    ConditionFailed { index: usize },
    #[error("the value has {bytes} bytes, and at most {max} fit: split it, or make it smaller")]
    TooLarge { bytes: usize, max: usize },
    #[error("the key has {bytes} bytes, and at most {max} are allowed")]
    KeyTooLong { bytes: usize, max: usize },
    #[error("the key is empty")]
    KeyEmpty,
    #[error("the transaction has {writes} writes, and at most {max} are allowed")]
    TooManyWrites { writes: usize, max: usize },
    #[error("the transaction names `{partition}` `{sort}` twice")]
    DuplicateKey { partition: String, sort: String },
    /// Another write was under way on the same item. Nothing was changed; the same call may succeed at once.
    #[error("another write to the same items is under way; try again")]
    Conflict,
    #[error("the item `{partition}` `{sort}` cannot be read: {reason}")]
    Corrupt {
        partition: String,
        sort: String,
        reason: String,
    },
    #[error("the store does not answer: {reason}")]
    Unavailable { reason: String },
}
