//! What an operator decides of limits.

use postern_metering::OnFailure;
use std::str::FromStr;

/// What an operator decides of limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Metering {
    /// What becomes of a request that the store should have been asked about, and that cannot be.
    pub on_store_failure: OnStoreFailure,
    /// What all APIs may be asked together, in each process.
    pub account: Throttle,
    /// Whether clients are told what is left to them, and when to come again.
    pub headers: bool,
}

impl Default for Metering {
    fn default() -> Self {
        Self {
            on_store_failure: OnStoreFailure::Admit,
            account: Throttle::Of {
                rate: 10_000.0,
                burst: 5_000,
            },
            headers: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStoreFailure {
    Admit,
    Refuse,
}

impl OnStoreFailure {
    pub(crate) fn of_meter(self) -> OnFailure {
        match self {
            Self::Admit => OnFailure::Admit,
            Self::Refuse => OnFailure::Refuse,
        }
    }
}

impl FromStr for OnStoreFailure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "admit" => Ok(Self::Admit),
            "refuse" => Ok(Self::Refuse),
            _ => Err(format!("`{text}` is neither `admit` nor `refuse`")),
        }
    }
}

/// A rate and a burst, or no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Throttle {
    None,
    Of { rate: f64, burst: i64 },
}

impl FromStr for Throttle {
    type Err = String;

    /// `none`, or a rate per second and a burst: `10000/5000`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::None);
        }
        let parsed = text.split_once('/').and_then(|(rate, burst)| {
            let rate: f64 = rate.parse().ok()?;
            let burst: i64 = burst.parse().ok()?;
            (rate.is_finite() && rate >= 0.0 && burst >= 0).then_some(Self::Of { rate, burst })
        });
        parsed.ok_or_else(|| {
            format!("`{text}` is neither `none` nor a rate per second and a burst, as 10000/5000")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttle_is_a_rate_and_a_burst_or_none() {
        for (text, expected) in [
            ("none", Some(Throttle::None)),
            (
                "10000/5000",
                Some(Throttle::Of {
                    rate: 10_000.0,
                    burst: 5_000,
                }),
            ),
            (
                "0.5/1",
                Some(Throttle::Of {
                    rate: 0.5,
                    burst: 1,
                }),
            ),
            ("10", None),
            ("10/", None),
            ("-1/5", None),
            ("1/-5", None),
            ("inf/5", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }
}
