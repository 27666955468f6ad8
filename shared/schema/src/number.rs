//! Numbers as schemas compare them: 1 and 1.0 are one number, and a multiple of 0.01 is exact.

use serde_json::Number as JsonNumber;
use std::cmp::Ordering;
use std::fmt;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Whole(i64),
    /// Above all of those.
    Large(u64),
    /// Neither infinite nor not a number: JSON has no such.
    Float(f64),
}

/// Beyond this, floats are compared as they are. No integer that is held as one comes near.
const WHOLE_MAX: f64 = 1e30;
/// Up to here every integer is a float.
const EXACT_MAX: i64 = 1 << 53;

impl Number {
    pub(crate) fn of(number: &JsonNumber) -> Self {
        match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Self::Whole(number),
            (None, Some(number)) => Self::Large(number),
            (None, None) => Self::Float(number.as_f64().unwrap_or_default()),
        }
    }

    pub(crate) fn is_integer(self) -> bool {
        match self {
            Self::Whole(_) | Self::Large(_) => true,
            // No float that is larger has a fraction.
            Self::Float(number) => {
                number.abs() >= EXACT_MAX as f64 || number - (number as i64) as f64 == 0.0
            }
        }
    }

    fn whole(self) -> Option<i128> {
        match self {
            Self::Whole(number) => Some(number.into()),
            Self::Large(number) => Some(number.into()),
            Self::Float(number) => {
                (number.fract() == 0.0 && number.abs() < WHOLE_MAX).then_some(number as i128)
            }
        }
    }

    /// The same number as a float, where floats are that fine.
    fn exact(self) -> Option<f64> {
        match self {
            Self::Whole(number) => {
                (number.unsigned_abs() <= EXACT_MAX.unsigned_abs()).then_some(number as f64)
            }
            Self::Large(_) => None,
            Self::Float(number) => Some(number),
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Large(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    /// Exact: where only one of them is whole, the other is either beyond all integers or smaller than what floats hold exactly.
    pub(crate) fn order(self, other: Self) -> Ordering {
        if let (Self::Whole(a), Self::Whole(b)) = (self, other) {
            return a.cmp(&b);
        }
        if let (Some(a), Some(b)) = (self.exact(), other.exact())
            && let Some(order) = a.partial_cmp(&b)
        {
            return order;
        }
        match (self.whole(), other.whole()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.float().total_cmp(&other.float()),
        }
    }

    pub(crate) fn is_multiple_of(self, divisor: Self) -> bool {
        let (number, divisor) = (Decimal::of(self), Decimal::of(divisor));
        if number.digits == 0 {
            return true;
        }
        if divisor.digits == 0 {
            return false;
        }
        let apart = number.exponent - divisor.exponent;
        if apart >= 0 {
            return multiply_power(number.digits % divisor.digits, apart, divisor.digits) == 0;
        }
        // The divisor's digits reach further left: it is ten, a hundred, ... times as large.
        let scaled = 10_u128
            .checked_pow(apart.unsigned_abs())
            .and_then(|power| divisor.digits.checked_mul(power));
        scaled.is_some_and(|divisor| number.digits.is_multiple_of(divisor))
    }
}

/// `remainder * 10^power` modulo `modulus`. Both factors are below 2^64, so no product overflows.
fn multiply_power(remainder: u128, power: i32, modulus: u128) -> u128 {
    let mut result = remainder % modulus;
    let mut factor = 10 % modulus;
    let mut power = power;
    while power > 0 {
        if power & 1 == 1 {
            result = result * factor % modulus;
        }
        factor = factor * factor % modulus;
        power >>= 1;
    }
    result
}

/// The shortest decimal number that reads back as the same float: what its author wrote. Its sign does not matter here.
struct Decimal {
    /// Below 2^64.
    digits: u128,
    exponent: i32,
}

impl Decimal {
    fn whole(number: u64) -> Self {
        Self {
            digits: number.into(),
            exponent: 0,
        }
    }

    fn of(number: Number) -> Self {
        let float = match number {
            Number::Whole(number) => return Self::whole(number.unsigned_abs()),
            Number::Large(number) => return Self::whole(number),
            Number::Float(number) => number,
        };
        // At most seventeen digits: `1.234e-5`.
        let text = format!("{:e}", float.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        Self {
            digits: format!("{whole}{fraction}").parse().unwrap_or_default(),
            exponent: exponent.parse::<i32>().unwrap_or_default()
                - i32::try_from(fraction.len()).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Large(number) => number.fmt(f),
            Self::Float(number) => match JsonNumber::from_f64(*number) {
                Some(number) => number.fmt(f),
                None => number.fmt(f),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::of(&text.parse().unwrap())
    }

    #[test]
    fn numbers_compare_by_value() {
        for (a, b, expected) in [
            ("1", "1.0", Ordering::Equal),
            ("0", "-0.0", Ordering::Equal),
            ("1", "1.5", Ordering::Less),
            ("-1", "-1.5", Ordering::Greater),
            (
                "18446744073709551615",
                "18446744073709551614",
                Ordering::Greater,
            ),
            ("9007199254740993", "9007199254740992.0", Ordering::Greater),
            ("-9223372036854775808", "1e300", Ordering::Less),
            ("1e300", "1e301", Ordering::Less),
        ] {
            assert_eq!(number(a).order(number(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn multiples_are_exact() {
        for (value, divisor, expected) in [
            ("10", "2", true),
            ("7", "2", false),
            ("-6", "3", true),
            ("4.35", "0.01", true),
            ("0.0075", "0.0001", true),
            ("0.00751", "0.0001", false),
            ("1e308", "0.123456789", false),
            ("12391239123", "1e-8", true),
            ("0", "7", true),
            ("0.5", "100", false),
            ("300", "1e2", true),
            ("350", "1e2", false),
            ("1e300", "1e-300", true),
            ("1e-300", "1e300", false),
            ("18446744073709551615", "18446744073709551615", true),
        ] {
            assert_eq!(
                number(value).is_multiple_of(number(divisor)),
                expected,
                "{value} {divisor}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_numbers_make_it_panic(a in proptest::prelude::any::<f64>(), b in proptest::prelude::any::<f64>(), c in proptest::prelude::any::<u64>()) {
            let whole = Number::of(&c.into());
            for (a, b) in [(Number::Float(a), Number::Float(b)), (whole, Number::Float(b)), (Number::Float(a), whole)] {
                a.is_multiple_of(b);
                a.order(b);
            }
        }
    }
}
