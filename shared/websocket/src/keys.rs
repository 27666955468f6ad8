//! The keys that holders and functions share.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use postern_grip::{PublicKey, SharedKey, TokenError};
use std::str::FromStr;
use std::time::Duration;

/// One key or several: the first is the one that we sign with, all are believed, so that a key can be replaced while sockets are
/// open.
///
/// Fastly's Fanout shares no key: it signs with its own, and takes what is published from whoever has a token of Fastly's.
#[derive(Clone, Debug)]
pub struct Keys {
    first: SharedKey,
    others: Vec<SharedKey>,
    fanout: PublicKey,
    /// The whole value of `Authorization`, marked as sensitive.
    fanout_token: Option<HeaderValue>,
}

/// How the names of Fanout's services begin, as holders: `fastly:SERVICE`.
const FANOUT: &str = "fastly:";

/// Whether a holder of that name is a service of Fanout's.
pub(crate) fn is_of_fanout(name: &str) -> bool {
    (name.strip_prefix(FANOUT)).is_some_and(|service| !service.is_empty())
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("a key has at least {KEY_BYTES_MIN} bytes; `openssl rand -base64 32` makes a good one")]
    Short,
    #[error("what follows `base64:` is not base64")]
    NotBase64,
}

/// Fewer could be guessed by trying.
const KEY_BYTES_MIN: usize = 16;

/// Of a setting: keys with commas between them, each as it is, or after `base64:` as Pushpin writes binary ones.
impl FromStr for Keys {
    type Err = KeyError;

    fn from_str(setting: &str) -> Result<Self, KeyError> {
        let mut keys = setting.split(',').map(|key| {
            let key = key.trim();
            let bytes = match key.strip_prefix("base64:") {
                Some(encoded) => STANDARD.decode(encoded).map_err(|_| KeyError::NotBase64)?,
                None => key.as_bytes().to_vec(),
            };
            if bytes.len() < KEY_BYTES_MIN {
                return Err(KeyError::Short);
            }
            Ok(SharedKey::new(&bytes))
        });
        let first = keys.next().ok_or(KeyError::Short)??;
        Ok(Self::of(first, keys.collect::<Result<_, _>>()?))
    }
}

impl Keys {
    /// One that nobody else has, for a holder in this process.
    pub fn random() -> Self {
        Self::of(SharedKey::new(&rand::random::<[u8; 32]>()), Vec::new())
    }

    fn of(first: SharedKey, others: Vec<SharedKey>) -> Self {
        Self {
            first,
            others,
            fanout: PublicKey::of_fanout(),
            fanout_token: None,
        }
    }

    /// With a token of Fastly's, by which is published to Fanout. It must be one that a header can hold.
    #[must_use]
    pub fn with_fanout_token(mut self, token: &str) -> Self {
        self.fanout_token = HeaderValue::try_from(format!("Bearer {token}")).ok();
        if let Some(token) = &mut self.fanout_token {
            token.set_sensitive(true);
        }
        self
    }

    pub(crate) fn fanout_token(&self) -> Option<&HeaderValue> {
        self.fanout_token.as_ref()
    }

    /// The one to sign with.
    pub fn first(&self) -> &SharedKey {
        &self.first
    }

    /// Those that are believed besides.
    pub fn others(&self) -> &[SharedKey] {
        &self.others
    }

    fn all(&self) -> impl Iterator<Item = &SharedKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Whose token it is, if it is of one of the keys.
    pub(crate) fn verify(&self, token: &str, now: Duration) -> Result<String, TokenError> {
        let mut failure = TokenError::Signature;
        for key in self.all() {
            match key.verify(token, now) {
                Ok(issuer) => return Ok(issuer.unwrap_or_default()),
                Err(TokenError::Signature) => {}
                Err(error) => failure = error,
            }
        }
        match self.fanout.verify(token, now) {
            // It is one of a shared key, or none at all.
            Err(TokenError::Form) => Err(failure),
            Err(error) => Err(error),
            // All of Fanout's services sign with one key: who does not say which it is could be anybody's.
            Ok(issuer) => issuer
                .filter(|name| is_of_fanout(name))
                .ok_or(TokenError::Issuer),
        }
    }

    pub(crate) fn is_tag(&self, bytes: &[u8], tag: &str) -> bool {
        self.all().any(|key| key.is_tag(bytes, tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    #[test]
    fn a_setting_has_one_key_or_several() {
        let now = Duration::from_secs(1_000);
        let hour = Duration::from_secs(3_600);
        let token = SharedKey::new(b"0123456789abcdef").sign("h", now, hour);
        for (setting, expected) in [
            ("0123456789abcdef", Ok(Ok("h".to_owned()))),
            ("base64:MDEyMzQ1Njc4OWFiY2RlZg==", Ok(Ok("h".to_owned()))),
            (
                "another-long-secret, 0123456789abcdef",
                Ok(Ok("h".to_owned())),
            ),
            ("another-long-secret", Ok(Err(TokenError::Signature))),
            ("", Err(KeyError::Short)),
            ("0123456789abcdef,", Err(KeyError::Short)),
            ("base64:?", Err(KeyError::NotBase64)),
        ] {
            let verified = setting.parse::<Keys>().map(|keys| keys.verify(&token, now));
            assert_eq!(verified, expected, "{setting}");
        }
        let keys = "another-long-secret,0123456789abcdef"
            .parse::<Keys>()
            .unwrap();
        assert_eq!(keys.verify(&token, now + hour), Err(TokenError::Expired));
    }
    #[test]
    fn of_fanout_only_a_token_that_names_its_service_is_believed() {
        let random = SystemRandom::new();
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
        let pair = pair.unwrap();
        let mut keys = "0123456789abcdef".parse::<Keys>().unwrap();
        keys.fanout = PublicKey::new(pair.public_key().as_ref());
        let now = Duration::from_secs(1_000);
        let token = |claims: &str| {
            let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
            let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
            let signature = pair.sign(&random, signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        };
        for (claims, expected) in [
            (
                r#"{"exp":1001,"iss":"fastly:svc"}"#,
                Ok("fastly:svc".to_owned()),
            ),
            (
                r#"{"exp":1000,"iss":"fastly:svc"}"#,
                Err(TokenError::Expired),
            ),
            // These could be of any of Fastly's customers.
            (r#"{"exp":1001,"iss":"fastly"}"#, Err(TokenError::Issuer)),
            (r#"{"exp":1001,"iss":"fastly:"}"#, Err(TokenError::Issuer)),
            (r#"{"exp":1001,"iss":"pushpin"}"#, Err(TokenError::Issuer)),
            (r#"{"exp":1001}"#, Err(TokenError::Issuer)),
        ] {
            assert_eq!(keys.verify(&token(claims), now), expected, "{claims}");
        }
        let others = "0123456789abcdef".parse::<Keys>().unwrap();
        let token = token(r#"{"exp":1001,"iss":"fastly:svc"}"#);
        assert_eq!(others.verify(&token, now), Err(TokenError::Signature));
    }

    #[test]
    fn no_key_is_shown() {
        let keys = "0123456789abcdef".parse::<Keys>().unwrap();
        let shown = format!("{:?}", keys.with_fanout_token("fastlys"));
        assert!(
            !shown.contains("0123") && !shown.contains("fastlys"),
            "{shown}"
        );
    }
}
