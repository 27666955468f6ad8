//! A gateway over a store in memory, and how requests come to it.

use super::{API, Kept, Played, merge, routed};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use postern_definition::rest::{Definition, Stage};
use postern_definition::routed::{Definition as RoutedDefinition, Stage as RoutedStage};
use postern_definition::{ApiId, DeploymentId};
use postern_gateway::{
    Arrival, Body, Clock, Gateway, Metering, Settings, Spelling, VpcLinks, World,
};
use postern_plan::Snapshot;
use postern_plan::live::{self, LiveStage};
use postern_store::{Embedded, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

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
        let mut definition = routed::definition(api, routes);
        definition.authorizers = routed::authorizers(authorizers);
        self.deploy_routed(&definition, stage).await;
    }

    /// Deploys an HTTP or WebSocket API to its stage.
    pub(crate) async fn deploy_routed(&self, definition: &RoutedDefinition, stage: &Value) {
        let snapshot = postern_plan::routed::freeze(definition)
            .unwrap_or_else(|defects| panic!("{defects:?}"));
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
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Body> {
        self.gateway.answer(arrival(request, headers, body)).await
    }
}

pub(crate) fn arrival(request: &str, headers: &[(&str, &str)], body: &str) -> Arrival {
    let (verb, target) = request.split_once(' ').unwrap();
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    let host = format!("{API}.execute-api.eu-west-1.amazonaws.com");
    let mut map = HeaderMap::new();
    map.insert("host", HeaderValue::from_str(&host).unwrap());
    for (name, value) in headers {
        map.append(
            HeaderName::try_from(*name).unwrap(),
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

/// What a client got.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect(100 << 20).await.unwrap();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status, type of error and body.
    pub(crate) fn refusal(&self) -> (u16, &str, &str) {
        let kind = self.header("x-amzn-errortype").unwrap_or_default();
        (self.status, kind, &self.body)
    }
}
