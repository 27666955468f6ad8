//! Base path mappings: which stage answers under which path of a domain name.
//!
//! ```text
//! domainname#{domain}    mapping#{base path}   the mapping
//!                        mappingid#{id}        the base path of the mapping that API mappings know by an id
//! restapi#{api}          mapped#{domain}#{base path}
//!                                              that there is one, with the API
//! ```
//!
//! What this API calls a base path mapping, the one of HTTP and WebSocket APIs calls an API mapping: one stored thing, two views.
//!
//! Making one moves the revisions of both its domain name and its API, so that neither is deleted at the same moment.

use super::domain_names::{AtDomain, DomainRecord, find as find_domain};
use super::missing;
use crate::Management;
use crate::definitions::{Change, Definitions, Record, api_key, api_key_of};
use crate::ids;
use crate::paging::{Page, Paging};
use crate::patch::{REPLACE, Row, Table, Unknown, Update};
use crate::wire::{Failure, Part};
use postern_definition::rest::{BasePathMapping, EndpointType};
use postern_definition::routed::ProtocolType;
use postern_definition::{ApiId, StageName, routed};
use postern_plan::account::{MAPPINGS, domain_name_key, mapping_key, mapping_partition};
use postern_plan::{api_partition, stage_key};
use postern_store::{Key, Query, decode};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The base path of a mapping that has none.
pub(crate) const NONE: &str = "(none)";
pub(crate) const PATH_CHARS_MAX: usize = 300;
const MAPPED: &str = "mapped#";
/// Domain names in one refusal.
const NAMED_MAX: usize = 20;

/// A mapping as it is stored, whichever API made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MappingRecord {
    #[serde(flatten)]
    pub(crate) mapping: BasePathMapping,
    #[serde(default)]
    pub(crate) api_mapping_id: String,
}

impl MappingRecord {
    pub(crate) fn new(mapping: BasePathMapping) -> Self {
        Self {
            mapping,
            api_mapping_id: ids::random(ids::SHORT),
        }
    }
}

/// Which kinds of APIs a mapping may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    ToRestApis,
    ToAny,
}

/// Where it says which base path the mapping of an id has.
pub(crate) fn mapping_id_key(domain: &str, id: &str) -> Key {
    Key::new(mapping_partition(domain), format!("mappingid#{id}"))
}

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
    if path.len() > PATH_CHARS_MAX || !path.bytes().all(is_path_byte) {
        return Err(Failure::bad_request(format!(
            "Invalid base path specified: {path}. It can have letters, digits and $-_.+!*'(), and at most {PATH_CHARS_MAX} of them"
        )));
    }
    Ok(path.to_owned())
}

/// Of a segment of a base path.
pub(crate) fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte)
}

fn stage(given: Option<&StageName>) -> Option<StageName> {
    given
        .filter(|stage| !matches!(stage.as_str(), "" | NONE))
        .cloned()
}

/// The note that a domain name leads to an API, by a base path or something else that no base path is.
pub(crate) fn mapped_key(domain: &str, api: &ApiId, by: &str) -> Key {
    Key::new(api_partition(api), format!("{MAPPED}{domain}#{by}"))
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

/// Refuses to delete a stage that domain names lead to: they would go on leading there.
pub(crate) async fn not_mapped(
    definitions: Definitions<'_>,
    api: &ApiId,
    stage: &StageName,
) -> Result<(), Failure> {
    let mut domains = BTreeSet::new();
    for item in definitions.all(&api_partition(api), MAPPED).await? {
        let noted = item.key.sort.strip_prefix(MAPPED);
        let Some((domain, path)) = noted.and_then(|noted| noted.split_once('#')) else {
            continue;
        };
        let found = definitions.get(&mapping_key(domain, path)).await?;
        let mapping: Option<BasePathMapping> = found;
        if mapping.is_some_and(|mapping| mapping.stage.as_ref() == Some(stage)) {
            domains.insert(domain.to_owned());
        }
        if domains.len() == NAMED_MAX {
            break;
        }
    }
    if domains.is_empty() {
        return Ok(());
    }
    let domains: Vec<_> = domains.into_iter().collect();
    Err(Failure::bad_request(format!(
        "Deleting stage {stage} failed. Please remove all base path mappings related to the stage in your domains: {}",
        domains.join(", ")
    )))
}

/// The protocol of an API, where it is there; REST APIs have none. Its revision is moved.
pub(crate) async fn touched_api(
    change: &mut Change<'_>,
    api: &ApiId,
) -> Result<Option<Option<ProtocolType>>, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Protocol {
        protocol_type: ProtocolType,
    }
    if change.touch::<IgnoredAny>(&api_key(api)).await?.is_some() {
        return Ok(Some(None));
    }
    let found: Option<Protocol> = change.touch(&api_key_of::<routed::Api>(api)).await?;
    Ok(found.map(|found| Some(found.protocol_type)))
}

/// Notes that a mapping is to be there, if what it names is. `before` is the one that it takes the place of.
pub(crate) async fn map(
    change: &mut Change<'_>,
    domain: &DomainRecord,
    (before, record): (Option<&MappingRecord>, &MappingRecord),
    leads: Leads,
) -> Result<(), Failure> {
    let mapping = &record.mapping;
    let api = &mapping.rest_api_id;
    let is_new = before.is_none_or(|before| before.mapping.rest_api_id != *api);
    match touched_api(change, api).await? {
        Some(Some(protocol)) if leads == Leads::ToAny || !is_new => {
            reachable(domain)?;
            alone(change, domain, before, Some(protocol)).await?;
        }
        Some(None) => alone(change, domain, before, None).await?,
        _ => {
            return Err(match leads {
                Leads::ToRestApis => Failure::bad_request("Invalid REST API identifier specified"),
                Leads::ToAny => missing::api(change.service(), api),
            });
        }
    }
    if let Some(stage) = &mapping.stage
        && !change.sees(&stage_key(api, stage)).await?
    {
        return Err(Failure::bad_request("Invalid stage identifier specified"));
    }
    change.touch::<IgnoredAny>(&domain.key()).await?;
    let known_as = domain.known_as();
    change.put(mapping_key(&known_as, &mapping.base_path), record);
    change.put(
        mapping_id_key(&known_as, &record.api_mapping_id),
        &mapping.base_path,
    );
    change.put(mapped_key(&known_as, api, &mapping.base_path), &());
    Ok(())
}

/// HTTP and WebSocket APIs are regional, and speak TLS 1.2.
fn reachable(domain: &DomainRecord) -> Result<(), Failure> {
    let types = &domain.domain.endpoint_configuration.types;
    if types.contains(&EndpointType::Regional) && domain.domain.security_policy == "TLS_1_2" {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "Only REST APIs can be attached to the domain name {}. HTTP and WebSocket APIs need a REGIONAL domain name with the security policy TLS_1_2",
        domain.domain.domain_name
    )))
}

/// WebSocket APIs share no domain name with others. As this always held, any other mapping tells.
async fn alone(
    change: &mut Change<'_>,
    domain: &DomainRecord,
    before: Option<&MappingRecord>,
    protocol: Option<ProtocolType>,
) -> Result<(), Failure> {
    let mapped = Query {
        partition: mapping_partition(&domain.known_as()),
        prefix: MAPPINGS.to_owned(),
        after: None,
        limit: 2,
    };
    let others = change.definitions().query(mapped).await?;
    for item in &others.items {
        let other: MappingRecord = decode(item)?;
        if before.is_some_and(|before| before.mapping.base_path == other.mapping.base_path) {
            continue;
        }
        let api = &other.mapping.rest_api_id;
        let found = change.definitions().api_of::<routed::Api>(api).await?;
        let other = found.map(|(record, _)| record.api.protocol_type);
        let is_websocket = |protocol| protocol == Some(ProtocolType::Websocket);
        if is_websocket(other) != is_websocket(protocol) {
            return Err(Failure::bad_request(format!(
                "The domain name {} cannot lead to a WebSocket API and to other APIs",
                domain.domain.domain_name
            )));
        }
    }
    Ok(())
}

/// Notes that a mapping is to be gone.
pub(crate) fn unmap(change: &mut Change<'_>, domain: &str, record: &MappingRecord) {
    let (api, path) = (&record.mapping.rest_api_id, &record.mapping.base_path);
    change.delete(mapping_key(domain, path));
    change.delete(mapping_id_key(domain, &record.api_mapping_id));
    change.delete(mapped_key(domain, api, path));
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
    let record = MappingRecord::new(mapping);
    map(change, &domain, (None, &record), Leads::ToRestApis).await?;
    Ok(record.mapping)
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

async fn find(change: &mut Change<'_>, at: &AtMapping) -> Result<MappingRecord, Failure> {
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
    let after = MappingRecord {
        mapping: input.apply(&TABLE, &before.mapping)?,
        api_mapping_id: before.api_mapping_id.clone(),
    };
    if after == before {
        return Ok(after.mapping);
    }
    if after.mapping.base_path != before.mapping.base_path
        && change
            .sees(&mapping_key(&known_as, &after.mapping.base_path))
            .await?
    {
        return Err(exists());
    }
    unmap(change, &known_as, &before);
    let both = (Some(&before), &after);
    map(change, &domain, both, Leads::ToRestApis).await?;
    Ok(after.mapping)
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtMapping) -> Result<(), Failure> {
    let known_as = at.domain.known_as();
    find_domain(change, &known_as).await?;
    let mapping = find(change, at).await?;
    unmap(change, &known_as, &mapping);
    Ok(())
}
