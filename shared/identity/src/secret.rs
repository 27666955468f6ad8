//! What must not be printed.

use std::fmt;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// A text that whoever knows it could pass for somebody with.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// How long this takes depends on the length of the other text alone.
    pub fn is(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// What belongs to an access key id.
#[derive(Clone, Debug)]
pub struct Credential {
    pub secret_access_key: Secret,
    /// Temporary credentials have one, and it must come with every request.
    pub session_token: Option<Secret>,
    /// Since 1970.
    pub expires_at: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let credential = Credential {
            secret_access_key: Secret::new("wJalrXUtnFEMI"),
            session_token: Some(Secret::new("FwoGZXtestToken")),
            expires_at: None,
        };
        let printed = format!("{credential:?} {credential:#?}");
        assert!(
            !printed.contains("wJalr") && !printed.contains("FwoGZ"),
            "{printed}"
        );
    }

    #[test]
    fn a_secret_is_itself_only() {
        let secret = Secret::new("abc");
        for (other, expected) in [
            ("abc", true),
            ("abd", false),
            ("ab", false),
            ("abcd", false),
            ("", false),
        ] {
            assert_eq!(secret.is(other), expected, "{other}");
        }
    }
}
