//! The response cache: whose answer is kept, who gets it, and what the backend is spared.

use crate::harness::{
    Answer, Bench, GUARD, Kept, Stopped, arrival, definition, merge, method_setting,
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Response};
use postern_definition::rest::Definition;
use postern_gateway::{
    Backend, Body, Caching, Call, CallError, Destination, Gateway, Settings, Signatures, World,
};
use postern_store::{
    Add, Batch, Consistency, Embedded, Item, Key, Query, Store, StoreError, Table, Write,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Answers every call with its number and what was asked for, once it is let.
pub(crate) struct Counting {
    calls: AtomicUsize,
    asks: AtomicUsize,
    fails: AtomicBool,
    /// Calls that may be answered.
    permits: Semaphore,
    status: Mutex<u16>,
    pub(crate) headers: Mutex<Vec<(&'static str, &'static str)>>,
    /// In place of the number and the rest.
    body: Mutex<Option<Vec<u8>>>,
    /// What an authorizer allows.
    allows: Mutex<Value>,
}

impl Counting {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Backend for Counting {
    async fn call(&self, call: Call) -> Result<Response<Body>, CallError> {
        let url = match call.destination {
            Destination::Url { url, .. } => url,
            Destination::Service { .. } => {
                self.asks.fetch_add(1, Ordering::SeqCst);
                let statement = json!({"Effect": "Allow", "Action": *self.allows.lock().unwrap(), "Resource": "*"});
                let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
                let verdict = json!({"principalId": "me", "policyDocument": policy});
                return Ok(Response::new(Body::from(verdict.to_string())));
            }
        };
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        self.permits.acquire().await.unwrap().forget();
        if self.fails.load(Ordering::SeqCst) {
            return Err(CallError::Network("refused".to_owned()));
        }
        let body = self.body.lock().unwrap().clone();
        let body = body.unwrap_or_else(|| format!("{number} {} {url}", call.method).into_bytes());
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = http::StatusCode::from_u16(*self.status.lock().unwrap()).unwrap();
        for (name, value) in &*self.headers.lock().unwrap() {
            let value = HeaderValue::from_static(value);
            response.headers_mut().append(*name, value);
        }
        Ok(response)
    }
}

/// A cache table that counts what it is asked, tells no generation, as DynamoDB tells none, and may be away. It answers at
/// once, so that no test hangs on how busy the machine is.
#[derive(Default)]
struct Shared {
    items: Mutex<HashMap<Key, Bytes>>,
    asked: AtomicUsize,
    away: AtomicBool,
}

impl Shared {
    fn ask(&self) -> Result<MutexGuard<'_, HashMap<Key, Bytes>>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(not_here());
        }
        Ok(self.items.lock().unwrap())
    }
}

fn not_here() -> StoreError {
    let reason = "it is away".to_owned();
    StoreError::Unavailable { reason }
}

#[async_trait]
impl Table for Shared {
    async fn get(&self, key: &Key, _: Consistency) -> Result<Option<Item>, StoreError> {
        let found = self.ask()?.get(key).cloned();
        Ok(found.map(|body| Item {
            key: key.clone(),
            body,
            revision: 1,
            expires_at: None,
            counters: BTreeMap::new(),
        }))
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        let mut items = self.ask()?;
        if let Write::Put { key, body, .. } = write {
            items.insert(key, body);
        }
        Ok(())
    }

    async fn query(&self, _: Query) -> Result<Batch, StoreError> {
        Err(not_here())
    }

    async fn transact(&self, _: Vec<Write>) -> Result<(), StoreError> {
        Err(not_here())
    }

    async fn add(&self, _: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        Err(not_here())
    }

    fn generation(&self) -> Option<u64> {
        None
    }
}

/// Environments of one fleet, in front of one backend.
pub(crate) struct Fleet {
    pub(crate) bench: Bench,
    gateways: Vec<Gateway>,
    pub(crate) backend: Arc<Counting>,
    pub(crate) journal: Arc<Kept>,
    table: Arc<Shared>,
    clock: Arc<Stopped>,
}

impl Fleet {
    pub(crate) fn new(environments: usize) -> Self {
        Self::with(environments, Caching::default())
    }

    fn with(environments: usize, caching: Caching) -> Self {
        let clock = Stopped::at(1_723_055_832);
        let store = Embedded::memory(clock.clone()).unwrap();
        let table = Arc::new(Shared::default());
        let backend = Arc::new(Counting {
            calls: AtomicUsize::new(0),
            asks: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
            permits: Semaphore::new(Semaphore::MAX_PERMITS),
            status: Mutex::new(200),
            headers: Mutex::default(),
            body: Mutex::default(),
            allows: Mutex::new(json!("execute-api:Invoke")),
        });
        let journal = Arc::new(Kept::default());
        let store = Store {
            cache: table.clone(),
            ..store
        };
        let gateway = |_| {
            let world = World {
                store: store.clone(),
                backend: backend.clone(),
                clock: clock.clone(),
                journal: journal.clone(),
            };
            let settings = Settings {
                signatures: Signatures::Believed,
                caching,
                ..Settings::of("123456789012", "eu-west-1")
            };
            Gateway::new(world, settings)
        };
        let gateways = (0..environments).map(gateway).collect();
        Self {
            bench: Bench::over(store.clone(), clock.clone()),
            gateways,
            backend,
            journal,
            table,
            clock,
        }
    }

    /// One environment, with this method and these settings.
    async fn of(method: (&str, Value), settings: Value) -> Self {
        let fleet = Self::new(1);
        fleet.deploy("d1", &[method]).await;
        fleet.stage(settings, json!({})).await;
        fleet
    }

    async fn deploy(&self, deployment: &str, methods: &[(&str, Value)]) {
        self.bench.deploy(deployment, &api(methods)).await;
    }

    /// Caching is on for the method settings given, by key.
    async fn stage(&self, settings: Value, members: Value) {
        let mut all = json!({});
        for (key, setting) in settings.as_object().unwrap() {
            all[key] = self::setting(setting);
        }
        let mut stage = json!({"cacheClusterEnabled": true, "methodSettings": all});
        merge(&mut stage, &members);
        self.bench.stage(&stage).await;
    }

    pub(crate) async fn ask(
        &self,
        environment: usize,
        request: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let gateway = &self.gateways[environment];
        Answer::of(gateway.answer(arrival(request, headers, "")).await).await
    }

    pub(crate) async fn get(&self, request: &str) -> Answer {
        self.ask(0, request, &[]).await
    }

    /// Whether two requests, the first of them new to the cache, get the same answer.
    pub(crate) async fn are_one(
        &self,
        first: (&str, &[(&str, &str)]),
        second: (&str, &[(&str, &str)]),
    ) -> bool {
        let before = self.backend.calls();
        let (one, other) = (
            self.ask(0, first.0, first.1).await,
            self.ask(0, second.0, second.1).await,
        );
        assert_eq!((one.status, other.status), (200, 200), "{}", one.body);
        let calls = self.backend.calls() - before;
        assert_eq!(calls == 1, one.body == other.body, "{first:?} {second:?}");
        calls == 1
    }
}

/// The settings of methods whose answers are kept.
pub(crate) fn setting(members: &Value) -> Value {
    let mut setting = method_setting(&json!({"cachingEnabled": true}));
    merge(&mut setting, members);
    setting
}

fn api(methods: &[(&str, Value)]) -> Definition {
    let methods = methods.iter();
    let methods = methods.map(|(target, method)| ((*target).to_owned(), method.clone()));
    let mut definition = definition(&Value::Null, &methods.collect());
    let guard = json!({"id": "guard", "name": "guard", "type": "TOKEN", "identitySource": "method.request.header.Who",
        "authorizerUri": GUARD, "authorizerResultTtlInSeconds": 0});
    definition
        .authorizers
        .push(serde_json::from_value(guard).unwrap());
    definition
}

/// A method that goes on to the backend, keyed by these parameters.
fn proxy(parameters: &[&str]) -> Value {
    json!({"methodIntegration": {
        "type": "HTTP_PROXY", "httpMethod": "ANY", "uri": "http://backend/", "cacheKeyParameters": parameters,
    }})
}

fn with(mut method: Value, members: Value, integration: Value) -> Value {
    merge(&mut method, &members);
    merge(&mut method["methodIntegration"], &integration);
    method
}

fn all() -> Value {
    json!({"*/*": {}})
}

#[tokio::test]
async fn only_what_is_a_key_parameter_tells_answers_apart() {
    type Request<'r> = (&'r str, &'r [(&'r str, &'r str)]);
    let cases: [(&[&str], Request, Request, bool); 27] = [
        (
            &[],
            ("GET /dev/p", &[]),
            ("GET /dev/p?a=1", &[("who", "me"), ("accept", "text/html")]),
            true,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=admin&d=A", &[]),
            ("GET /dev/p?d=B&type=admin", &[]),
            true,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=admin", &[]),
            ("GET /dev/p?type=regular", &[]),
            false,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=a", &[]),
            ("GET /dev/p?type=A", &[]),
            false,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=a", &[]),
            ("GET /dev/p?Type=a", &[]),
            false,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=a+b", &[]),
            ("GET /dev/p?type=a%20b", &[]),
            true,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p", &[]),
            ("GET /dev/p?type=", &[]),
            false,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type", &[]),
            ("GET /dev/p?type=", &[]),
            true,
        ),
        // Whoever repeats a parameter does not choose what others get.
        (
            &["querystring.type"],
            ("GET /dev/p?type=a", &[]),
            ("GET /dev/p?type=a&type=b", &[]),
            false,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=b", &[]),
            ("GET /dev/p?type=a&type=b", &[]),
            false,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=a&type=b", &[]),
            ("GET /dev/p?type=b&type=a", &[]),
            false,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=a,b", &[]),
            ("GET /dev/p?type=a&type=b", &[]),
            false,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=a", &[]),
            ("GET /dev/p?%74ype=a", &[]),
            true,
        ),
        (
            &["querystring.type"],
            ("GET /dev/p?type=a", &[]),
            ("GET /dev/p?x=1;type=a", &[]),
            true,
        ),
        (
            &["multivaluequerystring.t"],
            ("GET /dev/p?t=a&t=b", &[]),
            ("GET /dev/p?t=a&x=1&t=b", &[]),
            true,
        ),
        (
            &["multivaluequerystring.t"],
            ("GET /dev/p?t=a&t=b", &[]),
            ("GET /dev/p?t=ab", &[]),
            false,
        ),
        (
            &["header.Who"],
            ("GET /dev/p", &[("who", "me")]),
            ("GET /dev/p", &[("WHO", "me")]),
            true,
        ),
        (
            &["header.Who"],
            ("GET /dev/p", &[("who", "me")]),
            ("GET /dev/p", &[("who", "you")]),
            false,
        ),
        (
            &["header.Who"],
            ("GET /dev/p", &[]),
            ("GET /dev/p", &[("who", "")]),
            false,
        ),
        (
            &["header.Who"],
            ("GET /dev/p", &[("who", "a"), ("who", "b")]),
            ("GET /dev/p", &[("who", "a, b")]),
            false,
        ),
        (
            &["multivalueheader.Who"],
            ("GET /dev/p", &[("who", "a"), ("who", "b")]),
            ("GET /dev/p", &[("who", "b")]),
            false,
        ),
        // No mapping is shown these two.
        (
            &["header.Authorization"],
            ("GET /dev/p", &[("authorization", "AWS4-HMAC-SHA256 a=b")]),
            ("GET /dev/p", &[("authorization", "AWS4-HMAC-SHA256 c=d")]),
            false,
        ),
        (
            &["header.Expect"],
            ("GET /dev/p", &[("expect", "a")]),
            ("GET /dev/p", &[("expect", "b")]),
            false,
        ),
        // A parameter of one kind does not pass for one of another, nor two values for one that holds both.
        (
            &["querystring.a", "header.a"],
            ("GET /dev/p?a=1", &[]),
            ("GET /dev/p", &[("a", "1")]),
            false,
        ),
        (
            &["querystring.a", "querystring.b"],
            ("GET /dev/p?a=1&b=2", &[]),
            ("GET /dev/p?a=12&b=", &[]),
            false,
        ),
        (
            &["querystring.a", "querystring.b"],
            ("GET /dev/p?a=1", &[]),
            ("GET /dev/p?b=1", &[]),
            false,
        ),
        (
            &["querystring.a", "querystring.b"],
            ("GET /dev/p?a=1%00method.request.querystring.b&b=2", &[]),
            ("GET /dev/p?a=1&b=2", &[]),
            false,
        ),
    ];
    for (names, one, other, expected) in cases {
        let names: Vec<_> = names
            .iter()
            .map(|name| format!("method.request.{name}"))
            .collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let fleet = Fleet::of(("GET /p", proxy(&names)), all()).await;
        assert_eq!(
            fleet.are_one(one, other).await,
            expected,
            "{names:?} {one:?} {other:?}"
        );
    }
}

#[tokio::test]
async fn without_the_path_as_a_key_one_pet_is_given_for_another() {
    for (names, path, same) in [
        (&[][..], "GET /pets/{id}", true),
        (&["method.request.path.id"], "GET /pets/{id}", false),
        (&[], "GET /{proxy+}", true),
        (&["method.request.path.proxy"], "GET /{proxy+}", false),
    ] {
        let fleet = Fleet::of((path, proxy(names)), all()).await;
        let one = fleet
            .are_one(("GET /dev/pets/1", &[]), ("GET /dev/pets/2", &[]))
            .await;
        assert_eq!(one, same, "{path} {names:?}");
    }
}

#[tokio::test]
async fn a_key_may_be_what_is_mapped_to_the_integrations_request() {
    for (source, first, second, same) in [
        (
            "method.request.querystring.q",
            "GET /dev/p?q=1",
            "GET /dev/p?q=2",
            false,
        ),
        (
            "method.request.querystring.q",
            "GET /dev/p?q=1&r=1",
            "GET /dev/p?q=1&r=2",
            true,
        ),
        ("context.path", "GET /dev/p", "GET /dev/p/", false),
        ("context.stage", "GET /dev/p", "GET /dev/p/", true),
    ] {
        let name = "integration.request.header.key";
        let mapped = json!({"requestParameters": {name: source}});
        let fleet = Fleet::of(("GET /p", with(proxy(&[name]), json!({}), mapped)), all()).await;
        assert_eq!(
            fleet.are_one((first, &[]), (second, &[])).await,
            same,
            "{source}"
        );
    }
}

#[tokio::test]
async fn a_body_may_be_a_key() {
    let name = "integration.request.header.key";
    let mapped = json!({"requestParameters": {name: "method.request.body.user"}});
    let method = with(proxy(&[name]), json!({}), mapped);
    let fleet = Fleet::of(("POST /p", method), json!({"p/POST": {}})).await;
    let mut bodies = Vec::new();
    for body in [
        r#"{"user":"a","n":1}"#,
        r#"{"user":"a","n":2}"#,
        r#"{"user":"b"}"#,
        "{}",
        r#"{"user""#,
    ] {
        let answer = fleet.gateways[0]
            .answer(arrival("POST /dev/p", &[], body))
            .await;
        bodies.push((answer.status().as_u16(), fleet.backend.calls()));
    }
    assert_eq!(bodies, [(200, 1), (200, 1), (200, 2), (200, 3), (400, 3)]);
}

#[tokio::test]
async fn settings_decide_whose_answers_are_kept() {
    let off = json!({"cachingEnabled": false});
    for (about, method, settings, stage, request, expected) in [
        (
            "for all methods",
            "GET /p",
            all(),
            json!({}),
            "GET /dev/p",
            true,
        ),
        (
            "no cluster",
            "GET /p",
            all(),
            json!({"cacheClusterEnabled": false}),
            "GET /dev/p",
            false,
        ),
        (
            "no settings",
            "GET /p",
            json!({}),
            json!({}),
            "GET /dev/p",
            false,
        ),
        (
            "off",
            "GET /p",
            json!({"*/*": off}),
            json!({}),
            "GET /dev/p",
            false,
        ),
        (
            "no time",
            "GET /p",
            json!({"*/*": {"cacheTtlInSeconds": 0}}),
            json!({}),
            "GET /dev/p",
            false,
        ),
        (
            "an own setting turns it off",
            "GET /p",
            json!({"*/*": {}, "p/GET": off}),
            json!({}),
            "GET /dev/p",
            false,
        ),
        (
            "an own setting turns it on",
            "GET /p",
            json!({"*/*": off, "p/GET": {}}),
            json!({}),
            "GET /dev/p",
            true,
        ),
        (
            "another's setting does not",
            "GET /p",
            json!({"q/GET": {}}),
            json!({}),
            "GET /dev/p",
            false,
        ),
        (
            "written as patches write it",
            "GET /p/q",
            json!({"~1p~1q/GET": {}}),
            json!({}),
            "GET /dev/p/q",
            true,
        ),
        (
            "all methods are those of GET",
            "POST /p",
            all(),
            json!({}),
            "POST /dev/p",
            false,
        ),
        (
            "and not HEAD",
            "HEAD /p",
            all(),
            json!({}),
            "HEAD /dev/p",
            false,
        ),
        (
            "POST by its own setting",
            "POST /p",
            json!({"p/POST": {}}),
            json!({}),
            "POST /dev/p",
            true,
        ),
        ("GET of ANY", "ANY /p", all(), json!({}), "GET /dev/p", true),
        (
            "POST of ANY",
            "ANY /p",
            all(),
            json!({}),
            "POST /dev/p",
            false,
        ),
        (
            "a setting of ANY is for GET",
            "ANY /p",
            json!({"p/ANY": {}}),
            json!({}),
            "GET /dev/p",
            true,
        ),
        (
            "and not for POST",
            "ANY /p",
            json!({"p/ANY": {}}),
            json!({}),
            "POST /dev/p",
            false,
        ),
        (
            "which says so itself",
            "ANY /p",
            json!({"p/POST": {}}),
            json!({}),
            "POST /dev/p",
            true,
        ),
    ] {
        let fleet = Fleet::new(1);
        fleet.deploy("d1", &[(method, proxy(&[]))]).await;
        fleet.stage(settings, stage).await;
        for _ in 0..3 {
            assert_eq!(fleet.get(request).await.status, 200);
        }
        assert_eq!(fleet.backend.calls() == 1, expected, "{about}");
        let metrics = fleet.journal.metrics.lock().unwrap();
        let counted = metrics
            .iter()
            .all(|record| record["CacheHitCount"].is_u64());
        assert_eq!(
            counted, expected,
            "{about}: counted only where answers are kept"
        );
    }
}

#[tokio::test]
async fn verbs_share_no_answer_and_an_overridden_verb_is_the_one_that_counts() {
    let settings = json!({"p/GET": {}, "p/PUT": {}});
    let fleet = Fleet::of(("ANY /p", proxy(&[])), settings).await;
    assert!(fleet.get("GET /dev/p").await.body.contains("1 GET"));
    assert!(fleet.get("PUT /dev/p").await.body.contains("2 PUT"));
    let smuggled = fleet
        .ask(0, "GET /dev/p", &[("x-http-method-override", "PUT")])
        .await;
    assert!(smuggled.body.contains("2 PUT"), "{}", smuggled.body);
    assert!(fleet.get("GET /dev/p").await.body.contains("1 GET"));
}

#[tokio::test]
async fn what_streams_is_never_kept() {
    let method = with(
        proxy(&[]),
        json!({}),
        json!({"responseTransferMode": "STREAM"}),
    );
    let fleet = Fleet::of(("GET /p", method), all()).await;
    assert!(
        !fleet
            .are_one(("GET /dev/p", &[]), ("GET /dev/p", &[]))
            .await
    );
}

#[tokio::test]
async fn an_answer_is_kept_for_the_time_in_force_when_it_was_given() {
    let fleet = Fleet::of(
        ("GET /p", proxy(&[])),
        json!({"*/*": {"cacheTtlInSeconds": 10}}),
    )
    .await;
    fleet.get("GET /dev/p").await;
    fleet
        .stage(json!({"*/*": {"cacheTtlInSeconds": 3_600}}), json!({}))
        .await;
    fleet.clock.forward(Duration::from_millis(9_999));
    fleet.get("GET /dev/p").await;
    assert_eq!(fleet.backend.calls(), 1);
    fleet.clock.forward(Duration::from_millis(1));
    fleet.get("GET /dev/p").await;
    assert_eq!(fleet.backend.calls(), 2);
    fleet.clock.forward(Duration::from_secs(3_599));
    fleet.get("GET /dev/p").await;
    assert_eq!(fleet.backend.calls(), 2);
}

#[tokio::test]
async fn a_flush_a_deployment_and_a_stage_of_the_same_name_begin_with_nothing() {
    let fleet = Fleet::new(1);
    for deployment in ["d1", "d2"] {
        fleet.deploy(deployment, &[("GET /p", proxy(&[]))]).await;
    }
    for (number, (members, expected)) in [
        (json!({}), 1),
        (json!({"flushes": {"data": 1, "authorizers": 0}}), 2),
        (json!({"flushes": {"data": 1, "authorizers": 5}}), 2),
        (json!({"flushes": {"data": 2, "authorizers": 5}}), 3),
        (json!({"deploymentId": "d2"}), 4),
        (json!({"createdDate": 7}), 5),
        // Rolling back finds what was kept.
        (json!({}), 5),
    ]
    .into_iter()
    .enumerate()
    {
        fleet.stage(all(), members.clone()).await;
        for _ in 0..2 {
            fleet.get("GET /dev/p").await;
        }
        assert_eq!(fleet.backend.calls(), expected, "{number} {members}");
    }
}

#[tokio::test]
async fn methods_of_one_namespace_share_answers_where_their_keys_agree() {
    let key = ["method.request.querystring.a", "method.request.header.B"];
    let turned = ["method.request.header.b", "method.request.querystring.a"];
    let shared = json!({"cacheNamespace": "shared"});
    let fleet = Fleet::new(1);
    let methods = [
        ("GET /p", with(proxy(&key), json!({}), shared.clone())),
        ("GET /q", with(proxy(&turned), json!({}), shared)),
        (
            "GET /r",
            with(proxy(&key), json!({}), json!({"cacheNamespace": "own"})),
        ),
    ];
    fleet.deploy("d1", &methods).await;
    fleet.stage(all(), json!({})).await;
    assert!(
        fleet
            .are_one(
                ("GET /dev/p?a=1", &[("b", "1")]),
                ("GET /dev/q?a=1", &[("b", "1")])
            )
            .await
    );
    assert!(
        !fleet
            .are_one(("GET /dev/p?a=2", &[]), ("GET /dev/r?a=2", &[]))
            .await
    );
}

#[tokio::test]
async fn a_canary_shares_the_stages_answers_as_its_settings_say() {
    for (deployment, uses, calls) in [
        ("d1", true, 1),
        ("d2", true, 2),
        ("d1", false, 4),
        ("d2", false, 4),
    ] {
        let fleet = Fleet::new(1);
        for deployment in ["d1", "d2"] {
            fleet.deploy(deployment, &[("GET /p", proxy(&[]))]).await;
        }
        for percent in [0.0, 100.0, 0.0, 100.0, 100.0] {
            let canary = json!({"percentTraffic": percent, "deploymentId": deployment, "useStageCache": uses});
            fleet.stage(all(), json!({"canarySettings": canary})).await;
            fleet.get("GET /dev/p").await;
        }
        assert_eq!(fleet.backend.calls(), calls, "{deployment} {uses}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_whole_whatever_its_status_and_is_no_other_requests() {
    let fleet = Fleet::of(("GET /p", proxy(&[])), all()).await;
    *fleet.backend.status.lock().unwrap() = 404;
    *fleet.backend.headers.lock().unwrap() = vec![
        ("content-type", "text/x"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("server", "s"),
        ("cache-control", "no-store"),
        ("x-amzn-trace-id", "Root=1-backend"),
        ("x-amzn-requestid", "backend"),
    ];
    let first = fleet.get("GET /dev/p").await;
    let trace = ("x-amzn-trace-id", "Root=1-mine;Parent=p;Sampled=0");
    let second = fleet.ask(0, "GET /dev/p", &[trace]).await;
    assert_eq!(fleet.backend.calls(), 1);
    assert_eq!((first.status, &first.body), (404, &second.body));
    assert_eq!(second.status, 404);
    let cookies: Vec<_> = second.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(second.header("x-amzn-remapped-server"), Some("s"));
    assert_eq!(second.header("content-type"), Some("text/x"));
    for name in ["x-amzn-requestid", "x-amz-apigw-id"] {
        assert!(second.header(name).is_some());
        assert_ne!(first.header(name), second.header(name), "{name}");
    }
    assert_eq!(first.header("x-amzn-trace-id"), Some("Root=1-backend"));
    assert_eq!(second.header("x-amzn-trace-id"), Some(trace.1));
    for name in ["age", "x-gateway-cache", "warning"] {
        assert_eq!(second.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn an_owner_may_say_which_answers_are_kept() {
    let fleet = Fleet::new(1);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    for (rules, status, says, is_kept) in [
        (json!({}), 404, "no-store", true),
        (json!({"statuses": ["2xx"]}), 200, "no-store", true),
        (json!({"statuses": ["2xx"]}), 404, "public", false),
        (json!({"statuses": ["2xx", "404"]}), 404, "public", true),
        (json!({"noStore": true}), 200, "private, No-Store", false),
        (json!({"noStore": true}), 200, "private", true),
    ] {
        let flushes = json!({"data": fleet.backend.calls(), "authorizers": 0});
        let members = json!({"postern": {"cache": rules}, "flushes": flushes});
        fleet.stage(all(), members).await;
        *fleet.backend.status.lock().unwrap() = status;
        *fleet.backend.headers.lock().unwrap() = vec![("cache-control", says)];
        let (first, second) = (fleet.get("GET /dev/p").await, fleet.get("GET /dev/p").await);
        assert_eq!((first.status, second.status), (status, status));
        assert_eq!(
            first.body == second.body,
            is_kept,
            "{rules} {status} {says}"
        );
    }
}

#[tokio::test]
async fn what_the_gateway_says_by_itself_is_not_kept() {
    let fleet = Fleet::of(("GET /p", proxy(&[])), all()).await;
    fleet.backend.fails.store(true, Ordering::SeqCst);
    for calls in 1..4 {
        assert_eq!(fleet.get("GET /dev/p").await.status, 504);
        assert_eq!(fleet.backend.calls(), calls);
    }
    fleet.backend.fails.store(false, Ordering::SeqCst);
    assert!(
        fleet
            .are_one(("GET /dev/p", &[]), ("GET /dev/p", &[]))
            .await
    );
}

#[tokio::test]
async fn a_request_is_validated_before_its_answer_is_looked_for() {
    let fleet = Fleet::new(1);
    let method = with(
        proxy(&[]),
        json!({"requestValidatorId": "v", "requestParameters": {"method.request.querystring.q": true}}),
        json!({}),
    );
    let mut definition = api(&[("GET /p", method)]);
    let validator =
        json!({"id": "v", "validateRequestBody": false, "validateRequestParameters": true});
    definition
        .request_validators
        .push(serde_json::from_value(validator).unwrap());
    fleet.bench.deploy("d1", &definition).await;
    fleet.stage(all(), json!({})).await;
    assert_eq!(fleet.get("GET /dev/p?q=1").await.status, 200);
    assert_eq!(fleet.get("GET /dev/p").await.status, 400);
    assert_eq!(fleet.get("GET /dev/p?q=2").await.status, 200);
    assert_eq!(fleet.backend.calls(), 1);
}

#[tokio::test]
async fn an_answer_is_kept_as_the_method_gives_it_not_as_the_backend_does() {
    let integration = json!({
        "type": "HTTP", "requestTemplates": {"application/json": "{}"},
        "integrationResponses": {"200": {
            "statusCode": "200", "responseTemplates": {"application/json": "$context.requestId"},
            "responseParameters": {"method.response.header.x-id": "context.requestId"},
        }},
    });
    let members = json!({"methodResponses": {"200": {"statusCode": "200", "responseParameters": {"method.response.header.x-id": false}}}});
    let fleet = Fleet::of(("GET /p", with(proxy(&[]), members, integration)), all()).await;
    let (first, second) = (fleet.get("GET /dev/p").await, fleet.get("GET /dev/p").await);
    let id = first.header("x-amzn-requestid").unwrap();
    assert_eq!((first.body.as_str(), second.body.as_str()), (id, id));
    assert_eq!(
        second.header("x-id"),
        Some(id),
        "it is the method's answer that is kept"
    );
    assert_ne!(second.header("x-amzn-requestid"), Some(id));
}

#[tokio::test]
async fn an_answer_is_packed_for_each_client_after_it_was_kept() {
    let fleet = Fleet::new(1);
    let mut definition = api(&[("GET /p", proxy(&[]))]);
    definition.api.minimum_compression_size = Some(10);
    fleet.bench.deploy("d1", &definition).await;
    fleet.stage(all(), json!({})).await;
    *fleet.backend.body.lock().unwrap() = Some(b"a".repeat(10_000));
    for (accepted, coding, shorter) in [
        ("gzip", Some("gzip"), true),
        ("", None, false),
        ("deflate", Some("deflate"), true),
    ] {
        let told = fleet
            .ask(0, "GET /dev/p", &[("accept-encoding", accepted)])
            .await;
        assert_eq!(told.header("content-encoding"), coding, "{accepted}");
        assert_eq!(told.body.len() < 1_000, shorter, "{accepted}");
    }
    assert_eq!(fleet.backend.calls(), 1);
}

#[tokio::test]
async fn a_body_of_a_megabyte_is_kept_and_one_that_is_longer_passes() {
    for (bytes, encrypted, kept) in [
        (1_048_576, false, true),
        (1_048_577, false, false),
        (3_000_000, false, false),
        // The seal counts.
        (1_048_548, true, true),
        (1_048_549, true, false),
    ] {
        let settings = json!({"*/*": {"cacheDataEncrypted": encrypted}});
        let fleet = Fleet::of(("GET /p", proxy(&[])), settings).await;
        *fleet.backend.body.lock().unwrap() = Some(vec![b'a'; bytes]);
        for _ in 0..2 {
            assert_eq!(fleet.get("GET /dev/p").await.body.len(), bytes);
        }
        assert_eq!(fleet.backend.calls() == 1, kept, "{bytes} {encrypted}");
    }
}

#[tokio::test]
async fn environments_share_answers_through_the_table_and_then_ask_it_no_more() {
    let fleet = Fleet::new(3);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    fleet.stage(all(), json!({})).await;
    let first = fleet.ask(0, "GET /dev/p", &[]).await;
    assert_eq!(
        fleet.table.asked.load(Ordering::SeqCst),
        2,
        "looked for, and stored"
    );
    for environment in [1, 2] {
        for _ in 0..5 {
            assert_eq!(
                fleet.ask(environment, "GET /dev/p", &[]).await.body,
                first.body
            );
        }
    }
    assert_eq!(fleet.backend.calls(), 1);
    assert_eq!(fleet.table.asked.load(Ordering::SeqCst), 4, "once by each");
}

#[tokio::test]
async fn encrypted_answers_are_shared_under_the_stages_key_and_stay_out_of_the_table_without_one() {
    for (key, calls) in [(Some(vec![7; 32]), 1), (None, 2)] {
        let fleet = Fleet::new(2);
        fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
        let settings = json!({"*/*": {"cacheDataEncrypted": true}});
        fleet.stage(settings, json!({"cacheKey": key})).await;
        *fleet.backend.body.lock().unwrap() = Some(b"secret".to_vec());
        for environment in [0, 1, 0, 1] {
            assert_eq!(
                fleet.ask(environment, "GET /dev/p", &[]).await.body,
                "secret"
            );
        }
        assert_eq!(fleet.backend.calls(), calls);
        if key.is_none() {
            assert_eq!(fleet.table.asked.load(Ordering::SeqCst), 0);
        }
    }
}

#[tokio::test]
async fn a_table_that_is_away_costs_a_call_of_the_backend_and_nothing_else() {
    let fleet = Fleet::new(2);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    fleet.stage(all(), json!({})).await;
    fleet.table.away.store(true, Ordering::SeqCst);
    for environment in [0, 1] {
        for _ in 0..3 {
            assert_eq!(fleet.ask(environment, "GET /dev/p", &[]).await.status, 200);
        }
    }
    assert_eq!(fleet.backend.calls(), 2, "what is in memory is still good");
    assert_eq!(*fleet.journal.faults.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn without_memory_the_table_alone_keeps_answers() {
    let fleet = Fleet::with(
        1,
        Caching {
            memory_bytes: 0,
            tells: false,
        },
    );
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    fleet.stage(all(), json!({})).await;
    assert!(
        fleet
            .are_one(("GET /dev/p", &[]), ("GET /dev/p", &[]))
            .await
    );
}

#[tokio::test]
async fn a_hundred_who_want_the_same_cost_one_call() {
    let fleet = Arc::new(Fleet::of(("GET /p", proxy(&[])), all()).await);
    fleet.backend.permits.forget_permits(Semaphore::MAX_PERMITS);
    let askers: Vec<_> = (0..100)
        .map(|_| {
            let fleet = fleet.clone();
            tokio::spawn(async move { fleet.get("GET /dev/p").await.body })
        })
        .collect();
    tokio::task::yield_now().await;
    while fleet.backend.calls() == 0 {
        tokio::task::yield_now().await;
    }
    fleet.backend.permits.add_permits(1);
    for asker in askers {
        assert!(asker.await.unwrap().starts_with("1 "));
    }
    assert_eq!(fleet.backend.calls(), 1);
    let metrics = fleet.journal.metrics.lock().unwrap();
    let hits = metrics.iter().filter(|record| record["CacheHitCount"] == 1);
    let called = metrics
        .iter()
        .filter(|record| record["IntegrationLatency"].is_u64());
    assert_eq!((hits.count(), called.count()), (99, 1));
}

#[tokio::test]
async fn where_the_one_that_asks_gets_nothing_all_others_go_on_at_once() {
    for leave in [false, true] {
        let fleet = Arc::new(Fleet::of(("GET /p", proxy(&[])), all()).await);
        fleet.backend.permits.forget_permits(Semaphore::MAX_PERMITS);
        let ask = || {
            let fleet = fleet.clone();
            tokio::spawn(async move { fleet.get("GET /dev/p").await.status })
        };
        let calls = async |wanted: usize| {
            while fleet.backend.calls() < wanted {
                tokio::task::yield_now().await;
            }
        };
        let leader = ask();
        calls(1).await;
        let others: Vec<_> = (0..10).map(|_| ask()).collect();
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(fleet.backend.calls(), 1, "they wait");
        if leave {
            leader.abort();
        } else {
            fleet.backend.fails.store(true, Ordering::SeqCst);
            fleet.backend.permits.add_permits(1);
            assert_eq!(leader.await.unwrap(), 504);
            fleet.backend.fails.store(false, Ordering::SeqCst);
        }
        // All of them, before any has its answer.
        tokio::time::timeout(Duration::from_secs(10), calls(11))
            .await
            .unwrap();
        fleet.backend.permits.add_permits(20);
        for other in others {
            assert_eq!(other.await.unwrap(), 200);
        }
        assert_eq!(fleet.get("GET /dev/p").await.status, 200);
        assert_eq!(fleet.backend.calls(), 11);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_long_for_what_another_asked_for() {
    let fleet = Arc::new(Fleet::of(("GET /p", proxy(&[])), all()).await);
    fleet.backend.permits.forget_permits(Semaphore::MAX_PERMITS);
    let asker = fleet.clone();
    let slow = tokio::spawn(async move { asker.get("GET /dev/p").await.status });
    while fleet.backend.calls() == 0 {
        tokio::task::yield_now().await;
    }
    let begun = tokio::time::Instant::now();
    let asker = fleet.clone();
    let other = tokio::spawn(async move { asker.get("GET /dev/p").await.status });
    while fleet.backend.calls() == 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let waited = begun.elapsed().as_secs_f64();
    assert!((4.9..5.1).contains(&waited), "{waited}");
    fleet.backend.permits.add_permits(2);
    assert_eq!((slow.await.unwrap(), other.await.unwrap()), (200, 200));
}

const FRESH: &[(&str, &str)] = &[("cache-control", "max-age=0")];
const WARNING: &str = "199 Cache-control headers were ignored because the caller was unauthorized.";

#[tokio::test]
async fn who_asks_for_a_new_answer_gets_it_where_nobody_need_be_authorized() {
    let settings = json!({"*/*": {"requireAuthorizationForCacheControl": false}});
    let caching = Caching {
        tells: true,
        ..Caching::default()
    };
    let fleet = Fleet::with(2, caching);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    fleet.stage(settings, json!({})).await;
    let told = async |environment, headers| {
        let told = fleet.ask(environment, "GET /dev/p", headers).await;
        assert_eq!(told.header("warning"), None);
        let outcome = told.header("x-gateway-cache").unwrap().to_owned();
        (told.body[..1].to_owned(), outcome)
    };
    let expect = |number: &str, outcome: &str| (number.to_owned(), outcome.to_owned());
    assert_eq!(told(0, &[]).await, expect("1", "MISS"));
    assert_eq!(told(1, &[]).await, expect("1", "HIT"));
    assert_eq!(told(0, FRESH).await, expect("2", "REFRESH"));
    assert_eq!(told(0, &[]).await, expect("2", "HIT"));
    assert_eq!(
        told(0, &[("cache-control", "no-cache")]).await,
        expect("3", "REFRESH")
    );
    assert_eq!(
        told(0, &[("cache-control", "max-age=1")]).await,
        expect("3", "HIT")
    );
    // Another environment has what it holds for a few seconds more.
    assert_eq!(told(1, &[]).await, expect("1", "HIT"));
    fleet.clock.forward(Duration::from_secs(5));
    assert_eq!(told(1, &[]).await, expect("3", "HIT"));
    // And where the table is away, what it holds is still good.
    fleet.clock.forward(Duration::from_secs(5));
    fleet.table.away.store(true, Ordering::SeqCst);
    assert_eq!(told(1, &[]).await, expect("3", "HIT"));
    assert_eq!(fleet.backend.calls(), 3);
    let metrics = fleet.journal.metrics.lock().unwrap();
    let counted: Vec<_> = metrics
        .iter()
        .map(|record| {
            record["CacheHitCount"].as_u64().unwrap()
                + 10 * record["CacheMissCount"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(counted, [10, 1, 10, 1, 10, 1, 1, 1, 1]);
}

#[tokio::test]
async fn who_may_not_ask_for_a_new_answer_is_told_so_as_the_stage_wants() {
    for (strategy, status, warning) in [
        ("SUCCEED_WITH_RESPONSE_HEADER", 200, Some(WARNING)),
        ("SUCCEED_WITHOUT_RESPONSE_HEADER", 200, None),
        ("FAIL_WITH_403", 403, None),
    ] {
        let settings = json!({"*/*": {"unauthorizedCacheControlHeaderStrategy": strategy}});
        let fleet = Fleet::of(("GET /p", proxy(&[])), settings).await;
        for number in 0..2 {
            let told = fleet.ask(0, "GET /dev/p", FRESH).await;
            assert_eq!(
                (told.status, told.header("warning")),
                (status, warning),
                "{strategy}"
            );
            if status == 403 {
                assert_eq!(told.body, r#"{"message":"Forbidden"}"#);
                assert_eq!(told.header("x-amzn-errortype"), Some("ForbiddenException"));
            }
            let calls = usize::from(status == 200);
            assert_eq!(fleet.backend.calls(), calls, "{strategy} {number}");
        }
        // What is kept has no warning for others.
        assert_eq!(fleet.get("GET /dev/p").await.header("warning"), None);
        assert_eq!(fleet.backend.calls(), 1);
    }
}

#[tokio::test]
async fn where_nothing_is_kept_nobody_is_warned_or_refused() {
    let settings = json!({"*/*": {"cachingEnabled": false, "unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403"}});
    let fleet = Fleet::of(("GET /p", proxy(&[])), settings).await;
    assert_eq!(fleet.ask(0, "GET /dev/p", FRESH).await.status, 200);
}

#[tokio::test]
async fn an_authorizers_policy_may_allow_a_new_answer() {
    for (allows, calls, warning) in [
        (json!("execute-api:Invoke"), 1, Some(WARNING)),
        (
            json!(["execute-api:Invoke", "execute-api:InvalidateCache"]),
            2,
            None,
        ),
        (json!("*"), 2, None),
    ] {
        let members = json!({"authorizationType": "CUSTOM", "authorizerId": "guard"});
        let fleet = Fleet::of(("GET /p", with(proxy(&[]), members, json!({}))), all()).await;
        *fleet.backend.allows.lock().unwrap() = allows.clone();
        let who = ("who", "me");
        assert_eq!(fleet.ask(0, "GET /dev/p", &[who]).await.status, 200);
        let told = fleet.ask(0, "GET /dev/p", &[who, FRESH[0]]).await;
        assert_eq!(
            (fleet.backend.calls(), told.header("warning")),
            (calls, warning),
            "{allows}"
        );
        // A hit is authorized as any other request.
        assert_eq!(fleet.backend.asks.load(Ordering::SeqCst), 2);
        assert_eq!(fleet.get("GET /dev/p").await.status, 401);
    }
}

#[tokio::test]
async fn where_any_credentials_are_believed_they_allow_a_new_answer() {
    let method = with(
        proxy(&[]),
        json!({"authorizationType": "AWS_IAM"}),
        json!({}),
    );
    let fleet = Fleet::of(("GET /p", method), all()).await;
    let signed = (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c",
    );
    fleet.ask(0, "GET /dev/p", &[signed]).await;
    let told = fleet.ask(0, "GET /dev/p", &[signed, FRESH[0]]).await;
    assert_eq!((fleet.backend.calls(), told.header("warning")), (2, None));
    assert_eq!(fleet.get("GET /dev/p").await.status, 403);
}

#[tokio::test]
async fn the_access_log_of_a_kept_answer_tells_of_no_integration() {
    let fleet = Fleet::new(1);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    let format = json!({"format": "$context.requestId $context.status $context.integration.status $context.responseLength"});
    fleet
        .stage(all(), json!({"accessLogSettings": format}))
        .await;
    for _ in 0..2 {
        fleet.get("GET /dev/p").await;
    }
    let logged = fleet.journal.access.lock().unwrap();
    let seen: Vec<_> = logged
        .iter()
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect();
    assert_eq!(seen, ["200 200 21", "200 - 21"]);
}

mod model {
    //! Random declarations of keys and random requests, against a map.

    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 3] = ["a", "b", "A"];
    const VALUES: [&str; 6] = ["", "1", "2", "12", "1,2", "a"];

    #[derive(Clone, Debug)]
    struct Asked {
        id: &'static str,
        query: Vec<(&'static str, &'static str)>,
        headers: Vec<(&'static str, &'static str)>,
    }

    fn pairs() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
        let pair = (
            prop::sample::select(&NAMES[..]),
            prop::sample::select(&VALUES[..]),
        );
        prop::collection::vec(pair, 0..4)
    }

    fn asked() -> impl Strategy<Value = Asked> {
        let id = prop::sample::select(&["1", "2", "12", "a"][..]);
        (id, pairs(), pairs()).prop_map(|(id, query, headers)| Asked { id, query, headers })
    }

    fn declared() -> impl Strategy<Value = Vec<&'static str>> {
        let all = [
            "method.request.path.id",
            "method.request.querystring.a",
            "method.request.querystring.b",
            "method.request.querystring.A",
            "method.request.multivaluequerystring.b",
            "method.request.header.a",
            "method.request.header.b",
            "method.request.multivalueheader.A",
        ];
        prop::sample::subsequence(all.to_vec(), 0..=all.len())
    }

    impl Asked {
        /// What the declaration says of it, in plain words.
        fn told_apart_by(&self, declared: &[&str]) -> Vec<Vec<&'static str>> {
            let one = |name: &&str| {
                let (kind, name) = name["method.request.".len()..].split_once('.').unwrap();
                let of = |pairs: &[(&'static str, &'static str)], same: fn(&str, &str) -> bool| {
                    let pairs = pairs.iter().filter(|(n, _)| same(n, name));
                    pairs.map(|(_, value)| *value).collect()
                };
                match kind {
                    "path" => vec![self.id],
                    "querystring" | "multivaluequerystring" => of(&self.query, |a, b| a == b),
                    _ => of(&self.headers, str::eq_ignore_ascii_case),
                }
            };
            declared.iter().map(one).collect()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nobody_gets_the_answer_of_somebody_whom_the_key_tells_apart(declared in declared(), requests in prop::collection::vec((asked(), 0..2_usize), 1..40)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let fleet = Fleet::new(2);
                fleet.deploy("d1", &[("GET /p/{id}", proxy(&declared))]).await;
                fleet.stage(all(), json!({})).await;
                let mut known: HashMap<_, String> = HashMap::new();
                for (asked, environment) in requests {
                    let query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
                    let request = format!("GET /dev/p/{}?{}", asked.id, query.join("&"));
                    let told = fleet.ask(environment, &request, &asked.headers).await;
                    assert_eq!(told.status, 200);
                    let expected = known.entry(asked.told_apart_by(&declared)).or_insert_with(|| told.body.clone());
                    assert_eq!(*expected, told.body, "{declared:?} {asked:?}");
                }
                // And nobody was asked twice for the same.
                assert_eq!(fleet.backend.calls(), known.len());
            });
        }
    }
}
