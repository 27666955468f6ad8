//! APIs as large as they come: made through the operations, deployed and loaded.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use postern_definition::rest::Definition;
use postern_definition::{ApiId, DeploymentId};
use postern_gateway::{Backend, Body, Call, CallError, Gateway, Settings, StandardOutput};
use postern_management::{Limits, Management, World};
use postern_plan::{Deployed, FrozenRest, IntegrationPlan};
use postern_store::{
    Add, Batch, Consistency, Embedded, Item, Key, Query, Store, StoreError, SystemClock, Table,
    Write,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const VERBS: [&str; 4] = ["GET", "PUT", "POST", "DELETE"];
/// AWS's limit for a mapping template.
const TEMPLATE_BYTES_MAX: usize = 300 << 10;

/// Counts what is asked of a table.
struct Counted {
    table: Arc<dyn Table>,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl Counted {
    /// Reads and writes since the last time.
    fn taken(&self) -> (usize, usize) {
        let taken = |count: &AtomicUsize| count.swap(0, Ordering::SeqCst);
        (taken(&self.reads), taken(&self.writes))
    }
}

#[async_trait]
impl Table for Counted {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.table.get(key, consistency).await
    }

    async fn query(&self, query: Query) -> Result<Batch, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.table.query(query).await
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.table.write(write).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.table.transact(writes).await
    }

    async fn add(&self, add: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        self.table.add(add).await
    }

    fn generation(&self) -> Option<u64> {
        self.table.generation()
    }
}

struct Bench {
    table: Arc<Counted>,
    management: Management,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(SystemClock);
        let table = Arc::new(Counted {
            table: Embedded::memory(clock.clone()).unwrap().definitions,
            reads: AtomicUsize::default(),
            writes: AtomicUsize::default(),
        });
        let management = Management::new(World {
            definitions: table.clone(),
            usage: table.clone(),
            gateway: gateway(table.clone(), clock.clone()),
            clock,
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            limits: Limits::NONE,
        });
        Self { table, management }
    }

    async fn ask(&self, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = match body {
            Value::Null => Bytes::new(),
            body => body.to_string().into(),
        };
        let request = Request::builder().method(verb).uri(path).body(body);
        let answer = self.management.answer(request.unwrap()).await;
        let (head, body) = answer.into_parts();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        (head.status.as_u16(), body)
    }

    async fn made(&self, verb: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(verb, path, body).await;
        assert_eq!(status, 201, "{verb} {path}: {answer}");
        answer
    }

    /// A new API, as its id and its root resource.
    async fn api(&self) -> (String, String) {
        let named = json!({"name": "large"});
        let api = self.made("POST", "/restapis", &named).await;
        (text(&api["id"]), text(&api["rootResourceId"]))
    }

    /// A method that answers with a template.
    async fn method(&self, resource: &str, verb: &str, template: &str) {
        let path = format!("{resource}/methods/{verb}");
        let mock = json!({"type": "MOCK", "requestTemplates": {"application/json": "{\"statusCode\": 200}"}});
        let response = json!({"responseTemplates": {"application/json": template}});
        for (part, body) in [
            ("", json!({"authorizationType": "NONE"})),
            ("/responses/200", json!({})),
            ("/integration", mock),
            ("/integration/responses/200", response),
        ] {
            self.made("PUT", &format!("{path}{part}"), &body).await;
        }
    }

    async fn deploy(&self, api: &str) -> DeploymentId {
        let path = format!("/restapis/{api}/deployments");
        let made = self.made("POST", &path, &json!({"stageName": "dev"})).await;
        text(&made["id"]).into()
    }

    async fn frozen(&self, api: &str, deployment: &DeploymentId) -> Definition {
        let frozen = FrozenRest::load(self.table.clone(), &ApiId::from(api), deployment).await;
        frozen.unwrap().definition().await.unwrap()
    }

    async fn load(&self, api: &str, deployment: &DeploymentId) -> Deployed {
        Deployed::load(self.table.clone(), &ApiId::from(api), deployment)
            .await
            .unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Whether a method of a deployment can be answered.
async fn answers(deployed: &Deployed, verb: &str, path: &str) -> bool {
    let found = deployed.find(verb, path).unwrap();
    let (_, plan) = deployed.plan(found.method).await.unwrap();
    plan.verb == verb && matches!(plan.integration, IntegrationPlan::Mock(_))
}

/// What a method of a frozen definition answers with.
fn template<'d>(definition: &'d Definition, verb: &str, path: &str) -> &'d str {
    let mut resources = definition.resources.iter();
    let id = &resources.find(|resource| resource.path == path).unwrap().id;
    let mut methods = definition.methods.iter();
    let found = methods.find(|(resource, method)| resource == id && method.http_method == verb);
    let integration = found.unwrap().1.method_integration.as_ref().unwrap();
    let templates = &integration.integration_responses["200"].response_templates;
    let template = &templates.as_ref().unwrap()["application/json"];
    template.as_deref().unwrap()
}

/// Visible ASCII that deflates to four fifths of itself, and that JSON holds as it is.
fn noise(seed: usize, bytes: usize) -> String {
    let mut state = seed as u64 + 1;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        match char::from(b'!' + ((state >> 33) % 94) as u8) {
            '"' | '\\' | '$' | '#' => ' ',
            c => c,
        }
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

#[tokio::test]
async fn an_api_of_four_thousand_methods_is_made_deployed_and_loaded() {
    let bench = Bench::new();
    let (api, root) = bench.api().await;
    let below = format!("/restapis/{api}/resources/{root}");
    for nth in 0..1_000 {
        let part = json!({"pathPart": format!("r{nth}")});
        let id = text(&bench.made("POST", &below, &part).await["id"]);
        let resource = format!("/restapis/{api}/resources/{id}");
        for (seed, verb) in (nth * 4..).zip(VERBS) {
            bench.method(&resource, verb, &noise(seed, 2_000)).await;
        }
    }
    // However large the API is by then: a call reads what it changes and what that hangs on, and writes once.
    let (reads, writes) = bench.table.taken();
    let calls = 1 + 1_000 * (1 + 4 * 4);
    assert!(
        reads <= 4 * calls && writes <= calls,
        "{reads} reads and {writes} writes for {calls} calls"
    );

    // Some nine megabytes of methods, and six of snapshot.
    let deployment = bench.deploy(&api).await;
    let (reads, writes) = bench.table.taken();
    assert!(
        reads <= 20 && writes <= 25,
        "{reads} reads and {writes} writes"
    );

    let deployed = bench.load(&api, &deployment).await;
    assert_eq!(bench.table.taken(), (1, 0), "a cold load is one query");
    assert!(answers(&deployed, "GET", "/r0").await);
    let (reads, _) = bench.table.taken();
    assert!(reads <= 2, "a method lies in one chunk, or two: {reads}");
    let frozen = bench.frozen(&api, &deployment).await;
    for nth in [1, 499, 998, 999] {
        for (seed, verb) in (nth * 4..).zip(VERBS) {
            let path = format!("/r{nth}");
            assert!(answers(&deployed, verb, &path).await, "{verb} {path}");
            assert_eq!(
                template(&frozen, verb, &path),
                noise(seed, 2_000),
                "{verb} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_template_as_long_as_any_comes_back_to_the_byte() {
    let bench = Bench::new();
    let (api, root) = bench.api().await;
    let resource = format!("/restapis/{api}/resources/{root}");
    let long = noise(1, TEMPLATE_BYTES_MAX);
    bench.method(&resource, "GET", &long).await;
    let responses = format!("{resource}/methods/GET/integration/responses");
    let stored = || async {
        let path = format!("{responses}/200");
        let (_, answer) = bench.ask("GET", &path, &Value::Null).await;
        answer["responseTemplates"]["application/json"].clone()
    };
    assert_eq!(stored().await, json!(long));
    let deployment = bench.deploy(&api).await;
    let deployed = bench.load(&api, &deployment).await;
    assert!(answers(&deployed, "GET", "/").await);
    let frozen = bench.frozen(&api, &deployment).await;
    assert_eq!(template(&frozen, "GET", "/"), long);

    let longer = noise(1, TEMPLATE_BYTES_MAX + 1);
    let declared = format!("{resource}/methods/GET/responses/400");
    bench.made("PUT", &declared, &json!({})).await;
    // A method is one item, into which a second template as long as the first does not fit.
    for (template, says) in [
        (
            longer,
            "it has 307201 bytes, and at most 307200 are allowed",
        ),
        (noise(2, TEMPLATE_BYTES_MAX), "at most 390000 fit"),
    ] {
        let response =
            json!({"selectionPattern": "4..", "responseTemplates": {"application/json": template}});
        let (status, answer) = bench
            .ask("PUT", &format!("{responses}/400"), &response)
            .await;
        let message = text(&answer["message"]);
        assert_eq!(status, 400, "{message}");
        assert!(message.contains(says), "{message}");
    }
    assert_eq!(stored().await, json!(long), "what was there is not lost");
}

/// A gateway that tries methods out, and whose backends are all away.
fn gateway(definitions: Arc<dyn Table>, clock: Arc<dyn postern_store::Clock>) -> Arc<Gateway> {
    struct Away;
    #[async_trait::async_trait]
    impl Backend for Away {
        async fn call(&self, _: Call) -> Result<http::Response<Body>, CallError> {
            Err(CallError::Network("away".to_owned()))
        }
    }
    let world = postern_gateway::World {
        store: Store {
            definitions,
            ..Embedded::memory(clock.clone()).unwrap()
        },
        backend: Arc::new(Away),
        clock,
        journal: Arc::new(StandardOutput),
    };
    Arc::new(Gateway::new(
        world,
        Settings::of("123456789012", "us-east-1"),
    ))
}
