//! Typed inputs, read from the members of a request.
//!
//! Members come from three places: the path, the query string and the body. The first two are text, the body is JSON; an input
//! asks for what it needs and does not see where it came from.

use super::constraints::{input_name, missing};
use super::deserialize::{InputError, MembersDeserializer};
use super::{Failure, Violations};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

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
        P::deserialize(MembersDeserializer::new(members)).map_err(|error| match error {
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

impl<A: Input, B: Input, C: Input> Input for (A, B, C) {
    fn read(operation: &str, members: &Members) -> Result<Self, Failure> {
        let first = A::read(operation, members)?;
        Ok((
            first,
            B::read(operation, members)?,
            C::read(operation, members)?,
        ))
    }

    fn check(&self, violations: &mut Violations) {
        self.2.check(violations);
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
