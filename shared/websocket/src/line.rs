//! The port to the request line: what a handshake, a message and an end mean to an API.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use postern_definition::{ApiId, StageName};
use postern_gateway::{Arrival, Body, Gateway};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A connection of a WebSocket API, as it was made at `$connect`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub id: String,
    pub api: ApiId,
    pub stage: StageName,
    pub domain_name: String,
    /// Since 1970.
    pub connected_at: Duration,
    pub source_ip: String,
    pub user_agent: Option<String>,
}

/// A handshake that succeeds.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub connection: Connection,
    /// What the client's answer carries, such as `Sec-WebSocket-Protocol`.
    pub headers: HeaderMap,
}

/// A request to @connections that may be carried out.
#[derive(Clone, Debug)]
pub struct Managed {
    pub api: ApiId,
    pub stage: StageName,
    pub connection_id: String,
    pub method: Method,
    pub body: Bytes,
}

/// What answers for the APIs.
#[async_trait]
pub trait Line: Send + Sync + 'static {
    /// The handshake. `id` is the new connection's. An error is the plain HTTP answer that refuses it.
    async fn connect(&self, arrival: Arrival, id: &str) -> Result<Accepted, Response<Body>>;

    /// A whole text message. Returns what the client is sent at once, if anything.
    async fn message(&self, connection: &Connection, text: Bytes) -> Option<Bytes>;

    /// After the socket has gone.
    async fn disconnected(&self, connection: &Connection, code: u16, reason: &str);

    /// Who asks @connections, for what, and whether they may. An error is the answer that refuses it.
    async fn manage(&self, arrival: Arrival) -> Result<Managed, Response<Body>>;
}

/// Until the gateway has a line for WebSocket APIs, it says that it has none.
#[async_trait]
impl Line for Gateway {
    async fn connect(&self, _: Arrival, _: &str) -> Result<Accepted, Response<Body>> {
        Err(not_built())
    }

    async fn message(&self, _: &Connection, _: Bytes) -> Option<Bytes> {
        None
    }

    async fn disconnected(&self, _: &Connection, _: u16, _: &str) {}

    async fn manage(&self, _: Arrival) -> Result<Managed, Response<Body>> {
        Err(not_built())
    }
}

fn not_built() -> Response<Body> {
    let message = r#"{"message":"Requests to WebSocket APIs are not answered yet"}"#;
    let mut answer = Response::new(Body::from(message));
    *answer.status_mut() = StatusCode::NOT_IMPLEMENTED;
    answer
}
