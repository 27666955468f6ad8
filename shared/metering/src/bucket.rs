//! What a process knows of one limit: its lease, and what it last saw of the shared bucket. Nothing here waits.

mod step;

use crate::gcra::Gcra;
use crate::lease::{Lease, Pace, Spent, Stay, Supply};
use crate::limit::{Limit, Rate, Scope, Sharing, Standing};
use postern_definition::rest::QuotaSettings;
use postern_plan::usage::Period;
use postern_store::Key;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use time::Date;

pub(crate) use step::Step;

/// For how long a spent quota is believed spent: an operator may give more at any time.
const QUOTA_BELIEVED: i64 = crate::limit::SECOND;

/// One limit as this process knows it.
#[derive(Default)]
pub(crate) struct Bucket {
    /// Whoever talks to the store about this bucket; the others wait for what comes of it.
    turn: tokio::sync::Mutex<()>,
    waiting: AtomicI64,
    state: Mutex<State>,
    used_at: AtomicI64,
}

impl Bucket {
    /// Held for a few instructions, and never while waiting.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the turn to talk to the store, when it comes.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        let _waits = Waits::begin(&self.waiting);
        self.turn.lock().await
    }

    /// How many requests wait for their turn.
    pub(crate) fn waiting(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn touch(&self, now: i64) {
        self.used_at.store(now, Ordering::Relaxed);
    }

    pub(crate) fn used_at(&self) -> i64 {
        self.used_at.load(Ordering::Relaxed)
    }
}

/// One that waits, until it no longer does or has gone away.
struct Waits<'w>(&'w AtomicI64);

impl<'w> Waits<'w> {
    fn begin(waiting: &'w AtomicI64) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What became of asking for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    Token {
        standing: Option<Standing>,
        unmetered: bool,
    },
    Refused(Refusal),
    /// Only the store can tell.
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Until then; `i64::MAX` is never.
    Throttled(i64),
    QuotaExceeded(i64),
    Unavailable,
}

#[derive(Default)]
pub(crate) struct State {
    /// The bucket of this process alone, for limits that are not shared and for when the store is down.
    local: Gcra,
    lease: Option<Lease>,
    /// The day that the lease is charged to, and its item.
    leased: Option<(Key, Date)>,
    pace: Pace,
    stay: Stay,
    /// Requests that waited when the lease was asked for.
    waiting: i64,
    shared: Shared,
    supply: Supply,
    refused: Option<Refused>,
    /// Writes of this lease that others outran.
    lost: usize,
    /// Tokens of a quota that were let in while the store was down.
    owed: i64,
    /// Tokens of a quota that lapsed unspent.
    refund: Option<Refund>,
}

/// Nothing is to be had in this stretch of time.
struct Refused {
    since: i64,
    until: i64,
    why: Refusal,
    /// As it was then: whoever is given another one is not refused for what was.
    quota: Option<QuotaSettings>,
}

struct Refund {
    key: Key,
    day: Date,
    tokens: i64,
}

/// The shared bucket as it was last seen.
#[derive(Default)]
struct Shared {
    /// Where it was seen; another period is another item.
    key: Option<Key>,
    /// When it was to be full.
    full_at: i64,
    /// When the bucket of the period before was to be full.
    carried: i64,
    charged: i64,
    /// When the period ends.
    period_ends: i64,
    /// Nobody else was seen to take from it.
    alone: bool,
    /// It was seen to be moved by others so often that it need not be read first.
    busy: bool,
    /// For so many leases it is read first nevertheless.
    wary: u8,
    /// What is known was read, and not guessed.
    known: bool,
}

/// Whether the store is asked about a limit.
fn is_shared(limit: &Limit<'_>) -> bool {
    matches!(limit.scope, Scope::Plan { .. }) || limit.sharing != Sharing::Local
}

/// The rate that holds over all processes.
fn shared_rate(limit: &Limit<'_>) -> Option<Rate> {
    limit.rate.filter(|_| limit.sharing != Sharing::Local)
}

fn quota(limit: &Limit<'_>) -> Option<QuotaSettings> {
    match limit.scope {
        Scope::Plan { quota, .. } => quota,
        Scope::Named(_) => None,
    }
}

fn local_rate(limit: &Limit<'_>) -> Option<Rate> {
    limit.rate.filter(|_| limit.sharing == Sharing::Local)
}

impl State {
    pub(crate) fn note(&mut self) {
        self.pace.note();
    }

    /// Takes a token that is here, or says why there is none.
    pub(crate) fn take(&mut self, limit: &Limit<'_>, now: i64) -> Take {
        if limit.rate.is_some_and(Rate::is_closed) {
            return Take::Refused(Refusal::Throttled(i64::MAX));
        }
        let spent = if is_shared(limit) {
            self.lease
                .as_mut()
                .map_or(Spent::Nothing, |lease| lease.spend(now))
        } else {
            Spent::Token
        };
        if spent == Spent::Nothing
            && let Some(why) = self.refused(limit, now)
        {
            return Take::Refused(why);
        }
        // Before the store is asked for more of a quota: what the rate refuses spends none.
        let of_rate = match local_rate(limit) {
            Some(rate) => self.take_locally(rate, now),
            None => Ok(()),
        };
        match (spent, of_rate) {
            (Spent::Token, Ok(())) => self.token(limit, now),
            (Spent::NotBefore(from), Ok(())) => Take::Refused(Refusal::Throttled(from)),
            (Spent::Nothing, Ok(())) => {
                if let Some(rate) = local_rate(limit) {
                    self.local.give_back(rate);
                }
                Take::Empty
            }
            // A quota that is spent is told before a rate that refuses too, and the store says whether it still is.
            (Spent::Nothing, Err(_)) if self.is_quota_spent(limit) => Take::Empty,
            (spent, Err(from)) => {
                if let (Spent::Token, Some(lease)) = (spent, &mut self.lease) {
                    lease.give_back();
                }
                Take::Refused(Refusal::Throttled(from))
            }
        }
    }

    /// As far as was last seen.
    fn is_quota_spent(&self, limit: &Limit<'_>) -> bool {
        quota(limit).is_some_and(|quota| self.shared.known && self.shared.charged >= quota.limit)
    }

    /// Why there is nothing to be had, as far as is remembered.
    fn refused(&self, limit: &Limit<'_>, now: i64) -> Option<Refusal> {
        let refused = self.refused.as_ref()?;
        let holds = refused.since <= now && now < refused.until && refused.quota == quota(limit);
        holds.then_some(refused.why)
    }

    fn take_locally(&mut self, rate: Rate, now: i64) -> Result<(), i64> {
        self.local.rewind(rate, now);
        self.local.take(rate, now)
    }

    fn token(&self, limit: &Limit<'_>, now: i64) -> Take {
        Take::Token {
            standing: self.standing(limit, now),
            unmetered: false,
        }
    }

    /// Takes a token while the store is down, from the bucket of this process alone.
    pub(crate) fn take_unmetered(&mut self, limit: &Limit<'_>, now: i64) -> Take {
        if let Some(rate) = limit.rate
            && let Err(from) = self.take_locally(rate, now)
        {
            return Take::Refused(Refusal::Throttled(from));
        }
        if matches!(limit.scope, Scope::Plan { .. }) {
            self.owed = self.owed.saturating_add(1);
        }
        Take::Token {
            standing: None,
            unmetered: true,
        }
    }

    /// For a token that was not used after all, because another limit refused.
    pub(crate) fn give_back(&mut self, limit: &Limit<'_>, unmetered: bool) {
        let rate = if unmetered {
            limit.rate
        } else {
            local_rate(limit)
        };
        if let Some(rate) = rate {
            self.local.give_back(rate);
        }
        if unmetered && matches!(limit.scope, Scope::Plan { .. }) {
            self.owed = (self.owed - 1).max(0);
        } else if is_shared(limit)
            && let Some(lease) = &mut self.lease
        {
            lease.give_back();
        }
    }

    /// What is left, of rate or quota, whichever is nearer its end.
    fn standing(&self, limit: &Limit<'_>, now: i64) -> Option<Standing> {
        let rate = limit.rate.map(|rate| {
            let (full_at, here) = match limit.sharing {
                Sharing::Local => (self.local.full_at(), 0),
                Sharing::Leased | Sharing::Exact => (self.shared.full_at, self.left(now)),
            };
            let there = (now + rate.window() - full_at.max(now)) / rate.interval();
            Standing {
                which: 0,
                of_quota: false,
                limit: rate.burst(),
                window: nanoseconds(rate.window()),
                remaining: there.saturating_add(here).clamp(0, rate.burst()),
                reset_after: nanoseconds(full_at - now),
            }
        });
        let quota = match limit.scope {
            Scope::Plan {
                quota: Some(quota), ..
            } => {
                let here = self.lease.map_or(0, |lease| lease.size - lease.spent);
                let there = quota.limit.saturating_sub(self.shared.charged);
                let period = self.leased.as_ref().map(|(_, day)| {
                    let period = Period::of(Some(&quota), *day);
                    (period.next - period.first).whole_seconds()
                });
                Some(Standing {
                    which: 0,
                    of_quota: true,
                    limit: quota.limit,
                    window: Duration::from_secs(
                        period
                            .and_then(|seconds| seconds.try_into().ok())
                            .unwrap_or(0),
                    ),
                    remaining: there.saturating_add(here).max(0),
                    reset_after: nanoseconds(self.shared.period_ends - now),
                })
            }
            Scope::Plan { quota: None, .. } | Scope::Named(_) => None,
        };
        match (rate, quota) {
            (Some(rate), Some(quota)) => Some(tighter(rate, quota)),
            (rate, quota) => rate.or(quota),
        }
    }

    fn left(&self, now: i64) -> i64 {
        self.lease.as_ref().map_or(0, |lease| lease.left(now))
    }
}

/// The one of which the smaller part is left.
pub(crate) fn tighter(one: Standing, other: Standing) -> Standing {
    let part = |a: Standing, b: Standing| i128::from(a.remaining) * i128::from(b.limit);
    if part(other, one) < part(one, other) {
        other
    } else {
        one
    }
}

/// Nothing where the number is below zero.
pub(crate) fn nanoseconds(count: i64) -> Duration {
    Duration::from_nanos(count.try_into().unwrap_or(0))
}
