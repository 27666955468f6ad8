//! A certificate by which backends know the gateway.

use crate::Map;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificate {
    pub client_certificate_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub pem_encoded_certificate: String,
    /// Seconds since 1970, as is the next.
    pub created_date: i64,
    pub expiration_date: i64,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub tags: Map<String>,
}

/// The certificate with its private key: what the gateway needs to present it. Apart, so that no list ever reads a key.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificateKey {
    pub pem_encoded_certificate: String,
    /// PKCS #8.
    pub pem_encoded_private_key: String,
}

/// Without the key, so that no log ever has it.
impl fmt::Debug for ClientCertificateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificateKey")
            .finish_non_exhaustive()
    }
}
