//! The port to the request line: what a handshake, a message and an end mean to an API. The gateway has the real one; another one
//! shows that what fails is the wire.

use async_trait::async_trait;
use bytes::Bytes;
use http::Response;
use postern_gateway::socket::{Accepted, Connection, Managed};
use postern_gateway::{Arrival, Body, Gateway};

/// What answers for the APIs.
#[async_trait]
pub trait Line: Send + Sync + 'static {
    /// The handshake. `id` is the new connection's. An error is the plain HTTP answer that refuses it.
    async fn connect(&self, arrival: Arrival, id: &str) -> Result<Accepted, Response<Body>>;

    /// A whole text message. Returns what the client is sent at once, if anything.
    async fn message(&self, connection: &Connection, text: Bytes) -> Option<Bytes>;

    /// After the socket has gone.
    async fn disconnected(&self, connection: &Connection, code: u16, reason: &str);

    /// Whoever asked @connections for it has sent the client a message.
    fn sent(&self, connection: &Connection);

    /// Who asks @connections, for what, and whether they may. An error is the answer that refuses it.
    async fn manage(&self, arrival: Arrival) -> Result<Managed, Response<Body>>;
}

#[async_trait]
impl Line for Gateway {
    async fn connect(&self, arrival: Arrival, id: &str) -> Result<Accepted, Response<Body>> {
        Box::pin(self.connect(arrival, id)).await
    }

    async fn message(&self, connection: &Connection, text: Bytes) -> Option<Bytes> {
        self.message(connection, text).await
    }

    async fn disconnected(&self, connection: &Connection, code: u16, reason: &str) {
        self.disconnected(connection, code, reason).await;
    }

    fn sent(&self, connection: &Connection) {
        self.sent(connection);
    }

    async fn manage(&self, arrival: Arrival) -> Result<Managed, Response<Body>> {
        Box::pin(self.manage(arrival)).await
    }
}
