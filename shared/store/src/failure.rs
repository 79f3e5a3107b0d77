//! Why a table could not do what it was asked.

use aws_sdk_dynamodb::{
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
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
    /// An error of the client, by its code and causes. DynamoDB's messages name tables and keys of items, never values.
    pub(crate) fn from_sdk<E, R>(error: SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        match error.code() {
            Some(code) => Self::Unavailable(code.to_owned()),
            None => Self::Unavailable(DisplayErrorContext(&error).to_string()),
        }
    }
}

/// What a conditional write answered: `None` where its condition did not hold.
pub(crate) fn if_held<T, E, R>(outcome: Result<T, SdkError<E, R>>) -> Result<Option<T>, StoreError>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match outcome {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
        Err(error) => Err(StoreError::from_sdk(error)),
    }
}

/// The item that failed the condition, if that is why an update failed.
pub(crate) fn condition_failed(error: &SdkError<UpdateItemError>) -> Option<Option<Item>> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Some(failed.item.clone()),
        _ => None,
    }
}
