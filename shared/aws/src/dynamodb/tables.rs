//! The tables themselves: making them, waiting until they can be used, and removing them.
//!
//! Deployments to AWS make them with a template; this is for tests, for tools, and for whoever has no template.

use super::attributes::{EXPIRY, PARTITION, SORT};
use super::failure::explain;
use super::{DEFINITIONS, KINDS, table_name};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoverySpecification,
    ScalarAttributeType, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a table may take to be made or removed. DynamoDB needs seconds.
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A table could not be made, removed, or waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table `{table}` cannot be {attempted}: {reason}")]
pub struct TablesError {
    pub table: String,
    pub attempted: &'static str,
    pub reason: String,
}

/// The four tables of one store.
#[derive(Clone, Debug)]
pub struct Tables {
    client: Client,
    prefix: String,
}

impl Tables {
    pub(crate) fn new(client: Client, prefix: &str) -> Self {
        Self {
            client,
            prefix: prefix.to_owned(),
        }
    }

    /// Makes what is missing, and returns when all can be used. What is there is left as it is, but for its expiry and its
    /// recovery, which are switched on.
    pub async fn create(&self) -> Result<(), TablesError> {
        for kind in KINDS {
            self.make(&table_name(&self.prefix, kind)).await?;
        }
        self.wait_until_active().await?;
        for kind in KINDS {
            self.let_expire(&table_name(&self.prefix, kind)).await?;
        }
        self.make_recoverable(&table_name(&self.prefix, DEFINITIONS))
            .await
    }

    pub async fn wait_until_active(&self) -> Result<(), TablesError> {
        for kind in KINDS {
            let table = table_name(&self.prefix, kind);
            self.wait(&table, "used", |status| {
                status == Some(&TableStatus::Active)
            })
            .await?;
        }
        Ok(())
    }

    /// Removes the tables with all that is in them, and returns when they are gone.
    pub async fn delete(&self) -> Result<(), TablesError> {
        for kind in KINDS {
            let table = table_name(&self.prefix, kind);
            let deleted = self.client.delete_table().table_name(&table).send().await;
            done(&table, "removed", &["ResourceNotFoundException"], deleted)?;
        }
        for kind in KINDS {
            let table = table_name(&self.prefix, kind);
            self.wait(&table, "removed", |status| status.is_none())
                .await?;
        }
        Ok(())
    }

    async fn make(&self, table: &str) -> Result<(), TablesError> {
        let mut request = self
            .client
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest);
        for (attribute, key_type) in [(PARTITION, KeyType::Hash), (SORT, KeyType::Range)] {
            let definition = AttributeDefinition::builder()
                .attribute_name(attribute)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .expect("name and type are set");
            let element = KeySchemaElement::builder()
                .attribute_name(attribute)
                .key_type(key_type)
                .build()
                .expect("name and type are set");
            request = request
                .attribute_definitions(definition)
                .key_schema(element);
        }
        done(
            table,
            "made",
            &["ResourceInUseException"],
            request.send().await,
        )
    }

    async fn let_expire(&self, table: &str) -> Result<(), TablesError> {
        const ATTEMPTED: &str = "made to expire its items";
        let described = self
            .client
            .describe_time_to_live()
            .table_name(table)
            .send()
            .await
            .map_err(|error| failed(table, ATTEMPTED, &error))?;
        let status = described
            .time_to_live_description()
            .and_then(|description| description.time_to_live_status());
        // DynamoDB refuses to switch on what is on, or about to be.
        if matches!(
            status,
            Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
        ) {
            return Ok(());
        }
        let specification = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(EXPIRY)
            .build()
            .expect("both are set");
        let updated = self
            .client
            .update_time_to_live()
            .table_name(table)
            .time_to_live_specification(specification)
            .send()
            .await;
        done(table, ATTEMPTED, &[], updated)
    }

    /// DynamoDB Local has no backups, and says that it does not know the operation.
    async fn make_recoverable(&self, table: &str) -> Result<(), TablesError> {
        let specification = PointInTimeRecoverySpecification::builder()
            .point_in_time_recovery_enabled(true)
            .build()
            .expect("it is set");
        let updated = self
            .client
            .update_continuous_backups()
            .table_name(table)
            .point_in_time_recovery_specification(specification)
            .send()
            .await;
        done(
            table,
            "made recoverable to a point in time",
            &["UnknownOperationException"],
            updated,
        )
    }

    async fn wait(
        &self,
        table: &str,
        attempted: &'static str,
        is_reached: impl Fn(Option<&TableStatus>) -> bool,
    ) -> Result<(), TablesError> {
        let end = Instant::now() + PATIENCE;
        loop {
            let described = self.client.describe_table().table_name(table).send().await;
            let status = match &described {
                Ok(described) => described.table().and_then(|table| table.table_status()),
                Err(error) if has_code(error, &["ResourceNotFoundException"]) => None,
                Err(error) => return Err(failed(table, attempted, error)),
            };
            if is_reached(status) {
                return Ok(());
            }
            if Instant::now() >= end {
                return Err(TablesError {
                    table: table.to_owned(),
                    attempted,
                    reason: match status {
                        Some(status) => format!("it has been {status} for {PATIENCE:?}"),
                        None => format!("it has not appeared for {PATIENCE:?}"),
                    },
                });
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Takes some refusals for success: what was asked for is so already.
fn done<T, E, R>(
    table: &str,
    attempted: &'static str,
    accepted: &[&str],
    result: Result<T, SdkError<E, R>>,
) -> Result<(), TablesError>
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    match result {
        Ok(_) => Ok(()),
        Err(error) if has_code(&error, accepted) => Ok(()),
        Err(error) => Err(failed(table, attempted, &error)),
    }
}

fn has_code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, codes: &[&str]) -> bool {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        .is_some_and(|code| codes.contains(&code))
}

fn failed<E, R>(table: &str, attempted: &'static str, error: &SdkError<E, R>) -> TablesError
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    TablesError {
        table: table.to_owned(),
        attempted,
        reason: explain(error),
    }
}
