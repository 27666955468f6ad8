//! Numbers as Java has them: what is too large becomes the next larger kind, and a double makes the result a double.

use std::rc::Rc;

use num_bigint::BigInt;
use num_bigint::Sign;

use crate::program::Operator;
use crate::value::Value;

/// Big numbers past this many bits are not multiplied further: the result is as undefined as a division by zero.
const BITS_MAX: u64 = 1 << 17;

enum Pair {
    Longs(i64, i64, bool),
    Bigs(BigInt, BigInt),
    Doubles(f64, f64),
}

fn long(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(i64::from(*number)),
        Value::Long(number) => Some(*number),
        _ => None,
    }
}

fn big(value: &Value<'_>) -> Option<BigInt> {
    match value {
        Value::Big(number) => Some((**number).clone()),
        _ => long(value).map(BigInt::from),
    }
}

/// Java's `doubleValue`.
pub(crate) fn double_value(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::Big(number) => number.to_string().parse().ok(),
        _ => long(value).map(|number| number as f64),
    }
}

/// Java's `longValue`: cuts off what does not fit.
pub(crate) fn long_value(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Double(number) => Some(*number as i64),
        Value::Big(number) => {
            let low = number.iter_u64_digits().next().unwrap_or(0).cast_signed();
            Some(if number.sign() == Sign::Minus {
                low.wrapping_neg()
            } else {
                low
            })
        }
        _ => long(value),
    }
}

/// Java's `intValue`.
pub(crate) fn int_value(value: &Value<'_>) -> Option<i32> {
    match value {
        Value::Double(number) => Some(*number as i32),
        _ => long_value(value).map(|number| number as i32),
    }
}

fn pair(left: &Value<'_>, right: &Value<'_>) -> Option<Pair> {
    if let (Some(a), Some(b)) = (long(left), long(right)) {
        let ints = matches!((left, right), (Value::Int(_), Value::Int(_)));
        return Some(Pair::Longs(a, b, ints));
    }
    if matches!(left, Value::Double(_)) || matches!(right, Value::Double(_)) {
        return Some(Pair::Doubles(double_value(left)?, double_value(right)?));
    }
    Some(Pair::Bigs(big(left)?, big(right)?))
}

/// The sign of `left - right`, when both are numbers. NaN counts as equal, as it does in Velocity.
pub(crate) fn compare_numbers(left: &Value<'_>, right: &Value<'_>) -> Option<i32> {
    Some(match pair(left, right)? {
        Pair::Longs(left, right, _) => left.cmp(&right) as i32,
        Pair::Bigs(left, right) => left.cmp(&right) as i32,
        Pair::Doubles(left, right) => left.partial_cmp(&right).map_or(0, |order| order as i32),
    })
}

pub(crate) fn compare(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> bool {
    compare_numbers(left, right).is_some_and(|order| match operator {
        Operator::Less => order < 0,
        Operator::LessEqual => order <= 0,
        Operator::Greater => order > 0,
        _ => order >= 0,
    })
}

fn narrowed<'v>(number: i64, ints: bool) -> Value<'v> {
    match i32::try_from(number) {
        Ok(number) if ints => Value::Int(number),
        _ => Value::Long(number),
    }
}

fn whole(operator: Operator, left: i64, right: i64) -> Option<i64> {
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => Some(left.wrapping_div(right)),
        _ => Some(left.wrapping_rem(right)),
    }
}

fn huge(operator: Operator, left: &BigInt, right: &BigInt) -> Option<BigInt> {
    Some(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply if left.bits() + right.bits() > BITS_MAX => return None,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => left % right,
    })
}

/// What an operator makes of two Integers, as nearly all numbers are: what [`compute`] and [`compare`] make of them.
pub(crate) fn of_integers<'v>(operator: Operator, left: i32, right: i32) -> Value<'v> {
    let (left, right) = (i64::from(left), i64::from(right));
    match operator {
        Operator::Equal => Value::Bool(left == right),
        Operator::NotEqual => Value::Bool(left != right),
        Operator::Less => Value::Bool(left < right),
        Operator::LessEqual => Value::Bool(left <= right),
        Operator::Greater => Value::Bool(left > right),
        Operator::GreaterEqual => Value::Bool(left >= right),
        Operator::Divide | Operator::Modulo if right == 0 => Value::Null,
        Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::Divide
        | Operator::Modulo => {
            whole(operator, left, right).map_or(Value::Null, |number| narrowed(number, true))
        }
    }
}

/// What an operator makes of two numbers. Null when one is none, or when it would divide by zero.
pub(crate) fn compute<'v>(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> Value<'v> {
    let Some(pair) = pair(left, right) else {
        return Value::Null;
    };
    let divides = matches!(operator, Operator::Divide | Operator::Modulo);
    match pair {
        Pair::Longs(_, 0, _) | Pair::Doubles(_, 0.0) if divides => Value::Null,
        Pair::Longs(left, right, ints) => match whole(operator, left, right) {
            Some(number) => narrowed(number, ints),
            None => huge(operator, &left.into(), &right.into())
                .map_or(Value::Null, |number| Value::Big(Rc::new(number))),
        },
        Pair::Bigs(_, right) if divides && right.sign() == Sign::NoSign => Value::Null,
        Pair::Bigs(left, right) => {
            huge(operator, &left, &right).map_or(Value::Null, |number| Value::Big(Rc::new(number)))
        }
        Pair::Doubles(left, right) => Value::Double(match operator {
            Operator::Add => left + right,
            Operator::Subtract => left - right,
            Operator::Multiply => left * right,
            Operator::Divide => left / right,
            _ => left % right,
        }),
    }
}
