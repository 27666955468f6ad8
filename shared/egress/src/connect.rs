//! How a connection is made: plain for `http`, and for `https` through TLS, which is set up when it is first asked for.

use crate::issuer::AnyIssuer;
use http::Uri;
use http::uri::{Authority, Scheme};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiFuture, GaiResolver, Name};
use hyper_util::rt::TokioIo;
use postern_definition::rest::ClientCertificateKey;
use postern_gateway::{CallError, Connection};
use rustls::client::WantsClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// A host name that has no address. Its own type, so that it can be told from every other failure to connect.
#[derive(Debug, thiserror::Error)]
#[error("the host `{host}` has no address: {reason}")]
pub(crate) struct Unresolved {
    host: String,
    reason: std::io::Error,
}

#[derive(Clone)]
pub(crate) struct Connector {
    plain: Plain,
    connection: Connection,
    secure: Arc<OnceLock<HttpsConnector<Plain>>>,
}

impl Connector {
    pub(crate) fn new() -> Self {
        let mut plain = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        plain.enforce_http(false);
        // A head and a short body are two small writes; waiting to join them costs a round trip.
        plain.set_nodelay(true);
        Self {
            plain: Plain {
                http: plain,
                through: None,
            },
            connection: Connection::default(),
            secure: Arc::default(),
        }
    }

    /// The same, but connecting in a way of its own.
    pub(crate) fn with(&self, connection: &Connection) -> Result<Self, CallError> {
        let through = match &connection.through {
            None => None,
            Some(address) => Some(authority(address)?),
        };
        Ok(Self {
            plain: Plain {
                http: self.plain.http.clone(),
                through,
            },
            connection: connection.clone(),
            secure: Arc::default(),
        })
    }

    #[cfg(test)]
    pub(crate) fn trusting(config: ClientConfig) -> Self {
        let connector = Self::new();
        let secure = HttpsConnector::from((connector.plain.clone(), config));
        assert!(connector.secure.set(secure).is_ok());
        connector
    }

    /// A failure is not remembered: certificates may be installed while a program runs.
    fn secure(&self) -> Result<HttpsConnector<Plain>, BoxError> {
        if let Some(secure) = self.secure.get() {
            return Ok(secure.clone());
        }
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?;
        let config = if self.connection.any_issuer {
            config
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyIssuer(provider)))
        } else {
            config.with_native_roots().map_err(|error| {
                format!("no root certificates were found on this machine: {error}")
            })?
        };
        let config = match &self.connection.certificate {
            None => config.with_no_client_auth(),
            Some(certificate) => presenting(config, certificate)
                .map_err(|error| format!("the client certificate cannot be used: {error}"))?,
        };
        let secure = HttpsConnector::from((self.plain.clone(), config));
        Ok(self.secure.get_or_init(|| secure).clone())
    }
}

fn presenting(
    config: ConfigBuilder<ClientConfig, WantsClientCert>,
    certificate: &ClientCertificateKey,
) -> Result<ClientConfig, BoxError> {
    let chain = CertificateDer::pem_slice_iter(certificate.pem_encoded_certificate.as_bytes())
        .collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(certificate.pem_encoded_private_key.as_bytes())?;
    Ok(config.with_client_auth_cert(chain, key)?)
}

fn authority(address: &str) -> Result<Authority, CallError> {
    let parsed = address.parse::<Authority>().ok();
    parsed
        .filter(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
        .ok_or_else(|| CallError::Address(format!("`{address}` is not of the form host:port")))
}

/// Connections without TLS, to what stands before the endpoint where something does.
#[derive(Clone)]
struct Plain {
    http: HttpConnector<Resolver>,
    through: Option<Authority>,
}

impl Plain {
    /// The port is the endpoint's own, where none is told.
    fn rerouted(&self, endpoint: Uri) -> Uri {
        let Some(through) = &self.through else {
            return endpoint;
        };
        let authority = match (through.port_u16(), endpoint.port_u16()) {
            (None, Some(port)) => Authority::try_from(format!("{}:{port}", through.host())).ok(),
            _ => None,
        };
        let mut parts = endpoint.into_parts();
        parts.authority = Some(authority.unwrap_or_else(|| through.clone()));
        Uri::from_parts(parts).expect("only the host of a whole URI has changed")
    }
}

impl Service<Uri> for Plain {
    type Response = TokioIo<TcpStream>;
    type Error = <HttpConnector<Resolver> as Service<Uri>>::Error;
    type Future = <HttpConnector<Resolver> as Service<Uri>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.http.poll_ready(cx)
    }

    fn call(&mut self, endpoint: Uri) -> Self::Future {
        let uri = self.rerouted(endpoint);
        self.http.call(uri)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("roots_read", &self.secure.get().is_some())
            .finish_non_exhaustive()
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        if uri.scheme() == Some(&Scheme::HTTPS) {
            match self.secure() {
                Ok(mut secure) => secure.call(uri),
                Err(error) => Box::pin(std::future::ready(Err(error))),
            }
        } else {
            let connecting = self.plain.call(uri);
            Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
        }
    }
}

/// The machine's own resolver, its failures marked.
#[derive(Clone)]
pub(crate) struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = Unresolved;
    type Future = Resolving;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Resolving {
        Resolving {
            host: name.as_str().to_owned(),
            lookup: self.0.call(name),
        }
    }
}

pub(crate) struct Resolving {
    host: String,
    lookup: GaiFuture,
}

impl Future for Resolving {
    type Output = Result<GaiAddrs, Unresolved>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.lookup)
            .poll(cx)
            .map_err(|reason| Unresolved {
                host: std::mem::take(&mut self.host),
                reason,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Egress, Options};
    use http::Request;
    use postern_gateway::{Backend, Body, Call, CallError, Destination};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{RootCertStore, ServerConfig};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Serves `ok` over TLS with a certificate for `localhost`, and returns its port and a client that trusts it.
    async fn secure_server() -> (u16, Connector) {
        secure_server_of(&|_| {}).await
    }

    async fn secure_server_of(change: &dyn Fn(&mut rcgen::CertificateParams)) -> (u16, Connector) {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut params);
        let signing_key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&signing_key).unwrap().der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                if let Ok(mut socket) = acceptor.accept(socket).await {
                    let mut head = [0; 4096];
                    let _ = socket.read(&mut head).await.unwrap();
                    socket
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                        .await
                        .unwrap();
                }
            }
        });
        (port, Connector::trusting(client))
    }

    async fn get(egress: &Egress, url: String) -> Result<Vec<u8>, CallError> {
        let request = Request::get(url).body(Body::empty()).unwrap();
        let answer = egress.send(request, Duration::from_secs(5)).await?;
        Ok(answer.into_body().collect(1 << 20).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn https_is_spoken_with_a_server_whose_certificate_is_trusted() {
        let (port, connector) = secure_server().await;
        let egress = Egress::through(connector, &Options::default());
        let answer = get(&egress, format!("https://localhost:{port}/")).await;
        assert_eq!(answer.unwrap(), b"ok");
    }

    #[tokio::test]
    async fn a_certificate_of_another_host_or_of_an_unknown_authority_is_a_network_error() {
        let (port, trusting) = secure_server().await;
        for (connector, host) in [(trusting, "127.0.0.1"), (Connector::new(), "localhost")] {
            let egress = Egress::through(connector, &Options::default());
            let error = get(&egress, format!("https://{host}:{port}/"))
                .await
                .unwrap_err();
            let CallError::Network(reason) = &error else {
                panic!("{error}");
            };
            assert!(reason.contains("invalid peer certificate"), "{reason}");
        }
    }

    #[tokio::test]
    async fn a_certificate_of_any_issuer_must_still_be_for_the_host_and_within_its_dates() {
        type Change<'c> = &'c dyn Fn(&mut rcgen::CertificateParams);
        let expired = |params: &mut rcgen::CertificateParams| {
            params.not_before = rcgen::date_time_ymd(2001, 1, 1);
            params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        };
        let issues_others = |params: &mut rcgen::CertificateParams| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        };
        for (change, host, expected) in [
            (&(|_: &mut _| {}) as Change, "localhost", "ok"),
            (&issues_others, "localhost", "ok"),
            (&|_: &mut _| {}, "127.0.0.1", "invalid peer certificate"),
            (&expired, "localhost", "invalid peer certificate"),
        ] {
            let (port, _) = secure_server_of(change).await;
            let connection = Connection {
                any_issuer: true,
                ..Connection::default()
            };
            let answer = called(format!("https://{host}:{port}/"), connection).await;
            assert!(answer.contains(expected), "{host}: {answer}");
        }
    }

    /// What a GET is answered, or why it is not.
    async fn called(url: String, connection: Connection) -> String {
        let egress = Egress::new(&Options::default());
        let call = Call {
            destination: Destination::Url { url, connection },
            method: http::Method::GET,
            headers: http::HeaderMap::new(),
            body: Body::empty(),
            timeout: Duration::from_secs(5),
        };
        match egress.call(call).await {
            Ok(answer) => {
                let body = answer.into_body().collect(100).await.unwrap();
                String::from_utf8(body.to_vec()).unwrap()
            }
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn what_stands_before_an_endpoint_is_connected_to_and_the_endpoint_is_asked_for() {
        let (port, _) = secure_server().await;
        for (url, through, expected) in [
            (
                "https://localhost:1/".to_owned(),
                format!("127.0.0.1:{port}"),
                "ok",
            ),
            (
                format!("https://localhost:{port}/"),
                "127.0.0.1".to_owned(),
                "ok",
            ),
            (
                "https://elsewhere.example/".to_owned(),
                format!("localhost:{port}"),
                "invalid peer certificate",
            ),
            (
                format!("https://localhost:{port}/"),
                "nowhere.invalid".to_owned(),
                "the host `nowhere.invalid` has no address",
            ),
            (
                format!("https://localhost:{port}/"),
                "a b".to_owned(),
                "`a b` is not of the form host:port",
            ),
        ] {
            let connection = Connection {
                any_issuer: true,
                through: Some(through.clone()),
                certificate: None,
            };
            let answer = called(url, connection).await;
            assert!(answer.contains(expected), "{through}: {answer}");
        }
    }

    /// Wants a certificate, and answers how many it was shown.
    async fn server_that_asks_who_is_calling(client: &rcgen::Certificate) -> u16 {
        let signing_key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let own = params.self_signed(&signing_key).unwrap().der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(client.der().clone()).unwrap();
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            provider.clone(),
        );
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![own], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                if let Ok(mut socket) = acceptor.accept(socket).await {
                    let _ = socket.read(&mut [0; 4096]).await.unwrap();
                    let shown = socket.get_ref().1.peer_certificates().map_or(0, <[_]>::len);
                    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{shown}");
                    socket.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        port
    }

    #[tokio::test]
    async fn an_endpoint_that_asks_who_is_calling_is_shown_the_certificate() {
        let pair = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.self_signed(&pair).unwrap();
        let port = server_that_asks_who_is_calling(&certificate).await;
        let key = |pem: String| {
            Some(Arc::new(ClientCertificateKey {
                pem_encoded_certificate: certificate.pem(),
                pem_encoded_private_key: pem,
            }))
        };
        for (certificate, expected) in [
            (key(pair.serialize_pem()), "1"),
            (None, "network error"),
            (
                key("no key".to_owned()),
                "the client certificate cannot be used",
            ),
        ] {
            let connection = Connection {
                any_issuer: true,
                through: None,
                certificate,
            };
            let answer = called(format!("https://localhost:{port}/"), connection).await;
            assert!(answer.contains(expected), "{expected}: {answer}");
        }
    }

    #[tokio::test]
    async fn a_server_that_does_not_speak_tls_is_a_network_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
        });
        let egress = Egress::new(&Options::default());
        let error = get(&egress, format!("https://127.0.0.1:{port}/"))
            .await
            .unwrap_err();
        assert!(matches!(error, CallError::Network(_)), "{error}");
    }

    #[tokio::test]
    async fn roots_are_read_at_the_first_https_call_and_not_before() {
        let connector = Connector::new();
        let egress = Egress::through(connector.clone(), &Options::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let _ = get(&egress, format!("http://127.0.0.1:{port}/")).await;
        assert!(connector.secure.get().is_none());
        let _ = get(&egress, format!("https://127.0.0.1:{port}/")).await;
        assert!(connector.secure.get().is_some());
    }
}
