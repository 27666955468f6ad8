//! The keys that requests are signed with: found when first needed, kept until shortly before they expire.

use crate::keys::Credentials;
use crate::settings::{CredentialsSource, Settings};
use postern_egress::Egress;
use postern_store::Clock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// New ones are fetched this long before the old ones end, so that no request is signed with keys that end on its way.
const RENEW_BEFORE_EXPIRY: Duration = Duration::from_mins(5);
/// When none were found, nothing is asked again for this long: looking takes seconds, and requests would wait for each look.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// How long a call to an emulator waits for credentials that it does not need. On a laptop without any, the last place
/// looked at is one that only machines on AWS have, and elsewhere it may be silent for long.
const PATIENCE_FOR_EMULATOR: Duration = Duration::from_secs(2);

pub(crate) struct CredentialsCache {
    source: Source,
    clock: Arc<dyn Clock>,
    found: Mutex<Option<Found>>,
}

enum Source {
    Keys(Credentials),
    #[cfg(feature = "profiles")]
    Chain(Box<crate::profiles::Chain>),
    #[cfg(not(feature = "profiles"))]
    Nowhere,
    #[cfg(test)]
    Scripted(tests::Script),
}

#[derive(Clone)]
struct Found {
    outcome: Result<Credentials, String>,
    at: Duration,
    /// The look was broken off, so whoever has more patience must look again.
    gave_up: bool,
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
            CredentialsSource::Chain => Source::Chain(Box::new(crate::profiles::Chain::new(
                egress.clone(),
                settings.region.clone(),
            ))),
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
        match self.real(to_emulator).await {
            Err(_) if to_emulator => Ok(Credentials::new("test", "test", None, None)),
            real => real,
        }
    }

    async fn real(&self, to_emulator: bool) -> Result<Credentials, String> {
        if let Source::Keys(keys) = &self.source {
            return Ok(keys.clone());
        }
        // Held while looking, so that many requests at once look once.
        let mut found = self.found.lock().await;
        let now = self.clock.now();
        if let Some(found) = found.as_ref()
            && found.is_fresh(now, to_emulator)
        {
            return found.outcome.clone();
        }
        let (outcome, gave_up) = if to_emulator {
            match timeout(PATIENCE_FOR_EMULATOR, self.look()).await {
                Ok(outcome) => (outcome, false),
                Err(_) => (Err("looking took too long".to_owned()), true),
            }
        } else {
            (self.look().await, false)
        };
        if outcome.is_err()
            && let Some(Found {
                outcome: Ok(old), ..
            }) = found.as_ref()
            && old.outlive(now)
        {
            return Ok(old.clone());
        }
        *found = Some(Found {
            outcome: outcome.clone(),
            at: now,
            gave_up,
        });
        outcome
    }

    /// Lets go of credentials that were refused as expired, whatever they say of it themselves, so that they are looked for
    /// anew. False where there are no others.
    pub(crate) async fn forget(&self, refused: &Credentials) -> bool {
        if let Source::Keys(_) = self.source {
            return false;
        }
        let mut found = self.found.lock().await;
        let is_held = found
            .as_ref()
            .and_then(|found| found.outcome.as_ref().ok())
            .is_some_and(|held| held.sign_like(refused));
        if is_held {
            *found = None;
        }
        true
    }

    #[cfg_attr(
        not(any(feature = "profiles", test)),
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
            Source::Scripted(script) => script.next().await,
        }
    }
}

impl Found {
    fn is_fresh(&self, now: Duration, to_emulator: bool) -> bool {
        match &self.outcome {
            Ok(credentials) => credentials.outlive(now + RENEW_BEFORE_EXPIRY),
            Err(_) => (to_emulator || !self.gave_up) && now < self.at + LOOK_AGAIN_AFTER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// What a source gives when it is asked the first time, the second, ..., and after how many seconds.
    pub(super) struct Script(std::sync::Mutex<Vec<(u64, Result<Credentials, String>)>>);

    impl Script {
        pub(super) async fn next(&self) -> Result<Credentials, String> {
            let (seconds, outcome) = self.0.lock().unwrap().remove(0);
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            outcome
        }
    }

    struct SetClock(AtomicU64);

    impl Clock for SetClock {
        fn now(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::Relaxed))
        }
    }

    fn keys(id: &str, expiry: Option<u64>) -> Credentials {
        Credentials::new(id, "secret", None, expiry.map(Duration::from_secs))
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_are_looked_for_when_needed_and_kept_until_shortly_before_they_expire() {
        let nothing = || Err("nothing".to_owned());
        let script = vec![
            (1, nothing()),
            (9, Ok(keys("first", Some(1_000)))),
            (1, nothing()),
            (9, Ok(keys("second", None))),
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
            assert_eq!(id(&cache, to_emulator).await, expected, "at {now}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_emulator_does_not_wait_for_credentials_that_it_does_not_need() {
        let script = vec![
            (60, Ok(keys("late", None))),
            (60, Ok(keys("found", Some(9_999)))),
        ];
        let source = Source::Scripted(Script(std::sync::Mutex::new(script)));
        let cache = CredentialsCache::of(source, Arc::new(SetClock(AtomicU64::new(0))));
        let started = tokio::time::Instant::now();
        for _ in 0..3 {
            assert_eq!(id(&cache, true).await, "test");
        }
        assert_eq!(started.elapsed().as_secs(), 2);
        // But AWS does.
        for to_emulator in [false, true] {
            assert_eq!(id(&cache, to_emulator).await, "found");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_that_were_refused_are_looked_for_anew_once() {
        let script = vec![(1, Ok(keys("first", None))), (1, Ok(keys("second", None)))];
        let source = Source::Scripted(Script(std::sync::Mutex::new(script)));
        let cache = CredentialsCache::of(source, Arc::new(SetClock(AtomicU64::new(0))));
        let first = cache.get(false).await.unwrap();
        // The second was signed with the same ones, before the first was refused.
        for _ in 0..2 {
            assert!(cache.forget(&first).await);
            assert_eq!(id(&cache, false).await, "second");
        }
        let given = CredentialsCache::of(
            Source::Keys(keys("given", None)),
            Arc::new(SetClock(AtomicU64::new(0))),
        );
        assert!(!given.forget(&first).await);
    }

    async fn id(cache: &CredentialsCache, to_emulator: bool) -> String {
        match cache.get(to_emulator).await {
            Ok(credentials) => credentials.access_key_id().to_owned(),
            Err(reason) => reason,
        }
    }
}
