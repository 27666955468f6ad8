//! CreateUsagePlan, and the rules for what a plan says.

use super::{UsagePlanRecord, UsagePlanView, associate, checked, distinct};
use crate::definitions::Change;
use crate::ids;
use crate::limits;
use crate::rest::tags;
use crate::wire::{Choice, Enumerated, Failure, Part, Violations, WHOLE_MAX};
use postern_definition::rest::{
    ApiStage, QuotaPeriod, QuotaSettings, ThrottleSettings, UsagePlan, VERBS,
};
use postern_definition::{ApiId, Map, StageName};
use serde::Deserialize;

const NAME_CHARS_MAX: usize = 1_024;
const DESCRIPTION_CHARS_MAX: usize = 1_024;
const PRODUCT_CODE_CHARS_MAX: usize = 512;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateUsagePlan {
    name: String,
    description: Option<String>,
    api_stages: Option<Vec<Covered>>,
    throttle: Option<Throttle>,
    quota: Option<Quota>,
    tags: Option<Map<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Covered {
    api_id: Option<ApiId>,
    stage: Option<StageName>,
    throttle: Option<Map<Throttle>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Throttle {
    burst_limit: Option<i64>,
    rate_limit: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Quota {
    limit: Option<i64>,
    offset: Option<i64>,
    period: Option<Choice<QuotaPeriod>>,
}

impl Enumerated for QuotaPeriod {
    const SET: &'static [(&'static str, Self)] = &[
        ("DAY", Self::Day),
        ("WEEK", Self::Week),
        ("MONTH", Self::Month),
    ];
}

impl Part for CreateUsagePlan {
    fn constraints(&self, violations: &mut Violations) {
        let period = self.quota.as_ref().and_then(|quota| quota.period.as_ref());
        violations.choice("quota.period", period);
    }
}

impl From<&Throttle> for ThrottleSettings {
    fn from(throttle: &Throttle) -> Self {
        Self {
            burst_limit: throttle.burst_limit,
            rate_limit: throttle.rate_limit,
        }
    }
}

pub(crate) async fn create(
    change: &mut Change<'_>,
    input: &CreateUsagePlan,
) -> Result<UsagePlanView, Failure> {
    let mut stages = Vec::new();
    for stage in input.api_stages.as_deref().unwrap_or_default() {
        let (Some(api_id), Some(name)) = (&stage.api_id, &stage.stage) else {
            return Err(invalid_stage());
        };
        let throttle = stage.throttle.iter().flatten();
        stages.push(ApiStage {
            api_id: api_id.clone(),
            stage: name.clone(),
            throttle: throttle
                .map(|(method, t)| (method.clone(), t.into()))
                .collect(),
        });
    }
    distinct(&stages)?;
    let plan = UsagePlan {
        id: ids::random(ids::SHORT),
        name: input.name.clone(),
        description: input.description.clone().filter(|text| !text.is_empty()),
        api_stages: stages,
        throttle: input.throttle.as_ref().map(ThrottleSettings::from),
        quota: input.quota.as_ref().map(quota).transpose()?,
        product_code: None,
        tags: tags::given(input.tags.as_ref())?,
    };
    checked(&plan, change.service())?;
    let nothing = UsagePlanRecord {
        plan: UsagePlan {
            api_stages: Vec::new(),
            ..plan.clone()
        },
        keys: 0,
    };
    associate(change, &nothing, &plan).await?;
    change.grow(&limits::USAGE_PLANS).await?;
    change.create(&nothing.with_plan(plan.clone()));
    Ok(UsagePlanView::brief(plan))
}

impl UsagePlanRecord {
    fn with_plan(&self, plan: UsagePlan) -> Self {
        Self {
            plan,
            keys: self.keys,
        }
    }
}

fn quota(given: &Quota) -> Result<QuotaSettings, Failure> {
    let period = given.period.as_ref().map(Choice::known).transpose()?;
    complete_quota(given.limit, given.offset, period)
}

/// A quota of which limit and period are there.
pub(super) fn complete_quota(
    limit: Option<i64>,
    offset: Option<i64>,
    period: Option<QuotaPeriod>,
) -> Result<QuotaSettings, Failure> {
    match (limit, period) {
        (Some(limit), Some(period)) => Ok(QuotaSettings {
            limit,
            offset: offset.unwrap_or(0),
            period,
        }),
        (None, _) => Err(Failure::bad_request(
            "Usage Plan quota limit must be specified",
        )),
        (_, None) => Err(Failure::bad_request(
            "Usage Plan quota period must be specified",
        )),
    }
}

pub(super) fn invalid_stage() -> Failure {
    Failure::bad_request("Invalid API Stage specified")
}

pub(super) fn checked_texts(plan: &UsagePlan) -> Result<(), Failure> {
    if plan.name.is_empty() {
        return Err(Failure::bad_request("Usage Plan name cannot be blank"));
    }
    let long = |text: Option<&str>, max| text.is_some_and(|text| text.chars().count() > max);
    for (what, text, max) in [
        ("name", Some(plan.name.as_str()), NAME_CHARS_MAX),
        (
            "description",
            plan.description.as_deref(),
            DESCRIPTION_CHARS_MAX,
        ),
        (
            "productCode",
            plan.product_code.as_deref(),
            PRODUCT_CODE_CHARS_MAX,
        ),
    ] {
        if long(text, max) {
            return Err(Failure::bad_request(format!(
                "Invalid Usage Plan {what}, can be at most {max} characters."
            )));
        }
    }
    Ok(())
}

pub(super) fn checked_quota(quota: &QuotaSettings) -> Result<(), Failure> {
    if quota.limit < 0 {
        return Err(Failure::bad_request(
            "Usage Plan quota limit must not be negative",
        ));
    }
    if quota.limit > WHOLE_MAX {
        return Err(Failure::bad_request(format!(
            "Usage Plan quota limit must not exceed {WHOLE_MAX}"
        )));
    }
    let (max, words) = match quota.period {
        QuotaPeriod::Day => (0, "zero in the DAY period"),
        QuotaPeriod::Week => (6, "between 0 and 6 inclusive in the WEEK period"),
        QuotaPeriod::Month => (27, "between 0 and 27 inclusive in the MONTH period"),
    };
    if !(0..=max).contains(&quota.offset) {
        return Err(Failure::bad_request(format!(
            "Usage Plan quota offset must be {words}"
        )));
    }
    Ok(())
}

pub(super) fn checked_throttle(throttle: &ThrottleSettings) -> Result<(), Failure> {
    let burst = throttle.burst_limit.is_none_or(|limit| limit >= 0);
    let rate = throttle
        .rate_limit
        .is_none_or(|limit| limit.is_finite() && limit >= 0.0);
    if !burst || !rate {
        return Err(Failure::bad_request(
            "Usage Plan throttle burstLimit and rateLimit must not be negative",
        ));
    }
    if throttle.burst_limit > Some(WHOLE_MAX) {
        return Err(Failure::bad_request(format!(
            "Usage Plan throttle burstLimit must not exceed {WHOLE_MAX}"
        )));
    }
    Ok(())
}

/// A method as throttles name it: `/pets/GET`, the root's `//GET`.
pub(super) fn checked_method(method: &str) -> Result<(), Failure> {
    let holds = method.rsplit_once('/').is_some_and(|(path, verb)| {
        path.starts_with('/') && path.len() <= 1_024 && VERBS.contains(&verb)
    });
    if !holds {
        return Err(Failure::bad_request(format!(
            "Invalid method specified for throttling: {method}. It must be the resource path, a slash and the HTTP method, as /pets/GET, or //GET for the root"
        )));
    }
    Ok(())
}
