//! The port through which integrations are called.

use crate::Body;
use async_trait::async_trait;
use http::{HeaderMap, Method};
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
        /// Whether the endpoint's certificate may be of any issuer. Its name and dates count all the same.
        any_issuer: bool,
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
