//! A client of DynamoDB that sends a write again when a transaction was on its item: the SDK takes that for final.

use aws_sdk_dynamodb::{
    Client,
    config::{
        Builder,
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction},
    },
};

/// The client of every table.
pub fn client(config: impl Into<Builder>) -> Client {
    Client::from_conf(config.into().retry_classifier(Conflict).build())
}

/// A single write that met a transaction. A transaction that met another is `transaction`'s to send again.
#[derive(Debug)]
struct Conflict;

impl ClassifyRetry for Conflict {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let body = context.response().and_then(|response| response.body().bytes()).unwrap_or_default();
        let code = b"#TransactionConflictException";
        if body.windows(code.len()).any(|window| window == code) {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "transaction conflict"
    }
}
