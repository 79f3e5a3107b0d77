//! Why a table could not do what it was asked.

use aws_sdk_dynamodb::{
    error::{BuildError, ProvideErrorMetadata, SdkError},
    operation::update_item::UpdateItemError,
};

use crate::Item;

/// DynamoDB could not be asked, or answered what we cannot read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, unreachable, or no answer in time: after the client's own retries.
    #[error("DynamoDB is unavailable: {0}")]
    Unavailable(String),
    /// A version race lost three times over, or transactions that would not stop colliding.
    #[error("DynamoDB: too much contention")]
    Busy,
    /// An item is not what this version of the code expects.
    #[error("an item could not be read or written: {0}")]
    Shape(#[source] serde_dynamo::Error),
}

impl StoreError {
    /// An error of the client, by its code and what IAM refused, or by its kind where it has none: what lies below may
    /// hold a body.
    pub(crate) fn from_sdk<E, R>(error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        match error.code() {
            Some(CONFLICT) => Self::Busy,
            Some(code) => Self::Unavailable(denial::told(code, error.message())),
            None => Self::Unavailable(error.to_string()),
        }
    }
}

/// What a single write is answered that meets a transaction on its item.
pub(crate) const CONFLICT: &str = "TransactionConflictException";

/// What a conditional write answered: `None` where its condition did not hold.
pub(crate) fn if_held<T, E, R>(outcome: Result<T, SdkError<E, R>>) -> Result<Option<T>, StoreError>
where
    E: ProvideErrorMetadata,
{
    match outcome {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
        Err(error) => Err(StoreError::from_sdk(error)),
    }
}

/// The item that failed the condition, if that is why an update failed.
pub(crate) fn failed_item(error: &SdkError<UpdateItemError>) -> Option<Option<Item>> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Some(failed.item.clone()),
        _ => None,
    }
}

/// The SDK's builders fail only where a required member was left out.
#[expect(clippy::needless_pass_by_value, reason = "the shape map_err takes")]
pub(crate) fn incomplete(error: BuildError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_received_is_told() {
        let error = SdkError::<UpdateItemError, String>::response_error("number 0812345678", "0812345678".to_owned());
        let told = StoreError::from_sdk(error);
        assert!(!format!("{told} {told:?}").contains("0812345678"), "{told}");
    }
}
