//! The keys that holders and functions share.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_grip::{SharedKey, TokenError};
use std::str::FromStr;
use std::time::Duration;

/// One key or several: the first is the one that we sign with, all are believed, so that a key can be replaced while sockets are
/// open.
#[derive(Clone, Debug)]
pub struct Keys {
    first: SharedKey,
    others: Vec<SharedKey>,
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
        Ok(Self {
            first: keys.next().ok_or(KeyError::Short)??,
            others: keys.collect::<Result<_, _>>()?,
        })
    }
}

impl Keys {
    /// One that nobody else has, for a holder in this process.
    pub fn random() -> Self {
        Self {
            first: SharedKey::new(&rand::random::<[u8; 32]>()),
            others: Vec::new(),
        }
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
        Err(failure)
    }

    pub(crate) fn is_tag(&self, bytes: &[u8], tag: &str) -> bool {
        self.all().any(|key| key.is_tag(bytes, tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
