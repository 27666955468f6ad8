//! JSON in which every name stands once, and which is not deep.
//!
//! Of two members of one name, one reader takes the first and another the last: a token that is read in two ways can be found
//! good in one and used in the other.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Lists and objects within each other at most.
const DEPTH_MAX: u8 = 16;

/// The members of an object, and of nothing else.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { left: DEPTH_MAX }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(serde_json::Error::custom("it is no object")),
    }
}

#[derive(Clone, Copy)]
struct Strict {
    left: u8,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let left = self.left.checked_sub(1);
        let left = left.ok_or_else(|| E::custom("it is too deep"))?;
        Ok(Self { left })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number is not finite"))?;
        Ok(number.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(deeper)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let value = object.next_value_seed(deeper)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_whose_names_stand_once_is_read() {
        let deep = |depth: usize| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"a":{open}{close}}}"#)
        };
        for (text, is_good) in [
            ("{}".to_owned(), true),
            (
                r#" {"a":[1,-1,1.5,true,null,"x",{"a":1}]} "#.to_owned(),
                true,
            ),
            (deep(15), true),
            (deep(16), false),
            (deep(10_000), false),
            (r#"{"a":1,"a":1}"#.to_owned(), false),
            (r#"{"a":1,"\u0061":1}"#.to_owned(), false),
            (r#"{"b":[{"a":1,"a":2}]}"#.to_owned(), false),
            ("[]".to_owned(), false),
            ("{} {}".to_owned(), false),
            (r#"{"a":1e999}"#.to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(object(text.as_bytes()).is_ok(), is_good, "{text:.40}");
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
    }
}
