//! Functions that take messages from a queue (SQS): one batch in, the messages to deliver again out.

use std::future::Future;

use futures_util::future::join_all;
use lambda_http::{LambdaEvent, lambda_runtime, service_fn};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tracing::Instrument;

use crate::{
    clock::Clock,
    environment::{Environment, StartError},
    log,
};

/// A function that takes messages from a queue.
pub trait Consumer: Sized + Send + Sync + 'static {
    /// Its name, as in the template.
    const NAME: &'static str;

    /// What a message's body is, as JSON.
    type Message: DeserializeOwned + Send;

    /// Makes it from its environment.
    ///
    /// # Errors
    /// See [`StartError`].
    fn start(environment: &Environment) -> impl Future<Output = Result<Self, StartError>> + Send;

    /// Does what a message asks for. It may come more than once.
    ///
    /// # Errors
    /// It is to be delivered again, until the queue gives it up to its dead letters.
    fn consume(&self, message: Self::Message) -> impl Future<Output = Result<(), DeliverAgain>> + Send;
}

/// Why a message is to be delivered again. Goes to the log: nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeliverAgain(pub String);

/// A batch as SQS's event source hands it over.
#[derive(Debug, Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
struct Attributes {
    #[serde(rename = "ApproximateReceiveCount", default)]
    receive_count: String,
}

/// Which messages failed (`FunctionResponseTypes: [ReportBatchItemFailures]`); the others are done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchFailures {
    /// The messages to deliver again.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// One message that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// Its `messageId`.
    pub item_identifier: String,
}

/// Runs a queue's function on Lambda.
///
/// # Errors
/// Start-up's, and the runtime's.
pub async fn serve_consumer<C: Consumer>() -> Result<(), lambda_http::Error> {
    log::begin();
    let environment = Environment::of_lambda()?;
    let (consumer, environment) = (&C::start(&environment).await?, &environment);
    environment.connect().await;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let span = tracing::info_span!("batch", request_id = %event.context.request_id, function = C::NAME);
        // Boxed as in `serve_operation`.
        Box::pin(consume(consumer, event.payload, &environment.clock))
            .instrument(span)
            .await
            .map_err(lambda_http::Error::from)
    }))
    .await
}

/// One batch from end to end, its messages side by side.
///
/// # Errors
/// What is no batch: SQS then delivers all of it again.
pub async fn consume<C: Consumer>(
    consumer: &C,
    event: Value,
    clock: &Clock,
) -> Result<BatchFailures, serde_json::Error> {
    let started = clock.now();
    let batch: Batch = serde_json::from_value(event)?;
    let messages = batch.records.len();
    let consumed = batch.records.into_iter().map(|record| one(consumer, record));
    let batch_item_failures: Vec<_> = join_all(consumed).await.into_iter().flatten().collect();
    let (failed, millis) = (batch_item_failures.len(), clock.millis_since(started));
    tracing::info!(outcome = if failed == 0 { "done" } else { "failed" }, messages, failed, millis, "batch consumed");
    Ok(BatchFailures { batch_item_failures })
}

/// A body that cannot be read fails too: among the dead letters somebody will see it.
async fn one<C: Consumer>(consumer: &C, record: Record) -> Option<ItemFailure> {
    let Record { message_id, body, attributes } = record;
    let consumed = match serde_json::from_str(&body) {
        Ok(message) => consumer.consume(message).await,
        // serde's message may quote the body; its place is enough.
        Err(error) => Err(DeliverAgain(format!("unreadable at column {}", error.column()))),
    };
    match consumed {
        Ok(()) => {
            tracing::info!(message_id, "consumed");
            None
        }
        Err(error) => {
            tracing::warn!(message_id, receive_count = attributes.receive_count, %error, "to be delivered again");
            Some(ItemFailure { item_identifier: message_id })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Even;

    impl Consumer for Even {
        const NAME: &'static str = "even";
        type Message = u32;

        async fn start(_: &Environment) -> Result<Self, StartError> {
            Ok(Self)
        }

        async fn consume(&self, message: u32) -> Result<(), DeliverAgain> {
            if message.is_multiple_of(2) { Ok(()) } else { Err(DeliverAgain("odd".into())) }
        }
    }

    fn clock() -> Clock {
        Clock::new(|| jiff::Timestamp::UNIX_EPOCH)
    }

    fn record(id: &str, body: &str) -> Value {
        json!({
            "messageId": id, "receiptHandle": "handle", "body": body, "eventSource": "aws:sqs",
            "attributes": { "ApproximateReceiveCount": "1", "SentTimestamp": "1795507200000" },
        })
    }

    #[tokio::test]
    async fn only_the_messages_that_failed_come_again() {
        let batch = json!({ "Records": [record("a", "2"), record("b", "3"), record("c", "4"), record("d", "{}")] });
        let failed = consume(&Even, batch, &clock()).await.unwrap();
        let expected = json!({ "batchItemFailures": [{ "itemIdentifier": "b" }, { "itemIdentifier": "d" }] });
        assert_eq!(serde_json::to_value(failed).unwrap(), expected);
        let none = consume(&Even, json!({ "Records": [record("a", "2")] }), &clock()).await.unwrap();
        assert_eq!(serde_json::to_value(none).unwrap(), json!({ "batchItemFailures": [] }));
    }

    #[tokio::test]
    async fn what_is_no_batch_fails_as_a_whole() {
        assert!(consume(&Even, json!({ "action": "x" }), &clock()).await.is_err());
    }
}
