//! API keys.
//!
//! ```text
//! apikey#{id}            key                   the key
//! apikeys                {place}               a copy: all keys, the newest first
//! apikeys-by-name        {name}\0{place}       a copy, where it has a name
//! apikeys#{customer}     {place}               a copy, where it is a customer's
//! usageplan#{plan}       key#{place}           a copy, for each plan that it is on
//! usageplan#{plan}       name#{name}\0{place}  another
//! apikey-value#{sha256}  key                   what a gateway needs to know of it
//! ```
//!
//! A place begins with the time from the key's making to the end of time, so that the newest comes first, and is the same in
//! every list.

mod create;
mod import;

pub(crate) use create::create;
pub(crate) use import::import;

use super::missing;
use crate::Management;
use crate::definitions::{Change, Definitions, Record};
use crate::limits;
use crate::paging::{Page, Paging};
use crate::patch::{ADD_REMOVE, Op, Patch, REPLACE, Row, Table, Unknown, Update};
use crate::rest::usage_plans::{UsagePlanRecord, plan_partition};
use crate::wire::{Failure, Part};
use bytes::Bytes;
use postern_definition::Map;
use postern_definition::rest::ApiKey;
use postern_plan::account::{Caller, caller_key, usage_plan_key};
use postern_store::{Key, decode, encode};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const ALL: &str = "apikeys";
const BY_NAME: &str = "apikeys-by-name";
const NAME_CHARS_MAX: usize = 1_024;
const DESCRIPTION_CHARS_MAX: usize = 125_000;
/// Of a name, in the key of a copy. What is longer is told apart after reading.
const SORTED_NAME_BYTES: usize = 512;
const CUSTOMER_CHARS_MAX: usize = 512;

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKeyRecord {
    #[serde(flatten)]
    pub(crate) key: ApiKey,
    place: String,
    /// The plans that it is on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) plans: Vec<String>,
}

impl ApiKeyRecord {
    fn new(key: ApiKey, now: Duration) -> Self {
        let age = u64::MAX - u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        Self {
            place: format!("{age:016x}#{}", key.id),
            key,
            plans: Vec::new(),
        }
    }

    fn caller(&self) -> Caller {
        Caller {
            id: self.key.id.clone(),
            enabled: self.key.enabled,
            customer_id: self.key.customer_id.clone(),
            plans: self.plans.clone(),
        }
    }
}

impl Record for ApiKeyRecord {
    fn key(&self) -> Key {
        api_key_key(&self.key.id)
    }

    fn tags_mut(&mut self) -> &mut Map<String> {
        &mut self.key.tags
    }

    fn copies(&self) -> Vec<Key> {
        let place = &self.place;
        let named = self
            .key
            .name
            .as_deref()
            .map(|name| format!("{}\0{place}", sorted_name(name)));
        let mut copies = vec![Key::new(ALL, place)];
        copies.extend(named.as_ref().map(|sort| Key::new(BY_NAME, sort)));
        if let Some(customer) = &self.key.customer_id {
            copies.push(Key::new(customer_partition(customer), place));
        }
        for plan in &self.plans {
            let partition = plan_partition(plan);
            copies.push(Key::new(&partition, format!("{PLAN_KEYS}{place}")));
            let sort = named
                .as_ref()
                .map(|sort| format!("{PLAN_KEYS_BY_NAME}{sort}"));
            copies.extend(sort.map(|sort| Key::new(partition, sort)));
        }
        copies
    }

    fn extracts(&self) -> Vec<(Key, Bytes)> {
        vec![(caller_key(&self.key.value), encode(&self.caller()))]
    }
}

/// What the sort keys of a plan's keys begin with.
pub(super) const PLAN_KEYS: &str = "key#";
/// The same, by name.
pub(super) const PLAN_KEYS_BY_NAME: &str = "name#";

pub(crate) fn api_key_key(id: &str) -> Key {
    Key::new(format!("apikey#{id}"), "key")
}

fn customer_partition(customer: &str) -> String {
    format!("apikeys#{customer}")
}

/// As much of a name as is in the key of a copy.
pub(super) fn sorted_name(name: &str) -> &str {
    let end = name.floor_char_boundary(SORTED_NAME_BYTES);
    &name[..end]
}

/// A key as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct ApiKeyView {
    #[serde(flatten)]
    brief: BriefApiKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Map<String>>,
}

/// The value, which no log must have.
#[derive(Serialize)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BriefApiKey {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    enabled: bool,
    created_date: i64,
    last_updated_date: i64,
    stage_keys: Vec<String>,
}

impl ApiKeyView {
    fn new(key: ApiKey, with_value: bool) -> Self {
        Self {
            value: with_value.then_some(Secret(key.value)),
            tags: Some(key.tags).filter(|tags| !tags.is_empty()),
            brief: BriefApiKey {
                id: key.id,
                name: key.name,
                customer_id: key.customer_id,
                description: key.description,
                enabled: key.enabled,
                created_date: key.created_date,
                last_updated_date: key.last_updated_date,
                stage_keys: key.stage_keys,
            },
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtApiKey {
    #[serde(rename = "api_Key")]
    id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct WithValue {
    #[serde(rename = "includeValue")]
    include_value: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    name: Option<String>,
    customer_id: Option<String>,
    include_values: Option<bool>,
}

impl Part for AtApiKey {}
impl Part for WithValue {}
impl Part for Wanted {}

static TABLE: Table<ApiKey> = Table {
    rows: &[
        Row::new("/description", REPLACE, |key, patch| {
            key.description = patch.optional();
            checked_description(key.description.as_deref())
        }),
        Row::new("/enabled", REPLACE, |key, patch| {
            key.enabled = patch.boolean();
            Ok(())
        }),
        Row::new("/name", REPLACE, |key, patch| {
            key.name = patch.optional();
            checked_name(key.name.as_deref())
        }),
        Row::new("/customerId", REPLACE, |key, patch| {
            key.customer_id = patch.optional();
            checked_customer(key.customer_id.as_deref())
        }),
        Row::new("/stages", ADD_REMOVE, stage),
        // From before there were tags. Nothing ever showed them.
        Row::new("/labels", ADD_REMOVE, |_, _| Ok(())),
    ],
    unknown: Unknown::Strict,
};

fn stage(key: &mut ApiKey, patch: &Patch<'_>) -> Result<(), Failure> {
    let named = patch
        .optional()
        .filter(|stage| stage.split('/').filter(|part| !part.is_empty()).count() == 2)
        .ok_or_else(|| {
            Failure::bad_request("Invalid stage key specified. It must be {restApiId}/{stageName}")
        })?;
    let there = key.stage_keys.contains(&named);
    match patch.op {
        Op::Remove => key.stage_keys.retain(|known| *known != named),
        _ if !there => key.stage_keys.push(named),
        _ => {}
    }
    checked_stage_keys(&key.stage_keys)
}

fn checked_stage_keys(keys: &[String]) -> Result<(), Failure> {
    if keys.len() > 100 {
        return Err(Failure::bad_request(
            "Invalid stageKeys: at most 100 are allowed. Use usage plans instead.",
        ));
    }
    Ok(())
}

fn checked_name(name: Option<&str>) -> Result<(), Failure> {
    if name.is_some_and(|name| name.chars().count() > NAME_CHARS_MAX) {
        return Err(Failure::bad_request(format!(
            "Invalid API Key name, can be at most {NAME_CHARS_MAX} characters."
        )));
    }
    Ok(())
}

fn checked_description(description: Option<&str>) -> Result<(), Failure> {
    if description.is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS_MAX) {
        return Err(Failure::bad_request(
            "Invalid API Key description specified.",
        ));
    }
    Ok(())
}

fn checked_customer(customer: Option<&str>) -> Result<(), Failure> {
    if customer.is_some_and(|text| text.chars().count() > CUSTOMER_CHARS_MAX) {
        return Err(Failure::bad_request(format!(
            "Invalid API Key customerId, can be at most {CUSTOMER_CHARS_MAX} characters."
        )));
    }
    Ok(())
}

pub(crate) async fn find(
    definitions: Definitions<'_>,
    id: &str,
) -> Result<Option<ApiKeyRecord>, Failure> {
    definitions.get(&api_key_key(id)).await
}

pub(crate) async fn get(
    service: &Management,
    (at, with): &(AtApiKey, WithValue),
) -> Result<ApiKeyView, Failure> {
    let found = find(service.definitions(), &at.id).await?;
    let record = found.ok_or_else(missing::api_key)?;
    Ok(ApiKeyView::new(
        record.key,
        with.include_value == Some(true),
    ))
}

pub(crate) async fn list(
    service: &Management,
    (wanted, paging): &(Wanted, Paging),
) -> Result<Page<ApiKeyView>, Failure> {
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (name, customer) = (some(&wanted.name), some(&wanted.customer_id));
    let (partition, prefix) = match (&name, &customer) {
        (_, Some(customer)) => (customer_partition(customer), String::new()),
        (Some(name), None) => (BY_NAME.to_owned(), sorted_name(name).to_owned()),
        (None, None) => (ALL.to_owned(), String::new()),
    };
    let page = paging
        .page(service.definitions(), &partition, &prefix)
        .await?
        .try_map(|item| Ok(decode::<ApiKeyRecord>(&item)?.key))?;
    let with_value = wanted.include_values == Some(true);
    page.filter(|key| is_named(key, name.as_deref()))
        .try_map(|key| Ok(ApiKeyView::new(key, with_value)))
}

/// Whether a key's name begins so.
pub(super) fn is_named(key: &ApiKey, prefix: Option<&str>) -> bool {
    prefix.is_none_or(|prefix| {
        let name = key.name.as_deref();
        name.is_some_and(|name| name.starts_with(prefix))
    })
}

pub(crate) async fn update(
    change: &mut Change<'_>,
    input: &Update<AtApiKey>,
) -> Result<ApiKeyView, Failure> {
    let before: Option<ApiKeyRecord> = change.read(&api_key_key(&input.at.id)).await?;
    let before = before.ok_or_else(missing::api_key)?;
    let mut after = before.clone();
    after.key = input.apply(&TABLE, &before.key)?;
    if after != before {
        after.key.last_updated_date = change.service().now();
        change.replace(&before, &after);
    }
    let tags = Some(after.key.tags.clone());
    Ok(ApiKeyView {
        tags,
        ..ApiKeyView::new(after.key, false)
    })
}

/// With it goes its place on its plans.
pub(crate) async fn delete(change: &mut Change<'_>, at: &AtApiKey) -> Result<(), Failure> {
    remove(change, &at.id).await
}

async fn remove(change: &mut Change<'_>, id: &str) -> Result<(), Failure> {
    let record: Option<ApiKeyRecord> = change.read(&api_key_key(id)).await?;
    let record = record.ok_or_else(missing::api_key)?;
    for id in &record.plans {
        if let Some(before) = change.read::<UsagePlanRecord>(&usage_plan_key(id)).await? {
            change.replace(&before, &before.with_keys(before.keys.saturating_sub(1)));
        }
    }
    change.remove(&record);
    change.shrink(&limits::API_KEYS).await
}
