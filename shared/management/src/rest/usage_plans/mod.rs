//! Usage plans: which keys may call which stages, and how often.
//!
//! ```text
//! usageplans             {plan}                the plan, with the number of its keys
//! restapi#{api}          stage-plan#{stage}#{plan}
//!                                              for each stage of the plan
//! usageplan#{plan}       key#..., name#...     copies of its keys: see the API keys' module
//! ```
//!
//! For one stage a key is on one plan at most. Whoever puts a stage on a plan, or a key, reads all plans that it could clash with
//! and commits on the condition that they are as they were. Both move the plan's own revision, and whoever puts a key on a plan
//! moves those of the key's other plans too: they now have one more plan that they could clash with.

mod create;
mod keys;
mod patches;
mod usage;

pub(crate) use create::create;
pub(super) use keys::joined;
pub(crate) use keys::{add as create_key, delete as delete_key, get as get_key, list as list_keys};
pub(crate) use usage::{get as get_usage, update as update_usage};

use super::{api_keys, missing};
use crate::Management;
use crate::definitions::{Change, Record, api_key, api_key_of};
use crate::limits;
use crate::paging::{Page, Paging};
use crate::patch::Update;
use crate::wire::{Failure, Part};
use postern_definition::Map;
use postern_definition::rest::{ApiStage, UsagePlan};
use postern_definition::routed;
use postern_plan::account::{USAGE_PLANS, stage_plan_key, usage_plan_key};
use postern_plan::stage_key;
use postern_store::{Item, Key, decode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A plan as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct UsagePlanRecord {
    #[serde(flatten)]
    pub(crate) plan: UsagePlan,
    /// How many keys are on it.
    #[serde(default)]
    pub(crate) keys: u64,
}

impl UsagePlanRecord {
    pub(crate) fn with_keys(&self, keys: u64) -> Self {
        Self {
            plan: self.plan.clone(),
            keys,
        }
    }
}

impl Record for UsagePlanRecord {
    fn key(&self) -> Key {
        usage_plan_key(&self.plan.id)
    }

    fn tags_mut(&mut self) -> &mut Map<String> {
        &mut self.plan.tags
    }
}

/// The partition that holds the copies of a plan's keys.
pub(crate) fn plan_partition(plan: &str) -> String {
    format!("usageplan#{plan}")
}

/// A plan as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct UsagePlanView {
    #[serde(flatten)]
    plan: UsagePlan,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Map<String>>,
}

impl UsagePlanView {
    /// In lists, and where it was just made: no tags, no member.
    fn brief(mut plan: UsagePlan) -> Self {
        let tags = Some(std::mem::take(&mut plan.tags)).filter(|tags| !tags.is_empty());
        Self { plan, tags }
    }

    fn full(mut plan: UsagePlan) -> Self {
        let tags = Some(std::mem::take(&mut plan.tags));
        Self { plan, tags }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtPlan {
    #[serde(rename = "usageplanId")]
    id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OfKey {
    #[serde(rename = "keyId")]
    key_id: Option<String>,
}

impl Part for AtPlan {}
impl Part for OfKey {}

pub(crate) async fn get(service: &Management, at: &AtPlan) -> Result<UsagePlanView, Failure> {
    let found: Option<UsagePlanRecord> = service.definitions().get(&usage_plan_key(&at.id)).await?;
    let record = found.ok_or_else(missing::usage_plan)?;
    Ok(UsagePlanView::full(record.plan))
}

pub(crate) async fn list(
    service: &Management,
    (of, paging): &(OfKey, Paging),
) -> Result<Page<UsagePlanView>, Failure> {
    let definitions = service.definitions();
    let view = |item: Item| {
        let record: UsagePlanRecord = decode(&item)?;
        Ok(UsagePlanView::brief(record.plan))
    };
    let Some(id) = of.key_id.as_deref().filter(|id| !id.is_empty()) else {
        return paging
            .page(definitions, USAGE_PLANS, "")
            .await?
            .try_map(view);
    };
    // A key is on few plans, and knows them.
    let key = api_keys::find(definitions, id).await?;
    let mut plans = key.map(|key| key.plans).unwrap_or_default();
    plans.sort();
    let page = paging.page_of(plans)?;
    let mut items = Vec::new();
    for plan in page.items {
        items.extend(definitions.item(&usage_plan_key(&plan)).await?);
    }
    let page = Page {
        position: page.position,
        items,
    };
    page.try_map(view)
}

async fn find(change: &mut Change<'_>, id: &str) -> Result<UsagePlanRecord, Failure> {
    let found = change.read(&usage_plan_key(id)).await?;
    found.ok_or_else(missing::usage_plan)
}

pub(crate) async fn update(
    change: &mut Change<'_>,
    input: &Update<AtPlan>,
) -> Result<UsagePlanView, Failure> {
    let before = find(change, &input.at.id).await?;
    let plan = patches::apply(input, &before.plan)?;
    checked(&plan, change.service())?;
    associate(change, &before, &plan).await?;
    let after = UsagePlanRecord {
        plan,
        keys: before.keys,
    };
    change.replace(&before, &after);
    Ok(UsagePlanView::full(after.plan))
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtPlan) -> Result<(), Failure> {
    let record = find(change, &at.id).await?;
    let id = &record.plan.id;
    if let Some(stage) = record.plan.api_stages.first() {
        return Err(Failure::bad_request(format!(
            "Cannot delete Usage Plan {id} because there are API Stages associated with it, including {}",
            pair(stage)
        )));
    }
    if record.keys > 0 {
        return Err(Failure::bad_request(format!(
            "Cannot delete Usage Plan {id} because there are API Keys associated with it. Remove its {} first",
            record.keys
        )));
    }
    change.remove(&record);
    change.shrink(&limits::USAGE_PLANS).await
}

fn pair(stage: &ApiStage) -> String {
    format!("{}:{}", stage.api_id, stage.stage)
}

/// What must hold of a plan whichever way it came about.
fn checked(plan: &UsagePlan, service: &Management) -> Result<(), Failure> {
    create::checked_texts(plan)?;
    if let Some(quota) = &plan.quota {
        create::checked_quota(quota)?;
    }
    for throttle in plan.throttle.iter().chain(
        plan.api_stages
            .iter()
            .flat_map(|stage| stage.throttle.values()),
    ) {
        create::checked_throttle(throttle)?;
    }
    let max = service.limits().method_throttles_per_plan_stage;
    for stage in &plan.api_stages {
        let methods = stage.throttle.len() as u64;
        limits::check(
            methods.saturating_sub(1),
            max,
            "method throttles",
            "API stage",
        )?;
        for method in stage.throttle.keys() {
            create::checked_method(method)?;
        }
    }
    Ok(())
}

/// Notes which stages a plan newly covers and which no more, where they are there and no key clashes.
async fn associate(
    change: &mut Change<'_>,
    before: &UsagePlanRecord,
    after: &UsagePlan,
) -> Result<(), Failure> {
    let new: Vec<_> = after
        .api_stages
        .iter()
        .filter(|stage| !before.plan.covers(&stage.api_id, &stage.stage))
        .collect();
    for stage in &before.plan.api_stages {
        if !after.covers(&stage.api_id, &stage.stage) {
            change.delete(stage_plan_key(&stage.api_id, &stage.stage, &after.id));
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    for stage in &new {
        let (api, name) = (&stage.api_id, &stage.stage);
        // Beyond AWS, a plan may cover the stages of other APIs than REST APIs.
        let is_api = change.sees(&api_key(api)).await?
            || change.sees(&api_key_of::<routed::Api>(api)).await?;
        if !is_api || !change.sees(&stage_key(api, name)).await? {
            return Err(Failure::not_found(format!(
                "API Stage not found: {}",
                pair(stage)
            )));
        }
        change.put(stage_plan_key(api, name, &after.id), &());
    }
    if before.keys == 0 {
        return Ok(());
    }
    // Its keys are read once, in a few queries; the plans that they are on too are few.
    let partition = plan_partition(&after.id);
    let items = change
        .definitions()
        .all(&partition, api_keys::PLAN_KEYS)
        .await?;
    let mut others = std::collections::BTreeMap::new();
    for item in &items {
        let key: api_keys::ApiKeyRecord = decode(item)?;
        for plan in key.plans.iter().filter(|plan| **plan != after.id) {
            others
                .entry(plan.clone())
                .or_insert_with(|| key.key.id.clone());
        }
    }
    for (other, key) in others {
        let Some(other): Option<UsagePlanRecord> = change.read(&usage_plan_key(&other)).await?
        else {
            continue;
        };
        if let Some(stage) = new.iter().find(|s| other.plan.covers(&s.api_id, &s.stage)) {
            return Err(clash(&after.id, &key, stage));
        }
    }
    Ok(())
}

/// What is said where a key would be on two plans for one stage.
fn clash(plan: &str, key: &str, stage: &ApiStage) -> Failure {
    Failure::conflict(format!(
        "Usage Plan {plan} cannot be added because API Key {key} cannot reference multiple Usage Plans with the same API stage: {}",
        pair(stage)
    ))
}

/// Refuses a stage that is there twice.
fn distinct(stages: &[ApiStage]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    match stages.iter().find(|stage| !seen.insert(pair(stage))) {
        Some(twice) => Err(Failure::conflict(format!(
            "API Stage {} is associated with the usage plan already",
            pair(twice)
        ))),
        None => Ok(()),
    }
}
