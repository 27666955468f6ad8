//! The tree of paths.

use crate::ResourceId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub id: ResourceId,
    /// Absent for the root alone, as is `path_part`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ResourceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_part: Option<String>,
    pub path: String,
    /// The verbs that have a method here, `ANY` among them.
    #[serde(default)]
    pub methods: BTreeSet<String>,
}

/// One segment of a resource's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart<'a> {
    Literal(&'a str),
    /// `{name}`: exactly one segment.
    Parameter(&'a str),
    /// `{name+}`: one segment or more, to the end of the path.
    Greedy(&'a str),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the end and an optional plus sign before the closing brace."
)]
pub struct PathPartError;

impl<'a> PathPart<'a> {
    pub fn parse(text: &'a str) -> Result<Self, PathPartError> {
        let allowed = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| {
                    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b',' | b':')
                })
        };
        match text.strip_prefix('{') {
            None if allowed(text) => Ok(Self::Literal(text)),
            None => Err(PathPartError),
            Some(rest) => {
                let inner = rest.strip_suffix('}').ok_or(PathPartError)?;
                let (name, greedy) = match inner.strip_suffix('+') {
                    Some(name) => (name, true),
                    None => (inner, false),
                };
                match (allowed(name), greedy) {
                    (false, _) => Err(PathPartError),
                    (true, false) => Ok(Self::Parameter(name)),
                    (true, true) => Ok(Self::Greedy(name)),
                }
            }
        }
    }

    /// A parent has at most one child of this kind.
    pub fn is_variable(&self) -> bool {
        !matches!(self, Self::Literal(_))
    }
}

#[cfg(test)]
mod tests {
    use super::PathPart::{self, Greedy, Literal, Parameter};

    #[test]
    fn a_path_part_is_a_literal_or_one_whole_variable() {
        for (text, expected) in [
            ("pets", Some(Literal("pets"))),
            ("a.b_c-d,e:f", Some(Literal("a.b_c-d,e:f"))),
            ("{id}", Some(Parameter("id"))),
            ("{proxy+}", Some(Greedy("proxy"))),
            ("", None),
            ("{}", None),
            ("{+}", None),
            ("{id", None),
            ("id}", None),
            ("x{id}", None),
            ("{i+d}", None),
            ("a/b", None),
            ("a b", None),
            ("{{id}}", None),
            ("ü", None),
        ] {
            assert_eq!(PathPart::parse(text).ok(), expected, "{text}");
        }
    }
}
