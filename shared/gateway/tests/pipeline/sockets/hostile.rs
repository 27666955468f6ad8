//! What clients may send to do harm.

use super::{bench_connection, deployed, function, says};
use bytes::Bytes;
use serde_json::json;

#[tokio::test]
async fn nothing_that_a_client_sends_does_harm() {
    let routes = json!({
        "$connect": {"integration": function()}, "$disconnect": {"integration": function()},
        "send": {"integration": function(), "modelSelectionExpression": "${request.body.a}${request.body.b}", "requestModels": {}},
        "$default": {"integration": function(), "answers": true},
    });
    let bench = deployed(&routes, &json!({}), &json!({})).await;
    let connection = bench_connection();
    let deep = format!("{}{}", "[".repeat(60_000), "]".repeat(60_000));
    let long = format!(r#"{{"action":"{}"}}"#, "a".repeat(130_000));
    let longer = format!(
        r#"{{"action":"send","a":"{0}","b":"{0}"}}"#,
        "é".repeat(30_000)
    );
    for message in [
        &b"\xff\xfe"[..],
        b"{\"action\":\"\xff\"}",
        b"\0",
        b"{\"action\":{\"a\":[1]}}",
        b"{'action':'send'}",
        b"\xef\xbb\xbf{\"action\":\"send\"}",
        deep.as_bytes(),
        long.as_bytes(),
        longer.as_bytes(),
    ] {
        bench.play(says(&json!({"statusCode": 200, "body": "heard"})));
        let answer = bench
            .gateway
            .message(&connection, Bytes::copy_from_slice(message))
            .await;
        let answer = String::from_utf8(answer.unwrap().to_vec()).unwrap();
        assert!(
            answer == "heard" || answer.contains("\"message\""),
            "{answer}"
        );
    }
    bench
        .gateway
        .disconnected(&connection, 65_535, "\0\"\r\n")
        .await;
    let reason = &bench.sent()["json"]["requestContext"]["disconnectReason"];
    assert_eq!(reason, "\0\"\r\n");
}
