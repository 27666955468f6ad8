//! The answers that this process has at hand, within a budget of bytes.

use super::entry::Entry;
use super::key::Key;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use std::sync::Arc;
use std::time::Duration;

/// For the first guess of how many entries there will be.
const ENTRY_BYTES_USUAL: u64 = 4_096;
/// A part of the memory that has its own lock holds the largest entry several times.
const SHARD_BYTES_MIN: u64 = 8 << 20;

pub(super) struct Memory(Option<Cache<Key, Known, Weight>>);

#[derive(Clone)]
pub(super) struct Known {
    pub(super) entry: Arc<Entry>,
    /// When the table was last known to have nothing newer, since 1970.
    looked_at: Duration,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Known> for Weight {
    fn weight(&self, _: &Key, known: &Known) -> u64 {
        known.entry.weight() as u64
    }
}

impl Memory {
    /// Takes up nothing until there are entries.
    pub(super) fn new(bytes_max: u64) -> Self {
        if bytes_max == 0 {
            return Self(None);
        }
        let options = OptionsBuilder::new()
            .weight_capacity(bytes_max)
            .estimated_items_capacity(bytes_max.div_ceil(ENTRY_BYTES_USUAL) as usize)
            .shards((bytes_max / SHARD_BYTES_MIN).clamp(1, 16) as usize)
            .build()
            .expect("both capacities are given");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self(Some(Cache::with_options(
            options, Weight, hasher, lifecycle,
        )))
    }

    /// An entry whose time is not over.
    pub(super) fn get(&self, key: &Key, now: Duration) -> Option<Known> {
        let cache = self.0.as_ref()?;
        let known = cache.get(key)?;
        if now < known.entry.until {
            return Some(known);
        }
        cache.remove(key);
        None
    }

    pub(super) fn put(&self, key: Key, entry: Arc<Entry>, looked_at: Duration) {
        if let Some(cache) = &self.0 {
            cache.insert(key, Known { entry, looked_at });
        }
    }
}

impl Known {
    /// Whether the table need not be asked for a newer one.
    pub(super) fn is_settled(&self, now: Duration, settled_for: Option<Duration>) -> bool {
        settled_for.is_none_or(|settled| now.saturating_sub(self.looked_at) < settled)
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::*;

    fn key(number: u32) -> Key {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Key(bytes)
    }

    #[test]
    fn no_more_is_held_than_the_budget_allows() {
        let memory = Memory::new(3 << 20);
        let until = Duration::from_secs(10);
        for number in 0..1_000 {
            let entry = Arc::new(entry(vec![0; 100_000], until));
            memory.put(key(number), entry, Duration::ZERO);
        }
        let held = (0..1_000).filter(|number| memory.get(&key(*number), Duration::ZERO).is_some());
        let held = held.count();
        assert!((20..=31).contains(&held), "{held} entries are held");
    }

    #[test]
    fn the_largest_entry_is_held_by_the_usual_budget() {
        let memory = Memory::new(crate::Caching::default().memory_bytes);
        let until = Duration::from_secs(10);
        for number in 0..4 {
            let large = entry(vec![0; super::super::entry::BODY_BYTES_MAX], until);
            memory.put(key(number), Arc::new(large), Duration::ZERO);
            assert!(memory.get(&key(number), Duration::ZERO).is_some());
        }
    }

    #[test]
    fn an_entry_is_held_until_its_time_is_over_and_settled_for_less() {
        let memory = Memory::new(1 << 20);
        let second = Duration::from_secs;
        memory.put(key(1), Arc::new(entry("hi", second(10))), second(2));
        for (now, settled_for, expected) in [
            (second(2), None, Some(true)),
            (second(9), None, Some(true)),
            (second(6), Some(second(5)), Some(true)),
            (second(7), Some(second(5)), Some(false)),
            (second(10), None, None),
        ] {
            let known = memory.get(&key(1), now);
            let settled = known.map(|known| known.is_settled(now, settled_for));
            assert_eq!(settled, expected, "{now:?}");
        }
        let none = Memory::new(0);
        none.put(key(1), Arc::new(entry("hi", second(10))), second(2));
        assert!(none.get(&key(1), second(2)).is_none());
    }
}
