//! What limits cost the store, how soon a change is seen, and what is while the store is away.

use super::{FORBIDDEN, VALUE, World, keyed};
use postern_gateway::{Metering, OnStoreFailure};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_warm_request_asks_the_store_for_nothing() {
    for is_shared in [false, true] {
        let members = json!({"quota": {"limit": 1_000_000, "offset": 0, "period": "DAY"}, "throttle": {"rateLimit": 1000.0, "burstLimit": 1000}});
        let world = World::on_plan_with(&members, Metering::default(), is_shared).await;
        let before = world.calls();
        assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, 200);
        // The stage, the method, the key, the plan, what the key has used, and counting it.
        assert!(world.calls() - before <= 8, "{}", world.calls() - before);
        for _ in 0..100 {
            assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, 200);
            world.clock.forward(Duration::from_millis(5));
        }
        let calls = world.calls();
        for _ in 0..100 {
            assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, 200);
            world.clock.forward(Duration::from_millis(5));
        }
        assert!(world.calls() - calls <= 4, "{}", world.calls() - calls);
    }
}

#[tokio::test]
async fn who_guesses_asks_the_store_once_for_each_guess() {
    let world = World::with(&json!({"GET /": keyed()}), Metering::default(), true).await;
    world.get("GET /dev/", Some("first-guess")).await;
    let before = world.calls();
    for _ in 0..10 {
        let answer = world
            .get("GET /dev/", Some("unknown-key-aaaaaaaaaaaa"))
            .await;
        assert_eq!(answer.refusal(), FORBIDDEN);
    }
    assert_eq!(world.calls() - before, 1);
}

#[tokio::test]
async fn a_change_is_seen_at_once_where_the_store_sees_all_writes() {
    let world = World::new(&json!({"GET /": keyed()})).await;
    world.plan("p1", &json!({})).await;
    assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, 403);
    for (enabled, plans, status) in [
        (true, &["p1"] as &[&str], 200),
        (false, &["p1"], 403),
        (true, &["p1"], 200),
        (true, &[], 403),
    ] {
        world.key(VALUE, enabled, plans).await;
        let found = world.get("GET /dev/", Some(VALUE)).await.status;
        assert_eq!(found, status, "{enabled} {plans:?}");
    }
}

#[tokio::test]
async fn elsewhere_it_is_seen_after_seconds_and_whoever_passes_does_not_wait_for_it() {
    let world = World::on_plan_with(&json!({}), Metering::default(), true).await;
    let get = async || world.get("GET /dev/", Some(VALUE)).await.status;
    assert_eq!(get().await, 200);

    world.key(VALUE, false, &["p1"]).await;
    world.clock.forward(Duration::from_secs(4));
    assert_eq!(get().await, 200, "what is held is fresh for five seconds");
    world.clock.forward(Duration::from_secs(1));
    assert_eq!(get().await, 200, "it is read again beside this request");
    assert_eq!(get().await, 403);

    world.key(VALUE, true, &["p1"]).await;
    assert_eq!(get().await, 403);
    world.clock.forward(Duration::from_secs(5));
    assert_eq!(
        get().await,
        200,
        "whoever would be refused waits for the latest"
    );

    world.key(VALUE, false, &["p1"]).await;
    world.clock.forward(Duration::from_secs(3_600));
    assert_eq!(get().await, 403, "after a long sleep it is read first");

    // A throttled client is not throttled for longer than the plan says.
    world.key(VALUE, true, &["p1"]).await;
    let closed = json!({"throttle": {"rateLimit": 0.0, "burstLimit": 0}});
    world.plan("p1", &closed).await;
    world.clock.forward(Duration::from_secs(3_600));
    assert_eq!(get().await, 429);
    world.plan("p1", &json!({})).await;
    world.clock.forward(Duration::from_secs(5));
    assert_eq!(get().await, 429);
    assert_eq!(get().await, 200);
}

#[tokio::test]
async fn while_the_store_is_away_requests_pass_or_not_as_the_operator_says() {
    for (on_store_failure, unknown, known) in [
        (OnStoreFailure::Admit, 200, 200),
        (OnStoreFailure::Refuse, 500, 500),
    ] {
        let limits = Metering {
            on_store_failure,
            ..Metering::default()
        };
        let throttle = json!({"throttle": {"rateLimit": 1000.0, "burstLimit": 10}});
        let world = World::on_plan_with(&throttle, limits, true).await;
        assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, 200);
        world.is_away(true);
        world.clock.forward(Duration::from_secs(4));
        world.bench.journal.metrics.lock().unwrap().clear();
        let other = Some("other-key-aaaaaaaaaaaaaaaa");
        let before = world.calls();
        assert_eq!(world.get("GET /dev/", other).await.status, unknown);
        assert_eq!(world.get("GET /dev/", other).await.status, unknown);
        assert_eq!(world.calls() - before, 1, "an outage costs one wait");
        assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, known);
        assert_eq!(world.get("GET /dev/", None).await.status, 403);
        let metrics = std::mem::take(&mut *world.bench.journal.metrics.lock().unwrap());
        let uncounted: Vec<_> = metrics
            .iter()
            .map(|line| line["UncountedRequests"].as_u64().unwrap_or_default())
            .collect();
        assert_eq!(uncounted, [1, 1, 1, 0]);
        assert!(!world.bench.journal.faults.lock().unwrap().is_empty());
        world.is_away(false);
        world.clock.forward(Duration::from_secs(2));
        assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, 200);
        assert_eq!(world.get("GET /dev/", other).await.status, 403);
    }
}
