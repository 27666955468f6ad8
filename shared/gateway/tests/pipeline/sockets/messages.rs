//! Messages: which route they go to, and what a route answers.

use super::{FUNCTION, ID, bench_connection, definition, deployed, function, says, shown};
use crate::harness::merge;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[tokio::test]
async fn a_message_goes_where_its_selection_says() {
    let says_key = || {
        let mut function = function();
        merge(
            &mut function,
            &json!({"integrationType": "MOCK", "requestTemplates": {"$default": "{\"statusCode\":200}"}}),
        );
        json!({"integration": function, "answers": true,
            "responses": {"$default": {"responseTemplates": {"$default": "$context.routeKey"}}}})
    };
    let mut routes = BTreeMap::new();
    for key in [
        "$default",
        "$connect",
        "$disconnect",
        "send",
        "chat/join",
        "true",
        "a b",
        "/x",
        "[a, 1]",
    ] {
        routes.insert(key, says_key());
    }
    let bench = deployed(&json!(routes), &json!({}), &json!({})).await;
    let connection = bench.connection().await;
    for (text, key) in [
        (r#"{"action":"send"}"#, "send"),
        (r#"{"action":"Send"}"#, "$default"),
        (r#"{"action":"a b"}"#, "a b"),
        (r#"{"action":"/x"}"#, "/x"),
        (r#"{"action":true}"#, "true"),
        (r#"{"action":["a",1]}"#, "[a, 1]"),
        (r#"{"action":"$connect"}"#, "$default"),
        (r#"{"action":"$disconnect"}"#, "$default"),
        (r#"{"action":"$default"}"#, "$default"),
        (r#"{"action":null}"#, "$default"),
        (r#"{"other":1}"#, "$default"),
        (r#"{"action":"#, "$default"),
        ("action", "$default"),
        ("[1]", "$default"),
        ("\"send\"", "$default"),
        ("", "$default"),
    ] {
        assert_eq!(
            bench.message(&connection, text).await.as_deref(),
            Some(key),
            "{text}"
        );
    }
    let more =
        json!({"api": serde_json::to_value(&definition(&json!({}), &json!({})).api).unwrap()});
    let mut api = more["api"].clone();
    merge(
        &mut api,
        &json!({"routeSelectionExpression": "${request.body.service}/${request.body.action}"}),
    );
    let bench = deployed(
        &json!({"chat/join": says_key()}),
        &json!({"api": api}),
        &json!({}),
    )
    .await;
    let connection = bench.connection().await;
    let joined = bench
        .message(&connection, r#"{"service":"chat","action":"join"}"#)
        .await;
    assert_eq!(joined.as_deref(), Some("chat/join"));
    for text in [
        r#"{"service":"chat"}"#,
        "",
        r#"{"service":"chat","action":"leave"}"#,
    ] {
        let frame = bench.message(&connection, text).await.unwrap();
        let expected =
            format!(r#"{{"message": "Forbidden", "connectionId":"{ID}", "requestId":"R"}}"#);
        assert_eq!(shown(&frame), expected, "{text}");
    }
}

#[tokio::test]
async fn a_two_way_route_answers_whatever_its_integration_is() {
    let http = |kind: &str| {
        json!({"integrationType": kind, "integrationMethod": "POST", "integrationUri": "https://b.example/x",
        "requestParameters": {"integration.request.header.c": "context.connectionId", "integration.request.querystring.r": "route.request.body.room"}})
    };
    let table = json!({"integrationType": "AWS", "integrationMethod": "POST", "integrationUri": "arn:aws:apigateway:eu-west-1:dynamodb:action/PutItem",
        "credentialsArn": "arn:aws:iam::123456789012:role/r", "templateSelectionExpression": "\\$default",
        "requestTemplates": {"$default": "{\"Item\":{\"id\":{\"S\":\"$context.connectionId\"},\"t\":{\"S\":\"$input.path('$.text')\"}}}"}});
    let invoked = json!({"integrationType": "AWS", "integrationMethod": "POST",
        "integrationUri": format!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations")});
    let mock = json!({"integrationType": "MOCK", "templateSelectionExpression": "${request.body.kind}",
        "requestTemplates": {"a": "{\"statusCode\":201}", "$default": "{\"statusCode\":404}"}});
    // What a request template puts aside, the response template finds: a mock's own body is empty.
    let echo = json!({"integrationType": "MOCK", "requestTemplates":
        {"$default": "#set($context.requestOverride.path.body = $input.body){\"statusCode\":200}"}});
    let said = json!({"$default": {"responseTemplates": {"$default": "$context.requestOverride.path.body"}}});
    let chosen = json!({
        "/2\\d\\d/": {"templateSelectionExpression": "${request.body.kind}-${integration.response.statuscode}",
            "responseTemplates": {"a-201": "made $input.path('$.n')", "$default": "other"}},
        "$default": {"responseTemplates": {"$default": "failed"}},
    });
    let by_error = json!({"/.*boom.*/": {"responseTemplates": {"$default": "caught $input.path('$.errorMessage')"}}, "$default": {}});
    let routes = json!({
        "proxy": {"integration": function(), "answers": true},
        "one-way": {"integration": function()},
        "http-proxy": {"integration": http("HTTP_PROXY"), "answers": true},
        "http": {"integration": http("HTTP"), "answers": true, "responses": chosen},
        "http-bare": {"integration": http("HTTP"), "answers": true},
        "http-text": {"integration": http("HTTP"), "answers": true, "responses": {"$default": {"contentHandlingStrategy": "CONVERT_TO_TEXT"}}},
        "table": {"integration": table, "answers": true, "responses": {"$default": {}}},
        "invoked": {"integration": invoked, "answers": true, "responses": by_error},
        "mock": {"integration": mock, "answers": true, "responses": chosen},
        "echo": {"integration": echo, "answers": true, "responses": said},
        "mute": {"integration": echo, "answers": true, "responses": {"$default": {}}},
    });
    let bench = deployed(&routes, &json!({}), &json!({})).await;
    let connection = bench_connection();
    let ok = |body: Value| json!({"status": 200, "body": body});
    for (message, answer, expected, sent) in [
        (
            json!({"action": "proxy"}),
            says(&json!({"statusCode": 200, "body": "hi"})),
            Some("hi"),
            json!({"url": format!("lambda.eu-west-1 /2015-03-31/functions/{FUNCTION}/invocations")}),
        ),
        (
            json!({"action": "proxy"}),
            says(&json!({"statusCode": 500, "body": "as it is"})),
            Some("as it is"),
            json!(null),
        ),
        (
            json!({"action": "proxy"}),
            says(&json!({"statusCode": 200})),
            None,
            json!(null),
        ),
        (
            json!({"action": "one-way"}),
            says(&json!({"statusCode": 200, "body": "hi"})),
            None,
            json!(null),
        ),
        (
            json!({"action": "http-proxy", "room": "r 1"}),
            ok(json!("back")),
            Some("back"),
            json!({"url": "https://b.example/x?r=r%201", "method": "POST", "body": r#"{"action":"http-proxy","room":"r 1"}"#, "headers": {"c": [ID]}}),
        ),
        (
            json!({"action": "http", "kind": "a"}),
            json!({"status": 201, "body": {"n": 7}}),
            Some("made 7"),
            json!({"method": "POST"}),
        ),
        (
            json!({"action": "http", "kind": "b"}),
            json!({"status": 201, "body": {"n": 7}}),
            Some("other"),
            json!(null),
        ),
        (
            json!({"action": "http"}),
            json!({"status": 500, "body": "x"}),
            Some("failed"),
            json!(null),
        ),
        (
            json!({"action": "http-bare"}),
            ok(json!("x")),
            None,
            json!(null),
        ),
        (
            json!({"action": "http-text"}),
            json!({"status": 200, "base64": "//8="}),
            Some("//8="),
            json!(null),
        ),
        (
            json!({"action": "table", "text": "t"}),
            ok(json!({})),
            Some("{}"),
            json!({"url": "dynamodb.eu-west-1 /?Action=PutItem as arn:aws:iam::123456789012:role/r", "json": {"Item": {"id": {"S": ID}, "t": {"S": "t"}}}}),
        ),
        (
            json!({"action": "invoked"}),
            ok(json!({"a": 1})),
            Some(r#"{"a":1}"#),
            json!({"body": r#"{"action":"invoked"}"#}),
        ),
        (
            json!({"action": "invoked"}),
            json!({"status": 200, "headers": {"x-amz-function-error": "Unhandled"}, "body": {"errorMessage": "boom!"}}),
            Some("caught boom!"),
            json!(null),
        ),
        (
            json!({"action": "mock", "kind": "a"}),
            json!(null),
            Some("made "),
            json!(null),
        ),
        (
            json!({"action": "mock", "kind": "b"}),
            json!(null),
            Some("failed"),
            json!(null),
        ),
        (
            json!({"action": "echo", "text": "\"hé\" $x"}),
            json!(null),
            Some(r#"{"action":"echo","text":"\"hé\" $x"}"#),
            json!(null),
        ),
        (json!({"action": "mute"}), json!(null), None, json!(null)),
    ] {
        bench.play(answer);
        let got = bench.message(&connection, &message.to_string()).await;
        assert_eq!(got.as_deref(), expected, "{message}");
        let found = bench.sent();
        for (name, expected) in sent.as_object().into_iter().flatten() {
            match expected.as_object().filter(|_| name == "headers") {
                Some(headers) => {
                    for (header, value) in headers {
                        assert_eq!(&found["headers"][header], value, "{message} {header}");
                    }
                }
                None => assert_eq!(&found[name], expected, "{message} {name}"),
            }
        }
    }
}
