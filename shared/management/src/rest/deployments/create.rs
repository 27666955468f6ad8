//! CreateDeployment: freezes the API as it is, and points a stage at it.

use super::{DeploymentRecord, DeploymentView, MethodSummary};
use crate::Management;
use crate::definitions::{Edit, deployment_key};
use crate::ids;
use crate::rest::address::AtApi;
use crate::rest::names::CacheClusterSize;
use crate::rest::stages::{Canary, NewStage, checked_variables};
use crate::rest::{missing, stages};
use crate::wire::{Choice, Failure, Part, Violations};
use postern_definition::rest::{Definition, Deployment, Stage};
use postern_definition::{DeploymentId, Map};
use postern_plan::Snapshot;
use serde::Deserialize;
use std::collections::HashMap;

const DESCRIPTION_CHARS_MAX: usize = 1_024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateDeployment {
    stage_name: Option<String>,
    stage_description: Option<String>,
    description: Option<String>,
    cache_cluster_enabled: Option<bool>,
    cache_cluster_size: Option<Choice<CacheClusterSize>>,
    variables: Option<Map<String>>,
    canary_settings: Option<Canary>,
    tracing_enabled: Option<bool>,
}

impl Part for CreateDeployment {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("cacheClusterSize", self.cache_cluster_size.as_ref());
    }
}

pub(crate) async fn create(
    service: &Management,
    (at, input): &(AtApi, CreateDeployment),
) -> Result<DeploymentView, Failure> {
    let api = &at.restapi_id;
    let mut edits = service.edits(api).await;
    loop {
        let mut edit = edits.begin().await?;
        let frozen = edit.api(|| missing::api(service, api))?.clone();
        let id = DeploymentId(ids::random(ids::SHORT));
        let stage = input.stage(&edit, &id).await?;
        // All that is frozen. The commit's condition is that nothing of it changed since.
        let definition = edit.definitions().definition(frozen).await?;
        let snapshot = Snapshot::freeze(&definition).map_err(|defects| {
            let defect = defects.first().map(ToString::to_string);
            Failure::bad_request(defect.unwrap_or_default())
        })?;
        edit.store(&id, &snapshot).await?;
        let record = DeploymentRecord {
            deployment: Deployment {
                id: id.clone(),
                description: input.description.clone().filter(|text| !text.is_empty()),
                created_date: service.now(),
            },
            api_summary: summary(&definition),
        };
        edit.create(deployment_key(api, &id), &record);
        if let Some(stage) = stage {
            stages::put(&mut edit, &stage).await?;
        }
        if edit.commit().await? {
            return Ok(record.brief());
        }
    }
}

fn summary(definition: &Definition) -> Map<Map<MethodSummary>> {
    let paths: HashMap<_, _> = definition
        .resources
        .iter()
        .map(|resource| (&resource.id, &resource.path))
        .collect();
    let mut summary: Map<Map<MethodSummary>> = Map::new();
    for (resource, method) in &definition.methods {
        if let Some(path) = paths.get(resource) {
            summary.entry((*path).clone()).or_default().insert(
                method.http_method.clone(),
                MethodSummary {
                    authorization_type: method.authorization_type.clone(),
                    api_key_required: method.api_key_required,
                },
            );
        }
    }
    summary
}

pub(super) fn checked_description(description: Option<&str>) -> Result<(), Failure> {
    match description {
        Some(text) if text.chars().count() > DESCRIPTION_CHARS_MAX => {
            Err(Failure::bad_request(format!(
                "Invalid deployment description, can be at most {DESCRIPTION_CHARS_MAX} characters."
            )))
        }
        _ => Ok(()),
    }
}

impl CreateDeployment {
    /// The stage as it will be, where one is named.
    async fn stage(&self, edit: &Edit<'_>, id: &DeploymentId) -> Result<Option<Stage>, Failure> {
        checked_description(self.description.as_deref())?;
        let named = self.stage_name.as_deref().filter(|name| !name.is_empty());
        let Some(name) = named else {
            return match &self.canary_settings {
                None => Ok(None),
                Some(_) => Err(Failure::bad_request(format!(
                    "Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is {}",
                    self.stage_name.as_deref().unwrap_or("null")
                ))),
            };
        };
        let there = edit.definitions().stage(edit.id(), &name.into()).await?;
        let stage = match (there, &self.canary_settings) {
            (None, Some(_)) => {
                return Err(Failure::bad_request(format!(
                    "Invalid deployment content specified.Stage {name} must already be created before making a canary release deployment"
                )));
            }
            (Some(mut stage), Some(canary)) => {
                stage.canary_settings = Some(canary.settings(id)?);
                stage
            }
            (Some(stage), None) if stage.canary_settings.is_some() => {
                return Err(Failure::bad_request(format!(
                    "Invalid deployment content specified.Stage {name} has a canary. Give canarySettings to deploy to the canary, or remove it first"
                )));
            }
            (Some(mut stage), None) => {
                stage.deployment_id.clone_from(id);
                stage
            }
            (None, None) => {
                stages::has_room(edit).await?;
                let new = NewStage {
                    name,
                    deployment: id,
                    description: self.stage_description.clone(),
                };
                stages::new(new, edit.service().now())?
            }
        };
        self.settings(stage, edit.service().now()).map(Some)
    }

    /// The stage with what was given besides its name.
    fn settings(&self, mut stage: Stage, now: i64) -> Result<Stage, Failure> {
        if let Some(description) = &self.stage_description {
            stages::checked_description(description)?;
            stage.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        if let Some(variables) = &self.variables {
            // With a canary too: what differs there is in its overrides.
            stage.variables.extend(variables.clone());
            checked_variables(&stage.variables)?;
        }
        if let Some(tracing) = self.tracing_enabled {
            stage.tracing_enabled = tracing;
        }
        let size = self.cache_cluster_size.as_ref().map(Choice::known);
        stages::cache(&mut stage, self.cache_cluster_enabled, size.transpose()?);
        stage.last_updated_date = now;
        Ok(stage)
    }
}
