//! What has expired is gone at once, whether or not it has been deleted.

use super::{Harness, adding, counters, paging, unique_key, unique_partition, within};
use crate::{Add, Condition, Key, StoreError, Write};

pub async fn an_expired_item_is_hidden(harness: &Harness) {
    let partition = unique_partition();
    let key = |sort: &str| Key::new(partition.as_str(), sort);
    harness
        .put_expiring(&key("1"), "body", harness.past())
        .await;
    harness
        .put_expiring(&key("2"), "body", harness.future())
        .await;
    harness.put_expiring(&key("3"), "body", 0).await;
    harness.put(&key("4"), "body").await;
    harness.put(&key("5"), "body").await;
    harness
        .put_expiring(&key("5"), "body", harness.past())
        .await;
    let add = Add {
        expires_at: Some(harness.past()),
        ..adding(&key("6"), &[("a", 1)])
    };
    harness.table.add(add).await.unwrap();
    for (sort, there) in [
        ("1", false),
        ("2", true),
        ("3", false),
        ("4", true),
        ("5", false),
        ("6", false),
    ] {
        assert_eq!(harness.get(&key(sort)).await.is_some(), there, "{sort}");
    }
    let found = paging::sorts(harness, &partition, "", None, 10).await;
    assert_eq!(found, ["2", "4"]);
}

pub async fn an_expired_item_counts_as_absent(harness: &Harness) {
    for (condition, holds) in [
        (Condition::Always, true),
        (Condition::Absent, true),
        (Condition::Present, false),
    ] {
        holds_for(harness, harness.past(), condition, holds).await;
    }
    // Nor does it hold that it is as it was read.
    let key = unique_key();
    harness.put(&key, "body").await;
    let revision = harness.revision(&key).await;
    harness.put_expiring(&key, "body", harness.past()).await;
    for revision in [revision, revision + 1] {
        let put = Write::put(key.clone(), "body", Condition::Revision(revision));
        assert_eq!(
            harness.table.write(put).await,
            Err(StoreError::ConditionFailed { index: 0 })
        );
    }
}

pub async fn an_item_that_has_not_expired_counts_as_present(harness: &Harness) {
    for (condition, holds) in [
        (Condition::Always, true),
        (Condition::Absent, false),
        (Condition::Present, true),
    ] {
        holds_for(harness, harness.future(), condition, holds).await;
    }
}

pub async fn a_put_over_an_expired_item_keeps_nothing_of_it(harness: &Harness) {
    for condition in [Condition::Always, Condition::Absent] {
        let key = unique_key();
        harness.put(&key, "old").await;
        harness.add(&key, &[("a", 1)]).await;
        let revision = harness.revision(&key).await;
        harness.put_expiring(&key, "old", harness.past()).await;
        let put = Write::put(key.clone(), "new", condition);
        assert_eq!(harness.table.write(put).await, Ok(()), "{condition:?}");
        let item = harness.get(&key).await.unwrap();
        assert_eq!(item.body, "new");
        assert_eq!(item.expires_at, None);
        assert!(item.counters.is_empty(), "{condition:?}");
        assert_ne!(item.revision, revision);
    }
}

pub async fn an_addition_to_an_expired_item_keeps_nothing_of_it(harness: &Harness) {
    let key = unique_key();
    harness.put(&key, "old").await;
    harness.add(&key, &[("a", 5), ("b", 5)]).await;
    let expire = Add {
        expires_at: Some(harness.past()),
        ..adding(&key, &[("a", 1)])
    };
    assert_eq!(
        harness.table.add(expire).await,
        Ok(counters(&[("a", 6), ("b", 5)]))
    );
    let too_much = Add {
        within: vec![within("a", 6, 6)],
        ..adding(&key, &[("a", 1)])
    };
    assert_eq!(
        harness.table.add(too_much).await,
        Err(StoreError::ConditionFailed { index: 0 })
    );
    let anew = Add {
        within: vec![within("a", 0, 0)],
        ..adding(&key, &[("a", 1)])
    };
    assert_eq!(harness.table.add(anew).await, Ok(counters(&[("a", 1)])));
    let item = harness.get(&key).await.unwrap();
    assert!(item.body.is_empty());
    assert_eq!(item.expires_at, None);
    assert_eq!(item.counters, counters(&[("a", 1)]));
}

pub async fn a_put_without_an_expiry_removes_it(harness: &Harness) {
    let key = unique_key();
    harness.put_expiring(&key, "body", harness.future()).await;
    harness.put(&key, "body").await;
    assert_eq!(harness.get(&key).await.unwrap().expires_at, None);
}

pub async fn expired_items_do_not_end_a_query(harness: &Harness) {
    let partition = unique_partition();
    let mut expected = Vec::new();
    for n in 0..30 {
        let sort = format!("{n:02}");
        let key = Key::new(partition.as_str(), sort.as_str());
        if n % 10 == 9 {
            harness.put(&key, "body").await;
            expected.push(sort);
        } else {
            harness.put_expiring(&key, "body", harness.past()).await;
        }
    }
    for limit in [1, 2, 3, 10] {
        assert_eq!(
            paging::sorts(harness, &partition, "", None, limit).await,
            expected,
            "by {limit}"
        );
    }
}

/// In every kind of write that has a condition.
async fn holds_for(harness: &Harness, expires_at: u64, condition: Condition, holds: bool) {
    let expected = if holds {
        Ok(())
    } else {
        Err(StoreError::ConditionFailed { index: 0 })
    };
    for kind in 0..4 {
        let key = unique_key();
        harness.put_expiring(&key, "body", expires_at).await;
        let put = Write::put(key.clone(), "new", condition);
        let result = match kind {
            0 => harness.table.write(put).await,
            1 => {
                let delete = Write::delete(key, condition);
                harness.table.write(delete).await
            }
            2 => harness.table.transact(vec![put]).await,
            _ => {
                let check = Write::Check { key, condition };
                harness.table.transact(vec![check]).await
            }
        };
        assert_eq!(result, expected, "{condition:?}, kind {kind}");
    }
}
