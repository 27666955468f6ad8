//! Environments of one fleet: gateways with memories of their own, a table that they share, and one backend that counts.

use crate::harness::{
    Answer, Bench, Kept, Stopped, arrival, authorizers, definition, merge, method_setting,
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
use tokio::sync::Semaphore;

/// Answers every call with its number and what was asked for, once it is let.
pub(crate) struct Counting {
    calls: AtomicUsize,
    pub(super) asks: AtomicUsize,
    pub(super) fails: AtomicBool,
    /// Calls that may be answered.
    pub(super) permits: Semaphore,
    pub(super) status: Mutex<u16>,
    pub(crate) headers: Mutex<Vec<(&'static str, &'static str)>>,
    /// In place of the number and the rest.
    pub(super) body: Mutex<Option<Vec<u8>>>,
    /// What an authorizer allows.
    pub(super) allows: Mutex<Value>,
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
pub(super) struct Shared {
    items: Mutex<HashMap<Key, Bytes>>,
    pub(super) asked: AtomicUsize,
    pub(super) away: AtomicBool,
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
    pub(super) gateways: Vec<Gateway>,
    pub(crate) backend: Arc<Counting>,
    pub(crate) journal: Arc<Kept>,
    pub(super) table: Arc<Shared>,
    pub(super) clock: Arc<Stopped>,
}

impl Fleet {
    pub(crate) fn new(environments: usize) -> Self {
        Self::with(environments, Caching::default())
    }

    pub(super) fn with(environments: usize, caching: Caching) -> Self {
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
    pub(super) async fn of(method: (&str, Value), settings: Value) -> Self {
        let fleet = Self::new(1);
        fleet.deploy("d1", &[method]).await;
        fleet.stage(settings, json!({})).await;
        fleet
    }

    pub(super) async fn deploy(&self, deployment: &str, methods: &[(&str, Value)]) {
        self.bench.deploy(deployment, &api(methods)).await;
    }

    /// Caching is on for the method settings given, by key.
    pub(super) async fn stage(&self, settings: Value, members: Value) {
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

    /// Whether two requests, the first of them new to the cache, get the same answer. `GET /dev/p + who: me` has a header.
    pub(crate) async fn are_one(&self, first: &str, second: &str) -> bool {
        let before = self.backend.calls();
        let (one, other) = (self.asks(first).await, self.asks(second).await);
        assert_eq!((one.status, other.status), (200, 200), "{}", one.body);
        let calls = self.backend.calls() - before;
        assert_eq!(calls == 1, one.body == other.body, "{first} and {second}");
        calls == 1
    }

    async fn asks(&self, words: &str) -> Answer {
        let mut words = words.split(" + ");
        let request = words.next().unwrap();
        let headers = words.map(|header| header.split_once(':').unwrap());
        let headers: Vec<_> = headers.map(|(name, value)| (name, value.trim())).collect();
        self.ask(0, request, &headers).await
    }
}

/// The settings of methods whose answers are kept.
pub(crate) fn setting(members: &Value) -> Value {
    let mut setting = method_setting(&json!({"cachingEnabled": true}));
    merge(&mut setting, members);
    setting
}

pub(super) fn api(methods: &[(&str, Value)]) -> Definition {
    let methods = methods.iter();
    let methods = methods.map(|(target, method)| ((*target).to_owned(), method.clone()));
    let mut definition = definition(&Value::Null, &methods.collect());
    let guard =
        json!({"identitySource": "method.request.header.Who", "authorizerResultTtlInSeconds": 0});
    definition.authorizers = authorizers(&[("guard".to_owned(), guard)].into());
    definition
}

/// A method that goes on to the backend, keyed by these parameters.
pub(super) fn proxy(parameters: &[&str]) -> Value {
    json!({"methodIntegration": {
        "type": "HTTP_PROXY", "httpMethod": "ANY", "uri": "http://backend/", "cacheKeyParameters": parameters,
    }})
}

pub(super) fn with(mut method: Value, members: Value, integration: Value) -> Value {
    merge(&mut method, &members);
    merge(&mut method["methodIntegration"], &integration);
    method
}

pub(super) fn all() -> Value {
    json!({"*/*": {}})
}
