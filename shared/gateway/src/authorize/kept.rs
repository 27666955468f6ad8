//! Verdicts that hold for a while: in memory, and behind that in the cache table, where every environment finds them.
//!
//! A verdict is found by what the authorizer takes for who is calling, in this stage, since its authorizers' answers were
//! last flushed. Nothing of that is kept as it is, only its hash: a token found in a table would be as good as a password.

use super::Verdict;
use crate::bounded::bounded;
use crate::flights::{Flights, Turn};
use crate::rejection::AuthorizeRejection;
use crate::route::Routed;
use bytes::Bytes;
use postern_plan::{AuthorizerFormat, AuthorizerPlan};
use postern_store::{Clock, Condition, Consistency, Table, Write};
use quick_cache::sync::Cache;
use ring::digest::{Context, SHA256};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// Verdicts in memory at most. Those that were not asked for longest go first.
const HELD_MAX: usize = 10_000;
/// What comes before the function's answer in an item: until when it holds, in milliseconds since 1970.
const UNTIL_BYTES: usize = 8;

/// How long a request waits for what the function says to another. One that takes longer is slow, and better asked at once for
/// all who wait.
const WAIT_MAX: Duration = Duration::from_secs(5);

pub(crate) struct Verdicts {
    held: Cache<Key, Kept>,
    flights: Flights<Key, Kept>,
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
}

/// The hash of all that a verdict was given for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

#[derive(Clone)]
struct Kept {
    verdict: Arc<Verdict>,
    until: Duration,
}

impl Key {
    /// Of values in the order in which the authorizer names their sources. The sources count too: what was a client's name before
    /// a deployment must not be taken for its password after it.
    pub(super) fn of(routed: &Routed, authorizer: &AuthorizerPlan, values: &[String]) -> Self {
        let mut hash = Context::new(&SHA256);
        let mut add = |part: &str| {
            // With its length, so that no two lists of parts read the same.
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        };
        add(routed.live.api.as_str());
        add(routed.live.name.as_str());
        add(&routed.live.flushes.authorizers.to_string());
        add(&authorizer.id);
        for part in authorizer.source_names.iter().chain(values) {
            add(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.finish().as_ref());
        Self(bytes)
    }

    fn in_table(&self) -> postern_store::Key {
        let mut partition = String::from("verdict#");
        for byte in self.0 {
            let _ = write!(partition, "{byte:02x}");
        }
        postern_store::Key::new(partition, "verdict")
    }
}

impl Verdicts {
    pub(crate) fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>) -> Self {
        Self {
            held: bounded(HELD_MAX),
            flights: Flights::default(),
            table,
            clock,
        }
    }

    /// The verdict that is at hand.
    pub(super) fn held(&self, key: &Key) -> Option<Arc<Verdict>> {
        let kept = self.held.get(key)?;
        if self.clock.now() < kept.until {
            return Some(kept.verdict);
        }
        self.held.remove(key);
        None
    }

    /// The verdict that is kept, or else a new one, which is kept from now on. Who asks for the same meanwhile waits for it; where
    /// the function gives none, all who waited ask for themselves.
    ///
    /// A store that is away costs a call of the function and nothing else.
    pub(super) async fn get(
        &self,
        key: Key,
        format: AuthorizerFormat,
        kept_for: Duration,
        asked: impl Future<Output = Result<Bytes, AuthorizeRejection>>,
    ) -> Result<Arc<Verdict>, AuthorizeRejection> {
        let lead = match self.flights.turn(&key) {
            Turn::Wait(wait) => {
                if let Some(kept) = wait.outcome(WAIT_MAX).await {
                    return Ok(kept.verdict);
                }
                None
            }
            Turn::Lead(lead) => {
                // Somebody may have been told just before.
                if let Some(verdict) = self.held(&key) {
                    return Ok(verdict);
                }
                if let Some(kept) = self.stored(key, format).await {
                    self.held.insert(key, kept.clone());
                    lead.tell(kept.clone());
                    return Ok(kept.verdict);
                }
                Some(lead)
            }
        };
        let payload = asked.await?;
        let kept = Kept {
            verdict: Arc::new(Verdict::read(&payload, format)?),
            until: self.clock.now() + kept_for,
        };
        self.held.insert(key, kept.clone());
        // The others need not wait for the table.
        if let Some(lead) = lead {
            lead.tell(kept.clone());
        }
        self.store(key, &payload, kept.until).await;
        Ok(kept.verdict)
    }

    async fn stored(&self, key: Key, format: AuthorizerFormat) -> Option<Kept> {
        let item = self.table.get(&key.in_table(), Consistency::Eventual).await;
        let body = item.ok()??.body;
        let (until, payload) = body.split_first_chunk::<UNTIL_BYTES>()?;
        let until = Duration::from_millis(u64::from_be_bytes(*until));
        if until <= self.clock.now() {
            return None;
        }
        let verdict = Arc::new(Verdict::read(payload, format).ok()?);
        Some(Kept { verdict, until })
    }

    async fn store(&self, key: Key, payload: &[u8], until: Duration) {
        let mut body = (until.as_millis() as u64).to_be_bytes().to_vec();
        body.extend_from_slice(payload);
        let write = Write::Put {
            key: key.in_table(),
            body: body.into(),
            expires_at: Some(until.as_secs() + 1),
            condition: Condition::Always,
        };
        // Without it the next environment asks the function once more.
        let _ = self.table.write(write).await;
    }
}
