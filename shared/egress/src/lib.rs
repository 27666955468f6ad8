//! The one client by which anything leaves Postern: HTTP/1.1, connections kept alive and used again, TLS by `ring` against the
//! roots that the machine trusts.
//!
//! It knows nothing of APIs, and adds no header that HTTP itself does not ask for: what a backend sees is what the caller
//! wrote. It follows no redirect, for a gateway hands those to its client.
//!
//! Making an [`Egress`] costs nothing: the root certificates are read at the first `https` call, so that a program which
//! only talks to its own machine, or has not talked yet, never pays for them.

mod answer;
mod connect;
mod failure;
mod issuer;
mod request;

use answer::Arriving;
use async_trait::async_trait;
use connect::Connector;
use http::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use postern_gateway::{Backend, Body, Call, CallError, Connection, Destination};
use request::Departing;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What differs between one program's way out and another's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How long an unused connection is kept. The default ends before the 60 seconds after which load balancers on AWS hang
    /// up, so that it is rarely the other side that closes, and never in the middle of our request.
    pub idle_timeout: Duration,
    /// How many unused connections are kept to one host and port.
    pub idle_connections_per_host_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            idle_timeout: Duration::from_secs(50),
            idle_connections_per_host_max: usize::MAX,
        }
    }
}

/// The way out. A clone shares the connections.
#[derive(Clone, Debug)]
pub struct Egress {
    client: Client<Connector, Departing>,
    /// For endpoints that are connected to in a way of their own. Apart, so that no connection of one kind serves another.
    others: Arc<Mutex<HashMap<Connection, Client<Connector, Departing>>>>,
    connector: Connector,
    options: Options,
}

/// Ways of connecting that are held at most. Beyond it all are let go: it is connections that are lost, and no request.
const OTHERS_MAX: usize = 200;

impl Egress {
    pub fn new(options: &Options) -> Self {
        Self::through(Connector::new(), options)
    }

    fn through(connector: Connector, options: &Options) -> Self {
        Self {
            client: client(connector.clone(), options),
            others: Arc::default(),
            connector,
            options: options.clone(),
        }
    }

    fn client_for(
        &self,
        connection: Connection,
    ) -> Result<Client<Connector, Departing>, CallError> {
        if connection == Connection::default() {
            return Ok(self.client.clone());
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = others.get(&connection) {
            return Ok(client.clone());
        }
        if others.len() >= OTHERS_MAX {
            others.clear();
        }
        let client = client(self.connector.with(&connection)?, &self.options);
        others.insert(connection, client.clone());
        Ok(client)
    }

    /// Sends a request to the absolute URL it carries, and returns when the head of the answer is there; the body streams.
    ///
    /// `timeout` runs to the last byte of the answer. When it passes before the head, this fails with
    /// [`CallError::Timeout`]; when it passes later, the body ends with that same error.
    pub async fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, CallError> {
        Self::send_by(&self.client, request, timeout).await
    }

    async fn send_by(
        client: &Client<Connector, Departing>,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, CallError> {
        check(request.uri())?;
        let again = request::again(&request);
        let (request, breakage) = request::depart(request);
        // A timeout beyond what a clock can hold is none.
        let deadline = Instant::now().checked_add(timeout);
        let head = async {
            match (client.request(request).await, again) {
                // The backend hung up on an unused connection just as the request went out on it. One that was never used
                // before may fail in the same way, and then this is one attempt too many, which does no harm.
                (Err(error), Some(again)) if failure::is_hanging_up(&error) => {
                    client.request(again).await
                }
                (answer, _) => answer,
            }
        };
        let answer = match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, head)
                .await
                .map_err(|_| CallError::Timeout(timeout))?,
            None => head.await,
        };
        match answer {
            Ok(answer) => Ok(answer.map(|body| Arriving::body(body, deadline, timeout))),
            Err(error) => Err(failure::of(&error, &breakage)),
        }
    }
}

fn client(connector: Connector, options: &Options) -> Client<Connector, Departing> {
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(options.idle_timeout)
        .pool_max_idle_per_host(options.idle_connections_per_host_max)
        .pool_timer(TokioTimer::new())
        // Only a request of which not one byte was written on the connection that turned out to be closed.
        .retry_canceled_requests(true)
        .build(connector)
}

#[async_trait]
impl Backend for Egress {
    async fn call(&self, call: Call) -> Result<Response<Body>, CallError> {
        let (url, connection) = match call.destination {
            Destination::Url { url, connection } => (url, connection),
            Destination::Service { name, .. } => {
                return Err(CallError::Unsigned(format!(
                    "`{name}` is an AWS service, and this backend calls plain URLs only"
                )));
            }
        };
        let uri = url
            .parse::<Uri>()
            .map_err(|error| CallError::Address(format!("`{url}`: {error}")))?;
        let mut request = Request::new(call.body);
        *request.method_mut() = call.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = call.headers;
        let client = self.client_for(connection)?;
        Self::send_by(&client, request, call.timeout).await
    }
}

/// Refuses what no connection could be made for, so that it is told from a connection that failed.
fn check(uri: &Uri) -> Result<(), CallError> {
    let refuse = |reason: &str| Err(CallError::Address(format!("`{uri}`: {reason}")));
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(_) => return refuse("only http and https are spoken"),
        None => return refuse("a scheme, http or https, must come first"),
    }
    let Some(authority) = uri
        .authority()
        .filter(|authority| !authority.host().is_empty())
    else {
        return refuse("there is no host");
    };
    let after_host = authority
        .as_str()
        .rsplit_once('@')
        .map_or(authority.as_str(), |(_, host)| host)
        .get(authority.host().len()..)
        .unwrap_or_default();
    if !after_host.is_empty() && after_host != ":" && authority.port_u16().is_none() {
        return refuse("the port is not a number up to 65535");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absolute_http_url_with_a_host_is_an_address() {
        for (url, expected) in [
            ("http://a", None),
            ("https://a:8443/x?y", None),
            ("HTTP://a/", None),
            ("http://[::1]:80/", None),
            ("http://user:secret@a:80/", None),
            ("http://a:/", None),
            ("ftp://a/", Some("only http and https are spoken")),
            ("/x", Some("a scheme, http or https, must come first")),
            ("a:80", Some("a scheme, http or https, must come first")),
            (
                "http://a:99999/",
                Some("the port is not a number up to 65535"),
            ),
            (
                "http://u@a:99999/",
                Some("the port is not a number up to 65535"),
            ),
        ] {
            let uri = url.parse::<Uri>().unwrap();
            let expected =
                expected.map(|reason| format!("invalid endpoint address: `{uri}`: {reason}"));
            assert_eq!(check(&uri).err().map(|e| e.to_string()), expected, "{url}");
        }
    }
}
