//! All the limits that a process has in mind: found without an allocation, in parts so that few wait for each other, and
//! never more than so many.

use crate::bucket::Bucket;
use crate::limit::{Limit, Scope, Sharing};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

const PARTS: usize = 16;

type Part = Mutex<HashMap<Box<str>, Arc<Bucket>>>;

pub(crate) struct Buckets {
    parts: [Part; PARTS],
    part_max: usize,
    hasher: RandomState,
}

thread_local! {
    /// Where names are written, to look them up.
    static NAME: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Buckets {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            parts: Default::default(),
            part_max: (max / PARTS).max(1),
            hasher: RandomState::new(),
        }
    }

    /// The bucket of a limit, and how many were forgotten to make room for it.
    pub(crate) fn find(&self, limit: &Limit<'_>, now: i64) -> (Arc<Bucket>, usize) {
        NAME.with_borrow_mut(|name| {
            write_name(name, limit);
            self.named(name, now)
        })
    }

    fn named(&self, name: &str, now: i64) -> (Arc<Bucket>, usize) {
        let part = &self.parts[self.hasher.hash_one(name) as usize % PARTS];
        let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = part.get(name) {
            bucket.touch(now);
            return (Arc::clone(bucket), 0);
        }
        let forgotten = if part.len() < self.part_max {
            0
        } else {
            forget_the_idle(&mut part)
        };
        let bucket = Arc::new(Bucket::default());
        bucket.touch(now);
        part.insert(name.into(), Arc::clone(&bucket));
        (bucket, forgotten)
    }

    /// All that count the use of a plan, by one key or all of them.
    pub(crate) fn of(&self, plan: &str, key: Option<&str>) -> Vec<Arc<Bucket>> {
        let of_this = match key {
            Some(key) => format!("\0{plan}\0{key}\0"),
            None => format!("\0{plan}\0"),
        };
        let is_of_this = |name: &str| name.starts_with('p') && name.contains(&of_this);
        let mut found = Vec::new();
        for part in &self.parts {
            let part = part.lock().unwrap_or_else(PoisonError::into_inner);
            let named = part.iter().filter(|(name, _)| is_of_this(name));
            found.extend(named.map(|(_, bucket)| Arc::clone(bucket)));
        }
        found
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let parts = self.parts.iter();
        parts.map(|part| part.lock().unwrap().len()).sum()
    }
}

/// Forgets the half that was not asked about for longest, so that it is done seldom.
fn forget_the_idle(part: &mut HashMap<Box<str>, Arc<Bucket>>) -> usize {
    let before = part.len();
    let mut used: Vec<i64> = part.values().map(|bucket| bucket.used_at()).collect();
    let middle = used.len() / 2;
    let (_, middle, _) = used.select_nth_unstable(middle);
    let middle = *middle;
    // Of those that were asked about at the same moment some must go too.
    let mut to_keep = before / 2;
    part.retain(|_, bucket| {
        let keep = bucket.used_at() >= middle && to_keep > 0;
        to_keep -= usize::from(keep);
        keep
    });
    before - part.len()
}

/// A limit whose rate was changed is another bucket, and full.
fn write_name(name: &mut String, limit: &Limit<'_>) {
    name.clear();
    let sharing = match limit.sharing {
        Sharing::Local => 'l',
        Sharing::Leased => 's',
        Sharing::Exact => 'x',
    };
    let (interval, burst) = limit
        .rate
        .map_or((-1, -1), |rate| (rate.interval(), rate.burst()));
    // Writing to a string never fails.
    let _ = match limit.scope {
        Scope::Plan {
            plan, key, method, ..
        } => write!(
            name,
            "p{sharing}\0{interval}\0{burst}\0{plan}\0{key}\0{method}"
        ),
        Scope::Named(of) => write!(name, "n{sharing}\0{interval}\0{burst}\0{of}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Rate;

    fn named(name: &str, per_second: f64) -> Limit<'_> {
        Limit {
            scope: Scope::Named(name),
            rate: Some(Rate::new(per_second, 1)),
            sharing: Sharing::Local,
        }
    }

    #[test]
    fn no_more_are_kept_than_said_and_the_last_used_stay() {
        let buckets = Buckets::new(64);
        let kept = named("kept", 1.0);
        let (first, _) = buckets.find(&kept, 0);
        let mut forgotten = 0;
        for time in 0..10_000 {
            forgotten += buckets.find(&named(&time.to_string(), 1.0), time).1;
            buckets.find(&kept, time);
        }
        assert!(buckets.len() <= 64, "{}", buckets.len());
        assert_eq!(forgotten + buckets.len(), 10_001);
        assert!(Arc::ptr_eq(&first, &buckets.find(&kept, 10_000).0));
    }

    #[test]
    fn buckets_of_one_moment_make_room_too() {
        let buckets = Buckets::new(16);
        for name in 0..1_000 {
            buckets.find(&named(&name.to_string(), 1.0), 7);
        }
        assert!(buckets.len() <= 16);
    }

    #[test]
    fn another_rate_is_another_bucket() {
        let buckets = Buckets::new(64);
        let (one, _) = buckets.find(&named("a", 1.0), 0);
        assert!(!Arc::ptr_eq(&one, &buckets.find(&named("a", 2.0), 0).0));
        assert!(!Arc::ptr_eq(&one, &buckets.find(&named("b", 1.0), 0).0));
        assert!(Arc::ptr_eq(&one, &buckets.find(&named("a", 1.0), 0).0));
    }
}
