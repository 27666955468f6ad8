//! The keys that requests are signed with: found when first needed, kept until shortly before they expire.

use crate::settings::{CredentialsSource, Settings};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use postern_egress::Egress;
use postern_store::Clock;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// New ones are fetched this long before the old ones end, so that no request is signed with keys that end on its way.
const RENEW_BEFORE_EXPIRY: Duration = Duration::from_mins(5);
/// When none were found, nothing is asked again for this long: looking takes seconds, and requests would wait for each look.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(30);

pub(crate) struct CredentialsCache {
    source: Source,
    clock: Arc<dyn Clock>,
    found: Mutex<Option<Found>>,
}

enum Source {
    Keys(Credentials),
    #[cfg(feature = "profiles")]
    Chain(crate::profiles::Chain),
    #[cfg(not(feature = "profiles"))]
    Nowhere,
    #[cfg(test)]
    Scripted(tests::Script),
}

#[derive(Clone)]
struct Found {
    outcome: Result<Credentials, String>,
    at: Duration,
}

impl CredentialsCache {
    #[cfg_attr(
        not(feature = "profiles"),
        expect(unused_variables, reason = "only the chain makes calls")
    )]
    pub(crate) fn new(settings: &Settings, egress: &Egress, clock: Arc<dyn Clock>) -> Self {
        let source = match &settings.credentials {
            CredentialsSource::Keys(keys) => Source::Keys(keys.clone()),
            #[cfg(feature = "profiles")]
            CredentialsSource::Chain => Source::Chain(crate::profiles::Chain::new(
                egress.clone(),
                settings.region.clone(),
            )),
            #[cfg(not(feature = "profiles"))]
            CredentialsSource::Chain => Source::Nowhere,
        };
        Self::of(source, clock)
    }

    fn of(source: Source, clock: Arc<dyn Clock>) -> Self {
        Self {
            source,
            clock,
            found: Mutex::new(None),
        }
    }

    /// Credentials for AWS, or, where the call goes to an emulator and there are none, some that only look like it.
    pub(crate) async fn get(&self, to_emulator: bool) -> Result<Credentials, String> {
        match self.real().await {
            Err(_) if to_emulator => Ok(Credentials::new("test", "test", None, None, "emulator")),
            real => real,
        }
    }

    async fn real(&self) -> Result<Credentials, String> {
        if let Source::Keys(keys) = &self.source {
            return Ok(keys.clone());
        }
        // Held while looking, so that many requests at once look once.
        let mut found = self.found.lock().await;
        let now = self.clock.now();
        if let Some(found) = found.as_ref()
            && found.is_fresh(now)
        {
            return found.outcome.clone();
        }
        let outcome = self.look().await;
        if outcome.is_err()
            && let Some(Found {
                outcome: Ok(old), ..
            }) = found.as_ref()
            && expiry(old).is_none_or(|expiry| expiry > now)
        {
            return Ok(old.clone());
        }
        *found = Some(Found {
            outcome: outcome.clone(),
            at: now,
        });
        outcome
    }

    #[cfg_attr(
        not(feature = "profiles"),
        expect(clippy::unused_async, reason = "only the chain waits")
    )]
    async fn look(&self) -> Result<Credentials, String> {
        match &self.source {
            Source::Keys(keys) => Ok(keys.clone()),
            #[cfg(feature = "profiles")]
            Source::Chain(chain) => chain.resolve().await,
            #[cfg(not(feature = "profiles"))]
            Source::Nowhere => Err(
                "there are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    .to_owned(),
            ),
            #[cfg(test)]
            Source::Scripted(script) => script.next(),
        }
    }
}

impl Found {
    fn is_fresh(&self, now: Duration) -> bool {
        match &self.outcome {
            Ok(credentials) => expiry(credentials)
                .is_none_or(|expiry| expiry.saturating_sub(RENEW_BEFORE_EXPIRY) > now),
            Err(_) => now < self.at + LOOK_AGAIN_AFTER,
        }
    }
}

fn expiry(credentials: &Credentials) -> Option<Duration> {
    credentials
        .expiry()?
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
}

/// The cache as the SDK asks for credentials.
pub(crate) struct SdkCredentials {
    pub(crate) cache: Arc<CredentialsCache>,
    pub(crate) to_emulator: bool,
}

impl std::fmt::Debug for SdkCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SdkCredentials").finish_non_exhaustive()
    }
}

impl ProvideCredentials for SdkCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.cache
                .get(self.to_emulator)
                .await
                .map_err(CredentialsError::not_loaded)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// What a source gives when it is asked the first time, the second, ...
    pub(super) struct Script(std::sync::Mutex<Vec<Result<Credentials, String>>>);

    impl Script {
        pub(super) fn next(&self) -> Result<Credentials, String> {
            self.0.lock().unwrap().remove(0)
        }
    }

    struct SetClock(AtomicU64);

    impl Clock for SetClock {
        fn now(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::Relaxed))
        }
    }

    fn keys(id: &str, expiry: Option<u64>) -> Credentials {
        let expiry = expiry.map(|expiry| SystemTime::UNIX_EPOCH + Duration::from_secs(expiry));
        Credentials::new(id, "secret", None, expiry, "test")
    }

    #[tokio::test]
    async fn credentials_are_looked_for_when_needed_and_kept_until_shortly_before_they_expire() {
        let nothing = || Err("nothing".to_owned());
        let script = vec![
            nothing(),
            Ok(keys("first", Some(1_000))),
            nothing(),
            Ok(keys("second", None)),
        ];
        let clock = Arc::new(SetClock(AtomicU64::new(0)));
        let source = Source::Scripted(Script(std::sync::Mutex::new(script)));
        let cache = CredentialsCache::of(source, clock.clone());
        for (now, to_emulator, expected) in [
            (0, false, "nothing"),
            (0, true, "test"),
            (29, false, "nothing"),
            (30, false, "first"),
            (699, false, "first"),
            // Renewing fails here, and they are still good.
            (700, false, "first"),
            (701, false, "second"),
            (9_999, true, "second"),
        ] {
            clock.0.store(now, Ordering::Relaxed);
            let found = match cache.get(to_emulator).await {
                Ok(credentials) => credentials.access_key_id().to_owned(),
                Err(reason) => reason,
            };
            assert_eq!(found, expected, "at {now}");
        }
    }
}
