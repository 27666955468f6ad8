//! What a function is told of a handshake, a message and an end.

use super::{ID, allow, deployed, function, says};
use crate::harness::{API, merge};
use postern_gateway::socket::Connection;
use serde_json::{Value, json};

#[tokio::test]
async fn events_have_the_services_form() {
    let routes = json!({
        "$connect": {"integration": function(), "authorizationType": "CUSTOM", "authorizerId": "a1"},
        "$disconnect": {"integration": function()},
        "send": {"integration": function()},
    });
    let stage = json!({"stageVariables": {"tier": "gold"}});
    let bench = deployed(&routes, &json!({}), &stage).await;
    bench.play(says(
        &json!({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat"}}),
    ));
    *bench.backend.guard.lock().unwrap() = allow("dev/$connect");
    let headers = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat, other"),
        ("user-agent", "ws/8"),
    ];
    let (status, protocol, connection) = bench.connect("GET /dev?token=t&a=1&a=2", &headers).await;
    assert_eq!((status, protocol.as_str()), (101, "chat"));
    let connection = connection.unwrap();

    let asked = bench.backend.asked.lock().unwrap().take().unwrap()["json"].take();
    let arn = format!("arn:aws:execute-api:eu-west-1:123456789012:{API}/dev/$connect");
    assert_eq!(
        (asked["type"].as_str(), asked["methodArn"].as_str()),
        (Some("REQUEST"), Some(arn.as_str()))
    );
    assert_eq!(asked["headers"]["Connection"], "Upgrade");
    assert_eq!(asked["headers"]["content-length"], "0");
    assert_eq!(asked["stageVariables"], json!({"tier": "gold"}));
    assert_eq!(asked["requestContext"]["eventType"], "CONNECT");
    for name in [
        "path",
        "pathParameters",
        "httpMethod",
        "resource",
        "body",
        "isBase64Encoded",
    ] {
        assert_eq!(asked.get(name), None, "{name}");
    }

    let mut event = bench.sent()["json"].take();
    let context = event["requestContext"].take();
    assert_eq!(event["headers"]["Sec-WebSocket-Protocol"], "chat, other");
    assert_eq!(event["multiValueHeaders"]["User-Agent"], json!(["ws/8"]));
    assert_eq!(event["headers"].get("Connection"), None);
    assert_eq!(event["headers"].get("Upgrade"), None);
    assert_eq!(
        event["queryStringParameters"],
        json!({"a": "2", "token": "t"})
    );
    assert_eq!(
        event["multiValueQueryStringParameters"],
        json!({"a": ["1", "2"], "token": ["t"]})
    );
    assert_eq!(event["stageVariables"], json!({"tier": "gold"}));
    assert_eq!(event["isBase64Encoded"], false);
    for name in ["body", "path", "httpMethod", "resource", "pathParameters"] {
        assert_eq!(event.get(name), None, "{name}");
    }
    let usual = json!({
        "extendedRequestId": context["requestId"], "requestId": context["requestId"], "messageDirection": "IN", "stage": "dev",
        "requestTime": "07/Aug/2024:18:37:12 +0000", "connectedAt": 1_723_055_832_000_u64,
        "requestTimeEpoch": 1_723_055_832_000_u64, "identity": {"userAgent": "ws/8", "sourceIp": "198.51.100.7"},
        "domainName": format!("{API}.execute-api.eu-west-1.amazonaws.com"), "connectionId": ID, "apiId": API,
        "authorizer": {"principalId": "u1", "integrationLatency": 0, "n": "1"},
    });
    let with = |more: Value, context: &Value| {
        let mut whole = usual.clone();
        merge(
            &mut whole,
            &json!({"requestId": context["requestId"], "extendedRequestId": context["requestId"]}),
        );
        merge(&mut whole, &more);
        whole
    };
    assert_eq!(context["requestId"].as_str().unwrap().len(), 16);
    assert_eq!(
        context,
        with(
            json!({"routeKey": "$connect", "eventType": "CONNECT"}),
            &context
        )
    );

    // What is known of a connection is all that another process needs.
    let kept = serde_json::to_string(&connection).unwrap();
    let connection: Connection = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        bench
            .message(&connection, r#"{"action":"send","text":"hé"}"#)
            .await,
        None
    );
    let mut event = bench.sent()["json"].take();
    let context = event["requestContext"].take();
    let id = context["messageId"].as_str().unwrap();
    assert!(id.len() == 16 && id.ends_with(&ID[8..]), "{id}");
    let more = json!({"routeKey": "send", "eventType": "MESSAGE", "messageId": id});
    assert_eq!(context, with(more, &context));
    event.as_object_mut().unwrap().remove("requestContext");
    assert_eq!(
        event,
        json!({
            "body": r#"{"action":"send","text":"hé"}"#, "isBase64Encoded": false, "stageVariables": {"tier": "gold"},
        })
    );

    bench.gateway.disconnected(&connection, 1001, "").await;
    let mut event = bench.sent()["json"].take();
    let context = event["requestContext"].take();
    let more = json!({"routeKey": "$disconnect", "eventType": "DISCONNECT", "disconnectStatusCode": 1001, "disconnectReason": ""});
    assert_eq!(context, with(more, &context));
    let host = format!("{API}.execute-api.eu-west-1.amazonaws.com");
    assert_eq!(
        event["headers"],
        json!({"Host": host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""})
    );
    assert_eq!(event["multiValueHeaders"]["x-restapi"], json!([""]));
    assert_eq!(event.get("body"), None);
}
