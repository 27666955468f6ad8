//! TLS: what is asked for by `--tls`, under every name, with the client certificates that a domain name wants.

mod clients;
mod own;

use clients::Truststores;
use own::Own;
use postern_gateway::{Backend, ClientCertificate, Gateway};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::Acceptor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// A client that has said nothing by then is not waited for.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// Where the certificate that Postern shows comes from.
pub(crate) enum Shown {
    /// Made for the name that is asked for, by an authority of this folder's own; of this process's own where there is none.
    Made(Option<PathBuf>),
    Given {
        certificate: PathBuf,
        key: PathBuf,
    },
}

pub(crate) struct Tls {
    gateway: Arc<Gateway>,
    own: Own,
    truststores: Truststores,
    provider: Arc<CryptoProvider>,
}

impl Tls {
    pub(crate) fn new(
        shown: &Shown,
        gateway: Arc<Gateway>,
        backend: Arc<dyn Backend>,
        region: String,
    ) -> Result<Self, String> {
        Ok(Self {
            gateway,
            own: Own::new(shown)?,
            truststores: Truststores::new(backend, region),
            provider: Arc::new(rustls::crypto::ring::default_provider()),
        })
    }

    /// The certificate of the authority whose certificates are shown, for clients to trust.
    pub(crate) fn authority(&self) -> Option<&Path> {
        self.own.authority()
    }

    /// The stream, and the certificate that its client has shown. What goes wrong concerns nobody but the client, unless it is
    /// said.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> Result<(TlsStream<TcpStream>, Option<Arc<ClientCertificate>>), Option<String>> {
        tokio::time::timeout(HANDSHAKE_WITHIN, self.handshake(stream))
            .await
            .unwrap_or(Err(None))
    }

    async fn handshake(
        &self,
        stream: TcpStream,
    ) -> Result<(TlsStream<TcpStream>, Option<Arc<ClientCertificate>>), Option<String>> {
        let started = LazyConfigAcceptor::new(Acceptor::default(), stream)
            .await
            .map_err(|_| None)?;
        let hello = started.client_hello();
        let name = hello.server_name().unwrap_or("localhost").to_owned();
        let config = self.config(&name).await.map_err(Some)?;
        let stream = started.into_stream(config).await.map_err(|_| None)?;
        let shown = stream.get_ref().1.peer_certificates();
        let certificate = match shown.and_then(<[_]>::first) {
            Some(certificate) => {
                let described = clients::described(certificate, &name);
                Some(Arc::new(described.ok_or(None)?))
            }
            None => None,
        };
        Ok((stream, certificate))
    }

    async fn config(&self, name: &str) -> Result<Arc<ServerConfig>, String> {
        let about = |error: &dyn std::fmt::Display| format!("TLS for `{name}`: {error}");
        let builder = ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| about(&error))?;
        let truststore = (self.gateway.truststore(name).await).map_err(|error| about(&error))?;
        let builder = match truststore {
            None => builder.with_no_client_auth(),
            Some(truststore) => {
                let verifier = (self.truststores)
                    .verifier(&truststore, &self.provider)
                    .await
                    .map_err(|error| about(&error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let certificate = self.own.certificate(name, &self.provider)?;
        let resolver = rustls::sign::SingleCertAndKey::from(certificate);
        let mut config = builder.with_cert_resolver(Arc::new(resolver));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
