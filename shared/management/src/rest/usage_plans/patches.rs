//! What may be patched of a usage plan.

use super::AtPlan;
use super::create::{complete_quota, invalid_stage};
use super::{distinct, pair};
use crate::patch::{
    ADD_REMOVE, ADD_REPLACE, ADD_REPLACE_REMOVE, Op, Patch, REMOVE, REPLACE, Row, Table, Unknown,
    Update,
};
use crate::wire::{Enumerated, Failure};
use postern_definition::Map;
use postern_definition::rest::{ApiStage, QuotaPeriod, ThrottleSettings, UsagePlan};

/// A plan on its way: its quota need be whole only at the end.
#[derive(Clone)]
struct Draft {
    plan: UsagePlan,
    quota: Option<QuotaDraft>,
}

#[derive(Clone, Default)]
struct QuotaDraft {
    limit: Option<i64>,
    offset: Option<i64>,
    period: Option<QuotaPeriod>,
}

pub(super) fn apply(input: &Update<AtPlan>, plan: &UsagePlan) -> Result<UsagePlan, Failure> {
    let draft = Draft {
        plan: plan.clone(),
        quota: plan.quota.map(|quota| QuotaDraft {
            limit: Some(quota.limit),
            offset: Some(quota.offset),
            period: Some(quota.period),
        }),
    };
    let Draft { mut plan, quota } = input.apply(&TABLE, &draft)?;
    plan.quota = quota
        .map(|quota| complete_quota(quota.limit, quota.offset, quota.period))
        .transpose()?;
    Ok(plan)
}

/// In the order in which the service names them.
static TABLE: Table<Draft> = Table {
    rows: &[
        Row::new("/name", REPLACE, |draft, patch| {
            draft.plan.name = patch.text().to_owned();
            Ok(())
        }),
        Row::new("/description", REPLACE, |draft, patch| {
            draft.plan.description = patch.optional();
            Ok(())
        }),
        Row::new("/apiStages", ADD_REMOVE, api_stages),
        Row::new("/quota", REMOVE, |draft, _| {
            draft.quota = None;
            Ok(())
        }),
        Row::new("/throttle", REMOVE, |draft, _| {
            draft.plan.throttle = None;
            Ok(())
        }),
        Row::new("/productCode", ADD_REPLACE_REMOVE, |draft, patch| {
            draft.plan.product_code = patch.optional().filter(|_| !patch.removes());
            Ok(())
        }),
        Row::new(
            "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>",
            REMOVE,
            |draft, patch| {
                let stage = stage_of(draft, patch)?;
                match stage.throttle.remove(&method(patch)) {
                    Some(_) => Ok(()),
                    None => Err(Failure::not_found(format!(
                        "No throttle is set for the method {}",
                        method(patch)
                    ))),
                }
            },
        ),
        Row::new(
            "/apiStages/<apidId:stageName>/throttle",
            ADD_REPLACE_REMOVE,
            stage_throttle,
        ),
        Row::new(
            "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit",
            ADD_REPLACE,
            |draft, patch| {
                let limit = number(patch)?;
                method_throttle(draft, patch)?.rate_limit = Some(limit);
                Ok(())
            },
        ),
        Row::new(
            "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit",
            ADD_REPLACE,
            |draft, patch| {
                let limit = whole(patch)?;
                method_throttle(draft, patch)?.burst_limit = Some(limit);
                Ok(())
            },
        ),
        Row::new("/throttle/rateLimit", ADD_REPLACE, |draft, patch| {
            let limit = number(patch)?;
            draft.plan.throttle.get_or_insert_default().rate_limit = Some(limit);
            Ok(())
        }),
        Row::new("/throttle/burstLimit", ADD_REPLACE, |draft, patch| {
            let limit = whole(patch)?;
            draft.plan.throttle.get_or_insert_default().burst_limit = Some(limit);
            Ok(())
        }),
        Row::new("/quota/limit", ADD_REPLACE, |draft, patch| {
            draft.quota.get_or_insert_default().limit = Some(whole(patch)?);
            Ok(())
        }),
        Row::new("/quota/offset", ADD_REPLACE, |draft, patch| {
            draft.quota.get_or_insert_default().offset = Some(whole(patch)?);
            Ok(())
        }),
        Row::new("/quota/period", ADD_REPLACE, |draft, patch| {
            let period = QuotaPeriod::named(patch.text()).ok_or_else(|| {
                Failure::bad_request(
                    "Invalid quota period specified. Must be one of: [DAY, WEEK, MONTH]",
                )
            })?;
            draft.quota.get_or_insert_default().period = Some(period);
            Ok(())
        }),
    ],
    unknown: Unknown::Strict,
};

fn invalid_value(patch: &Patch<'_>, wanted: &str) -> Failure {
    Failure::bad_request(format!(
        "Invalid patch value  '{}' specified for path '{}'. Must be {wanted}",
        patch.text(),
        patch.path
    ))
}

fn whole(patch: &Patch<'_>) -> Result<i64, Failure> {
    let number = patch.text().trim().parse();
    number.map_err(|_| invalid_value(patch, "a whole number"))
}

fn number(patch: &Patch<'_>) -> Result<f64, Failure> {
    let number = patch.text().trim().parse().ok();
    number
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| invalid_value(patch, "a number"))
}

/// The two halves of `{api}:{stage}`.
fn halves(text: &str) -> Result<(&str, &str), Failure> {
    text.split_once(':')
        .filter(|(api, stage)| !api.is_empty() && !stage.is_empty() && !stage.contains(':'))
        .ok_or_else(invalid_stage)
}

fn no_such_stage(draft: &Draft, api: &str, stage: &str) -> Failure {
    Failure::not_found(format!(
        "Invalid API Stage {{api: {api}, stage: {stage}}} specified for usageplan {}",
        draft.plan.id
    ))
}

fn api_stages(draft: &mut Draft, patch: &Patch<'_>) -> Result<(), Failure> {
    let (api, stage) = halves(patch.text())?;
    let stages = &mut draft.plan.api_stages;
    if patch.op == Op::Add {
        stages.push(ApiStage {
            api_id: api.into(),
            stage: stage.into(),
            throttle: Map::new(),
        });
        return distinct(stages);
    }
    let before = stages.len();
    stages.retain(|known| pair(known) != patch.text());
    if stages.len() == before {
        return Err(no_such_stage(draft, api, stage));
    }
    Ok(())
}

/// The stage that a path names.
fn stage_of<'a>(draft: &'a mut Draft, patch: &Patch<'_>) -> Result<&'a mut ApiStage, Failure> {
    let named = patch.key();
    let (api, stage) = halves(&named)?;
    let missing = no_such_stage(draft, api, stage);
    let stages = &mut draft.plan.api_stages;
    let found = stages.iter_mut().find(|known| pair(known) == named);
    found.ok_or(missing)
}

/// The method that a path names, as throttles name it. A path may come with its leading slash or without.
fn method(patch: &Patch<'_>) -> String {
    let (path, verb) = (patch.unescaped(1), patch.unescaped(2));
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{slash}{path}/{verb}")
}

fn method_throttle<'a>(
    draft: &'a mut Draft,
    patch: &Patch<'_>,
) -> Result<&'a mut ThrottleSettings, Failure> {
    let stage = stage_of(draft, patch)?;
    Ok(stage.throttle.entry(method(patch)).or_default())
}

/// All method throttles of a stage, as JSON.
fn stage_throttle(draft: &mut Draft, patch: &Patch<'_>) -> Result<(), Failure> {
    let throttle = if patch.removes() {
        Map::new()
    } else {
        serde_json::from_str(patch.text()).map_err(|_| {
            invalid_value(
                patch,
                r#"JSON, as {"/pets/GET":{"rateLimit":1.0,"burstLimit":1}}"#,
            )
        })?
    };
    stage_of(draft, patch)?.throttle = throttle;
    Ok(())
}
