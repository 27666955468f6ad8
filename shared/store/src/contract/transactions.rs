//! A transaction happens as a whole or not at all.

use super::{Harness, counters, lost_a_race, unique_key, unique_partition};
use crate::{Condition, Key, StoreError, Write};

pub async fn a_hundred_writes_happen_together(harness: &Harness) {
    let partition = unique_partition();
    let key = |n: usize| Key::new(format!("{partition}#{}", n % 7), format!("{n:03}"));
    let puts = |condition| {
        (0..100)
            .map(|n| Write::put(key(n), n.to_string(), condition))
            .collect()
    };
    assert_eq!(
        harness.table.transact(puts(Condition::Absent)).await,
        Ok(())
    );
    for n in 0..100 {
        let item = harness.get(&key(n)).await.unwrap();
        assert_eq!(item.body, n.to_string().as_bytes());
    }
    let mut mixed = Vec::new();
    for n in 0..100 {
        mixed.push(match n % 3 {
            0 => Write::put(key(n), "edited", Condition::Present),
            1 => Write::delete(key(n), Condition::Present),
            _ => Write::Check {
                key: key(n),
                condition: Condition::Present,
            },
        });
    }
    assert_eq!(harness.table.transact(mixed).await, Ok(()));
    for n in 0..100 {
        let body = harness.get(&key(n)).await.map(|item| item.body);
        let expected = match n % 3 {
            0 => Some("edited".into()),
            1 => None,
            _ => Some(n.to_string().into()),
        };
        assert_eq!(body, expected, "{n}");
    }
}

pub async fn one_failed_condition_stops_all_and_says_which(harness: &Harness) {
    for index in [0, 37, 99] {
        for kind in 0..3 {
            let partition = unique_partition();
            let key = |n: usize| Key::new(partition.as_str(), format!("{n:03}"));
            harness.put(&key(1), "before").await;
            harness.put(&key(2), "before").await;
            let mut writes: Vec<_> = (0..100)
                .map(|n| Write::put(key(n), "after", Condition::Always))
                .collect();
            writes[2] = Write::delete(key(2), Condition::Always);
            writes[index] = match kind {
                0 => Write::put(key(index), "after", Condition::Present),
                1 => Write::delete(key(index), Condition::Present),
                _ => Write::Check {
                    key: key(index),
                    condition: Condition::Present,
                },
            };
            assert_eq!(
                harness.table.transact(writes).await,
                Err(StoreError::ConditionFailed { index }),
                "kind {kind}"
            );
            for n in 0..100 {
                let body = harness.get(&key(n)).await.map(|item| item.body);
                let expected = matches!(n, 1 | 2).then(|| "before".into());
                assert_eq!(body, expected, "{n}, kind {kind}, failed at {index}");
            }
        }
    }
}

pub async fn the_first_failed_condition_is_named(harness: &Harness) {
    let partition = unique_partition();
    let writes = (0..10)
        .map(|n| {
            let condition = if n % 4 == 3 {
                Condition::Present
            } else {
                Condition::Absent
            };
            Write::put(
                Key::new(partition.as_str(), n.to_string()),
                "body",
                condition,
            )
        })
        .collect();
    assert_eq!(
        harness.table.transact(writes).await,
        Err(StoreError::ConditionFailed { index: 3 })
    );
}

pub async fn a_check_changes_nothing(harness: &Harness) {
    let checked = unique_key();
    harness.put(&checked, "body").await;
    harness.add(&checked, &[("a", 1)]).await;
    let before = harness.get(&checked).await.unwrap();
    let absent = unique_key();
    let written = unique_key();
    for condition in [
        Condition::Present,
        Condition::Revision(before.revision),
        Condition::Always,
    ] {
        let writes = vec![
            Write::Check {
                key: checked.clone(),
                condition,
            },
            Write::Check {
                key: absent.clone(),
                condition: Condition::Absent,
            },
            Write::put(written.clone(), "body", Condition::Always),
        ];
        assert_eq!(
            harness.table.transact(writes).await,
            Ok(()),
            "{condition:?}"
        );
    }
    assert_eq!(harness.get(&checked).await, Some(before));
    assert_eq!(harness.get(&absent).await, None);
    assert!(harness.get(&written).await.is_some());
}

pub async fn a_transaction_keeps_counters_and_moves_revisions(harness: &Harness) {
    let key = unique_key();
    harness.put(&key, "before").await;
    harness.add(&key, &[("a", 1)]).await;
    let before = harness.revision(&key).await;
    let put = |body| Write::put(key.clone(), body, Condition::Revision(before));
    assert_eq!(harness.table.transact(vec![put("after")]).await, Ok(()));
    let item = harness.get(&key).await.unwrap();
    assert_eq!(item.body, "after");
    assert_eq!(item.counters, counters(&[("a", 1)]));
    assert_ne!(item.revision, before);
    assert_eq!(
        harness.table.transact(vec![put("too late")]).await,
        Err(StoreError::ConditionFailed { index: 0 })
    );
}

pub async fn a_transaction_of_nothing_succeeds(harness: &Harness) {
    assert_eq!(harness.table.transact(Vec::new()).await, Ok(()));
}

pub async fn too_many_writes_are_refused(harness: &Harness) {
    let partition = unique_partition();
    let key = |n: usize| Key::new(partition.as_str(), n.to_string());
    let writes = (0..101)
        .map(|n| Write::put(key(n), "body", Condition::Always))
        .collect();
    assert_eq!(
        harness.table.transact(writes).await,
        Err(StoreError::TooManyWrites {
            writes: 101,
            max: 100
        })
    );
    assert_eq!(harness.get(&key(0)).await, None);
}

pub async fn a_key_named_twice_is_refused(harness: &Harness) {
    let key = unique_key();
    let writes = vec![
        Write::put(key.clone(), "body", Condition::Always),
        Write::Check {
            key: key.clone(),
            condition: Condition::Absent,
        },
    ];
    assert_eq!(
        harness.table.transact(writes).await,
        Err(StoreError::DuplicateKey {
            partition: key.partition.clone(),
            sort: key.sort.clone()
        })
    );
    assert_eq!(harness.get(&key).await, None);
}

/// Each moves one from the first item to the second, by what it read: the sum stays, and every move counts.
pub async fn many_transactions_over_the_same_items_lose_nothing(harness: &Harness) {
    let movers = 16;
    let from = unique_key();
    let to = unique_key();
    harness.put(&from, "16").await;
    harness.put(&to, "0").await;
    let number = |body: &[u8]| -> usize { std::str::from_utf8(body).unwrap().parse().unwrap() };
    harness
        .at_once(movers, |harness, _| {
            let (from, to) = (from.clone(), to.clone());
            async move {
                loop {
                    let source = harness.get(&from).await.unwrap();
                    let target = harness.get(&to).await.unwrap();
                    let less = number(&source.body).saturating_sub(1).to_string();
                    let more = (number(&target.body) + 1).to_string();
                    let writes = vec![
                        Write::put(source.key, less, Condition::Revision(source.revision)),
                        Write::put(target.key, more, Condition::Revision(target.revision)),
                    ];
                    match harness.table.transact(writes).await {
                        Ok(()) => break,
                        Err(error) => assert!(lost_a_race(&error), "{error}"),
                    }
                }
            }
        })
        .await;
    assert_eq!(harness.get(&from).await.unwrap().body, "0");
    assert_eq!(harness.get(&to).await.unwrap().body, "16");
}
