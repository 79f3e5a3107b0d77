//! SQS: `SendMessage` and `SendMessageBatch`, into queues in memory. Messages leave them by the event sources of the
//! template (`crate::deliveries`), as on AWS: no function polls.

use std::collections::BTreeSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::{Protocol, Reply};

mod queues;

pub(crate) use queues::Outcome;
pub use queues::{Message, Queues};

/// SQS's limits: a message's and a batch's bytes, a batch's entries.
const LONGEST: usize = 1024 * 1024;
const ENTRIES: usize = 10;

/// Takes messages. MD5 sums, which the SDK for Rust does not check, are not made.
#[derive(Clone)]
pub(super) struct Sqs {
    queues: Queues,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct One {
    queue_url: String,
    message_body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    queue_url: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    message_body: String,
}

/// An error by its code and words.
struct Refused(&'static str, &'static str);

/// The name of the queue that a request is about.
pub(super) fn queue(request: &Value) -> Option<&str> {
    request.get("QueueUrl").and_then(Value::as_str).map(name)
}

fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

impl Sqs {
    pub(super) const fn new(queues: Queues) -> Self {
        Self { queues }
    }

    /// Answers an operation.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Reply {
        reply(match operation {
            "SendMessage" => self.one(body),
            "SendMessageBatch" => self.batch(body, false),
            _ => Err(Refused("UnsupportedOperation", "")),
        })
    }

    /// The same, but a batch's first entry is refused, as on a bad day.
    pub(super) fn answer_but_the_first(&self, operation: &str, body: &[u8]) -> Reply {
        match operation {
            "SendMessageBatch" => reply(self.batch(body, true)),
            _ => self.answer(operation, body),
        }
    }

    fn one(&self, body: &[u8]) -> Result<Value, Refused> {
        let request: One = read(body)?;
        check([request.message_body.as_str()])?;
        let message_id = self.queues.put(name(&request.queue_url), request.message_body).ok_or(NO_QUEUE)?;
        Ok(json!({ "MessageId": message_id }))
    }

    fn batch(&self, body: &[u8], refuse_first: bool) -> Result<Value, Refused> {
        let request: Batch = read(body)?;
        let ids: BTreeSet<_> = request.entries.iter().map(|entry| &entry.id).collect();
        match request.entries.len() {
            0 => return Err(Refused("EmptyBatchRequest", "There should be at least one entry in the request.")),
            many if many > ENTRIES => {
                return Err(Refused("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10."));
            }
            many if many != ids.len() => return Err(Refused("BatchEntryIdsNotDistinct", "Two or more have one id.")),
            _ => check(request.entries.iter().map(|entry| entry.message_body.as_str()))?,
        }
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for (place, Entry { id, message_body }) in request.entries.into_iter().enumerate() {
            if refuse_first && place == 0 {
                failed.push(json!({ "Id": id, "Code": "InternalError", "SenderFault": false }));
            } else {
                let message_id = self.queues.put(name(&request.queue_url), message_body).ok_or(NO_QUEUE)?;
                done.push(json!({ "Id": id, "MessageId": message_id, "MD5OfMessageBody": "" }));
            }
        }
        Ok(json!({ "Successful": done, "Failed": failed }))
    }
}

const NO_QUEUE: Refused = Refused("QueueDoesNotExist", "The specified queue does not exist.");

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|_| Refused("InvalidParameterValue", "The request cannot be read."))
}

fn check<'a>(bodies: impl IntoIterator<Item = &'a str> + Clone) -> Result<(), Refused> {
    if bodies.clone().into_iter().any(str::is_empty) {
        return Err(Refused("MissingParameter", "The request must contain the parameter MessageBody."));
    }
    match bodies.into_iter().map(str::len).sum::<usize>() {
        0..=LONGEST => Ok(()),
        _ => Err(Refused("BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes.")),
    }
}

fn reply(outcome: Result<Value, Refused>) -> Reply {
    match outcome {
        Ok(answer) => Reply::done(Protocol::Json10, answer.to_string()),
        Err(Refused(code, message)) => {
            Reply::refusal(Protocol::Json10, StatusCode::BAD_REQUEST, &format!("com.amazonaws.sqs#{code}"), message)
        }
    }
}

#[cfg(test)]
mod tests;
