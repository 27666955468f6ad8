//! Values of attributes, as DynamoDB's JSON has them.
//!
//! Bodies are written into a request, and read out of an answer, without a text of their own in between: they are by far the
//! most of what travels.

use base64::display::Base64Display;
use base64::engine::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// In digits, as it travels.
    Number(String),
    Binary(Bytes),
    /// Of a type that Postern does not write. Read only.
    Other,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.collect_map([("S", text)]),
            Self::Number(digits) => serializer.collect_map([("N", digits)]),
            Self::Binary(bytes) => serializer.collect_map([("B", Base64(bytes))]),
            Self::Other => Err(S::Error::custom("a value that was not understood")),
        }
    }
}

struct Base64<'b>(&'b [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of an attribute under the name of its type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        #[derive(Deserialize)]
        enum Type {
            S,
            N,
            B,
            #[serde(other)]
            Other,
        }
        let value = match map.next_key()? {
            None => return Err(A::Error::custom("a value has no type")),
            Some(Type::S) => Value::Text(map.next_value()?),
            Some(Type::N) => Value::Number(map.next_value()?),
            Some(Type::B) => Value::Binary(map.next_value::<Decoded>()?.0),
            Some(Type::Other) => {
                map.next_value::<IgnoredAny>()?;
                Value::Other
            }
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom("a value has more than one type")),
        }
    }
}

struct Decoded(Bytes);

impl<'de> Deserialize<'de> for Decoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Base64Visitor;
        impl Visitor<'_> for Base64Visitor {
            type Value = Decoded;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decoded, E> {
                let bytes = STANDARD.decode(text).map_err(E::custom)?;
                Ok(Decoded(bytes.into()))
            }
        }
        deserializer.deserialize_str(Base64Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_read_whatever_their_type() {
        for (text, expected) in [
            (r#"{"S": "a\u00e9\/"}"#, Some(Value::Text("aé/".to_owned()))),
            (r#"{"N": "1.5"}"#, Some(Value::Number("1.5".to_owned()))),
            (
                r#"{"B": "AP8/"}"#,
                Some(Value::Binary(Bytes::from_static(b"\0\xff?"))),
            ),
            (
                r#"{"B": "AP8\/"}"#,
                Some(Value::Binary(Bytes::from_static(b"\0\xff?"))),
            ),
            (r#"{"B": ""}"#, Some(Value::Binary(Bytes::new()))),
            (r#"{"NULL": true}"#, Some(Value::Other)),
            (r#"{"M": {"x": {"L": [{"S": "y"}]}}}"#, Some(Value::Other)),
            (r#"{"SOMETHING NEW": 1}"#, Some(Value::Other)),
            (r"{}", None),
            (r#"{"S": "a", "N": "1"}"#, None),
            (r#"{"S": 1}"#, None),
            (r#"{"N": 1}"#, None),
            (r#"{"B": "A"}"#, None),
            (r#"{"B": ["AP8/"]}"#, None),
            (r#""a""#, None),
        ] {
            assert_eq!(serde_json::from_str(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn what_was_not_understood_is_not_written() {
        assert!(serde_json::to_string(&Value::Other).is_err());
    }

    proptest! {
        #[test]
        fn a_value_comes_back_as_it_was_sent(
            text in any::<String>(),
            binary in proptest::collection::vec(any::<u8>(), 0..3_000),
        ) {
            for value in [Value::Text(text.clone()), Value::Number(text), Value::Binary(binary.into())] {
                let sent = serde_json::to_vec(&value).unwrap();
                prop_assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), value);
            }
        }
    }
}
