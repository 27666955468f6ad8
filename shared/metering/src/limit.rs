//! What is asked of a meter, and what it answers.

use crate::bucket::nanoseconds;
use crate::lease;
use postern_definition::rest::QuotaSettings;
use std::time::Duration;

/// Nanoseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// No bucket takes longer than this to fill: ten years, so that sums of times stay far from the end of an `i64`.
const WINDOW_MAX: i64 = 10 * 365 * 86_400 * SECOND;

/// One limit that a request is subject to.
#[derive(Clone, Copy, Debug)]
pub struct Limit<'a> {
    pub scope: Scope<'a>,
    /// `None`: no limit of rate.
    pub rate: Option<Rate>,
    pub sharing: Sharing,
}

/// What is counted together.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// A key's use of a usage plan: it is counted, with a quota or without, and quota and rate cost one write together.
    Plan {
        plan: &'a str,
        key: &'a str,
        /// The method whose throttle stands in for the plan's, as `prod/pets/GET`; empty for the plan's own.
        method: &'a str,
        quota: Option<QuotaSettings>,
    },
    /// Whatever else has a rate, by a name that is its own: a stage, a method of a stage, an account, an address.
    Named(&'a str),
}

/// How far a bucket reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// The rate holds in this process, and no store is asked: exact here, and as many times too much as there are processes.
    Local,
    /// The rate holds over all processes, within the bound that this crate states.
    Leased,
    /// The rate holds over all processes to the token, for one write a request.
    Exact,
}

/// A token bucket: so many tokens a second, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// Nanoseconds per token; 0 where nothing is let in.
    interval: i64,
    burst: i64,
}

impl Rate {
    /// A rate or burst that is not above zero lets nothing in.
    pub fn new(per_second: f64, burst: i64) -> Self {
        if per_second.is_nan() || per_second <= 0.0 || burst <= 0 {
            return Self {
                interval: 0,
                burst: 0,
            };
        }
        // The conversion saturates, whatever the rate.
        let interval = (SECOND as f64 / per_second).round() as i64;
        let interval = interval.clamp(1, WINDOW_MAX);
        Self {
            interval,
            burst: burst.min((WINDOW_MAX / interval).max(1)),
        }
    }

    pub fn burst(self) -> i64 {
        self.burst
    }

    /// How much more than rate and burst allow a fleet of any size may let in at worst, as a time at this rate, where clocks
    /// are so far apart.
    pub fn above_max(self, skew: Duration) -> Duration {
        let skew = skew.as_nanos().try_into().unwrap_or(i64::MAX / 4);
        nanoseconds(lease::life(self, skew) / 2 + lease::LAG + skew)
    }

    /// The time in which an empty bucket is full.
    pub fn fills_in(self) -> Duration {
        nanoseconds(self.window())
    }

    pub(crate) fn is_closed(self) -> bool {
        self.interval == 0
    }

    /// Nanoseconds per token.
    pub(crate) fn interval(self) -> i64 {
        self.interval
    }

    /// Nanoseconds in which an empty bucket is full.
    pub(crate) fn window(self) -> i64 {
        self.interval * self.burst
    }
}

/// What a meter says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Allowed {
        /// The limit of which least is left; `None` where there is none.
        standing: Option<Standing>,
        /// The store did not answer and the settings let the request in: only this process's own rate was looked at.
        unmetered: bool,
    },
    Throttled {
        which: usize,
        /// `None`: never, for the limit lets nothing in.
        retry_after: Option<Duration>,
    },
    QuotaExceeded {
        which: usize,
        /// Until the next period.
        retry_after: Duration,
    },
    /// The store did not answer, and the settings refuse then.
    Unavailable { which: usize },
}

/// The figures of `RateLimit-Policy` and `RateLimit`. What is left is what this process knows, and an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub which: usize,
    /// The figures are the quota's, and not the rate's.
    pub of_quota: bool,
    /// `q`: the burst, or the quota.
    pub limit: i64,
    /// `w`: the time in which the bucket fills, or the period.
    pub window: Duration,
    /// `r`.
    pub remaining: i64,
    /// `t`: until it is all there again.
    pub reset_after: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_whole_nanoseconds_and_never_too_large() {
        for (per_second, burst, interval, kept) in [
            (10_000.0, 5_000, 100_000, 5_000),
            (0.1, 1, 10_000_000_000, 1),
            (2.0, 3, 500_000_000, 3),
            (1e300, 10, 1, 10),
            (1e-300, 10, WINDOW_MAX, 1),
            (1.0, i64::MAX, SECOND, WINDOW_MAX / SECOND),
            (0.0, 10, 0, 0),
            (-1.0, 10, 0, 0),
            (f64::NAN, 10, 0, 0),
            (f64::INFINITY, 10, 1, 10),
            (10.0, 0, 0, 0),
            (10.0, -1, 0, 0),
        ] {
            let rate = Rate::new(per_second, burst);
            assert_eq!(
                (rate.interval, rate.burst),
                (interval, kept),
                "{per_second} {burst}"
            );
        }
    }
}
