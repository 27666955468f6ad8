//! Whether a call that failed is worth another, and how soon: as the SDKs' standard mode has it for DynamoDB.
//!
//! A pause is any time up to a longest, which doubles with every attempt: those that failed together do not come back
//! together. And who fails and fails has ever fewer attempts left, so that a table in trouble is not asked four times as much
//! as one that is well.

use super::failure::Failure;
use http::StatusCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Attempts that one call is made of, at most.
const ATTEMPTS: u32 = 4;
/// Attempts beyond the first that all calls of one client have, in the costs of [`Trouble`].
const ALLOWANCE: u32 = 500;

const THROTTLED: [&str; 8] = [
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];
/// What is over in milliseconds, as another's transaction on the same item is.
const PASSING: [&str; 6] = [
    "InternalServerError",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "RequestTimeoutException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// A failure that another attempt may not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Passing,
    Throttled,
}

impl Trouble {
    fn of(failure: &Failure) -> Option<Self> {
        match failure {
            Failure::Unsent(_) => None,
            Failure::Lost(_) => Some(Self::Passing),
            Failure::Refused { status, .. } => {
                let code = failure.code();
                let is_passing = PASSING.contains(&code)
                    || matches!(
                        *status,
                        StatusCode::INTERNAL_SERVER_ERROR
                            | StatusCode::BAD_GATEWAY
                            | StatusCode::SERVICE_UNAVAILABLE
                            | StatusCode::GATEWAY_TIMEOUT
                    );
                match code {
                    code if THROTTLED.contains(&code) => Some(Self::Throttled),
                    _ if is_passing => Some(Self::Passing),
                    _ => None,
                }
            }
        }
    }

    /// The longest pause after the first attempt.
    fn pause(self) -> Duration {
        match self {
            Self::Passing => Duration::from_millis(25),
            Self::Throttled => Duration::from_secs(1),
        }
    }

    fn cost(self) -> u32 {
        match self {
            Self::Passing => 14,
            Self::Throttled => 5,
        }
    }
}

/// What all calls of one client have left for further attempts.
#[derive(Debug)]
pub(super) struct Allowance(AtomicU32);

impl Default for Allowance {
    fn default() -> Self {
        Self(AtomicU32::new(ALLOWANCE))
    }
}

impl Allowance {
    fn take(&self, cost: u32) -> bool {
        let left = |left: u32| left.checked_sub(cost);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.is_ok()
    }

    fn give(&self, what: u32) {
        let more = |left: u32| Some((left + what).min(ALLOWANCE));
        // It never refuses.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

/// The attempts of one call.
pub(super) struct Attempts<'a> {
    allowance: &'a Allowance,
    made: u32,
    /// What the latest attempt cost.
    cost: u32,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(allowance: &'a Allowance) -> Self {
        Self {
            allowance,
            made: 0,
            cost: 0,
        }
    }

    /// How long to wait before the next attempt, `None` if there is to be none. `chance` is from 0 to 1.
    pub(super) fn next(&mut self, failure: &Failure, chance: f64) -> Option<Duration> {
        self.made += 1;
        let trouble = Trouble::of(failure)?;
        if self.made >= ATTEMPTS || !self.allowance.take(trouble.cost()) {
            return None;
        }
        self.cost = trouble.cost();
        let longest = trouble.pause() * (1 << (self.made - 1));
        Some(longest.mul_f64(chance))
    }

    /// The call succeeded, so that others may be tried again more often.
    pub(super) fn succeeded(self) {
        self.allowance.give(self.cost.max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(status: u16, code: &str) -> Failure {
        Failure::Refused {
            status: StatusCode::from_u16(status).unwrap(),
            refusal: serde_json::from_value(json!({"__type": format!("x#{code}")})).unwrap(),
        }
    }

    fn lost() -> Failure {
        Failure::Lost("reset".to_owned())
    }

    #[test]
    fn what_another_attempt_may_not_meet_is_tried_again() {
        use Trouble::{Passing, Throttled};
        for (failure, expected) in [
            (lost(), Some(Passing)),
            (Failure::Unsent("no keys".to_owned()), None),
            (refused(500, "InternalServerError"), Some(Passing)),
            (refused(500, ""), Some(Passing)),
            (refused(502, ""), Some(Passing)),
            (refused(503, "ServiceUnavailable"), Some(Passing)),
            (refused(504, ""), Some(Passing)),
            (refused(501, ""), None),
            (
                refused(400, "ProvisionedThroughputExceededException"),
                Some(Throttled),
            ),
            (refused(400, "ThrottlingException"), Some(Throttled)),
            (refused(400, "RequestLimitExceeded"), Some(Throttled)),
            (refused(503, "ThrottlingException"), Some(Throttled)),
            (refused(400, "TransactionConflictException"), Some(Passing)),
            (
                refused(400, "TransactionInProgressException"),
                Some(Passing),
            ),
            (
                refused(400, "ReplicatedWriteConflictException"),
                Some(Passing),
            ),
            (refused(400, "TransactionCanceledException"), None),
            (refused(400, "ConditionalCheckFailedException"), None),
            (refused(400, "ResourceNotFoundException"), None),
            (refused(400, "ValidationException"), None),
            (refused(400, "InvalidSignatureException"), None),
            (refused(400, "ExpiredTokenException"), None),
            (refused(400, ""), None),
            (refused(413, ""), None),
        ] {
            assert_eq!(Trouble::of(&failure), expected, "{failure}");
        }
    }

    #[test]
    fn pauses_double_and_the_fourth_attempt_is_the_last() {
        for (failure, chance, expected) in [
            (lost(), 1.0, [25, 50, 100]),
            (lost(), 0.5, [12, 25, 50]),
            (lost(), 0.0, [0, 0, 0]),
            (
                refused(400, "ThrottlingException"),
                1.0,
                [1_000, 2_000, 4_000],
            ),
        ] {
            let allowance = Allowance::default();
            let mut attempts = Attempts::new(&allowance);
            for longest in expected {
                let pause = attempts.next(&failure, chance).unwrap();
                assert_eq!(pause.as_millis(), longest, "{failure} {chance}");
            }
            assert_eq!(attempts.next(&failure, chance), None);
        }
    }

    #[test]
    fn who_fails_and_fails_has_no_further_attempts_until_some_calls_succeed() {
        let allowance = Allowance::default();
        let retried = |allowance| Attempts::new(allowance).next(&lost(), 0.0).is_some();
        let mut times = 0;
        while retried(&allowance) {
            times += 1;
        }
        assert_eq!(times, ALLOWANCE / Trouble::Passing.cost());
        for _ in 0..Trouble::Passing.cost() {
            Attempts::new(&allowance).succeeded();
        }
        assert!(retried(&allowance));
        assert!(!retried(&allowance));
    }

    #[test]
    fn an_attempt_that_succeeds_costs_nothing_in_the_end() {
        let allowance = Allowance::default();
        for _ in 0..1_000 {
            let mut attempts = Attempts::new(&allowance);
            assert!(attempts.next(&lost(), 0.0).is_some());
            attempts.succeeded();
        }
        assert_eq!(allowance.0.into_inner(), ALLOWANCE);
    }
}
