//! API mappings: which stage answers under which path of a domain name.
//!
//! Base path mappings are the same thing in the older API, and are stored as that: see `rest::base_path_mappings`. Here they have
//! an id, a key may have several segments, and they lead to any kind of API.

use super::missing;
use crate::Management;
use crate::definitions::{Change, Definitions};
use crate::paging::{Items, Tokens};
use crate::rest::base_path_mappings::{
    Leads, MappingRecord, NONE, PATH_CHARS_MAX, is_path_byte, map, mapping_id_key, unmap,
};
use crate::rest::domain_names::{AtDomain, find as find_domain};
use crate::wire::{Failure, Part};
use postern_definition::rest::{BasePathMapping, EndpointType};
use postern_definition::{ApiId, StageName};
use postern_plan::account::{MAPPINGS, domain_name_key, mapping_key, mapping_partition};
use postern_store::decode;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateApiMapping {
    api_id: ApiId,
    api_mapping_key: Option<String>,
    stage: StageName,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateApiMapping {
    api_id: ApiId,
    api_mapping_key: Option<String>,
    stage: Option<StageName>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AtMapping {
    #[serde(flatten)]
    domain: AtDomain,
    api_mapping_id: String,
}

impl Part for CreateApiMapping {}
impl Part for UpdateApiMapping {}
impl Part for AtMapping {}

/// A mapping as clients of this API see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MappingView {
    api_id: ApiId,
    api_mapping_id: String,
    api_mapping_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<StageName>,
}

impl From<MappingRecord> for MappingView {
    fn from(record: MappingRecord) -> Self {
        let path = record.mapping.base_path;
        Self {
            api_id: record.mapping.rest_api_id,
            api_mapping_id: record.api_mapping_id,
            api_mapping_key: if path == NONE { String::new() } else { path },
            stage: record.mapping.stage,
        }
    }
}

/// The base path of a key.
fn base_path(key: &str) -> Result<String, Failure> {
    if key.is_empty() || key == NONE {
        return Ok(NONE.to_owned());
    }
    let is_segment = |segment: &str| !segment.is_empty() && segment.bytes().all(is_path_byte);
    if key.len() > PATH_CHARS_MAX || !key.split('/').all(is_segment) {
        return Err(Failure::bad_request(format!(
            "Invalid API mapping key specified: {key}. It can have segments of letters, digits and $-_.+!*'() with single slashes between them, and at most {PATH_CHARS_MAX} characters"
        )));
    }
    Ok(key.to_owned())
}

fn exists() -> Failure {
    Failure::conflict("ApiMapping key already exists for this domain name")
}

/// Notes a mapping, in place of another or where none is.
async fn save(
    change: &mut Change<'_>,
    at: &AtDomain,
    before: Option<&MappingRecord>,
    after: &MappingRecord,
) -> Result<(), Failure> {
    let domain = find_domain(change, &at.known_as()).await?;
    let path = &after.mapping.base_path;
    let types = &domain.domain.endpoint_configuration.types;
    if path.contains('/')
        && !(types.contains(&EndpointType::Regional) && domain.domain.security_policy != "TLS_1_0")
    {
        return Err(Failure::bad_request(
            "Multi-level API mappings are only supported for REGIONAL domain names with the security policy TLS_1_2",
        ));
    }
    let is_kept = before.is_some_and(|before| before.mapping.base_path == *path);
    if !is_kept && change.sees(&mapping_key(&at.known_as(), path)).await? {
        return Err(exists());
    }
    if let Some(before) = before {
        unmap(change, &at.known_as(), before);
    }
    map(change, &domain, (before, after), Leads::ToAny).await
}

pub(crate) async fn create(
    change: &mut Change<'_>,
    (at, input): &(AtDomain, CreateApiMapping),
) -> Result<MappingView, Failure> {
    let record = MappingRecord::new(BasePathMapping {
        base_path: base_path(input.api_mapping_key.as_deref().unwrap_or_default())?,
        rest_api_id: input.api_id.clone(),
        stage: Some(input.stage.clone()),
    });
    save(change, at, None, &record).await?;
    Ok(record.into())
}

async fn read(definitions: Definitions<'_>, at: &AtMapping) -> Result<MappingRecord, Failure> {
    let domain = at.domain.known_as();
    if !definitions.exists(&domain_name_key(&domain)).await? {
        return Err(missing::domain_name());
    }
    let path: Option<String> = definitions
        .get(&mapping_id_key(&domain, &at.api_mapping_id))
        .await?;
    let path = path.ok_or_else(missing::api_mapping)?;
    let found = definitions.get(&mapping_key(&domain, &path)).await?;
    found.ok_or_else(missing::api_mapping)
}

async fn find(change: &mut Change<'_>, at: &AtMapping) -> Result<MappingRecord, Failure> {
    let domain = at.domain.known_as();
    find_domain(change, &domain).await?;
    let by_id = mapping_id_key(&domain, &at.api_mapping_id);
    let path: String = change
        .read(&by_id)
        .await?
        .ok_or_else(missing::api_mapping)?;
    let found = change.read(&mapping_key(&domain, &path)).await?;
    found.ok_or_else(missing::api_mapping)
}

pub(crate) async fn get(service: &Management, at: &AtMapping) -> Result<MappingView, Failure> {
    Ok(read(service.definitions(), at).await?.into())
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtDomain, Tokens),
) -> Result<Items<MappingView>, Failure> {
    let definitions = service.definitions();
    let domain = at.known_as();
    if !definitions.exists(&domain_name_key(&domain)).await? {
        return Err(missing::domain_name());
    }
    let paging = tokens.paging();
    let partition = mapping_partition(&domain);
    let page = paging.page(definitions, &partition, MAPPINGS).await?;
    Ok(page
        .try_map(|item| Ok(decode::<MappingRecord>(&item)?.into()))?
        .into())
}

pub(crate) async fn update(
    change: &mut Change<'_>,
    (at, input): &(AtMapping, UpdateApiMapping),
) -> Result<MappingView, Failure> {
    let before = find(change, at).await?;
    let mut after = before.clone();
    after.mapping.rest_api_id = input.api_id.clone();
    if let Some(key) = &input.api_mapping_key {
        after.mapping.base_path = base_path(key)?;
    }
    if let Some(stage) = &input.stage {
        after.mapping.stage = Some(stage.clone());
    }
    if after != before {
        save(change, &at.domain, Some(&before), &after).await?;
    }
    Ok(after.into())
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtMapping) -> Result<(), Failure> {
    let record = find(change, at).await?;
    unmap(change, &at.domain.known_as(), &record);
    Ok(())
}
