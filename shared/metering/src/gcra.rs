//! A token bucket as one number.
//!
//! The time at which the bucket will be full again says all: the theoretical arrival time of the generic cell rate
//! algorithm. A token moves it by the interval; it may lie ahead of now by no more than the window, or the bucket would be
//! below empty; and it never lies behind now, or the bucket would be more than full.

use crate::limit::Rate;

/// A bucket of one process. Zero, long ago, is a full one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gcra {
    full_at: i64,
}

impl Gcra {
    /// Takes a token, or says from when on there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: i64) -> Result<(), i64> {
        let full_at = self.full_at.max(now) + rate.interval();
        let from = full_at - rate.window();
        if from > now {
            return Err(from);
        }
        self.full_at = full_at;
        Ok(())
    }

    /// For a token that was not used after all.
    pub(crate) fn give_back(&mut self, rate: Rate) {
        self.full_at -= rate.interval();
    }

    pub(crate) fn full_at(&self) -> i64 {
        self.full_at
    }

    /// Makes a bucket that lies in the future, where no right clock put it, an empty one.
    pub(crate) fn rewind(&mut self, rate: Rate, now: i64) {
        self.full_at = self.full_at.min(now + rate.window());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::SECOND;
    use proptest::prelude::*;

    #[test]
    fn a_bucket_holds_its_burst_and_fills_at_its_rate() {
        let rate = Rate::new(2.0, 3);
        let mut bucket = Gcra::default();
        let start = 1_700_000_000 * SECOND;
        for (at_ms, expected) in [
            (0, true),
            (0, true),
            (0, true),
            (0, false),
            (499, false),
            (500, true),
            (500, false),
            (2_500, true),
            (2_500, true),
            (2_500, true),
            (2_500, false),
        ] {
            let taken = bucket.take(rate, start + at_ms * 1_000_000);
            assert_eq!(taken.is_ok(), expected, "at {at_ms} ms");
        }
    }

    #[test]
    fn a_refusal_names_the_moment_of_the_next_token() {
        let rate = Rate::new(3.0, 1);
        let mut bucket = Gcra::default();
        bucket.take(rate, SECOND).unwrap();
        let from = bucket.take(rate, SECOND).unwrap_err();
        assert_eq!(bucket.take(rate, from - 1), Err(from));
        assert_eq!(bucket.take(rate, from), Ok(()));
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_burst_and_rate_allow(
            per_second in 1u32..2_000,
            burst in 1i64..50,
            gaps in prop::collection::vec(0i64..20_000_000, 1..300),
        ) {
            let rate = Rate::new(f64::from(per_second), burst);
            let mut bucket = Gcra::default();
            let mut now = SECOND;
            let mut taken = Vec::new();
            for gap in gaps {
                now += gap;
                if bucket.take(rate, now).is_ok() {
                    taken.push(now);
                }
            }
            for (first, from) in taken.iter().enumerate() {
                for (last, until) in taken.iter().enumerate().skip(first) {
                    let count = (last - first + 1) as i64;
                    prop_assert!(count <= burst + (until - from) / rate.interval());
                }
            }
        }

        #[test]
        fn whoever_asks_later_is_not_refused_longer(
            burst in 1i64..20,
            taken in 0usize..40,
            wait in 0i64..SECOND,
        ) {
            let rate = Rate::new(10.0, burst);
            let mut bucket = Gcra::default();
            for _ in 0..taken {
                let _ = bucket.take(rate, SECOND);
            }
            let mut later = bucket;
            let now = bucket.take(rate, SECOND).is_ok();
            prop_assert!(!now || later.take(rate, SECOND + wait).is_ok());
        }
    }
}
