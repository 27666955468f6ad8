//! `Integer`, `Long`, `BigInteger` and `Double`, with the static methods that templates reach through any of them.

use std::rc::Rc;

use super::{Answer, give, threw};
use crate::arithmetic::{compare_numbers, double_value, int_value, long_value};
use crate::run::Run;
use crate::value::{Text, Value};

pub(super) fn call<'a>(
    _run: &mut Run<'a, '_>,
    target: &Value<'a>,
    name: &str,
    arguments: &[Value<'a>],
) -> Answer<'a> {
    if let Some(value) = conversion(target, name, arguments) {
        return give(value);
    }
    if let [Value::Null] = arguments {
        return match name {
            "parseInt" | "parseLong" | "parseDouble" | "compareTo" => {
                Err(threw(name, "a null argument"))
            }
            _ => Ok(None),
        };
    }
    match target {
        Value::Int(_) | Value::Long(_) => whole(target, name, arguments),
        Value::Double(number) => floating(*number, name, arguments),
        _ => Ok(None),
    }
}

fn conversion<'a>(target: &Value<'a>, name: &str, arguments: &[Value<'a>]) -> Option<Value<'a>> {
    Some(match (name, arguments) {
        ("intValue", []) => Value::Int(int_value(target)?),
        ("longValue", []) => Value::Long(long_value(target)?),
        ("shortValue", []) => Value::Int(i32::from(int_value(target)? as i16)),
        ("byteValue", []) => Value::Int(i32::from(int_value(target)? as i8)),
        ("doubleValue", []) => Value::Double(double_value(target)?),
        ("floatValue", []) => {
            Value::Double((double_value(target)? as f32).to_string().parse().ok()?)
        }
        ("hashCode", []) => Value::Int(super::hash(target, 0)),
        ("compareTo", [other])
            if std::mem::discriminant(target) == std::mem::discriminant(other) =>
        {
            Value::Int(compare_numbers(target, other)?)
        }
        _ => return None,
    })
}

/// Digits as Java reads them: an optional sign, no blanks.
fn parse_whole(text: &str, radix: u32) -> Option<i64> {
    if text.starts_with("+-") || text.contains('_') || !(2..=36).contains(&radix) {
        return None;
    }
    i64::from_str_radix(text, radix).ok()
}

fn bad_number(name: &str, text: &str) -> crate::run::Interrupt {
    threw(
        name,
        format!("NumberFormatException: For input string: \"{text}\""),
    )
}

fn whole<'a>(target: &Value<'a>, name: &str, arguments: &[Value<'a>]) -> Answer<'a> {
    let int = matches!(target, Value::Int(_));
    let sized = |number: i64| {
        if int {
            i32::try_from(number).ok().map(Value::Int)
        } else {
            Some(Value::Long(number))
        }
    };
    let parsed = |text: &Text<'a>, radix: u32| {
        parse_whole(text, radix)
            .and_then(sized)
            .ok_or_else(|| bad_number(name, text))
    };
    let value = |value: &Value<'a>| match value {
        Value::Int(number) => Some(i64::from(*number)),
        Value::Long(number) if !int => Some(*number),
        _ => None,
    };
    let parse_name = if int { "parseInt" } else { "parseLong" };
    match arguments {
        [Value::Text(text)] if name == parse_name || matches!(name, "valueOf" | "decode") => {
            parsed(text, 10).and_then(give)
        }
        [Value::Text(text), Value::Int(radix)] if name == parse_name || name == "valueOf" => {
            parsed(text, u32::try_from(*radix).unwrap_or(0)).and_then(give)
        }
        [one] => {
            let Some(number) = value(one) else {
                return Ok(None);
            };
            let bits = if int {
                u64::from((number as i32).cast_unsigned())
            } else {
                number.cast_unsigned()
            };
            Ok(Some(match name {
                "valueOf" => match sized(number) {
                    Some(value) => value,
                    None => return Ok(None),
                },
                "toString" => Value::text(number.to_string()),
                "toHexString" => Value::text(format!("{bits:x}")),
                "toOctalString" => Value::text(format!("{bits:o}")),
                "toBinaryString" => Value::text(format!("{bits:b}")),
                "signum" => Value::Int(number.signum() as i32),
                "bitCount" => Value::Int(bits.count_ones().cast_signed()),
                _ => return Ok(None),
            }))
        }
        [first, second] => {
            let (Some(first), Some(second)) = (value(first), value(second)) else {
                return Ok(None);
            };
            let number = match name {
                "max" => first.max(second),
                "min" => first.min(second),
                "sum" if int => i64::from((first as i32).wrapping_add(second as i32)),
                "sum" => first.wrapping_add(second),
                "compare" => return give(Value::Int(first.cmp(&second) as i32)),
                _ => return Ok(None),
            };
            Ok(sized(number))
        }
        _ => Ok(None),
    }
}

fn floating<'a>(target: f64, name: &str, arguments: &[Value<'a>]) -> Answer<'a> {
    Ok(Some(match (name, arguments) {
        ("parseDouble" | "valueOf", [Value::Text(text)]) => {
            let trimmed = text.trim_matches(|character| character <= ' ');
            let digits = trimmed
                .strip_suffix(['d', 'D', 'f', 'F'])
                .unwrap_or(trimmed);
            let named = matches!(trimmed.trim_start_matches(['+', '-']), "NaN" | "Infinity");
            let plain = digits.bytes().all(|byte| {
                byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
            });
            let number = if named || plain {
                digits.parse().ok()
            } else {
                None
            };
            Value::Double(number.ok_or_else(|| bad_number(name, text))?)
        }
        ("isNaN", []) => Value::Bool(target.is_nan()),
        ("isInfinite", []) => Value::Bool(target.is_infinite()),
        ("valueOf", [Value::Double(number)]) => Value::Double(*number),
        ("max" | "min" | "sum" | "compare", [first, second]) => {
            let (Some(first), Some(second)) = (double_value(first), double_value(second)) else {
                return Ok(None);
            };
            match name {
                "max" => Value::Double(first.max(second)),
                "min" => Value::Double(first.min(second)),
                "sum" => Value::Double(first + second),
                _ => Value::Int(first.total_cmp(&second) as i32),
            }
        }
        ("toString", [Value::Double(number)]) => {
            let mut text = String::new();
            crate::print::double(*number, &mut text);
            Value::Text(Text::Shared(Rc::from(text)))
        }
        _ => return Ok(None),
    }))
}
