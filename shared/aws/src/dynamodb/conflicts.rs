//! Tells the SDK to try again when a write met a transaction on the same item, which is over in milliseconds.

use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

#[derive(Debug)]
pub(super) struct ConflictsPass;

impl ClassifyRetry for ConflictsPass {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let Some(error) = error.as_operation_error() else {
            return RetryAction::NoActionIndicated;
        };
        let is_conflict = error
            .downcast_ref()
            .is_some_and(UpdateItemError::is_transaction_conflict_exception)
            || error
                .downcast_ref()
                .is_some_and(PutItemError::is_transaction_conflict_exception)
            || error
                .downcast_ref()
                .is_some_and(DeleteItemError::is_transaction_conflict_exception);
        if is_conflict {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "conflicts pass"
    }
}
