//! What a body holds, read once. Texts without escapes borrow from the body.

use crate::number::Number;
use crate::read;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// A JSON value. No object has two members of one name. Those of more than [`MEMBERS_AS_WRITTEN`] are in the order of their names,
/// so that they are found by halving; few are found as quickly by looking at each.
#[derive(Clone, Debug)]
pub struct Instance<'b>(pub(crate) Content<'b>);

#[derive(Clone, Debug)]
pub(crate) enum Content<'b> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'b, str>),
    List(Box<[Instance<'b>]>),
    Object(Box<[Member<'b>]>),
}

pub(crate) type Member<'b> = (Cow<'b, str>, Instance<'b>);

/// So many members are not put in order.
const MEMBERS_AS_WRITTEN: usize = 16;

/// Members as an object holds them. Of those of the same name the last counts.
pub(crate) fn distinct(mut members: Vec<Member<'_>>) -> Box<[Member<'_>]> {
    let few = members.len() <= MEMBERS_AS_WRITTEN;
    let mut told = members.iter().enumerate();
    let is_new = |(place, (name, _)): (usize, &Member<'_>)| {
        let same = |(other, _): &Member<'_>| **other == **name;
        !members[..place].iter().any(same)
    };
    if few && told.all(is_new) {
        return members.into();
    }
    // It keeps the order of those of the same name.
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    members.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
    members.into()
}

/// In the order of their names, in which they are told and compared.
pub(crate) fn by_name<'i, 'b>(members: &'i [Member<'b>]) -> impl Iterator<Item = &'i Member<'b>> {
    let mut places: [usize; MEMBERS_AS_WRITTEN] = std::array::from_fn(|place| place);
    if let Some(places) = places.get_mut(..members.len()) {
        places.sort_unstable_by(|a, b| members[*a].0.cmp(&members[*b].0));
    }
    (0..members.len()).map(move |at| &members[places.get(at).copied().unwrap_or(at)])
}

impl<'b> Instance<'b> {
    /// `None` where the body is not JSON, or nests deeper than 127 levels.
    pub fn parse(body: &'b [u8]) -> Option<Self> {
        read::read(body)
    }

    /// What an empty body counts as.
    pub fn empty_object() -> Self {
        Self(Content::Object(Box::default()))
    }

    pub(crate) fn of(value: &Value) -> Instance<'static> {
        Instance(match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(*value),
            Value::Number(number) => Content::Number(Number::of(number)),
            Value::String(text) => Content::Text(Cow::Owned(text.clone())),
            Value::Array(items) => Content::List(items.iter().map(Instance::of).collect()),
            Value::Object(members) => {
                let members = members.iter();
                let members =
                    members.map(|(name, value)| (Cow::Owned(name.clone()), Instance::of(value)));
                Content::Object(distinct(members.collect()))
            }
        })
    }

    /// An order in which equal values are neighbours.
    pub(crate) fn order(&self, other: &Instance<'_>) -> Ordering {
        match (&self.0, &other.0) {
            (Content::Bool(a), Content::Bool(b)) => a.cmp(b),
            (Content::Number(a), Content::Number(b)) => a.order(*b),
            (Content::Text(a), Content::Text(b)) => a.as_ref().cmp(b.as_ref()),
            (Content::List(a), Content::List(b)) => {
                let pairs = a.iter().zip(b);
                let mut orders = pairs.map(|(a, b)| a.order(b));
                let unequal = orders.find(|order| order.is_ne());
                unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Content::Object(a), Content::Object(b)) => {
                let pairs = by_name(a).zip(by_name(b));
                let mut orders = pairs.map(|((a_name, a), (b_name, b))| {
                    a_name
                        .as_ref()
                        .cmp(b_name.as_ref())
                        .then_with(|| a.order(b))
                });
                let unequal = orders.find(|order| order.is_ne());
                unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Instance<'b>> {
        let Content::Object(members) = &self.0 else {
            return None;
        };
        let place = if members.len() <= MEMBERS_AS_WRITTEN {
            members.iter().position(|(known, _)| **known == *name)?
        } else {
            let found = members.binary_search_by(|(known, _)| known.as_ref().cmp(name));
            found.ok()?
        };
        Some(&members[place].1)
    }

    pub(crate) fn is(&self, other: &Instance<'_>) -> bool {
        self.order(other).is_eq()
    }
}

impl Content<'_> {
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
            Self::List(_) => 4,
            Self::Object(_) => 5,
        }
    }
}

/// As compact JSON.
impl fmt::Display for Instance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Null => f.write_str("null"),
            Content::Bool(value) => value.fmt(f),
            Content::Number(number) => number.fmt(f),
            Content::Text(text) => quoted(f, text),
            Content::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Content::Object(members) => {
                f.write_str("{")?;
                for (place, (name, value)) in by_name(members).enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    quoted(f, name)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&Value::from(text).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_as_json_is() {
        for (body, expected) in [
            (
                r#" {"b": [1, 2.5, -3, true, null], "a": "x\ty"} "#,
                Some(r#"{"a":"x\ty","b":[1,2.5,-3,true,null]}"#),
            ),
            (
                r#"{"a": 1, "b": 2, "a": 3, "a": 4}"#,
                Some(r#"{"a":4,"b":2}"#),
            ),
            ("18446744073709551615", Some("18446744073709551615")),
            ("{", None),
            ("", None),
            ("nonsense", None),
            ("1 2", None),
        ] {
            let read = Instance::parse(body.as_bytes()).map(|instance| instance.to_string());
            assert_eq!(read.as_deref(), expected, "{body}");
        }
        assert!(Instance::parse(b"\"\xff\"").is_none());
        assert!(Instance::parse("[".repeat(100_000).as_bytes()).is_none());
    }
}
