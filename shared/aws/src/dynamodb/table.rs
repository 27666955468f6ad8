//! One table.

use super::add;
use super::attributes::{self, PARTITION, SORT};
use super::call::Client;
use super::expression::Terms;
use super::failure::{Cancellation, Unwritten, cancelled, is_condition};
use super::put::{Attempt, Verdict};
use super::value::Value;
use super::wire::{self, Attributes, GetItem, Got, Page, Step, TransactWriteItems, Written};
use async_trait::async_trait;
use postern_store::{
    Add, Batch, Clock, Consistency, Item, Key, Query, StoreError, Table, Write, validate,
};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a write is tried again because an item expired, or came to life, between finding it and writing. Each try needs
/// another writer to have come between; more than a few in a row is traffic that the caller should know of.
const ATTEMPTS: usize = 5;

/// A table of DynamoDB as one of the store's. See the module above for how items lie in it.
#[derive(Clone)]
pub struct DynamoTable {
    client: Client,
    name: String,
    clock: Arc<dyn Clock>,
}

impl DynamoTable {
    pub(super) fn new(client: Client, name: String, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            name,
            clock,
        }
    }

    fn now(&self) -> u64 {
        self.clock.now().as_secs()
    }

    /// A write outside a transaction, which costs half.
    async fn send(&self, step: Step<'_>) -> Result<Attributes, Unwritten> {
        let (operation, details) = match &step {
            Step::Put(details) => ("PutItem", details),
            Step::Update(details) => ("UpdateItem", details),
            Step::Delete(details) => ("DeleteItem", details),
            // Which there is only in transactions.
            Step::ConditionCheck(_) => {
                self.send_all(vec![step]).await?;
                return Ok(Attributes::new());
            }
        };
        let written: Written = self.client.call(operation, details).await?;
        Ok(written.attributes)
    }

    async fn send_all(&self, steps: Vec<Step<'_>>) -> Result<(), Cancellation> {
        let transaction = TransactWriteItems {
            transact_items: steps,
            client_request_token: format!("{:032x}", rand::random::<u128>()),
        };
        let _: IgnoredAny = self.client.call("TransactWriteItems", &transaction).await?;
        Ok(())
    }
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        validate::key(key)?;
        let get = GetItem {
            table_name: &self.name,
            key: attributes::key(key),
            consistent_read: consistency == Consistency::Strong,
        };
        let found: Got = self.client.call("GetItem", &get).await?;
        match found.item {
            Some(item) => attributes::item(item, key.clone(), self.now()),
            None => Ok(None),
        }
    }

    async fn query(&self, query: Query) -> Result<Batch, StoreError> {
        validate::query(&query)?;
        let mut batch = Batch {
            items: vec![],
            next: None,
        };
        if query.limit == 0 {
            return Ok(batch);
        }
        // DynamoDB refuses to start where the prefix is not.
        let after = match query.after {
            Some(after) if after.starts_with(&query.prefix) => Some(after),
            Some(after) if after > query.prefix => return Ok(batch),
            _ => None,
        };
        let mut terms = Terms::default();
        let partition = terms.name(PARTITION);
        let partition_value = terms.value(Value::Text(query.partition.clone()));
        let mut condition = format!("{partition} = {partition_value}");
        if !query.prefix.is_empty() {
            let sort = terms.name(SORT);
            let prefix = terms.value(Value::Text(query.prefix));
            condition = format!("{condition} AND begins_with({sort}, {prefix})");
        }
        let start = after.map(|after| attributes::key(&Key::new(query.partition.clone(), after)));
        // One more than asked for, which tells whether there is more.
        let limit = i32::try_from(query.limit.saturating_add(1)).unwrap_or(i32::MAX);
        let page = wire::Query {
            table_name: &self.name,
            key_condition_expression: condition,
            expression_attribute_names: terms.names,
            expression_attribute_values: terms.values,
            exclusive_start_key: start,
            limit,
            consistent_read: true,
        };
        let found: Page = self.client.call("Query", &page).await?;
        let rows = found.items;
        batch.next = if rows.len() > query.limit {
            rows.get(query.limit - 1).and_then(attributes::sort)
        } else {
            found.last_evaluated_key.as_ref().and_then(attributes::sort)
        }
        .map(str::to_owned);
        let now = self.now();
        for row in rows.into_iter().take(query.limit) {
            let sort = attributes::sort(&row).unwrap_or_default();
            let key = Key::new(query.partition.clone(), sort);
            batch.items.extend(attributes::item(row, key, now)?);
        }
        Ok(batch)
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        validate::write(&write)?;
        let mut attempt = Attempt::new(&write);
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let found = match self.send(attempt.step(&self.name, now)).await {
                Ok(_) => return Ok(()),
                Err(Unwritten::Other(error)) => return Err(error),
                Err(Unwritten::Condition(found)) => found,
            };
            match attempt.verdict(found.as_ref(), true, now) {
                Verdict::Happened => return Ok(()),
                Verdict::Failed => return Err(StoreError::ConditionFailed { index: 0 }),
                Verdict::Again => {}
            }
        }
        Err(StoreError::Conflict)
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        validate::transaction(&writes)?;
        if writes.is_empty() {
            return Ok(());
        }
        let mut attempts: Vec<Attempt<'_>> = writes.iter().map(Attempt::new).collect();
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let steps = attempts
                .iter()
                .map(|attempt| attempt.step(&self.name, now))
                .collect();
            let reasons = match self.send_all(steps).await {
                Ok(()) => return Ok(()),
                Err(Cancellation::Other(error)) => return Err(error),
                Err(Cancellation::Reasons(reasons)) => reasons,
            };
            if !reasons.iter().any(is_condition) {
                return Err(cancelled(&reasons));
            }
            for (index, (attempt, reason)) in attempts.iter_mut().zip(&reasons).enumerate() {
                if is_condition(reason)
                    && attempt.verdict(reason.item.as_ref(), false, now) == Verdict::Failed
                {
                    return Err(StoreError::ConditionFailed { index });
                }
            }
        }
        Err(StoreError::Conflict)
    }

    async fn add(&self, add: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        validate::add(&add)?;
        let sums = add::sums(&add);
        let corrupt = |reason| StoreError::Corrupt {
            partition: add.key.partition.clone(),
            sort: add.key.sort.clone(),
            reason,
        };
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let update = add::update(&self.name, &add, &sums, now);
            let found = match self.send(update).await {
                Ok(item) => return attributes::counters(&item).map_err(corrupt),
                Err(Unwritten::Other(error)) => return Err(error),
                Err(Unwritten::Condition(found)) => found.unwrap_or_default(),
            };
            let is_expired = !attributes::is_live(&found, now);
            let before = if is_expired {
                BTreeMap::new()
            } else {
                attributes::counters(&found).map_err(corrupt)?
            };
            if !add::is_within(&add, &before) {
                return Err(StoreError::ConditionFailed { index: 0 });
            }
            if is_expired {
                let replacement = add::replacement(&self.name, &add, &sums, now);
                match self.send(replacement).await {
                    Ok(_) => return Ok(sums),
                    Err(Unwritten::Other(error)) => return Err(error),
                    Err(Unwritten::Condition(_)) => {}
                }
            }
        }
        Err(StoreError::Conflict)
    }

    /// Other processes write too.
    fn generation(&self) -> Option<u64> {
        None
    }
}
