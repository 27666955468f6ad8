//! The keys that are on a plan.

use super::{UsagePlanRecord, clash, find, plan_partition};
use crate::Management;
use crate::definitions::Change;
use crate::limits;
use crate::paging::{Page, Paging};
use crate::rest::api_keys::{self, ApiKeyRecord, api_key_key};
use crate::rest::missing;
use crate::wire::{Failure, Part};
use postern_plan::account::usage_plan_key;
use postern_store::decode;
use serde::{Deserialize, Serialize};

/// A key of a plan as clients see it.
#[derive(Serialize)]
pub(crate) struct UsagePlanKey {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl From<ApiKeyRecord> for UsagePlanKey {
    fn from(record: ApiKeyRecord) -> Self {
        Self {
            id: record.key.id,
            kind: "API_KEY",
            value: record.key.value,
            name: record.key.name,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtPlanKeys {
    #[serde(rename = "usageplanId")]
    plan: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtPlanKey {
    #[serde(rename = "usageplanId")]
    pub(super) plan: String,
    #[serde(rename = "keyId")]
    pub(super) key: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateUsagePlanKey {
    key_id: String,
    key_type: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    name: Option<String>,
}

impl Part for AtPlanKeys {}
impl Part for AtPlanKey {}
impl Part for CreateUsagePlanKey {}
impl Part for Named {}

pub(crate) async fn add(
    change: &mut Change<'_>,
    (at, input): &(AtPlanKeys, CreateUsagePlanKey),
) -> Result<UsagePlanKey, Failure> {
    if input.key_type != "API_KEY" {
        return Err(Failure::bad_request(
            "Invalid keyType specified. Valid options are API_KEY",
        ));
    }
    find(change, &at.plan).await?;
    let before: Option<ApiKeyRecord> = change.read(&api_key_key(&input.key_id)).await?;
    let before = before.ok_or_else(missing::api_key)?;
    if before.plans.contains(&at.plan) {
        return Err(Failure::conflict(format!(
            "API Key {} is already associated with Usage Plan {}",
            input.key_id, at.plan
        )));
    }
    let after = joined(change, &before, &at.plan).await?;
    change.replace(&before, &after);
    Ok(after.into())
}

/// A key with one plan more, which is noted to have one key more, where none of its other plans covers a stage of that one.
pub(in crate::rest) async fn joined(
    change: &mut Change<'_>,
    key: &ApiKeyRecord,
    plan: &str,
) -> Result<ApiKeyRecord, Failure> {
    let joining = find(change, plan).await?;
    let max = change.service().limits().usage_plans_per_api_key;
    limits::check(key.plans.len() as u64, max, "usage plans", "API key")?;
    for other in &key.plans {
        let Some(other): Option<UsagePlanRecord> = change.read(&usage_plan_key(other)).await?
        else {
            continue;
        };
        let stages = &joining.plan.api_stages;
        let both = stages
            .iter()
            .find(|s| other.plan.covers(&s.api_id, &s.stage));
        if let Some(stage) = both {
            return Err(clash(plan, &key.key.id, stage));
        }
    }
    change.replace(&joining, &joining.with_keys(joining.keys + 1));
    let mut after = key.clone();
    after.plans.push(plan.to_owned());
    Ok(after)
}

pub(crate) async fn get(service: &Management, at: &AtPlanKey) -> Result<UsagePlanKey, Failure> {
    let found = api_keys::find(service.definitions(), &at.key).await?;
    let record = found.filter(|record| record.plans.contains(&at.plan));
    Ok(record.ok_or_else(missing::usage_plan)?.into())
}

/// Of a plan that is not there, none.
pub(crate) async fn list(
    service: &Management,
    (at, named, paging): &(AtPlanKeys, Named, Paging),
) -> Result<Page<UsagePlanKey>, Failure> {
    let name = named.name.as_deref().filter(|name| !name.is_empty());
    let prefix = match name {
        Some(name) => format!(
            "{}{}",
            api_keys::PLAN_KEYS_BY_NAME,
            api_keys::sorted_name(name)
        ),
        None => api_keys::PLAN_KEYS.to_owned(),
    };
    let page = paging
        .page(service.definitions(), &plan_partition(&at.plan), &prefix)
        .await?
        .try_map(|item| Ok(decode::<ApiKeyRecord>(&item)?))?;
    page.filter(|record| api_keys::is_named(&record.key, name))
        .try_map(|record| Ok(record.into()))
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtPlanKey) -> Result<(), Failure> {
    let plan = find(change, &at.plan).await?;
    let found: Option<ApiKeyRecord> = change.read(&api_key_key(&at.key)).await?;
    let before = found.filter(|record| record.plans.contains(&at.plan));
    let before = before.ok_or_else(missing::usage_plan)?;
    let mut after = before.clone();
    after.plans.retain(|known| *known != at.plan);
    change.replace(&before, &after);
    change.replace(&plan, &plan.with_keys(plan.keys.saturating_sub(1)));
    Ok(())
}
