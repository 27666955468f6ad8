//! Certificates of issuers that nobody here knows, for endpoints whose owner says that they will do.
//!
//! Only who issued a certificate is left open: it must be for the host that is called, and within its dates.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct AnyIssuer(pub(crate) Arc<CryptoProvider>);

impl ServerCertVerifier for AnyIssuer {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(certificate)?;
        // With nobody to trust this always fails: by its last check, who the issuer is, if all before it are passed.
        let verified = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &RootCertStore::empty(),
            intermediates,
            now,
            self.0.signature_verification_algorithms.all,
        );
        match verified {
            Err(Error::InvalidCertificate(error)) if !is_about_the_issuer(&error) => {
                return Err(error.into());
            }
            Err(Error::InvalidCertificate(_)) | Ok(()) => {}
            Err(error) => return Err(error),
        }
        verify_server_name(&certificate, host)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn is_about_the_issuer(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer => true,
        // A certificate that issued itself often says that it may issue others.
        CertificateError::Other(error) => error.0.to_string() == "CaUsedAsEndEntity",
        _ => false,
    }
}
