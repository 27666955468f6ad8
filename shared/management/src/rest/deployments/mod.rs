//! Deployments: frozen states of an API.

mod create;

pub(crate) use create::create;

use super::address::{AtApi, AtDeployment};
use super::missing;
use super::resources::Embed;
use crate::Management;
use crate::definitions::{DEPLOYMENTS, Edit, deployment_key};
use crate::paging::{Page, Paging};
use crate::patch::{REPLACE, Row, Table, Unknown, Update};
use crate::wire::Failure;
use postern_definition::Map;
use postern_definition::rest::Deployment;
use postern_plan::{Snapshot, api_partition};
use postern_store::decode;
use serde::{Deserialize, Serialize};

/// A deployment as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentRecord {
    #[serde(flatten)]
    deployment: Deployment,
    /// By path and verb. Kept here, for a snapshot is for the gateway to read.
    #[serde(default)]
    api_summary: Map<Map<MethodSummary>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodSummary {
    authorization_type: String,
    api_key_required: bool,
}

/// A deployment as clients see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeploymentView {
    #[serde(flatten)]
    deployment: Deployment,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_summary: Option<Map<Map<MethodSummary>>>,
}

impl DeploymentRecord {
    fn brief(self) -> DeploymentView {
        DeploymentView {
            deployment: self.deployment,
            api_summary: None,
        }
    }
}

static TABLE: Table<DeploymentRecord> = Table {
    rows: &[Row::new("/description", REPLACE, |record, patch| {
        record.deployment.description = patch.optional();
        Ok(())
    })],
    unknown: Unknown::Strict,
};

pub(crate) async fn list(
    service: &Management,
    (at, paging): &(AtApi, Paging),
) -> Result<Page<DeploymentView>, Failure> {
    let definitions = service.definitions();
    let api = &at.restapi_id;
    if definitions.api(api).await?.is_none() {
        return Err(missing::api(service, api));
    }
    paging
        .page(definitions, &api_partition(api), DEPLOYMENTS)
        .await?
        .try_map(|item| Ok(decode::<DeploymentRecord>(&item)?.brief()))
}

pub(crate) async fn get(
    service: &Management,
    (at, embed): &(AtDeployment, Embed),
) -> Result<DeploymentView, Failure> {
    let definitions = service.definitions();
    let key = deployment_key(&at.restapi_id, &at.deployment_id);
    let found: Option<DeploymentRecord> = definitions.get(&key).await?;
    let exists = definitions.api(&at.restapi_id).await?.is_some();
    let record = found.filter(|_| exists).ok_or_else(missing::deployment)?;
    let api_summary = embed
        .asks_for("apisummary")
        .then(|| record.api_summary.clone());
    Ok(DeploymentView {
        api_summary,
        ..record.brief()
    })
}

async fn find(edit: &Edit<'_>, at: &AtDeployment) -> Result<DeploymentRecord, Failure> {
    edit.api(missing::deployment)?;
    let key = deployment_key(&at.restapi_id, &at.deployment_id);
    let found = edit.definitions().get(&key).await?;
    found.ok_or_else(missing::deployment)
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtDeployment>,
) -> Result<DeploymentView, Failure> {
    let at = &input.at;
    let before = find(edit, at).await?;
    let after = input.apply(&TABLE, &before)?;
    create::checked_description(after.deployment.description.as_deref())?;
    if after != before {
        edit.put(deployment_key(&at.restapi_id, &at.deployment_id), &after);
    }
    Ok(after.brief())
}

pub(crate) async fn delete(service: &Management, at: &AtDeployment) -> Result<(), Failure> {
    let (api, id) = (&at.restapi_id, &at.deployment_id);
    let mut edits = service.edits(api).await;
    loop {
        let mut edit = edits.begin().await?;
        find(&edit, at).await?;
        let stages = edit.definitions().stages(api).await?;
        let in_use = stages.iter().any(|stage| {
            stage.deployment_id == *id
                || stage
                    .canary_settings
                    .as_ref()
                    .is_some_and(|canary| canary.deployment_id == *id)
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
