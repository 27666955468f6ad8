//! An API, its management, and backends that answer what an input says.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use postern_gateway::{
    Arrival, Backend, Body, Call, CallError, Clock, Gateway, Journal, Settings, Signatures,
};
use postern_management::{Limits, Management};
use postern_store::Embedded;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Of an answer, what is waited for.
const ANSWER_BYTES_MAX: usize = 32 << 20;

struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> Duration {
        Duration::from_secs(1_723_055_832)
    }
}

struct Silent;

impl Journal for Silent {
    fn request(&self, _: &str, _: &str) {}
    fn metrics(&self, _: &str) {}
    fn execution(&self, _: &str) {}
    fn fault(&self, _: &str) {}
}

/// Answers every call with the same.
#[derive(Default)]
struct Same(Mutex<String>);

#[async_trait]
impl Backend for Same {
    async fn call(&self, call: Call) -> Result<Response<Body>, CallError> {
        let _ = call.body.collect(ANSWER_BYTES_MAX).await;
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut response = Response::new(Body::from(answer.clone()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert("content-type", json);
        Ok(response)
    }
}

pub(crate) struct World {
    runtime: Runtime,
    backend: Arc<Same>,
    parts: Parts,
    is_changed: bool,
}

struct Parts {
    gateway: Arc<Gateway>,
    management: Management,
    /// What stands for what in an input: the ids of the things that there are.
    names: Vec<(&'static str, String)>,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime of one thread needs nothing");
        let backend = Arc::new(Same::default());
        let parts = runtime.block_on(Parts::new(backend.clone()));
        Self {
            runtime,
            backend,
            parts,
            is_changed: false,
        }
    }

    /// As it was made.
    pub(crate) fn renew(&mut self) {
        if std::mem::take(&mut self.is_changed) {
            self.parts = self.runtime.block_on(Parts::new(self.backend.clone()));
        }
    }

    /// The status and what was said.
    pub(crate) fn manage(&mut self, verb: &str, target: &str, body: &str) -> String {
        let filled = |text: &str| {
            let names = self.parts.names.iter();
            names.fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
        };
        let request = Request::builder()
            .method(verb)
            .uri(filled(target))
            .body(Bytes::from(filled(body)));
        let Ok(request) = request else {
            return "no request".to_owned();
        };
        let answer = self.runtime.block_on(self.parts.management.answer(request));
        let status = answer.status().as_u16();
        self.is_changed |= status < 300 && verb != "GET";
        assert_ne!(status, 500, "{}", String::from_utf8_lossy(answer.body()));
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        format!(
            "{} {}; ",
            ["ok", "refused"][usize::from(status >= 400)],
            body["message"]
        )
    }

    pub(crate) fn answer(&self, mut arrival: Arrival, backend_answers: &str) -> String {
        *self
            .backend
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = backend_answers.to_owned();
        if let Some(path) = arrival.path.strip_prefix("/$api/") {
            arrival.path = format!("/_api/{}/{path}", self.parts.names[0].1);
        }
        let answer = self.runtime.block_on(self.parts.gateway.answer(arrival));
        let (head, body) = answer.into_parts();
        let body = self.runtime.block_on(body.collect(ANSWER_BYTES_MAX));
        let error = head.headers.get("x-amzn-errortype");
        format!(
            "{:?} {error:?} {} {}",
            head.status,
            head.headers.len(),
            body.is_ok()
        )
    }
}

impl Parts {
    async fn new(backend: Arc<Same>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(StillClock);
        let store = Embedded::memory(clock.clone()).expect("a store in memory needs nothing");
        let (account, region) = ("123456789012".to_owned(), "eu-west-1".to_owned());
        let gateway = Arc::new(Gateway::new(
            postern_gateway::World {
                store: store.clone(),
                backend,
                clock: clock.clone(),
                journal: Arc::new(Silent),
            },
            Settings {
                signatures: Signatures::Believed,
                ..Settings::of(&account, &region)
            },
        ));
        let management = Management::new(postern_management::World {
            definitions: store.definitions,
            usage: store.usage,
            clock,
            account,
            region,
            limits: Limits::default(),
            gateway: gateway.clone(),
        });
        let mut parts = Self {
            gateway,
            management,
            names: Vec::new(),
        };
        parts.fill().await;
        parts
    }

    async fn fill(&mut self) {
        const API: &str = include_str!("../world.json");
        let api = self.make("/restapis?mode=import", API).await;
        let id = text(&api, "id");
        let deployed = self
            .make(
                &format!("/restapis/{id}/deployments"),
                r#"{"stageName": "dev", "variables": {"a": "b"}}"#,
            )
            .await;
        let key = self
            .make("/apikeys", r#"{"name": "k", "enabled": true}"#)
            .await;
        let plan = self.make("/usageplans", r#"{"name": "p"}"#).await;
        let resources = self.get(&format!("/restapis/{id}/resources")).await;
        let resource = |path: &str| {
            let items = resources["item"].as_array().into_iter().flatten();
            let found = items.into_iter().find(|item| item["path"] == path);
            found.map(|item| text(item, "id")).unwrap_or_default()
        };
        let validators = self.get(&format!("/restapis/{id}/requestvalidators")).await;
        let authorizers = self.get(&format!("/restapis/{id}/authorizers")).await;
        let first = |list: &Value| text(&list["item"][0], "id");
        self.names = vec![
            ("$api", id.clone()),
            ("$deployment", text(&deployed, "id")),
            ("$key", text(&key, "id")),
            ("$plan", text(&plan, "id")),
            ("$root", resource("/")),
            ("$pets", resource("/pets")),
            ("$http", resource("/http")),
            ("$validator", first(&validators)),
            ("$authorizer", first(&authorizers)),
        ];
        for (name, id) in &self.names {
            assert!(!id.is_empty(), "the world has no {name}");
        }
    }

    async fn make(&self, target: &str, body: &str) -> Value {
        self.call("POST", target, body).await
    }

    async fn get(&self, target: &str) -> Value {
        self.call("GET", target, "").await
    }

    async fn call(&self, verb: &str, target: &str, body: &str) -> Value {
        let request = Request::builder().method(verb).uri(target);
        let request = request.body(Bytes::from(body.to_owned()));
        let request = request.expect("the world's own requests are right");
        let answer = self.management.answer(request).await;
        let text = String::from_utf8_lossy(answer.body());
        assert!(answer.status().is_success(), "{verb} {target}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}
