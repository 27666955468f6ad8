//! One table.

use super::add;
use super::attributes::{self, Attributes, PARTITION, SORT};
use super::expression::Terms;
use super::failure::{Cancellation, Refusal, cancellation, cancelled, refusal, store_error};
use super::put::{Attempt, Verdict};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, Put, ReturnValue,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use postern_store::{
    Add, Batch, Clock, Consistency, Item, Key, Query, StoreError, Table, Write, validate,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a write is tried again because an item expired, or came to life, between finding it and writing. Each try needs
/// another writer to have come between; more than a few in a row is traffic that the caller should know of.
const ATTEMPTS: usize = 5;
const CONDITION_FAILED: &str = "ConditionalCheckFailed";

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
    async fn send(&self, item: TransactWriteItem) -> Result<Attributes, Refusal> {
        match item {
            TransactWriteItem { put: Some(put), .. } => {
                self.put(put).await.map(|()| Attributes::new())
            }
            TransactWriteItem {
                update: Some(update),
                ..
            } => self.update(update, ReturnValue::None).await,
            TransactWriteItem {
                delete: Some(delete),
                ..
            } => self.delete(delete).await.map(|()| Attributes::new()),
            // A check, which there is only in transactions.
            item => self
                .send_all(vec![item])
                .await
                .map(|()| Attributes::new())
                .map_err(|cancellation| match cancellation {
                    Cancellation::Reasons(reasons) if reasons.iter().any(is_condition) => {
                        Refusal::Condition(None)
                    }
                    Cancellation::Reasons(reasons) => Refusal::Other(cancelled(&reasons)),
                    Cancellation::Other(error) => Refusal::Other(error),
                }),
        }
    }

    async fn put(&self, put: Put) -> Result<(), Refusal> {
        self.client
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await
            .map(drop)
            .map_err(refusal)
    }

    async fn update(&self, update: Update, values: ReturnValue) -> Result<Attributes, Refusal> {
        self.client
            .update_item()
            .table_name(update.table_name)
            .set_key(Some(update.key))
            .update_expression(update.update_expression)
            .set_condition_expression(update.condition_expression)
            .set_expression_attribute_names(update.expression_attribute_names)
            .set_expression_attribute_values(update.expression_attribute_values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_values(values)
            .send()
            .await
            .map(|output| output.attributes.unwrap_or_default())
            .map_err(refusal)
    }

    async fn delete(&self, delete: Delete) -> Result<(), Refusal> {
        self.client
            .delete_item()
            .table_name(delete.table_name)
            .set_key(Some(delete.key))
            .set_condition_expression(delete.condition_expression)
            .set_expression_attribute_names(delete.expression_attribute_names)
            .set_expression_attribute_values(delete.expression_attribute_values)
            .send()
            .await
            .map(drop)
            .map_err(refusal)
    }

    /// The SDK gives every call a token of its own, which stays when it sends the call again.
    async fn send_all(&self, items: Vec<TransactWriteItem>) -> Result<(), Cancellation> {
        self.client
            .transact_write_items()
            .set_transact_items(Some(items))
            .send()
            .await
            .map(drop)
            .map_err(cancellation)
    }
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        validate::key(key)?;
        let found = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(attributes::key(key)))
            .consistent_read(consistency == Consistency::Strong)
            .send()
            .await
            .map_err(|error| store_error(&error))?;
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
        let partition_value = terms.value(AttributeValue::S(query.partition.clone()));
        let mut condition = format!("{partition} = {partition_value}");
        if !query.prefix.is_empty() {
            let sort = terms.name(SORT);
            let prefix = terms.value(AttributeValue::S(query.prefix));
            condition = format!("{condition} AND begins_with({sort}, {prefix})");
        }
        let start = after.map(|after| attributes::key(&Key::new(query.partition.clone(), after)));
        // One more than asked for, which tells whether there is more.
        let limit = i32::try_from(query.limit.saturating_add(1)).unwrap_or(i32::MAX);
        let found = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression(condition)
            .set_expression_attribute_names(terms.names())
            .set_expression_attribute_values(terms.values())
            .set_exclusive_start_key(start)
            .limit(limit)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        let rows = found.items.unwrap_or_default();
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
            let found = match self.send(attempt.item(&self.name, now)).await {
                Ok(_) => return Ok(()),
                Err(Refusal::Other(error)) => return Err(error),
                Err(Refusal::Condition(found)) => found,
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
            let items = attempts
                .iter()
                .map(|attempt| attempt.item(&self.name, now))
                .collect();
            let reasons = match self.send_all(items).await {
                Ok(()) => return Ok(()),
                Err(Cancellation::Other(error)) => return Err(error),
                Err(Cancellation::Reasons(reasons)) => reasons,
            };
            if !reasons.iter().any(is_condition) {
                return Err(cancelled(&reasons));
            }
            for (index, (attempt, reason)) in attempts.iter_mut().zip(&reasons).enumerate() {
                if is_condition(reason)
                    && attempt.verdict(reason.item(), false, now) == Verdict::Failed
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
            let found = match self.update(update, ReturnValue::AllNew).await {
                Ok(item) => return attributes::counters(&item).map_err(corrupt),
                Err(Refusal::Other(error)) => return Err(error),
                Err(Refusal::Condition(found)) => found.unwrap_or_default(),
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
                    Err(Refusal::Other(error)) => return Err(error),
                    Err(Refusal::Condition(_)) => {}
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

fn is_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some(CONDITION_FAILED)
}
