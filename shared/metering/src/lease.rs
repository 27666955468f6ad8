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

/// How many tokens a second are asked for here. Refused requests count too: they would have taken one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    since: i64,
    asked: i64,
    per_second_milli: i64,
}

impl Pace {
    pub(crate) fn note(&mut self) {
        self.asked = self.asked.saturating_add(1);
    }

    /// Looks back at what was asked since the last time. A burst counts as if it had taken a quarter of `aim`, so that
    /// leases grow fourfold at most; the first of all is for one token.
    pub(crate) fn look(&mut self, now: i64, aim: i64) {
        if self.since != 0 {
            let took = (now - self.since).max(aim / 4).max(1);
            let seen = i128::from(self.asked) * 1_000 * i128::from(SECOND) / i128::from(took);
            let seen = i64::try_from(seen)
                .unwrap_or(i64::MAX / 8)
                .min(i64::MAX / 8);
            self.per_second_milli = self.per_second_milli.midpoint(seen);
        }
        self.since = now;
        self.asked = 0;
    }

    /// Tokens for a time to come.
    pub(crate) fn tokens(&self, aim: i64, supply: Supply) -> i64 {
        let percent = match supply {
            Supply::Plenty => 150,
            Supply::Enough => 100,
            Supply::Scarce => 50,
        };
        let tokens = i128::from(self.per_second_milli) * i128::from(aim) * percent
            / (100 * 1_000 * i128::from(SECOND));
        i64::try_from(tokens).unwrap_or(i64::MAX)
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
        assert_eq!(pace.tokens(SECOND, Supply::Plenty), 0);
        for second in 2..12 {
            (0..50).for_each(|_| pace.note());
            pace.look(second * SECOND, SECOND);
        }
        assert_eq!(pace.tokens(SECOND, Supply::Plenty), 74);
        assert_eq!(pace.tokens(SECOND, Supply::Scarce), 24);
        pace.note();
        pace.look(60 * SECOND, SECOND);
        assert!(pace.tokens(SECOND, Supply::Plenty) < 39);
    }
}
