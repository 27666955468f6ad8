//! Throttles: of a plan, of a method, of a stage and of the account.

use super::{THROTTLED, VALUE, World, keyed, open, setting};
use crate::harness::API;
use postern_gateway::{Metering, Throttle};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_plans_throttle_is_each_keys_own_and_over_all_methods() {
    let world = World::new(&json!({"GET /": keyed(), "GET /a": keyed()})).await;
    let throttle = json!({"rateLimit": 0.1, "burstLimit": 2});
    world.plan("p1", &json!({"throttle": throttle})).await;
    let other = "other-key-aaaaaaaaaaaaaaaa";
    world.key(VALUE, true, &["p1"]).await;
    world.key(other, true, &["p1"]).await;
    assert_eq!(world.statuses("GET /dev/", Some(VALUE), 1).await, [200]);
    assert_eq!(world.statuses("GET /dev/a", Some(VALUE), 1).await, [200]);
    for path in ["GET /dev/", "GET /dev/a"] {
        assert_eq!(world.get(path, Some(VALUE)).await.refusal(), THROTTLED);
    }
    assert_eq!(
        world.statuses("GET /dev/", Some(other), 3).await,
        [200, 200, 429]
    );
    world.clock.forward(Duration::from_secs(10));
    assert_eq!(
        world.statuses("GET /dev/", Some(VALUE), 2).await,
        [200, 429]
    );
}

#[tokio::test]
async fn a_methods_throttle_stands_in_for_the_plans() {
    let world = World::new(
        &json!({"GET /": keyed(), "GET /a": keyed(), "ANY /b": keyed(), "GET /c": keyed()}),
    )
    .await;
    let throttle = |burst: i64| json!({"rateLimit": 0.001, "burstLimit": burst});
    let stage = json!({
        "apiId": API, "stage": "dev",
        "throttle": {"//GET": throttle(1), "/a/GET": throttle(2), "/b/ANY": throttle(3)},
    });
    world
        .plan(
            "p1",
            &json!({"throttle": throttle(4), "apiStages": [stage]}),
        )
        .await;
    world.key(VALUE, true, &["p1"]).await;
    for (request, passes) in [
        ("GET /dev/", 1),
        ("GET /dev/a", 2),
        ("PUT /dev/b", 3),
        ("GET /dev/c", 4),
    ] {
        let passed = world.passed(request, Some(VALUE), 6).await;
        assert_eq!(passed, passes, "{request}");
    }
}

#[tokio::test]
async fn what_a_plan_does_not_give_is_not_limited_and_nothing_is_let_in_by_zero() {
    for (throttle, passes) in [
        (json!({}), 9),
        (json!({"burstLimit": 2}), 9),
        (json!({"rateLimit": 3.5}), 4),
        (json!({"rateLimit": 0.0, "burstLimit": 2}), 0),
        (json!({"rateLimit": 2.0, "burstLimit": 0}), 0),
    ] {
        let world = World::on_plan(&json!({"throttle": throttle})).await;
        let passed = world.passed("GET /dev/", Some(VALUE), 9).await;
        assert_eq!(passed, passes, "{throttle}");
    }
}

#[tokio::test]
async fn a_stage_limits_each_method_by_its_own_setting_or_the_general_one() {
    let open = open(&json!({}));
    let methods =
        json!({"GET /": open, "GET /a": open, "GET /b/{c}": open, "PUT /a": open, "GET /n": open});
    for is_shared in [false, true] {
        let world = World::with(&methods, Metering::default(), is_shared).await;
        let settings = json!({"methodSettings": {
            "*/*": setting(0.001, 3), "~1a/GET": setting(0.001, 1), "~1b~1{c}/GET": setting(0.001, 2),
            "~1n/GET": setting(-1.0, -1), "//GET": setting(10_000.0, 5_000),
        }});
        world.bench.stage(&settings).await;
        for (request, passes) in [
            ("GET /dev/a", 1),
            ("GET /dev/b/7", 2),
            ("PUT /dev/a", 3),
            ("GET /dev/n", 9),
            ("GET /dev/", 9),
        ] {
            let passed = world.passed(request, None, 9).await;
            assert_eq!(passed, passes, "{request}");
        }
        assert_eq!(world.get("GET /dev/a", None).await.refusal(), THROTTLED);
    }
}

#[tokio::test]
async fn a_canary_shares_its_stages_limits() {
    let world = World::new(&json!({"GET /": open(&json!({}))})).await;
    let canary = json!({
        "methodSettings": {"*/*": setting(0.001, 5)},
        "canarySettings": {"deploymentId": "d1", "percentTraffic": 50.0, "useStageCache": false},
    });
    world.bench.stage(&canary).await;
    assert_eq!(world.passed("GET /dev/", None, 30).await, 5);
}

#[tokio::test]
async fn the_account_limits_all_apis_together_unless_the_operator_lifts_it() {
    let methods = json!({"GET /": open(&json!({})), "GET /a": open(&json!({}))});
    for (account, passes) in [
        (
            Throttle::Of {
                rate: 0.001,
                burst: 3,
            },
            3,
        ),
        (Throttle::None, 10),
    ] {
        let limits = Metering {
            account,
            ..Metering::default()
        };
        let world = World::with(&methods, limits, false).await;
        let mut passed = world.passed("GET /dev/", None, 5).await;
        passed += world.passed("GET /dev/a", None, 5).await;
        assert_eq!(passed, passes);
    }
}
