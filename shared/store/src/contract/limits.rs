//! What fits is kept to the byte; what does not is refused before anything changes.

use super::{Harness, adding, unique_key, unique_partition};
use crate::{
    BODY_BYTES_MAX, Condition, Consistency, Key, PARTITION_BYTES_MAX, Query, SORT_BYTES_MAX,
    StoreError, TRANSACTION_BYTES_MAX, Write,
};
use rand::Rng;

pub async fn the_largest_body_reads_back(harness: &Harness) {
    for bytes in [BODY_BYTES_MAX - 1, BODY_BYTES_MAX] {
        let key = unique_key();
        let body = random(bytes);
        let put = Write::put(key.clone(), body.clone(), Condition::Absent);
        assert_eq!(harness.table.write(put).await, Ok(()));
        // There is room left for counters.
        harness.add(&key, &[("a", 1), ("b", i64::MIN)]).await;
        assert!(harness.get(&key).await.unwrap().body == body, "{bytes}");
    }
}

pub async fn a_larger_body_is_refused(harness: &Harness) {
    let key = unique_key();
    let put = Write::put(key.clone(), random(BODY_BYTES_MAX + 1), Condition::Always);
    let refused = Err(StoreError::TooLarge {
        bytes: BODY_BYTES_MAX + 1,
        max: BODY_BYTES_MAX,
    });
    assert_eq!(harness.table.write(put.clone()).await, refused);
    assert_eq!(harness.table.transact(vec![put]).await, refused);
    assert_eq!(harness.get(&key).await, None);
}

pub async fn the_longest_keys_read_back(harness: &Harness) {
    let mut partition = unique_partition();
    partition.push_str(&"p".repeat(PARTITION_BYTES_MAX - partition.len()));
    let key = Key::new(partition, "s".repeat(SORT_BYTES_MAX));
    let body = random(BODY_BYTES_MAX);
    let put = Write::put(key.clone(), body.clone(), Condition::Absent);
    assert_eq!(harness.table.write(put).await, Ok(()));
    let item = harness.get(&key).await.unwrap();
    assert!(item.key == key && item.body == body);
    let query = Query {
        partition: key.partition.clone(),
        prefix: key.sort.clone(),
        after: None,
        limit: 2,
    };
    let batch = harness.table.query(query).await.unwrap();
    assert_eq!(batch.items.len(), 1);
}

pub async fn keys_that_are_empty_or_too_long_are_refused(harness: &Harness) {
    let partition = unique_partition();
    let too_long = |max| StoreError::KeyTooLong {
        bytes: max + 1,
        max,
    };
    for (key, error) in [
        (Key::new("", "s"), StoreError::KeyEmpty),
        (Key::new(partition.as_str(), ""), StoreError::KeyEmpty),
        (
            Key::new("p".repeat(PARTITION_BYTES_MAX + 1), "s"),
            too_long(PARTITION_BYTES_MAX),
        ),
        (
            Key::new(partition.as_str(), "s".repeat(SORT_BYTES_MAX + 1)),
            too_long(SORT_BYTES_MAX),
        ),
    ] {
        let table = &harness.table;
        let put = Write::put(key.clone(), "body", Condition::Always);
        let delete = Write::delete(key.clone(), Condition::Always);
        let check = Write::Check {
            key: key.clone(),
            condition: Condition::Absent,
        };
        let read = table.get(&key, Consistency::Strong).await;
        assert_eq!(read, Err(error.clone()));
        let read = table.get(&key, Consistency::Eventual).await;
        assert_eq!(read, Err(error.clone()));
        for write in [put, delete, check] {
            assert_eq!(table.write(write.clone()).await, Err(error.clone()));
            assert_eq!(table.transact(vec![write]).await, Err(error.clone()));
        }
        let added = table.add(adding(&key, &[("a", 1)])).await;
        assert_eq!(added, Err(error.clone()));
        let query = Query {
            partition: key.partition,
            prefix: key.sort,
            after: None,
            limit: 1,
        };
        // A prefix may be empty, and is.
        let prefix_is_empty = query.prefix.is_empty();
        let found = table.query(query).await;
        assert_eq!(found.err(), (!prefix_is_empty).then_some(error));
    }
    for (after, error) in [
        (String::new(), StoreError::KeyEmpty),
        ("s".repeat(SORT_BYTES_MAX + 1), too_long(SORT_BYTES_MAX)),
    ] {
        let query = Query {
            partition: partition.clone(),
            prefix: String::new(),
            after: Some(after),
            limit: 1,
        };
        assert_eq!(harness.table.query(query).await, Err(error));
    }
}

pub async fn the_largest_transaction_happens(harness: &Harness) {
    let partition = unique_partition();
    let body = random(TRANSACTION_BYTES_MAX / 100);
    let key = |n: usize| Key::new(partition.as_str(), format!("{n:03}"));
    let writes = (0..100)
        .map(|n| Write::put(key(n), body.clone(), Condition::Absent))
        .collect();
    assert_eq!(harness.table.transact(writes).await, Ok(()));
    for n in 0..100 {
        assert!(harness.get(&key(n)).await.unwrap().body == body, "{n}");
    }
}

pub async fn a_larger_transaction_is_refused(harness: &Harness) {
    let partition = unique_partition();
    let body = random(TRANSACTION_BYTES_MAX / 100 + 1);
    let key = |n: usize| Key::new(partition.as_str(), format!("{n:03}"));
    let writes = (0..100)
        .map(|n| Write::put(key(n), body.clone(), Condition::Absent))
        .collect();
    assert_eq!(
        harness.table.transact(writes).await,
        Err(StoreError::TooLarge {
            bytes: TRANSACTION_BYTES_MAX + 100,
            max: TRANSACTION_BYTES_MAX
        })
    );
    assert_eq!(harness.get(&key(0)).await, None);
}

/// Bytes that nothing can make smaller.
fn random(bytes: usize) -> Vec<u8> {
    let mut random = vec![0; bytes];
    rand::rng().fill_bytes(&mut random);
    random
}
