//! The account's settings: one item for all APIs.

use crate::Management;
use crate::definitions::Definitions;
use crate::patch::{ADD_REMOVE, Op, Patch, Row, Table, Unknown, Update};
use crate::wire::{Failure, Part};
use postern_store::{Condition, Key, StoreError, Write, decode, encode};
use serde::{Deserialize, Serialize};

/// How often a change is tried while others change the settings too.
const ATTEMPTS_MAX: u32 = 12;
const USAGE_PLANS: &str = "UsagePlans";

/// As it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    cloudwatch_role_arn: Option<String>,
}

/// As clients see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    #[serde(flatten)]
    settings: Settings,
    throttle_settings: ThrottleSettings,
    features: [&'static str; 1],
    api_key_version: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThrottleSettings {
    burst_limit: i64,
    rate_limit: f64,
}

impl From<Settings> for Account {
    fn from(settings: Settings) -> Self {
        Self {
            settings,
            throttle_settings: ThrottleSettings {
                burst_limit: 5_000,
                rate_limit: 10_000.0,
            },
            features: [USAGE_PLANS],
            api_key_version: "4",
        }
    }
}

/// Nothing: there is one account.
#[derive(Debug, Deserialize)]
pub(crate) struct TheAccount {}

impl Part for TheAccount {}

static TABLE: Table<Settings> = Table {
    rows: &[
        Row::scalar("/cloudwatchRoleArn", cloudwatch_role_arn),
        Row::new("/features", ADD_REMOVE, feature),
    ],
    unknown: Unknown::Plain,
};

fn cloudwatch_role_arn(settings: &mut Settings, patch: &Patch<'_>) -> Result<(), Failure> {
    let role = patch.optional();
    if role.as_deref().is_some_and(|role| !is_role(role)) {
        return Err(Failure::bad_request(
            "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy.",
        ));
    }
    settings.cloudwatch_role_arn = role;
    Ok(())
}

fn is_role(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "iam", "", account, name]
        if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())
            && name.strip_prefix("role/").is_some_and(|name| !name.is_empty() && name.len() <= 512))
}

/// There is one feature, and it cannot be given up.
fn feature(_: &mut Settings, patch: &Patch<'_>) -> Result<(), Failure> {
    match (patch.op, patch.text()) {
        (Op::Add, USAGE_PLANS) => Ok(()),
        (_, USAGE_PLANS) => Err(Failure::bad_request(
            "Invalid patch value: the feature UsagePlans cannot be removed",
        )),
        (_, other) => Err(Failure::bad_request(format!(
            "Invalid feature specified: {other}. Valid options are {USAGE_PLANS}"
        ))),
    }
}

fn key() -> Key {
    Key::new("account", "account")
}

async fn settings(definitions: Definitions<'_>) -> Result<(Settings, Condition), Failure> {
    Ok(match definitions.item(&key()).await? {
        Some(item) => (decode(&item)?, Condition::Revision(item.revision)),
        None => (Settings::default(), Condition::Absent),
    })
}

/// Refuses to log where there is no role to log with.
pub(crate) async fn may_log(definitions: Definitions<'_>) -> Result<(), Failure> {
    match settings(definitions).await?.0.cloudwatch_role_arn {
        Some(_) => Ok(()),
        None => Err(Failure::bad_request(
            "CloudWatch Logs role ARN must be set in account settings to enable logging",
        )),
    }
}

pub(crate) async fn get(service: &Management, _: &TheAccount) -> Result<Account, Failure> {
    Ok(settings(service.definitions()).await?.0.into())
}

pub(crate) async fn update(
    service: &Management,
    input: &Update<TheAccount>,
) -> Result<Account, Failure> {
    let definitions = service.definitions();
    for _ in 0..ATTEMPTS_MAX {
        let (before, condition) = settings(definitions).await?;
        let after = input.apply(&TABLE, &before)?;
        if after == before {
            return Ok(after.into());
        }
        let write = Write::put(key(), encode(&after), condition);
        match definitions.table().write(write).await {
            Ok(()) => return Ok(after.into()),
            Err(StoreError::ConditionFailed { .. } | StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::concurrent())
}
