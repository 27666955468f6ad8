//! JSON as templates see it: read once, into values that borrow from its text.
//!
//! Strings without escapes, which is nearly all, are slices of the body; numbers become what Java's parser makes of
//! them: Integer, Long, BigInteger or Double.

use crate::document;
use crate::value::{Entries, ListKind, Value};

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {at}")]
pub struct BadJson {
    /// Where it stops making sense.
    pub at: usize,
}

/// Reads one JSON value that fills `text`.
pub fn parse(text: &str) -> Result<Value<'_>, BadJson> {
    document::read(text).map_err(|at| BadJson { at })
}

/// The members of an object as variables for a template, with lists as Java's own, which print as `[a, b]`.
pub fn java<'a>(document: &Value<'a>) -> Vec<(String, Value<'a>)> {
    let Value::Map(map) = document.clone().opened() else {
        return Vec::new();
    };
    map.0
        .borrow()
        .iter()
        .filter_map(|(key, value)| match key {
            Value::Text(name) => Some((name.to_string(), as_java(value))),
            _ => None,
        })
        .collect()
}

fn as_java<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::List(list) => Value::list(
            ListKind::Java,
            list.items.borrow().iter().map(as_java).collect(),
        ),
        Value::Map(map) => {
            let mut entries = Entries::default();
            for (key, value) in map.0.borrow().iter() {
                entries.put(key.clone(), as_java(value));
            }
            Value::map(entries)
        }
        Value::Part(part) => as_java(&part.opened()),
        other => other.clone(),
    }
}
