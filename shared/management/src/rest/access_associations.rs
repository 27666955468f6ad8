//! Domain name access associations: which VPC endpoints reach which private domain names.
//!
//! ```text
//! domainnameaccessassociations  {name}#{source}  the association
//! ```
//!
//! An endpoint reaches one domain name of a name, for it is by its name that a request there is told from others.

use super::domain_names::{DomainRecord, OwnedBy, find as find_domain};
use super::{missing, names, tags};
use crate::Management;
use crate::definitions::{Change, Record};
use crate::limits;
use crate::paging::{Page, Paging};
use crate::wire::{Choice, Failure, Part, Violations};
use postern_definition::Map;
use postern_definition::rest::DomainNameAccessAssociation;
use postern_store::{Key, decode};
use serde::Deserialize;

const ALL: &str = "domainnameaccessassociations";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateAssociation {
    domain_name_arn: String,
    access_association_source_type: Choice<names::AssociationSource>,
    access_association_source: String,
    tags: Option<Map<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtAssociation {
    domain_name_access_association_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rejected {
    domain_name_access_association_arn: String,
    domain_name_arn: String,
}

impl Part for AtAssociation {}
impl Part for Rejected {}

impl Part for CreateAssociation {
    fn constraints(&self, violations: &mut Violations) {
        let kind = &self.access_association_source_type;
        violations.choice("accessAssociationSourceType", Some(kind));
    }
}

impl Record for DomainNameAccessAssociation {
    fn key(&self) -> Key {
        let name = domain_of(&self.domain_name_arn).unwrap_or_default();
        let name = name.split('+').next().unwrap_or_default();
        association_key(name, &self.access_association_source)
    }

    fn tags_mut(&mut self) -> &mut Map<String> {
        &mut self.tags
    }
}

fn association_key(name: &str, source: &str) -> Key {
    Key::new(ALL, format!("{name}#{source}"))
}

/// What the domain name of an ARN is known by.
fn domain_of(arn: &str) -> Option<&str> {
    let path = arn.splitn(6, ':').nth(5)?;
    let known_as = path.trim_start_matches('/').strip_prefix("domainnames/")?;
    Some(known_as).filter(|known_as| arn.starts_with("arn:") && !known_as.is_empty())
}

/// The item of the association of an ARN's path, as `domainnameaccessassociations/domainname/{name}/vpcesource/{source}`.
pub(super) fn association_at(segments: &[&str]) -> Option<Key> {
    match segments {
        [ALL, "domainname", name, "vpcesource", source] => Some(association_key(name, source)),
        _ => None,
    }
}

fn association_of(arn: &str) -> Option<Key> {
    let path = arn.splitn(6, ':').nth(5)?;
    let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
    association_at(&segments)
}

pub(crate) async fn create(
    change: &mut Change<'_>,
    input: &CreateAssociation,
) -> Result<DomainNameAccessAssociation, Failure> {
    let service = change.service();
    let source = &input.access_association_source;
    let named = source.strip_prefix("vpce-").is_some_and(|id| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if !named {
        return Err(Failure::bad_request(format!(
            "Invalid accessAssociationSource specified: {source}. It must be the id of a VPC endpoint, as vpce-0123456789abcdef0"
        )));
    }
    let known_as = domain_of(&input.domain_name_arn)
        .ok_or_else(|| Failure::bad_request("Invalid ARN specified in the request"))?;
    let tags = tags::given(input.tags.as_ref())?;
    let before = find_domain(change, known_as).await?;
    if !before.is_private() {
        return Err(Failure::bad_request(
            "Domain name access associations are only supported for PRIVATE domain names.",
        ));
    }
    let association = DomainNameAccessAssociation {
        domain_name_access_association_arn: format!(
            "arn:aws:apigateway:{}:{}:/{ALL}/domainname/{}/vpcesource/{source}",
            service.region(),
            service.account(),
            before.domain.domain_name
        ),
        domain_name_arn: before.domain.domain_name_arn.clone(),
        access_association_source_type: input.access_association_source_type.known()?.0.to_owned(),
        access_association_source: source.clone(),
        tags,
    };
    if change.sees(&association.key()).await? {
        return Err(Failure::conflict(format!(
            "A domain name access association of {source} with {} exists already",
            before.domain.domain_name
        )));
    }
    change.grow(&limits::ACCESS_ASSOCIATIONS).await?;
    change.replace(&before, &with(&before, before.associations + 1));
    change.create(&association);
    Ok(association)
}

fn with(domain: &DomainRecord, associations: u64) -> DomainRecord {
    DomainRecord {
        domain: domain.domain.clone(),
        associations,
    }
}

pub(crate) async fn list(
    service: &Management,
    (owned, paging): &(OwnedBy, Paging),
) -> Result<Page<DomainNameAccessAssociation>, Failure> {
    if owned.others() {
        return Ok(Page::whole(Vec::new()));
    }
    let page = paging.page(service.definitions(), ALL, "").await?;
    page.try_map(|item| Ok(decode(&item)?))
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtAssociation) -> Result<(), Failure> {
    remove(change, &at.domain_name_access_association_arn, None).await
}

/// What the owner of the domain name does, where another account has made the association. Here both are one.
pub(crate) async fn reject(change: &mut Change<'_>, input: &Rejected) -> Result<(), Failure> {
    let arn = &input.domain_name_access_association_arn;
    remove(change, arn, Some(&input.domain_name_arn)).await
}

async fn remove(change: &mut Change<'_>, arn: &str, domain: Option<&str>) -> Result<(), Failure> {
    let key = association_of(arn).ok_or_else(missing::access_association)?;
    let found: Option<DomainNameAccessAssociation> = change.read(&key).await?;
    let association = found
        .filter(|known| domain.is_none_or(|arn| known.domain_name_arn == arn))
        .ok_or_else(missing::access_association)?;
    let known_as = domain_of(&association.domain_name_arn).unwrap_or_default();
    let before = find_domain(change, known_as).await?;
    change.replace(
        &before,
        &with(&before, before.associations.saturating_sub(1)),
    );
    change.remove(&association);
    change.shrink(&limits::ACCESS_ASSOCIATIONS).await
}
