//! Messages for later, over SQS. A batch is not all or nothing there: which entries failed is read, and they are sent
//! once more.

use aws_sdk_sqs::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    types::SendMessageBatchRequestEntry,
};
use serde::Serialize;

/// What SQS takes in one call.
const BATCH: usize = 10;

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// Why messages were not sent. Some of them may have been: who consumes them expects any to come twice.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Throttled, unreachable, or no answer in time: after the client's own retries.
    #[error("SQS is unavailable: {0}")]
    Unavailable(String),
    /// SQS took the batch, but not these entries, twice.
    #[error("SQS refused {count} of the messages: {code}")]
    Refused {
        /// How many.
        count: usize,
        /// The first one's code.
        code: String,
    },
    /// A message that is no JSON.
    #[error("a message could not be written: {0}")]
    Shape(#[source] serde_json::Error),
}

impl Queue {
    /// A queue by its URL, as the template gave it to the function.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Sends messages as JSON, ten to a call; none, no call.
    ///
    /// # Errors
    /// See [`QueueError`].
    pub async fn send<M: Serialize>(&self, messages: &[M]) -> Result<(), QueueError> {
        let bodies = messages.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>();
        for batch in bodies.map_err(QueueError::Shape)?.chunks(BATCH) {
            let entries = batch.iter().enumerate().map(|(number, body)| entry(number, body));
            let failed = self.send_batch(entries.collect::<Result<_, _>>()?).await?;
            if failed.is_empty() {
                continue;
            }
            let again = failed
                .iter()
                .filter_map(|failed| failed.number)
                .filter_map(|number| Some((number, batch.get(number)?)));
            let entries = again.map(|(number, body)| entry(number, body));
            let failed = self.send_batch(entries.collect::<Result<_, _>>()?).await?;
            if let Some(first) = failed.first() {
                return Err(QueueError::Refused { count: failed.len(), code: first.code.clone() });
            }
        }
        Ok(())
    }

    /// The entries that failed.
    async fn send_batch(&self, entries: Vec<SendMessageBatchRequestEntry>) -> Result<Vec<Failed>, QueueError> {
        let output = self
            .client
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(unavailable)?;
        let failed = output.failed().iter();
        Ok(failed.map(|entry| Failed { number: entry.id().parse().ok(), code: entry.code().to_owned() }).collect())
    }
}

struct Failed {
    /// Its place in the batch.
    number: Option<usize>,
    code: String,
}

fn entry(number: usize, body: &str) -> Result<SendMessageBatchRequestEntry, QueueError> {
    let entry = SendMessageBatchRequestEntry::builder().id(number.to_string()).message_body(body);
    entry.build().map_err(|error| QueueError::Unavailable(error.to_string()))
}

fn unavailable<E, R>(error: SdkError<E, R>) -> QueueError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error.code() {
        Some(code) => QueueError::Unavailable(denial::told(code, error.message())),
        None => QueueError::Unavailable(DisplayErrorContext(&error).to_string()),
    }
}
