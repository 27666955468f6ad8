//! How values print: as Java's `toString` has it, except that a JSON list prints as JSON.

use std::fmt::Write as _;

use crate::document::Look;
use crate::value::{ListKind, Value};

/// Values in each other deeper than this do not print: a list that holds itself by way of another would never end.
pub(crate) const DEPTH_MAX: usize = 128;

/// A value holds itself, or nests too deeply, or grew past what is left of the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unprintable {
    TooDeep,
    TooLong,
}

/// Appends a value as text; never makes `out` longer than `max` by more than one leaf.
pub(crate) fn print(value: &Value<'_>, out: &mut String, max: usize) -> Result<(), Unprintable> {
    java(value, out, max, 0)
}

/// Appends a value as compact JSON.
pub(crate) fn print_json(
    value: &Value<'_>,
    out: &mut String,
    max: usize,
) -> Result<(), Unprintable> {
    json(value, out, max, 0)
}

fn check(out: &str, max: usize, depth: usize) -> Result<(), Unprintable> {
    if depth > DEPTH_MAX {
        Err(Unprintable::TooDeep)
    } else if out.len() > max {
        Err(Unprintable::TooLong)
    } else {
        Ok(())
    }
}

fn java(value: &Value<'_>, out: &mut String, max: usize, depth: usize) -> Result<(), Unprintable> {
    check(out, max, depth)?;
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => integer(i64::from(*number), out),
        Value::Long(number) => integer(*number, out),
        Value::Big(number) => drop(write!(out, "{number}")),
        Value::Double(number) => double(*number, out),
        Value::Char(unit) => out.push(char::from_u32(u32::from(*unit)).unwrap_or('?')),
        Value::Text(text) => out.push_str(text),
        Value::List(list) => match list.kind {
            ListKind::Json => return json(value, out, max, depth),
            ListKind::Array => out.push_str("[Ljava.lang.String;@0"),
            ListKind::Java | ListKind::View => {
                out.push('[');
                for (index, item) in list.items.borrow().iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    match item {
                        Value::List(inner) if std::rc::Rc::ptr_eq(inner, list) => {
                            out.push_str("(this Collection)");
                        }
                        _ => java(item, out, max, depth + 1)?,
                    }
                }
                out.push(']');
            }
        },
        Value::Map(map) => {
            out.push('{');
            for (index, (key, item)) in map.0.borrow().iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                java(key, out, max, depth + 1)?;
                out.push('=');
                match item {
                    Value::Map(inner) if std::rc::Rc::ptr_eq(inner, map) => {
                        out.push_str("(this Map)");
                    }
                    _ => java(item, out, max, depth + 1)?,
                }
            }
            out.push('}');
        }
        Value::Part(part) => match part.look() {
            Look::Opened(value) => return java(value, out, max, depth),
            Look::Read(view) if !view.is_object() => return json(value, out, max, depth),
            Look::Read(view) => {
                out.push('{');
                for (index, (name, item)) in view.children().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(name);
                    out.push('=');
                    java(&item, out, max, depth + 1)?;
                }
                out.push('}');
            }
        },
        Value::Entry(entry) => {
            java(&entry.0, out, max, depth + 1)?;
            out.push('=');
            java(&entry.1, out, max, depth + 1)?;
        }
        Value::Scope(scope) => return java(&Value::Map(scope.stored.clone()), out, max, depth + 1),
        // API Gateway prints none of its own objects.
        Value::Iterator(_) | Value::Block(_) | Value::Host(_) => {}
    }
    Ok(())
}

fn json(value: &Value<'_>, out: &mut String, max: usize, depth: usize) -> Result<(), Unprintable> {
    check(out, max, depth)?;
    match value {
        Value::Text(text) => quoted(text, out),
        Value::Char(_) | Value::Entry(_) => {
            let mut text = String::new();
            java(value, &mut text, max, depth + 1)?;
            quoted(&text, out);
        }
        Value::Double(number) if !number.is_finite() => out.push_str("null"),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.items.borrow().iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json(item, out, max, depth + 1)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (index, (key, item)) in map.0.borrow().iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                if let Value::Text(text) = key {
                    quoted(text, out);
                } else {
                    let mut text = String::new();
                    java(key, &mut text, max, depth + 1)?;
                    quoted(&text, out);
                }
                out.push(':');
                json(item, out, max, depth + 1)?;
            }
            out.push('}');
        }
        Value::Part(part) => match part.look() {
            Look::Opened(value) => return json(value, out, max, depth),
            Look::Read(view) => {
                if !view.json(out, max) {
                    return Err(Unprintable::TooLong);
                }
            }
        },
        Value::Scope(_) | Value::Iterator(_) | Value::Block(_) | Value::Host(_) => {
            out.push_str("null");
        }
        _ => return java(value, out, max, depth),
    }
    Ok(())
}

/// A string as JSON: only what must be escaped is.
pub(crate) fn quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    loop {
        let plain = postern_json::plain_bytes(rest.as_bytes());
        out.push_str(&rest[..plain]);
        let Some(byte) = rest.as_bytes().get(plain) else {
            break;
        };
        rest = &rest[plain + 1..];
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            8 => out.push_str("\\b"),
            12 => out.push_str("\\f"),
            _ => drop(write!(out, "\\u{byte:04x}")),
        }
    }
    out.push('"');
}

pub(crate) fn integer(number: i64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// The number before the point and three digits after it, if that is all of a double below ten million, as it is of prices.
/// So few digits name one double only: there is no shorter way to write it.
fn in_thousandths(number: f64) -> Option<(i64, i64)> {
    let thousandths = (number * 1e3 + 0.5) as i64;
    (thousandths as f64 / 1e3 - number == 0.0).then_some((thousandths / 1000, thousandths % 1000))
}

/// A double as Java writes it: plain between a thousandth and ten million, else with an exponent.
pub(crate) fn double(number: f64, out: &mut String) {
    if number.is_nan() {
        out.push_str("NaN");
        return;
    }
    if number.is_infinite() {
        out.push_str(if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
        return;
    }
    let size = number.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        if let Some((whole, thousandths)) = in_thousandths(size) {
            if number.is_sign_negative() {
                out.push('-');
            }
            integer(whole, out);
            out.push('.');
            let digits = [100, 10, 1].map(|power| b'0' + (thousandths / power % 10) as u8);
            let last = digits.iter().rposition(|digit| *digit != b'0');
            let digits = &digits[..=last.unwrap_or(0)];
            out.extend(digits.iter().map(|digit| char::from(*digit)));
            return;
        }
        let start = out.len();
        let _ = write!(out, "{number}");
        if !out[start..].contains('.') {
            out.push_str(".0");
        }
        return;
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    out.push_str(digits);
    if !digits.contains('.') {
        out.push_str(".0");
    }
    out.push('E');
    out.push_str(exponent);
}

#[cfg(test)]
mod tests {
    use super::double;

    #[test]
    fn doubles_print_the_same_whichever_way_is_taken() {
        let whole = [0_u32, 1, 9, 10, 1_234, 9_999_999];
        let parts = [0, 1, 9, 10, 25, 100, 500, 999, 1_000, 99_999];
        for (whole, part) in whole.into_iter().flat_map(|w| parts.map(|part| (w, part))) {
            for scale in [1e3, 1e4, 1e5] {
                for number in [
                    f64::from(whole) + f64::from(part) / scale,
                    -f64::from(whole) - f64::from(part) / scale,
                    f64::from(whole) * 0.1 + f64::from(part) * 0.003,
                ] {
                    let mut printed = String::new();
                    double(number, &mut printed);
                    if number == 0.0 || (1e-3..1e7).contains(&number.abs()) {
                        assert_eq!(printed, format!("{number:?}"));
                    }
                }
            }
        }
    }
}
