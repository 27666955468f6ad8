//! The secret that a holder and its backend share, and the tokens (JWT, HS256) by which each knows the other: `Grip-Sig` on the
//! holder's requests, `Authorization: Bearer` on what is published. And the key by which a holder signs that shares no secret
//! with anybody (JWT, ES256).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use thiserror::Error;

/// The header of every token that we sign: `{"typ":"JWT","alg":"HS256"}`.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
/// Bytes of a token that is looked at. Ours have 150.
const TOKEN_BYTES_MAX: usize = 4_096;

/// What Fastly's Fanout signs with has this public half, as Fastly's documentation has it.
const FANOUT: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECKo5A1ebyFcnmVV8SE5On+8G81JyBjSvcrx4VLetWCjuDAmppTo3xM/zz763COTCgHfp/6lPdCyYjjqc+GM7sw==";
/// Of a public key of P-256, before its point.
const KEY_HEAD_BYTES: usize = 26;

/// The shared secret.
#[derive(Clone)]
pub struct SharedKey(hmac::Key);

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    #[error("it is not three parts of base64 with JSON in them, signed with HS256, or ES256")]
    Form,
    #[error("its signature is not of the shared key")]
    Signature,
    #[error("it has expired, or has no `exp`")]
    Expired,
    #[error("it does not say which of those who sign with this key it is of")]
    Issuer,
}

/// The public half of a key of P-256.
#[derive(Clone)]
pub struct PublicKey(UnparsedPublicKey<Vec<u8>>);

#[derive(Serialize)]
struct Signed<'a> {
    exp: u64,
    iss: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
    iss: Option<String>,
}

impl SharedKey {
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// A token of `issuer` that holds for `lifetime` from `now` (since 1970) on.
    pub fn sign(&self, issuer: &str, now: Duration, lifetime: Duration) -> String {
        let claims = Signed {
            exp: now.saturating_add(lifetime).as_secs(),
            iss: issuer,
        };
        let claims = serde_json::to_vec(&claims).expect("a number and a string are JSON");
        let mut token = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac::sign(&self.0, token.as_bytes());
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        token
    }

    /// Whose token it is: what its issuer calls itself, if it says.
    pub fn verify(&self, token: &str, now: Duration) -> Result<Option<String>, TokenError> {
        read(token, "HS256", now, |signed, signature| {
            hmac::verify(&self.0, signed, signature).is_ok()
        })
    }

    /// A proof that whoever has the key has seen these bytes. Not to be taken for a token's: those are of JSON.
    pub fn tag(&self, bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.tagged(bytes))
    }

    pub fn is_tag(&self, bytes: &[u8], tag: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else {
            return false;
        };
        hmac::verify(&self.0, &Self::taggable(bytes), &tag).is_ok()
    }

    fn tagged(&self, bytes: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, &Self::taggable(bytes))
    }

    fn taggable(bytes: &[u8]) -> Vec<u8> {
        [b"tag:", bytes].concat()
    }
}

impl PublicKey {
    /// Of a point of P-256, uncompressed.
    pub fn new(point: &[u8]) -> Self {
        let point = point.to_vec();
        Self(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point))
    }

    /// Of Fastly's Fanout. All of its services sign with one key: whose token it is, its issuer tells.
    pub fn of_fanout() -> Self {
        let key = STANDARD.decode(FANOUT).expect("it is base64");
        Self::new(&key[KEY_HEAD_BYTES..])
    }

    /// Whose token it is, if it says.
    pub fn verify(&self, token: &str, now: Duration) -> Result<Option<String>, TokenError> {
        read(token, "ES256", now, |signed, signature| {
            self.0.verify(signed, signature).is_ok()
        })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").finish_non_exhaustive()
    }
}

/// The issuer of a token that is signed so, and has not expired.
fn read(
    token: &str,
    algorithm: &str,
    now: Duration,
    is_signed: impl FnOnce(&[u8], &[u8]) -> bool,
) -> Result<Option<String>, TokenError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::Form);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Form)?;
    let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| TokenError::Form)?;
    if header.alg != algorithm {
        return Err(TokenError::Form);
    }
    if !is_signed(signed.as_bytes(), &decoded(signature)?) {
        return Err(TokenError::Signature);
    }
    let claims: Claims = serde_json::from_slice(&decoded(claims)?).map_err(|_| TokenError::Form)?;
    match claims.exp {
        Some(exp) if exp > now.as_secs_f64() => Ok(claims.iss),
        _ => Err(TokenError::Expired),
    }
}

/// Fanout was seen to write the alphabet of plain base64, which is not that of tokens.
fn decoded(part: &str) -> Result<Vec<u8>, TokenError> {
    let part = part.replace('+', "-").replace('/', "_");
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Form)
}

/// Never shows the secret.
impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_795_256_446);

    /// Recorded from Pushpin 1.36.0 with its shipped key.
    const RECORDED: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3OTUyNjAwNDYsImlzcyI6InB1c2hwaW4ifQ.qVXiM59kM9G3jTbyTbUUUSXnXBiYzVH3XVcBkgLSnTc";

    #[test]
    fn a_token_is_the_one_that_pushpin_signs() {
        let key = SharedKey::new(b"changeme");
        let token = key.sign("pushpin", NOW, Duration::from_secs(3600));
        assert_eq!(token, RECORDED);
    }

    #[test]
    fn only_a_token_of_the_key_that_has_not_expired_is_believed() {
        let key = SharedKey::new(b"changeme");
        let later = NOW + Duration::from_secs(3600);
        let signed_by = |header: &str, claims: &str| {
            let signed = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(header),
                URL_SAFE_NO_PAD.encode(claims)
            );
            let signature = hmac::sign(&key.0, signed.as_bytes());
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        };
        let unsigned = RECORDED.replace(
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9",
            "eyJhbGciOiJub25lIn0",
        );
        let changed = RECORDED.replace("eyJleHAiOjE3OTUy", "eyJleHAiOjE3OTUz");
        for (token, now, expected) in [
            (RECORDED, NOW, Ok(Some("pushpin".to_owned()))),
            (RECORDED, later, Err(TokenError::Expired)),
            (
                &signed_by(r#"{"alg":"HS256"}"#, r#"{"iss":"x"}"#),
                NOW,
                Err(TokenError::Expired),
            ),
            (
                &signed_by(r#"{"alg":"HS512"}"#, r#"{"exp":9999999999}"#),
                NOW,
                Err(TokenError::Form),
            ),
            (&unsigned, NOW, Err(TokenError::Form)),
            (&changed, NOW, Err(TokenError::Signature)),
            (&format!("{RECORDED}A"), NOW, Err(TokenError::Signature)),
            ("", NOW, Err(TokenError::Form)),
            ("a.b", NOW, Err(TokenError::Form)),
            ("..", NOW, Err(TokenError::Form)),
            (&"x".repeat(5_000), NOW, Err(TokenError::Form)),
        ] {
            assert_eq!(key.verify(token, now), expected, "{token}");
        }
        let other = SharedKey::new(b"other");
        assert_eq!(other.verify(RECORDED, NOW), Err(TokenError::Signature));
    }

    /// Recorded from Fanout.
    const OF_FANOUT: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJleHAiOjE2NzUzNjU0MjgsImlzcyI6ImZhc3RseSJ9.QL2Pm1JnXV/vAYK7ijeD4U1CBjOTLihNMDZ+qfvjkKOTUiK1jyxGEwjZfeApijRaOtQT8fVkdPnKjF+tBiUzkA";

    #[test]
    fn only_a_token_that_fanout_signed_is_believed_to_be_its() {
        let then = Duration::from_secs(1_675_365_000);
        let fanout = PublicKey::of_fanout();
        let changed = OF_FANOUT.replace("iOjE2NzUz", "iOjE2NzUy");
        let cut = &OF_FANOUT[..OF_FANOUT.len() - 2];
        for (token, now, expected) in [
            (OF_FANOUT, then, Ok(Some("fastly".to_owned()))),
            (OF_FANOUT, NOW, Err(TokenError::Expired)),
            (&changed, then, Err(TokenError::Signature)),
            (cut, then, Err(TokenError::Signature)),
            // By whoever knows the public key and calls it a secret.
            (RECORDED, NOW, Err(TokenError::Form)),
            ("", then, Err(TokenError::Form)),
        ] {
            assert_eq!(fanout.verify(token, now), expected, "{token}");
        }
        let shared = SharedKey::new(b"changeme");
        assert_eq!(shared.verify(OF_FANOUT, then), Err(TokenError::Form));
        let nonsense = PublicKey::new(b"no point");
        assert_eq!(nonsense.verify(OF_FANOUT, then), Err(TokenError::Signature));
    }

    #[test]
    fn a_tag_is_of_one_key_and_these_bytes() {
        let (key, other) = (SharedKey::new(b"a"), SharedKey::new(b"b"));
        let tag = key.tag(b"state");
        assert!(key.is_tag(b"state", &tag));
        for (key, bytes, tag) in [
            (&other, &b"state"[..], tag.as_str()),
            (&key, b"State", &tag),
            (&key, b"state", ""),
            (&key, b"state", &tag[1..]),
            (&key, b"state", "no base64!"),
        ] {
            assert!(!key.is_tag(bytes, tag), "{tag}");
        }
    }
}
