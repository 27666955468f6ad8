//! The certificates that clients show: by whom they must be, and what they say.

use http::{HeaderMap, Method};
use postern_gateway::{Backend, Body, Call, Caller, ClientCertificate, Destination, Truststore};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

/// The service's bounds for a truststore.
const BYTES_MAX: usize = 1 << 20;
const CERTIFICATES_MAX: usize = 1_000;
/// After this a truststore is read again, for somebody may have put another one in its place.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(60);
const WITHIN: Duration = Duration::from_secs(5);
const HELD_MAX: usize = 100;

type Held = (Arc<dyn ClientCertVerifier>, Instant);

pub(super) struct Truststores {
    backend: Arc<dyn Backend>,
    region: String,
    held: Mutex<HashMap<Truststore, Held>>,
}

impl Truststores {
    pub(super) fn new(backend: Arc<dyn Backend>, region: String) -> Self {
        Self {
            backend,
            region,
            held: Mutex::default(),
        }
    }

    /// Lets nobody pass but clients whose certificates lead to one of the truststore's.
    pub(super) async fn verifier(
        &self,
        truststore: &Truststore,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, String> {
        let held = {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.get(truststore).cloned()
        };
        if let Some((verifier, read_at)) = held
            && read_at.elapsed() < READ_AGAIN_AFTER
        {
            return Ok(verifier);
        }
        let uri = &truststore.uri;
        let about = |reason: String| format!("the truststore {uri} cannot be used: {reason}");
        let pem = self.read(truststore).await.map_err(about)?;
        let verifier = verifier(&pem, provider).map_err(about)?;
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= HELD_MAX {
            all.clear();
        }
        all.insert(truststore.clone(), (verifier.clone(), Instant::now()));
        Ok(verifier)
    }

    async fn read(&self, truststore: &Truststore) -> Result<Vec<u8>, String> {
        if let Some(file) = truststore.uri.strip_prefix("file://") {
            return tokio::fs::read(file)
                .await
                .map_err(|error| error.to_string());
        }
        let object = (truststore.uri.strip_prefix("s3://"))
            .filter(|object| object.contains('/'))
            .ok_or("it is neither s3://BUCKET/KEY nor file://PATH")?;
        let mut path = format!("/{object}");
        if let Some(version) = &truststore.version {
            let _ = write!(path, "?versionId={version}");
        }
        let call = Call {
            destination: Destination::Service {
                name: "s3".to_owned(),
                region: self.region.clone(),
                path,
                caller: Caller::Gateway,
            },
            method: Method::GET,
            headers: HeaderMap::new(),
            body: Body::empty(),
            timeout: WITHIN,
        };
        let answer = (self.backend.call(call).await).map_err(|error| error.to_string())?;
        if answer.status() != 200 {
            return Err(format!("S3 answers {}", answer.status().as_u16()));
        }
        let body = answer.into_body().collect(BYTES_MAX).await;
        body.map(Vec::from).map_err(|error| error.to_string())
    }
}

fn verifier(
    pem: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        if roots.len() > CERTIFICATES_MAX {
            return Err(format!("it has more than {CERTIFICATES_MAX} certificates"));
        }
    }
    if roots.is_empty() {
        return Err("it has no certificate".to_owned());
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| error.to_string())
}

/// What a certificate says, which was found good for a host. `None` where it cannot be read.
pub(super) fn described(der: &CertificateDer<'_>, host: &str) -> Option<ClientCertificate> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let date = |seconds: i64| {
        let seconds = u64::try_from(seconds).unwrap_or_default();
        postern_telemetry::certificate_date(Duration::from_secs(seconds))
    };
    let validity = certificate.validity();
    Some(ClientCertificate {
        pem: pem(der),
        subject: distinguished(certificate.subject())?,
        issuer: distinguished(certificate.issuer())?,
        serial_number: certificate.raw_serial_as_string(),
        not_before: date(validity.not_before.timestamp()),
        not_after: date(validity.not_after.timestamp()),
        host: Some(host.to_owned()),
    })
}

/// As RFC 2253 has it: what is nearest comes first.
fn distinguished(name: &X509Name<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for part in name.iter_rdn() {
        let mut attributes = Vec::new();
        for attribute in part.iter() {
            let oid = attribute.attr_type();
            let known = x509_parser::objects::oid2abbrev(oid, x509_parser::objects::oid_registry());
            let value = escaped(attribute.as_str().ok()?);
            match known {
                Ok(abbreviation) => attributes.push(format!("{abbreviation}={value}")),
                Err(_) => attributes.push(format!("{oid}={value}")),
            }
        }
        parts.push(attributes.join("+"));
    }
    parts.reverse();
    Some(parts.join(","))
}

fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for (at, character) in value.char_indices() {
        let is_outer_space =
            character == ' ' && (at == 0 || at + character.len_utf8() == value.len());
        let is_first = character == '#' && at == 0;
        if is_outer_space || is_first || ",+\"\\<>;".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem + "-----END CERTIFICATE-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    #[test]
    fn a_certificate_is_described_as_the_service_does() {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "DE");
        (params.distinguished_name).push(DnType::OrganizationName, "Pets, and more");
        params.distinguished_name.push(DnType::CommonName, "ann");
        params.not_before = rcgen::date_time_ymd(2019, 5, 28);
        params.not_after = rcgen::date_time_ymd(2044, 2, 29);
        params.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x1a, 0x2b, 0x03]));
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let described = described(certificate.der(), "api.example.com").unwrap();
        assert_eq!(described.subject, "CN=ann,O=Pets\\, and more,C=DE");
        assert_eq!(described.issuer, described.subject);
        assert_eq!(described.serial_number, "1a:2b:03");
        assert_eq!(described.not_before, "May 28 00:00:00 2019 GMT");
        assert_eq!(described.not_after, "Feb 29 00:00:00 2044 GMT");
        assert_eq!(
            described.pem.replace("\r\n", "\n"),
            certificate.pem().replace("\r\n", "\n")
        );
        assert_eq!(described.host.as_deref(), Some("api.example.com"));
    }

    #[test]
    fn a_truststore_without_certificates_trusts_nobody() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        for pem in [
            "",
            "x",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(verifier(pem.as_bytes(), &provider).is_err(), "{pem}");
        }
    }
}
