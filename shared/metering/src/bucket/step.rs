//! What to ask of the store next, and what its answers mean.
//!
//! The shared bucket is one counter, the time in nanoseconds at which it will be full again. A store that only adds can
//! move it in two ways. Where the bucket is not full, adding tokens times interval is right whatever others add at the same
//! time, as long as there is a token. Where it is full, it must first be brought up to now, and that is right once: such an
//! addition names the value that it starts from. Which of the two it is must be known, or guessed; a wrong guess is
//! refused by the store, and costs a read and another write.

use super::{QUOTA_BELIEVED, Refund, Refusal, Refused, State, Take, quota, shared_rate};
use crate::lease::{self, LAG, Lease, QUOTA_AIM, QUOTA_LIFE, Supply, Terms};
use crate::limit::{Limit, Rate, SECOND, Scope, Sharing};
use postern_definition::rest::QuotaSettings;
use postern_plan::usage::{CHARGED, Period, day_of, quota_key, used_counter};
use postern_store::{Add, Bounds, Item, Key};
use std::collections::BTreeMap;
use time::{Date, Duration, Time};

/// A bucket further ahead than this was put there by a clock gone wrong.
const ASTRAY: i64 = 60 * SECOND;
/// No lease takes more than one part in so many of what is left of a quota: near its end every token counts.
const QUOTA_SHARE: i64 = 16;
/// The part of the window by which a bucket may be put beyond now by all who do so at the same time, and by which it may
/// have fallen behind for them not to mind each other: so much of the burst is lost at most where one comes right then.
const LIFTS_PART: i64 = 25;
/// Of a bucket that was seen to be ahead of now by less than this part of the window it is not guessed that it still is.
const AHEAD_PART: i64 = 10;
/// No lease takes more than one part in so many of what is at hand in a bucket that others use: whoever holds it may be
/// asked no more, and the others be asked for all of it …
const SHARE: i64 = 8;
/// … but for so many tokens, that are a lease's life to whoever is asked fifty times a second.
const SHARE_MIN: i64 = 80;
/// The part of a lease's life for which a lease may be due only later.
const QUEUE_PART: i64 = 6;
const WORTH_A_QUEUE: i64 = 20;
/// After a guess that was wrong so many leases read before they write.
const WARY: u8 = 8;
/// Fewer tokens than this would rather lapse than last.
const WORTH_A_LEASE: i64 = 3;
/// An item of a mere rate is kept so long after its last use.
const KEPT_SECONDS: i64 = 86_400;

pub(crate) enum Step {
    Read(Key),
    /// The period has just begun: how did the one before leave the bucket?
    ReadBefore(Key),
    Add(Addition),
    Refuse(Refusal),
}

/// An addition under way. What it gives back is no longer the state's: whoever is cut short while it is under way does not
/// know whether it was done, and must not do it again.
pub(crate) struct Addition {
    pub(crate) add: Add,
    tokens: i64,
    owed: i64,
    refund: Option<Refund>,
    rate: Option<Rate>,
    day: Date,
    /// The addition brings the bucket up to now.
    is_lift: bool,
    sent_at: i64,
}

struct Place {
    key: Key,
    day: Date,
    /// Of a plan's use.
    period: Option<Period>,
    quota: Option<QuotaSettings>,
}

impl Place {
    fn of(limit: &Limit<'_>, now: i64) -> Self {
        let day = day_of(now / SECOND);
        match limit.scope {
            Scope::Plan {
                plan, key, quota, ..
            } => {
                let period = Period::of(quota.as_ref(), day);
                Self {
                    key: quota_key(plan, key, &period),
                    day,
                    period: Some(period),
                    quota,
                }
            }
            Scope::Named(name) => Self {
                key: Key::new(format!("rate#{name}"), "bucket"),
                day,
                period: None,
                quota: None,
            },
        }
    }

    /// The key of the period before, where the bucket may not have filled since it ended.
    fn before(&self, limit: &Limit<'_>, rate: Rate, now: i64) -> Option<Key> {
        let (Scope::Plan { plan, key, .. }, Some(period)) = (limit.scope, self.period) else {
            return None;
        };
        let since = now - midnight(period.first);
        let before = Period::of(self.quota.as_ref(), period.first - Duration::DAY);
        (since < rate.window() + ASTRAY).then(|| quota_key(plan, key, &before))
    }

    fn expires_at(&self, now: i64, rate: Option<Rate>) -> u64 {
        let filled = now + rate.map_or(0, Rate::window);
        self.period.map_or_else(
            || (filled / SECOND + KEPT_SECONDS).try_into().unwrap_or(0),
            |period| period.expires_at(),
        )
    }
}

fn midnight(day: Date) -> i64 {
    let second = day.with_time(Time::MIDNIGHT).assume_utc().unix_timestamp();
    second.saturating_mul(SECOND)
}

/// A bucket of another interval is another bucket: what is left of the one says nothing of the other.
fn counter(limit: &Limit<'_>, rate: Rate) -> String {
    let method = match limit.scope {
        Scope::Plan { method, .. } => method,
        Scope::Named(_) => "",
    };
    format!("full#{}#{method}", rate.interval())
}

fn exactly(value: i64) -> Bounds {
    Bounds {
        at_least: value,
        at_most: value,
    }
}

impl State {
    /// Lays the old lease aside, before there is a new one.
    pub(crate) fn begin(&mut self, limit: &Limit<'_>, now: i64, skew: i64) {
        if let Some(lease) = &self.lease {
            let took = self.pace.look_at(lease, now);
            // Of plenty more is taken than will be needed.
            let is_left = self.supply == Supply::Scarce && lease.is_left();
            self.stay.look(is_left, lease, took);
        }
        self.pace.look(now, aim(limit, skew));
        self.lay_aside();
        if matches!(limit.scope, Scope::Named(_)) {
            self.refund = None;
        }
        self.lost = 0;
    }

    /// What of the lease is left is to be given back.
    fn lay_aside(&mut self) {
        if let (Some(lease), Some((key, day))) = (self.lease.take(), self.leased.take()) {
            let tokens = lease.size - lease.spent;
            if tokens > 0 {
                self.give_back_later(Refund { key, day, tokens });
            }
        }
    }

    /// Lays the lease aside, and gives what to add for what is left of it. Should that fail, then it is lost: what is given
    /// back twice would let in too much.
    pub(crate) fn settle(&mut self) -> Option<Add> {
        self.lay_aside();
        let refund = self.refund.take()?;
        let owed = std::mem::take(&mut self.owed);
        let by = owed.saturating_sub(refund.tokens);
        self.shared.known = false;
        Some(Add {
            by: vec![(CHARGED.to_owned(), by), (used_counter(refund.day), by)],
            within: Vec::new(),
            expires_at: None,
            key: refund.key,
        })
    }

    /// What is of another day is forgotten: few tokens, once a day.
    fn give_back_later(&mut self, mut refund: Refund) {
        if let Some(before) = &self.refund
            && before.key == refund.key
            && before.day == refund.day
        {
            refund.tokens = refund.tokens.saturating_add(before.tokens);
        }
        self.refund = Some(refund);
    }

    /// What to do next. `fresh`: what is known was read just now; `waiting`: so many requests wait for the lease.
    pub(crate) fn step(
        &mut self,
        limit: &Limit<'_>,
        now: i64,
        skew: i64,
        fresh: bool,
        jitter: i64,
        waiting: i64,
    ) -> Step {
        self.waiting = waiting;
        let place = Place::of(limit, now);
        if self.shared.key.as_ref() != Some(&place.key) || !self.shared.known {
            return Step::Read(place.key);
        }
        let doubtful = !fresh && self.refused.is_some();
        let quota_left = place
            .quota
            .map(|quota| quota.limit.saturating_sub(self.shared.charged));
        if quota_left.is_some_and(|left| left < 1) {
            if !fresh {
                return Step::Read(place.key);
            }
            let why = Refusal::QuotaExceeded(self.shared.period_ends);
            self.refuse(limit, now, now + QUOTA_BELIEVED, why);
            return Step::Refuse(why);
        }
        let Some(rate) = shared_rate(limit) else {
            if doubtful {
                return Step::Read(place.key);
            }
            let tokens = self.size(limit, None, quota_left, i64::MAX, skew);
            return Step::Add(self.addition(limit, place, tokens, now, None));
        };
        let full_at = self.shared.full_at;
        if fresh
            && full_at == 0
            && self.shared.carried == 0
            && let Some(before) = place.before(limit, rate, now)
        {
            // Only once: what is read there is at least this.
            self.shared.carried = 1;
            return Step::ReadBefore(before);
        }
        let last = now + rate.window() - rate.interval();
        if full_at.max(self.shared.carried) > now + rate.window() + ASTRAY {
            if !fresh {
                return Step::Read(place.key);
            }
            return Step::Add(self.addition(limit, place, 1, now, Some(Move::To(last))));
        }
        // What the period before left counts until this one's own bucket has begun.
        let held = full_at.max(self.shared.carried);
        if held > now + rate.window() / 3 {
            self.supply = Supply::Scarce;
        }
        let at_hand = (now + rate.window() - held.max(now)) / rate.interval();
        let tokens = self.size(limit, Some(rate), quota_left, at_hand, skew);
        // Whoever takes many may queue for them; a few would lapse before they are asked for.
        let queue = if tokens < WORTH_A_QUEUE {
            0
        } else {
            lease::life(rate, skew) / QUEUE_PART
        };
        if held > last.saturating_add(queue) {
            if !fresh {
                return Step::Read(place.key);
            }
            let from = now + (held - last);
            let why = self.throttled(limit, rate, now, skew, jitter, from);
            return Step::Refuse(why);
        }
        if doubtful {
            return Step::Read(place.key);
        }
        if self.lost > 0 && full_at > now + rate.window() / 3 {
            // Others got the last tokens, again and again: there is one for few of those who ask.
            return Step::Refuse(self.throttled(limit, rate, now, skew, jitter, now));
        }
        let by = if full_at < now && self.shared.alone {
            Move::To(held.max(now))
        } else if full_at >= now - LAG || (self.shared.busy && self.shared.wary == 0 && !fresh) {
            Move::On(queue)
        } else if fresh && held == full_at && now - full_at < rate.window() / LIFTS_PART {
            Move::Over {
                by: now - full_at,
                at_most: now + rate.window() / LIFTS_PART,
            }
        } else if fresh {
            Move::To(held.max(now))
        } else {
            return Step::Read(place.key);
        };
        Step::Add(self.addition(limit, place, tokens, now, Some(by)))
    }

    /// Nothing is to be had until then, and for a while in any case: if all came again for every single token, most would
    /// come in vain.
    fn throttled(
        &mut self,
        limit: &Limit<'_>,
        rate: Rate,
        now: i64,
        skew: i64,
        jitter: i64,
        from: i64,
    ) -> Refusal {
        let pause = match limit.sharing {
            Sharing::Exact => 0,
            Sharing::Leased | Sharing::Local => {
                let pause = (lease::life(rate, skew) / 3).min(rate.window() / 12);
                pause / 2 + pause * jitter / 1_000
            }
        };
        let until = from.max(now + pause);
        let why = Refusal::Throttled(until);
        self.refuse(limit, now, until, why);
        why
    }

    fn refuse(&mut self, limit: &Limit<'_>, since: i64, until: i64, why: Refusal) {
        self.refused = Some(Refused {
            since,
            until,
            why,
            quota: quota(limit),
        });
    }

    fn size(
        &self,
        limit: &Limit<'_>,
        rate: Option<Rate>,
        quota_left: Option<i64>,
        at_hand: i64,
        skew: i64,
    ) -> i64 {
        if limit.sharing == Sharing::Exact {
            return 1;
        }
        let aim = aim(limit, skew);
        // What is scarce comes free slowly, and must not lapse as fast.
        let (tokens, within) = match (self.supply, rate) {
            (Supply::Scarce, Some(_)) => (self.pace.spent_in(self.stay.time().min(aim)), aim / 2),
            (Supply::Plenty, _) => (self.pace.asked_in(aim + aim / 2), aim),
            (Supply::Scarce | Supply::Enough, _) => (self.pace.asked_in(aim), aim),
        };
        let most = rate.map_or(i64::MAX, |rate| within / rate.interval());
        let most = most.min(quota_left.map_or(i64::MAX, |left| left / QUOTA_SHARE));
        let tokens = tokens.min(most);
        let is_limited = rate.is_some() && self.supply != Supply::Scarce && !self.shared.alone;
        let tokens = if is_limited {
            tokens.min((at_hand / SHARE).max(SHARE_MIN))
        } else {
            tokens
        };
        // Where they come so slowly that few are asked for in a lease's whole life, they would lapse rather.
        let (in_a_life, worth) = match self.supply {
            Supply::Scarce => (self.pace.spent_in(aim), 2 * WORTH_A_LEASE),
            Supply::Enough | Supply::Plenty => (tokens, WORTH_A_LEASE),
        };
        let tokens = if in_a_life < worth { 1 } else { tokens };
        // Whoever asks or waits takes one at once.
        let all = (self.waiting + 1).min(at_hand).min(most);
        tokens.max(all).max(1)
    }

    fn addition(
        &mut self,
        limit: &Limit<'_>,
        place: Place,
        tokens: i64,
        now: i64,
        by: Option<Move>,
    ) -> Addition {
        let rate = shared_rate(limit);
        let mut add = Add {
            by: Vec::new(),
            within: Vec::new(),
            expires_at: Some(place.expires_at(now, rate)),
            key: place.key,
        };
        if let (Some(by), Some(rate)) = (by, rate) {
            let counter = counter(limit, rate);
            let taken = tokens * rate.interval();
            let (by, bounds) = match by {
                Move::To(base) => (
                    (base + taken).saturating_sub(self.shared.full_at),
                    exactly(self.shared.full_at),
                ),
                Move::Over { by, at_most } => (
                    by + taken,
                    Bounds {
                        at_least: self.shared.full_at,
                        at_most,
                    },
                ),
                Move::On(queue) => (
                    taken,
                    Bounds {
                        at_least: now - LAG,
                        at_most: now + rate.window() - rate.interval() + queue,
                    },
                ),
            };
            add.by.push((counter.clone(), by));
            add.within.push((counter, bounds));
        }
        let mut owed = 0;
        let mut refund = None;
        if place.period.is_some() {
            owed = self.owed;
            refund = self.refund.take();
            let back = match &mut refund {
                // Never below nothing on the whole: should the store do it twice, then too much is charged, not too little.
                Some(refund) if refund.key == add.key => {
                    let rest = refund.tokens - tokens;
                    if rest > 0 {
                        refund.tokens = tokens;
                        self.refund = Some(Refund {
                            key: refund.key.clone(),
                            day: refund.day,
                            tokens: rest,
                        });
                    }
                    add.by.push((used_counter(refund.day), -refund.tokens));
                    refund.tokens
                }
                _ => 0,
            };
            let charged = tokens.saturating_add(owed);
            add.by.push((CHARGED.to_owned(), charged - back));
            add.by.push((used_counter(place.day), charged));
            if let Some(quota) = place.quota {
                let bounds = Bounds {
                    at_least: i64::MIN,
                    at_most: quota.limit.saturating_sub(tokens),
                };
                add.within.push((CHARGED.to_owned(), bounds));
            }
        }
        Addition {
            add,
            tokens,
            owed,
            refund,
            rate,
            day: place.day,
            is_lift: matches!(by, Some(Move::To(_) | Move::Over { .. })),
            sent_at: now,
        }
    }

    /// What a read found.
    pub(crate) fn learn(&mut self, limit: &Limit<'_>, key: Key, item: Option<&Item>, now: i64) {
        let count = |name: &str| {
            let counters = item.map(|item| &item.counters);
            counters
                .and_then(|counters| counters.get(name))
                .copied()
                .unwrap_or_default()
        };
        let full_at = shared_rate(limit).map_or(0, |rate| count(&counter(limit, rate)));
        let here = self.shared.key.as_ref() == Some(&key) && self.shared.known;
        self.shared.alone = full_at == 0 || (here && full_at == self.shared.full_at);
        if !here {
            self.shared.carried = 0;
        }
        self.shared.full_at = full_at;
        self.shared.charged = count(CHARGED);
        self.shared.period_ends = Place::of(limit, now)
            .period
            .map_or(i64::MAX, |period| midnight(period.next));
        self.shared.key = Some(key);
        self.shared.known = true;
    }

    /// How the period before left the bucket.
    pub(crate) fn learn_before(&mut self, limit: &Limit<'_>, item: Option<&Item>) {
        let rate = shared_rate(limit);
        let full_at = rate.and_then(|rate| item?.counters.get(&counter(limit, rate)).copied());
        self.shared.carried = full_at.unwrap_or_default().max(1);
    }

    /// The store did as asked.
    pub(crate) fn granted(
        &mut self,
        limit: &Limit<'_>,
        done: Addition,
        counters: &BTreeMap<String, i64>,
        now: i64,
        skew: i64,
    ) -> Take {
        let count = |name: &str| counters.get(name).copied().unwrap_or_default();
        self.refused = None;
        self.owed = (self.owed - done.owed).max(0);
        self.shared.charged = count(CHARGED);
        let mut begins = done.sent_at;
        let (terms, ends) = match done.rate {
            Some(rate) => {
                let full_at = count(&counter(limit, rate));
                let before = full_at.saturating_sub(done.tokens * rate.interval());
                let ahead = done.sent_at + rate.window() / AHEAD_PART;
                self.shared.busy = !done.is_lift && before >= ahead;
                self.shared.alone &= done.is_lift || before == self.shared.full_at;
                self.shared.full_at = full_at;
                self.shared.wary = self.shared.wary.saturating_sub(1);
                self.supply = if before > done.sent_at + rate.window() / 3 {
                    Supply::Scarce
                } else if before > done.sent_at {
                    Supply::Enough
                } else {
                    Supply::Plenty
                };
                let zeroth = before.saturating_sub(rate.window());
                begins = begins.max(zeroth.saturating_add(rate.interval()));
                let terms = Terms::Rate {
                    zeroth,
                    interval: rate.interval(),
                    life: lease::life(rate, skew),
                };
                (terms, i64::MAX)
            }
            None => (Terms::Quota, done.sent_at + QUOTA_LIFE),
        };
        let ends = match limit.scope {
            Scope::Plan { .. } => ends.min(midnight(done.day + Duration::DAY)),
            Scope::Named(_) => ends,
        };
        let mut lease = Lease::new(begins, done.tokens, terms, ends);
        self.leased = Some((done.add.key, done.day));
        if done.rate.is_some() && begins == done.sent_at {
            lease.spend_first();
            self.lease = Some(lease);
            return self.token(limit, now);
        }
        self.lease = Some(lease);
        self.take(limit, now)
    }

    /// The bounds did not hold, and nothing was done.
    pub(crate) fn outrun(&mut self, lost: Addition) {
        if let Some(refund) = lost.refund {
            self.give_back_later(refund);
        }
        self.lost += 1;
        self.shared.alone = false;
        // Whoever was faster in bringing the bucket up to now has left it where anyone may add to it.
        self.shared.busy = lost.is_lift && !self.shared.busy;
        self.shared.known = self.shared.busy;
        self.shared.wary = if lost.is_lift { 0 } else { WARY };
    }
}

/// How the time at which the bucket is full is moved.
#[derive(Clone, Copy)]
enum Move {
    /// To this first.
    To(i64),
    /// Though it may be so far ahead that nothing is to be had at once.
    On(i64),
    /// On by so much first, which is at least to now: others may have done so meanwhile, and it need not be done again.
    Over { by: i64, at_most: i64 },
}

/// The time that a lease is meant for.
fn aim(limit: &Limit<'_>, skew: i64) -> i64 {
    shared_rate(limit).map_or(QUOTA_AIM, |rate| lease::life(rate, skew))
}
