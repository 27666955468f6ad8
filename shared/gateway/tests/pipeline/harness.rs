//! Builds the API of a case, sends its requests, and compares.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::{Frame, SizeHint};
use http_body_util::StreamBody;
use postern_definition::rest::{
    Authorizer, Definition, Method, Model, RequestValidator, Resource, RestApi, Stage,
};
use postern_definition::routed::{
    Authorizer as RoutedAuthorizer, Definition as RoutedDefinition, Model as RoutedModel,
    Stage as RoutedStage,
};
use postern_definition::{ApiId, DeploymentId, Map, ResourceId};
use postern_gateway::{
    Arrival, Backend, Body, Call, CallError, Caller, Clock, Destination, Gateway, Journal,
    Metering, Settings, Spelling, VpcLinks, World,
};
use postern_plan::live::{self, LiveStage};
use postern_plan::{Snapshot, routed};
use postern_store::{Embedded, Store};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

pub(crate) const API: &str = "a1b2c3d4e5";
const GUARD: &str = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:guard/invocations";

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

/// Plays every backend: keeps what it is sent and answers what it is told.
#[derive(Default)]
pub(crate) struct Played {
    pub(crate) answer: Mutex<Value>,
    pub(crate) sent: Mutex<Option<Value>>,
    pub(crate) guard: Mutex<Value>,
    /// What the function was asked last.
    pub(crate) asked: Mutex<Option<Value>>,
    pub(crate) times_asked: AtomicU64,
    /// Where every call went.
    pub(crate) calls: Mutex<Vec<String>>,
}

#[async_trait]
impl Backend for Played {
    async fn call(&self, call: Call) -> Result<Response<Body>, CallError> {
        let url = match call.destination {
            Destination::Url { url, connection } => {
                let any_issuer = if connection.any_issuer {
                    " of any issuer"
                } else {
                    ""
                };
                let through = connection
                    .through
                    .map(|address| format!(" through {address}"));
                format!("{url}{any_issuer}{}", through.unwrap_or_default())
            }
            Destination::Service {
                name,
                region,
                path,
                caller,
            } => match caller {
                Caller::Gateway => format!("{name}.{region} {path}"),
                Caller::Role(arn) => format!("{name}.{region} {path} as {arn}"),
            },
        };
        self.calls.lock().unwrap().push(url.clone());
        let body = call
            .body
            .collect(usize::MAX)
            .await
            .map_err(|error| CallError::Client(error.to_string()))?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let headers: Map<Vec<String>> = call
            .headers
            .keys()
            .map(|name| {
                (
                    name.to_string(),
                    call.headers
                        .get_all(name)
                        .iter()
                        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                        .collect(),
                )
            })
            .collect();
        let is_guard = url.contains(":guard");
        let seen = if is_guard { &self.asked } else { &self.sent };
        *seen.lock().unwrap() = Some(json!({
            "method": call.method.as_str(), "url": url, "headers": headers, "body": text, "base64": STANDARD.encode(&body),
            "timeout": call.timeout.as_millis() as u64,
            "json": serde_json::from_str::<Value>(&text).unwrap_or_default(),
        }));
        let answer = if is_guard {
            self.times_asked.fetch_add(1, Ordering::SeqCst);
            let verdict = self.guard.lock().unwrap().clone();
            match verdict.get("reply") {
                Some(reply) => reply.clone(),
                None => json!({ "body": verdict }),
            }
        } else {
            self.answer.lock().unwrap().clone()
        };
        match answer.as_str() {
            Some("refused") => return Err(CallError::Network("connection refused".to_owned())),
            Some("unknown host") => return Err(CallError::Address("no such host".to_owned())),
            Some("slow") => return Err(CallError::Timeout(call.timeout)),
            Some("slow body") => {
                return Ok(Response::new(breaking(CallError::Timeout(call.timeout))));
            }
            Some("broken body of known length") => {
                let sized = Sized(breaking(CallError::Network("reset".to_owned())));
                return Ok(Response::new(Body::stream(sized)));
            }
            Some("broken body") => {
                let reset = CallError::Network("reset".to_owned());
                return Ok(Response::new(breaking(reset)));
            }
            _ => {}
        }
        let body = match (&answer["body"], answer["base64"].as_str()) {
            (_, Some(base64)) => STANDARD.decode(base64).unwrap(),
            (Value::String(text), _) => text.clone().into_bytes(),
            (Value::Null, _) => Vec::new(),
            (value, _) => value.to_string().into_bytes(),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            http::StatusCode::from_u16(answer["status"].as_u64().unwrap_or(200) as u16).unwrap();
        for (name, value) in answer["headers"].as_object().into_iter().flatten() {
            let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
            response
                .headers_mut()
                .append(HeaderName::try_from(name).unwrap(), value);
        }
        Ok(response)
    }
}

/// A body that begins, and then ends as calls end that fail.
fn breaking(error: CallError) -> Body {
    let frames = [Ok(Frame::data(Bytes::from_static(b"{"))), Err(error)];
    Body::stream(StreamBody::new(futures_util::stream::iter(frames)))
}

/// A body that says how long it is to be.
struct Sized(Body);

impl http_body::Body for Sized {
    type Data = Bytes;
    type Error = postern_gateway::BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(10)
    }
}

/// A clock that stands until it is moved.
pub(crate) struct Stopped(AtomicU64);

impl Stopped {
    pub(crate) fn at(seconds: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seconds * 1_000)))
    }

    pub(crate) fn forward(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Clock for Stopped {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Keeps every line.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) access: Mutex<Vec<String>>,
    pub(crate) metrics: Mutex<Vec<Value>>,
    pub(crate) faults: Mutex<Vec<String>>,
    pub(crate) executions: Mutex<Vec<String>>,
}

impl Journal for Kept {
    fn request(&self, access: &str, metrics: &str) {
        self.access.lock().unwrap().push(access.to_owned());
        self.metrics(metrics);
    }

    fn metrics(&self, record: &str) {
        let record = serde_json::from_str(record).unwrap();
        self.metrics.lock().unwrap().push(record);
    }

    fn execution(&self, lines: &str) {
        self.executions.lock().unwrap().push(lines.to_owned());
    }

    fn fault(&self, line: &str) {
        self.faults.lock().unwrap().push(line.to_owned());
    }
}

/// A gateway over a store in memory.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) gateway: Gateway,
    pub(crate) backend: Arc<Played>,
    pub(crate) journal: Arc<Kept>,
}

impl Bench {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let store = Embedded::memory(clock.clone()).unwrap();
        Self::over(store, clock)
    }

    pub(crate) fn over(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self::set(store, clock, |_| {})
    }

    pub(crate) fn with_links(store: Store, clock: Arc<dyn Clock>, vpc_links: VpcLinks) -> Self {
        Self::set(store, clock, |settings| settings.vpc_links = vpc_links)
    }

    pub(crate) fn limited(store: Store, clock: Arc<dyn Clock>, metering: Metering) -> Self {
        Self::set(store, clock, |settings| settings.metering = metering)
    }

    fn set(store: Store, clock: Arc<dyn Clock>, set: impl FnOnce(&mut Settings)) -> Self {
        let backend = Arc::new(Played::default());
        let journal = Arc::new(Kept::default());
        let world = World {
            store: store.clone(),
            backend: backend.clone(),
            clock,
            journal: journal.clone(),
        };
        let mut settings = Settings::of("123456789012", "eu-west-1");
        set(&mut settings);
        Self {
            store,
            gateway: Gateway::new(world, settings),
            backend,
            journal,
        }
    }

    /// Freezes and stores a deployment.
    pub(crate) async fn deploy(&self, deployment: &str, definition: &Definition) {
        let snapshot = Snapshot::freeze(definition).unwrap_or_else(|defects| panic!("{defects:?}"));
        let (api, deployment) = (ApiId::from(API), DeploymentId::from(deployment));
        snapshot
            .save(&*self.store.definitions, &api, &deployment)
            .await
            .unwrap();
    }

    /// Makes the stage `dev`, or changes it.
    pub(crate) async fn stage(&self, members: &Value) {
        let mut stage = json!({
            "stageName": "dev", "deploymentId": "d1", "cacheClusterEnabled": false, "cacheClusterStatus": "NOT_AVAILABLE",
            "tracingEnabled": false, "createdDate": 0, "lastUpdatedDate": 0,
        });
        merge(&mut stage, members);
        let stage: Stage = serde_json::from_value(stage).unwrap();
        self.put_stage(&stage).await;
    }

    async fn put_stage(&self, stage: &impl LiveStage) {
        let table = &*self.store.definitions;
        let writes = live::put(table, &ApiId::from(API), stage).await.unwrap();
        table.transact(writes).await.unwrap();
    }

    /// Deploys an HTTP API to its stage.
    pub(crate) async fn deploy_routes(
        &self,
        api: &Value,
        routes: &BTreeMap<String, Value>,
        stage: &Value,
    ) {
        self.deploy_guarded(api, routes, &BTreeMap::new(), stage)
            .await;
    }

    /// The same, with authorizers by id.
    pub(crate) async fn deploy_guarded(
        &self,
        api: &Value,
        routes: &BTreeMap<String, Value>,
        authorizers: &BTreeMap<String, Value>,
        stage: &Value,
    ) {
        let mut definition = routed_definition(api, routes);
        definition.authorizers = routed_authorizers(authorizers);
        self.deploy_routed(&definition, stage).await;
    }

    /// Deploys an HTTP or WebSocket API to its stage.
    pub(crate) async fn deploy_routed(&self, definition: &RoutedDefinition, stage: &Value) {
        let snapshot = routed::freeze(definition).unwrap_or_else(|defects| panic!("{defects:?}"));
        let (api, deployment) = (ApiId::from(API), DeploymentId::from("d1"));
        let saved = snapshot.save(&*self.store.definitions, &api, &deployment);
        saved.await.unwrap();
        self.put_routed_stage(stage).await;
    }

    /// Makes the stage `dev` of an API of routes, or changes it.
    pub(crate) async fn put_routed_stage(&self, stage: &Value) {
        let mut whole = json!({
            "stageName": "dev", "deploymentId": "d1", "createdDate": "2024-08-07T18:37:12Z",
            "lastUpdatedDate": "2024-08-07T18:37:12Z", "defaultRouteSettings": {"detailedMetricsEnabled": false},
        });
        merge(&mut whole, stage);
        let stage: RoutedStage = serde_json::from_value(whole).unwrap();
        self.put_stage(&stage).await;
    }

    /// Removes the stage `dev`.
    pub(crate) async fn unstage(&self) {
        let table = &*self.store.definitions;
        let writes = live::delete(table, &ApiId::from(API), &"dev".into())
            .await
            .unwrap();
        table.transact(writes).await.unwrap();
    }

    pub(crate) async fn send(
        &self,
        request: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> Response<Body> {
        self.gateway.answer(arrival(request, headers, body)).await
    }
}

pub(crate) fn arrival(request: &str, headers: &[(String, String)], body: &str) -> Arrival {
    let (verb, target) = request.split_once(' ').unwrap();
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    let host = format!("{API}.execute-api.eu-west-1.amazonaws.com");
    let mut map = HeaderMap::new();
    map.insert("host", HeaderValue::from_str(&host).unwrap());
    for (name, value) in headers {
        map.append(
            HeaderName::try_from(name).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    Arrival {
        method: verb.parse().unwrap(),
        host,
        path: path.to_owned(),
        query: query.map(str::to_owned),
        headers: map,
        body: Body::from(body.to_owned()),
        proven: None,
        source_ip: "198.51.100.7".to_owned(),
        spelling: Spelling::default(),
        scheme: "https",
        port: 443,
        client_certificate: None,
        vpc: None,
    }
}

/// An HTTP API of these routes, each with an integration of its own.
fn routed_definition(api: &Value, routes: &BTreeMap<String, Value>) -> RoutedDefinition {
    let mut whole = json!({
        "apiId": API, "name": "pets", "protocolType": "HTTP", "routeSelectionExpression": "$request.method $request.path",
        "apiKeySelectionExpression": "$request.header.x-api-key", "createdDate": "2024-08-07T18:37:12Z",
        "disableExecuteApiEndpoint": false, "ipAddressType": "ipv4",
    });
    merge(&mut whole, api);
    let mut definition = RoutedDefinition::new(serde_json::from_value(whole).unwrap());
    for (number, (key, members)) in routes.iter().enumerate() {
        let mut integration = json!({
            "integrationId": format!("i{number}"), "connectionType": "INTERNET", "timeoutInMillis": 30000,
            "payloadFormatVersion": "1.0",
        });
        merge(&mut integration, &members["integration"]);
        let mut route = json!({
            "routeId": format!("r{number}"), "routeKey": key, "target": format!("integrations/i{number}"),
            "apiKeyRequired": false, "authorizationType": "NONE",
        });
        merge(&mut route, members);
        let integration = serde_json::from_value(integration);
        let integration = integration.unwrap_or_else(|error| panic!("{key}: {error}"));
        definition.integrations.push(integration);
        definition
            .routes
            .push(serde_json::from_value(route).unwrap());
    }
    definition
}

/// Resources for all paths, and the methods on them.
pub(crate) fn definition(api: &Value, methods: &BTreeMap<String, Value>) -> Definition {
    let mut whole = json!({
        "id": API, "name": "pets", "createdDate": 0, "apiKeySource": "HEADER", "rootResourceId": "root",
        "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}, "disableExecuteApiEndpoint": false,
    });
    merge(&mut whole, api);
    let api: RestApi = serde_json::from_value(whole).unwrap();
    let mut resources: BTreeMap<String, Resource> = BTreeMap::new();
    let mut all = Vec::new();
    for (target, method) in methods {
        let (verb, path) = target.split_once(' ').unwrap();
        let mut method = method.clone();
        method["methodIntegration"] = with_defaults(&method["methodIntegration"]);
        let mut whole =
            json!({"httpMethod": verb, "authorizationType": "NONE", "apiKeyRequired": false});
        merge(&mut whole, &method);
        let id = ResourceId::from(format!("r{path}"));
        let resource = resources
            .entry(path.to_owned())
            .or_insert_with(|| Resource {
                id: id.clone(),
                parent_id: None,
                path_part: None,
                path: path.to_owned(),
                methods: std::collections::BTreeSet::new(),
            });
        resource.methods.insert(verb.to_owned());
        let method: Method =
            serde_json::from_value(whole).unwrap_or_else(|error| panic!("{target}: {error}"));
        all.push((id, method));
    }
    Definition::new(api, resources.into_values().collect(), all)
}

/// Models of JSON, except where the schema is a text.
pub(crate) fn models(schemas: &BTreeMap<String, Value>) -> Vec<Model> {
    let model = |(name, schema): (&String, &Value)| Model {
        id: format!("m{name}"),
        name: name.clone(),
        description: None,
        schema: Some(
            schema
                .as_str()
                .map_or_else(|| schema.to_string(), str::to_owned),
        ),
        content_type: "application/json".to_owned(),
    };
    schemas.iter().map(model).collect()
}

pub(crate) fn validators(all: &BTreeMap<String, Value>) -> Vec<RequestValidator> {
    let validator = |(id, members): (&String, &Value)| {
        let mut whole =
            json!({"id": id, "validateRequestBody": false, "validateRequestParameters": false});
        merge(&mut whole, members);
        serde_json::from_value(whole).unwrap()
    };
    all.iter().map(validator).collect()
}

pub(crate) fn authorizers(all: &BTreeMap<String, Value>) -> Vec<Authorizer> {
    let authorizer = |(id, members): (&String, &Value)| {
        let mut whole = json!({"id": id, "name": id, "type": "TOKEN", "identitySource": "method.request.header.Authorization",
            "authorizerUri": GUARD});
        merge(&mut whole, members);
        serde_json::from_value(whole).unwrap()
    };
    all.iter().map(authorizer).collect()
}

fn routed_models(schemas: &BTreeMap<String, Value>) -> Vec<RoutedModel> {
    let model = |(name, schema): (&String, &Value)| {
        let whole = json!({"modelId": name, "name": name, "schema": schema.to_string(), "contentType": "application/json"});
        serde_json::from_value(whole).unwrap()
    };
    schemas.iter().map(model).collect()
}

fn routed_authorizers(all: &BTreeMap<String, Value>) -> Vec<RoutedAuthorizer> {
    let authorizer = |(id, members): (&String, &Value)| {
        let mut whole = json!({"authorizerId": id, "name": id, "authorizerType": "REQUEST", "authorizerPayloadFormatVersion": "2.0",
            "identitySource": ["$request.header.Authorization"], "authorizerUri": GUARD});
        merge(&mut whole, members);
        serde_json::from_value(whole).unwrap()
    };
    all.iter().map(authorizer).collect()
}

fn with_defaults(integration: &Value) -> Value {
    let mut whole = json!({"passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": "r"});
    merge(&mut whole, integration);
    whole
}

/// Lays the members of one object over another's.
pub(crate) fn merge(under: &mut Value, over: &Value) {
    if let (Some(under), Some(over)) = (under.as_object_mut(), over.as_object()) {
        under.extend(over.clone());
    }
}

impl Case {
    /// Gives the number of requests, and of those that were not answered as the file says.
    pub(crate) async fn run(self, name: &str) -> (usize, usize) {
        let bench = Bench::new(Stopped::at(1_723_055_832));
        if !self.routes.is_empty() {
            let mut definition = routed_definition(&self.api, &self.routes);
            definition.authorizers = routed_authorizers(&self.authorizers);
            definition.models = routed_models(&self.models);
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
        let mut arrival = arrival(&self.request, &self.headers, &self.body);
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
