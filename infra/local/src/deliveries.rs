//! Lambda's event source for SQS: messages go from a queue to its function in batches, and what fails comes again
//! until it is dead.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    aws::sqs::{Message, Outcome, Queues},
    functions::EventHandler,
    template::Source,
};

/// One queue's deliveries to one function, running until dropped.
#[derive(Debug)]
pub(crate) struct Deliveries(JoinHandle<()>);

impl Deliveries {
    /// Begins them. What fails comes again after `pause`, SQS's visibility time-out.
    pub(crate) fn begin(source: Source, queues: Queues, function: EventHandler, pause: Duration) -> Self {
        Self(tokio::spawn(async move {
            loop {
                let batch = queues.take(&source.queue, source.batch_size).await;
                let failed = deliver(&source, &function, &batch).await;
                for message in batch {
                    let outcome = if failed.contains(&message.id) { Outcome::Failed } else { Outcome::Done };
                    if outcome == Outcome::Failed && !queues.is_dead(&source.queue, &message) && !pause.is_zero() {
                        let (queues, queue) = (queues.clone(), source.queue.clone());
                        tokio::spawn(async move {
                            tokio::time::sleep(pause).await;
                            queues.settle(&queue, message, outcome);
                        });
                    } else {
                        queues.settle(&source.queue, message, outcome);
                    }
                }
            }
        }))
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The messages of a batch that failed: all of them where the function did, or does not say which.
async fn deliver(source: &Source, function: &EventHandler, batch: &[Message]) -> BTreeSet<String> {
    let everything = || batch.iter().map(|message| message.id.clone()).collect();
    let event = json!({ "Records": batch.iter().map(|message| record(source, message)).collect::<Vec<_>>() });
    // In a task of its own, so that a panic ends the task and not the deliveries.
    match tokio::spawn(function(event)).await {
        Ok(Ok(answer)) if source.reports_failures => failures(&answer).unwrap_or_else(everything),
        Ok(Ok(_)) => BTreeSet::new(),
        Ok(Err(_)) | Err(_) => everything(),
    }
}

/// `None` for an answer that is none, which AWS too takes for a failure of all.
fn failures(answer: &Value) -> Option<BTreeSet<String>> {
    let failures = answer.get("batchItemFailures")?.as_array()?.iter();
    failures.map(|failure| failure.get("itemIdentifier")?.as_str().map(str::to_owned)).collect()
}

fn record(source: &Source, message: &Message) -> Value {
    json!({
        "messageId": message.id,
        "receiptHandle": message.id,
        "body": message.body,
        "attributes": { "ApproximateReceiveCount": message.receive_count.to_string() },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{}:{}:{}", crate::template::REGION, crate::template::ACCOUNT, source.queue),
        "awsRegion": crate::template::REGION,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::template::{Queue, Redrive};

    fn queues() -> Queues {
        let redrive = Redrive { dead_letters: "dead".into(), max_receive_count: 3 };
        let queue = |name: &str, redrive| Queue { logical_id: name.into(), name: name.into(), redrive };
        Queues::new(&[queue("dead", None), queue("work", Some(redrive))])
    }

    fn source(reports_failures: bool) -> Source {
        Source { queue: "work".into(), batch_size: 2, reports_failures }
    }

    /// Fails what says so, and panics at what says that.
    fn function() -> EventHandler {
        Arc::new(|event| {
            Box::pin(async move {
                let records = event["Records"].as_array().cloned().unwrap();
                assert!(records.len() <= 2 && records.iter().all(|record| record["body"] != "panic"));
                let failed = records.iter().filter(|record| record["body"] == "bad");
                let failed: Vec<_> = failed.map(|record| json!({ "itemIdentifier": record["messageId"] })).collect();
                Ok(json!({ "batchItemFailures": failed }))
            })
        })
    }

    async fn dead_of(bodies: &[&str], reports_failures: bool) -> Vec<String> {
        let queues = queues();
        for body in bodies {
            queues.put("work", (*body).to_owned()).unwrap();
        }
        let _deliveries = Deliveries::begin(source(reports_failures), queues.clone(), function(), Duration::ZERO);
        queues.settled("work").await;
        assert!(queues.messages("dead").iter().all(|message| message.receive_count == 3));
        queues.messages("dead").into_iter().map(|message| message.body).collect()
    }

    #[tokio::test]
    async fn what_fails_three_times_is_dead_and_nothing_else() {
        assert_eq!(dead_of(&["good", "bad", "good", "good", "good"], true).await, ["bad"]);
    }

    #[tokio::test]
    async fn a_failure_that_is_not_reported_is_lost() {
        assert!(dead_of(&["bad"], false).await.is_empty());
    }

    #[tokio::test]
    async fn a_panic_fails_the_whole_batch() {
        assert_eq!(dead_of(&["panic"], true).await, ["panic"]);
    }
}
