//! A table that is watched, and that fails when a test wants it to.

use async_trait::async_trait;
use postern_store::{Add, Batch, Consistency, Item, Key, Query, StoreError, Table, Write};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A table that counts what it is asked, may be away, and may be one that others write to as well.
pub(crate) struct Watched {
    table: Arc<dyn Table>,
    reads: AtomicUsize,
    writes: AtomicUsize,
    away: AtomicBool,
    loses_items: AtomicBool,
    is_shared: bool,
}

impl Watched {
    /// One that nobody else writes to.
    pub(crate) fn own(table: &Arc<dyn Table>) -> Arc<Self> {
        Self::of(table, false)
    }

    /// One as DynamoDB's, that tells no generation because others write to it.
    pub(crate) fn shared(table: &Arc<dyn Table>) -> Arc<Self> {
        Self::of(table, true)
    }

    fn of(table: &Arc<dyn Table>, is_shared: bool) -> Arc<Self> {
        Arc::new(Self {
            table: table.clone(),
            reads: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            away: AtomicBool::new(false),
            loses_items: AtomicBool::new(false),
            is_shared,
        })
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Reads and writes.
    pub(crate) fn calls(&self) -> usize {
        self.reads() + self.writes.load(Ordering::SeqCst)
    }

    pub(crate) fn is_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// What is queried is there, and what is got by its key is not.
    pub(crate) fn loses_items(&self, loses: bool) {
        self.loses_items.store(loses, Ordering::SeqCst);
    }

    fn count(&self, kind: &AtomicUsize) -> Result<(), StoreError> {
        kind.fetch_add(1, Ordering::SeqCst);
        fails_where(self.away.load(Ordering::SeqCst))
    }
}

fn fails_where(away: bool) -> Result<(), StoreError> {
    let reason = "it is away".to_owned();
    if away {
        Err(StoreError::Unavailable { reason })
    } else {
        Ok(())
    }
}

#[async_trait]
impl Table for Watched {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        self.count(&self.reads)?;
        fails_where(self.loses_items.load(Ordering::SeqCst))?;
        self.table.get(key, consistency).await
    }

    async fn query(&self, query: Query) -> Result<Batch, StoreError> {
        self.count(&self.reads)?;
        self.table.query(query).await
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        self.count(&self.writes)?;
        self.table.write(write).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.count(&self.writes)?;
        self.table.transact(writes).await
    }

    async fn add(&self, add: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        self.count(&self.writes)?;
        self.table.add(add).await
    }

    fn generation(&self) -> Option<u64> {
        self.table.generation().filter(|_| !self.is_shared)
    }
}
