//! API keys, usage plans, throttles and quotas, through the whole pipeline.

use crate::harness::{
    API, Answer, Bench, Stopped, Watched, definition, merge, method_setting, mock, validators,
};
use postern_gateway::{Metering, OnStoreFailure, Throttle};
use postern_plan::account::{Caller, caller_key, usage_plan_key};
use postern_store::{Condition, Embedded, Key, Store, Table, Write, encode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// 2026-03-10T05:16:23Z.
const NOW: u64 = 1_773_119_783;
const VALUE: &str = "abcdefghijklmnopqrstuvwxyz-0123456F0yrv6";
const SHOWN: &str = "**********************************F0yrv6";

/// A method that answers by itself, with these members.
fn open(members: &Value) -> Value {
    let mut method = mock("");
    merge(&mut method, members);
    method
}

fn keyed() -> Value {
    open(&json!({"apiKeyRequired": true}))
}

struct World {
    bench: Bench,
    clock: Arc<Stopped>,
    definitions: Arc<Watched>,
    usage: Arc<Watched>,
}

impl World {
    async fn new(methods: &Value) -> Self {
        Self::with(methods, Metering::default(), false).await
    }

    /// `is_shared`: on a store as DynamoDB, that others write to.
    async fn with(methods: &Value, metering: Metering, is_shared: bool) -> Self {
        let clock = Stopped::at(NOW);
        let store = Embedded::memory(clock.clone()).unwrap();
        let watched = if is_shared {
            Watched::shared
        } else {
            Watched::own
        };
        let (definitions, usage) = (watched(&store.definitions), watched(&store.usage));
        let store = Store {
            definitions: definitions.clone(),
            usage: usage.clone(),
            ..store
        };
        let bench = Bench::limited(store, clock.clone(), metering);
        let world = Self {
            bench,
            clock,
            definitions,
            usage,
        };
        world.deploy(&Value::Null, methods).await;
        world
    }

    async fn deploy(&self, api: &Value, methods: &Value) {
        let methods = serde_json::from_value(methods.clone()).unwrap();
        self.bench.deploy("d1", &definition(api, &methods)).await;
        self.bench.stage(&Value::Null).await;
    }

    /// Makes a key, or changes it.
    async fn key(&self, value: &str, enabled: bool, plans: &[&str]) {
        let caller = Caller {
            id: format!("key-{}", &value[..1]),
            enabled,
            customer_id: None,
            plans: plans.iter().map(|plan| (*plan).to_owned()).collect(),
        };
        self.put(caller_key(value), encode(&caller)).await;
    }

    /// Makes a usage plan that covers the stage, or changes it.
    async fn plan(&self, id: &str, members: &Value) {
        let mut plan = json!({"id": id, "name": id, "apiStages": [{"apiId": API, "stage": "dev"}]});
        merge(&mut plan, members);
        self.put(usage_plan_key(id), encode(&plan)).await;
    }

    async fn put(&self, key: Key, body: bytes::Bytes) {
        let write = Write::put(key, body, Condition::Always);
        self.definitions.write(write).await.unwrap();
    }

    async fn get(&self, request: &str, key: Option<&str>) -> Answer {
        let headers: Vec<_> = key.map(|key| ("X-Api-Key", key)).into_iter().collect();
        Answer::of(self.bench.send(request, &headers, "").await).await
    }

    async fn statuses(&self, request: &str, key: Option<&str>, times: usize) -> Vec<u16> {
        let mut statuses = Vec::new();
        for _ in 0..times {
            statuses.push(self.get(request, key).await.status);
        }
        statuses
    }

    fn calls(&self) -> usize {
        self.definitions.calls() + self.usage.calls()
    }

    fn is_away(&self, away: bool) {
        self.definitions.is_away(away);
        self.usage.is_away(away);
    }

    fn logged(&self) -> Vec<String> {
        let mut executions = self.bench.journal.executions.lock().unwrap();
        let lines = executions.pop().unwrap_or_default();
        executions.clear();
        let without_id = |line: &str| line.split_once(") ").unwrap().1.to_owned();
        lines.lines().map(without_id).collect()
    }
}

const FORBIDDEN: (u16, &str, &str) = (403, "ForbiddenException", r#"{"message":"Forbidden"}"#);
const THROTTLED: (u16, &str, &str) = (
    429,
    "TooManyRequestsException",
    r#"{"message":"Too Many Requests"}"#,
);
const EXCEEDED: (u16, &str, &str) = (
    429,
    "LimitExceededException",
    r#"{"message":"Limit Exceeded"}"#,
);

#[tokio::test]
async fn only_an_enabled_key_on_a_plan_of_the_stage_passes() {
    let world = World::new(&json!({"GET /": keyed()})).await;
    world.plan("p1", &json!({})).await;
    let elsewhere = json!({"apiStages": [{"apiId": API, "stage": "prod"}, {"apiId": "zzzzzzzzzz", "stage": "dev"}]});
    world.plan("p2", &elsewhere).await;
    world.key("good-key-aaaaaaaaaaaaaaa", true, &["p1"]).await;
    world
        .key("both-key-aaaaaaaaaaaaaaa", true, &["p2", "p1"])
        .await;
    world.key("disabled-key-aaaaaaaaaaa", false, &["p1"]).await;
    world.key("planless-key-aaaaaaaaaaa", true, &[]).await;
    world.key("elsewhere-key-aaaaaaaaaa", true, &["p2"]).await;
    world.key("dangling-key-aaaaaaaaaaa", true, &["gone"]).await;
    for (key, passes) in [
        (None, false),
        (Some(""), false),
        (Some("unknown-key-aaaaaaaaaaaa"), false),
        (Some("good-key-aaaaaaaaaaaaaaa"), true),
        (Some("Good-key-aaaaaaaaaaaaaaa"), false),
        (Some("both-key-aaaaaaaaaaaaaaa"), true),
        (Some("disabled-key-aaaaaaaaaaa"), false),
        (Some("planless-key-aaaaaaaaaaa"), false),
        (Some("elsewhere-key-aaaaaaaaaa"), false),
        (Some("dangling-key-aaaaaaaaaaa"), false),
    ] {
        let answer = world.get("GET /dev/", key).await;
        if passes {
            assert_eq!(answer.status, 200, "{key:?}");
        } else {
            assert_eq!(answer.refusal(), FORBIDDEN, "{key:?}");
        }
    }
    let long = "a".repeat(5_000);
    let calls = world.calls();
    assert_eq!(
        world.get("GET /dev/", Some(&long)).await.refusal(),
        FORBIDDEN
    );
    assert_eq!(world.calls(), calls, "no key's value is so long");
}

#[tokio::test]
async fn a_query_parameter_is_no_key_and_the_first_of_several_headers_is() {
    let world = World::new(&json!({"GET /": keyed()})).await;
    world.plan("p1", &json!({})).await;
    world.key(VALUE, true, &["p1"]).await;
    let query = format!("GET /dev/?x-api-key={VALUE}");
    assert_eq!(world.get(&query, None).await.refusal(), FORBIDDEN);
    for (values, status) in [([VALUE, "other"], 200), (["other", VALUE], 403)] {
        let headers = values.map(|value| ("x-api-key", value));
        let answer = world.bench.send("GET /dev/", &headers, "").await;
        assert_eq!(answer.status(), status);
    }
}

#[tokio::test]
async fn what_is_known_of_a_key_is_told_to_logs_and_functions() {
    let function = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations";
    let method = |required: bool| json!({"apiKeyRequired": required, "methodIntegration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": function}});
    let world = World::new(&json!({"GET /a": method(true), "GET /b": method(false)})).await;
    world.plan("p1", &json!({})).await;
    world.key(VALUE, true, &["p1"]).await;
    let format = "$context.requestId $context.identity.apiKey $context.identity.apiKeyId";
    let log = json!({"accessLogSettings": {"format": format}});
    world.bench.stage(&log).await;
    for (path, key, expected, in_event) in [
        ("a", Some(VALUE), format!("{VALUE} key-a"), true),
        ("a", Some("unknown"), "- -".to_owned(), false),
        // Not looked up, for the method does not ask for it.
        ("b", Some("whatever"), "whatever -".to_owned(), true),
        ("b", None, "- -".to_owned(), true),
    ] {
        *world.bench.backend.answer.lock().unwrap() = json!({"status": 200, "body": "{}"});
        *world.bench.backend.sent.lock().unwrap() = None;
        world.get(&format!("GET /dev/{path}"), key).await;
        let access = std::mem::take(&mut *world.bench.journal.access.lock().unwrap()).concat();
        assert_eq!(
            access.split_once(' ').unwrap().1,
            expected,
            "{path} {key:?}"
        );
        let sent = world.bench.backend.sent.lock().unwrap().clone();
        assert_eq!(sent.is_some(), in_event, "{path} {key:?}");
        if let Some(sent) = sent {
            let event = &sent["json"];
            assert_eq!(event["requestContext"]["identity"]["apiKey"], json!(key));
            assert_eq!(event["headers"]["x-api-key"], json!(key));
        }
    }
}

#[tokio::test]
async fn an_authorizer_may_name_the_key_and_then_the_header_does_not_count() {
    let world = World::new(&json!({"GET /": keyed()})).await;
    let mut whole = definition(
        &json!({"apiKeySource": "AUTHORIZER"}),
        &serde_json::from_value(json!({
            "GET /": open(&json!({"apiKeyRequired": true, "authorizationType": "CUSTOM", "authorizerId": "z1"})),
        }))
        .unwrap(),
    );
    let authorizer = json!({
        "id": "z1", "name": "z", "type": "TOKEN", "authType": "custom", "identitySource": "method.request.header.Authorization",
        "authorizerUri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:z/invocations",
        "authorizerResultTtlInSeconds": 0,
    });
    whole
        .authorizers
        .push(serde_json::from_value(authorizer).unwrap());
    world.bench.deploy("d2", &whole).await;
    world.bench.stage(&json!({"deploymentId": "d2"})).await;
    world.plan("p1", &json!({})).await;
    world.key(VALUE, true, &["p1"]).await;
    for (named, header, status) in [
        (json!(VALUE), None, 200),
        (json!(VALUE), Some("unknown"), 200),
        (Value::Null, Some(VALUE), 403),
        (json!("unknown-aaaaaaaaaaaaaaaaaaa"), Some(VALUE), 403),
    ] {
        let mut verdict = json!({
            "principalId": "me",
            "policyDocument": {"Version": "2012-10-17", "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}]},
        });
        if !named.is_null() {
            verdict["usageIdentifierKey"] = named.clone();
        }
        *world.bench.backend.answer.lock().unwrap() =
            json!({"status": 200, "body": verdict.to_string()});
        let mut headers = vec![("authorization", "token")];
        headers.extend(header.map(|value| ("x-api-key", value)));
        let answer = world.bench.send("GET /dev/", &headers, "").await;
        assert_eq!(answer.status(), status, "{named} {header:?}");
    }
}

#[tokio::test]
async fn a_key_comes_after_the_route_and_before_what_the_request_holds() {
    let required = json!({
        "apiKeyRequired": true, "requestValidatorId": "v",
        "requestParameters": {"method.request.querystring.v": true},
    });
    let world = World::new(&json!({"GET /": keyed()})).await;
    let mut whole = definition(
        &Value::Null,
        &serde_json::from_value(json!({"GET /": open(&required)})).unwrap(),
    );
    let validator = ("v".to_owned(), json!({"validateRequestParameters": true}));
    whole.request_validators = validators(&[validator].into());
    world.bench.deploy("d2", &whole).await;
    world.bench.stage(&json!({"deploymentId": "d2"})).await;
    world.plan("p1", &json!({})).await;
    world.key(VALUE, true, &["p1"]).await;
    assert_eq!(world.get("GET /dev/", None).await.refusal(), FORBIDDEN);
    assert_eq!(world.get("GET /dev/", Some(VALUE)).await.status, 400);
    assert_eq!(world.get("GET /dev/?v=1", Some(VALUE)).await.status, 200);
    let unknown = world.get("POST /dev/", None).await;
    assert_eq!(unknown.refusal().1, "MissingAuthenticationTokenException");
}

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
        let statuses = world.statuses(request, Some(VALUE), 6).await;
        let passed = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(passed, passes, "{request}: {statuses:?}");
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
        let world = World::new(&json!({"GET /": keyed()})).await;
        world.plan("p1", &json!({"throttle": throttle})).await;
        world.key(VALUE, true, &["p1"]).await;
        let statuses = world.statuses("GET /dev/", Some(VALUE), 9).await;
        let passed = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(passed, passes, "{throttle}");
    }
}

#[tokio::test]
async fn a_quota_is_spent_by_what_passes_and_is_new_with_the_period() {
    let world = World::new(&json!({"GET /": keyed()})).await;
    let members = json!({
        "quota": {"limit": 3, "offset": 0, "period": "DAY"},
        "throttle": {"rateLimit": 1.0, "burstLimit": 2},
    });
    world.plan("p1", &members).await;
    world.key(VALUE, true, &["p1"]).await;
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

/// The settings of methods that are throttled so.
fn setting(rate: f64, burst: i64) -> Value {
    method_setting(&json!({"throttlingRateLimit": rate, "throttlingBurstLimit": burst}))
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
            let statuses = world.statuses(request, None, 9).await;
            let passed = statuses.iter().filter(|status| **status == 200).count();
            assert_eq!(passed, passes, "{request}: {statuses:?}");
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
    let statuses = world.statuses("GET /dev/", None, 30).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 5);
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
        let mut statuses = world.statuses("GET /dev/", None, 5).await;
        statuses.extend(world.statuses("GET /dev/a", None, 5).await);
        let passed = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(passed, passes);
    }
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

#[tokio::test]
async fn the_log_says_what_became_of_the_key_and_hides_it() {
    let function = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations";
    let world = World::new(&json!({
        "GET /": keyed(), "GET /open": open(&json!({})),
        "GET /f": {"apiKeyRequired": true, "methodIntegration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": function}},
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
async fn a_warm_request_asks_the_store_for_nothing() {
    for is_shared in [false, true] {
        let world = World::with(&json!({"GET /": keyed()}), Metering::default(), is_shared).await;
        let members = json!({"quota": {"limit": 1_000_000, "offset": 0, "period": "DAY"}, "throttle": {"rateLimit": 1000.0, "burstLimit": 1000}});
        world.plan("p1", &members).await;
        world.key(VALUE, true, &["p1"]).await;
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
    let world = World::with(&json!({"GET /": keyed()}), Metering::default(), true).await;
    world.plan("p1", &json!({})).await;
    world.key(VALUE, true, &["p1"]).await;
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
        let world = World::with(&json!({"GET /": keyed()}), limits, true).await;
        world
            .plan(
                "p1",
                &json!({"throttle": {"rateLimit": 1000.0, "burstLimit": 10}}),
            )
            .await;
        world.key(VALUE, true, &["p1"]).await;
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

#[tokio::test]
async fn clients_are_told_what_is_left_where_the_operator_wants_it() {
    let limits = Metering {
        headers: true,
        ..Metering::default()
    };
    let world = World::with(&json!({"GET /": keyed()}), limits, false).await;
    let members = json!({
        "quota": {"limit": 4, "offset": 0, "period": "DAY"}, "throttle": {"rateLimit": 0.5, "burstLimit": 3},
    });
    world.plan("p1", &members).await;
    world.key(VALUE, true, &["p1"]).await;
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
