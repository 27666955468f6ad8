//! Handshakes: who gets in, and how whoever does not is answered.

use super::{FORBIDDEN, INTERNAL, UNAUTHORIZED, allow, bench_connection, deployed, function, says};
use serde_json::{Value, json};

#[tokio::test]
async fn a_handshake_succeeds_where_the_route_says_so() {
    let bench = deployed(
        &json!({"$connect": {"integration": function()}}),
        &json!({}),
        &json!({}),
    )
    .await;
    let failed = json!({"status": 200, "headers": {"x-amz-function-error": "Unhandled"}, "body": {"errorMessage": "x"}});
    for (answer, status, body) in [
        (says(&json!({"statusCode": 200})), 101, ""),
        (
            says(&json!({"statusCode": 204, "headers": {"sec-websocket-protocol": "p"}})),
            101,
            "p",
        ),
        (
            says(&json!({"statusCode": 400, "body": "no room"})),
            400,
            "no room",
        ),
        (says(&json!({"statusCode": 401})), 401, ""),
        (says(&json!({"statusCode": 302})), 302, ""),
        (failed, 502, INTERNAL),
        (says(&json!({"body": "x"})), 502, INTERNAL),
        (says(&json!(null)), 502, INTERNAL),
        (
            json!({"status": 403, "body": "no permission"}),
            502,
            INTERNAL,
        ),
        (json!("slow"), 502, INTERNAL),
    ] {
        bench.play(answer.clone());
        let (got, text, _) = bench.connect("GET /dev", &[]).await;
        assert_eq!((got, text.as_str()), (status, body), "{answer}");
    }
    bench.play(says(&json!({"statusCode": 200})));
    for (target, status) in [
        ("GET /dev/", 101),
        ("GET /dev?a=b", 101),
        ("GET /dev/x", 403),
        ("GET /other", 403),
        ("GET /", 403),
    ] {
        assert_eq!(bench.connect(target, &[]).await.0, status, "{target}");
    }
}

#[tokio::test]
async fn without_a_route_everybody_gets_in() {
    let routes = json!({"$default": {"integration": function()}});
    let bench = deployed(&routes, &json!({}), &json!({})).await;
    bench.play(json!("refused"));
    let (status, protocol, _) = bench
        .connect("GET /dev", &[("sec-websocket-protocol", "a")])
        .await;
    assert_eq!((status, protocol.as_str()), (101, ""));
    assert_eq!(bench.sent(), Value::Null);
}

#[tokio::test]
async fn a_handshake_is_refused_as_the_service_words_it() {
    let routes = json!({"$connect": {"integration": function(), "authorizationType": "CUSTOM", "authorizerId": "a1",
        "requestParameters": {"route.request.querystring.room": {"required": true}, "route.request.header.x": {"required": false}}}});
    let bench = deployed(&routes, &json!({}), &json!({})).await;
    let failing = |message: &str| json!({"reply": {"headers": {"x-amz-function-error": "Unhandled"}, "body": {"errorMessage": message}}});
    for (target, guard, status, body) in [
        ("GET /dev?token=t&room=1", allow("dev/$connect"), 101, ""),
        ("GET /dev?token=t&room=1", allow("*/$connect"), 101, ""),
        ("GET /dev?room=1", json!(null), 401, UNAUTHORIZED),
        (
            "GET /dev?token=t&room=1",
            failing("Unauthorized"),
            401,
            UNAUTHORIZED,
        ),
        (
            "GET /dev?token=t&room=1",
            allow("dev/other"),
            403,
            FORBIDDEN,
        ),
        ("GET /dev?token=t&room=1", failing("oh"), 500, INTERNAL),
        (
            "GET /dev?token=t&room=1",
            json!({"principalId": 1}),
            500,
            INTERNAL,
        ),
        (
            "GET /dev?token=t",
            allow("dev/$connect"),
            400,
            r#"{"message":"Missing required request parameters: [room]"}"#,
        ),
    ] {
        bench.play(says(&json!({"statusCode": 200})));
        *bench.backend.guard.lock().unwrap() = guard.clone();
        let (got, text, _) = bench.connect(target, &[]).await;
        assert_eq!((got, text.as_str()), (status, body), "{target} {guard}");
        assert_eq!(bench.sent().is_null(), status != 101, "{target} {guard}");
    }
    let routes = json!({
        "$connect": {"integration": function(), "apiKeyRequired": true},
        // Who is in is in.
        "send": {"integration": function(), "apiKeyRequired": true, "authorizationType": "AWS_IAM"},
    });
    let bench = deployed(&routes, &json!({}), &json!({})).await;
    let (status, body, _) = bench.connect("GET /dev", &[("x-api-key", "nobodys")]).await;
    assert_eq!((status, body.as_str()), (403, FORBIDDEN));
    let connection = bench_connection();
    bench.play(says(&json!({"statusCode": 200})));
    assert_eq!(
        bench.message(&connection, r#"{"action":"send"}"#).await,
        None
    );
    assert!(!bench.sent().is_null());
}
