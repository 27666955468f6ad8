//! Tags, and the ARNs by which resources are tagged.

use super::access_associations::{AssociationRecord, association_at};
use super::api_keys::{ApiKeyRecord, api_key_key};
use super::client_certificates::client_certificate_key;
use super::domain_names::DomainRecord;
use super::usage_plans::UsagePlanRecord;
use super::{missing, stages};
use crate::Management;
use crate::definitions::{Edit, Record};
use crate::wire::{Failure, Nothing, Part};
use postern_definition::rest::{ClientCertificate, VpcLink};
use postern_definition::{ApiId, Map, StageName, routed};
use postern_plan::account::{domain_name_key, usage_plan_key, vpc_link_key, vpc_link_v2_key};
use postern_plan::live;
use postern_store::Key;
use serde::{Deserialize, Serialize};

const TAGS_MAX: usize = 50;
const KEY_CHARS_MAX: usize = 128;
const VALUE_CHARS_MAX: usize = 256;

#[derive(Debug, Deserialize)]
pub(crate) struct AtArn {
    #[serde(alias = "resource-arn")]
    resource_arn: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TagResource {
    tags: Map<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UntagResource {
    #[serde(rename = "tagKeys")]
    tag_keys: Vec<String>,
}

impl Part for AtArn {}
impl Part for TagResource {}
impl Part for UntagResource {}

#[derive(Debug, Serialize)]
pub(crate) struct Tags {
    tags: Map<String>,
}

/// What can carry tags.
#[derive(Debug, PartialEq)]
enum Tagged {
    Api(ApiId),
    Stage(ApiId, StageName),
    RoutedApi(ApiId),
    RoutedStage(ApiId, StageName),
    /// Something of the account, by its item's key.
    ApiKey(Key),
    UsagePlan(Key),
    /// Of a REST API or of an HTTP API: ids are drawn alike.
    VpcLink(String),
    ClientCertificate(Key),
    DomainName(Key),
    AccessAssociation(Key),
}

pub(crate) async fn get(service: &Management, at: &AtArn) -> Result<Tags, Failure> {
    let tags = match Tagged::parse(&at.resource_arn)? {
        Tagged::Api(id) => {
            let found = service.definitions().api(&id).await?;
            found.ok_or_else(|| missing::api(service, &id))?.0.api.tags
        }
        Tagged::Stage(id, name) => {
            let api = service.definitions().api(&id).await?;
            let stage = service.definitions().stage(&id, &name).await?;
            api.and(stage).ok_or_else(missing::stage)?.tags
        }
        Tagged::RoutedApi(id) => {
            let found = service.definitions().api_of::<routed::Api>(&id).await?;
            found.ok_or_else(|| missing::api(service, &id))?.0.api.tags
        }
        Tagged::RoutedStage(id, name) => {
            let api = service.definitions().api_of::<routed::Api>(&id).await?;
            let stage = service.definitions().routed_stage(&id, &name).await?;
            api.and(stage).ok_or_else(missing::stage)?.tags
        }
        Tagged::ApiKey(key) => read::<ApiKeyRecord>(service, &key, missing::api_key).await?,
        Tagged::UsagePlan(key) => {
            read::<UsagePlanRecord>(service, &key, missing::usage_plan).await?
        }
        Tagged::VpcLink(id) => {
            let key = vpc_link_v2_key(&id);
            if service.definitions().exists(&key).await? {
                read::<routed::VpcLink>(service, &key, missing::vpc_link).await?
            } else {
                read::<VpcLink>(service, &vpc_link_key(&id), missing::vpc_link).await?
            }
        }
        Tagged::ClientCertificate(key) => {
            read::<ClientCertificate>(service, &key, missing::client_certificate).await?
        }
        Tagged::DomainName(key) => {
            read::<DomainRecord>(service, &key, missing::domain_name).await?
        }
        Tagged::AccessAssociation(key) => {
            let missing = missing::access_association;
            read::<AssociationRecord>(service, &key, missing).await?
        }
    };
    Ok(Tags { tags })
}

async fn read<R: Record>(
    service: &Management,
    key: &Key,
    missing: fn() -> Failure,
) -> Result<Map<String>, Failure> {
    let found: Option<R> = service.definitions().get(key).await?;
    let mut record = found.ok_or_else(missing)?;
    Ok(std::mem::take(record.tags_mut()))
}

pub(crate) async fn tag(
    service: &Management,
    (at, input): &(AtArn, TagResource),
) -> Result<(), Failure> {
    change(service, at, |tags| {
        let mut together = tags.clone();
        together.extend(input.tags.clone());
        // Tags that the platform set are there already and stay.
        checked(&input.tags)?;
        bounded(&together)?;
        *tags = together;
        Ok(())
    })
    .await
}

/// As [`tag`], as operations of HTTP and WebSocket APIs answer it: with an object that has nothing in it.
pub(crate) async fn tag_v2(
    service: &Management,
    input: &(AtArn, TagResource),
) -> Result<Nothing, Failure> {
    tag(service, input).await?;
    Ok(Nothing {})
}

pub(crate) async fn untag(
    service: &Management,
    (at, input): &(AtArn, UntagResource),
) -> Result<(), Failure> {
    change(service, at, |tags| {
        for key in &input.tag_keys {
            tags.remove(key);
        }
        Ok(())
    })
    .await
}

async fn change(
    service: &Management,
    at: &AtArn,
    f: impl Fn(&mut Map<String>) -> Result<(), Failure> + Send + Sync,
) -> Result<(), Failure> {
    match Tagged::parse(&at.resource_arn)? {
        Tagged::Api(id) => of_api(service, &id, None, f).await,
        Tagged::Stage(id, name) => of_api(service, &id, Some(&name), f).await,
        Tagged::RoutedApi(id) => of_routed_api(service, &id, None, f).await,
        Tagged::RoutedStage(id, name) => of_routed_api(service, &id, Some(&name), f).await,
        Tagged::ApiKey(key) => of::<ApiKeyRecord>(service, &key, missing::api_key, f).await,
        Tagged::UsagePlan(key) => {
            of::<UsagePlanRecord>(service, &key, missing::usage_plan, f).await
        }
        Tagged::VpcLink(id) => {
            let key = vpc_link_v2_key(&id);
            if service.definitions().exists(&key).await? {
                of::<routed::VpcLink>(service, &key, missing::vpc_link, f).await
            } else {
                of::<VpcLink>(service, &vpc_link_key(&id), missing::vpc_link, f).await
            }
        }
        Tagged::ClientCertificate(key) => {
            of::<ClientCertificate>(service, &key, missing::client_certificate, f).await
        }
        Tagged::DomainName(key) => of::<DomainRecord>(service, &key, missing::domain_name, f).await,
        Tagged::AccessAssociation(key) => {
            let missing = missing::access_association;
            of::<AssociationRecord>(service, &key, missing, f).await
        }
    }
}

/// Changes the tags of an API, or of one of its stages.
async fn of_api(
    service: &Management,
    id: &ApiId,
    stage: Option<&StageName>,
    f: impl Fn(&mut Map<String>) -> Result<(), Failure> + Send + Sync,
) -> Result<(), Failure> {
    let mut edits = service.edits(id).await;
    loop {
        let mut edit: Edit<'_> = edits.begin().await?;
        if let Some(name) = stage {
            edit.api(missing::stage)?;
            let stage = service.definitions().stage(id, name).await?;
            let mut stage = stage.ok_or_else(missing::stage)?;
            f(&mut stage.tags)?;
            stages::put(&mut edit, &stage).await?;
        } else {
            let record = edit.record_mut(|| missing::api(service, id))?;
            f(&mut record.api.tags)?;
        }
        if edit.commit().await? {
            return Ok(());
        }
    }
}

/// Changes the tags of an HTTP or WebSocket API, or of one of its stages.
async fn of_routed_api(
    service: &Management,
    id: &ApiId,
    stage: Option<&StageName>,
    f: impl Fn(&mut Map<String>) -> Result<(), Failure> + Send + Sync,
) -> Result<(), Failure> {
    let mut edits = service.edits_in::<routed::Api>(id).await;
    loop {
        let mut edit = edits.begin().await?;
        if let Some(name) = stage {
            edit.api(missing::stage)?;
            let stage = service.definitions().routed_stage(id, name).await?;
            let mut stage = stage.ok_or_else(missing::stage)?;
            f(&mut stage.tags)?;
            edit.note(live::put(service.definitions().table(), id, &stage).await?);
        } else {
            let record = edit.record_mut(|| missing::api(service, id))?;
            f(&mut record.api.tags)?;
        }
        if edit.commit().await? {
            return Ok(());
        }
    }
}

/// Changes the tags of something of the account.
async fn of<R: Record>(
    service: &Management,
    key: &Key,
    missing: fn() -> Failure,
    f: impl Fn(&mut Map<String>) -> Result<(), Failure> + Send + Sync,
) -> Result<(), Failure> {
    let mut changes = service.changes().await;
    loop {
        let mut change = changes.begin().await?;
        let before: R = change.read(key).await?.ok_or_else(missing)?;
        let mut after = before.clone();
        f(after.tags_mut())?;
        change.replace(&before, &after);
        if change.commit().await? {
            return Ok(());
        }
    }
}

impl Tagged {
    /// Whatever the partition, the region and the account, which is empty for most.
    fn parse(arn: &str) -> Result<Self, Failure> {
        let malformed = || Failure::bad_request("Invalid ARN specified in the request");
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        let ["arn", _, "apigateway", _, _, path] = parts[..] else {
            return Err(malformed());
        };
        let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            ["restapis", api] => Ok(Self::Api((*api).into())),
            ["restapis", api, "stages", stage] => Ok(Self::Stage((*api).into(), (*stage).into())),
            ["apis", api] => Ok(Self::RoutedApi((*api).into())),
            ["apis", api, "stages", stage] => Ok(Self::RoutedStage((*api).into(), (*stage).into())),
            ["apikeys", id] => Ok(Self::ApiKey(api_key_key(id))),
            ["usageplans", id] => Ok(Self::UsagePlan(usage_plan_key(id))),
            ["vpclinks", id] => Ok(Self::VpcLink((*id).to_owned())),
            ["clientcertificates", id] => Ok(Self::ClientCertificate(client_certificate_key(id))),
            ["domainnames", known_as] => Ok(Self::DomainName(domain_name_key(known_as))),
            segments => association_at(segments)
                .map(Self::AccessAssociation)
                .ok_or_else(malformed),
        }
    }
}

/// The tags that come with the creation of something.
pub(crate) fn given(tags: Option<&Map<String>>) -> Result<Map<String>, Failure> {
    let tags = tags.cloned().unwrap_or_default();
    checked(&tags)?;
    bounded(&tags)?;
    Ok(tags)
}

fn checked(tags: &Map<String>) -> Result<(), Failure> {
    for (key, value) in tags {
        let (keys, values) = (key.chars().count(), value.chars().count());
        if keys == 0 || keys > KEY_CHARS_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid tag key specified: it must have 1 to {KEY_CHARS_MAX} characters"
            )));
        }
        if values > VALUE_CHARS_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid tag value specified for key {key}: it can have at most {VALUE_CHARS_MAX} characters"
            )));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Failure::bad_request(
                "aws: prefixed tag key names are not allowed for external use.",
            ));
        }
    }
    Ok(())
}

fn bounded(tags: &Map<String>) -> Result<(), Failure> {
    if tags.len() > TAGS_MAX {
        return Err(Failure::bad_request(format!(
            "The number of tags exceeds the limit of {TAGS_MAX}"
        )));
    }
    Ok(())
}
