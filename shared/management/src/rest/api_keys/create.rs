//! CreateApiKey.

use super::{ApiKeyRecord, ApiKeyView, api_key_key};
use crate::definitions::{Change, api_key};
use crate::ids;
use crate::limits;
use crate::rest::{missing, tags};
use crate::wire::{Failure, Part};
use postern_definition::rest::ApiKey;
use postern_definition::{ApiId, Map, StageName};
use postern_plan::account::{Caller, caller_key};
use postern_plan::stage_key;
use serde::Deserialize;

const VALUE_CHARS_MIN: usize = 20;
const VALUE_CHARS_MAX: usize = 128;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateApiKey {
    name: Option<String>,
    description: Option<String>,
    enabled: Option<bool>,
    generate_distinct_id: Option<bool>,
    value: Option<String>,
    stage_keys: Option<Vec<StageKey>>,
    customer_id: Option<String>,
    tags: Option<Map<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StageKey {
    rest_api_id: Option<ApiId>,
    stage_name: Option<StageName>,
}

impl Part for CreateApiKey {}

pub(crate) async fn create(
    change: &mut Change<'_>,
    input: &CreateApiKey,
) -> Result<ApiKeyView, Failure> {
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let service = change.service();
    let value = some(&input.value);
    if let Some(value) = &value {
        checked_value(value)?;
    }
    let is_id = input.generate_distinct_id == Some(false);
    let key = ApiKey {
        id: match &value {
            Some(value) if is_id => value.clone(),
            _ => ids::random(ids::LONG),
        },
        value: value.unwrap_or_else(ids::secret),
        name: some(&input.name),
        customer_id: some(&input.customer_id),
        description: some(&input.description),
        enabled: input.enabled.unwrap_or(false),
        created_date: service.now(),
        last_updated_date: service.now(),
        stage_keys: stage_keys(change, input).await?,
        tags: tags::given(input.tags.as_ref())?,
    };
    add(change, &key).await?;
    Ok(ApiKeyView::new(key, true))
}

/// Notes a new key, if it may be.
pub(super) async fn add(change: &mut Change<'_>, key: &ApiKey) -> Result<ApiKeyRecord, Failure> {
    super::checked_name(key.name.as_deref())?;
    super::checked_description(key.description.as_deref())?;
    super::checked_customer(key.customer_id.as_deref())?;
    super::checked_stage_keys(&key.stage_keys)?;
    let known: Option<Caller> = change.read(&caller_key(&key.value)).await?;
    let same: Option<ApiKeyRecord> = change.read(&api_key_key(&key.id)).await?;
    if known.is_some() || same.is_some() {
        return Err(Failure::conflict("API Key already exists"));
    }
    change.grow(&limits::API_KEYS).await?;
    let record = ApiKeyRecord::new(key.clone(), change.service().clock());
    change.create(&record);
    Ok(record)
}

pub(super) fn checked_value(value: &str) -> Result<(), Failure> {
    match value.chars().count() {
        ..VALUE_CHARS_MIN => Err(Failure::bad_request(format!(
            "API Key value should be at least {VALUE_CHARS_MIN} characters"
        ))),
        VALUE_CHARS_MIN..=VALUE_CHARS_MAX => Ok(()),
        _ => Err(Failure::bad_request(format!(
            "API Key value exceeds maximum size of {VALUE_CHARS_MAX} characters"
        ))),
    }
}

/// As `{api}/{stage}`. Each must be there.
async fn stage_keys(change: &Change<'_>, input: &CreateApiKey) -> Result<Vec<String>, Failure> {
    let mut keys = Vec::new();
    let given = input.stage_keys.as_deref().unwrap_or_default();
    if given.len() > 100 {
        return Err(Failure::bad_request(
            "Invalid stageKeys: at most 100 are allowed. Use usage plans instead.",
        ));
    }
    for key in given {
        let (Some(api), Some(stage)) = (&key.rest_api_id, &key.stage_name) else {
            return Err(missing::stage());
        };
        let definitions = change.definitions();
        let there = definitions.exists(&api_key(api)).await?
            && definitions.exists(&stage_key(api, stage)).await?;
        if !there {
            return Err(missing::stage());
        }
        let key = format!("{api}/{stage}");
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}
