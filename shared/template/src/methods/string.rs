//! `java.lang.String`. Positions count UTF-16 units; for ASCII, which is nearly all, those are bytes.

use std::rc::Rc;

use super::{Answer, format, give, null_pointer, pattern, threw};
use crate::run::{Outcome, Run};
use crate::value::{ListKind, Text, Value};

fn length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

/// The part between two positions, borrowed when the text is. Half of a pair alone becomes `?`.
pub(super) fn part<'a>(text: &Text<'a>, from: usize, to: usize) -> Text<'a> {
    if text.is_ascii() {
        return match text {
            Text::Borrowed(text) => Text::Borrowed(&text[from..to]),
            Text::Shared(text) => Text::from(text[from..to].to_owned()),
        };
    }
    let units = text.encode_utf16().skip(from).take(to - from);
    Text::from(
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or('?'))
            .collect::<String>(),
    )
}

fn byte_to_unit(text: &str, byte: usize) -> i32 {
    length(&text[..byte]) as i32
}

/// The byte where a position is, rounded up to a whole character.
fn unit_to_byte(text: &str, unit: usize) -> usize {
    if text.is_ascii() {
        return unit.min(text.len());
    }
    let mut units = 0;
    for (at, character) in text.char_indices() {
        if units >= unit {
            return at;
        }
        units += character.len_utf16();
    }
    text.len()
}

/// A text or a character, where Java takes a `CharSequence` or converts.
fn sequence<'a>(
    run: &mut Run<'a, '_>,
    value: &Value<'a>,
    method: &str,
) -> Outcome<Option<Text<'a>>> {
    match value {
        Value::Text(text) => Ok(Some(text.clone())),
        Value::Null => Err(null_pointer(method)),
        Value::Char(_) if method == "replace" => run.text_of(value).map(Some),
        _ => Ok(None),
    }
}

fn code_point(value: i32) -> Option<char> {
    u32::try_from(value).ok().and_then(char::from_u32)
}

fn first_from(text: &str, wanted: &str, from: i32) -> i32 {
    let from = usize::try_from(from).unwrap_or(0);
    let size = length(text);
    if from > size {
        return if wanted.is_empty() { size as i32 } else { -1 };
    }
    let start = unit_to_byte(text, from);
    text[start..]
        .find(wanted)
        .map_or(-1, |at| byte_to_unit(text, start + at))
}

fn last_to(text: &str, wanted: &str, from: i32) -> i32 {
    let Ok(from) = usize::try_from(from) else {
        return -1;
    };
    let end = unit_to_byte(text, from.saturating_add(length(wanted)));
    text[..end]
        .rfind(wanted)
        .map_or(-1, |at| byte_to_unit(text, at))
}

fn is_java_space(character: char) -> bool {
    character <= ' '
}

pub(super) fn call<'a>(
    run: &mut Run<'a, '_>,
    text: &Text<'a>,
    name: &str,
    arguments: &[Value<'a>],
) -> Answer<'a> {
    run.step(text.len() / 256)?;
    if let Some(answer) = plain(run, text, name, arguments)? {
        return give(answer);
    }
    match (name, arguments) {
        ("format", [Value::Text(format), values @ ..]) => {
            format::format(run, format, values).and_then(give)
        }
        ("formatted", values) => format::format(run, text, values).and_then(give),
        ("join", [Value::Text(separator), rest @ ..]) => join(run, separator, rest),
        ("valueOf" | "copyValueOf", [value]) if !value.is_null() => {
            run.text_of(value).map(|text| Some(Value::Text(text)))
        }
        ("matches", [wanted]) => match sequence(run, wanted, name)? {
            Some(wanted) => pattern::matches(run, text, &wanted).and_then(give),
            None => Ok(None),
        },
        ("replaceAll" | "replaceFirst", [wanted, with]) => {
            match (sequence(run, wanted, name)?, sequence(run, with, name)?) {
                (Some(wanted), Some(with)) => {
                    pattern::replace(run, text, &wanted, &with, name == "replaceAll").and_then(give)
                }
                _ => Ok(None),
            }
        }
        ("split", [wanted, rest @ ..]) => {
            let limit = match rest {
                [] => 0,
                [Value::Int(limit)] => *limit,
                _ => return Ok(None),
            };
            match sequence(run, wanted, name)? {
                Some(wanted) => pattern::split(run, text, &wanted, limit).and_then(give),
                None => Ok(None),
            }
        }
        (
            "contains"
            | "startsWith"
            | "endsWith"
            | "indexOf"
            | "lastIndexOf"
            | "concat"
            | "compareTo"
            | "compareToIgnoreCase"
            | "equalsIgnoreCase"
            | "contentEquals",
            [wanted, rest @ ..],
        ) => searching(run, text, name, wanted, rest),
        ("replace", [wanted, with]) => {
            match (sequence(run, wanted, name)?, sequence(run, with, name)?) {
                (Some(wanted), Some(with)) => {
                    let count = if wanted.is_empty() {
                        text.len() + 1
                    } else {
                        text.matches(&*wanted).count()
                    };
                    run.spend(text.len().saturating_add(count.saturating_mul(with.len())))?;
                    give(Value::text(text.replace(&*wanted, &with)))
                }
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// Methods that take no text.
fn plain<'a>(
    run: &mut Run<'a, '_>,
    text: &Text<'a>,
    name: &str,
    arguments: &[Value<'a>],
) -> Outcome<Option<Value<'a>>> {
    Ok(Some(match (name, arguments) {
        ("length", []) => Value::Int(length(text) as i32),
        ("isEmpty", []) => Value::Bool(text.is_empty()),
        ("isBlank", []) => Value::Bool(text.chars().all(char::is_whitespace)),
        ("hashCode", []) => Value::Int(super::hash(&Value::Text(text.clone()), 0)),
        ("intern", []) => Value::Text(text.clone()),
        ("trim", []) => {
            let trimmed = text.trim_matches(is_java_space);
            Value::Text(trimmed_part(text, trimmed))
        }
        ("strip", []) => Value::Text(trimmed_part(text, text.trim())),
        ("stripLeading", []) => Value::Text(trimmed_part(text, text.trim_start())),
        ("stripTrailing", []) => Value::Text(trimmed_part(text, text.trim_end())),
        ("toLowerCase", []) => {
            run.spend(text.len() * 2)?;
            if text.is_ascii() {
                in_ascii(text, str::make_ascii_lowercase)
            } else {
                Value::text(text.to_lowercase())
            }
        }
        ("toUpperCase", []) => {
            run.spend(text.len() * 2)?;
            if text.is_ascii() {
                in_ascii(text, str::make_ascii_uppercase)
            } else {
                Value::text(text.to_uppercase())
            }
        }
        ("getBytes", []) => {
            let bytes = text
                .bytes()
                .map(|byte| Value::Int(i32::from(byte.cast_signed())))
                .collect();
            run.new_list(ListKind::Array, bytes)?
        }
        ("charAt" | "codePointAt", [Value::Int(at)]) => {
            let unit = usize::try_from(*at).ok().and_then(|at| {
                if text.is_ascii() {
                    text.as_bytes().get(at).map(|byte| u16::from(*byte))
                } else {
                    text.encode_utf16().nth(at)
                }
            });
            let unit =
                unit.ok_or_else(|| threw(name, format!("index {at}, length {}", length(text))))?;
            if name == "charAt" {
                Value::Char(unit)
            } else {
                Value::Int(i32::from(unit))
            }
        }
        ("substring" | "subSequence", [Value::Int(from), rest @ ..]) => {
            let size = length(text);
            let to = match rest {
                [] if name == "substring" => size as i32,
                [Value::Int(to)] => *to,
                _ => return Ok(None),
            };
            match (usize::try_from(*from), usize::try_from(to)) {
                (Ok(from), Ok(to)) if from <= to && to <= size => {
                    run.spend(to - from)?;
                    Value::Text(part(text, from, to))
                }
                _ => {
                    return Err(threw(
                        name,
                        format!("begin {from}, end {to}, length {size}"),
                    ));
                }
            }
        }
        ("repeat", [Value::Int(count)]) => {
            let count = usize::try_from(*count)
                .map_err(|_| threw(name, format!("count is negative: {count}")))?;
            run.spend(text.len().saturating_mul(count))?;
            Value::text(text.repeat(count))
        }
        _ => return Ok(None),
    }))
}

/// A copy, changed in its place.
fn in_ascii<'a>(text: &str, change: impl Fn(&mut str)) -> Value<'a> {
    let mut copy: Rc<str> = text.into();
    if let Some(copy) = Rc::get_mut(&mut copy) {
        change(copy);
    }
    Value::Text(Text::Shared(copy))
}

fn trimmed_part<'a>(text: &Text<'a>, trimmed: &str) -> Text<'a> {
    if trimmed.len() == text.len() {
        return text.clone();
    }
    match text {
        Text::Borrowed(whole) => {
            let start = trimmed.as_ptr().addr() - whole.as_ptr().addr();
            Text::Borrowed(&whole[start..start + trimmed.len()])
        }
        Text::Shared(_) => Text::from(trimmed.to_owned()),
    }
}

fn searching<'a>(
    run: &mut Run<'a, '_>,
    text: &Text<'a>,
    name: &str,
    wanted: &Value<'a>,
    rest: &[Value<'a>],
) -> Answer<'a> {
    let from = match rest {
        [] => None,
        [Value::Int(from)] if matches!(name, "startsWith" | "indexOf" | "lastIndexOf") => {
            Some(*from)
        }
        _ => return Ok(None),
    };
    if name == "equalsIgnoreCase" && wanted.is_null() {
        return give(Value::Bool(false));
    }
    let wanted = match (name, wanted) {
        ("indexOf" | "lastIndexOf", Value::Int(code)) => match code_point(*code) {
            Some(character) => Text::from(character.to_string()),
            None => return give(Value::Int(-1)),
        },
        _ => match sequence(run, wanted, name)? {
            Some(wanted) => wanted,
            None => return Ok(None),
        },
    };
    let compared = |left: &str, right: &str| -> i32 {
        let mut lefts = left.encode_utf16();
        let mut rights = right.encode_utf16();
        loop {
            match (lefts.next(), rights.next()) {
                (Some(left), Some(right)) if left == right => {}
                (Some(left), Some(right)) => return i32::from(left) - i32::from(right),
                _ => return length(left) as i32 - length(right) as i32,
            }
        }
    };
    give(match name {
        "contains" => Value::Bool(text.contains(&*wanted)),
        "contentEquals" => Value::Bool(**text == *wanted),
        "startsWith" => match from {
            None => Value::Bool(text.starts_with(&*wanted)),
            Some(from) => Value::Bool(usize::try_from(from).is_ok_and(|from| {
                from <= length(text) && text[unit_to_byte(text, from)..].starts_with(&*wanted)
            })),
        },
        "endsWith" => Value::Bool(text.ends_with(&*wanted)),
        "indexOf" => Value::Int(first_from(text, &wanted, from.unwrap_or(0))),
        "lastIndexOf" => Value::Int(last_to(text, &wanted, from.unwrap_or(i32::MAX))),
        "concat" => {
            run.spend(text.len() + wanted.len())?;
            Value::text(format!("{}{}", &**text, &*wanted))
        }
        "compareTo" => Value::Int(compared(text, &wanted)),
        "compareToIgnoreCase" => Value::Int(compared(&text.to_lowercase(), &wanted.to_lowercase())),
        _ => Value::Bool(text.to_lowercase() == wanted.to_lowercase()),
    })
}

fn join<'a>(run: &mut Run<'a, '_>, separator: &Text<'a>, rest: &[Value<'a>]) -> Answer<'a> {
    let items: Vec<Value<'a>> = match rest {
        [Value::List(list)] => list.items.borrow().clone(),
        values
            if values
                .iter()
                .all(|value| matches!(value, Value::Text(_) | Value::Null)) =>
        {
            values.to_vec()
        }
        _ => return Ok(None),
    };
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        run.step(1)?;
        if index > 0 {
            out.push_str(separator);
        }
        match item {
            Value::Text(_) | Value::Null => run.print_into(item, &mut out)?,
            _ => return Err(threw("join", "ClassCastException")),
        }
        run.spend(separator.len())?;
    }
    give(Value::text(out))
}
