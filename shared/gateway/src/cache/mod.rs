//! What need not be asked twice: the answers of methods for which a stage keeps them.
//!
//! ```text
//! memory -> (one of those who want the same) -> table -> integration -> memory, table
//! ```
//!
//! An answer is kept as the method gives it: after mappings, before it is packed. Answers that the gateway gives by itself
//! are rejections, and never come here. Flushing a stage, deploying to it or making it anew changes what its answers are
//! found by, so that nobody has to look for the old ones.
//!
//! A table that is away or slow costs a call of the integration, and a wait within the bounds that `stored` names.

mod applies;
mod control;
mod entry;
mod everyone;
mod key;
mod memory;
mod seal;
mod stored;

use crate::answer::Answer;
use crate::flights::{Flights, Lead, Turn};
use crate::held::{broken, collect};
use crate::rejection::{IntegrateRejection, Rejection};
use crate::trail::{CacheTrail, Trail};
use crate::validate::Validated;
use crate::{Body, Gateway};
use applies::Applies;
pub(crate) use applies::StageCache;
use control::Wish;
use entry::{BODY_BYTES_MAX, Entry};
use http::{HeaderName, HeaderValue};
use key::Key;
use memory::Memory;
use postern_plan::ToldApart;
use postern_store::{Clock, Table};
use seal::{SEAL_BYTES, Seal};
use std::sync::Arc;
use std::time::Duration;
use stored::Stored;

/// What the operator decided of all stages' caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caching {
    /// What answers may take up in the memory of this process.
    pub memory_bytes: u64,
    /// Whether clients are told by `X-Gateway-Cache` what came of the cache. The service tells nobody.
    pub tells: bool,
}

impl Default for Caching {
    fn default() -> Self {
        Self {
            memory_bytes: 32 << 20,
            tells: false,
        }
    }
}

pub(crate) struct Cache {
    memory: Memory,
    flights: Flights<Key, Arc<Entry>>,
    stored: Stored,
}

/// How long a request waits for another's answer. A backend that takes longer is slow; then asking it several times at once is
/// less bad than waiting.
const WAIT_MAX: Duration = Duration::from_secs(5);

const TOLD: HeaderName = HeaderName::from_static("x-gateway-cache");

impl Cache {
    pub(crate) fn new(settings: Caching, table: Arc<dyn Table>, clock: Arc<dyn Clock>) -> Self {
        Self {
            memory: Memory::new(settings.memory_bytes),
            flights: Flights::default(),
            stored: Stored::new(table, clock),
        }
    }
}

/// Where an answer is kept, and how.
struct Spot<'s> {
    key: Key,
    ttl: Duration,
    body_bytes_max: usize,
    /// Not where the settings want it sealed and the stage has no key.
    is_in_table: bool,
    seal: Option<&'s Seal>,
    told_apart: &'s ToldApart,
}

impl<'s> Spot<'s> {
    fn new(key: Key, applies: &Applies<'s>, seal: Option<&'s Seal>) -> Self {
        let seal = seal.filter(|_| applies.encrypted);
        Self {
            key,
            ttl: applies.ttl,
            body_bytes_max: BODY_BYTES_MAX - if applies.encrypted { SEAL_BYTES } else { 0 },
            is_in_table: seal.is_some() || !applies.encrypted,
            seal,
            told_apart: &applies.plan.told_apart,
        }
    }

    /// Whether whoever finds the answer here may have it.
    fn may_hold(&self, answer: &Answer) -> bool {
        match self.told_apart {
            ToldApart::ByParameters(_) => true,
            ToldApart::ByRequest { headers } => everyone::may_have(answer, headers),
        }
    }
}

impl Gateway {
    /// The answer that is kept, or else the integration's, which is kept from now on.
    pub(crate) async fn recall(
        &self,
        validated: Validated,
        trail: &mut Trail,
    ) -> Result<Answer, Rejection> {
        let plan = validated.routed.plan.clone();
        match Applies::to(&plan, &validated.routed) {
            None => Ok(self.integrate(validated, trail).await?),
            // In a box, so that requests of which nothing is kept do not carry what this needs.
            Some(applies) => Box::pin(self.find_or_ask(&applies, validated, trail)).await,
        }
    }

    async fn find_or_ask(
        &self,
        applies: &Applies<'_>,
        mut validated: Validated,
        trail: &mut Trail,
    ) -> Result<Answer, Rejection> {
        let wish = self.wish(applies, &validated, trail)?;
        let mut body = bytes::Bytes::new();
        if applies.plan.reads_the_body() {
            let request = &mut validated.routed.request;
            body = collect(std::mem::replace(&mut request.body, Body::empty())).await?;
            request.body = Body::Full(body.clone());
        }
        let account = &self.settings.account;
        let Ok(key) = Key::of(account, applies, &validated.routed, &body, trail) else {
            // The integration says what is wrong with the body.
            return Ok(Box::pin(self.integrate(validated, trail)).await?);
        };
        let live = validated.routed.live.clone();
        let spot = Spot::new(key, applies, live.cache.seal.as_ref());
        // Where somebody may refresh an answer, it is soon known to all who hold it.
        let settled_for = (applies.may_be_refreshed && self.cache.stored.is_shared())
            .then_some(self.settings.freshness.revalidate_after);
        let mut answer = if wish == Wish::New {
            trail.cache = Some(CacheTrail::Refresh);
            Box::pin(self.ask(validated, trail, &spot, None)).await?
        } else {
            self.find(validated, trail, &spot, settled_for).await?
        };
        wish.tell(&mut answer.headers);
        if let (true, Some(outcome)) = (self.settings.caching.tells, trail.cache) {
            answer
                .headers
                .insert(TOLD, HeaderValue::from_static(outcome.name()));
        }
        Ok(answer)
    }

    async fn find(
        &self,
        validated: Validated,
        trail: &mut Trail,
        spot: &Spot<'_>,
        settled_for: Option<Duration>,
    ) -> Result<Answer, IntegrateRejection> {
        let Cache {
            memory,
            flights,
            stored,
        } = &self.cache;
        let now = self.clock.now();
        let at_hand = || memory.get(&spot.key, now);
        trail.cache = Some(CacheTrail::Hit);
        if let Some(known) = at_hand().filter(|known| known.is_settled(now, settled_for)) {
            return Ok(known.entry.to_answer());
        }
        let lead = match flights.turn(&spot.key) {
            Turn::Wait(wait) => {
                if let Some(entry) = wait.outcome(WAIT_MAX).await {
                    return Ok(entry.to_answer());
                }
                None
            }
            Turn::Lead(lead) => {
                let found = if spot.is_in_table {
                    stored.get(&spot.key, spot.seal).await.map(Arc::new)
                } else {
                    None
                };
                // What is at hand is still good where the table is away, or could not be told of it.
                let known = at_hand().map(|known| known.entry);
                // Of two that are as new the table's, which is the last of these.
                let newest = known.into_iter().chain(found);
                if let Some(entry) = newest.max_by_key(|entry| entry.until) {
                    memory.put(spot.key, entry.clone(), now);
                    lead.tell(entry.clone());
                    return Ok(entry.to_answer());
                }
                Some(lead)
            }
        };
        trail.cache = Some(CacheTrail::Miss);
        // In a box, so that a hit does not pay for what only a miss needs.
        Box::pin(self.ask(validated, trail, spot, lead)).await
    }

    async fn ask(
        &self,
        validated: Validated,
        trail: &mut Trail,
        spot: &Spot<'_>,
        lead: Option<Lead<'_, Key, Arc<Entry>>>,
    ) -> Result<Answer, IntegrateRejection> {
        let live = validated.routed.live.clone();
        let answer = self.integrate(validated, trail).await?;
        if !live.cache.keeps(&answer) || !spot.may_hold(&answer) {
            return Ok(answer);
        }
        let until = || self.clock.now() + spot.ttl;
        let held = Entry::of(answer, spot.body_bytes_max, until).await;
        let (answer, entry) = held.map_err(broken)?;
        if let Some(entry) = entry.map(Arc::new) {
            let Cache { memory, stored, .. } = &self.cache;
            memory.put(spot.key, entry.clone(), self.clock.now());
            // The others need not wait for the table.
            if let Some(lead) = lead {
                lead.tell(entry.clone());
            }
            if spot.is_in_table {
                stored.put(&spot.key, &entry, spot.seal).await;
            }
        }
        Ok(answer)
    }
}
