//! A table as slow and as unreliable as told.

use crate::executor::Time;
use crate::random::Random;
use async_trait::async_trait;
use bytes::Bytes;
use postern_store::{Add, Batch, Consistency, Item, Key, Query, StoreError, Table, Write};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub(crate) struct Weather {
    /// Nanoseconds that a call takes.
    pub(crate) latency: Range<i64>,
    /// When nothing is answered.
    pub(crate) outage: Range<i64>,
    /// Of a thousand writes so many are done, and said to have failed.
    pub(crate) ambiguous: i64,
}

pub(crate) struct SlowTable {
    time: Arc<Time>,
    weather: Weather,
    random: Mutex<Random>,
    items: Mutex<HashMap<Key, BTreeMap<String, i64>>>,
}

impl SlowTable {
    pub(crate) fn new(time: Arc<Time>, weather: Weather, random: Random) -> Self {
        Self {
            time,
            weather,
            random: Mutex::new(random),
            items: Mutex::default(),
        }
    }

    fn draw(&self, range: Range<i64>) -> i64 {
        self.random.lock().expect("no thread panics").within(range)
    }

    async fn half_way(&self) {
        let whole = self.draw(self.weather.latency.clone());
        self.time.sleep(whole / 2).await;
    }

    fn answers(&self) -> Result<(), StoreError> {
        if self.weather.outage.contains(&self.time.now()) {
            return Err(gone());
        }
        Ok(())
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable {
        reason: "an outage".to_owned(),
    }
}

#[async_trait]
impl Table for SlowTable {
    async fn get(&self, key: &Key, _: Consistency) -> Result<Option<Item>, StoreError> {
        self.half_way().await;
        self.answers()?;
        let counters = self
            .items
            .lock()
            .expect("no thread panics")
            .get(key)
            .cloned();
        self.half_way().await;
        Ok(counters.map(|counters| Item {
            key: key.clone(),
            body: Bytes::new(),
            revision: 1,
            expires_at: None,
            counters,
        }))
    }

    async fn add(&self, add: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        self.half_way().await;
        self.answers()?;
        let counters = {
            let mut items = self.items.lock().expect("no thread panics");
            let found = items.entry(add.key).or_default();
            let holds = add.within.iter().all(|(name, bounds)| {
                let counter = found.get(name).copied().unwrap_or_default();
                (bounds.at_least..=bounds.at_most).contains(&counter)
            });
            holds.then(|| {
                for (name, by) in add.by {
                    *found.entry(name).or_default() += by;
                }
                found.clone()
            })
        };
        let is_lost = self.draw(0..1_000) < self.weather.ambiguous;
        self.half_way().await;
        if is_lost {
            return Err(gone());
        }
        counters.ok_or(StoreError::ConditionFailed { index: 0 })
    }

    async fn query(&self, _: Query) -> Result<Batch, StoreError> {
        Err(gone())
    }

    async fn write(&self, _: Write) -> Result<(), StoreError> {
        Err(gone())
    }

    async fn transact(&self, _: Vec<Write>) -> Result<(), StoreError> {
        Err(gone())
    }

    fn generation(&self) -> Option<u64> {
        None
    }
}
