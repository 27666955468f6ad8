//! Deployments: frozen states of an API, made by name or by every change.

use super::address::{AtApi, AtDeployment};
use super::{given, missing, parts, stages};
use crate::definitions::{DEPLOYMENTS, Definitions, Edit, deployment_key};
use crate::paging::{Items, Tokens};
use crate::wire::{Failure, Part, iso8601, seconds_of};
use crate::{Management, ids};
use postern_definition::routed::{Api, Deployment, Stage};
use postern_definition::{ApiId, DeploymentId, StageName};
use postern_plan::{Defect, Snapshot, routed, stage_sort_prefix};
use postern_store::decode;
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::HashSet;

const DESCRIPTION_CHARS_MAX: usize = 1_024;
/// Automatic deployments that stay although no stage points to them, to go back to.
const AUTOMATIC_KEPT: usize = 10;
/// The younger ones stay too: a gateway may answer by a deployment for a while after its stage has moved on, and reads what it has
/// not read of it yet.
const AUTOMATIC_KEPT_SECONDS: i64 = 3_600;
/// What one change takes away, for that is in its transaction.
const AUTOMATIC_REMOVED_MAX: usize = 20;
const AUTOMATIC: &str = "Automatic deployment triggered by changes to the Api configuration";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateDeployment {
    description: Option<String>,
    stage_name: Option<StageName>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UpdateDeployment {
    description: Option<String>,
}

impl Part for CreateDeployment {}
impl Part for UpdateDeployment {}

/// Freezes the API as it will be with the changes so far.
async fn freeze(edit: &Edit<'_, Api>) -> Result<Result<Snapshot, Vec<Defect>>, Failure> {
    let definition = edit.definition_to_be(parts::api(edit)?).await?;
    Ok(routed::freeze(&definition))
}

fn first(defects: &[Defect]) -> String {
    defects.first().map(ToString::to_string).unwrap_or_default()
}

fn new(now: i64, auto_deployed: bool, description: Option<String>) -> Deployment {
    Deployment {
        auto_deployed,
        created_date: iso8601(now),
        deployment_id: DeploymentId(ids::random(ids::SHORT)),
        deployment_status: "DEPLOYED".to_owned(),
        description,
    }
}

/// Notes a deployment of what was frozen.
async fn save(
    edit: &mut Edit<'_, Api>,
    deployment: &Deployment,
    snapshot: &Snapshot,
) -> Result<(), Failure> {
    edit.store(&deployment.deployment_id, snapshot).await?;
    let key = deployment_key(edit.id(), &deployment.deployment_id);
    edit.create(key, deployment);
    Ok(())
}

pub(crate) async fn create(
    edit: &mut Edit<'_, Api>,
    (at, input): &(AtApi, CreateDeployment),
) -> Result<Deployment, Failure> {
    parts::api(edit)?;
    let description = input.description.clone().filter(|text| !text.is_empty());
    given::within("description", description.as_deref(), DESCRIPTION_CHARS_MAX)?;
    let stage = match input
        .stage_name
        .as_ref()
        .filter(|name| !name.as_str().is_empty())
    {
        None => None,
        Some(name) => {
            let found = edit.definitions().routed_stage(&at.api_id, name).await?;
            let stage = found.ok_or_else(missing::stage)?;
            if stage.deploys_by_itself() {
                return Err(stages::deploys_by_itself());
            }
            Some(stage)
        }
    };
    let snapshot = freeze(edit)
        .await?
        .map_err(|defects| Failure::bad_request(first(&defects)))?;
    let now = edit.service().now();
    let deployment = new(now, false, description);
    save(edit, &deployment, &snapshot).await?;
    if let Some(mut stage) = stage {
        stage.deployment_id = Some(deployment.deployment_id.clone());
        stage.last_updated_date = iso8601(now);
        stages::put(edit, &stage).await?;
    }
    Ok(deployment)
}

/// Deploys a change to the stages that ask for every one, in the transaction that makes it. Where the API cannot be deployed, the
/// change is made all the same, and the stages say what is wrong.
pub(crate) async fn follow(edit: &mut Edit<'_, Api>) -> Result<(), Failure> {
    if !edit.changes() {
        return Ok(());
    }
    let mut stages = Vec::new();
    for item in edit.items_to_be(stage_sort_prefix()).await? {
        let stage: Stage = decode(&item)?;
        if stage.deploys_by_itself() {
            stages.push(stage);
        }
    }
    if stages.is_empty() {
        return Ok(());
    }
    let now = edit.service().now();
    let (id, message) = match freeze(edit).await? {
        Ok(snapshot) => {
            let deployment = new(now, true, Some(AUTOMATIC.to_owned()));
            save(edit, &deployment, &snapshot).await?;
            let id = deployment.deployment_id;
            let message = format!("Successfully deployed stage with deployment ID '{id}'");
            (Some(id), message)
        }
        Err(defects) => (
            None,
            format!("Deployment attempt failed: {}", first(&defects)),
        ),
    };
    for mut stage in stages {
        if let Some(id) = &id {
            stage.deployment_id = Some(id.clone());
        }
        stage.last_deployment_status_message = Some(message.clone());
        stage.last_updated_date = iso8601(now);
        stages::put(edit, &stage).await?;
    }
    prune(edit, now).await
}

/// Takes away automatic deployments that nobody will go back to, for every change makes one. Those that were made by name stay.
async fn prune(edit: &mut Edit<'_, Api>, now: i64) -> Result<(), Failure> {
    let mut in_use = HashSet::new();
    for item in edit.items_to_be(stage_sort_prefix()).await? {
        let stage: Stage = decode(&item)?;
        let canary = stage.postern.canary_settings;
        in_use.extend(stage.deployment_id);
        in_use.extend(canary.map(|canary| canary.deployment_id));
    }
    let mut unused: Vec<Deployment> = Vec::new();
    for item in edit.items_to_be(DEPLOYMENTS).await? {
        let deployment: Deployment = decode(&item)?;
        if deployment.auto_deployed && !in_use.contains(&deployment.deployment_id) {
            unused.push(deployment);
        }
    }
    unused.sort_by_cached_key(|deployment| Reverse(deployment.created_date.clone()));
    let is_old = |deployment: &&Deployment| {
        now - seconds_of(&deployment.created_date) > AUTOMATIC_KEPT_SECONDS
    };
    let unwanted = unused.iter().skip(AUTOMATIC_KEPT).filter(is_old);
    // The oldest first.
    for deployment in unwanted.rev().take(AUTOMATIC_REMOVED_MAX) {
        let id = &deployment.deployment_id;
        edit.delete(deployment_key(edit.id(), id));
        edit.discard(id);
    }
    Ok(())
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtApi, Tokens),
) -> Result<Items<Deployment>, Failure> {
    parts::page_at(service, (&at.api_id, DEPLOYMENTS), tokens).await
}

pub(crate) async fn get(service: &Management, at: &AtDeployment) -> Result<Deployment, Failure> {
    let key = deployment_key(&at.api_id, &at.deployment_id);
    parts::find_at(service, &at.api_id, &key, missing::deployment).await
}

async fn find(edit: &Edit<'_, Api>, at: &AtDeployment) -> Result<Deployment, Failure> {
    let key = deployment_key(&at.api_id, &at.deployment_id);
    parts::find_at_to_edit(edit, &key, missing::deployment).await
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    (at, input): &(AtDeployment, UpdateDeployment),
) -> Result<Deployment, Failure> {
    let before = find(edit, at).await?;
    let mut after = before.clone();
    given::text(&mut after.description, input.description.as_ref());
    let description = after.description.as_deref();
    given::within("description", description, DESCRIPTION_CHARS_MAX)?;
    if after != before {
        edit.put(deployment_key(&at.api_id, &at.deployment_id), &after);
    }
    Ok(after)
}

pub(crate) async fn delete(service: &Management, at: &AtDeployment) -> Result<(), Failure> {
    let (api, id) = (&at.api_id, &at.deployment_id);
    let mut edits = service.edits_in(api).await;
    loop {
        let mut edit = edits.begin().await?;
        find(&edit, at).await?;
        let stages = edit.definitions().routed_stages(api).await?;
        let in_use = stages.iter().any(|stage| {
            let canary = stage.postern.canary_settings.as_ref();
            stage.deployment_id.as_ref() == Some(id)
                || canary.is_some_and(|canary| canary.deployment_id == *id)
        });
        if in_use {
            return Err(Failure::bad_request(
                "Active stages pointing to this deployment must be moved or deleted",
            ));
        }
        edit.delete(deployment_key(api, id));
        if edit.commit().await? {
            break;
        }
    }
    // The deployment is gone. What stays of its snapshot goes with the API.
    let _ = Snapshot::delete(service.definitions().table(), api, id).await;
    Ok(())
}

impl Definitions<'_> {
    /// A stage of an HTTP or WebSocket API.
    pub(crate) async fn routed_stage(
        self,
        api: &ApiId,
        stage: &StageName,
    ) -> Result<Option<Stage>, Failure> {
        self.get(&postern_plan::stage_key(api, stage)).await
    }

    pub(crate) async fn routed_stages(self, api: &ApiId) -> Result<Vec<Stage>, Failure> {
        let partition = postern_plan::api_partition(api);
        let items = self.all(&partition, stage_sort_prefix()).await?;
        Ok(items.iter().map(decode).collect::<Result<_, _>>()?)
    }
}
