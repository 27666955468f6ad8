//! Stages: names under which deployments answer.

mod cache_rules;
mod cors;
pub(crate) mod flush;
mod method_settings;
mod patches;
pub(crate) mod routed;
mod variables;

pub(crate) use patches::{access_log_destination, access_log_format};
pub(crate) use variables::checked as checked_variables;

use super::address::{AtApi, AtStage};
use super::base_path_mappings::not_mapped;
use super::client_certificates::client_certificate_key;
use super::names::CacheClusterSize;
use super::{account, missing, tags};
use crate::Management;
use crate::definitions::{DOCUMENTATION_VERSION, Definitions, Edit, deployment_key, part_key};
use crate::limits::room;
use crate::paging::Page;
use crate::patch::Update;
use crate::wire::{Choice, Failure, Part, Violations};
use postern_definition::rest::{CacheKey, CanarySettings, Flushes, Stage, StageExtras};
use postern_definition::{ApiId, DeploymentId, Map, StageName};
use postern_plan::{live, stage_key, stage_sort_prefix};
use serde::Deserialize;

const NAME_CHARS_MAX: usize = 128;
const DESCRIPTION_CHARS_MAX: usize = 1_024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStage {
    stage_name: String,
    deployment_id: DeploymentId,
    description: Option<String>,
    cache_cluster_enabled: Option<bool>,
    cache_cluster_size: Option<Choice<CacheClusterSize>>,
    variables: Option<Map<String>>,
    documentation_version: Option<String>,
    canary_settings: Option<Canary>,
    tracing_enabled: Option<bool>,
    tags: Option<Map<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Canary {
    percent_traffic: Option<f64>,
    deployment_id: Option<DeploymentId>,
    stage_variable_overrides: Option<Map<String>>,
    use_stage_cache: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ByDeployment {
    #[serde(rename = "deploymentId")]
    deployment_id: Option<DeploymentId>,
}

impl Part for ByDeployment {}

impl Part for CreateStage {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("cacheClusterSize", self.cache_cluster_size.as_ref());
    }
}

impl Canary {
    /// The settings that it makes, with a deployment for where it names none.
    pub(super) fn settings(&self, deployment: &DeploymentId) -> Result<CanarySettings, Failure> {
        let overrides = self.stage_variable_overrides.clone().unwrap_or_default();
        checked_variables(&overrides)?;
        Ok(CanarySettings {
            percent_traffic: patches::percent(self.percent_traffic.unwrap_or(0.0))?,
            deployment_id: self
                .deployment_id
                .clone()
                .unwrap_or_else(|| deployment.clone()),
            stage_variable_overrides: overrides,
            use_stage_cache: self.use_stage_cache.unwrap_or(false),
        })
    }
}

/// What a stage cannot be without.
pub(super) struct NewStage<'a> {
    pub(super) name: &'a str,
    pub(super) deployment: &'a DeploymentId,
    pub(super) description: Option<String>,
}

pub(super) fn new(stage: NewStage<'_>, now: i64) -> Result<Stage, Failure> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if stage.name.is_empty() || !stage.name.bytes().all(allowed) {
        return Err(Failure::bad_request("Stage name only allows a-zA-Z0-9_-"));
    }
    if stage.name.len() > NAME_CHARS_MAX {
        return Err(Failure::bad_request(format!(
            "Stage name can be at most {NAME_CHARS_MAX} characters."
        )));
    }
    checked_description(stage.description.as_deref().unwrap_or_default())?;
    Ok(Stage {
        deployment_id: stage.deployment.clone(),
        client_certificate_id: None,
        stage_name: stage.name.into(),
        description: stage.description.filter(|text| !text.is_empty()),
        cache_cluster_enabled: false,
        cache_cluster_size: None,
        cache_cluster_status: "NOT_AVAILABLE".to_owned(),
        method_settings: Map::new(),
        variables: Map::new(),
        documentation_version: None,
        access_log_settings: None,
        canary_settings: None,
        tracing_enabled: false,
        web_acl_arn: None,
        tags: Map::new(),
        created_date: now,
        last_updated_date: now,
        postern: StageExtras::default(),
        flushes: Flushes::default(),
        cache_key: None,
    })
}

pub(super) fn checked_description(description: &str) -> Result<(), Failure> {
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(Failure::bad_request(format!(
            "Invalid stage description, can be at most {DESCRIPTION_CHARS_MAX} characters."
        )));
    }
    Ok(())
}

/// Turns the cache on or off, or gives it a size. Ours is there as soon as it is asked for, and empty as the service's is.
pub(super) fn cache(stage: &mut Stage, enabled: Option<bool>, size: Option<CacheClusterSize>) {
    if let Some(size) = size {
        let size = Some(size.0.to_owned());
        stage.flushes.data += u64::from(stage.cache_cluster_size != size);
        stage.cache_cluster_size = size;
    }
    if let Some(enabled) = enabled {
        stage.flushes.data += u64::from(enabled && !stage.cache_cluster_enabled);
        stage.cache_cluster_enabled = enabled;
        let status = if enabled {
            "AVAILABLE"
        } else {
            "NOT_AVAILABLE"
        };
        status.clone_into(&mut stage.cache_cluster_status);
        if enabled {
            stage
                .cache_cluster_size
                .get_or_insert_with(|| "0.5".to_owned());
        }
    }
}

pub(crate) async fn list(
    service: &Management,
    (at, by): &(AtApi, ByDeployment),
) -> Result<Page<Stage>, Failure> {
    let definitions = service.definitions();
    let api = &at.restapi_id;
    if definitions.api(api).await?.is_none() {
        return Err(missing::api(service, api));
    }
    let mut stages = definitions.stages(api).await?;
    if let Some(deployment) = by
        .deployment_id
        .as_ref()
        .filter(|id| !id.as_str().is_empty())
    {
        stages.retain(|stage| stage.deployment_id == *deployment);
    }
    Ok(Page::whole(stages.into_iter().map(shown).collect()))
}

pub(crate) async fn get(service: &Management, at: &AtStage) -> Result<Stage, Failure> {
    let definitions = service.definitions();
    if definitions.api(&at.restapi_id).await?.is_none() {
        return routed::get(service, at).await;
    }
    let found = definitions.stage(&at.restapi_id, &at.stage_name).await?;
    Ok(shown(found.ok_or_else(missing::stage)?))
}

/// A stage as clients see it.
fn shown(stage: Stage) -> Stage {
    Stage {
        flushes: Flushes::default(),
        cache_key: None,
        ..stage
    }
}

pub(crate) async fn create(
    edit: &mut Edit<'_>,
    (at, input): &(AtApi, CreateStage),
) -> Result<Stage, Failure> {
    let service = edit.service();
    let api = &at.restapi_id;
    edit.api(|| missing::api(service, api))?;
    let new = NewStage {
        name: &input.stage_name,
        deployment: &input.deployment_id,
        description: input.description.clone(),
    };
    let mut stage = new_with(new, input, service.now())?;
    let key = stage_key(api, &stage.stage_name);
    if edit.definitions().exists(&key).await? {
        return Err(Failure::conflict("Stage already exists"));
    }
    has_room(edit).await?;
    if let Some(canary) = &input.canary_settings {
        stage.canary_settings = Some(canary.settings(&stage.deployment_id)?);
    }
    checked(edit.definitions(), api, None, &stage).await?;
    put(edit, &stage).await?;
    Ok(shown(stage))
}

fn new_with(new: NewStage<'_>, input: &CreateStage, now: i64) -> Result<Stage, Failure> {
    let mut stage = self::new(new, now)?;
    stage.variables = input.variables.clone().unwrap_or_default();
    checked_variables(&stage.variables)?;
    stage.documentation_version = input
        .documentation_version
        .clone()
        .filter(|version| !version.is_empty());
    stage.tracing_enabled = input.tracing_enabled.unwrap_or(false);
    stage.tags = tags::given(input.tags.as_ref())?;
    let size = input.cache_cluster_size.as_ref().map(Choice::known);
    cache(&mut stage, input.cache_cluster_enabled, size.transpose()?);
    Ok(stage)
}

pub(crate) async fn update(edit: &mut Edit<'_>, input: &Update<AtStage>) -> Result<Stage, Failure> {
    edit.api(missing::stage)?;
    let (api, name) = (&input.at.restapi_id, &input.at.stage_name);
    let before = edit.definitions().stage(api, name).await?;
    let before = before.ok_or_else(missing::stage)?;
    let mut after = input.apply(&patches::TABLE, &before)?;
    if after == before {
        return Ok(shown(before));
    }
    cors::checked(&after)?;
    checked(edit.definitions(), api, Some(&before), &after).await?;
    certified(edit, &before, &after).await?;
    after.last_updated_date = edit.service().now();
    put(edit, &after).await?;
    Ok(shown(after))
}

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtStage) -> Result<(), Failure> {
    edit.api(missing::stage)?;
    let key = stage_key(&at.restapi_id, &at.stage_name);
    if !edit.definitions().exists(&key).await? {
        return Err(missing::stage());
    }
    not_mapped(edit.definitions(), &at.restapi_id, &at.stage_name).await?;
    remove(edit, &at.stage_name).await
}

/// Whether the API may have one more.
pub(super) async fn has_room(edit: &Edit<'_>) -> Result<(), Failure> {
    let max = edit.service().limits().stages_per_api;
    room(edit, "stages", stage_sort_prefix(), max).await
}

/// Notes a stage as it is to be, for the management APIs and for the gateways.
pub(crate) async fn put(edit: &mut Edit<'_>, stage: &Stage) -> Result<(), Failure> {
    let stage = with_cache_key(stage.clone());
    let writes = live::put(edit.definitions().table(), edit.id(), &stage).await?;
    edit.note(writes);
    Ok(())
}

/// The stage, with a key where what is kept for it is to be encrypted. Flushing it takes the key away, and so makes a new one.
fn with_cache_key(mut stage: Stage) -> Stage {
    let mut settings = stage.method_settings.values();
    if settings.any(|setting| setting.cache_data_encrypted) {
        let new = || CacheKey::new(rand::random());
        stage.cache_key.get_or_insert_with(new);
    }
    stage
}

/// Notes that a stage is to be gone.
pub(crate) async fn remove(edit: &mut Edit<'_>, name: &StageName) -> Result<(), Failure> {
    let writes = live::delete(edit.definitions().table(), edit.id(), name).await?;
    edit.note(writes);
    Ok(())
}

/// Notes that a stage comes to use a client certificate, where that is there.
async fn certified(edit: &mut Edit<'_>, before: &Stage, after: &Stage) -> Result<(), Failure> {
    let Some(id) = &after.client_certificate_id else {
        return Ok(());
    };
    if before.client_certificate_id != after.client_certificate_id {
        let key = client_certificate_key(id);
        if !edit.uses(&key, after.stage_name.to_string()).await? {
            return Err(Failure::bad_request(
                "Invalid Client Certificate identifier specified",
            ));
        }
    }
    Ok(())
}

/// Whether what a stage newly refers to is there.
async fn checked(
    definitions: Definitions<'_>,
    api: &ApiId,
    before: Option<&Stage>,
    after: &Stage,
) -> Result<(), Failure> {
    let canary = |stage: &Stage| {
        stage
            .canary_settings
            .as_ref()
            .map(|c| c.deployment_id.clone())
    };
    let deployments = [
        (
            before.map(|b| b.deployment_id.clone()),
            Some(after.deployment_id.clone()),
        ),
        (before.and_then(canary), canary(after)),
    ];
    for (old, new) in deployments {
        if let Some(id) = new.filter(|new| Some(new) != old.as_ref())
            && !definitions.exists(&deployment_key(api, &id)).await?
        {
            return Err(Failure::bad_request("Deployment id does not exist"));
        }
    }
    if let Some(version) = &after.documentation_version
        && before.is_none_or(|b| b.documentation_version != after.documentation_version)
        && !definitions
            .exists(&part_key(api, DOCUMENTATION_VERSION, version))
            .await?
    {
        return Err(missing::documentation_version());
    }
    if patches::logs_more(before, after) {
        account::may_log(definitions).await?;
    }
    Ok(())
}
