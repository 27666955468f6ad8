//! `String.format`: the conversions that templates use.

use super::threw;
use crate::arithmetic::double_value;
use crate::run::{Interrupt, Outcome, Run};
use crate::value::{Text, Value};

/// No field is wider, and no fraction longer.
const WIDTH_MAX: usize = 1_000;

struct Specifier {
    index: Option<usize>,
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    grouped: bool,
    bracketed: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

fn bad(format: &str, why: &str) -> Interrupt {
    threw("format", format!("`{format}`: {why}"))
}

pub(super) fn format<'a>(
    run: &mut Run<'a, '_>,
    format: &Text<'a>,
    values: &[Value<'a>],
) -> Outcome<Value<'a>> {
    let spread;
    let values = match values {
        [Value::List(list)] if list.kind == crate::value::ListKind::Array => {
            spread = list.items.borrow().clone();
            &spread
        }
        values => values,
    };
    let mut out = String::new();
    let mut rest: &str = format;
    let mut next = 0;
    let mut last = None;
    while let Some(at) = rest.find('%') {
        run.step(1)?;
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let same = rest.strip_prefix('<');
        let (specifier, length) = specifier(same.unwrap_or(rest))
            .ok_or_else(|| bad(format, "UnknownFormatConversionException"))?;
        rest = &rest[length + usize::from(same.is_some())..];
        let before = out.len();
        match specifier.conversion {
            'n' => out.push('\n'),
            '%' => pad(&specifier, "%", &mut out),
            _ => {
                let index = match specifier.index {
                    _ if same.is_some() => {
                        last.ok_or_else(|| bad(format, "MissingFormatArgumentException"))?
                    }
                    Some(index) => index
                        .checked_sub(1)
                        .ok_or_else(|| bad(format, "IllegalFormatArgumentIndexException"))?,
                    None => {
                        next += 1;
                        next - 1
                    }
                };
                last = Some(index);
                let value = values
                    .get(index)
                    .ok_or_else(|| bad(format, "MissingFormatArgumentException"))?;
                let text = convert(run, &specifier, value)?
                    .ok_or_else(|| bad(format, "IllegalFormatConversionException"))?;
                pad(&specifier, &text, &mut out);
            }
        }
        run.spend(out.len() - before)?;
    }
    out.push_str(rest);
    run.spend(format.len())?;
    Ok(Value::text(out))
}

fn specifier(text: &str) -> Option<(Specifier, usize)> {
    let bytes = text.as_bytes();
    let mut specifier = Specifier {
        index: None,
        left: false,
        zero: false,
        plus: false,
        space: false,
        grouped: false,
        bracketed: false,
        alternate: false,
        width: 0,
        precision: None,
        conversion: ' ',
    };
    let mut at = 0;
    let number = |at: &mut usize| -> Option<usize> {
        let start = *at;
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        text[start..*at].parse().ok()
    };
    if bytes
        .first()
        .is_some_and(|byte| (b'1'..=b'9').contains(byte))
    {
        let mut past = 0;
        let index = number(&mut past);
        if bytes.get(past) == Some(&b'$') {
            specifier.index = index;
            at = past + 1;
        }
    }
    while let Some(flag) = bytes.get(at) {
        match flag {
            b'-' => specifier.left = true,
            b'0' => specifier.zero = true,
            b'+' => specifier.plus = true,
            b' ' => specifier.space = true,
            b',' => specifier.grouped = true,
            b'(' => specifier.bracketed = true,
            b'#' => specifier.alternate = true,
            _ => break,
        }
        at += 1;
    }
    if bytes.get(at).is_some_and(u8::is_ascii_digit) {
        specifier.width = number(&mut at)?;
    }
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        specifier.precision = Some(number(&mut at)?);
    }
    if specifier.width > WIDTH_MAX
        || specifier
            .precision
            .is_some_and(|precision| precision > WIDTH_MAX)
    {
        return None;
    }
    let conversion = text[at..].chars().next()?;
    specifier.conversion = conversion;
    "sSdxXofeEcCbBhHn%"
        .contains(conversion)
        .then_some((specifier, at + 1))
}

fn pad(specifier: &Specifier, text: &str, out: &mut String) {
    let length = text.encode_utf16().count();
    let fill = specifier.width.saturating_sub(length);
    if specifier.left {
        out.push_str(text);
        out.extend(std::iter::repeat_n(' ', fill));
    } else {
        out.extend(std::iter::repeat_n(' ', fill));
        out.push_str(text);
    }
}

fn convert<'a>(
    run: &mut Run<'a, '_>,
    specifier: &Specifier,
    value: &Value<'a>,
) -> Outcome<Option<String>> {
    let upper = specifier.conversion.is_ascii_uppercase();
    let text = match (specifier.conversion.to_ascii_lowercase(), value) {
        ('b', Value::Bool(flag)) => cut(specifier, &flag.to_string()),
        ('b', other) => cut(specifier, &(!other.is_null()).to_string()),
        (_, Value::Null) => cut(specifier, "null"),
        ('s', other) => cut(specifier, &run.text_of(other)?),
        ('h', other) => cut(specifier, &format!("{:x}", super::hash(other, 0))),
        ('d', Value::Int(_) | Value::Long(_) | Value::Big(_)) => {
            let digits = run.text_of(value)?;
            signed(specifier, &digits)
        }
        ('x', Value::Int(number)) => zeroed(specifier, format!("{number:x}")),
        ('x', Value::Long(number)) => zeroed(specifier, format!("{number:x}")),
        ('o', Value::Int(number)) => zeroed(specifier, format!("{number:o}")),
        ('o', Value::Long(number)) => zeroed(specifier, format!("{number:o}")),
        ('c', Value::Char(_)) => run.text_of(value)?.to_string(),
        ('c', Value::Int(code)) => match u32::try_from(*code).ok().and_then(char::from_u32) {
            Some(character) => character.to_string(),
            None => return Ok(None),
        },
        ('f', Value::Double(_)) => {
            let number = double_value(value).unwrap_or(0.0);
            signed(specifier, &fixed(number, specifier.precision.unwrap_or(6)))
        }
        ('e', Value::Double(number)) => {
            let text = format!("{number:.*e}", specifier.precision.unwrap_or(6));
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            signed(specifier, &format!("{digits}e{sign}{:02}", exponent.abs()))
        }
        _ => return Ok(None),
    };
    Ok(Some(if upper { text.to_uppercase() } else { text }))
}

/// Java rounds half up on the decimal digits that the double prints with.
fn fixed(number: f64, precision: usize) -> String {
    if !number.is_finite() {
        let mut text = String::new();
        crate::print::double(number, &mut text);
        return text;
    }
    let text = format!("{}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let keep = whole.len() + precision;
    let round_up = digits.get(keep).is_some_and(|digit| *digit >= b'5');
    digits.resize(keep, b'0');
    let mut whole_length = whole.len();
    if round_up {
        let mut at = keep;
        loop {
            if at == 0 {
                digits.insert(0, b'1');
                whole_length += 1;
                break;
            }
            at -= 1;
            if digits[at] == b'9' {
                digits[at] = b'0';
            } else {
                digits[at] += 1;
                break;
            }
        }
    }
    let mut out = String::new();
    if number.is_sign_negative() {
        out.push('-');
    }
    out.extend(
        digits[..whole_length]
            .iter()
            .map(|digit| char::from(*digit)),
    );
    if precision > 0 {
        out.push('.');
        out.extend(
            digits[whole_length..]
                .iter()
                .map(|digit| char::from(*digit)),
        );
    }
    out
}

fn cut(specifier: &Specifier, text: &str) -> String {
    match specifier.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    }
}

fn zeroed(specifier: &Specifier, digits: String) -> String {
    let prefix = match (
        specifier.alternate,
        specifier.conversion.to_ascii_lowercase(),
    ) {
        (true, 'x') => "0x",
        (true, _) => "0",
        _ => "",
    };
    let fill = if specifier.zero {
        specifier.width.saturating_sub(digits.len() + prefix.len())
    } else {
        0
    };
    format!("{prefix}{}{digits}", "0".repeat(fill))
}

fn signed(specifier: &Specifier, number: &str) -> String {
    let negative = number.starts_with('-');
    let mut digits = number.trim_start_matches('-').to_owned();
    if specifier.grouped {
        let whole = digits.find('.').unwrap_or(digits.len());
        let mut at = whole;
        while at > 3 {
            at -= 3;
            digits.insert(at, ',');
        }
    }
    let (before, after) = match (negative, specifier.bracketed) {
        (true, true) => ("(", ")"),
        (true, false) => ("-", ""),
        (false, _) if specifier.plus => ("+", ""),
        (false, _) if specifier.space => (" ", ""),
        _ => ("", ""),
    };
    let fill = if specifier.zero {
        specifier
            .width
            .saturating_sub(digits.len() + before.len() + after.len())
    } else {
        0
    };
    format!("{before}{}{digits}{after}", "0".repeat(fill))
}
