//! What has expired is deleted in time, and not merely hidden.

use crate::time::TestClock;
use postern_store::{Condition, Consistency, Embedded, Key, Query, Store, Write};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;

const START: u64 = 1_800_000_000;

async fn put(store: &Store, sort: &str, body: Vec<u8>, expires_at: Option<u64>) {
    let write = Write::Put {
        key: Key::new("p", sort),
        body: body.into(),
        expires_at,
        condition: Condition::Always,
    };
    store.usage.write(write).await.unwrap();
}

async fn sorts(store: &Store) -> Vec<String> {
    let query = Query {
        partition: "p".to_owned(),
        prefix: String::new(),
        after: None,
        limit: 10,
    };
    let batch = store.usage.query(query).await.unwrap();
    batch.items.into_iter().map(|item| item.key.sort).collect()
}

#[tokio::test]
async fn an_item_is_there_until_its_second_has_come() {
    let clock = TestClock::at(START);
    let store = Embedded::memory(clock.clone()).unwrap();
    put(&store, "a", Vec::new(), Some(START + 10)).await;
    put(&store, "b", Vec::new(), Some(START + 11)).await;
    clock.pass(9);
    assert_eq!(sorts(&store).await, ["a", "b"]);
    clock.pass(1);
    assert_eq!(sorts(&store).await, ["b"]);
    clock.pass(1);
    assert!(sorts(&store).await.is_empty());
}

/// A clock that goes back shows what is only hidden, and nothing of what was deleted.
#[tokio::test]
async fn what_expired_is_deleted_with_a_later_write_and_nothing_else_is() {
    let clock = TestClock::at(START);
    let store = Embedded::memory(clock.clone()).unwrap();
    put(&store, "due", Vec::new(), Some(START + 10)).await;
    put(&store, "later", Vec::new(), Some(START + 1_000)).await;
    put(&store, "prolonged", Vec::new(), Some(START + 10)).await;
    put(&store, "prolonged", Vec::new(), Some(START + 1_000)).await;
    put(&store, "kept", Vec::new(), Some(START + 10)).await;
    put(&store, "kept", Vec::new(), None).await;
    let generation = store.usage.generation();

    clock.pass(30);
    let elsewhere = || Write::put(Key::new("p", "x"), "", Condition::Always);
    store.cache.write(elsewhere()).await.unwrap();
    clock.go_back(30);
    assert_eq!(
        sorts(&store).await,
        ["due", "kept", "later", "prolonged"],
        "a sweep comes at most every minute"
    );

    clock.pass(60);
    store.cache.write(elsewhere()).await.unwrap();
    clock.go_back(60);
    assert_eq!(sorts(&store).await, ["kept", "later", "prolonged"]);
    assert_eq!(store.usage.generation(), generation, "nobody saw a change");
}

#[tokio::test]
async fn a_long_list_is_swept_to_its_end_and_its_room_is_used_again() {
    let dir = TempDir::new().unwrap();
    let clock = TestClock::at(START);
    let store = Arc::new(Embedded::open(dir.path(), clock.clone()).unwrap());
    let size = || fs::metadata(dir.path().join("postern.redb")).unwrap().len();
    let mut sizes = Vec::new();
    for round in 0..4 {
        // More than one sweep takes.
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..600 {
            let (store, expires_at) = (store.clone(), START + 200 * round + 10);
            tasks.spawn(async move {
                put(&store, &format!("{n}"), vec![0; 3_000], Some(expires_at)).await;
            });
        }
        tasks.join_all().await;
        clock.pass(200);
        put(&store, "trigger", Vec::new(), None).await;
        // Each of these waits for a sweep that was under way.
        for _ in 0..3 {
            put(&store, "trigger", Vec::new(), None).await;
        }
        clock.go_back(200);
        assert_eq!(sorts(&store).await, ["trigger"], "round {round}");
        clock.pass(200);
        sizes.push(size());
    }
    // All rounds together put 7 MB.
    assert!(sizes.iter().all(|size| *size < 5_000_000), "{sizes:?}");
    let key = Key::new("p", "trigger");
    let kept = store.usage.get(&key, Consistency::Strong).await;
    assert!(kept.unwrap().is_some());
}
