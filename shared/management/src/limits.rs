//! How much there may be of what.
//!
//! What an account may have is counted in an item of its own for each kind, changed in the transaction that makes or deletes
//! one. So a count costs one read however many there are, and is never wrong. What one API may have is counted by a bounded
//! query, under the lock that every edit of the API holds.

use crate::definitions::{ApiKind, Edit};
use crate::wire::Failure;
use postern_plan::api_partition;

macro_rules! limits {
    ($($name:ident = $default:literal, $what:literal;)+) => {
        /// AWS's numbers, unless told otherwise.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $(#[doc = $what] pub $name: u64,)+
        }

        impl Limits {
            /// As many as anyone wants.
            pub const NONE: Self = Self { $($name: u64::MAX),+ };

            /// Each limit's name, its number on AWS, and what it bounds.
            pub const KNOWN: &[(&str, u64, &str)] = &[$((stringify!($name), $default, $what)),+];

            fn named(&mut self, name: &str) -> Option<&mut u64> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)+
                    _ => None,
                }
            }
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default),+ }
            }
        }
    };
}

limits! {
    resources_per_api = 300, "Resources of one API.";
    stages_per_api = 10, "Stages of one API.";
    authorizers_per_api = 10, "Authorizers of one API.";
    routes_per_api = 300, "Routes of one HTTP or WebSocket API.";
    integrations_per_api = 300, "Integrations of one HTTP or WebSocket API.";
    audiences_per_authorizer = 50, "Audiences of one JWT authorizer of an HTTP API.";
    scopes_per_route = 10, "Authorization scopes of one route.";
    documentation_parts_per_api = 2_000, "Documentation parts of one API.";
    api_keys = 10_000, "API keys.";
    usage_plans = 300, "Usage plans.";
    usage_plans_per_api_key = 10, "Usage plans that one API key is on.";
    method_throttles_per_plan_stage = 20, "Methods with a throttle of their own, for one stage of one plan.";
    domain_names = 120, "Public custom domain names.";
    private_domain_names = 50, "Private custom domain names.";
    access_associations = 100, "Domain name access associations.";
    vpc_links = 20, "VPC links of REST APIs.";
    vpc_links_v2 = 10, "VPC links of HTTP APIs.";
    routing_rules_per_domain_name = 50, "Routing rules of one domain name.";
    client_certificates = 60, "Client certificates.";
}

impl Limits {
    /// Takes settings such as `resources_per_api=1000,api_keys=none`.
    pub fn set(&mut self, settings: &str) -> Result<(), String> {
        for setting in settings.split(',').map(str::trim).filter(|s| !s.is_empty()) {
            let (name, value) = setting
                .split_once('=')
                .ok_or_else(|| format!("`{setting}` is not of the form NAME=COUNT"))?;
            let limit = self.named(name.trim()).ok_or_else(|| {
                let known: Vec<_> = Self::KNOWN.iter().map(|(name, ..)| *name).collect();
                format!("there is no limit `{name}`; there are {}", known.join(", "))
            })?;
            *limit = match value.trim() {
                "none" => u64::MAX,
                count => count
                    .parse()
                    .map_err(|_| format!("`{setting}`: a limit is a whole number, or none"))?,
            };
        }
        Ok(())
    }
}

/// Whether an API that is being edited has room for one more of what its items call by a prefix.
pub(crate) async fn room<A: ApiKind>(
    edit: &Edit<'_, A>,
    things: &str,
    prefix: &str,
    max: u64,
) -> Result<(), Failure> {
    // Without a limit there is nothing to count.
    if max == u64::MAX {
        return Ok(());
    }
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let partition = api_partition(edit.id());
    if edit
        .definitions()
        .fewer_than(max, &partition, prefix)
        .await?
    {
        return Ok(());
    }
    Err(full(things, "API"))
}

fn full(things: &str, within: &str) -> Failure {
    Failure::limit_exceeded(format!(
        "Maximum number of {things} for this {within} has been reached. Please contact AWS if you need additional {things}."
    ))
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
pub(crate) static VPC_LINKS_V2: Counted = Counted {
    sort: "vpclinksv2",
    things: "Vpc links",
    limit: |limits| limits.vpc_links_v2,
};
pub(crate) static CLIENT_CERTIFICATES: Counted = Counted {
    sort: "clientcertificates",
    things: "client certificates",
    limit: |limits| limits.client_certificates,
};

/// Refuses what makes an API have more than so many of something.
pub(crate) fn within_api(count: usize, limit: u64, things: &str) -> Result<(), Failure> {
    within(count, limit, things, "API")
}

/// The same of anything that has a list.
pub(crate) fn within(count: usize, limit: u64, things: &str, whole: &str) -> Result<(), Failure> {
    if count as u64 > limit {
        return Err(full(things, whole));
    }
    Ok(())
}

/// Refuses one more of what there are already so many of.
pub(crate) fn check(have: u64, limit: u64, things: &str, within: &str) -> Result<(), Failure> {
    if have >= limit {
        return Err(full(things, within));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_set_by_name() {
        let mut limits = Limits::default();
        limits.set("resources_per_api=1000, api_keys=none").unwrap();
        assert_eq!(
            (limits.resources_per_api, limits.api_keys, limits.vpc_links),
            (1000, u64::MAX, 20)
        );
        for wrong in ["resources", "pets=1", "api_keys=-1", "api_keys=many"] {
            assert!(limits.set(wrong).is_err(), "{wrong}");
        }
    }
}
