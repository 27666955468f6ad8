//! The tables themselves: making them, waiting until they can be used, and removing them.
//!
//! Deployments to AWS make them with a template; this is for tests, for tools, and for whoever has no template.

use super::attributes::{EXPIRY, PARTITION, SORT};
use super::call::Client;
use super::failure::Failure;
use super::{DEFINITIONS, KINDS, table_name};
use serde_json::{Value, json};
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
            self.wait(&table, "used", |status| status == Some("ACTIVE"))
                .await?;
        }
        Ok(())
    }

    /// Removes the tables with all that is in them, and returns when they are gone.
    pub async fn delete(&self) -> Result<(), TablesError> {
        for kind in KINDS {
            let table = table_name(&self.prefix, kind);
            let deleted = self.ask("DeleteTable", json!({"TableName": table})).await;
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
        let request = json!({
            "TableName": table,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": PARTITION, "AttributeType": "S"},
                {"AttributeName": SORT, "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": PARTITION, "KeyType": "HASH"},
                {"AttributeName": SORT, "KeyType": "RANGE"},
            ],
        });
        let made = self.ask("CreateTable", request).await;
        done(table, "made", &["ResourceInUseException"], made)
    }

    async fn let_expire(&self, table: &str) -> Result<(), TablesError> {
        const ATTEMPTED: &str = "made to expire its items";
        let described = self
            .ask("DescribeTimeToLive", json!({"TableName": table}))
            .await
            .map_err(|failure| failed(table, ATTEMPTED, &failure))?;
        let status = &described["TimeToLiveDescription"]["TimeToLiveStatus"];
        // DynamoDB refuses to switch on what is on, or about to be.
        if matches!(status.as_str(), Some("ENABLED" | "ENABLING")) {
            return Ok(());
        }
        let request = json!({
            "TableName": table,
            "TimeToLiveSpecification": {"Enabled": true, "AttributeName": EXPIRY},
        });
        let updated = self.ask("UpdateTimeToLive", request).await;
        done(table, ATTEMPTED, &[], updated)
    }

    /// DynamoDB Local has no backups, and says that it does not know the operation.
    async fn make_recoverable(&self, table: &str) -> Result<(), TablesError> {
        let request = json!({
            "TableName": table,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
        });
        let updated = self.ask("UpdateContinuousBackups", request).await;
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
        is_reached: impl Fn(Option<&str>) -> bool,
    ) -> Result<(), TablesError> {
        let end = Instant::now() + PATIENCE;
        loop {
            let described = self.ask("DescribeTable", json!({"TableName": table})).await;
            let status = match &described {
                Ok(described) => described["Table"]["TableStatus"].as_str(),
                Err(failure) if failure.code() == "ResourceNotFoundException" => None,
                Err(failure) => return Err(failed(table, attempted, failure)),
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

    async fn ask(&self, operation: &str, request: Value) -> Result<Value, Failure> {
        self.client.call(operation, &request).await
    }
}

/// Takes some refusals for success: what was asked for is so already.
fn done(
    table: &str,
    attempted: &'static str,
    accepted: &[&str],
    result: Result<Value, Failure>,
) -> Result<(), TablesError> {
    match result {
        Ok(_) => Ok(()),
        Err(failure) if accepted.contains(&failure.code()) => Ok(()),
        Err(failure) => Err(failed(table, attempted, &failure)),
    }
}

fn failed(table: &str, attempted: &'static str, failure: &Failure) -> TablesError {
    TablesError {
        table: table.to_owned(),
        attempted,
        reason: failure.to_string(),
    }
}
