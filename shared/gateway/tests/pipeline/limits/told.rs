//! What clients and logs are told of limits: what is left, who was refused and why, and never the key.

use super::{NOW, VALUE, World, keyed, open};
use crate::harness::{API, FUNCTION, method_setting};
use postern_gateway::Metering;
use serde_json::json;
use std::time::Duration;

const SHOWN: &str = "**********************************F0yrv6";

#[tokio::test]
async fn the_log_says_what_became_of_the_key_and_hides_it() {
    let world = World::new(&json!({
        "GET /": keyed(), "GET /open": open(&json!({})),
        "GET /f": {"apiKeyRequired": true, "methodIntegration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": FUNCTION}},
    }))
    .await;
    let members = |quota: i64| {
        json!({
            "quota": {"limit": quota, "offset": 0, "period": "DAY"}, "throttle": {"rateLimit": 5.0, "burstLimit": 2},
        })
    };
    world.plan("p1", &members(5)).await;
    world.key(VALUE, true, &["p1"]).await;
    let logging = method_setting(&json!({"loggingLevel": "INFO"}));
    let stage = json!({"methodSettings": {"*/*": logging}});
    world.bench.stage(&stage).await;

    world.get("GET /dev/open", None).await;
    let lines = world.logged();
    assert!(
        lines[1].starts_with("Verifying Usage Plan for request: ")
            && lines[1].ends_with(&format!(". API Key:  API Stage: {API}/dev")),
        "{lines:?}"
    );
    assert_eq!(
        lines[2..5],
        [
            "API Key  authorized because method 'GET /open' does not require API Key. Request will not contribute to throttle or quota limits".to_owned(),
            format!("Usage Plan check succeeded for API Key  and API Stage {API}/dev"),
            lines[4].clone(),
        ]
    );
    assert!(lines[4].starts_with("Starting execution for request: "));

    world.get("GET /dev/", Some(VALUE)).await;
    let lines = world.logged();
    assert!(
        lines[1].ends_with(&format!(". API Key: {SHOWN} API Stage: {API}/dev")),
        "{lines:?}"
    );
    assert_eq!(
        lines[2],
        format!("Usage Plan check succeeded for API Key {SHOWN} and API Stage {API}/dev")
    );

    world.get("GET /dev/", Some(VALUE)).await;
    world.logged();
    world.get("GET /dev/", Some(VALUE)).await;
    assert_eq!(
        world.logged()[2..],
        [
            format!(
                "API Key {SHOWN} exceeded throttle limit for API Stage {API}/dev: Key throttle limit exceeded for Usage Plan ID p1, RestApi {API}, Stage dev, Resource r/, HttpMethod GET. Limit: 5.00 Burst: 2"
            ),
            "Method completed with status: 429".to_owned(),
        ]
    );
    world.plan("p1", &members(2)).await;
    world.clock.forward(Duration::from_secs(60));
    world.get("GET /dev/", Some(VALUE)).await;
    assert_eq!(
        world.logged()[2],
        format!(
            "API Key {SHOWN} exceeded quota limit for API Stage {API}/dev: Key quota exhausted for Usage Plan ID p1. Quota Limit: 2 Period: DAY"
        )
    );
    world
        .get("GET /dev/", Some("unknown-key-aaaaaaaaaaaa"))
        .await;
    assert_eq!(
        world.logged()[2..],
        [
            "The request's API key is no key's value",
            "Method completed with status: 403"
        ]
    );

    // Nor does the event that a function gets show it.
    let mut tracing = stage.clone();
    tracing["methodSettings"]["*/*"]["dataTraceEnabled"] = json!(true);
    world.bench.stage(&tracing).await;
    world.plan("p1", &members(100)).await;
    // For so long a spent quota is believed spent.
    world.clock.forward(Duration::from_secs(1));
    *world.bench.backend.answer.lock().unwrap() = json!({"status": 200, "body": "{}"});
    world.get("GET /dev/f", Some(VALUE)).await;
    let lines = world.logged();
    let event = lines
        .iter()
        .find(|line| line.starts_with("Endpoint request body after"));
    assert!(event.unwrap().contains(SHOWN), "{lines:?}");
    assert!(!lines.concat().contains(VALUE), "{lines:?}");
}

#[tokio::test]
async fn clients_are_told_what_is_left_where_the_operator_wants_it() {
    let limits = Metering {
        headers: true,
        ..Metering::default()
    };
    let members = json!({
        "quota": {"limit": 4, "offset": 0, "period": "DAY"}, "throttle": {"rateLimit": 0.5, "burstLimit": 3},
    });
    let world = World::on_plan_with(&members, limits, false).await;
    let told = async || {
        let answer = world.get("GET /dev/", Some(VALUE)).await;
        let header = |name: &str| answer.header(name).map(str::to_owned);
        let policy = header("ratelimit-policy").unwrap_or_default();
        let limit = header("ratelimit").unwrap_or_default();
        (answer.status, policy, limit, header("retry-after"))
    };
    let text = str::to_owned;
    let plan = text("\"plan\";q=3;w=6");
    let expect = |status, left: &str, after: Option<&str>| {
        (status, plan.clone(), left.to_owned(), after.map(text))
    };
    assert_eq!(told().await, expect(200, "\"plan\";r=2;t=2", None));
    assert_eq!(told().await, expect(200, "\"plan\";r=1;t=4", None));
    assert_eq!(told().await, expect(200, "\"plan\";r=0;t=6", None));
    assert_eq!(told().await, expect(429, "\"plan\";r=0;t=2", Some("2")));
    world.clock.forward(Duration::from_secs(6));
    // Of the quota less is left than of the rate. The day ends at midnight.
    let left = 86_400 - NOW % 86_400 - 6;
    let quota = text("\"quota\";q=4;w=86400");
    let of_quota = |status, after| {
        (
            status,
            quota.clone(),
            format!("\"quota\";r=0;t={left}"),
            after,
        )
    };
    assert_eq!(told().await, of_quota(200, None));
    assert_eq!(told().await, of_quota(429, Some(left.to_string())));
    // Somebody without a key is told nothing of plans.
    let answer = world.get("GET /dev/", None).await;
    assert_eq!(answer.header("ratelimit"), None);
}
