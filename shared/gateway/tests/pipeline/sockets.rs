//! WebSocket APIs: handshakes, messages and ends, in memory, with what a client gets and what a backend is sent.

use crate::harness::{API, Answer, Bench, GUARD, Stopped, arrival, merge};
use crate::iam::{ANN, ANN_ARN, ann, credential, principal, put, put_principal};
use bytes::Bytes;
use postern_definition::routed::Definition;
use postern_gateway::Arrival;
use postern_gateway::socket::{Accepted, Connection};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOW: u64 = 1_723_055_832;
const ID: &str = "IU3kkeN4IAMCJwA=";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";

/// An API of these routes. A route's `integration`, its integration's `responses` and whether it `answers` stand in it.
pub(crate) fn definition(routes: &Value, more: &Value) -> Definition {
    let mut whole = json!({
        "api": {
            "apiId": API, "name": "chat", "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action",
            "apiKeySelectionExpression": "$request.header.x-api-key", "createdDate": "2024-08-07T18:37:12Z",
            "disableExecuteApiEndpoint": false, "ipAddressType": "ipv4",
        },
        "authorizers": [{"authorizerId": "a1", "name": "guard", "authorizerType": "REQUEST", "authorizerUri": GUARD,
            "identitySource": ["route.request.querystring.token"]}],
    });
    let (mut all, mut integrations) = (Vec::new(), Vec::new());
    let (mut route_responses, mut responses) = (json!({}), json!({}));
    for (number, (key, members)) in routes.as_object().unwrap().iter().enumerate() {
        let (route, id) = (format!("r{number}"), format!("i{number}"));
        let mut integration =
            json!({"integrationId": id, "connectionType": "INTERNET", "timeoutInMillis": 29000});
        merge(&mut integration, &members["integration"]);
        integrations.push(integration);
        let mut whole = json!({"routeId": route, "routeKey": key, "target": format!("integrations/{id}"),
            "apiKeyRequired": false, "authorizationType": "NONE"});
        merge(&mut whole, members);
        if members["answers"] == json!(true) {
            merge(
                &mut whole,
                &json!({"routeResponseSelectionExpression": "$default"}),
            );
            route_responses[&route] =
                json!([{"routeResponseId": "x", "routeResponseKey": "$default"}]);
        }
        let keyed = members["responses"].as_object().into_iter().flatten();
        let keyed: Vec<_> = keyed
            .map(|(key, members)| {
                let mut whole =
                    json!({"integrationResponseId": key, "integrationResponseKey": key});
                merge(&mut whole, members);
                whole
            })
            .collect();
        responses[&id] = json!(keyed);
        all.push(whole);
    }
    merge(
        &mut whole,
        &json!({"routes": all, "integrations": integrations, "routeResponses": route_responses,
            "integrationResponses": responses}),
    );
    merge(&mut whole, more);
    serde_json::from_value(whole).unwrap()
}

pub(crate) async fn deployed(routes: &Value, more: &Value, stage: &Value) -> Bench {
    let bench = Bench::new(Stopped::at(NOW));
    bench.deploy_routed(&definition(routes, more), stage).await;
    bench
}

fn function() -> Value {
    json!({"integrationType": "AWS_PROXY", "integrationMethod": "POST", "integrationUri": FUNCTION})
}

/// A function's answer, as Lambda hands it over.
fn says(answer: &Value) -> Value {
    json!({"status": 200, "body": answer})
}

impl Bench {
    fn play(&self, answer: Value) {
        *self.backend.answer.lock().unwrap() = answer;
        *self.backend.sent.lock().unwrap() = None;
    }

    fn sent(&self) -> Value {
        self.backend.sent.lock().unwrap().take().unwrap_or_default()
    }

    /// A status, or 101 of a handshake that succeeds, and the body or the protocol.
    async fn connect(
        &self,
        target: &str,
        headers: &[(&str, &str)],
    ) -> (u16, String, Option<Connection>) {
        match self.gateway.connect(arrival(target, headers, ""), ID).await {
            Ok(Accepted {
                connection,
                headers,
            }) => {
                let protocol = headers.get("sec-websocket-protocol");
                let protocol = protocol.map(|value| value.to_str().unwrap().to_owned());
                (101, protocol.unwrap_or_default(), Some(connection))
            }
            Err(answer) => {
                let answer = Answer::of(answer).await;
                (answer.status, answer.body, None)
            }
        }
    }

    async fn connection(&self) -> Connection {
        self.connect("GET /dev", &[]).await.2.unwrap()
    }

    async fn message(&self, connection: &Connection, text: &str) -> Option<String> {
        let text = Bytes::copy_from_slice(text.as_bytes());
        let answer = self.gateway.message(connection, text).await;
        answer.map(|answer| String::from_utf8(answer.to_vec()).unwrap())
    }
}

/// With the ids of a request taken out, which are chance.
fn shown(frame: &str) -> String {
    let Some((before, id)) = frame.split_once("requestId\":\"") else {
        return frame.to_owned();
    };
    assert!(id.len() == 18 && id.ends_with("=\"}"), "{frame}");
    format!("{before}requestId\":\"R\"}}")
}

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

fn allow(resource: &str) -> Value {
    json!({"principalId": "u1", "context": {"n": 1}, "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "execute-api:Invoke",
         "Resource": format!("arn:aws:execute-api:eu-west-1:123456789012:{API}/{resource}")}]}})
}

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
        (failed, 502, r#"{"message":"Internal server error"}"#),
        (
            says(&json!({"body": "x"})),
            502,
            r#"{"message":"Internal server error"}"#,
        ),
        (
            says(&json!(null)),
            502,
            r#"{"message":"Internal server error"}"#,
        ),
        (
            json!({"status": 403, "body": "no permission"}),
            502,
            r#"{"message":"Internal server error"}"#,
        ),
        (json!("slow"), 502, r#"{"message":"Internal server error"}"#),
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
        (
            "GET /dev?room=1",
            json!(null),
            401,
            r#"{"message":"Unauthorized"}"#,
        ),
        (
            "GET /dev?token=t&room=1",
            failing("Unauthorized"),
            401,
            r#"{"message":"Unauthorized"}"#,
        ),
        (
            "GET /dev?token=t&room=1",
            allow("dev/other"),
            403,
            r#"{"message":"Forbidden"}"#,
        ),
        (
            "GET /dev?token=t&room=1",
            failing("oh"),
            500,
            r#"{"message":"Internal server error"}"#,
        ),
        (
            "GET /dev?token=t&room=1",
            json!({"principalId": 1}),
            500,
            r#"{"message":"Internal server error"}"#,
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
    assert_eq!((status, body.as_str()), (403, r#"{"message":"Forbidden"}"#));
    let connection = bench_connection();
    bench.play(says(&json!({"statusCode": 200})));
    assert_eq!(
        bench.message(&connection, r#"{"action":"send"}"#).await,
        None
    );
    assert!(!bench.sent().is_null());
}

/// One that was made elsewhere.
fn bench_connection() -> Connection {
    serde_json::from_value(json!({
        "id": ID, "api": API, "stage": "dev", "domain_name": "chat.example", "connected_at": {"secs": NOW, "nanos": 0},
        "source_ip": "198.51.100.7",
    }))
    .unwrap()
}

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

#[tokio::test]
async fn what_goes_wrong_is_told_in_the_services_frames() {
    let schema = r#"{"type":"object","required":["text"],"properties":{"text":{"type":"string"}}}"#;
    let models = json!({"models": [{"modelId": "m1", "name": "Text", "schema": schema}]});
    let checked = |models: Value| json!({"integration": function(), "modelSelectionExpression": "$request.body.kind", "requestModels": models});
    let never = json!({"integrationType": "HTTP", "integrationMethod": "POST", "integrationUri": "https://b.example", "passthroughBehavior": "NEVER"});
    let limited = json!({"routeSettings": {"limited": {"detailedMetricsEnabled": false, "throttlingRateLimit": 0.0, "throttlingBurstLimit": 0}}});
    let routes = json!({
        "proxy": {"integration": function()},
        "checked": checked(json!({"$default": "Text"})),
        "unmatched": checked(json!({"other": "Text"})),
        "never": {"integration": never},
        "limited": {"integration": function()},
    });
    let bench = deployed(&routes, &models, &limited).await;
    let connection = bench_connection();
    let internal = format!(
        r#"{{"message": "Internal server error", "connectionId":"{ID}", "requestId":"R"}}"#
    );
    let forbidden = internal.replace("Internal server error", "Forbidden");
    let throttled = internal.replace("Internal server error", "Too Many Requests");
    let bad = internal.replace("Internal server error", "Bad Request");
    let failed = json!({"status": 200, "headers": {"x-amz-function-error": "Unhandled"}, "body": {"errorMessage": "x"}});
    for (message, answer, expected) in [
        (
            json!({"action": "proxy"}),
            says(&json!({"statusCode": 200})),
            None,
        ),
        (json!({"action": "proxy"}), failed, Some(&internal)),
        (
            json!({"action": "proxy"}),
            says(&json!({"no": "status"})),
            Some(&internal),
        ),
        (
            json!({"action": "proxy"}),
            json!({"status": 403}),
            Some(&internal),
        ),
        (json!({"action": "proxy"}), json!("slow"), Some(&internal)),
        (json!({"action": "nothing"}), json!(null), Some(&forbidden)),
        (json!({"action": "limited"}), json!(null), Some(&throttled)),
        (json!({"action": "never"}), json!(null), Some(&bad)),
        (
            json!({"action": "checked", "text": "t"}),
            says(&json!({"statusCode": 200})),
            None,
        ),
    ] {
        bench.play(answer.clone());
        let frame = bench.message(&connection, &message.to_string()).await;
        assert_eq!(
            frame.as_deref().map(shown).as_ref(),
            expected,
            "{message} {answer}"
        );
    }
    for message in [
        json!({"action": "checked"}),
        json!({"action": "checked", "text": 1}),
        json!({"action": "unmatched", "kind": "x"}),
    ] {
        bench.play(json!(null));
        let frame = bench
            .message(&connection, &message.to_string())
            .await
            .unwrap();
        let start =
            format!(r#"{{"message" : "Bad request body", "connectionId": "{ID}", "messageId": ""#);
        assert!(
            frame.starts_with(&start) && frame.ends_with("IAMCJwA=\"}"),
            "{frame}"
        );
        assert!(bench.sent().is_null(), "{message}");
    }
}

#[tokio::test]
async fn what_happens_is_logged_and_counted_under_the_services_names() {
    let names = [
        "eventType",
        "routeKey",
        "connectionId",
        "status",
        "authorizer.principalId",
        "disconnectStatusCode",
        "error.validationErrorString",
        "messageDirection",
    ];
    let format: Vec<_> = names
        .iter()
        .map(|name| format!("$context.{name}"))
        .collect();
    let stage = json!({"accessLogSettings": {"format": format.join(" ")}, "defaultRouteSettings": {"detailedMetricsEnabled": true, "loggingLevel": "INFO"}});
    let routes = json!({
        "$connect": {"integration": function()}, "$disconnect": {"integration": function()},
        "send": {"integration": function(), "answers": true},
    });
    let bench = deployed(&routes, &json!({}), &stage).await;
    let taken = || {
        let access = bench
            .journal
            .access
            .lock()
            .unwrap()
            .drain(..)
            .collect::<Vec<_>>();
        let metrics = bench
            .journal
            .metrics
            .lock()
            .unwrap()
            .drain(..)
            .collect::<Vec<_>>();
        assert_eq!((access.len(), metrics.len()), (1, 1), "{access:?}");
        let counts = [
            "ConnectCount",
            "MessageCount",
            "IntegrationError",
            "ClientError",
            "ExecutionError",
        ];
        let counts: Vec<_> = counts
            .iter()
            .map(|name| metrics[0][*name].to_string())
            .collect();
        format!(
            "{} | {} {}",
            access[0],
            metrics[0]["Route"].as_str().unwrap_or_default(),
            counts.concat()
        )
    };
    bench.play(says(&json!({"statusCode": 200, "body": "hi"})));
    let connection = bench.connection().await;
    assert_eq!(
        taken(),
        format!("CONNECT $connect {ID} 200 - - - IN | $connect 10000")
    );
    bench.message(&connection, r#"{"action":"send"}"#).await;
    assert_eq!(
        taken(),
        format!("MESSAGE send {ID} 200 - - - IN | send 02000")
    );
    bench.play(says(&json!({"statusCode": 503})));
    bench.message(&connection, r#"{"action":"send"}"#).await;
    assert_eq!(
        taken(),
        format!("MESSAGE send {ID} 503 - - - IN | send 01100")
    );
    bench.play(json!("refused"));
    bench.message(&connection, r#"{"action":"send"}"#).await;
    assert_eq!(
        taken(),
        format!("MESSAGE send {ID} 502 - - - IN | send 02001")
    );
    bench.message(&connection, "nothing").await;
    assert_eq!(taken(), format!("MESSAGE - {ID} 403 - - - IN |  02010"));
    bench.gateway.disconnected(&connection, 1000, "bye").await;
    assert_eq!(
        taken(),
        format!("DISCONNECT $disconnect {ID} 502 - 1000 - IN | $disconnect 00001")
    );
    assert!(bench.journal.executions.lock().unwrap().len() >= 5);
    // What @connections sends is a message like any other, and in no access log.
    bench.gateway.sent(&connection);
    let record = bench.journal.metrics.lock().unwrap().pop().unwrap();
    let dimensions = &record["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
    assert_eq!(*dimensions, json!([["ApiId"], ["ApiId", "Stage"]]));
    for (name, value) in [
        ("ApiId", json!(API)),
        ("Stage", json!("dev")),
        ("ConnectCount", json!(0)),
        ("MessageCount", json!(1)),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert!(bench.journal.access.lock().unwrap().is_empty());
}

#[tokio::test]
async fn logs_tell_what_was_found_of_a_caller() {
    let names = [
        "authenticate.status",
        "authenticate.latency",
        "authorizer.status",
        "authorizer.integrationStatus",
        "authorizer.requestId",
        "authorizer.integrationLatency",
        "authorize.status",
        "authorize.latency",
        "status",
        "authenticate.error",
        "authorizer.error",
        "authorize.error",
    ];
    let format: Vec<_> = names
        .iter()
        .map(|name| format!("$context.{name}"))
        .collect();
    let stage = json!({"accessLogSettings": {"format": format.join(" ")}});
    let guarded = json!({"$connect": {"integration": function(), "authorizationType": "CUSTOM", "authorizerId": "a1"}});
    let signed = json!({"$connect": {"integration": function(), "authorizationType": "AWS_IAM"}});
    let guarded = deployed(&guarded, &json!({}), &stage).await;
    let may = |effect: &str| json!({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": "execute-api:Invoke", "Resource": "*"}});
    let logged = async |bench: &Bench, arrival: Arrival| {
        bench.play(says(&json!({"statusCode": 200})));
        let _ = bench.gateway.connect(arrival, ID).await;
        bench.journal.access.lock().unwrap().pop().unwrap()
    };
    let reply =
        |body: Value| json!({"reply": {"headers": {"x-amzn-requestid": "r-1"}, "body": body}});
    let failing = |message: &str| {
        json!({"reply": {"headers": {"x-amzn-requestid": "r-1", "x-amz-function-error": "Unhandled"},
        "body": {"errorMessage": message}}})
    };
    for (guard, expected) in [
        (
            reply(allow("dev/$connect")),
            "- - 200 200 r-1 0 - - 200 - - -",
        ),
        (
            reply(allow("dev/other")),
            "- - 403 200 r-1 0 - - 403 - The client is not authorized to perform this operation. -",
        ),
        (
            failing("Unauthorized"),
            "- - 401 200 r-1 0 - - 401 - the authorizer says that the caller is not one -",
        ),
        (
            failing("oh"),
            "- - 500 200 r-1 0 - - 500 - the authorizer's function failed: oh -",
        ),
        (
            json!({"reply": {"status": 429}}),
            "- - 500 429 - 0 - - 500 - the authorizer cannot decide: Lambda answers 429 -",
        ),
    ] {
        *guarded.backend.guard.lock().unwrap() = guard.clone();
        let line = logged(&guarded, arrival("GET /dev?token=t", &[], "")).await;
        assert_eq!(line, expected, "{guard}");
    }
    let bench = deployed(&signed, &json!({}), &stage).await;
    let line = logged(&bench, arrival("GET /dev", &[], "")).await;
    assert!(
        line.starts_with("403 0 - - - - - - 403 the signature proves nothing: "),
        "{line}"
    );
    for (effect, expected) in [
        ("Allow", "200 0 - - - - 200 0 200 - - -"),
        (
            "Deny",
            "200 0 - - - - 403 0 403 - - The client is not authorized to perform this operation.",
        ),
    ] {
        let bench = deployed(&signed, &json!({}), &stage).await;
        put(&bench.store, &credential(ANN, ANN_ARN)).await;
        put_principal(&bench.store, &principal(ANN_ARN, &[may(effect)])).await;
        let line = logged(&bench, ann().header("GET /dev", &[], "")).await;
        assert_eq!(line, expected, "{effect}");
    }
}

#[tokio::test]
async fn a_stage_answers_by_what_is_deployed_now() {
    let answering = |text: &str| {
        let template = json!({"$default": "{\"statusCode\":200}"});
        json!({"$default": {"integration": {"integrationType": "MOCK", "requestTemplates": template}, "answers": true,
            "responses": {"$default": {"responseTemplates": {"$default": text}}}}})
    };
    let bench = deployed(&answering("old"), &json!({}), &json!({})).await;
    let connection = bench.connection().await;
    assert_eq!(
        bench.message(&connection, "x").await.as_deref(),
        Some("old")
    );
    let new = definition(&answering("new"), &json!({}));
    let snapshot = postern_plan::routed::freeze(&new).unwrap();
    snapshot
        .save(&*bench.store.definitions, &API.into(), &"d2".into())
        .await
        .unwrap();
    bench.put_routed_stage(&json!({"deploymentId": "d2"})).await;
    assert_eq!(
        bench.message(&connection, "x").await.as_deref(),
        Some("new")
    );
    bench.unstage().await;
    let frame = bench.message(&connection, "x").await.unwrap();
    assert!(frame.starts_with(r#"{"message": "Forbidden""#), "{frame}");
    bench.gateway.disconnected(&connection, 1006, "").await;
}

#[test]
fn routes_that_could_not_be_called_are_told_when_they_are_deployed() {
    let with = |integration: Value, responses: Value| json!({"send": {"integration": integration, "responses": responses}});
    let mock = |template: &str| json!({"integrationType": "MOCK", "requestTemplates": {"$default": template}});
    for (routes, expected) in [
        (
            json!({}),
            "At least one route is required before deploying the Api.",
        ),
        (
            with(mock("#if("), json!({})),
            "Route send: Invalid requestTemplates $default: ",
        ),
        (
            with(mock("x"), json!({"2..": {}})),
            "Route send: Invalid integrationResponseKey 2..: it is neither $default nor a pattern between slashes",
        ),
        (
            with(mock("x"), json!({"/(/": {}})),
            "Route send: Invalid integrationResponseKey /(/: ",
        ),
        (
            with(
                mock("x"),
                json!({"$default": {"responseTemplates": {"a": "#end"}}}),
            ),
            "Route send: Invalid responseTemplates a of the integration response $default: ",
        ),
        (
            with(
                mock("x"),
                json!({"$default": {"responseParameters": {"method.response.header.a": "'b'"}}}),
            ),
            "Route send: Invalid responseParameters method.response.header.a of the integration response $default: it names no header",
        ),
        (
            with(
                json!({"integrationType": "AWS_PROXY", "integrationUri": "https://a.example"}),
                json!({}),
            ),
            "Route send: Invalid integrationUri: ",
        ),
        (
            with(json!({"integrationType": "HTTP_PROXY"}), json!({})),
            "Route send: Invalid uri: it is not set",
        ),
        (
            with(
                json!({"integrationType": "AWS", "integrationUri": "arn:aws:s3:::b"}),
                json!({}),
            ),
            "Route send: Invalid uri: ",
        ),
        (
            json!({"send": {"integration": mock("x"), "target": null}}),
            "Following routes are not valid: they have no integration: send",
        ),
    ] {
        let defects = postern_plan::routed::freeze(&definition(&routes, &json!({}))).err();
        let defects: Vec<_> = defects
            .into_iter()
            .flatten()
            .map(|defect| defect.to_string())
            .collect();
        assert!(
            defects.len() == 1 && defects[0].starts_with(expected),
            "{routes}: {defects:?}"
        );
    }
}

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
