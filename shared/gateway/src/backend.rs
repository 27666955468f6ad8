//! The port through which integrations are called.

use crate::Body;
use async_trait::async_trait;
use http::{HeaderMap, Method};
use postern_definition::rest::ClientCertificateKey;
use std::sync::Arc;
use std::time::Duration;

/// Whatever answers for an integration. One implementation calls HTTP endpoints; another adds AWS services, by signing.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Returns when the head of the answer is there; the body streams.
    async fn call(&self, call: Call) -> Result<http::Response<Body>, CallError>;
}

/// A request to a backend.
pub struct Call {
    pub destination: Destination,
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Body,
    /// From sending the request to the last byte of the answer.
    pub timeout: Duration,
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Url {
        /// Absolute, `http` or `https`, already encoded.
        url: String,
        connection: Connection,
    },
    /// An AWS service, by the name it is signed for. Whoever implements the port knows the host.
    Service {
        name: String,
        region: String,
        /// Begins with a slash; may have a query.
        path: String,
        /// In whose name it is called.
        caller: Caller,
    },
}

/// How the endpoint of a URL is connected to, where that is not simply by its own host and port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connection {
    /// Whether the endpoint's certificate may be of any issuer. Its name and dates count all the same.
    pub any_issuer: bool,
    /// `host` or `host:port` of what stands before the endpoint: connected to in its place, and told nothing of that. The
    /// URL's host is still the one that is asked for, and the one whose certificate is wanted.
    pub through: Option<String>,
    /// What is presented to an endpoint that asks who is calling.
    pub certificate: Option<Arc<ClientCertificateKey>>,
}

impl Destination {
    /// A URL that is connected to by its own host and port.
    pub fn url(url: impl Into<String>) -> Self {
        Self::Url {
            url: url.into(),
            connection: Connection::default(),
        }
    }
}

/// In whose name an AWS service is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    Gateway,
    /// The ARN of a role that the gateway takes on.
    Role(String),
}

/// Why a backend gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The URL is malformed, or its host has no address.
    #[error("invalid endpoint address: {0}")]
    Address(String),
    /// Refused, reset, or TLS failed.
    #[error("network error communicating with the endpoint: {0}")]
    Network(String),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The request's own body broke off.
    #[error("the client's body broke off: {0}")]
    Client(String),
    /// There are no credentials to sign with, or this backend calls no AWS services.
    #[error("the call cannot be signed: {0}")]
    Unsigned(String),
}
