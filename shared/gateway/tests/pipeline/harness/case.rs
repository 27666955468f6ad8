//! A file of cases: one API, and the requests that its backends and clients must see answered as the file says.

use super::bench::{Bench, arrival};
use super::definitions::{authorizers, definition, models, validators};
use super::{Stopped, merge, routed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_gateway::Body;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What the case shows, for whoever reads it.
    #[serde(rename = "about")]
    _about: String,
    /// Members of the API that differ from the usual.
    #[serde(default)]
    api: Value,
    /// `VERB /path` to the method, as the management APIs show it.
    #[serde(default)]
    methods: BTreeMap<String, Value>,
    /// Of an HTTP API instead: by route key the route with its `integration`, as the management APIs show them.
    #[serde(default)]
    routes: BTreeMap<String, Value>,
    /// Members of the stage `dev` that differ from the usual.
    #[serde(default)]
    stage: Value,
    /// By type.
    #[serde(default)]
    gateway_responses: BTreeMap<String, Value>,
    /// By name: the schema.
    #[serde(default)]
    models: BTreeMap<String, Value>,
    /// By id.
    #[serde(default)]
    validators: BTreeMap<String, Value>,
    /// By id. Those that are functions are called `guard`.
    #[serde(default)]
    authorizers: BTreeMap<String, Value>,
    requests: Vec<Exchange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    /// `VERB /target`, sent to the API's own host.
    request: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    /// The body where it is no text.
    base64: Option<String>,
    /// What the backend answers, or the name of the way in which it fails.
    #[serde(default)]
    backend: Value,
    /// What the backend must have been sent; members that are not named are not compared.
    #[serde(default)]
    sent: Value,
    /// What the authorizer's function answers: an object that is its verdict, or what a backend answers in `reply`.
    #[serde(default)]
    guard: Value,
    /// What the authorizer's function must have been asked, where it must have been; `false` where it must not.
    #[serde(default)]
    asked: Value,
    status: u16,
    /// Headers that the answer must have, or must not where the value is null.
    #[serde(default)]
    answered: BTreeMap<String, Option<String>>,
    /// The answer's body, where it matters.
    answer: Option<String>,
    /// The answer's body, where it is no text.
    answer_base64: Option<String>,
    /// The line of the access log.
    logged: Option<String>,
}

impl Case {
    /// Gives the number of requests, and of those that were not answered as the file says.
    pub(crate) async fn run(self, name: &str) -> (usize, usize) {
        let bench = Bench::new(Stopped::at(1_723_055_832));
        if !self.routes.is_empty() {
            let mut definition = routed::definition(&self.api, &self.routes);
            definition.authorizers = routed::authorizers(&self.authorizers);
            definition.models = routed::models(&self.models);
            bench.deploy_routed(&definition, &self.stage).await;
            return Self::send_all(self.requests, name, bench).await;
        }
        let mut definition = definition(&self.api, &self.methods);
        for (kind, response) in &self.gateway_responses {
            let mut whole = json!({"responseType": kind});
            merge(&mut whole, response);
            definition
                .gateway_responses
                .push(serde_json::from_value(whole).unwrap());
        }
        definition.models = models(&self.models);
        definition.request_validators = validators(&self.validators);
        definition.authorizers = authorizers(&self.authorizers);
        bench.deploy("d1", &definition).await;
        bench.stage(&self.stage).await;
        Self::send_all(self.requests, name, bench).await
    }

    async fn send_all(requests: Vec<Exchange>, name: &str, bench: Bench) -> (usize, usize) {
        // All are sent, so that one run shows all that is wrong with a file.
        let mut failed = 0;
        let bench = Arc::new(bench);
        let sent = requests.len();
        for exchange in requests {
            let (name, bench) = (name.to_owned(), bench.clone());
            let outcome = tokio::spawn(async move { exchange.run(&name, &bench).await });
            failed += usize::from(outcome.await.is_err());
        }
        (sent, failed)
    }
}

impl Exchange {
    async fn run(&self, case: &str, bench: &Bench) {
        let about = format!("{case}: {}", self.request);
        *bench.backend.answer.lock().unwrap() = self.backend.clone();
        *bench.backend.sent.lock().unwrap() = None;
        *bench.backend.guard.lock().unwrap() = self.guard.clone();
        *bench.backend.asked.lock().unwrap() = None;
        bench.journal.access.lock().unwrap().clear();
        let headers = self.headers.iter();
        let headers: Vec<(&str, &str)> = headers.map(|(name, value)| (&**name, &**value)).collect();
        let mut arrival = arrival(&self.request, &headers, &self.body);
        if let Some(base64) = &self.base64 {
            arrival.body = Body::from(STANDARD.decode(base64).unwrap());
        }
        let response = bench.gateway.answer(arrival).await;
        let (head, body) = response.into_parts();
        let body = body.collect(usize::MAX).await.unwrap();
        if let Some(expected) = &self.answer_base64 {
            assert_eq!(STANDARD.encode(&body), *expected, "{about}");
        }
        let body = String::from_utf8_lossy(&body);
        assert_eq!(head.status.as_u16(), self.status, "{about}: {body}");
        if let Some(expected) = &self.answer {
            assert_eq!(body, *expected, "{about}");
        }
        for (name, expected) in &self.answered {
            let values: Vec<_> = head
                .headers
                .get_all(name)
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect();
            let value = (!values.is_empty()).then(|| values.join(" | "));
            assert_eq!(value.as_ref(), expected.as_ref(), "{about}: {name}");
        }
        let of_every_answer: &[_] = if head.headers.contains_key("apigw-requestid") {
            &["apigw-requestid"]
        } else {
            &["x-amzn-requestid", "x-amz-apigw-id", "content-type"]
        };
        for name in of_every_answer {
            assert!(head.headers.contains_key(*name), "{about}: {name}");
        }
        if let Some(expected) = &self.logged {
            let logged = bench.journal.access.lock().unwrap().concat();
            assert_eq!(logged.trim_end(), expected, "{about}: the access log");
        }
        let sent = bench.backend.sent.lock().unwrap().clone();
        assert_eq!(
            sent.is_some(),
            !self.backend.is_null(),
            "{about}: whether the backend is called"
        );
        let asked = bench.backend.asked.lock().unwrap().clone();
        match &self.asked {
            Value::Null => {}
            Value::Bool(false) => assert_eq!(asked, None, "{about}: nobody is asked"),
            expected => compare(
                expected,
                &asked.unwrap_or_default(),
                &format!("{about}: asked"),
            ),
        }
        if !self.sent.is_null() {
            compare(&self.sent, &sent.unwrap_or_default(), &about);
        }
    }
}

/// Members that are expected must be there; null means that they must not.
fn compare(expected: &Value, actual: &Value, about: &str) {
    match expected.as_object() {
        Some(members) => {
            for (name, expected) in members {
                compare(expected, &actual[name], &format!("{about} > {name}"));
            }
        }
        None => assert_eq!(actual, expected, "{about}"),
    }
}
