//! Meters on one table, and a clock that is set.

use async_trait::async_trait;
use postern_definition::rest::{QuotaPeriod, QuotaSettings};
use postern_metering::{Admission, Limit, Meter, OnFailure, Rate, Scope, Settings, Sharing};
use postern_store::{
    Add, Batch, Clock, Consistency, Embedded, Item, Key, Query, StoreError, Table, Write,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

/// 2026-03-10T12:00:00Z, in milliseconds.
pub(crate) const NOON: i64 = 1_773_144_000_000;
pub(crate) const HOUR: i64 = 3_600_000;

pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn new(at_ms: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(at_ms * 1_000_000)))
    }

    pub(crate) fn set_ms(&self, at_ms: i64) {
        self.0.store(at_ms * 1_000_000, Ordering::Relaxed);
    }

    pub(crate) fn pass_ns(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn now_ns(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Clock for SetClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed).unsigned_abs())
    }
}

/// How a store behaves: it works, it does nothing, or it does as asked and says that it failed.
pub(crate) const WORKS: u8 = 0;
pub(crate) const DOWN: u8 = 1;
pub(crate) const AMBIGUOUS: u8 = 2;

pub(crate) struct FailingTable {
    table: Arc<dyn Table>,
    pub(crate) mood: AtomicU8,
}

impl FailingTable {
    fn checked<T>(&self, only: &[u8], done: T) -> Result<T, StoreError> {
        if only.contains(&self.mood.load(Ordering::Relaxed)) {
            return Err(StoreError::Unavailable {
                reason: "told to".to_owned(),
            });
        }
        Ok(done)
    }
}

#[async_trait]
impl Table for FailingTable {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        self.checked(&[DOWN], ())?;
        self.table.get(key, consistency).await
    }

    async fn query(&self, query: Query) -> Result<Batch, StoreError> {
        self.table.query(query).await
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        self.table.write(write).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.table.transact(writes).await
    }

    async fn add(&self, add: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        self.checked(&[DOWN], ())?;
        let added = self.table.add(add).await?;
        self.checked(&[AMBIGUOUS], added)
    }

    fn generation(&self) -> Option<u64> {
        self.table.generation()
    }
}

pub(crate) struct World {
    pub(crate) clock: Arc<SetClock>,
    pub(crate) table: Arc<FailingTable>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = SetClock::new(NOON);
        let store = Embedded::memory(Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        let table = FailingTable {
            table: store.usage,
            mood: AtomicU8::new(WORKS),
        };
        Self {
            clock,
            table: Arc::new(table),
        }
    }

    pub(crate) fn meter(&self) -> Meter {
        self.meter_with(OnFailure::Admit)
    }

    pub(crate) fn meter_with(&self, on_failure: OnFailure) -> Meter {
        let settings = Settings {
            on_failure,
            seed: 7,
            ..Settings::default()
        };
        let table = Arc::clone(&self.table) as Arc<dyn Table>;
        Meter::new(table, Arc::clone(&self.clock) as Arc<dyn Clock>, settings)
    }

    pub(crate) fn is(&self, mood: u8) {
        self.table.mood.store(mood, Ordering::Relaxed);
    }
}

pub(crate) fn named(name: &str, per_second: f64, burst: i64, sharing: Sharing) -> Limit<'_> {
    Limit {
        scope: Scope::Named(name),
        rate: Some(Rate::new(per_second, burst)),
        sharing,
    }
}

pub(crate) fn daily(limit: i64) -> Option<QuotaSettings> {
    Some(QuotaSettings {
        limit,
        offset: 0,
        period: QuotaPeriod::Day,
    })
}

pub(crate) fn plan(quota: Option<QuotaSettings>, rate: Option<Rate>) -> Limit<'static> {
    Limit {
        scope: Scope::Plan {
            plan: "plan",
            key: "key",
            method: "",
            quota,
        },
        rate,
        sharing: Sharing::Leased,
    }
}

pub(crate) fn is_allowed(admission: &Admission) -> bool {
    matches!(admission, Admission::Allowed { .. })
}

/// How many of so many requests are let in.
pub(crate) async fn let_in(meter: &Meter, limit: Limit<'_>, requests: usize) -> usize {
    let mut count = 0;
    for _ in 0..requests {
        count += usize::from(is_allowed(&meter.admit(&[limit]).await));
    }
    count
}
