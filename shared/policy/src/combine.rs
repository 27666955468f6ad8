//! What the policies of both sides, the caller's and the resource's, come to together.

use crate::Decision;

/// How a method finds out who is calling, which decides what a resource policy means for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authorization {
    /// Nobody has to say who they are.
    None,
    /// The function's policy counts as the caller's.
    LambdaAuthorizer,
    /// A token from a user pool or another issuer, which has been found good. It says who is calling, not what they may.
    Token,
    IamSameAccount,
    IamOtherAccount,
}

/// Whose policy was decisive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Of the caller, or what the authorizer returned.
    Identity,
    Resource,
}

/// A decision, with what an answer says of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Allow,
    /// A statement of this side says no.
    ExplicitDeny(Source),
    /// This side would have had to say yes.
    ImplicitDeny(Source),
}

impl Outcome {
    pub fn decision(self) -> Decision {
        match self {
            Self::Allow => Decision::Allow,
            Self::ExplicitDeny(_) => Decision::ExplicitDeny,
            Self::ImplicitDeny(_) => Decision::ImplicitDeny,
        }
    }

    /// What the service appends to its "is not authorized to perform", with the space before it. Empty for what is allowed.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Allow => "",
            Self::ExplicitDeny(Source::Identity) => {
                " with an explicit deny in an identity-based policy"
            }
            Self::ExplicitDeny(Source::Resource) => {
                " with an explicit deny in a resource-based policy"
            }
            Self::ImplicitDeny(Source::Identity) => {
                " because no identity-based policy allows the execute-api:Invoke action"
            }
            Self::ImplicitDeny(Source::Resource) => {
                " because no resource-based policy allows the execute-api:Invoke action"
            }
        }
    }
}

/// Whether a resource policy settles the matter before an authorizer's function is called.
pub fn is_denied_at_once(resource: Option<Decision>) -> bool {
    resource == Some(Decision::ExplicitDeny)
}

/// What comes of the decision for the caller and that of the resource policy, which is `None` where an API has no such policy.
///
/// `identity` counts only where the authorization has policies of the caller's: for [`Authorization::None`] and
/// [`Authorization::Token`] it says nothing. A private API refuses everybody while it has no policy; that is for the caller
/// of this function to see to, since a policy that is silent is something else.
pub fn combine(
    authorization: Authorization,
    identity: Decision,
    resource: Option<Decision>,
) -> Outcome {
    match authorization {
        Authorization::None | Authorization::Token => alone(resource),
        Authorization::LambdaAuthorizer | Authorization::IamSameAccount => {
            either(identity, resource.unwrap_or(Decision::ImplicitDeny))
        }
        Authorization::IamOtherAccount => {
            both(identity, resource.unwrap_or(Decision::ImplicitDeny))
        }
    }
}

fn alone(resource: Option<Decision>) -> Outcome {
    match resource {
        None | Some(Decision::Allow) => Outcome::Allow,
        Some(Decision::ExplicitDeny) => Outcome::ExplicitDeny(Source::Resource),
        Some(Decision::ImplicitDeny) => Outcome::ImplicitDeny(Source::Resource),
    }
}

/// Within one account it is enough that one side allows.
fn either(identity: Decision, resource: Decision) -> Outcome {
    match (identity, resource) {
        (_, Decision::ExplicitDeny) => Outcome::ExplicitDeny(Source::Resource),
        (Decision::ExplicitDeny, _) => Outcome::ExplicitDeny(Source::Identity),
        (Decision::Allow, _) | (_, Decision::Allow) => Outcome::Allow,
        (Decision::ImplicitDeny, Decision::ImplicitDeny) => Outcome::ImplicitDeny(Source::Identity),
    }
}

/// Between accounts each has to allow.
fn both(identity: Decision, resource: Decision) -> Outcome {
    match (identity, resource) {
        (_, Decision::ExplicitDeny) => Outcome::ExplicitDeny(Source::Resource),
        (Decision::ExplicitDeny, _) => Outcome::ExplicitDeny(Source::Identity),
        (Decision::ImplicitDeny, _) => Outcome::ImplicitDeny(Source::Identity),
        (Decision::Allow, Decision::ImplicitDeny) => Outcome::ImplicitDeny(Source::Resource),
        (Decision::Allow, Decision::Allow) => Outcome::Allow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published tables, row by row.
    #[test]
    fn the_tables_hold() {
        use Decision::{Allow, ExplicitDeny as Deny, ImplicitDeny as Silent};
        for (identity, resource, same, other) in [
            (Allow, Allow, Allow, Allow),
            (Allow, Silent, Allow, Silent),
            (Allow, Deny, Deny, Deny),
            (Silent, Allow, Allow, Silent),
            (Silent, Silent, Silent, Silent),
            (Silent, Deny, Deny, Deny),
            (Deny, Allow, Deny, Deny),
            (Deny, Silent, Deny, Deny),
            (Deny, Deny, Deny, Deny),
        ] {
            let decision =
                |authorization| combine(authorization, identity, Some(resource)).decision();
            let row = (identity, resource);
            assert_eq!(decision(Authorization::IamSameAccount), same, "{row:?}");
            assert_eq!(decision(Authorization::LambdaAuthorizer), same, "{row:?}");
            assert_eq!(decision(Authorization::IamOtherAccount), other, "{row:?}");
            assert_eq!(decision(Authorization::None), resource, "{row:?}");
            assert_eq!(decision(Authorization::Token), resource, "{row:?}");
        }
    }

    #[test]
    fn without_a_resource_policy_the_caller_decides_except_between_accounts() {
        use Decision::{Allow, ExplicitDeny as Deny, ImplicitDeny as Silent};
        for (identity, with_policies, other) in [
            (Allow, Allow, Silent),
            (Silent, Silent, Silent),
            (Deny, Deny, Deny),
        ] {
            let decision = |authorization| combine(authorization, identity, None).decision();
            assert_eq!(decision(Authorization::IamSameAccount), with_policies);
            assert_eq!(decision(Authorization::LambdaAuthorizer), with_policies);
            assert_eq!(decision(Authorization::IamOtherAccount), other);
            assert_eq!(decision(Authorization::None), Allow);
            assert_eq!(decision(Authorization::Token), Allow);
        }
    }

    #[test]
    fn a_refusal_names_the_side_that_refused() {
        use Decision::{Allow, ExplicitDeny as Deny, ImplicitDeny as Silent};
        let other = Authorization::IamOtherAccount;
        let same = Authorization::IamSameAccount;
        for (authorization, identity, resource, end) in [
            (same, Deny, Some(Allow), "deny in an identity-based policy"),
            (same, Deny, Some(Deny), "deny in a resource-based policy"),
            (
                same,
                Silent,
                None,
                "no identity-based policy allows the execute-api:Invoke action",
            ),
            (
                other,
                Allow,
                Some(Silent),
                "no resource-based policy allows the execute-api:Invoke action",
            ),
            (
                other,
                Silent,
                Some(Allow),
                "no identity-based policy allows the execute-api:Invoke action",
            ),
            (
                Authorization::Token,
                Allow,
                Some(Silent),
                "no resource-based policy allows the execute-api:Invoke action",
            ),
            (same, Allow, None, ""),
        ] {
            let reason = combine(authorization, identity, resource).reason();
            assert!(reason.ends_with(end), "{reason}");
            assert!(reason.is_empty() || reason.starts_with(' '));
        }
    }

    #[test]
    fn only_a_deny_is_known_before_the_authorizer_is_called() {
        assert!(is_denied_at_once(Some(Decision::ExplicitDeny)));
        for later in [None, Some(Decision::Allow), Some(Decision::ImplicitDeny)] {
            assert!(!is_denied_at_once(later));
        }
    }
}
