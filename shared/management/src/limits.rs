//! How much there may be of what.
//!
//! What an account may have is counted in an item of its own for each kind, changed in the transaction that makes or deletes
//! one. So a count costs one read however many there are, and is never wrong.

use crate::wire::Failure;

/// AWS's numbers, unless told otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub api_keys: u64,
    pub usage_plans: u64,
    pub usage_plans_per_api_key: u64,
    /// Methods with a throttle of their own, for one stage of one plan.
    pub method_throttles_per_plan_stage: u64,
    pub domain_names: u64,
    pub private_domain_names: u64,
    pub access_associations: u64,
    pub vpc_links: u64,
    pub client_certificates: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            api_keys: 10_000,
            usage_plans: 300,
            usage_plans_per_api_key: 10,
            method_throttles_per_plan_stage: 20,
            domain_names: 120,
            private_domain_names: 50,
            access_associations: 100,
            vpc_links: 20,
            client_certificates: 60,
        }
    }
}

/// What an account may have so and so many of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// Of the item that counts.
    pub(crate) sort: &'static str,
    /// As the refusal calls them.
    pub(crate) things: &'static str,
    pub(crate) limit: fn(&Limits) -> u64,
}

pub(crate) static API_KEYS: Counted = Counted {
    sort: "apikeys",
    things: "API keys",
    limit: |limits| limits.api_keys,
};
pub(crate) static USAGE_PLANS: Counted = Counted {
    sort: "usageplans",
    things: "usage plans",
    limit: |limits| limits.usage_plans,
};
pub(crate) static DOMAIN_NAMES: Counted = Counted {
    sort: "domainnames",
    things: "domain names",
    limit: |limits| limits.domain_names,
};
pub(crate) static PRIVATE_DOMAIN_NAMES: Counted = Counted {
    sort: "privatedomainnames",
    things: "private domain names",
    limit: |limits| limits.private_domain_names,
};
pub(crate) static ACCESS_ASSOCIATIONS: Counted = Counted {
    sort: "domainnameaccessassociations",
    things: "domain name access associations",
    limit: |limits| limits.access_associations,
};
pub(crate) static VPC_LINKS: Counted = Counted {
    sort: "vpclinks",
    things: "Vpc links",
    limit: |limits| limits.vpc_links,
};
pub(crate) static CLIENT_CERTIFICATES: Counted = Counted {
    sort: "clientcertificates",
    things: "client certificates",
    limit: |limits| limits.client_certificates,
};

/// Refuses one more of what there are already so many of.
pub(crate) fn check(have: u64, limit: u64, things: &str, within: &str) -> Result<(), Failure> {
    if have >= limit {
        return Err(Failure::limit_exceeded(format!(
            "Maximum number of {things} for this {within} has been reached. Please contact AWS if you need additional {things}."
        )));
    }
    Ok(())
}
