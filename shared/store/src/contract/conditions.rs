//! Writes happen under their conditions, or not at all.

use super::{Harness, WRITERS, unique_key, unique_partition};
use crate::{Condition, Key, StoreError, Write};
use bytes::Bytes;

pub async fn an_item_reads_back_as_it_was_put(harness: &Harness) {
    let partition = unique_partition();
    let expires_at = harness.future();
    for (sort, body, expires_at) in [
        ("plain", Bytes::from_static(b"body"), None),
        ("empty", Bytes::new(), None),
        ("binary", (0..=255).collect(), None),
        ("expiring", Bytes::from_static(b"body"), Some(expires_at)),
        ("sp ace/#é\u{10ffff}", Bytes::from_static(b"body"), None),
    ] {
        let key = Key::new(partition.as_str(), sort);
        let write = Write::Put {
            key: key.clone(),
            body: body.clone(),
            expires_at,
            condition: Condition::Always,
        };
        harness.table.write(write).await.unwrap();
        let item = harness.get(&key).await.unwrap();
        assert_eq!(item.key, key);
        assert_eq!(item.body, body, "{sort}");
        assert_eq!(item.expires_at, expires_at, "{sort}");
        assert!(item.counters.is_empty(), "{sort}");
    }
}

pub async fn what_was_never_put_is_not_there(harness: &Harness) {
    let key = unique_key();
    assert_eq!(harness.get(&key).await, None);
    harness.put(&key, "body").await;
    let other = Key::new(key.partition.as_str(), "item2");
    assert_eq!(harness.get(&other).await, None);
    let other = Key::new(format!("{}2", key.partition), "item");
    assert_eq!(harness.get(&other).await, None);
}

pub async fn a_put_happens_only_under_its_condition(harness: &Harness) {
    for (exists, condition, happens) in cases() {
        let (key, condition) = prepare(harness, exists, condition).await;
        let before = harness.get(&key).await;
        let put = Write::put(key.clone(), "after", condition);
        let result = harness.table.write(put).await;
        let after = harness.get(&key).await;
        if happens {
            assert_eq!(result, Ok(()), "{condition:?} where there: {exists}");
            assert_eq!(after.unwrap().body, "after");
        } else {
            assert_eq!(
                result,
                Err(StoreError::ConditionFailed { index: 0 }),
                "{condition:?} where there: {exists}"
            );
            assert_eq!(after, before);
        }
    }
}

pub async fn a_delete_happens_only_under_its_condition(harness: &Harness) {
    for (exists, condition, happens) in cases() {
        let (key, condition) = prepare(harness, exists, condition).await;
        let before = harness.get(&key).await;
        let delete = Write::delete(key.clone(), condition);
        let result = harness.table.write(delete).await;
        let after = harness.get(&key).await;
        if happens {
            assert_eq!(result, Ok(()), "{condition:?} where there: {exists}");
            assert_eq!(after, None);
        } else {
            assert_eq!(
                result,
                Err(StoreError::ConditionFailed { index: 0 }),
                "{condition:?} where there: {exists}"
            );
            assert_eq!(after, before);
        }
    }
}

pub async fn deleting_what_is_not_there_succeeds(harness: &Harness) {
    let key = unique_key();
    harness.delete(&key).await;
    harness.put(&key, "body").await;
    harness.delete(&key).await;
    harness.delete(&key).await;
    assert_eq!(harness.get(&key).await, None);
}

pub async fn of_many_who_create_an_item_one_wins(harness: &Harness) {
    let key = unique_key();
    let results = harness
        .at_once(WRITERS, |harness, index| {
            let key = key.clone();
            async move {
                let body = index.to_string();
                let put = Write::put(key, body.clone(), Condition::Absent);
                (body, harness.table.write(put).await)
            }
        })
        .await;
    let winners: Vec<_> = results
        .iter()
        .filter(|(_, result)| result.is_ok())
        .collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(harness.get(&key).await.unwrap().body, winners[0].0);
}

#[derive(Clone, Copy)]
enum Asked {
    Always,
    Absent,
    Present,
    CurrentRevision,
    FormerRevision,
}

/// Whether the item is there, the condition, and whether the write happens then.
fn cases() -> [(bool, Asked, bool); 10] {
    [
        (false, Asked::Always, true),
        (false, Asked::Absent, true),
        (false, Asked::Present, false),
        (false, Asked::CurrentRevision, false),
        (false, Asked::FormerRevision, false),
        (true, Asked::Always, true),
        (true, Asked::Absent, false),
        (true, Asked::Present, true),
        (true, Asked::CurrentRevision, true),
        (true, Asked::FormerRevision, false),
    ]
}

async fn prepare(harness: &Harness, exists: bool, asked: Asked) -> (Key, Condition) {
    let key = unique_key();
    harness.put(&key, "former").await;
    let former = harness.revision(&key).await;
    harness.put(&key, "current").await;
    let current = harness.revision(&key).await;
    if !exists {
        harness.delete(&key).await;
    }
    let condition = match asked {
        Asked::Always => Condition::Always,
        Asked::Absent => Condition::Absent,
        Asked::Present => Condition::Present,
        Asked::CurrentRevision => Condition::Revision(current),
        Asked::FormerRevision => Condition::Revision(former),
    };
    (key, condition)
}
