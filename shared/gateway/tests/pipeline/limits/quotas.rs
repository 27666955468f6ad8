//! Quotas: what spends them, and when they are new.

use super::{EXCEEDED, THROTTLED, VALUE, World, keyed, setting};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_quota_is_spent_by_what_passes_and_is_new_with_the_period() {
    let members = json!({
        "quota": {"limit": 3, "offset": 0, "period": "DAY"},
        "throttle": {"rateLimit": 1.0, "burstLimit": 2},
    });
    let world = World::on_plan(&members).await;
    let answers = world.statuses("GET /dev/", Some(VALUE), 4).await;
    assert_eq!(answers, [200, 200, 429, 429]);
    assert_eq!(
        world.get("GET /dev/", Some(VALUE)).await.refusal(),
        THROTTLED,
        "a throttled request spends no quota"
    );
    world.clock.forward(Duration::from_secs(5));
    assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, 200);
    let answer = world.get("GET /dev/", Some(VALUE)).await;
    assert_eq!(answer.refusal(), EXCEEDED);
    assert_eq!(answer.header("retry-after"), None);
    assert_eq!(answer.header("ratelimit"), None);
    world.clock.forward(Duration::from_secs(86_400));
    assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, 200);
}

#[tokio::test]
async fn what_the_stage_refuses_spends_nothing_of_the_plan() {
    let world = World::new(&json!({"GET /": keyed(), "GET /a": keyed()})).await;
    let quota = json!({"quota": {"limit": 3, "offset": 0, "period": "DAY"}});
    world.plan("p1", &quota).await;
    world.key(VALUE, true, &["p1"]).await;
    let closed = json!({"methodSettings": {"//GET": setting(0.0, 0)}});
    world.bench.stage(&closed).await;
    assert_eq!(world.statuses("GET /dev/", Some(VALUE), 5).await, [429; 5]);
    assert_eq!(
        world.statuses("GET /dev/a", Some(VALUE), 4).await,
        [200, 200, 200, 429]
    );
}
