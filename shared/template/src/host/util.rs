//! `$util`: the functions of API Gateway. All take strings; anything else gives nothing.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::json;
use crate::methods::{Answer, threw};
use crate::run::{Outcome, Run};
use crate::value::{Entries, Value};

/// As Java's decoder: padding may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn call<'a>(run: &mut Run<'a, '_>, name: &str, arguments: &[Value<'a>]) -> Answer<'a> {
    let [Value::Text(text)] = arguments else {
        return Ok(None);
    };
    run.step(text.len() / 256)?;
    let answer = match name {
        "escapeJavaScript" => escape_java_script(text),
        "urlEncode" => url_encode(text),
        "urlDecode" => url_decode(text).ok_or_else(|| threw(name, "illegal % sequence"))?,
        "base64Encode" => BASE64.encode(text.as_bytes()),
        "base64Decode" => {
            let bytes = BASE64
                .decode(text.as_bytes())
                .map_err(|error| threw(name, error.to_string()))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        "parseJson" => {
            run.spend(text.len() * 16)?;
            let value = json::parse(text).map_err(|error| threw(name, error.to_string()))?;
            return kept(&value).map(Some);
        }
        _ => return Ok(None),
    };
    run.spend(answer.len())?;
    Ok(Some(Value::text(answer)))
}

/// A value with strings of its own: what was parsed may be gone before it.
fn kept<'a>(value: &Value<'_>) -> Outcome<Value<'a>> {
    Ok(match value {
        Value::Text(text) => Value::text(text.to_string()),
        Value::Bool(flag) => Value::Bool(*flag),
        Value::Int(number) => Value::Int(*number),
        Value::Long(number) => Value::Long(*number),
        Value::Double(number) => Value::Double(*number),
        Value::Big(number) => Value::Big(number.clone()),
        Value::List(list) => Value::list(
            list.kind,
            list.items
                .borrow()
                .iter()
                .map(kept)
                .collect::<Outcome<Vec<_>>>()?,
        ),
        Value::Map(map) => {
            let mut entries = Entries::default();
            for (key, value) in map.0.borrow().iter() {
                entries.put(kept(key)?, kept(value)?);
            }
            Value::map(entries)
        }
        Value::Part(part) => return kept(&part.opened()),
        _ => Value::Null,
    })
}

fn escape_java_script(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' | '/' => {
                out.push('\\');
                out.push(character);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='\u{7f}' => out.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
    out
}

fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

fn url_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                (digit()? * 16 + digit()?) as u8
            }
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
