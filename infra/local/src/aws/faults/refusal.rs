//! The errors that AWS answers on a bad day, in each service's words.

use http::StatusCode;
use serde_json::{Value, json};

use super::Service;
use crate::aws::reply::{Protocol, Reply};

/// An error of AWS's that says nothing about the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The table's or account's throughput is used up.
    ProvisionedThroughputExceeded,
    /// Too many requests.
    Throttling,
    /// Another transaction is on one of the items: `TransactionCanceledException` with reasons where the call is a
    /// transaction, `TransactionConflictException` where it is a single write.
    TransactionConflict,
    /// AWS's own fault, 500.
    InternalServerError,
}

impl Refusal {
    /// The answer. `actions` is how many a transaction has: so many reasons are given, the first a conflict.
    pub(in crate::aws) fn reply(self, service: Service, actions: usize) -> Reply {
        let bad = StatusCode::BAD_REQUEST;
        match (service, self) {
            (Service::DynamoDb, Self::TransactionConflict) if actions > 0 => canceled(actions),
            (Service::DynamoDb, refusal) => {
                let (status, code, message) = match refusal {
                    Self::ProvisionedThroughputExceeded => (
                        bad,
                        "ProvisionedThroughputExceededException",
                        "The level of configured provisioned throughput for the table was exceeded.",
                    ),
                    Self::Throttling => {
                        (bad, "ThrottlingException", "Rate of requests exceeds the allowed throughput.")
                    }
                    Self::TransactionConflict => {
                        (bad, "TransactionConflictException", "Transaction is ongoing for the item")
                    }
                    Self::InternalServerError => {
                        (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal server error")
                    }
                };
                let code = format!("com.amazonaws.dynamodb.v20120810#{code}");
                Reply::refusal(Protocol::Json10, status, &code, message)
            }
            (Service::Kms, Self::InternalServerError) => {
                Reply::refusal(Protocol::Json11, StatusCode::INTERNAL_SERVER_ERROR, "KMSInternalException", "")
            }
            (Service::Kms, _) => {
                let message =
                    "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";
                Reply::refusal(Protocol::Json11, bad, "ThrottlingException", message)
            }
            (Service::Sqs, Self::InternalServerError) => {
                let code = "com.amazonaws.sqs#InternalError";
                Reply::refusal(Protocol::Json10, StatusCode::INTERNAL_SERVER_ERROR, code, "Internal error")
            }
            (Service::Sqs, _) => {
                Reply::refusal(Protocol::Json10, bad, "com.amazonaws.sqs#RequestThrottled", "Rate exceeded")
            }
            (Service::Sns, Self::InternalServerError) => {
                Reply::refusal(Protocol::Query, StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "Internal error")
            }
            (Service::Sns, _) => {
                Reply::refusal(Protocol::Query, StatusCode::TOO_MANY_REQUESTS, "Throttled", "Rate exceeded")
            }
        }
    }
}

fn canceled(actions: usize) -> Reply {
    let codes = std::iter::once("TransactionConflict").chain(std::iter::repeat("None")).take(actions);
    let list = codes.clone().collect::<Vec<_>>().join(", ");
    let reason = |code| match code {
        "None" => json!({ "Code": code }),
        _ => json!({ "Code": code, "Message": "Transaction is ongoing for the item" }),
    };
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{list}]"),
        "CancellationReasons": codes.map(reason).collect::<Vec<Value>>(),
    });
    Reply::refusal_with(Protocol::Json10, StatusCode::BAD_REQUEST, &body)
}
