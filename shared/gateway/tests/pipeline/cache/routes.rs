//! What stages of HTTP APIs have beyond AWS: that they keep answers, none of them for anybody whose answer it is not, and that a
//! canary takes its share.

use super::fleet::{Fleet, setting};
use crate::harness::{merge, rows};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn proxy(members: Value) -> Value {
    let mut route = json!({"integration": {
        "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://${stageVariables.host}/",
    }});
    merge(&mut route, &members);
    route
}

/// An API of these routes beside those of every test, the stage of which has these extras.
async fn fleet(extras: Value) -> Fleet {
    let fleet = Fleet::new(1);
    let guarded = |id: &str| proxy(json!({"authorizationType": "CUSTOM", "authorizerId": id}));
    let routes = [
        ("$default", proxy(json!({}))),
        ("ANY /any/{id}", proxy(json!({}))),
        ("POST /any/{id}", proxy(json!({}))),
        (
            "GET /declared",
            proxy(
                json!({"requestParameters": {"route.request.header.X-Tenant": {"required": false}}}),
            ),
        ),
        ("GET /guarded", guarded("by-header")),
        ("GET /unsourced", guarded("by-all")),
        (
            "GET /signed",
            proxy(json!({"authorizationType": "AWS_IAM"})),
        ),
    ];
    let routes: BTreeMap<String, Value> = (routes
        .into_iter()
        .map(|(key, route)| (key.to_owned(), route)))
    .collect();
    let guard = |sources: &[&str]| json!({"authorizerPayloadFormatVersion": "1.0", "identitySource": sources});
    let guards = BTreeMap::from([
        ("by-header".to_owned(), guard(&["$request.header.X-User"])),
        ("by-all".to_owned(), guard(&[])),
    ]);
    let format = "$context.isCanaryRequest";
    let stage = json!({"stageVariables": {"host": "one.example"}, "postern": extras, "accessLogSettings": {"format": format}});
    let bench = &fleet.bench;
    bench
        .deploy_guarded(&json!({}), &routes, &guards, &stage)
        .await;
    fleet
}

fn caching(settings: Value) -> Value {
    let settings = settings.as_object().unwrap().iter();
    let settings: serde_json::Map<_, _> = settings
        .map(|(key, members)| (key.clone(), setting(members)))
        .collect();
    json!({"cacheClusterEnabled": true, "methodSettings": settings})
}

/// Two requests that are one to the cache, or two.
const REQUESTS: &str = "
    GET /dev/a                                 | GET /dev/a + x-any: 1                | one
    GET /dev/a                                 | GET /dev/a/                          | two
    GET /dev/a%2Fb                             | GET /dev/a/b                         | two
    GET /dev/a?x=1                             | GET /dev/a?x=1                       | one
    GET /dev/a?x=1&y                           | GET /dev/a?y&x=1                     | two
    GET /dev/a                                 | GET /dev/a?                          | two
    GET /dev/any/1                             | GET /dev/any/2                       | two
    GET /dev/a + authorization: Bearer 1       | GET /dev/a + authorization: Bearer 2 | two
    GET /dev/a + cookie: s=1                   | GET /dev/a + cookie: s=2             | two
    GET /dev/a + x-api-key: 1                  | GET /dev/a                           | two
    GET /dev/a + accept-encoding: gzip         | GET /dev/a + accept-encoding: br     | two
    GET /dev/a + range: bytes=0-1              | GET /dev/a                           | two
    GET /dev/a + if-none-match: x              | GET /dev/a                           | two
    GET /dev/declared + x-tenant: 1            | GET /dev/declared + x-tenant: 2      | two
    GET /dev/declared + x-tenant: 1 + x-any: 1 | GET /dev/declared + x-tenant: 1      | one
    GET /dev/guarded + x-user: ann             | GET /dev/guarded + x-user: bob       | two
    GET /dev/guarded + x-user: ann             | GET /dev/guarded + x-user: ann       | one
    GET /dev/unsourced                         | GET /dev/unsourced                   | one
    # The settings of all methods, and of a route of any verb, are about GET alone.
    POST /dev/a                                | POST /dev/a                          | two
    PUT /dev/any/1                             | PUT /dev/any/1                       | two
    POST /dev/any/1                            | POST /dev/any/1                      | one
    HEAD /dev/a                                | HEAD /dev/a                          | two
";

async fn are_one(first: &str, second: &str) -> bool {
    let extras = caching(json!({"*/*": {}, "~1any~1{id}/POST": {}}));
    // An API in memory is large to carry along.
    Box::pin(async { fleet(extras).await.are_one(first, second).await }).await
}

#[tokio::test]
async fn only_requests_that_agree_in_all_an_answer_may_rest_on_get_the_same() {
    for [first, second, expected] in rows(REQUESTS) {
        let found = are_one(first, second).await;
        assert_eq!(found, expected == "one", "{first} and {second}");
    }
}

#[tokio::test]
async fn every_request_is_signed_anew_and_whose_signature_it_is_counts() {
    let signed = |key: &str, signature: &str| {
        format!(
            "GET /dev/signed + authorization: AWS4-HMAC-SHA256 Credential={key}/20260310/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature={signature}"
        )
    };
    let first = signed("a", "c");
    assert!(are_one(&first, &signed("a", "d")).await);
    assert!(!are_one(&first, &signed("b", "c")).await);
}

#[tokio::test]
async fn an_answer_that_says_it_is_for_one_client_is_kept_for_nobody() {
    for (name, value, expected) in [
        ("set-cookie", "session=1", false),
        ("cache-control", "private", false),
        ("cache-control", "max-age=9", true),
        ("vary", "x-any", false),
        ("vary", "Cookie", true),
    ] {
        let fleet = fleet(caching(json!({"*/*": {}}))).await;
        *fleet.backend.headers.lock().unwrap() = vec![(name, value)];
        let are_one = fleet.are_one("GET /dev/a", "GET /dev/a").await;
        assert_eq!(are_one, expected, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_stage_keeps_what_its_settings_say() {
    for (extras, path, expected) in [
        (json!({}), "/a", false),
        (caching(json!({})), "/a", false),
        (
            caching(json!({"*/*": {"cachingEnabled": false}})),
            "/a",
            false,
        ),
        (
            caching(json!({"*/*": {"cacheTtlInSeconds": 0}})),
            "/a",
            false,
        ),
        (caching(json!({"$default/GET": {}})), "/a", true),
        (caching(json!({"$default/GET": {}})), "/any/1", false),
        (caching(json!({"~1any~1{id}/GET": {}})), "/any/1", true),
        (caching(json!({"~1any~1{id}/ANY": {}})), "/any/1", true),
        (
            caching(json!({"*/*": {}, "~1any~1{id}/GET": {"cachingEnabled": false}})),
            "/any/1",
            false,
        ),
    ] {
        let named = format!("{path} {extras}");
        let fleet = fleet(extras).await;
        let request = format!("GET /dev{path}");
        assert_eq!(fleet.are_one(&request, &request).await, expected, "{named}");
    }
}

#[tokio::test]
async fn whoever_may_not_have_a_new_answer_is_told_so_or_refused_in_words() {
    const FRESH: &[(&str, &str)] = &[("cache-control", "max-age=0")];
    for (strategy, status, body) in [
        (
            "SUCCEED_WITH_RESPONSE_HEADER",
            200,
            "1 GET http://one.example/",
        ),
        ("FAIL_WITH_403", 403, "{\"message\":\"Forbidden\"}"),
    ] {
        let setting = json!({"unauthorizedCacheControlHeaderStrategy": strategy});
        let fleet = fleet(caching(json!({"$default/GET": setting}))).await;
        fleet.get("GET /dev").await;
        let told = fleet.ask(0, "GET /dev", FRESH).await;
        assert_eq!((told.status, told.body.as_str()), (status, body));
        assert_eq!(fleet.backend.calls(), 1);
    }
}

#[tokio::test]
async fn a_canary_takes_its_share_with_its_own_variables_and_cache() {
    for (percent, uses, hosts, logged, calls) in [
        (100.0, false, "two.example", "true", 2),
        (100.0, true, "two.example", "true", 1),
        (0.0, false, "one.example", "false", 1),
    ] {
        let mut extras = caching(json!({"*/*": {}}));
        extras["canarySettings"] = json!({"percentTraffic": percent, "deploymentId": "d1", "useStageCache": uses,
            "stageVariableOverrides": {"host": "two.example"}});
        let fleet = fleet(extras).await;
        for _ in 0..2 {
            let body = fleet.get("GET /dev/a").await.body;
            assert!(body.ends_with(&format!("http://{hosts}/a")), "{body}");
        }
        assert_eq!(fleet.backend.calls(), calls, "{percent} {uses}");
        let lines = fleet.journal.access.lock().unwrap();
        assert!(lines.iter().all(|line| line.trim() == logged), "{lines:?}");
    }
}
