//! IAM policy documents: parsed once, asked many times.
//!
//! ```
//! use postern_policy::{Decision, Kind, Policy, Principal, Request};
//!
//! let policy = Policy::compile(
//!     r#"{"Version": "2012-10-17", "Statement": [
//!         {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/*"},
//!         {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/POST/pets"}
//!     ]}"#,
//!     Kind::Resource { api_arn: Some("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5") },
//! )?;
//! let decision = policy.decide(&Request {
//!     principal: Principal::Anonymous,
//!     action: "execute-api:Invoke",
//!     resource: "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/pets",
//!     context: &(),
//! });
//! assert_eq!(decision, Decision::Allow);
//! # Ok::<(), postern_policy::PolicyError>(())
//! ```
//!
//! A pure library: it knows nothing of HTTP, clocks or stores. What a condition asks about the request, it asks a
//! [`Context`]; what the decisions of several policies come to, [`combine`] says.
//!
//! Of what is published, `cedar-policy` is another language, and `aws-iam` has stood still for years. `iam-rs` speaks this
//! language, but lets a policy for one principal match the caller that is nobody (its wildcard principal matches
//! either way), has an account's policy match none but the account's root and a role's none of its sessions, takes a call's
//! resource for an ARN of known form only, and reads patterns, dates and networks anew for every decision. Here each of
//! these decides who gets in, so the language, which is small, is written out.
//!
//! Two things that the service does and its grammar does not say:
//! - A variable that the request has no value for equals nothing. A resource with it in matches no resource, and a statement that
//!   is for all but such a resource denies everything and allows nothing. A positive condition fails, and a negated one
//!   (`StringNotEquals`) holds: so a `Deny` of everybody but one's own team also denies those who have no team.
//! - Without a `Version` a document is of the old version, where `${...}` is text.

mod arn;
mod combine;
mod condition;
mod error;
mod json;
mod pattern;
mod principal;
mod request;
mod statement;

pub use combine::{Authorization, Outcome, Source, combine, is_denied_at_once};
pub use error::{Fault, PolicyError};
pub use request::{Context, Principal, Request, Values};

use json::{Node, Place};
use pattern::Language;
use statement::{Effect, Statement};

/// Bytes of a document. No service takes a larger one, and matching costs at most this times the length of what is matched.
pub const POLICY_BYTES_MAX: usize = 20_480;
/// More than fit in the bytes of any policy that somebody wrote; for documents that do not arrive as text.
pub const STATEMENTS_MAX: usize = 500;
/// A policy itself is six deep.
pub const DEPTH_MAX: usize = 16;
/// Characters in one resource of a policy that an authorizer returns.
pub const AUTHORIZER_RESOURCE_CHARS_MAX: usize = 512;

/// Whose policy a document is, which decides what it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Of a user or role: says nothing of principals.
    Identity,
    /// Of an API, or of the endpoint before a private one: says for whom.
    Resource {
        /// `arn:{partition}:execute-api:{region}:{account}:{api-id}`: what `execute-api:` before a slash stands for.
        api_arn: Option<&'a str>,
    },
    /// What an authorizer returned: of its caller, like that of a user. Nobody has checked it when it was saved, so an action
    /// that there cannot be is not refused; it just never matches.
    Authorizer,
}

/// What a policy says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    Allow,
    ExplicitDeny,
    /// No statement matches.
    ImplicitDeny,
}

impl Decision {
    /// What two decisions come to of which both must allow.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::ExplicitDeny, _) | (_, Self::ExplicitDeny) => Self::ExplicitDeny,
            (Self::ImplicitDeny, _) | (_, Self::ImplicitDeny) => Self::ImplicitDeny,
            (Self::Allow, Self::Allow) => Self::Allow,
        }
    }
}

/// A policy document, checked and made ready to be asked.
#[derive(Clone, Debug)]
pub struct Policy {
    statements: Box<[Statement]>,
}

impl Policy {
    pub fn compile(text: &str, kind: Kind<'_>) -> Result<Self, PolicyError> {
        Self::of(&json::read(text)?, kind)
    }

    /// For a document that is a part of another, such as what an authorizer returned.
    pub fn of_value(value: &serde_json::Value, kind: Kind<'_>) -> Result<Self, PolicyError> {
        Self::of(&json::read_value(value)?, kind)
    }

    fn of(document: &Node, kind: Kind<'_>) -> Result<Self, PolicyError> {
        let place = Place::Document;
        let members = document.members(&place)?;
        let mut language = Language::Plain;
        let mut statements = None;
        for (name, value) in members {
            let place = place.member(name);
            match name.as_str() {
                "Version" => match value.text(&place)? {
                    "2012-10-17" => language = Language::Variables,
                    "2008-10-17" => {}
                    version => return Err(place.fault(Fault::Version(version.to_owned()))),
                },
                "Id" => drop(value.text(&place)?),
                "Statement" => statements = Some(value),
                _ => return Err(place.fault(Fault::UnknownElement)),
            }
        }
        let statements = statements.ok_or_else(|| place.fault(Fault::Missing("`Statement`")))?;
        let place = place.member("Statement");
        let (listed, is_list) = statements.one_or_many();
        if listed.len() > STATEMENTS_MAX {
            return Err(place.fault(Fault::TooManyStatements));
        }
        let mut compiled = Vec::with_capacity(listed.len());
        let mut sids: Vec<&str> = Vec::new();
        for (index, node) in listed.iter().enumerate() {
            let place = place.element(is_list.then_some(index));
            let (statement, sid) = Statement::of(node, &place, kind, language)?;
            if let Some(sid) = sid.filter(|sid| !sid.is_empty()) {
                // A policy from an authorizer is not saved, so no one is there to be told.
                if sids.contains(&sid) && kind != Kind::Authorizer {
                    return Err(place.member("Sid").fault(Fault::SidTwice(sid.to_owned())));
                }
                sids.push(sid);
            }
            compiled.push(statement);
        }
        Ok(Self {
            statements: compiled.into(),
        })
    }

    pub fn decide(&self, request: &Request<'_>) -> Decision {
        decide([self], request)
    }
}

/// What several policies of one side, such as all those of a user, say together: they are as one with all their statements.
pub fn decide<'p>(
    policies: impl IntoIterator<Item = &'p Policy>,
    request: &Request<'_>,
) -> Decision {
    let mut decision = Decision::ImplicitDeny;
    for statement in policies.into_iter().flat_map(|policy| &policy.statements) {
        // A second statement that allows changes nothing, so it need not be matched.
        if statement.effect == Effect::Allow && decision == Decision::Allow {
            continue;
        }
        if statement.matches(request) {
            match statement.effect {
                Effect::Deny => return Decision::ExplicitDeny,
                Effect::Allow => decision = Decision::Allow,
            }
        }
    }
    decision
}
