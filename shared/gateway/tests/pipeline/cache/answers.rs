//! What whoever gets a kept answer gets: the method's answer whole, and the rest as for any request of their own.

use super::fleet::{Fleet, all, api, proxy, with};
use serde_json::json;

#[tokio::test]
async fn an_answer_is_kept_whole_whatever_its_status_and_is_no_other_requests() {
    let fleet = Fleet::of(("GET /p", proxy(&[])), all()).await;
    *fleet.backend.status.lock().unwrap() = 404;
    *fleet.backend.headers.lock().unwrap() = vec![
        ("content-type", "text/x"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("server", "s"),
        ("cache-control", "no-store"),
        ("x-amzn-trace-id", "Root=1-backend"),
        ("x-amzn-requestid", "backend"),
    ];
    let first = fleet.get("GET /dev/p").await;
    let trace = ("x-amzn-trace-id", "Root=1-mine;Parent=p;Sampled=0");
    let second = fleet.ask(0, "GET /dev/p", &[trace]).await;
    assert_eq!(fleet.backend.calls(), 1);
    assert_eq!((first.status, &first.body), (404, &second.body));
    assert_eq!(second.status, 404);
    let cookies: Vec<_> = second.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(second.header("x-amzn-remapped-server"), Some("s"));
    assert_eq!(second.header("content-type"), Some("text/x"));
    for name in ["x-amzn-requestid", "x-amz-apigw-id"] {
        assert!(second.header(name).is_some());
        assert_ne!(first.header(name), second.header(name), "{name}");
    }
    assert_eq!(first.header("x-amzn-trace-id"), Some("Root=1-backend"));
    assert_eq!(second.header("x-amzn-trace-id"), Some(trace.1));
    for name in ["age", "x-gateway-cache", "warning"] {
        assert_eq!(second.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_as_the_method_gives_it_not_as_the_backend_does() {
    let integration = json!({
        "type": "HTTP", "requestTemplates": {"application/json": "{}"},
        "integrationResponses": {"200": {
            "statusCode": "200", "responseTemplates": {"application/json": "$context.requestId"},
            "responseParameters": {"method.response.header.x-id": "context.requestId"},
        }},
    });
    let members = json!({"methodResponses": {"200": {"statusCode": "200", "responseParameters": {"method.response.header.x-id": false}}}});
    let fleet = Fleet::of(("GET /p", with(proxy(&[]), members, integration)), all()).await;
    let (first, second) = (fleet.get("GET /dev/p").await, fleet.get("GET /dev/p").await);
    let id = first.header("x-amzn-requestid").unwrap();
    assert_eq!((first.body.as_str(), second.body.as_str()), (id, id));
    assert_eq!(
        second.header("x-id"),
        Some(id),
        "it is the method's answer that is kept"
    );
    assert_ne!(second.header("x-amzn-requestid"), Some(id));
}

#[tokio::test]
async fn an_answer_is_packed_for_each_client_after_it_was_kept() {
    let fleet = Fleet::new(1);
    let mut definition = api(&[("GET /p", proxy(&[]))]);
    definition.api.minimum_compression_size = Some(10);
    fleet.bench.deploy("d1", &definition).await;
    fleet.stage(all(), json!({})).await;
    *fleet.backend.body.lock().unwrap() = Some(b"a".repeat(10_000));
    for (accepted, coding, shorter) in [
        ("gzip", Some("gzip"), true),
        ("", None, false),
        ("deflate", Some("deflate"), true),
    ] {
        let told = fleet
            .ask(0, "GET /dev/p", &[("accept-encoding", accepted)])
            .await;
        assert_eq!(told.header("content-encoding"), coding, "{accepted}");
        assert_eq!(told.body.len() < 1_000, shorter, "{accepted}");
    }
    assert_eq!(fleet.backend.calls(), 1);
}

#[tokio::test]
async fn a_request_is_validated_before_its_answer_is_looked_for() {
    let fleet = Fleet::new(1);
    let method = with(
        proxy(&[]),
        json!({"requestValidatorId": "v", "requestParameters": {"method.request.querystring.q": true}}),
        json!({}),
    );
    let mut definition = api(&[("GET /p", method)]);
    let validator =
        json!({"id": "v", "validateRequestBody": false, "validateRequestParameters": true});
    definition
        .request_validators
        .push(serde_json::from_value(validator).unwrap());
    fleet.bench.deploy("d1", &definition).await;
    fleet.stage(all(), json!({})).await;
    assert_eq!(fleet.get("GET /dev/p?q=1").await.status, 200);
    assert_eq!(fleet.get("GET /dev/p").await.status, 400);
    assert_eq!(fleet.get("GET /dev/p?q=2").await.status, 200);
    assert_eq!(fleet.backend.calls(), 1);
}

#[tokio::test]
async fn the_access_log_of_a_kept_answer_tells_of_no_integration() {
    let fleet = Fleet::new(1);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    let format = json!({"format": "$context.requestId $context.status $context.integration.status $context.responseLength"});
    fleet
        .stage(all(), json!({"accessLogSettings": format}))
        .await;
    for _ in 0..2 {
        fleet.get("GET /dev/p").await;
    }
    let logged = fleet.journal.access.lock().unwrap();
    let seen: Vec<_> = logged
        .iter()
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect();
    assert_eq!(seen, ["200 200 21", "200 - 21"]);
}
