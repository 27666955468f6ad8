//! The store on DynamoDB: the contract of every engine, and what only this one can get wrong.

use crate::dynamodb::{at, aws, endpoint, unique_prefix};
use postern_aws::Aws;
use postern_store::contract::Harness;
use postern_store::{
    Add, Clock, Condition, Consistency, Key, Query, Store, StoreError, SystemClock, Write,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OnceCell;

/// The tables that the tests of one run share.
async fn shared_prefix(aws: &Aws) -> &'static str {
    static PREFIX: OnceCell<String> = OnceCell::const_new();
    PREFIX
        .get_or_init(|| async {
            let prefix = unique_prefix();
            aws.tables(&prefix).unwrap().create().await.unwrap();
            prefix
        })
        .await
}

async fn store() -> Option<Store> {
    let aws = aws()?;
    Some(aws.connect(shared_prefix(&aws).await).unwrap())
}

async fn harness() -> Option<Harness> {
    Some(Harness::new(store().await?.usage, Arc::new(SystemClock)))
}

mod contract {
    use super::harness;
    postern_store::contract!(harness);
}

#[tokio::test]
async fn tables_can_be_made_twice_and_removed_twice() {
    let Some(aws) = aws() else { return };
    let prefix = unique_prefix();
    let tables = aws.tables(&prefix).unwrap();
    tables.create().await.unwrap();
    tables.create().await.unwrap();
    let store = aws.connect(&prefix).unwrap();
    let key = Key::new("p", "s");
    for table in [
        &store.definitions,
        &store.usage,
        &store.cache,
        &store.connections,
    ] {
        let put = Write::put(key.clone(), "", Condition::Absent);
        // Four tables, not one: the same key is free in each.
        table.write(put).await.unwrap();
    }
    tables.delete().await.unwrap();
    tables.delete().await.unwrap();
    let error = store
        .cache
        .get(&key, Consistency::Strong)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("ResourceNotFoundException"),
        "{error}"
    );
}

#[tokio::test]
async fn a_store_that_is_not_there_is_unavailable_and_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let store = at(&url, Arc::new(SystemClock)).connect("x").unwrap();
    let key = Key::new("p", "s");
    let error = store
        .usage
        .get(&key, Consistency::Eventual)
        .await
        .unwrap_err();
    let StoreError::Unavailable { reason } = error else {
        panic!("{error}");
    };
    assert!(reason.contains("Connection refused"), "{reason}");
}

#[tokio::test]
async fn other_processes_write_too() {
    let Some(store) = store().await else { return };
    assert_eq!(store.definitions.generation(), None);
}

struct SetClock(AtomicU64);

impl Clock for SetClock {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// An item may expire between two looks at it; what then is written must not depend on luck.
#[tokio::test]
async fn an_item_that_expires_is_replaced_by_every_kind_of_write() {
    let Some(endpoint) = endpoint() else { return };
    let now = SystemClock.now().as_secs();
    let clock = Arc::new(SetClock(AtomicU64::new(now)));
    let aws = at(&endpoint, clock.clone());
    let table = aws.connect(shared_prefix(&aws).await).unwrap().usage;
    let add = |key: &Key, expires_at| Add {
        key: key.clone(),
        by: vec![("spent".to_owned(), 5), ("spent".to_owned(), 2)],
        within: vec![],
        expires_at,
    };
    for kind in ["put", "transact", "add"] {
        let key = Key::new(unique_prefix(), "s");
        clock.0.store(now, Ordering::Relaxed);
        table.add(add(&key, Some(now + 1_000))).await.unwrap();
        table.add(add(&key, None)).await.unwrap();
        let before = table.get(&key, Consistency::Strong).await.unwrap().unwrap();
        assert_eq!(before.counters["spent"], 14, "{kind}");
        clock.0.store(now + 1_000, Ordering::Relaxed);
        let put = Write::put(key.clone(), "new", Condition::Always);
        let expected = match kind {
            "put" => table.write(put).await.map(|()| None),
            "transact" => {
                let other = Write::put(Key::new("p", unique_prefix()), "", Condition::Absent);
                table.transact(vec![other, put]).await.map(|()| None)
            }
            _ => table
                .add(add(&key, None))
                .await
                .map(|sums| Some(sums["spent"])),
        }
        .unwrap();
        let after = table.get(&key, Consistency::Strong).await.unwrap().unwrap();
        assert_eq!(after.counters.get("spent").copied(), expected, "{kind}");
        assert_eq!(after.expires_at, None, "{kind}");
        assert_ne!(after.revision, before.revision, "{kind}");
    }
}

#[tokio::test]
async fn a_page_that_is_full_knows_whether_there_is_more() {
    let Some(store) = store().await else { return };
    let partition = unique_prefix();
    for sort in ["a", "b", "c"] {
        let put = Write::put(Key::new(partition.as_str(), sort), "", Condition::Absent);
        store.usage.write(put).await.unwrap();
    }
    for (limit, next) in [(2, Some("b")), (3, None), (4, None)] {
        let query = Query {
            partition: partition.clone(),
            prefix: String::new(),
            after: None,
            limit,
        };
        let batch = store.usage.query(query).await.unwrap();
        assert_eq!(batch.next.as_deref(), next, "{limit}");
    }
}

/// Passes connections through, and hangs up on each of the first `lost` just before the answer would go back.
async fn losing_proxy(upstream: String, lost: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = TcpStream::connect(&upstream).await.unwrap();
            tokio::spawn(async move {
                if number >= lost {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    return;
                }
                let (mut from_client, _) = client.split();
                let (from_server, mut to_server) = server.split();
                tokio::select! {
                    _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
                    _ = from_server.readable() => {}
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_not_taken_for_anothers() {
    let Some(endpoint) = endpoint() else { return };
    let direct = at(&endpoint, Arc::new(SystemClock));
    let prefix = shared_prefix(&direct).await;
    let direct = direct.connect(prefix).unwrap().usage;
    for kind in ["create", "edit", "transact"] {
        let key = Key::new(unique_prefix(), "s");
        let mut condition = Condition::Absent;
        if kind == "edit" {
            let put = Write::put(key.clone(), "old", Condition::Absent);
            direct.write(put).await.unwrap();
            let item = direct
                .get(&key, Consistency::Strong)
                .await
                .unwrap()
                .unwrap();
            condition = Condition::Revision(item.revision);
        }
        let proxy = losing_proxy(endpoint.clone(), 1).await;
        let proxied = at(&proxy, Arc::new(SystemClock))
            .connect(prefix)
            .unwrap()
            .usage;
        let put = Write::put(key.clone(), "new", condition);
        let written = match kind {
            "transact" => proxied.transact(vec![put]).await,
            _ => proxied.write(put).await,
        };
        assert_eq!(written, Ok(()), "{kind}");
        let item = direct
            .get(&key, Consistency::Strong)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(item.body, "new", "{kind}");
    }
}

/// What a cold start pays before its first request.
#[tokio::test]
async fn making_the_store_and_the_backend_takes_next_to_no_time() {
    let start = Instant::now();
    let aws = at("http://127.0.0.1:1", Arc::new(SystemClock));
    let made = start.elapsed();
    let _store = aws.connect("x").unwrap();
    let _backend = aws.backend();
    let all = start.elapsed();
    println!("made in {made:?}, with store and backend {all:?}");
    assert!(all < Duration::from_millis(100), "{all:?}");
}
