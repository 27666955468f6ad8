//! Custom domain names.
//!
//! ```text
//! domainnames            {name}                a public one
//! domainnames            {name}+{id}           a private one: names of these need not be unique
//! domainname#{domain}    mapping#{base path}   its base path mappings
//! ```
//!
//! Names are known here; that DNS leads to a gateway and that something there holds the certificate is the operator's work.

mod create;
mod patches;
pub(crate) mod rules;

pub(crate) use create::{create, make};

use super::{missing, names};
use crate::Management;
use crate::definitions::{Change, Record};
use crate::limits;
use crate::paging::{Page, Paging};
use crate::patch::Update;
use crate::rest::base_path_mappings::unmap;
use crate::routed::routing_rules;
use crate::wire::{Choice, Failure, Part, Violations};
use postern_definition::Map;
use postern_definition::rest::{DomainName, EndpointType};
use postern_plan::account::{
    DOMAIN_NAMES, MAPPINGS, ROUTING_RULES, domain_name_key, mapping_partition,
};
use postern_store::{Key, Query, decode};
use serde::{Deserialize, Serialize};

/// Mappings that one transaction takes away: a few items for each.
const MAPPINGS_AT_ONCE: usize = 25;

/// A domain name as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DomainRecord {
    #[serde(flatten)]
    pub(crate) domain: DomainName,
    /// How many access associations it has.
    #[serde(default)]
    pub(crate) associations: u64,
}

impl DomainRecord {
    /// What it is known by: its name, and its id where it has one.
    pub(crate) fn known_as(&self) -> String {
        known_as(
            &self.domain.domain_name,
            self.domain.domain_name_id.as_deref(),
        )
    }

    pub(crate) fn is_private(&self) -> bool {
        let types = &self.domain.endpoint_configuration.types;
        types.contains(&EndpointType::Private)
    }
}

impl Record for DomainRecord {
    fn key(&self) -> Key {
        domain_name_key(&self.known_as())
    }

    fn tags_mut(&mut self) -> &mut Map<String> {
        &mut self.domain.tags
    }
}

pub(crate) fn known_as(name: &str, id: Option<&str>) -> String {
    match id.filter(|id| !id.is_empty()) {
        Some(id) => format!("{name}+{id}"),
        None => name.to_owned(),
    }
}

/// A domain name in a path, and its id in the query string.
#[derive(Debug, Deserialize)]
pub(crate) struct AtDomain {
    #[serde(alias = "domainName")]
    domain_name: String,
    #[serde(rename = "domainNameId")]
    domain_name_id: Option<String>,
}

impl AtDomain {
    pub(crate) fn known_as(&self) -> String {
        known_as(&self.domain_name, self.domain_name_id.as_deref())
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct OwnedBy {
    #[serde(rename = "resourceOwner")]
    resource_owner: Option<Choice<names::ResourceOwner>>,
}

impl OwnedBy {
    /// There is one account, so what others own is nothing.
    pub(crate) fn others(&self) -> bool {
        let owner = self
            .resource_owner
            .as_ref()
            .and_then(|owner| owner.known().ok());
        owner.is_some_and(|owner| owner.0 == "OTHER_ACCOUNTS")
    }
}

impl Part for AtDomain {}

impl Part for OwnedBy {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("resourceOwner", self.resource_owner.as_ref());
    }
}

pub(crate) async fn find(change: &mut Change<'_>, known_as: &str) -> Result<DomainRecord, Failure> {
    let found = change.read(&domain_name_key(known_as)).await?;
    found.ok_or_else(missing::domain_name)
}

pub(crate) async fn get(service: &Management, at: &AtDomain) -> Result<DomainName, Failure> {
    let key = domain_name_key(&at.known_as());
    let found: Option<DomainRecord> = service.definitions().get(&key).await?;
    Ok(found.ok_or_else(missing::domain_name)?.domain)
}

pub(crate) async fn list(
    service: &Management,
    (owned, paging): &(OwnedBy, Paging),
) -> Result<Page<DomainName>, Failure> {
    if owned.others() {
        return Ok(Page::whole(Vec::new()));
    }
    let page = paging.page(service.definitions(), DOMAIN_NAMES, "").await?;
    page.try_map(|item| Ok(decode::<DomainRecord>(&item)?.domain))
}

pub(crate) async fn update(
    change: &mut Change<'_>,
    input: &Update<AtDomain>,
) -> Result<DomainName, Failure> {
    let before = find(change, &input.at.known_as()).await?;
    let domain = patches::apply(input, &before.domain, change.service())?;
    let after = DomainRecord {
        domain,
        associations: before.associations,
    };
    change.replace(&before, &after);
    Ok(after.domain)
}

/// Notes that some of a domain name's routing rules are to be gone. Says whether there were any.
async fn unrule(change: &mut Change<'_>, known_as: &str) -> Result<bool, Failure> {
    let rules = Query {
        partition: mapping_partition(known_as),
        prefix: ROUTING_RULES.to_owned(),
        after: None,
        limit: MAPPINGS_AT_ONCE,
    };
    let batch = change.definitions().query(rules).await?;
    for item in &batch.items {
        routing_rules::remove(change, known_as, &decode(item)?);
    }
    Ok(!batch.items.is_empty())
}

/// With it go its base path mappings and its routing rules.
pub(crate) async fn delete(service: &Management, at: &AtDomain) -> Result<(), Failure> {
    let known_as = at.known_as();
    let mut changes = service.changes().await;
    loop {
        let mut change = changes.begin().await?;
        let record = find(&mut change, &known_as).await?;
        if record.associations > 0 {
            return Err(Failure::bad_request(format!(
                "Cannot delete the domain name {} because there are domain name access associations with it. Reject or delete them first.",
                record.domain.domain_name
            )));
        }
        if unrule(&mut change, &known_as).await? {
            if change.commit().await? {
                changes.renew();
            }
            continue;
        }
        let mapped = Query {
            partition: mapping_partition(&known_as),
            prefix: MAPPINGS.to_owned(),
            after: None,
            limit: MAPPINGS_AT_ONCE,
        };
        let batch = service.definitions().query(mapped).await?;
        for item in &batch.items {
            unmap(&mut change, &known_as, &decode(item)?);
        }
        let last = batch.next.is_none();
        if last {
            change.remove(&record);
            let counted = if record.is_private() {
                &limits::PRIVATE_DOMAIN_NAMES
            } else {
                &limits::DOMAIN_NAMES
            };
            change.shrink(counted).await?;
        }
        if change.commit().await? {
            if last {
                return Ok(());
            }
            changes.renew();
        }
    }
}
