//! Stages: names under which deployments answer.

use super::address::{AtApi, AtRouteSettings, AtStage};
use super::{deployments, given, missing, parts};
use crate::Management;
use crate::definitions::{Edit, deployment_key, route_key_key};
use crate::limits::room;
use crate::paging::{Items, Tokens};
use crate::rest::account::may_log;
use crate::rest::base_path_mappings::not_mapped;
use crate::rest::client_certificates::client_certificate_key;
use crate::rest::names::LoggingLevel;
use crate::rest::stages::{access_log_destination, access_log_format, checked_variables};
use crate::rest::tags;
use crate::wire::{Choice, Enumerated, Failure, Part, Violations, WHOLE_MAX, iso8601};
use postern_definition::rest::{AccessLogSettings, Flushes};
use postern_definition::routed::{Api, DEFAULT_KEY, RouteSettings, Stage, StageExtras};
use postern_definition::{DeploymentId, Map, StageName};
use postern_plan::{live, stage_key, stage_sort_prefix};
use serde::Deserialize;

const NAME_CHARS_MAX: usize = 128;
const DESCRIPTION_CHARS_MAX: usize = 1_024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStage {
    stage_name: String,
    tags: Option<Map<String>>,
}

/// What may be said of a stage when it is created and from then on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    access_log_settings: Option<AccessLogSettings>,
    auto_deploy: Option<bool>,
    client_certificate_id: Option<String>,
    default_route_settings: Option<GivenSettings>,
    deployment_id: Option<DeploymentId>,
    description: Option<String>,
    route_settings: Option<Map<GivenSettings>>,
    stage_variables: Option<Map<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenSettings {
    data_trace_enabled: Option<bool>,
    detailed_metrics_enabled: Option<bool>,
    logging_level: Option<Choice<LoggingLevel>>,
    throttling_burst_limit: Option<i64>,
    throttling_rate_limit: Option<f64>,
}

impl Part for CreateStage {}

impl Part for Given {
    fn constraints(&self, violations: &mut Violations) {
        let level = |settings: &GivenSettings| settings.logging_level.clone();
        let default = self.default_route_settings.as_ref().and_then(level);
        violations.choice("defaultRouteSettings.loggingLevel", default.as_ref());
        for (key, settings) in self.route_settings.iter().flatten() {
            let member = format!("routeSettings.{key}.member.loggingLevel");
            violations.choice(&member, level(settings).as_ref());
        }
    }
}

impl GivenSettings {
    fn settings(&self) -> Result<RouteSettings, Failure> {
        let limits = [
            self.throttling_burst_limit.map(|limit| limit as f64),
            self.throttling_rate_limit,
        ];
        if limits.into_iter().flatten().any(|limit| limit < 0.0) {
            return Err(Failure::bad_request(
                "Throttling limits must not be negative",
            ));
        }
        if self.throttling_burst_limit > Some(WHOLE_MAX) {
            return Err(Failure::bad_request(format!(
                "ThrottlingBurstLimit must not exceed {WHOLE_MAX}"
            )));
        }
        let level = self.logging_level.as_ref().map(Choice::known).transpose()?;
        Ok(RouteSettings {
            data_trace_enabled: self.data_trace_enabled,
            detailed_metrics_enabled: self.detailed_metrics_enabled.unwrap_or(false),
            logging_level: level.map(|level| level.name().to_owned()),
            throttling_burst_limit: self.throttling_burst_limit,
            throttling_rate_limit: self.throttling_rate_limit,
        })
    }
}

impl Given {
    fn apply(&self, stage: &mut Stage) -> Result<(), Failure> {
        if let Some(settings) = &self.access_log_settings {
            stage.access_log_settings = logged(settings)?;
        }
        if let Some(auto) = self.auto_deploy {
            stage.auto_deploy = Some(auto);
        }
        given::text(
            &mut stage.client_certificate_id,
            self.client_certificate_id.as_ref(),
        );
        if let Some(settings) = &self.default_route_settings {
            stage.default_route_settings = settings.settings()?;
        }
        if let Some(id) = self
            .deployment_id
            .as_ref()
            .filter(|id| !id.as_str().is_empty())
        {
            if stage.deploys_by_itself() && stage.deployment_id.as_ref() != Some(id) {
                return Err(deploys_by_itself());
            }
            stage.deployment_id = Some(id.clone());
        }
        given::text(&mut stage.description, self.description.as_ref());
        let description = stage.description.as_deref();
        given::within("description", description, DESCRIPTION_CHARS_MAX)?;
        for (key, settings) in self.route_settings.iter().flatten() {
            let settings = settings.settings()?;
            stage.route_settings.insert(key.clone(), settings);
        }
        let mut variables = Some(std::mem::take(&mut stage.stage_variables));
        given::texts(&mut variables, self.stage_variables.as_ref());
        stage.stage_variables = variables.unwrap_or_default();
        checked_variables(&stage.stage_variables)
    }
}

/// What is logged, where anything is.
fn logged(settings: &AccessLogSettings) -> Result<Option<AccessLogSettings>, Failure> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let destination = given(&settings.destination_arn);
    let format = given(&settings.format);
    if destination.is_none() && format.is_none() {
        return Ok(None);
    }
    Ok(Some(AccessLogSettings {
        destination_arn: destination
            .as_deref()
            .map(access_log_destination)
            .transpose()?,
        format: format.as_deref().map(access_log_format).transpose()?,
    }))
}

pub(crate) fn deploys_by_itself() -> Failure {
    Failure::bad_request("Deployment ID cannot be set on stages with AutoDeploy enabled")
}

/// A stage that nothing is deployed to.
pub(super) fn new(name: &str, now: i64) -> Stage {
    Stage {
        access_log_settings: None,
        api_gateway_managed: false,
        auto_deploy: None,
        client_certificate_id: None,
        created_date: iso8601(now),
        default_route_settings: RouteSettings::default(),
        deployment_id: None,
        description: None,
        last_deployment_status_message: None,
        last_updated_date: iso8601(now),
        route_settings: Map::new(),
        stage_name: name.into(),
        stage_variables: Map::new(),
        tags: Map::new(),
        flushes: Flushes::default(),
        postern: StageExtras::default(),
    }
}

/// A stage as clients see it.
fn shown(stage: Stage) -> Stage {
    Stage {
        flushes: Flushes::default(),
        postern: StageExtras::default(),
        ..stage
    }
}

/// Notes a stage as it is to be, for the management APIs and for the gateways.
pub(crate) async fn put(edit: &mut Edit<'_, Api>, stage: &Stage) -> Result<(), Failure> {
    let writes = live::put(edit.definitions().table(), edit.id(), stage).await?;
    edit.supersede(writes);
    Ok(())
}

fn checked_name(api: &Api, name: &str) -> Result<(), Failure> {
    if name == DEFAULT_KEY {
        return parts::http_only(api, "The stage $default");
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if name.is_empty() || !name.bytes().all(allowed) {
        return Err(Failure::bad_request("Stage name only allows a-zA-Z0-9_-"));
    }
    given::within("stage name", Some(name), NAME_CHARS_MAX)
}

pub(crate) async fn create(
    edit: &mut Edit<'_, Api>,
    (at, input, given): &(AtApi, CreateStage, Given),
) -> Result<Stage, Failure> {
    let api = parts::api(edit)?;
    checked_name(&api, &input.stage_name)?;
    let name = StageName::from(input.stage_name.as_str());
    if edit
        .definitions()
        .exists(&stage_key(&at.api_id, &name))
        .await?
    {
        return Err(Failure::conflict("Stage already exists"));
    }
    let max = edit.service().limits().stages_per_api;
    room(edit, "stages", stage_sort_prefix(), max).await?;
    let mut stage = new(&input.stage_name, edit.service().now());
    stage.tags = tags::given(input.tags.as_ref())?;
    given.apply(&mut stage)?;
    checked(edit, &api, None, &stage).await?;
    put(edit, &stage).await?;
    settled(edit, stage).await
}

/// The stage as it will be, once what it asks to be deployed is deployed.
async fn settled(edit: &mut Edit<'_, Api>, stage: Stage) -> Result<Stage, Failure> {
    if !stage.deploys_by_itself() {
        return Ok(shown(stage));
    }
    deployments::follow(edit).await?;
    let key = stage_key(edit.id(), &stage.stage_name);
    let there = edit.items_to_be(&key.sort).await?;
    match there.iter().find(|item| item.key == key) {
        Some(item) => Ok(shown(postern_store::decode(item)?)),
        None => Ok(shown(stage)),
    }
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtApi, Tokens),
) -> Result<Items<Stage>, Failure> {
    let place = (&at.api_id, stage_sort_prefix());
    let mut page: Items<Stage> = parts::page_at(service, place, tokens).await?;
    page.items = page.items.into_iter().map(shown).collect();
    Ok(page)
}

pub(crate) async fn get(service: &Management, at: &AtStage) -> Result<Stage, Failure> {
    let key = stage_key(&at.api_id, &at.stage_name);
    let stage = parts::find_at(service, &at.api_id, &key, missing::stage).await?;
    Ok(shown(stage))
}

async fn find(edit: &Edit<'_, Api>, name: &StageName) -> Result<Stage, Failure> {
    let key = stage_key(edit.id(), name);
    parts::find_at_to_edit(edit, &key, missing::stage).await
}

/// A stage that may change.
async fn find_own(edit: &Edit<'_, Api>, name: &StageName) -> Result<Stage, Failure> {
    let stage = find(edit, name).await?;
    if stage.api_gateway_managed {
        return Err(Failure::bad_request(format!(
            "The stage {name} cannot be changed, for it is managed by API Gateway"
        )));
    }
    Ok(stage)
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    (at, given): &(AtStage, Given),
) -> Result<Stage, Failure> {
    let before = find_own(edit, &at.stage_name).await?;
    let api = parts::api(edit)?;
    let mut after = before.clone();
    given.apply(&mut after)?;
    if after == before {
        return Ok(shown(before));
    }
    checked(edit, &api, Some(&before), &after).await?;
    after.last_updated_date = iso8601(edit.service().now());
    put(edit, &after).await?;
    if before.deploys_by_itself() {
        return Ok(shown(after));
    }
    settled(edit, after).await
}

pub(crate) async fn delete(edit: &mut Edit<'_, Api>, at: &AtStage) -> Result<(), Failure> {
    find(edit, &at.stage_name).await?;
    not_mapped(edit.definitions(), &at.api_id, &at.stage_name).await?;
    let table = edit.definitions().table();
    let writes = live::delete(table, &at.api_id, &at.stage_name).await?;
    edit.note(writes);
    Ok(())
}

pub(crate) async fn delete_access_log_settings(
    edit: &mut Edit<'_, Api>,
    at: &AtStage,
) -> Result<(), Failure> {
    let mut stage = find_own(edit, &at.stage_name).await?;
    stage.access_log_settings = None;
    stage.last_updated_date = iso8601(edit.service().now());
    put(edit, &stage).await
}

pub(crate) async fn delete_route_settings(
    edit: &mut Edit<'_, Api>,
    at: &AtRouteSettings,
) -> Result<(), Failure> {
    let mut stage = find_own(edit, &at.stage_name).await?;
    if stage.route_settings.remove(&at.route_key).is_none() {
        return Err(missing::route_settings(&at.route_key));
    }
    stage.last_updated_date = iso8601(edit.service().now());
    put(edit, &stage).await
}

/// Gateways key what they keep by the count, so that nothing of before is found.
pub(crate) async fn reset_authorizers_cache(
    edit: &mut Edit<'_, Api>,
    at: &AtStage,
) -> Result<(), Failure> {
    let mut stage = find(edit, &at.stage_name).await?;
    stage.flushes.authorizers += 1;
    put(edit, &stage).await
}

/// Whether what a stage newly says may be said of it, and refers to what is there.
async fn checked(
    edit: &mut Edit<'_, Api>,
    api: &Api,
    before: Option<&Stage>,
    after: &Stage,
) -> Result<(), Failure> {
    let definitions = edit.definitions();
    if let Some(id) = &after.deployment_id
        && before.is_none_or(|before| before.deployment_id.as_ref() != Some(id))
        && !definitions.exists(&deployment_key(&api.api_id, id)).await?
    {
        return Err(Failure::bad_request("Deployment id does not exist"));
    }
    let known = |key: &str| before.is_some_and(|before| before.route_settings.contains_key(key));
    for key in after.route_settings.keys().filter(|key| !known(key)) {
        if !definitions.exists(&route_key_key(&api.api_id, key)).await? {
            return Err(missing::route_settings(key));
        }
    }
    let all = || {
        after
            .route_settings
            .values()
            .chain([&after.default_route_settings])
    };
    let logs = |settings: &RouteSettings| {
        settings.data_trace_enabled == Some(true)
            || settings
                .logging_level
                .as_deref()
                .is_some_and(|level| level != "OFF")
    };
    if all().any(logs) {
        if api.is_http() {
            return Err(Failure::bad_request(
                "Execution logs are not supported on protocolType HTTP",
            ));
        }
        may_log(definitions).await?;
    }
    let Some(id) = &after.client_certificate_id else {
        return Ok(());
    };
    parts::websocket_only(api, "ClientCertificateId")?;
    if before.is_none_or(|before| before.client_certificate_id != after.client_certificate_id) {
        let key = client_certificate_key(id);
        if !edit.uses(&key, after.stage_name.to_string()).await? {
            return Err(Failure::bad_request(
                "Invalid Client Certificate identifier specified",
            ));
        }
    }
    Ok(())
}
