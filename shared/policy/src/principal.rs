//! For whom a resource's policy is.

use crate::error::{Fault, PolicyError};
use crate::json::{Node, Place};
use crate::request::Principal;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalPattern {
    Anyone,
    /// Every principal of an account. Written as its number, or as its root.
    Account(Box<str>),
    /// A user, a session, or whatever else has this very ARN.
    Arn(Box<str>),
    /// All sessions of a role, and the role itself.
    Role {
        arn: Box<str>,
        account: Box<str>,
        /// Without its path, which the ARN of a session does not have. Names are unique in an account even so.
        name: Box<str>,
    },
    /// What is left of an ARN whose user or role was deleted, or the id itself.
    UniqueId(Box<str>),
    Service(Box<str>),
    Federated(Box<str>),
    CanonicalUser(Box<str>),
}

pub(crate) fn patterns(
    node: &Node,
    place: &Place<'_>,
) -> Result<Box<[PrincipalPattern]>, PolicyError> {
    let Node::Object(kinds) = node else {
        return match node.text(place)? {
            "*" => Ok([PrincipalPattern::Anyone].into()),
            other => Err(place.fault(Fault::Principal(other.to_owned()))),
        };
    };
    if kinds.is_empty() {
        return Err(place.fault(Fault::Empty));
    }
    let mut patterns = Vec::new();
    for (kind, values) in kinds {
        let place = place.member(kind);
        let of_kind: fn(&str) -> Option<PrincipalPattern> = match kind.as_str() {
            "AWS" => aws,
            "Service" => |text| named(text).map(PrincipalPattern::Service),
            "Federated" => |text| named(text).map(PrincipalPattern::Federated),
            "CanonicalUser" => |text| named(text).map(PrincipalPattern::CanonicalUser),
            _ => return Err(place.fault(Fault::PrincipalKind(kind.clone()))),
        };
        patterns.extend(values.texts(&place, |text, place| {
            of_kind(text).ok_or_else(|| place.fault(Fault::Principal(text.to_owned())))
        })?);
    }
    Ok(patterns.into())
}

fn named(text: &str) -> Option<Box<str>> {
    (!text.is_empty() && !text.contains(['*', '?'])).then(|| text.into())
}

fn aws(text: &str) -> Option<PrincipalPattern> {
    if text == "*" {
        return Some(PrincipalPattern::Anyone);
    }
    if is_account(text) {
        return Some(PrincipalPattern::Account(text.into()));
    }
    let is_id = text.len() >= 16 && text.starts_with('A');
    if is_id
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    {
        return Some(PrincipalPattern::UniqueId(text.into()));
    }
    let arn = named(text)?;
    let (service, account, what) = split(text)?;
    match (service, what) {
        ("iam", "root") => Some(PrincipalPattern::Account(account.into())),
        ("iam", what) if what.starts_with("role/") => {
            let name = what.rsplit('/').next().filter(|name| !name.is_empty())?;
            Some(PrincipalPattern::Role {
                account: account.into(),
                name: name.into(),
                arn,
            })
        }
        _ => Some(PrincipalPattern::Arn(arn)),
    }
}

impl PrincipalPattern {
    pub(crate) fn matches(&self, principal: &Principal<'_>) -> bool {
        match (self, *principal) {
            (Self::Anyone, _) => true,
            (Self::Service(own), Principal::Service(name))
            | (Self::Federated(own), Principal::Federated(name))
            | (Self::CanonicalUser(own), Principal::CanonicalUser(name)) => **own == *name,
            (Self::Arn(own), Principal::Aws { arn, .. }) => **own == *arn,
            (Self::UniqueId(own), Principal::Aws { unique_id, .. }) => {
                // That of a session has its name behind a colon.
                unique_id.is_some_and(|id| id.split(':').next() == Some(own))
            }
            (Self::Account(own), Principal::Aws { arn, .. }) => {
                split(arn).is_some_and(|(_, account, _)| **own == *account)
            }
            (
                Self::Role {
                    arn: own,
                    account,
                    name,
                },
                Principal::Aws { arn, .. },
            ) => {
                **own == *arn
                    || split(arn).is_some_and(|(service, of, what)| {
                        let mut what = what.split('/');
                        service == "sts"
                            && of == &**account
                            && what.next() == Some("assumed-role")
                            && what.next() == Some(name)
                            && what.next().is_some()
                    })
            }
            (
                Self::Account(_)
                | Self::Arn(_)
                | Self::Role { .. }
                | Self::UniqueId(_)
                | Self::Service(_)
                | Self::Federated(_)
                | Self::CanonicalUser(_),
                _,
            ) => false,
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The service, the account and the rest of a principal's ARN.
fn split(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (prefix, partition) = (parts.next()?, parts.next()?);
    let (service, region) = (parts.next()?, parts.next()?);
    let (account, what) = (parts.next()?, parts.next()?);
    let is_principal = prefix == "arn"
        && !partition.is_empty()
        && matches!(service, "iam" | "sts")
        && region.is_empty()
        && is_account(account)
        && !what.is_empty();
    is_principal.then_some((service, account, what))
}
