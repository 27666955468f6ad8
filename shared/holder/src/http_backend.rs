//! A backend over HTTP: a Function URL, or a server of the same network.

use crate::backend::{Backend, BackendError};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::HOST;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderName, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// Before the 60 seconds after which load balancers on AWS hang up.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of one answer: what Lambda answers at most when it does not stream.
const ANSWER_BYTES_MAX: usize = 6 << 20;

/// Sends each request to a base URL, followed by the path and query that the client asked for. `Host` is the base's, as a
/// Function URL needs it, and the client's travels as `X-Forwarded-Host`.
#[derive(Clone, Debug)]
pub struct HttpBackend {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: Uri,
}

/// Why a URL cannot be a backend's.
#[derive(Debug, Error)]
pub enum BaseError {
    #[error(
        "`{0}` is not a backend's URL: it has `http://` or `https://`, a host, perhaps a path, and no query"
    )]
    Url(String),
    #[error("no root certificates were found on this machine: {0}")]
    Roots(std::io::Error),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl HttpBackend {
    pub fn new(base: &str) -> Result<Self, BaseError> {
        let wrong = || BaseError::Url(base.to_owned());
        let base: Uri = base.parse().map_err(|_| wrong())?;
        let is_secure = base.scheme() == Some(&Scheme::HTTPS);
        if !is_secure && base.scheme() != Some(&Scheme::HTTP)
            || base.authority().is_none()
            || base.query().is_some()
        {
            return Err(wrong());
        }
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        plain.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        // A plain backend never needs the machine's roots, which take a while to read.
        let config = if is_secure {
            config.with_native_roots().map_err(BaseError::Roots)?
        } else {
            config.with_root_certificates(RootCertStore::empty())
        };
        let connector = HttpsConnector::from((plain, config.with_no_client_auth()));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { client, base })
    }

    fn uri(&self, target: &Uri) -> Result<Uri, BackendError> {
        let base = self.base.path().trim_end_matches('/');
        let target = target.path_and_query().map_or("/", PathAndQuery::as_str);
        let mut parts = self.base.clone().into_parts();
        let path = PathAndQuery::try_from(format!("{base}{target}"))
            .map_err(|error| BackendError::Failed(format!("`{target}`: {error}")))?;
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|error| BackendError::Failed(format!("`{target}`: {error}")))
    }
}

#[async_trait]
impl Backend for HttpBackend {
    async fn events(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BackendError> {
        let mut request = request.map(Full::new);
        *request.uri_mut() = self.uri(request.uri())?;
        if let Some(host) = request.headers_mut().remove(HOST) {
            request.headers_mut().insert(FORWARDED_HOST, host);
        }
        let answer = self.client.request(request).await.map_err(|error| {
            let told = chain(&error);
            if error.is_connect() {
                BackendError::Unreached(told)
            } else {
                BackendError::Failed(told)
            }
        })?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| BackendError::Failed(chain(&*error)))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

/// An error and what caused it: the outermost alone says little.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(": ");
        told.push_str(&error.to_string());
        cause = error.source();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_path_follows_the_base() {
        for (base, target, expected) in [
            (
                "http://127.0.0.1:3000",
                "/a?b=c",
                "http://127.0.0.1:3000/a?b=c",
            ),
            ("http://host/", "/", "http://host/"),
            ("http://host/dev/", "/a%20b", "http://host/dev/a%20b"),
        ] {
            let backend = HttpBackend::new(base).unwrap();
            let uri = backend.uri(&target.parse().unwrap()).unwrap();
            assert_eq!(uri, expected, "{base} {target}");
        }
    }

    #[test]
    fn a_base_that_is_none_is_refused() {
        for base in [
            "",
            "host",
            "/path",
            "ftp://host",
            "http://host/?q",
            "http://",
        ] {
            assert!(HttpBackend::new(base).is_err(), "{base}");
        }
    }
}
