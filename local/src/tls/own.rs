//! The certificates that Postern shows.

use super::Shown;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Names that certificates are kept for. Beyond it all are made again.
const MADE_MAX: usize = 1_000;

pub(super) enum Own {
    Given(Arc<CertifiedKey>),
    Made {
        issuer: Box<Issuer<'static, KeyPair>>,
        /// Where the authority's certificate can be found.
        authority: Option<PathBuf>,
        made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
    },
}

impl Own {
    pub(super) fn new(shown: &Shown) -> Result<Self, String> {
        match shown {
            Shown::Given { certificate, key } => given(certificate, key),
            Shown::Made(folder) => {
                let key = folder.as_deref().map(authority_key).transpose()?;
                let key = match key {
                    Some(key) => key,
                    None => KeyPair::generate().map_err(|error| error.to_string())?,
                };
                let params = authority_params();
                let authority = folder.as_deref().map(|folder| folder.join("tls-ca.pem"));
                if let Some(file) = authority.as_deref().filter(|file| !file.exists()) {
                    let certificate =
                        (params.self_signed(&key)).map_err(|error| error.to_string())?;
                    fs::write(file, certificate.pem())
                        .map_err(|error| format!("{}: {error}", file.display()))?;
                }
                Ok(Self::Made {
                    issuer: Box::new(Issuer::new(params, key)),
                    authority,
                    made: Mutex::default(),
                })
            }
        }
    }

    pub(super) fn authority(&self) -> Option<&Path> {
        match self {
            Self::Given(_) => None,
            Self::Made { authority, .. } => authority.as_deref(),
        }
    }

    pub(super) fn certificate(
        &self,
        name: &str,
        provider: &CryptoProvider,
    ) -> Result<Arc<CertifiedKey>, String> {
        let (issuer, made) = match self {
            Self::Given(certificate) => return Ok(certificate.clone()),
            Self::Made { issuer, made, .. } => (issuer, made),
        };
        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(certificate) = made.get(name) {
            return Ok(certificate.clone());
        }
        let certificate = make(name, issuer, provider)
            .map_err(|error| format!("no certificate can be made for `{name}`: {error}"))?;
        if made.len() >= MADE_MAX {
            made.clear();
        }
        let certificate = Arc::new(certificate);
        made.insert(name.to_owned(), certificate.clone());
        Ok(certificate)
    }
}

fn given(certificate: &Path, key: &Path) -> Result<Own, String> {
    let about = |file: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| about(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| about(key, &error))?;
    let provider = rustls::crypto::ring::default_provider();
    let certified = CertifiedKey::from_der(chain, private, &provider);
    certified
        .map(|certified| Own::Given(Arc::new(certified)))
        .map_err(|error| about(certificate, &error))
}

/// The key is kept, and its certificate can be made again of it: whoever trusts the one trusts the other.
fn authority_key(folder: &Path) -> Result<KeyPair, String> {
    let file = folder.join("tls-ca.key");
    let about = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    match fs::read_to_string(&file) {
        Ok(pem) => KeyPair::from_pem(&pem).map_err(|error| about(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = KeyPair::generate().map_err(|error| about(&error))?;
            let written = private_file(&file)
                .and_then(|mut created| created.write_all(key.serialize_pem().as_bytes()));
            written.map_err(|error| about(&error))?;
            Ok(key)
        }
        Err(error) => Err(about(&error)),
    }
}

/// A new file that nobody else may read.
fn private_file(file: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(file)
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Postern on this machine");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn make(
    name: &str,
    issuer: &Issuer<'static, KeyPair>,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Box<dyn std::error::Error>> {
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    let private = PrivateKeyDer::try_from(key.serialize_der())?;
    Ok(CertifiedKey::from_der(
        vec![certificate.der().clone()],
        private,
        provider,
    )?)
}
