//! Who is calling, as far as it has been proven.

use super::proven::Told;
use crate::Policies;
use postern_identity::Identity;
use postern_policy::{Authorization, Decision, Principal, Request};
use std::sync::Arc;

/// What the rest of the line may know of a caller. What logs and mappings may know is on the trail.
pub(crate) struct Caller {
    /// How it was found out who is calling, which decides what a resource policy means.
    pub(crate) authorization: Authorization,
    /// Whom IAM takes the caller for, where it was asked.
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) policies: CallerPolicies,
    /// Stands for the client's API key, where the API takes its keys from authorizers.
    pub(crate) usage_identifier_key: Option<String>,
}

/// The policies that are the caller's own.
pub(crate) enum CallerPolicies {
    /// There are none, or they do not count.
    None,
    /// What an authorizer returned, or what belongs to credentials.
    Own(Policies),
    /// Whoever has them was asked.
    Told(Told),
    /// Nobody asks, as on a laptop: everything is allowed.
    Everything,
}

impl Caller {
    /// Nobody had to say who they are.
    pub(crate) fn anonymous() -> Self {
        Self {
            authorization: Authorization::None,
            identity: None,
            policies: CallerPolicies::None,
            usage_identifier_key: None,
        }
    }

    pub(crate) fn principal(&self) -> Principal<'_> {
        match &self.identity {
            None => Principal::Anonymous,
            Some(identity) => Principal::Aws {
                arn: &identity.arn,
                unique_id: Some(identity.user_id.as_str()).filter(|id| !id.is_empty()),
            },
        }
    }

    /// What the caller's own policies say.
    pub(crate) fn decide(&self, request: &Request<'_>) -> Decision {
        match &self.policies {
            CallerPolicies::None => Decision::ImplicitDeny,
            CallerPolicies::Own(policies) => {
                postern_policy::decide(policies.iter().map(|policy| &**policy), request)
            }
            CallerPolicies::Told(told) => told.of(request.action),
            CallerPolicies::Everything => Decision::Allow,
        }
    }
}
