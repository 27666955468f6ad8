//! What a policy is asked about.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// May `principal` do `action` to `resource`, all else being as `context` says?
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub principal: Principal<'a>,
    /// Such as `execute-api:Invoke`.
    pub action: &'a str,
    /// An ARN. The path in that of a call is the request's own, not the template's.
    pub resource: &'a str,
    pub context: &'a dyn Context,
}

/// Who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    /// Nobody has said: the method needs no signature.
    Anonymous,
    Aws {
        /// Of a user, of a role's session (`arn:aws:sts::{account}:assumed-role/{role}/{session}`), or of an account's root.
        arn: &'a str,
        /// `AIDA...`, or `AROA...:{session}`, where it is known.
        unique_id: Option<&'a str>,
    },
    /// Such as `events.amazonaws.com`.
    Service(&'a str),
    /// The provider of an identity from elsewhere.
    Federated(&'a str),
    CanonicalUser(&'a str),
}

/// What conditions and variables look at.
pub trait Context {
    /// The values of a key, which is asked for in lower case: `aws:sourceip`, `aws:principaltag/team`. `None`, and no value
    /// at all, mean that the request has no such key.
    fn values(&self, key: &str) -> Option<Values<'_>>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values<'a> {
    One(Cow<'a, str>),
    Many(&'a [String]),
}

impl Values<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::One(value) => (Some(value.as_ref()), [].as_slice()),
            Self::Many(values) => (None, *values),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }

    /// The value where there is exactly one, which is what a variable can stand for.
    pub(crate) fn single(&self) -> Option<&str> {
        let mut values = self.iter();
        values.next().filter(|_| values.next().is_none())
    }
}

/// Of nothing is anything known.
impl Context for () {
    fn values(&self, _: &str) -> Option<Values<'_>> {
        None
    }
}

/// The keys must be in lower case.
impl Context for BTreeMap<String, Vec<String>> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        self.get(key).map(|values| Values::Many(values))
    }
}
