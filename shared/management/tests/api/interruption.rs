//! Changes whose process dies on the way.

use crate::world::{api, call, on, resource, table};
use async_trait::async_trait;
use postern_store::{Add, Batch, Consistency, Item, Key, Query, StoreError, Table, Write};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A table that takes so many transactions and then no more.
struct Dying {
    table: Arc<dyn Table>,
    left: AtomicUsize,
}

fn gone() -> StoreError {
    StoreError::Unavailable {
        reason: "the process is dead".to_owned(),
    }
}

#[async_trait]
impl Table for Dying {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        self.table.get(key, consistency).await
    }

    async fn query(&self, query: Query) -> Result<Batch, StoreError> {
        self.table.query(query).await
    }

    async fn write(&self, _: Write) -> Result<(), StoreError> {
        Err(gone())
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let take = |left: usize| left.checked_sub(1);
        let taken = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        taken.map_err(|_| gone())?;
        self.table.transact(writes).await
    }

    async fn add(&self, _: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        Err(gone())
    }

    fn generation(&self) -> Option<u64> {
        self.table.generation()
    }
}

#[tokio::test]
async fn a_change_larger_than_a_transaction_is_made_wholly_or_not_at_all() {
    const CHILDREN: usize = 120;
    let mut outcomes = Vec::new();
    for transactions in 0.. {
        let table = table();
        let alive = on(table.clone());
        let (api, root) = api(&alive).await;
        let top = resource(&alive, &api, &root, "top").await;
        for n in 0..CHILDREN {
            resource(&alive, &api, &top, &format!("c{n}")).await;
        }

        let dying = on(Arc::new(Dying {
            table: table.clone(),
            left: AtomicUsize::new(transactions),
        }));
        let target = format!("/restapis/{api}/resources/{top}");
        let deleted = call(&dying, "DELETE", &target, "").await;

        // Whoever changes the API next finishes what is begun.
        resource(&alive, &api, &root, "other").await;
        let listed = call(
            &alive,
            "GET",
            &format!("/restapis/{api}/resources?limit=500"),
            "",
        )
        .await;
        let resources = listed.body["item"].as_array().unwrap().len();
        let all = Query {
            partition: format!("restapi#{api}"),
            prefix: "pending#".to_owned(),
            after: None,
            limit: 100,
        };
        let lists = table.query(all).await.unwrap().items.len();
        outcomes.push((deleted.status, resources, lists));
        if deleted.status == 202 {
            break;
        }
    }
    let before = 3 + CHILDREN;
    let expected = [
        // Not one write of the list; the list alone; then it is named, and made whoever carries it out.
        (503, before, 0),
        (503, before, 1),
        (503, 2, 0),
        (503, 2, 0),
        (503, 2, 0),
        (503, 2, 0),
        // All but letting the list's own items go.
        (202, 2, 1),
    ];
    assert_eq!(outcomes, expected);
}
