//! Tokens taken from a shared bucket, to be spent here, soon.

use crate::limit::{Rate, SECOND};

/// How far behind the bucket may be found full without being moved to now first. What lies in between is one more bit of
/// burst, and spares every lease but one of many a race for moving it.
pub(crate) const LAG: i64 = 5_000_000;
/// What no lease outlives.
const LIFE_MAX: i64 = 2 * SECOND;
/// Over so long a time …
const OVER: i64 = 10 * SECOND;
/// … no more than one part in so many is let in above the limit.
const TOLERANCE: i64 = 20;
/// How long a lease of a mere quota is kept: nothing is let in too much by it, but what is in it is nobody else's.
pub(crate) const QUOTA_LIFE: i64 = 30 * SECOND;
/// For how long a lease of a mere quota is meant to last.
pub(crate) const QUOTA_AIM: i64 = SECOND;

/// How long a lease lives: as long as the bound allows, and no longer than lets in a second burst and a quarter.
pub(crate) fn life(rate: Rate, skew: i64) -> i64 {
    let by_tolerance = 2 * ((OVER + rate.window()) / TOLERANCE - LAG - skew);
    let by_burst = rate.window().saturating_mul(5) / 2;
    by_tolerance.min(by_burst).clamp(0, LIFE_MAX)
}

/// What became of asking a lease for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    Token,
    /// There is one, but the bucket comes to it only then.
    NotBefore(i64),
    Nothing,
}

/// Tokens of a shared bucket.
///
/// They come free no sooner than the bucket would have given them out one by one: a lease may reach into what the bucket
/// has yet to fill. From then on they lapse evenly: of those that came free a part `x` of the lease's life ago only the part
/// `1 - x` is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    /// When it was taken, or when its first token is free.
    begins: i64,
    pub(crate) size: i64,
    /// Tokens that are spent.
    pub(crate) spent: i64,
    /// Tokens that are spent or have lapsed.
    gone: i64,
    terms: Terms,
    /// No token is good from then on: the day is over, and another counter is charged.
    pub(crate) ends: i64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Terms {
    /// Token number `n` comes free at `zeroth + n × interval`.
    Rate {
        zeroth: i64,
        interval: i64,
        life: i64,
    },
    /// All are free, and none lapses before the end.
    Quota,
}

impl Lease {
    pub(crate) fn new(begins: i64, size: i64, terms: Terms, ends: i64) -> Self {
        Self {
            begins,
            size,
            spent: 0,
            gone: 0,
            terms,
            ends,
        }
    }

    /// Tokens that are neither spent nor lapsed, free or not.
    pub(crate) fn left(&self, now: i64) -> i64 {
        let age = now - self.begins;
        if age < 0 || now >= self.ends {
            return 0;
        }
        self.size - self.gone.max(self.lapsed(now))
    }

    /// How many have lapsed, were none spent.
    fn lapsed(&self, now: i64) -> i64 {
        let Terms::Rate {
            zeroth,
            interval,
            life,
        } = self.terms
        else {
            return 0;
        };
        if life <= 0 {
            return self.size;
        }
        // The first ones are free from the beginning, the others one by one after it.
        let first = ((self.begins - zeroth) / interval).clamp(0, self.size);
        let since = now - zeroth - first * interval;
        let free = (since / interval).clamp(0, self.size - first);
        let whole = ((since - life) / interval).clamp(0, free);
        let sum_to = |count: i64| i128::from(count) * i128::from(count + 1) / 2;
        let of_first = i128::from(first) * i128::from((now - self.begins).min(life));
        let of_others = i128::from(free - whole) * i128::from(since)
            - i128::from(interval) * (sum_to(free) - sum_to(whole));
        // What has begun to lapse is gone.
        let begun = i128::from(life) - 1;
        let lapsed = (of_first + of_others + begun) / i128::from(life) + i128::from(whole);
        i64::try_from(lapsed).unwrap_or(self.size).min(self.size)
    }

    pub(crate) fn spend(&mut self, now: i64) -> Spent {
        if self.begins > now && self.begins - now < LIFE_MAX {
            return Spent::NotBefore(self.begins);
        }
        let left = self.left(now);
        if left <= 0 {
            return Spent::Nothing;
        }
        let next = self.size - left + 1;
        if let Terms::Rate {
            zeroth, interval, ..
        } = self.terms
        {
            let free_at = zeroth + next * interval;
            if free_at > now {
                return Spent::NotBefore(free_at);
            }
        }
        self.gone = next;
        self.spent += 1;
        Spent::Token
    }

    /// The token for which the lease was taken is good however long taking it took: the request asked then.
    pub(crate) fn spend_first(&mut self) {
        self.gone = 1;
        self.spent = 1;
    }

    /// More is left of it than chance leaves.
    pub(crate) fn is_left(&self) -> bool {
        (self.size - self.spent) * 4 > self.size
    }

    /// For a token that was not used after all.
    pub(crate) fn give_back(&mut self) {
        if self.spent > 0 {
            self.spent -= 1;
            self.gone -= 1;
        }
    }
}

/// How full the shared bucket was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Supply {
    /// Nearly full: more tokens are leased than are likely to be needed, so that uneven traffic does not bring the next
    /// lease forward. Those that lapse are nobody's loss.
    #[default]
    Plenty,
    Enough,
    /// Nearly empty: half as many are leased as will be asked for, so that hardly one lapses.
    Scarce,
}

/// How many tokens a second are asked for here, and how many are got.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    since: i64,
    asked: i64,
    leased_at: i64,
    /// Refused requests count too: they would have taken one.
    asked_milli: i64,
    spent_milli: i64,
}

impl Pace {
    pub(crate) fn note(&mut self) {
        self.asked = self.asked.saturating_add(1);
    }

    /// Looks back at what was asked since the last time. A burst counts as if it had taken a quarter of `aim`, so that leases
    /// grow fourfold at most; the first of all is for one token.
    pub(crate) fn look(&mut self, now: i64, aim: i64) {
        if self.since != 0 {
            let took = (now - self.since).max(aim / 4);
            self.asked_milli = self
                .asked_milli
                .midpoint(per_second_milli(self.asked, took));
        }
        self.since = now;
        self.asked = 0;
    }

    /// Looks back at what was spent of a lease, and gives for how long it lasted: until the next one.
    pub(crate) fn look_at(&mut self, lease: &Lease, now: i64) -> i64 {
        let took = now - self.leased_at;
        if self.leased_at != 0 {
            self.spent_milli = self
                .spent_milli
                .midpoint(per_second_milli(lease.spent, took));
        }
        self.leased_at = now;
        took
    }

    /// Tokens for a time to come.
    pub(crate) fn asked_in(&self, time: i64) -> i64 {
        in_time(self.asked_milli, time)
    }

    /// The same, by what was got.
    pub(crate) fn spent_in(&self, time: i64) -> i64 {
        in_time(self.spent_milli, time)
    }
}

fn per_second_milli(count: i64, within: i64) -> i64 {
    let seen = i128::from(count) * 1_000 * i128::from(SECOND) / i128::from(within.max(1));
    i64::try_from(seen)
        .unwrap_or(i64::MAX / 8)
        .min(i64::MAX / 8)
}

fn in_time(per_second_milli: i64, time: i64) -> i64 {
    let tokens = i128::from(per_second_milli) * i128::from(time) / (1_000 * i128::from(SECOND));
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

/// For how long a lease may be meant here, where tokens are scarce.
///
/// Whoever is asked no more leaves behind what of its lease is not spent, and nobody else knows of it. So no lease is meant
/// for more than a small part of the time for which requests have been coming here: what is left behind is as small a part
/// of what was let in before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay(i64);

/// A first lease is meant for so long: about as long as a quick store takes to answer.
const STAY_MIN: i64 = 10_000_000;
/// The part of its time here by which a stay grows.
const STAY_PART: i64 = 64;

impl Default for Stay {
    fn default() -> Self {
        Self(STAY_MIN)
    }
}

impl Stay {
    pub(crate) fn time(self) -> i64 {
        self.0
    }

    /// A lease, after so long a time: spent, or left behind.
    pub(crate) fn look(&mut self, is_left: bool, lease: &Lease, took: i64) {
        self.0 = if is_left {
            (self.0 / lease.size.max(1) * lease.spent).max(STAY_MIN)
        } else {
            (self.0 + took.min(2 * self.0) / STAY_PART).min(LIFE_MAX)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn lease(size: i64, interval_ms: i64) -> Lease {
        let terms = Terms::Rate {
            zeroth: -1_000 * MS,
            interval: interval_ms * MS,
            life: 1_000 * MS,
        };
        Lease::new(0, size, terms, i64::MAX)
    }

    #[test]
    fn tokens_lapse_evenly() {
        for (at_ms, spent, left) in [
            (0, 0, 10),
            (100, 0, 9),
            (101, 0, 8),
            (500, 0, 5),
            (500, 7, 3),
            (999, 0, 0),
            (1_000, 0, 0),
            (-1, 0, 0),
        ] {
            let mut lease = lease(10, 1);
            for _ in 0..spent {
                assert_eq!(lease.spend(0), Spent::Token);
            }
            assert_eq!(lease.left(at_ms * MS), left, "{at_ms} ms, {spent} spent");
        }
    }

    #[test]
    fn tokens_come_free_as_the_bucket_would_have_given_them_out() {
        // Ten at once, and then one every 100 ms.
        let mut lease = lease(12, 100);
        for _ in 0..10 {
            assert_eq!(lease.spend(0), Spent::Token);
        }
        assert_eq!(lease.spend(0), Spent::NotBefore(100 * MS));
        assert_eq!(lease.spend(100 * MS), Spent::Token);
        assert_eq!(lease.spend(100 * MS), Spent::NotBefore(200 * MS));
    }

    #[test]
    fn tokens_lapse_from_when_they_come_free() {
        // One every 10 ms, from 10 ms on, a hundred of them: as many as would lapse meanwhile if all did from the beginning.
        let terms = Terms::Rate {
            zeroth: 0,
            interval: 10 * MS,
            life: 1_000 * MS,
        };
        for (at_ms, left) in [
            (10, 100),
            (100, 99),
            (500, 87),
            (1_000, 50),
            (1_500, 12),
            (2_000, 0),
        ] {
            let mut lease = Lease::new(10 * MS, 100, terms, i64::MAX);
            assert!(
                (lease.left(at_ms * MS) - left).abs() <= 1,
                "{} left at {at_ms} ms",
                lease.left(at_ms * MS)
            );
            let is_free = lease.spend(at_ms * MS) == Spent::Token;
            assert_eq!(is_free, left > 0, "{at_ms} ms");
        }
        // Whoever takes each as it comes gets them all.
        let mut lease = Lease::new(10 * MS, 100, terms, i64::MAX);
        for number in 1..=100 {
            assert_eq!(lease.spend(number * 10 * MS), Spent::Token, "{number}");
        }
    }

    #[test]
    fn no_token_is_good_after_the_end() {
        let mut lease = Lease::new(0, 5, Terms::Quota, 10);
        assert_eq!(lease.spend(9), Spent::Token);
        assert_eq!(lease.spend(10), Spent::Nothing);
        assert_eq!(lease.size - lease.spent, 4);
    }

    #[test]
    fn a_lease_lives_as_long_as_the_bound_allows() {
        let skew = 5 * MS;
        for (per_second, burst, life_ms) in [
            (10_000.0, 5_000, 1_030),
            (100.0, 100, 1_080),
            (100.0, 200, 1_180),
            (100.0, 10_000, 2_000),
            (1_000.0, 10, 25),
            (1_000.0, 1, 2),
        ] {
            let found = life(Rate::new(per_second, burst), skew) / MS;
            assert_eq!(found, life_ms, "{per_second} {burst}");
        }
    }

    #[test]
    fn leases_follow_the_pace() {
        let mut pace = Pace::default();
        pace.note();
        pace.look(SECOND, SECOND);
        assert_eq!(pace.asked_in(SECOND), 0);
        for second in 2..12 {
            (0..50).for_each(|_| pace.note());
            pace.look(second * SECOND, SECOND);
        }
        assert_eq!(pace.asked_in(SECOND), 49);
        assert_eq!(pace.asked_in(SECOND / 10), 4);
        pace.note();
        pace.look(60 * SECOND, SECOND);
        assert!(pace.asked_in(SECOND) < 26);
    }

    #[test]
    fn what_is_got_is_counted_from_lease_to_lease() {
        let mut pace = Pace::default();
        let mut lease = lease(10, 1);
        lease.spent = 10;
        assert_eq!(pace.look_at(&lease, SECOND), SECOND);
        for second in 2..12 {
            assert_eq!(pace.look_at(&lease, second * SECOND), SECOND);
        }
        assert_eq!(pace.spent_in(SECOND), 9);
    }

    #[test]
    fn a_lease_is_meant_for_longer_the_longer_requests_come_and_for_less_once_they_do_not() {
        let mut stay = Stay::default();
        let mut spent = lease(10, 1);
        spent.spent = 10;
        assert_eq!(stay.time(), STAY_MIN);
        let mut passed = 0;
        while stay.time() < SECOND {
            let took = stay.time();
            stay.look(spent.is_left(), &spent, took);
            passed += took;
        }
        let part = passed / SECOND;
        assert!((STAY_PART - 3..=STAY_PART).contains(&part), "{part} s");
        // A pause is no stay.
        let before = stay.time();
        stay.look(spent.is_left(), &spent, 3_600 * SECOND);
        assert_eq!(stay.time(), before + 2 * before / STAY_PART);
        spent.spent = 5;
        stay.look(spent.is_left(), &spent, SECOND);
        assert!((SECOND / 2..SECOND * 6 / 10).contains(&stay.time()));
        spent.spent = 0;
        stay.look(spent.is_left(), &spent, SECOND);
        assert_eq!(stay.time(), STAY_MIN);
    }
}
