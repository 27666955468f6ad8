//! Where the management APIs and the gateway meet in what belongs to the account rather than to one API.
//!
//! ```text
//! apikey-value#{sha256}  key                   who sends a key of this value: a [`Caller`]
//! usageplans             {plan}                a [`postern_definition::rest::UsagePlan`]
//! restapi#{api}          stage-plan#{stage}#{plan}
//!                                              a usage plan that covers a stage; the item says no more than its key
//! domainnames            {domain}              a [`postern_definition::rest::DomainName`]
//! domainname#{domain}    mapping#{base path}   a [`postern_definition::rest::BasePathMapping`], whichever API it leads to
//!                        routingrule#{priority} a [`postern_definition::routed::RoutingRule`]; the priority has seven digits
//! clientcertificate#{id} key                   a [`postern_definition::rest::ClientCertificateKey`]
//! vpclinks               {id}                  a [`postern_definition::rest::VpcLink`]
//! vpclinks-v2            {id}                  a [`postern_definition::routed::VpcLink`]
//! ```
//!
//! Which plan a request counts towards takes three reads, each of which can be kept: the caller by the key's value, the plans
//! of the stage, and the one plan that both name.

use crate::api_partition;
use postern_definition::{ApiId, StageName};
use postern_store::Key;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What a gateway needs to know of an API key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    pub id: String,
    pub enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The usage plans that the key is on.
    #[serde(default)]
    pub plans: Vec<String>,
}

/// The item of a [`Caller`]. The value itself is nowhere in it.
pub fn caller_key(value: &str) -> Key {
    let mut partition = String::from("apikey-value#");
    for byte in digest(&SHA256, value.as_bytes()).as_ref() {
        let _ = write!(partition, "{byte:02x}");
    }
    Key::new(partition, "key")
}

pub const USAGE_PLANS: &str = "usageplans";

pub fn usage_plan_key(plan: &str) -> Key {
    Key::new(USAGE_PLANS, plan)
}

/// What the sort keys of the usage plans of a stage begin with, in the API's partition. No stage's name has a `#`.
pub fn stage_plan_sort_prefix(stage: &StageName) -> String {
    format!("stage-plan#{stage}#")
}

pub fn stage_plan_key(api: &ApiId, stage: &StageName, plan: &str) -> Key {
    Key::new(
        api_partition(api),
        format!("{}{plan}", stage_plan_sort_prefix(stage)),
    )
}

pub const DOMAIN_NAMES: &str = "domainnames";

/// The item of a domain name. A private one is known by `{name}+{id}`.
pub fn domain_name_key(domain: &str) -> Key {
    Key::new(DOMAIN_NAMES, domain)
}

/// What the sort keys of base path mappings begin with.
pub const MAPPINGS: &str = "mapping#";

/// The partition that holds the base path mappings of a domain name.
pub fn mapping_partition(domain: &str) -> String {
    format!("domainname#{domain}")
}

pub fn mapping_key(domain: &str, base_path: &str) -> Key {
    Key::new(mapping_partition(domain), format!("{MAPPINGS}{base_path}"))
}

/// What the sort keys of routing rules begin with, in the partition of the domain name's mappings. They lie in the order in which
/// they are tried.
pub const ROUTING_RULES: &str = "routingrule#";

pub fn routing_rule_key(domain: &str, priority: u32) -> Key {
    Key::new(
        mapping_partition(domain),
        format!("{ROUTING_RULES}{priority:07}"),
    )
}

pub fn client_certificate_key_key(id: &str) -> Key {
    Key::new(format!("clientcertificate#{id}"), "key")
}

pub const VPC_LINKS: &str = "vpclinks";

pub fn vpc_link_key(id: &str) -> Key {
    Key::new(VPC_LINKS, id)
}

/// VPC links of HTTP APIs, which are another thing than those of REST APIs.
pub const VPC_LINKS_V2: &str = "vpclinks-v2";

pub fn vpc_link_v2_key(id: &str) -> Key {
    Key::new(VPC_LINKS_V2, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_found_by_the_hash_of_the_value_and_the_value_is_not_in_the_key() {
        let key = caller_key("abc");
        assert_eq!(
            key.partition,
            "apikey-value#ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(
            !caller_key("sesame-opens-the-door")
                .partition
                .contains("sesame")
        );
    }
}
