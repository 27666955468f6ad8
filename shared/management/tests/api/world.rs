//! A management API on a store in memory, with a clock that stands still.

use bytes::Bytes;
use http::{Request, Response};
use postern_gateway::{
    Backend, Body, Call, CallError, Connection, Destination, Gateway, Settings, StandardOutput,
};
use postern_management::{Limits, Management, World};
pub(crate) use postern_store::Store;
use postern_store::{Clock, Embedded, Table};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const NOW: u64 = 1_773_119_783;

struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> Duration {
        Duration::from_secs(NOW)
    }
}

pub(crate) fn store() -> Store {
    Embedded::memory(Arc::new(StillClock)).unwrap()
}

pub(crate) fn table() -> Arc<dyn Table> {
    store().definitions
}

/// Another process on the same table, as far as the table can tell. It has no limits, for what is large is tested with it too.
pub(crate) fn on(definitions: Arc<dyn Table>) -> Management {
    limited(definitions, Limits::NONE)
}

pub(crate) fn limited(definitions: Arc<dyn Table>, limits: Limits) -> Management {
    let usage = store().usage;
    with(definitions, usage, limits)
}

/// On both tables of a store.
pub(crate) fn of(store: &Store, limits: Limits) -> Management {
    with(store.definitions.clone(), store.usage.clone(), limits)
}

fn with(definitions: Arc<dyn Table>, usage: Arc<dyn Table>, limits: Limits) -> Management {
    timed((definitions, usage), limits, Arc::new(StillClock))
}

/// On tables of definitions and of usage, by another clock.
pub(crate) fn timed(
    (definitions, usage): (Arc<dyn Table>, Arc<dyn Table>),
    limits: Limits,
    clock: Arc<dyn Clock>,
) -> Management {
    Management::new(World {
        gateway: gateway(definitions.clone(), clock.clone()),
        definitions,
        usage,
        limits,
        clock,
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
    })
}

/// A gateway that tries methods out, and whose backends are all away, but for one issuer of tokens.
fn gateway(definitions: Arc<dyn Table>, clock: Arc<dyn Clock>) -> Arc<Gateway> {
    struct Away;
    #[async_trait::async_trait]
    impl Backend for Away {
        async fn call(&self, call: Call) -> Result<Response<Body>, CallError> {
            let issuer = "https://issuer.example";
            let discovery = Destination::Url {
                url: format!("{issuer}/.well-known/openid-configuration"),
                connection: Connection::default(),
            };
            if call.destination == discovery {
                let document = json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")});
                return Ok(Response::new(Body::from(document.to_string())));
            }
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

pub(crate) fn management() -> Management {
    on(table())
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// As in `x-amzn-ErrorType`; empty on success.
    pub(crate) error: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn text(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) async fn raw(
    management: &Management,
    verb: &str,
    target: &str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let request = Request::builder()
        .method(verb)
        .uri(target)
        .body(body.into())
        .unwrap();
    management.answer(request).await
}

pub(crate) async fn call(management: &Management, verb: &str, target: &str, body: &str) -> Answer {
    let response = raw(management, verb, target, body.to_owned()).await;
    let error = response.headers().get("x-amzn-errortype");
    Answer {
        status: response.status().as_u16(),
        error: error.map_or_else(String::new, |value| value.to_str().unwrap().to_owned()),
        body: if response.body().is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(response.body()).unwrap()
        },
    }
}

/// A new API, as its id and its root resource.
pub(crate) async fn api(management: &Management) -> (String, String) {
    let made = call(management, "POST", "/restapis", r#"{"name":"test"}"#).await;
    assert_eq!(made.status, 201);
    (made.text("id"), made.text("rootResourceId"))
}

/// A new resource, as its id.
pub(crate) async fn resource(
    management: &Management,
    api: &str,
    parent: &str,
    part: &str,
) -> String {
    let body = format!(r#"{{"pathPart":"{part}"}}"#);
    let made = call(
        management,
        "POST",
        &format!("/restapis/{api}/resources/{parent}"),
        &body,
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.message());
    made.text("id")
}

/// An API with a method, a deployment and the stage `dev`.
pub(crate) struct Ready {
    pub(crate) management: Management,
    pub(crate) api: String,
    pub(crate) root: String,
}

pub(crate) async fn ready() -> Ready {
    ready_on(&table()).await
}

pub(crate) async fn ready_on(table: &Arc<dyn Table>) -> Ready {
    let management = on(table.clone());
    let (api, root) = api(&management).await;
    let method = format!("/restapis/{api}/resources/{root}/methods/GET");
    for (verb, target, body) in [
        ("PUT", method.clone(), r#"{"authorizationType":"NONE"}"#),
        ("PUT", format!("{method}/integration"), r#"{"type":"MOCK"}"#),
        (
            "POST",
            format!("/restapis/{api}/deployments"),
            r#"{"stageName":"dev"}"#,
        ),
    ] {
        assert_eq!(call(&management, verb, &target, body).await.status, 201);
    }
    Ready {
        management,
        api,
        root,
    }
}
