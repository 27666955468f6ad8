//! A request as the edge hands it over: nothing is decoded, nothing believed.

use crate::{Body, Spelling};
use http::{HeaderMap, Method};
use postern_identity::Identity;
use std::sync::Arc;

/// What every edge (a function's event, the laptop's listener) turns its own form of a request into.
pub struct Arrival {
    pub method: Method,
    /// The host that the client asked for, with a port where it named one.
    pub host: String,
    /// The path exactly as it was sent, percent-encoding and repeated slashes included. Begins with a slash.
    pub path: String,
    /// What followed the question mark, as it was sent.
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Body,
    /// The caller whom whoever hands the request over has proven. Never from anything that the caller wrote.
    pub proven: Option<Identity>,
    /// The address of the peer, never taken from a header that the peer could have written.
    pub source_ip: String,
    /// How the client wrote the names of its headers.
    pub spelling: Spelling,
    /// The scheme and port that the client used: what `X-Forwarded-Proto` and `X-Forwarded-Port` say.
    pub scheme: &'static str,
    pub port: u16,
    /// What the client has proven to be, where whoever ended its TLS asked for that and found it good.
    pub client_certificate: Option<Arc<ClientCertificate>>,
    /// The private network that the request came from, where it came through an endpoint of one.
    pub vpc: Option<Arc<Vpc>>,
}

/// A private network, and its endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vpc {
    pub id: Option<String>,
    pub endpoint: String,
}

/// A client's certificate, as logs, mappings and backends see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCertificate {
    pub pem: String,
    pub subject: String,
    pub issuer: String,
    pub serial_number: String,
    pub not_before: String,
    pub not_after: String,
    /// The host for which it was found good. `None` where whoever ended TLS vouches for it whatever the host.
    pub host: Option<String>,
}
