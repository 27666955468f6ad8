//! API keys, usage plans, throttles and quotas, through the whole pipeline.

mod keys;
mod quotas;
mod store;
mod throttles;
mod told;

use crate::harness::{
    API, Answer, Bench, Stopped, Watched, definition, merge, method_setting, mock,
};
use postern_gateway::Metering;
use postern_plan::account::{Caller, caller_key, usage_plan_key};
use postern_store::{Condition, Embedded, Key, Store, Table, Write, encode};
use serde_json::{Value, json};
use std::sync::Arc;

/// 2026-03-10T05:16:23Z.
const NOW: u64 = 1_773_119_783;
const VALUE: &str = "abcdefghijklmnopqrstuvwxyz-0123456F0yrv6";
const FORBIDDEN: (u16, &str, &str) = (403, "ForbiddenException", r#"{"message":"Forbidden"}"#);
const THROTTLED: (u16, &str, &str) = (
    429,
    "TooManyRequestsException",
    r#"{"message":"Too Many Requests"}"#,
);

const EXCEEDED: (u16, &str, &str) = (
    429,
    "LimitExceededException",
    r#"{"message":"Limit Exceeded"}"#,
);

/// A method that answers by itself, with these members.
fn open(members: &Value) -> Value {
    let mut method = mock("");
    merge(&mut method, members);
    method
}

fn keyed() -> Value {
    open(&json!({"apiKeyRequired": true}))
}

/// The settings of methods that are throttled so.
fn setting(rate: f64, burst: i64) -> Value {
    method_setting(&json!({"throttlingRateLimit": rate, "throttlingBurstLimit": burst}))
}

struct World {
    bench: Bench,
    clock: Arc<Stopped>,
    definitions: Arc<Watched>,
    usage: Arc<Watched>,
}

impl World {
    async fn new(methods: &Value) -> Self {
        Self::with(methods, Metering::default(), false).await
    }

    /// `is_shared`: on a store as DynamoDB, that others write to.
    async fn with(methods: &Value, metering: Metering, is_shared: bool) -> Self {
        let clock = Stopped::at(NOW);
        let store = Embedded::memory(clock.clone()).unwrap();
        let watched = if is_shared {
            Watched::shared
        } else {
            Watched::own
        };
        let (definitions, usage) = (watched(&store.definitions), watched(&store.usage));
        let store = Store {
            definitions: definitions.clone(),
            usage: usage.clone(),
            ..store
        };
        let bench = Bench::limited(store, clock.clone(), metering);
        let world = Self {
            bench,
            clock,
            definitions,
            usage,
        };
        world.deploy(&Value::Null, methods).await;
        world
    }

    /// One method that wants a key, and a key on a plan of these members.
    async fn on_plan(members: &Value) -> Self {
        Self::on_plan_with(members, Metering::default(), false).await
    }

    async fn on_plan_with(members: &Value, metering: Metering, is_shared: bool) -> Self {
        let world = Self::with(&json!({"GET /": keyed()}), metering, is_shared).await;
        world.plan("p1", members).await;
        world.key(VALUE, true, &["p1"]).await;
        world
    }

    async fn deploy(&self, api: &Value, methods: &Value) {
        let methods = serde_json::from_value(methods.clone()).unwrap();
        self.bench.deploy("d1", &definition(api, &methods)).await;
        self.bench.stage(&Value::Null).await;
    }

    /// Makes a key, or changes it.
    async fn key(&self, value: &str, enabled: bool, plans: &[&str]) {
        let caller = Caller {
            id: format!("key-{}", &value[..1]),
            enabled,
            customer_id: None,
            plans: plans.iter().map(|plan| (*plan).to_owned()).collect(),
        };
        self.put(caller_key(value), encode(&caller)).await;
    }

    /// Makes a usage plan that covers the stage, or changes it.
    async fn plan(&self, id: &str, members: &Value) {
        let mut plan = json!({"id": id, "name": id, "apiStages": [{"apiId": API, "stage": "dev"}]});
        merge(&mut plan, members);
        self.put(usage_plan_key(id), encode(&plan)).await;
    }

    async fn put(&self, key: Key, body: bytes::Bytes) {
        let write = Write::put(key, body, Condition::Always);
        self.definitions.write(write).await.unwrap();
    }

    async fn get(&self, request: &str, key: Option<&str>) -> Answer {
        let headers: Vec<_> = key.map(|key| ("X-Api-Key", key)).into_iter().collect();
        Answer::of(self.bench.send(request, &headers, "").await).await
    }

    async fn statuses(&self, request: &str, key: Option<&str>, times: usize) -> Vec<u16> {
        let mut statuses = Vec::new();
        for _ in 0..times {
            statuses.push(self.get(request, key).await.status);
        }
        statuses
    }

    /// How many of so many requests pass.
    async fn passed(&self, request: &str, key: Option<&str>, times: usize) -> usize {
        let statuses = self.statuses(request, key, times).await;
        statuses.iter().filter(|status| **status == 200).count()
    }

    fn calls(&self) -> usize {
        self.definitions.calls() + self.usage.calls()
    }

    fn is_away(&self, away: bool) {
        self.definitions.is_away(away);
        self.usage.is_away(away);
    }

    fn logged(&self) -> Vec<String> {
        let mut executions = self.bench.journal.executions.lock().unwrap();
        let lines = executions.pop().unwrap_or_default();
        executions.clear();
        let without_id = |line: &str| line.split_once(") ").unwrap().1.to_owned();
        lines.lines().map(without_id).collect()
    }
}
