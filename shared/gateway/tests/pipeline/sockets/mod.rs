//! WebSocket APIs: handshakes, messages and ends, in memory, with what a client gets and what a backend is sent.

mod connections;
mod deployed;
mod events;
mod handshakes;
mod hostile;
mod logs;
mod messages;
mod refusals;

use crate::harness::{API, Answer, Bench, GUARD, Stopped, arrival, merge};
use bytes::Bytes;
use postern_definition::routed::Definition;
use postern_gateway::socket::{Accepted, Connection};
use serde_json::{Value, json};

const INTERNAL: &str = r#"{"message":"Internal server error"}"#;
const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
const NOW: u64 = 1_723_055_832;
const ID: &str = "IU3kkeN4IAMCJwA=";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";

/// An API of these routes. A route's `integration`, its integration's `responses` and whether it `answers` stand in it.
fn definition(routes: &Value, more: &Value) -> Definition {
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

async fn deployed(routes: &Value, more: &Value, stage: &Value) -> Bench {
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

fn allow(resource: &str) -> Value {
    json!({"principalId": "u1", "context": {"n": 1}, "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "execute-api:Invoke",
         "Resource": format!("arn:aws:execute-api:eu-west-1:123456789012:{API}/{resource}")}]}})
}

/// One that was made elsewhere.
fn bench_connection() -> Connection {
    serde_json::from_value(json!({
        "id": ID, "api": API, "stage": "dev", "domain_name": "chat.example", "connected_at": {"secs": NOW, "nanos": 0},
        "source_ip": "198.51.100.7",
    }))
    .unwrap()
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
