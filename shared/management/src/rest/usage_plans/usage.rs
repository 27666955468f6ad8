//! What keys used of a plan's quota, and changing what one of them has left.

use super::keys::AtPlanKey;
use super::{AtPlan, UsagePlanRecord, plan_partition};
use crate::Management;
use crate::paging::{Page, Paging};
use crate::patch::{Patch, REPLACE, Row, Table, Unknown, Update};
use crate::rest::api_keys::{self, ApiKeyRecord};
use crate::rest::missing;
use crate::wire::{Failure, Part};
use postern_definition::Map;
use postern_definition::rest::{QuotaSettings, UsagePlan};
use postern_plan::account::usage_plan_key;
use postern_plan::usage::{
    CHARGED, Period, charged_by, day_of, moved_counter, parse, quota_key, quota_partition, text,
    used_on,
};
use postern_store::{Add, Bounds, Consistency, Item, Query, StoreError, decode};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};

const DAYS_MAX: i64 = 90;
const ATTEMPTS_MAX: u32 = 12;
/// What is left where nothing is limited.
const NO_LIMIT: i64 = -1;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Range {
    key_id: Option<String>,
    start_date: String,
    end_date: String,
}

impl Part for Range {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Used {
    usage_plan_id: String,
    start_date: String,
    end_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    /// By key, for each day what was used on it and what was left at its end.
    values: Map<Vec<[i64; 2]>>,
}

/// The days asked about.
#[derive(Clone, Copy)]
struct Days {
    first: Date,
    last: Date,
}

impl Days {
    fn of(range: &Range) -> Result<Self, Failure> {
        let date = |name: &str, text: &str| {
            parse(text).ok_or_else(|| {
                Failure::bad_request(format!(
                    "Invalid {name} specified: {text}. It must be YYYY-MM-DD"
                ))
            })
        };
        let first = date("startDate", &range.start_date)?;
        let last = date("endDate", &range.end_date)?;
        if last < first {
            return Err(Failure::bad_request(
                "Invalid date range specified: endDate must not be before startDate",
            ));
        }
        if (last - first).whole_days() >= DAYS_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid date range specified: at most {DAYS_MAX} days can be asked for"
            )));
        }
        Ok(Self { first, last })
    }

    fn each(self) -> impl Iterator<Item = Date> {
        std::iter::successors(Some(self.first), |day| day.next_day())
            .take_while(move |day| *day <= self.last)
    }
}

pub(crate) async fn get(
    service: &Management,
    (at, range, paging): &(AtPlan, Range, Paging),
) -> Result<Used, Failure> {
    let days = Days::of(range)?;
    let plan = plan(service, &at.id).await?;
    let definitions = service.definitions();
    let key = range.key_id.as_deref().filter(|id| !id.is_empty());
    service.world.gateway.settle_usage(&at.id, key).await?;
    let page = match key {
        Some(id) => {
            let key = api_keys::find(definitions, id).await?;
            let key = key.filter(|key| key.plans.contains(&at.id));
            Page::whole(key.into_iter().collect())
        }
        None => paging
            .page(definitions, &plan_partition(&at.id), api_keys::PLAN_KEYS)
            .await?
            .try_map(|item| Ok(decode::<ApiKeyRecord>(&item)?))?,
    };
    let mut values = Map::new();
    for record in page.items {
        let used = of_key(service, &plan, &record.key.id, days).await?;
        values.insert(record.key.id, used);
    }
    Ok(Used {
        usage_plan_id: at.id.clone(),
        start_date: text(days.first),
        end_date: text(days.last),
        position: page.position,
        values,
    })
}

async fn plan(service: &Management, id: &str) -> Result<UsagePlan, Failure> {
    let found: Option<UsagePlanRecord> = service.definitions().get(&usage_plan_key(id)).await?;
    Ok(found.ok_or_else(missing::usage_plan)?.plan)
}

/// One query: the days asked about are in few periods, side by side.
async fn of_key(
    service: &Management,
    plan: &UsagePlan,
    key: &str,
    days: Days,
) -> Result<Vec<[i64; 2]>, Failure> {
    // No period is longer than 31 days, so none that holds a day asked about begins before this.
    let earliest = days.first.saturating_sub(Duration::days(31));
    let mut items = Vec::new();
    let mut after = Some(text(earliest));
    while after.is_some() {
        let batch = service
            .usage()
            .query(Query {
                partition: quota_partition(&plan.id, key),
                prefix: String::new(),
                after,
                limit: 1_000,
            })
            .await?;
        items.extend(batch.items);
        after = batch.next;
    }
    Ok(days.each().map(|day| on(plan, key, &items, day)).collect())
}

fn on(plan: &UsagePlan, key: &str, items: &[Item], day: Date) -> [i64; 2] {
    // A plan whose period was changed has items of both kinds.
    let used = items.iter().map(|item| used_on(item, day)).sum();
    let Some(quota) = &plan.quota else {
        return [used, NO_LIMIT];
    };
    let here = quota_key(&plan.id, key, &Period::of(Some(quota), day));
    let item = items.iter().find(|item| item.key == here);
    let charged = item.map_or(0, |item| charged_by(item, day));
    [used, quota.limit.saturating_sub(charged).max(0)]
}

/// What a key is to have left.
#[derive(Clone, Default)]
struct Remaining(Option<i64>);

static TABLE: Table<Remaining> = Table {
    rows: &[Row::new("/remaining", REPLACE, remaining)],
    unknown: Unknown::Strict,
};

fn remaining(remaining: &mut Remaining, patch: &Patch<'_>) -> Result<(), Failure> {
    let number: Option<i64> = patch.text().trim().parse().ok();
    let number = number.filter(|number| (0..=i64::from(i32::MAX)).contains(number));
    let number = number.ok_or_else(|| {
        Failure::bad_request(format!(
            "Invalid remaining quota specified: {}. It must be a whole number of at least 0",
            patch.text()
        ))
    })?;
    remaining.0 = Some(number);
    Ok(())
}

pub(crate) async fn update(
    service: &Management,
    input: &Update<AtPlanKey>,
) -> Result<Used, Failure> {
    let at = &input.at;
    let plan = plan(service, &at.plan).await?;
    let key = api_keys::find(service.definitions(), &at.key).await?;
    key.filter(|key| key.plans.contains(&at.plan))
        .ok_or_else(missing::usage_plan)?;
    let today = day_of(service.now());
    let only = Some(at.key.as_str());
    service.world.gateway.settle_usage(&at.plan, only).await?;
    if let Some(remaining) = input.apply(&TABLE, &Remaining::default())?.0 {
        let quota = plan.quota.as_ref().ok_or_else(|| {
            Failure::bad_request(format!("Usage Plan {} does not have a quota", at.plan))
        })?;
        leave(service, at, quota, remaining, today).await?;
    }
    let days = Days {
        first: today,
        last: today,
    };
    let used = of_key(service, &plan, &at.key, days).await?;
    Ok(Used {
        usage_plan_id: at.plan.clone(),
        start_date: text(today),
        end_date: text(today),
        position: None,
        values: Map::from([(at.key.clone(), used)]),
    })
}

/// Moves what stands against the limit so that so much is left, whoever counts meanwhile.
async fn leave(
    service: &Management,
    at: &AtPlanKey,
    quota: &QuotaSettings,
    remaining: i64,
    today: Date,
) -> Result<(), Failure> {
    let period = Period::of(Some(quota), today);
    let key = quota_key(&at.plan, &at.key, &period);
    for _ in 0..ATTEMPTS_MAX {
        let item = service.usage().get(&key, Consistency::Strong).await?;
        let charged = item.and_then(|item| item.counters.get(CHARGED).copied());
        let charged = charged.unwrap_or_default();
        let by = quota
            .limit
            .saturating_sub(remaining)
            .saturating_sub(charged);
        let as_read = Bounds {
            at_least: charged,
            at_most: charged,
        };
        let add = Add {
            key: key.clone(),
            by: vec![(CHARGED.to_owned(), by), (moved_counter(today), by)],
            within: vec![(CHARGED.to_owned(), as_read)],
            expires_at: Some(period.expires_at()),
        };
        match service.usage().add(add).await {
            Ok(_) => return Ok(()),
            Err(StoreError::ConditionFailed { .. } | StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::concurrent())
}
