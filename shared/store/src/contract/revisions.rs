//! A revision stands for one state of an item, forever.

use super::{Harness, WRITERS, lost_a_race, unique_key};
use crate::{Condition, Write};
use std::collections::BTreeSet;

pub async fn every_put_moves_the_revision(harness: &Harness) {
    let key = unique_key();
    let mut seen = BTreeSet::new();
    for _ in 0..10 {
        harness.put(&key, "the same").await;
        assert!(seen.insert(harness.revision(&key).await), "{seen:?}");
    }
}

pub async fn a_revision_never_returns(harness: &Harness) {
    let key = unique_key();
    let mut seen = BTreeSet::new();
    for life in 0..10 {
        for _ in 0..3 {
            harness.put(&key, "the same").await;
            let revision = harness.revision(&key).await;
            assert!(seen.insert(revision), "{revision} in life {life}: {seen:?}");
        }
        harness.delete(&key).await;
    }
    // Made by an addition, too.
    harness.add(&key, &[("count", 1)]).await;
    assert!(seen.insert(harness.revision(&key).await), "{seen:?}");
}

pub async fn an_addition_leaves_the_revision(harness: &Harness) {
    let key = unique_key();
    harness.put(&key, "body").await;
    let before = harness.revision(&key).await;
    harness.add(&key, &[("count", 1)]).await;
    assert_eq!(harness.revision(&key).await, before);
    let put = Write::put(key, "edited", Condition::Revision(before));
    assert_eq!(harness.table.write(put).await, Ok(()));
}

pub async fn many_who_read_and_write_one_item_lose_nothing(harness: &Harness) {
    let key = unique_key();
    harness.put(&key, "0").await;
    harness
        .at_once(WRITERS, |harness, _| {
            let key = key.clone();
            async move {
                loop {
                    let item = harness.get(&key).await.unwrap();
                    let count: usize = std::str::from_utf8(&item.body).unwrap().parse().unwrap();
                    let condition = Condition::Revision(item.revision);
                    let put = Write::put(key.clone(), (count + 1).to_string(), condition);
                    match harness.table.write(put).await {
                        Ok(()) => break,
                        Err(error) => assert!(lost_a_race(&error), "{error}"),
                    }
                }
            }
        })
        .await;
    assert_eq!(
        harness.get(&key).await.unwrap().body,
        WRITERS.to_string().as_bytes()
    );
}
