//! What DynamoDB's refusals mean to the store.

use super::attributes::Attributes;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::CancellationReason;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use postern_store::StoreError;
use std::error::Error;

/// Why a single write did not happen.
pub(super) enum Refusal {
    /// With the item as it was found, where there was one.
    Condition(Option<Attributes>),
    Other(StoreError),
}

/// Why a transaction did not happen: a word on each of its writes.
pub(super) enum Cancellation {
    Reasons(Vec<CancellationReason>),
    Other(StoreError),
}

pub(super) trait WriteError: Error + ProvideErrorMetadata + Send + Sync + 'static {
    fn condition(self) -> Result<ConditionalCheckFailedException, Self>
    where
        Self: Sized;
}

macro_rules! write_error {
    ($($error:ident),*) => {$(
        impl WriteError for $error {
            fn condition(self) -> Result<ConditionalCheckFailedException, Self> {
                match self {
                    Self::ConditionalCheckFailedException(failed) => Ok(failed),
                    other => Err(other),
                }
            }
        }
    )*};
}
write_error!(PutItemError, UpdateItemError, DeleteItemError);

pub(super) fn refusal<E: WriteError, R: std::fmt::Debug + Send + Sync + 'static>(
    error: SdkError<E, R>,
) -> Refusal {
    let other = store_error(&error);
    match service_error(error).map(WriteError::condition) {
        Some(Ok(failed)) => Refusal::Condition(failed.item),
        _ => Refusal::Other(other),
    }
}

fn service_error<E, R>(error: SdkError<E, R>) -> Option<E> {
    match error {
        SdkError::ServiceError(error) => Some(error.into_err()),
        _ => None,
    }
}

pub(super) fn cancellation<R: std::fmt::Debug + Send + Sync + 'static>(
    error: SdkError<TransactWriteItemsError, R>,
) -> Cancellation {
    let other = store_error(&error);
    match service_error(error) {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            Cancellation::Reasons(cancelled.cancellation_reasons.unwrap_or_default())
        }
        _ => Cancellation::Other(other),
    }
}

/// What a cancellation means in which no condition failed.
pub(super) fn cancelled(reasons: &[CancellationReason]) -> StoreError {
    let mut found = reasons
        .iter()
        .filter(|reason| reason.code().is_some_and(|code| code != "None"));
    match found.next() {
        Some(reason) if reason.code() != Some("TransactionConflict") => StoreError::Unavailable {
            reason: format!(
                "the transaction was cancelled: {}: {}",
                reason.code().unwrap_or_default(),
                reason.message().unwrap_or_default()
            ),
        },
        _ => StoreError::Conflict,
    }
}

pub(super) fn store_error<E, R>(error: &SdkError<E, R>) -> StoreError
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    match code {
        Some("TransactionConflictException" | "TransactionInProgressException") => {
            StoreError::Conflict
        }
        _ => StoreError::Unavailable {
            reason: explain(error),
        },
    }
}

/// In the words of DynamoDB, where it spoke; else of whatever kept it from speaking.
pub(super) fn explain<E, R>(error: &SdkError<E, R>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    if let Some(error) = error.as_service_error()
        && let Some(code) = error.code()
    {
        return match error.message() {
            Some(message) => format!("{code}: {message}"),
            None => code.to_owned(),
        };
    }
    let mut chain = vec![error.to_string()];
    let mut next = error.source();
    while let Some(link) = next {
        chain.push(link.to_string());
        next = link.source();
    }
    chain.dedup();
    chain.join(": ")
}
