//! Base path mappings: which stage answers under which path of a domain name.
//!
//! ```text
//! domainname#{domain}    mapping#{base path}   the mapping
//! restapi#{api}          mapped#{domain}#{base path}
//!                                              that there is one, with the API
//! ```
//!
//! Making one moves the revisions of both its domain name and its API, so that neither is deleted at the same moment.

use super::domain_names::{AtDomain, DomainRecord, find as find_domain};
use super::missing;
use crate::Management;
use crate::definitions::{Change, Definitions, Record, api_key};
use crate::paging::{Page, Paging};
use crate::patch::{REPLACE, Row, Table, Unknown, Update};
use crate::wire::{Failure, Part};
use postern_definition::rest::BasePathMapping;
use postern_definition::{ApiId, StageName};
use postern_plan::account::{MAPPINGS, domain_name_key, mapping_key, mapping_partition};
use postern_plan::{api_partition, stage_key};
use postern_store::{Key, Query, decode};
use serde::Deserialize;
use std::collections::BTreeSet;

const NONE: &str = "(none)";
const PATH_CHARS_MAX: usize = 300;
const MAPPED: &str = "mapped#";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateBasePathMapping {
    base_path: Option<String>,
    rest_api_id: ApiId,
    stage: Option<StageName>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtMapping {
    #[serde(flatten)]
    domain: AtDomain,
    base_path: String,
}

impl Part for CreateBasePathMapping {}
impl Part for AtMapping {}

impl AtMapping {
    fn key(&self) -> Key {
        mapping_key(&self.domain.known_as(), &self.base_path)
    }
}

static TABLE: Table<BasePathMapping> = Table {
    rows: &[
        Row::new("/basePath", REPLACE, |mapping, patch| {
            mapping.base_path = base_path(patch.value)?;
            Ok(())
        }),
        Row::new("/basepath", REPLACE, |mapping, patch| {
            mapping.base_path = base_path(patch.value)?;
            Ok(())
        }),
        Row::new("/restApiId", REPLACE, |mapping, patch| {
            mapping.rest_api_id = patch.text().into();
            Ok(())
        }),
        Row::new("/restapiId", REPLACE, |mapping, patch| {
            mapping.rest_api_id = patch.text().into();
            Ok(())
        }),
        Row::new("/stage", REPLACE, |mapping, patch| {
            mapping.stage = stage(patch.value.map(StageName::from).as_ref());
            Ok(())
        }),
    ],
    unknown: Unknown::Strict,
};

/// The root is called `(none)`.
fn base_path(given: Option<&str>) -> Result<String, Failure> {
    let path = given.filter(|path| !path.is_empty()).unwrap_or(NONE);
    if path == NONE {
        return Ok(path.to_owned());
    }
    if path.contains('/') {
        return Err(Failure::bad_request(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.",
        ));
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&b);
    if path.len() > PATH_CHARS_MAX || !path.bytes().all(allowed) {
        return Err(Failure::bad_request(format!(
            "Invalid base path specified: {path}. It can have letters, digits and $-_.+!*'(), and at most {PATH_CHARS_MAX} of them"
        )));
    }
    Ok(path.to_owned())
}

fn stage(given: Option<&StageName>) -> Option<StageName> {
    given
        .filter(|stage| !matches!(stage.as_str(), "" | NONE))
        .cloned()
}

/// The note of a mapping with its API.
fn mapped_key(domain: &str, mapping: &BasePathMapping) -> Key {
    Key::new(
        api_partition(&mapping.rest_api_id),
        format!("{MAPPED}{domain}#{}", mapping.base_path),
    )
}

/// The domain names that map an API, of some of its mappings.
pub(super) async fn mapping_domains(
    definitions: Definitions<'_>,
    api: &ApiId,
) -> Result<Vec<String>, Failure> {
    let noted = Query {
        partition: api_partition(api),
        prefix: MAPPED.to_owned(),
        after: None,
        limit: 20,
    };
    let batch = definitions.query(noted).await?;
    let domains: BTreeSet<_> = batch
        .items
        .iter()
        .filter_map(|item| item.key.sort.strip_prefix(MAPPED)?.split('#').next())
        .map(str::to_owned)
        .collect();
    Ok(domains.into_iter().collect())
}

/// Notes that a mapping is to be there, if what it names is.
async fn map(
    change: &mut Change<'_>,
    domain: &DomainRecord,
    mapping: &BasePathMapping,
) -> Result<(), Failure> {
    let api = &mapping.rest_api_id;
    if !change.touch(&api_key(api)).await? {
        return Err(Failure::bad_request(
            "Invalid REST API identifier specified",
        ));
    }
    if let Some(stage) = &mapping.stage
        && !change.sees(&stage_key(api, stage)).await?
    {
        return Err(Failure::bad_request("Invalid stage identifier specified"));
    }
    change.touch(&domain.key()).await?;
    let known_as = domain.known_as();
    change.put(mapping_key(&known_as, &mapping.base_path), mapping);
    change.put(mapped_key(&known_as, mapping), &());
    Ok(())
}

/// Notes that a mapping is to be gone.
pub(super) fn unmap(change: &mut Change<'_>, domain: &str, mapping: &BasePathMapping) {
    change.delete(mapping_key(domain, &mapping.base_path));
    change.delete(mapped_key(domain, mapping));
}

fn exists() -> Failure {
    Failure::conflict("Base path already exists for this domain name")
}

pub(crate) async fn create(
    change: &mut Change<'_>,
    (at, input): &(AtDomain, CreateBasePathMapping),
) -> Result<BasePathMapping, Failure> {
    let mapping = BasePathMapping {
        base_path: base_path(input.base_path.as_deref())?,
        rest_api_id: input.rest_api_id.clone(),
        stage: stage(input.stage.as_ref()),
    };
    let domain = find_domain(change, &at.known_as()).await?;
    if change
        .sees(&mapping_key(&at.known_as(), &mapping.base_path))
        .await?
    {
        return Err(exists());
    }
    map(change, &domain, &mapping).await?;
    Ok(mapping)
}

pub(crate) async fn get(service: &Management, at: &AtMapping) -> Result<BasePathMapping, Failure> {
    let definitions = service.definitions();
    if !definitions
        .exists(&domain_name_key(&at.domain.known_as()))
        .await?
    {
        return Err(missing::domain_name());
    }
    let found = definitions.get(&at.key()).await?;
    found.ok_or_else(missing::base_path_mapping)
}

pub(crate) async fn list(
    service: &Management,
    (at, paging): &(AtDomain, Paging),
) -> Result<Page<BasePathMapping>, Failure> {
    let definitions = service.definitions();
    let known_as = at.known_as();
    if !definitions.exists(&domain_name_key(&known_as)).await? {
        return Err(missing::domain_name());
    }
    let partition = mapping_partition(&known_as);
    let page = paging.page(definitions, &partition, MAPPINGS).await?;
    page.try_map(|item| Ok(decode(&item)?))
}

async fn find(change: &mut Change<'_>, at: &AtMapping) -> Result<BasePathMapping, Failure> {
    let found = change.read(&at.key()).await?;
    found.ok_or_else(missing::base_path_mapping)
}

pub(crate) async fn update(
    change: &mut Change<'_>,
    input: &Update<AtMapping>,
) -> Result<BasePathMapping, Failure> {
    let known_as = input.at.domain.known_as();
    let domain = find_domain(change, &known_as).await?;
    let before = find(change, &input.at).await?;
    let after = input.apply(&TABLE, &before)?;
    if after == before {
        return Ok(after);
    }
    if after.base_path != before.base_path
        && change
            .sees(&mapping_key(&known_as, &after.base_path))
            .await?
    {
        return Err(exists());
    }
    unmap(change, &known_as, &before);
    map(change, &domain, &after).await?;
    Ok(after)
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtMapping) -> Result<(), Failure> {
    let known_as = at.domain.known_as();
    find_domain(change, &known_as).await?;
    let mapping = find(change, at).await?;
    unmap(change, &known_as, &mapping);
    Ok(())
}
