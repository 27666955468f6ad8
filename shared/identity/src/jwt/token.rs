//! A token as it is sent: three parts of base64 with dots between them.

use super::json;
use super::{Claims, TOKEN_BYTES_MAX};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// A token that was read. Nothing in it is known to be true before [`super::KeySet::verify`] says so.
#[derive(Debug)]
pub struct Token<'t> {
    /// As the header names it, whatever it is.
    pub algorithm: String,
    pub key_id: Option<String>,
    pub claims: Claims,
    pub(super) signed: &'t str,
    pub(super) signature: Vec<u8>,
}

/// What keeps a text from being a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub(super) &'static str);

impl<'t> Token<'t> {
    pub fn parse(text: &'t str) -> Result<Self, Malformed> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(Malformed("it is too long"));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Malformed("token contains an invalid number of segments"));
        };
        let signed = &text[..header.len() + 1 + claims.len()];
        let mut header = part(header, "its header is no JSON object")?;
        // Whoever wrote it relies on something that a reader must understand, and we understand no such thing.
        if header.contains_key("crit") {
            return Err(Malformed("its header has `crit`"));
        }
        let Some(Value::String(algorithm)) = header.remove("alg") else {
            return Err(Malformed("its header names no algorithm"));
        };
        let key_id = match header.remove("kid") {
            None => None,
            Some(Value::String(id)) => Some(id),
            Some(_) => return Err(Malformed("the key's id is no text")),
        };
        let claims = part(claims, "its claims are no JSON object")?;
        let signature = bytes(signature).ok_or(Malformed("its signature is no base64"))?;
        Ok(Self {
            algorithm,
            key_id,
            claims: Claims::new(claims),
            signed,
            signature,
        })
    }
}

fn part(text: &str, otherwise: &'static str) -> Result<Map<String, Value>, Malformed> {
    bytes(text)
        .and_then(|bytes| json::object(&bytes).ok())
        .ok_or(Malformed(otherwise))
}

/// Of base64 in the one form that these bytes have: without padding, and without bits that mean nothing.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
