//! Reading typed inputs, with the service's words for JSON of a wrong type.
//!
//! Members come from three places: the path, the query string and the body. The first two are text, and become what the input
//! asks for; the body is JSON, and a value of another type than asked for is refused as the service's own parser does.

use super::constraints::{input_name, missing};
use super::{Failure, Violations};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Where a member came from, and what it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Member {
    /// From the path or the query string; a name may come more than once in a query string.
    Text(Vec<String>),
    Json(Value),
}

pub(crate) type Members = BTreeMap<String, Member>;

/// One part of an operation's input.
pub(crate) trait Part: DeserializeOwned {
    fn constraints(&self, violations: &mut Violations) {
        let _ = violations;
    }
}

/// The whole input of an operation: a part, or a pair of them (what is addressed, and what is said about it).
pub(crate) trait Input: Sized {
    fn read(operation: &str, members: &Members) -> Result<Self, Failure>;
    fn check(&self, violations: &mut Violations);
}

impl<P: Part> Input for P {
    fn read(operation: &str, members: &Members) -> Result<Self, Failure> {
        P::deserialize(MembersDeserializer(members)).map_err(|error| match error {
            InputError::WrongType(message) => Failure::serialization(message),
            InputError::Missing(path) => {
                Failure::validation(&[missing(&format!("{}.{path}", input_name(operation)))])
            }
        })
    }

    fn check(&self, violations: &mut Violations) {
        self.constraints(violations);
    }
}

impl<A: Input, B: Input> Input for (A, B) {
    fn read(operation: &str, members: &Members) -> Result<Self, Failure> {
        Ok((A::read(operation, members)?, B::read(operation, members)?))
    }

    /// What is said comes before what is addressed: the service's order.
    fn check(&self, violations: &mut Violations) {
        self.1.check(violations);
        self.0.check(violations);
    }
}

/// Reads an input, and checks everything that is checked before the service looks at it.
pub(crate) fn read<I: Input>(operation: &str, members: &Members) -> Result<I, Failure> {
    let input = I::read(operation, members)?;
    let mut violations = Violations::of(operation);
    input.check(&mut violations);
    violations.finish()?;
    Ok(input)
}

#[derive(Debug, PartialEq)]
enum InputError {
    WrongType(String),
    /// The path of the member; empty for the value itself, until whoever holds it adds its name.
    Missing(String),
}

impl InputError {
    fn within(self, name: &str) -> Self {
        match self {
            Self::Missing(path) if path.is_empty() => Self::Missing(name.to_owned()),
            Self::Missing(path) => Self::Missing(format!("{name}.{path}")),
            wrong => wrong,
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

struct MembersDeserializer<'a>(&'a Members);

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

impl<'a, I, H> Entries<'a, I, H> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Kind;
    use postern_definition::Map;
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Everything {
        text: Option<String>,
        flag: Option<bool>,
        number: Option<i64>,
        fraction: Option<f64>,
        list: Option<Vec<String>>,
        map: Option<Map<String>>,
        flags: Option<Map<bool>>,
        nested: Option<Nested>,
        many: Option<Vec<Nested>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Nested {
        name: String,
    }

    impl Part for Everything {}
    impl Part for Nested {}

    fn body(value: Value) -> Members {
        let Value::Object(members) = value else {
            panic!("an object")
        };
        members
            .into_iter()
            .map(|(name, value)| (name, Member::Json(value)))
            .collect()
    }

    #[test]
    fn json_of_a_wrong_type_is_refused_in_the_words_of_the_service() {
        for (members, message) in [
            (
                json!({"text": true}),
                "class java.lang.Boolean can not be converted to an String",
            ),
            (
                json!({"text": 1}),
                "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String",
            ),
            (
                json!({"map": {"a": true}}),
                "class java.lang.Boolean can not be converted to an String",
            ),
            (
                json!({"flags": {"a": "true"}}),
                "class java.lang.String can not be converted to an Boolean",
            ),
            (
                json!({"number": "1"}),
                "class java.lang.String can not be converted to an Integer",
            ),
            (
                json!({"text": []}),
                "Start of list found where not expected",
            ),
            (
                json!({"text": {}}),
                "Start of structure or map found where not expected.",
            ),
            (json!({"list": "a"}), "Expected list or null"),
            (json!({"nested": 1}), "Expected map or null"),
            (
                json!({"nested": []}),
                "Start of list found where not expected",
            ),
        ] {
            let failure = read::<Everything>("PutThing", &body(members.clone())).unwrap_err();
            assert_eq!(
                (failure.kind, failure.message.as_str()),
                (Kind::Serialization, message),
                "{members}"
            );
        }
    }

    #[test]
    fn null_and_absent_are_the_same_and_unknown_members_are_ignored() {
        let members = body(json!({"text": null, "nested": null, "unheard": {"of": [1]}}));
        assert_eq!(
            read::<Everything>("PutThing", &members).unwrap(),
            Everything::default()
        );
    }

    #[test]
    fn a_member_that_must_be_there_is_named_by_its_path() {
        for (members, at) in [
            (json!({"nested": {}}), "putThingInput.nested.name"),
            (
                json!({"nested": {"name": null}}),
                "putThingInput.nested.name",
            ),
            (
                json!({"many": [{"name": "a"}, {}]}),
                "putThingInput.many.2.member.name",
            ),
        ] {
            let failure = read::<Everything>("PutThing", &body(members)).unwrap_err();
            assert_eq!(failure.kind, Kind::Validation);
            assert_eq!(
                failure.message,
                format!(
                    "1 validation error detected: Value null at '{at}' failed to satisfy constraint: Member must not be null"
                )
            );
        }
        let failure = read::<Nested>("PutThing", &Members::new()).unwrap_err();
        assert!(
            failure.message.contains("'putThingInput.name'"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn text_becomes_what_is_asked_for() {
        let text = |values: &[&str]| Member::Text(values.iter().map(ToString::to_string).collect());
        let members = Members::from([
            ("text".to_owned(), text(&["first", "last"])),
            ("flag".to_owned(), text(&["True"])),
            ("number".to_owned(), text(&["-7"])),
            ("fraction".to_owned(), text(&["0.5"])),
            ("list".to_owned(), text(&["a", "b"])),
        ]);
        assert_eq!(
            read::<Everything>("GetThing", &members).unwrap(),
            Everything {
                text: Some("last".to_owned()),
                flag: Some(true),
                number: Some(-7),
                fraction: Some(0.5),
                list: Some(vec!["a".to_owned(), "b".to_owned()]),
                ..Everything::default()
            }
        );
    }

    #[test]
    fn a_number_is_truncated() {
        for (number, expected) in [
            (json!(1.9), 1),
            (json!(-1.9), -1),
            (json!(1e300), i64::MAX),
            (json!(u64::MAX), i64::MAX),
        ] {
            let read = read::<Everything>("PutThing", &body(json!({ "number": number }))).unwrap();
            assert_eq!(read.number, Some(expected));
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(
                    prop_oneof![
                        Just("text"),
                        Just("flag"),
                        Just("number"),
                        Just("fraction"),
                        Just("list"),
                        Just("map"),
                        Just("flags"),
                        Just("nested"),
                        Just("many"),
                        Just("name"),
                        Just("other")
                    ]
                    .prop_map(str::to_owned),
                    inner,
                    0..6
                )
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_or_refused_with_a_typed_failure(value in any_json()) {
            if let Value::Object(_) = value
                && let Err(failure) = read::<Everything>("PutThing", &body(value))
            {
                prop_assert!(matches!(failure.kind, Kind::Serialization | Kind::Validation));
                prop_assert!(!failure.message.is_empty());
            }
        }
    }
}
