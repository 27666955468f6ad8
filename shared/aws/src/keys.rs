//! What requests are signed with.

use postern_identity::Secret;
use std::sync::Arc;
use std::time::Duration;

/// The keys of one owner. A clone is the same, and costs nothing.
#[derive(Clone, Debug)]
pub struct Credentials(Arc<Keys>);

#[derive(Debug)]
struct Keys {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Option<Secret>,
    expires_at: Option<Duration>,
}

impl Credentials {
    /// `session_token` belongs to temporary ones, and so may `expires_at`, since 1970.
    pub fn new(
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
        session_token: Option<String>,
        expires_at: Option<Duration>,
    ) -> Self {
        Self(Arc::new(Keys {
            access_key_id: access_key_id.into(),
            secret_access_key: Secret::new(secret_access_key),
            session_token: session_token.map(Secret::new),
            expires_at,
        }))
    }

    pub fn access_key_id(&self) -> &str {
        &self.0.access_key_id
    }

    pub fn secret_access_key(&self) -> &str {
        self.0.secret_access_key.expose()
    }

    pub fn session_token(&self) -> Option<&str> {
        self.0.session_token.as_ref().map(Secret::expose)
    }

    /// Whether they can still be used after this moment, since 1970.
    pub(crate) fn outlive(&self, moment: Duration) -> bool {
        self.0.expires_at.is_none_or(|end| end > moment)
    }

    /// Whether they sign alike, whatever they say of their end.
    pub(crate) fn sign_like(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.0.access_key_id == other.0.access_key_id
                && self.0.secret_access_key.is(other.secret_access_key())
                && self.session_token() == other.session_token()
    }
}
