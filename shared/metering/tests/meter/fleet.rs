//! Many meters at once on one table.

use crate::world::{World, let_in, named};
use postern_metering::Sharing;
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_shared_by_all() {
    for sharing in [Sharing::Leased, Sharing::Exact] {
        let world = World::new();
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let meter = Arc::new(world.meter());
            tasks.spawn(async move {
                let limit = named("stage", 1.0, 200, sharing);
                let_in(&meter, limit, 100).await
            });
        }
        let allowed: usize = tasks.join_all().await.into_iter().sum();
        assert!(allowed <= 200, "{sharing:?}: {allowed}");
        assert!(allowed >= 150, "{sharing:?}: {allowed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_one_process_share_its_leases() {
    let world = World::new();
    let meter = Arc::new(world.meter());
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let meter = Arc::clone(&meter);
        tasks.spawn(async move {
            let limit = named("stage", 1_000.0, 1_000, Sharing::Leased);
            let_in(&meter, limit, 10).await
        });
    }
    let allowed: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(allowed, 640);
    assert!(meter.counts().writes <= 20, "{:?}", meter.counts());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_one_process_keep_to_its_own_bucket() {
    let world = World::new();
    let meter = Arc::new(world.meter());
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let meter = Arc::clone(&meter);
        tasks.spawn(async move {
            let limit = named("stage", 1.0, 100, Sharing::Local);
            let_in(&meter, limit, 50).await
        });
    }
    let allowed: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(allowed, 100);
}
