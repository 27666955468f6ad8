//! Counters add up, whoever else is adding.

use super::{Harness, WRITERS, adding, counters, unique_key, within};
use crate::{Add, StoreError};

pub async fn an_addition_makes_what_is_missing(harness: &Harness) {
    let key = unique_key();
    assert_eq!(harness.add(&key, &[("a", 5)]).await, counters(&[("a", 5)]));
    let item = harness.get(&key).await.unwrap();
    assert_eq!(item.key, key);
    assert!(item.body.is_empty());
    assert_eq!(item.expires_at, None);
    assert_eq!(item.counters, counters(&[("a", 5)]));
    let found = super::paging::sorts(harness, &key.partition, "", None, 10).await;
    assert_eq!(found, [key.sort]);
}

pub async fn counters_move_together_and_apart(harness: &Harness) {
    let key = unique_key();
    for (by, expected) in [
        (&[("a", 1), ("b", 10)][..], &[("a", 1), ("b", 10)][..]),
        (&[("a", 2)], &[("a", 3), ("b", 10)]),
        (&[("b", -30), ("c", 0)], &[("a", 3), ("b", -20), ("c", 0)]),
        (&[("a", 1), ("a", 1)], &[("a", 5), ("b", -20), ("c", 0)]),
        (
            &[("a name with # and é", 1 << 40)],
            &[
                ("a", 5),
                ("a name with # and é", 1 << 40),
                ("b", -20),
                ("c", 0),
            ],
        ),
    ] {
        assert_eq!(harness.add(&key, by).await, counters(expected), "{by:?}");
        assert_eq!(
            harness.get(&key).await.unwrap().counters,
            counters(expected),
            "{by:?}"
        );
    }
}

pub async fn an_addition_leaves_the_body(harness: &Harness) {
    let key = unique_key();
    harness.put(&key, "body").await;
    harness.add(&key, &[("a", 1)]).await;
    assert_eq!(harness.get(&key).await.unwrap().body, "body");
}

pub async fn an_addition_sets_the_expiry_only_where_told(harness: &Harness) {
    let key = unique_key();
    let expires_at = harness.future();
    for (told, expected) in [
        (None, None),
        (Some(expires_at), Some(expires_at)),
        (None, Some(expires_at)),
        (Some(expires_at + 1), Some(expires_at + 1)),
    ] {
        let add = Add {
            expires_at: told,
            ..adding(&key, &[("a", 1)])
        };
        harness.table.add(add).await.unwrap();
        assert_eq!(harness.get(&key).await.unwrap().expires_at, expected);
    }
}

pub async fn bounds_are_inclusive_and_refuse_the_whole_addition(harness: &Harness) {
    let key = unique_key();
    let refused = Err(StoreError::ConditionFailed { index: 0 });
    let bounded = |within| Add {
        within,
        ..adding(&key, &[("a", 1), ("b", 1)])
    };
    // Nothing is there: every counter is zero, and a refusal leaves it so.
    let add = bounded(vec![within("a", 1, 9)]);
    assert_eq!(harness.table.add(add).await, refused);
    assert_eq!(harness.get(&key).await, None);
    let add = bounded(vec![within("a", 0, 0), within("other", 0, 0)]);
    assert_eq!(
        harness.table.add(add).await,
        Ok(counters(&[("a", 1), ("b", 1)]))
    );
    harness.add(&key, &[("a", 4), ("b", -8)]).await;
    for (bounds, happens) in [
        (vec![within("a", 6, 9)], false),
        (vec![within("a", 0, 4)], false),
        (vec![within("a", 9, 0)], false),
        (vec![within("a", 5, 5), within("b", -6, 0)], false),
        (vec![within("b", -7, -7), within("other", 1, 1)], false),
        (vec![within("a", 5, 5), within("b", -7, -7)], true),
        (vec![within("a", 6, i64::MAX)], true),
        (vec![within("a", i64::MIN, 7)], true),
    ] {
        let before = harness.get(&key).await.unwrap();
        let result = harness.table.add(bounded(bounds.clone())).await;
        if happens {
            assert_eq!(result.unwrap()["a"], before.counters["a"] + 1, "{bounds:?}");
        } else {
            assert_eq!(result, refused, "{bounds:?}");
            assert_eq!(harness.get(&key).await, Some(before), "{bounds:?}");
        }
    }
}

pub async fn counters_survive_a_put_but_not_a_delete(harness: &Harness) {
    let key = unique_key();
    harness.add(&key, &[("a", 3)]).await;
    harness.put(&key, "body").await;
    let item = harness.get(&key).await.unwrap();
    assert_eq!(item.body, "body");
    assert_eq!(item.counters, counters(&[("a", 3)]));
    harness.delete(&key).await;
    harness.put(&key, "body").await;
    assert!(harness.get(&key).await.unwrap().counters.is_empty());
    assert_eq!(harness.add(&key, &[("a", 1)]).await, counters(&[("a", 1)]));
}

pub async fn many_additions_at_once_sum_exactly(harness: &Harness) {
    let key = unique_key();
    let rounds = 4;
    let mut sums: Vec<i64> = harness
        .at_once(WRITERS, |harness, _| {
            let key = key.clone();
            async move {
                let mut sums = Vec::new();
                for _ in 0..rounds {
                    sums.push(harness.add(&key, &[("a", 1), ("b", -2)]).await["a"]);
                }
                sums
            }
        })
        .await
        .concat();
    let total = i64::try_from(WRITERS * rounds).unwrap();
    assert_eq!(
        harness.get(&key).await.unwrap().counters,
        counters(&[("a", total), ("b", -2 * total)])
    );
    // Each was told the sum just after its own addition.
    sums.sort_unstable();
    assert_eq!(sums, (1..=total).collect::<Vec<_>>());
}

pub async fn many_spenders_at_once_never_overspend(harness: &Harness) {
    let key = unique_key();
    let results = harness
        .at_once(WRITERS, |harness, _| {
            let add = Add {
                within: vec![within("spent", 0, 9)],
                ..adding(&key, &[("spent", 1)])
            };
            async move { harness.table.add(add).await }
        })
        .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 10);
    for error in results.into_iter().filter_map(Result::err) {
        assert_eq!(error, StoreError::ConditionFailed { index: 0 });
    }
    assert_eq!(
        harness.get(&key).await.unwrap().counters,
        counters(&[("spent", 10)])
    );
}
