//! The keys of issuers: fetched where issuers publish them, held, and fetched anew beside the requests that use them.
//!
//! A request waits only where the key that it needs is not at hand. Whoever needs the same keys meanwhile waits for the same
//! fetch. A token that names a key which nobody knows may be of a key that is new: so it is worth one fetch, but no more than
//! one in a while, or anybody could make us fetch as often as they like. While an issuer is away its old keys stay good, for as
//! long as the operator says.

use crate::bounded::bounded;
use crate::{Backend, Body, Call, Connection, Destination, Journal};
use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method};
use postern_identity::jwt::{KEY_SET_BYTES_MAX, KeySet, check_keys};
use postern_store::Clock;
use quick_cache::sync::Cache;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How old keys become before they are fetched anew: the service's own bound.
const FRESH_FOR: Duration = Duration::from_secs(60 * 60);
/// How long an issuer gets for each answer.
const ANSWER_WITHIN: Duration = Duration::from_millis(1_500);
/// Between two fetches for the sake of keys that nobody knows.
const UNKNOWN_EVERY: Duration = Duration::from_secs(10);
/// Between a fetch that failed and the next, so that an issuer that is away costs most requests no time.
const RETRY_EVERY: Duration = Duration::from_secs(2);
/// The same, while old keys are good: nobody waits then.
const RENEW_EVERY: Duration = Duration::from_secs(30);
/// Issuers whose keys are held at most. Those that were not asked for longest go first.
const ISSUERS_MAX: usize = 1_000;

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Published {
    At(String),
    /// Where the discovery document of this issuer says.
    By(String),
}

/// The keys cannot be had, for this reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NoKeys {
    pub(super) step: Step,
    reason: String,
}

/// What an issuer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Discovery,
    Keys,
}

impl Step {
    /// What somebody is told whose token cannot be verified for it, as recorded from the service.
    pub(super) fn failure(self) -> &'static str {
        match self {
            Self::Discovery => "OIDC discovery endpoint communication error",
            Self::Keys => "JWKS communication error",
        }
    }

    fn failed(self, url: &str, reason: &dyn std::fmt::Display) -> NoKeys {
        // What an issuer says may be in it, and must not be able to end a line of the journal.
        let reason = format!("`{url}`: {reason}").replace(['\r', '\n'], " ");
        NoKeys { step: self, reason }
    }
}

pub(crate) struct KeySources {
    sources: Cache<Published, Arc<Source>>,
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    /// How long keys stay good that cannot be fetched anew.
    good_for: Duration,
}

/// The keys of one issuer.
struct Source {
    published: Published,
    state: Mutex<State>,
    /// Held by whoever fetches.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// The last fetch, where it failed.
    failed: Option<(Duration, NoKeys)>,
    /// When keys were last fetched for the sake of one that nobody knew.
    wondered_at: Option<Duration>,
}

#[derive(Clone)]
struct Held {
    keys: Arc<KeySet>,
    fetched_at: Duration,
}

/// What there is to be done for a request.
enum Look {
    /// The keys are at hand. They may be due for fetching anew.
    Good { keys: Arc<KeySet>, is_due: bool },
    /// Fetching may help.
    Fetch,
    /// Nothing can be done now.
    Settled(Result<Arc<KeySet>, NoKeys>),
}

impl KeySources {
    pub(crate) fn new(
        backend: Arc<dyn Backend>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
        good_for: Duration,
    ) -> Self {
        Self {
            sources: bounded(ISSUERS_MAX),
            fetcher: Fetcher(backend),
            clock,
            journal,
            good_for,
        }
    }

    /// The keys of an issuer, among them what is wanted where the issuer has it.
    pub(super) async fn keys(
        &self,
        published: Published,
        is_wanted: impl Fn(&KeySet) -> bool,
    ) -> Result<Arc<KeySet>, NoKeys> {
        let source = self.source(published);
        match self.look(&source, &is_wanted) {
            Look::Good { keys, is_due } => {
                if is_due {
                    self.renew(source);
                }
                return Ok(keys);
            }
            Look::Settled(settled) => return settled,
            Look::Fetch => {}
        }
        let _turn = source.turn.lock().await;
        // Somebody else may have fetched while we waited.
        match self.look(&source, &is_wanted) {
            Look::Good { keys, .. } => return Ok(keys),
            Look::Settled(settled) => return settled,
            Look::Fetch => {}
        }
        source.wonder(self.clock.now());
        let fetched = self.fetcher.keys(&source.published).await;
        let old = self.still_good(&source);
        match source.learn(fetched, self.clock.now()) {
            Ok(keys) => Ok(keys),
            Err(reason) => old.ok_or(reason),
        }
    }

    /// Where an issuer says that its keys are.
    pub(super) async fn discover(&self, issuer: &str) -> Result<String, NoKeys> {
        self.fetcher.discover(issuer).await
    }

    fn source(&self, published: Published) -> Arc<Source> {
        if let Some(source) = self.sources.get(&published) {
            return source;
        }
        let made = || {
            Ok::<_, Infallible>(Arc::new(Source {
                published: published.clone(),
                state: Mutex::default(),
                turn: tokio::sync::Mutex::default(),
            }))
        };
        let Ok(source) = self.sources.get_or_insert_with(&published, made);
        source
    }

    fn look(&self, source: &Source, is_wanted: impl Fn(&KeySet) -> bool) -> Look {
        let now = self.clock.now();
        let has_passed = |since: Duration, time: Duration| since.saturating_add(time) <= now;
        let old = self.still_good(source);
        let state = source.state();
        match (old, &state.held) {
            (Some(keys), Some(held)) if is_wanted(&keys) => {
                let failed = state.failed.as_ref();
                let may_try = failed.is_none_or(|(at, _)| has_passed(*at, RENEW_EVERY));
                let is_due = has_passed(held.fetched_at, FRESH_FOR) && may_try;
                Look::Good { keys, is_due }
            }
            (Some(keys), _) => match state.wondered_at {
                Some(at) if !has_passed(at, UNKNOWN_EVERY) => Look::Settled(Ok(keys)),
                _ => Look::Fetch,
            },
            (None, _) => match &state.failed {
                Some((at, reason)) if !has_passed(*at, RETRY_EVERY) => {
                    Look::Settled(Err(reason.clone()))
                }
                _ => Look::Fetch,
            },
        }
    }

    fn still_good(&self, source: &Source) -> Option<Arc<KeySet>> {
        let state = source.state();
        let held = state.held.as_ref()?;
        let good_for = FRESH_FOR.saturating_add(self.good_for);
        let until = held.fetched_at.saturating_add(good_for);
        (self.clock.now() < until).then(|| held.keys.clone())
    }

    /// Fetches beside requests, which have what they need. One fetch at a time is enough.
    fn renew(&self, source: Arc<Source>) {
        let (fetcher, clock) = (self.fetcher.clone(), self.clock.clone());
        let journal = self.journal.clone();
        tokio::spawn(async move {
            let Ok(_turn) = source.turn.try_lock() else {
                return;
            };
            let fetched = fetcher.keys(&source.published).await;
            if let Err(reason) = source.learn(fetched, clock.now()) {
                journal.fault(&format!(
                    "an issuer's keys cannot be fetched anew, and the old ones stay good for a while: {reason}"
                ));
            }
        });
    }
}

impl Source {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where keys are held, they are fetched for the sake of one that is not among them.
    fn wonder(&self, now: Duration) {
        let mut state = self.state();
        if state.held.is_some() {
            state.wondered_at = Some(now);
        }
    }

    fn learn(&self, fetched: Result<KeySet, NoKeys>, now: Duration) -> Result<Arc<KeySet>, NoKeys> {
        let mut state = self.state();
        match fetched {
            Ok(keys) => {
                let keys = Arc::new(keys);
                state.failed = None;
                state.held = Some(Held {
                    keys: keys.clone(),
                    fetched_at: now,
                });
                Ok(keys)
            }
            Err(reason) => {
                state.failed = Some((now, reason.clone()));
                Err(reason)
            }
        }
    }
}

/// Asks issuers.
#[derive(Clone)]
struct Fetcher(Arc<dyn Backend>);

/// What matters of a discovery document.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Fetcher {
    async fn keys(&self, published: &Published) -> Result<KeySet, NoKeys> {
        let url = match published {
            Published::At(url) => url.clone(),
            Published::By(issuer) => self.discover(issuer).await?,
        };
        let text = self.get(&url, Step::Keys).await?;
        KeySet::parse(&text).map_err(|reason| Step::Keys.failed(&url, &reason))
    }

    async fn discover(&self, issuer: &str) -> Result<String, NoKeys> {
        let base = issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let wrong = |reason: String| Step::Discovery.failed(&url, &reason);
        let text = self.get(&url, Step::Discovery).await?;
        let document: Discovery =
            serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        // Or one issuer could speak for another.
        if document.issuer != issuer {
            let named = document.issuer;
            return Err(wrong(format!(
                "it is of issuer `{named}`, not of `{issuer}`"
            )));
        }
        check_keys(issuer, &document.jwks_uri)
            .map_err(|reason| wrong(format!("`jwks_uri` cannot be asked: {reason}")))?;
        Ok(document.jwks_uri)
    }

    async fn get(&self, url: &str, step: Step) -> Result<Bytes, NoKeys> {
        let wrong = |reason: String| step.failed(url, &reason);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let call = Call {
            destination: Destination::Url {
                url: url.to_owned(),
                connection: Connection::default(),
            },
            method: Method::GET,
            headers,
            body: Body::empty(),
            timeout: ANSWER_WITHIN,
        };
        let answer = self.0.call(call).await;
        let (head, body) = answer
            .map_err(|error| wrong(error.to_string()))?
            .into_parts();
        if head.status != 200 {
            return Err(wrong(format!("it answers {}", head.status.as_u16())));
        }
        let text = body.collect(KEY_SET_BYTES_MAX).await;
        text.map_err(|error| wrong(error.to_string()))
    }
}
