//! The backend's side of the holder: the port, and what may go wrong there.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use thiserror::Error;

/// Who decides what happens on sockets: over HTTP ([`HttpBackend`](crate::HttpBackend)), or in this process.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Answers a `POST` of events with events. The request's URI is the path and query that the client asked for; `Host` is the
    /// client's. Dropped when the holder waits no longer.
    async fn events(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BackendError>;
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BackendError {
    /// Nothing has reached the backend, so it does no harm to try again.
    #[error("the backend was not reached: {0}")]
    Unreached(String),
    #[error("the backend failed: {0}")]
    Failed(String),
}
