//! Which keys pass, where a key may stand, and what is known of it afterwards.

use super::{FORBIDDEN, VALUE, World, keyed, open};
use crate::harness::{API, FUNCTION, authorizers, definition, validators};
use serde_json::{Value, json};

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
    let world = World::on_plan(&json!({})).await;
    let query = format!("GET /dev/?x-api-key={VALUE}");
    assert_eq!(world.get(&query, None).await.refusal(), FORBIDDEN);
    for (values, status) in [([VALUE, "other"], 200), (["other", VALUE], 403)] {
        let headers = values.map(|value| ("x-api-key", value));
        let answer = world.bench.send("GET /dev/", &headers, "").await;
        assert_eq!(answer.status(), status);
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
    let authorizer = ("z1".to_owned(), json!({"authorizerResultTtlInSeconds": 0}));
    whole.authorizers = authorizers(&[authorizer].into());
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
        *world.bench.backend.guard.lock().unwrap() = verdict;
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
async fn what_is_known_of_a_key_is_told_to_logs_and_functions() {
    let method = |required: bool| json!({"apiKeyRequired": required, "methodIntegration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": FUNCTION}});
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
