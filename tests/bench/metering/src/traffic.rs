//! Who asks when.

use crate::random::Random;

const SECOND: i64 = 1_000_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Requests fall on environments by chance, all alike.
    Even,
    /// The first environment has twice the requests of the second, thrice those of the third …
    Skewed,
    /// One second in four has four times the requests, the others nearly none; and each second another tenth of the
    /// environments has them all.
    Bursty,
    /// Each second another tenth of the environments has them all.
    Moving,
}

impl Traffic {
    pub(crate) const ALL: [Self; 4] = [Self::Even, Self::Skewed, Self::Bursty, Self::Moving];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Skewed => "skewed",
            Self::Bursty => "bursty",
            Self::Moving => "moving",
        }
    }
}

/// Requests in the order of their time: when, and at which environment.
pub(crate) fn requests(
    traffic: Traffic,
    environments: usize,
    per_second: f64,
    seconds: i64,
    random: &mut Random,
) -> Vec<(i64, usize)> {
    let weights: Vec<f64> = (0..environments)
        .scan(0.0, |sum, index| {
            *sum += match traffic {
                Traffic::Skewed => 1.0 / (index + 1) as f64,
                Traffic::Even | Traffic::Bursty | Traffic::Moving => 1.0,
            };
            Some(*sum)
        })
        .collect();
    let all = weights.last().copied().unwrap_or(1.0);
    let tenth = environments.div_ceil(10);
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let second = at / SECOND;
        let now = match traffic {
            Traffic::Bursty if second % 4 == 0 => 3.7 * per_second,
            Traffic::Bursty => 0.1 * per_second,
            Traffic::Even | Traffic::Skewed | Traffic::Moving => per_second,
        };
        let next = at + random.gap(now);
        // A gap that began in a quiet second ends with it.
        if traffic == Traffic::Bursty && next / SECOND != second {
            at = (second + 1) * SECOND;
        } else {
            at = next;
            let which = if matches!(traffic, Traffic::Bursty | Traffic::Moving) {
                let first = (second as usize * tenth) % environments;
                (first + random.below(tenth)) % environments
            } else {
                let place = random.part() * all;
                weights.partition_point(|sum| *sum <= place)
            };
            found.push((at, which.min(environments - 1)));
        }
        if at >= seconds * SECOND {
            return found;
        }
    }
}
