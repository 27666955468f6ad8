//! How members become typed values, with the service's words for JSON of a wrong type.
//!
//! Text becomes what is asked for; JSON of another type than asked for is refused as the service's own parser does.

use super::{Member, Members};
use serde::de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};
use std::fmt;

/// Why members are not what an input asks for.
#[derive(Debug, PartialEq)]
pub(super) enum InputError {
    WrongType(String),
    /// The path of the member; empty for the value itself, until whoever holds it adds its name.
    Missing(String),
}

impl InputError {
    fn within(self, name: &str) -> Self {
        match self {
            Self::Missing(path) if path.is_empty() => Self::Missing(name.to_owned()),
            Self::Missing(path) => Self::Missing(format!("{name}.{path}")),
            Self::WrongType(message) => Self::WrongType(message),
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongType(message) => f.write_str(message),
            Self::Missing(path) => write!(f, "{path} is missing"),
        }
    }
}

impl std::error::Error for InputError {}

impl serde::de::Error for InputError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::WrongType(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field.to_owned())
    }
}

fn wrong(found: &Value, wanted: &str) -> InputError {
    let class = match found {
        Value::Null => return InputError::Missing(String::new()),
        Value::Bool(_) => "java.lang.Boolean",
        Value::Number(_) => "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
        Value::String(_) => "java.lang.String",
        Value::Array(_) => {
            return InputError::WrongType("Start of list found where not expected".to_owned());
        }
        Value::Object(_) => {
            return InputError::WrongType(
                "Start of structure or map found where not expected.".to_owned(),
            );
        }
    };
    InputError::WrongType(format!("class {class} can not be converted to an {wanted}"))
}

fn not_a_container(found: &Value, wanted: &str) -> InputError {
    match found {
        Value::Null | Value::Array(_) | Value::Object(_) => wrong(found, wanted),
        _ => InputError::WrongType(format!("Expected {wanted} or null")),
    }
}

/// Fractions are cut off and what is out of range stays at its end, as a truncating number does.
fn truncated(number: &Number) -> i64 {
    number
        .as_i64()
        .or_else(|| number.as_u64().map(|_| i64::MAX))
        .or_else(|| number.as_f64().map(|float| float as i64))
        .unwrap_or_default()
}

/// The whole of a request's members.
pub(super) struct MembersDeserializer<'a>(&'a Members);

impl<'a> MembersDeserializer<'a> {
    pub(super) fn new(members: &'a Members) -> Self {
        Self(members)
    }
}

impl<'de> serde::Deserializer<'de> for MembersDeserializer<'_> {
    type Error = InputError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_map(Entries::new(self.0.iter()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct JsonDeserializer<'a>(&'a Value);

impl<'de> serde::Deserializer<'de> for JsonDeserializer<'_> {
    type Error = InputError;

    /// Whatever it is. Only inputs that keep JSON as JSON ask so.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => visitor.visit_i64(value),
                (None, Some(value)) => visitor.visit_u64(value),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_str(text),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Bool(value) => visitor.visit_bool(*value),
            other => Err(wrong(other, "Boolean")),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Number(number) => visitor.visit_i64(truncated(number)),
            other => Err(wrong(other, "Integer")),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Number(number) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            other => Err(wrong(other, "Double")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::String(text) => visitor.visit_str(text),
            other => Err(wrong(other, "String")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, InputError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.iter(),
                index: 0,
            }),
            other => Err(not_a_container(other, "list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Object(members) => visitor.visit_map(Entries::new(members.iter())),
            other => Err(not_a_container(other, "map")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InputError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 u32 u64 f32 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
    }
}

/// Text that becomes what is asked for.
struct TextDeserializer<'a>(&'a [String]);

impl TextDeserializer<'_> {
    /// A name that comes twice in a query string means its last value.
    fn text(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    fn number<T: std::str::FromStr>(&self, wanted: &str) -> Result<T, InputError> {
        self.text()
            .parse()
            .map_err(|_| wrong(&Value::String(String::new()), wanted))
    }
}

impl<'de> serde::Deserializer<'de> for TextDeserializer<'_> {
    type Error = InputError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_str(self.text())
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_bool(self.text().eq_ignore_ascii_case("true"))
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_i64(self.number("Integer")?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_f64(self.number("Double")?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, InputError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_seq(serde::de::value::SeqDeserializer::new(
            self.0.iter().map(String::as_str),
        ))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 u32 u64 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct enum
        identifier ignored_any
    }
}

/// What stands behind a name, so that one access serves both the members of a request and JSON objects.
trait Held {
    fn read<'de, S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, InputError>;
}

impl Held for Member {
    fn read<'de, S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, InputError> {
        match self {
            Self::Text(values) => seed.deserialize(TextDeserializer(values)),
            Self::Json(value) => value.read(seed),
        }
    }
}

impl Held for Value {
    fn read<'de, S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, InputError> {
        seed.deserialize(JsonDeserializer(self))
    }
}

struct Entries<'a, I, H> {
    entries: I,
    current: Option<(&'a String, &'a H)>,
}

impl<I, H> Entries<'_, I, H> {
    fn new(entries: I) -> Self {
        Self {
            entries,
            current: None,
        }
    }
}

impl<'a, 'de, I: Iterator<Item = (&'a String, &'a H)>, H: Held> MapAccess<'de>
    for Entries<'a, I, H>
{
    type Error = InputError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, InputError> {
        self.current = self.entries.next();
        self.current
            .map(|(name, _)| seed.deserialize(name.as_str().into_deserializer()))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, InputError> {
        let (name, held) = self
            .current
            .ok_or_else(|| InputError::custom("a value was asked for before its name"))?;
        held.read(seed).map_err(|error| error.within(name))
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Value>,
    /// From one, as the service counts.
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = InputError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, InputError> {
        self.index += 1;
        self.items
            .next()
            .map(|item| {
                item.read(seed)
                    .map_err(|error| error.within(&format!("{}.member", self.index)))
            })
            .transpose()
    }
}
