//! The secret that a holder and its backend share, and the tokens (JWT, HS256) by which each knows the other: `Grip-Sig` on the
//! holder's requests, `Authorization: Bearer` on what is published.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use thiserror::Error;

/// The header of every token that we sign: `{"typ":"JWT","alg":"HS256"}`.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
/// Bytes of a token that is looked at. Ours have 150.
const TOKEN_BYTES_MAX: usize = 4_096;

/// The shared secret.
#[derive(Clone)]
pub struct SharedKey(hmac::Key);

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    #[error("it is not three parts of base64 with JSON in them, signed with HS256")]
    Form,
    #[error("its signature is not of the shared key")]
    Signature,
    #[error("it has expired, or has no `exp`")]
    Expired,
}

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
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Form);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Form)?;
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Form);
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Form)?;
        if header.alg != "HS256" {
            return Err(TokenError::Form);
        }
        hmac::verify(&self.0, signed.as_bytes(), &decode(signature)?)
            .map_err(|_| TokenError::Signature)?;
        let claims: Claims =
            serde_json::from_slice(&decode(claims)?).map_err(|_| TokenError::Form)?;
        match claims.exp {
            Some(exp) if exp > now.as_secs_f64() => Ok(claims.iss),
            _ => Err(TokenError::Expired),
        }
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
