//! Many who want the same at once: one of them asks, and the others wait for as long as that is of use.

use super::fleet::{Fleet, all, proxy};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Semaphore;

#[tokio::test]
async fn a_hundred_who_want_the_same_cost_one_call() {
    let fleet = Arc::new(Fleet::of(("GET /p", proxy(&[])), all()).await);
    fleet.backend.permits.forget_permits(Semaphore::MAX_PERMITS);
    let askers: Vec<_> = (0..100)
        .map(|_| {
            let fleet = fleet.clone();
            tokio::spawn(async move { fleet.get("GET /dev/p").await.body })
        })
        .collect();
    tokio::task::yield_now().await;
    while fleet.backend.calls() == 0 {
        tokio::task::yield_now().await;
    }
    fleet.backend.permits.add_permits(1);
    for asker in askers {
        assert!(asker.await.unwrap().starts_with("1 "));
    }
    assert_eq!(fleet.backend.calls(), 1);
    let metrics = fleet.journal.metrics.lock().unwrap();
    let hits = metrics.iter().filter(|record| record["CacheHitCount"] == 1);
    let called = metrics
        .iter()
        .filter(|record| record["IntegrationLatency"].is_u64());
    assert_eq!((hits.count(), called.count()), (99, 1));
}

#[tokio::test]
async fn where_the_one_that_asks_gets_nothing_all_others_go_on_at_once() {
    for leave in [false, true] {
        let fleet = Arc::new(Fleet::of(("GET /p", proxy(&[])), all()).await);
        fleet.backend.permits.forget_permits(Semaphore::MAX_PERMITS);
        let ask = || {
            let fleet = fleet.clone();
            tokio::spawn(async move { fleet.get("GET /dev/p").await.status })
        };
        let calls = async |wanted: usize| {
            while fleet.backend.calls() < wanted {
                tokio::task::yield_now().await;
            }
        };
        let leader = ask();
        calls(1).await;
        let others: Vec<_> = (0..10).map(|_| ask()).collect();
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(fleet.backend.calls(), 1, "they wait");
        if leave {
            leader.abort();
        } else {
            fleet.backend.fails.store(true, Ordering::SeqCst);
            fleet.backend.permits.add_permits(1);
            assert_eq!(leader.await.unwrap(), 504);
            fleet.backend.fails.store(false, Ordering::SeqCst);
        }
        // All of them, before any has its answer.
        tokio::time::timeout(Duration::from_secs(10), calls(11))
            .await
            .unwrap();
        fleet.backend.permits.add_permits(20);
        for other in others {
            assert_eq!(other.await.unwrap(), 200);
        }
        assert_eq!(fleet.get("GET /dev/p").await.status, 200);
        assert_eq!(fleet.backend.calls(), 11);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_long_for_what_another_asked_for() {
    let fleet = Arc::new(Fleet::of(("GET /p", proxy(&[])), all()).await);
    fleet.backend.permits.forget_permits(Semaphore::MAX_PERMITS);
    let asker = fleet.clone();
    let slow = tokio::spawn(async move { asker.get("GET /dev/p").await.status });
    while fleet.backend.calls() == 0 {
        tokio::task::yield_now().await;
    }
    let begun = tokio::time::Instant::now();
    let asker = fleet.clone();
    let other = tokio::spawn(async move { asker.get("GET /dev/p").await.status });
    while fleet.backend.calls() == 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let waited = begun.elapsed().as_secs_f64();
    assert!((4.9..5.1).contains(&waited), "{waited}");
    fleet.backend.permits.add_permits(2);
    assert_eq!((slow.await.unwrap(), other.await.unwrap()), (200, 200));
}
