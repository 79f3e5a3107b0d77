//! Calls that AWS turned away for coming too often: counted at each try, since what a retry saved is a warning too.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::FinalizerInterceptorContextRef},
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use serde::Deserialize;

use crate::{clock::Clock, measure::Measure, metrics::Metrics};

/// The errors by which DynamoDB and KMS turn calls away, and the reasons by which DynamoDB cancels a transaction so.
const TURNED_AWAY: [&str; 5] = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

/// Counts the throttles of one service's client.
#[derive(Debug)]
pub struct Throttles {
    pub(crate) measure: Measure,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Clock,
}

impl Intercept for Throttles {
    fn name(&self) -> &'static str {
        "throttles"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(code) = context.response().and_then(turned_away) {
            // The metric's line has no request id; this one's span does.
            let operation = context.request().map_or("", operation);
            tracing::warn!(operation, code, "turned away");
            self.metrics.write(&self.measure, &[("operation", operation)], self.clock.now());
        }
        Ok(())
    }
}

/// What an answer of the JSON protocols refuses with.
#[derive(Deserialize)]
struct Refused {
    #[serde(rename = "__type")]
    code: String,
    #[serde(rename = "CancellationReasons", default)]
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(rename = "Code", default)]
    code: String,
}

/// By which of the codes, if the answer is one of them.
fn turned_away(response: &HttpResponse) -> Option<&'static str> {
    if response.status().is_success() {
        return None;
    }
    let refused: Refused = serde_json::from_slice(response.body().bytes()?).ok()?;
    let code = refused.code.rsplit('#').next().unwrap_or_default().to_owned();
    let codes: Vec<_> = refused.reasons.into_iter().map(|reason| reason.code).chain([code]).collect();
    TURNED_AWAY.into_iter().find(|known| codes.iter().any(|code| code == known))
}

/// `GetItem` of `DynamoDB_20120810.GetItem`.
fn operation(request: &HttpRequest) -> &str {
    request.headers().get("x-amz-target").and_then(|target| target.split_once('.')).map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn answer(status: u16, body: &Value) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()))
    }

    #[rstest]
    #[case::kms(json!({ "__type": "ThrottlingException", "message": "x" }), Some("ThrottlingException"))]
    #[case::a_table(
        json!({ "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException" }),
        Some("ProvisionedThroughputExceededException")
    )]
    #[case::the_account(
        json!({ "__type": "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded" }),
        Some("RequestLimitExceeded")
    )]
    #[case::within_a_transaction(
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "CancellationReasons": [{ "Code": "None" }, { "Code": "ThrottlingError", "Message": "x" }],
        }),
        Some("ThrottlingError")
    )]
    #[case::a_collision(
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "CancellationReasons": [{ "Code": "TransactionConflict" }, { "Code": "ConditionalCheckFailed" }],
        }),
        None
    )]
    #[case::a_condition(json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" }), None)]
    #[case::anything_else(json!({ "message": "ThrottlingException" }), None)]
    fn an_answer_tells_whether_it_turned_the_call_away(#[case] body: Value, #[case] code: Option<&str>) {
        assert_eq!(turned_away(&answer(400, &body)), code);
    }

    #[test]
    fn an_item_that_reads_like_a_refusal_is_none() {
        assert_eq!(turned_away(&answer(200, &json!({ "__type": "ThrottlingException" }))), None);
    }
}
