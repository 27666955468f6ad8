//! What an item looks like in DynamoDB, and how it is read back.

use super::value::Value;
use super::wire::Attributes;
use bytes::Bytes;
use postern_store::{Item, Key, StoreError};
use std::collections::BTreeMap;

pub(super) const PARTITION: &str = "p";
pub(super) const SORT: &str = "s";
pub(super) const FORMAT: &str = "v";
pub(super) const REVISION: &str = "r";
pub(super) const BODY: &str = "b";
pub(super) const EXPIRY: &str = "ttl";
const COUNTER_PREFIX: &str = "c:";

/// The format that this build writes, and the newest that it reads.
pub(super) const FORMAT_VERSION: u64 = 1;

pub(super) fn counter(name: &str) -> String {
    format!("{COUNTER_PREFIX}{name}")
}

pub(super) fn number(number: impl ToString) -> Value {
    Value::Number(number.to_string())
}

pub(super) fn key(key: &Key) -> Attributes {
    Attributes::from([
        (PARTITION.into(), Value::Text(key.partition.clone())),
        (SORT.into(), Value::Text(key.sort.clone())),
    ])
}

/// A first revision, where no item under the same key has been: by chance, so that nothing is remembered of items that were
/// deleted. The upper half is left free to count into.
pub(super) fn first_revision() -> u64 {
    rand::random::<u64>() >> 1
}

/// All of a new item but its body and counters.
pub(super) fn new_item(name: &Key, revision: u64, expires_at: Option<u64>) -> Attributes {
    let mut item = key(name);
    item.insert(FORMAT.into(), number(FORMAT_VERSION));
    item.insert(REVISION.into(), number(revision));
    if let Some(expires_at) = expires_at {
        item.insert(EXPIRY.into(), number(expires_at));
    }
    item
}

pub(super) fn sort(attributes: &Attributes) -> Option<&str> {
    match attributes.get(SORT)? {
        Value::Text(sort) => Some(sort),
        _ => None,
    }
}

pub(super) fn revision(attributes: &Attributes) -> Option<u64> {
    whole(attributes.get(REVISION)?).ok()
}

/// An expiry that is no number is none: DynamoDB does not expire such an item either.
pub(super) fn is_live(attributes: &Attributes, now: u64) -> bool {
    expiry(attributes).is_none_or(|expiry| expiry > now)
}

fn expiry(attributes: &Attributes) -> Option<u64> {
    whole(attributes.get(EXPIRY)?).ok()
}

/// The item, unless it has expired.
pub(super) fn item(
    mut attributes: Attributes,
    key: Key,
    now: u64,
) -> Result<Option<Item>, StoreError> {
    if !is_live(&attributes, now) {
        return Ok(None);
    }
    let corrupt = |reason: String| StoreError::Corrupt {
        partition: key.partition.clone(),
        sort: key.sort.clone(),
        reason,
    };
    match attributes.get(FORMAT).map(whole::<u64>) {
        Some(Ok(1..=FORMAT_VERSION)) => {}
        Some(Ok(other)) => {
            return Err(corrupt(format!(
                "its format {other} is not known to this version of Postern; update Postern"
            )));
        }
        _ => return Err(corrupt("it was not written by Postern".to_owned())),
    }
    let revision = revision(&attributes).ok_or_else(|| corrupt("it has no revision".to_owned()))?;
    let expires_at = expiry(&attributes);
    let counters = counters(&attributes).map_err(corrupt)?;
    let body = match attributes.remove(BODY) {
        None => Bytes::new(),
        Some(Value::Binary(body)) => body,
        Some(_) => return Err(corrupt("its body is not binary".to_owned())),
    };
    Ok(Some(Item {
        key,
        body,
        revision,
        expires_at,
        counters,
    }))
}

/// DynamoDB adds without end; what no longer fits is held at the end it ran past.
pub(super) fn counters(attributes: &Attributes) -> Result<BTreeMap<String, i64>, String> {
    attributes
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(COUNTER_PREFIX)?, value)))
        .map(|(name, value)| {
            let value: i128 =
                whole(value).map_err(|()| format!("its counter `{name}` is no number"))?;
            let value = value.clamp(i64::MIN.into(), i64::MAX.into());
            Ok((name.to_owned(), value as i64))
        })
        .collect()
}

fn whole<T: std::str::FromStr>(value: &Value) -> Result<T, ()> {
    let Value::Number(digits) = value else {
        return Err(());
    };
    digits.parse().map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(attributes: &[(&str, Value)]) -> Attributes {
        let mut item = new_item(&Key::new("p", "s"), 7, None);
        for (name, value) in attributes {
            item.insert((*name).to_owned().into(), value.clone());
        }
        item
    }

    fn read(attributes: &[(&str, Value)]) -> Result<Option<Item>, StoreError> {
        item(stored(attributes), Key::new("p", "s"), 100)
    }

    #[test]
    fn an_item_is_read_back() {
        let found = read(&[
            ("b", Value::Binary(Bytes::from_static(b"body"))),
            ("ttl", number(101)),
            ("c:spent", number(-3)),
            ("c:", number(1)),
            ("another", Value::Text("later".to_owned())),
        ]);
        assert_eq!(
            found.unwrap().unwrap(),
            Item {
                key: Key::new("p", "s"),
                body: Bytes::from_static(b"body"),
                revision: 7,
                expires_at: Some(101),
                counters: BTreeMap::from([("spent".to_owned(), -3), (String::new(), 1)]),
            }
        );
    }

    #[test]
    fn an_item_is_gone_when_its_time_has_come() {
        for (ttl, is_there) in [(99, false), (100, false), (101, true)] {
            let found = read(&[("ttl", number(ttl))]).unwrap();
            assert_eq!(found.is_some(), is_there, "{ttl}");
        }
    }

    #[test]
    fn a_counter_that_ran_past_its_end_is_held_there() {
        for (digits, expected) in [
            ("9223372036854775808", i64::MAX),
            ("-9223372036854775809", i64::MIN),
            ("99999999999999999999999999999999999999", i64::MAX),
        ] {
            let found = read(&[("c:n", Value::Number(digits.to_owned()))]).unwrap();
            assert_eq!(found.unwrap().counters["n"], expected, "{digits}");
        }
    }

    #[test]
    fn an_item_that_cannot_be_read_says_why() {
        let text = Value::Text("x".to_owned());
        for (attribute, reason) in [
            (
                ("v", number(2)),
                "its format 2 is not known to this version of Postern; update Postern",
            ),
            (("v", text.clone()), "it was not written by Postern"),
            (("r", text.clone()), "it has no revision"),
            (("b", text.clone()), "its body is not binary"),
            (("b", Value::Other), "its body is not binary"),
            (("c:n", text), "its counter `n` is no number"),
        ] {
            assert_eq!(
                read(&[attribute]).unwrap_err().to_string(),
                format!("the item `p` `s` cannot be read: {reason}")
            );
        }
    }
}
