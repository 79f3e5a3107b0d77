//! Functions that operators invoke: no route, IAM alone decides who may. JSON in, JSON out, and every order says who
//! gives it and why.

use std::future::Future;

use domain::operator::{Justification, Operator, OperatorError};
use lambda_http::{LambdaEvent, lambda_runtime, service_fn};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tracing::Instrument;

use crate::{
    clock::Clock,
    environment::{Environment, StartError},
    log,
};

/// A function for operators.
pub trait Operation: Sized + Send + Sync + 'static {
    /// Its name, as in the template.
    const NAME: &'static str;

    /// What it can be told to do: an enum tagged by `action`, without unknown fields.
    type Action: DeserializeOwned + Send;

    /// Makes it from its environment.
    ///
    /// # Errors
    /// See [`StartError`].
    fn start(environment: &Environment) -> impl Future<Output = Result<Self, StartError>> + Send;

    /// Carries out an order; what it answers goes back to the operator as it is.
    ///
    /// # Errors
    /// Why it was not carried out.
    fn perform(&self, order: Order<Self::Action>) -> impl Future<Output = Result<Value, OrderRefused>> + Send;
}

/// An order, with who stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order<A> {
    /// What to do.
    pub action: A,
    /// Who orders it.
    pub operator: Operator,
    /// Why.
    pub reason: Justification,
    /// Who stands for it beside them: somebody else.
    pub second_operator: Option<Operator>,
}

impl<A> Order<A> {
    /// The second operator, of an order that needs one.
    ///
    /// # Errors
    /// `second_operator_required`.
    pub fn needs_second(&self) -> Result<&Operator, OrderRefused> {
        let detail = "this needs a second operator, in second_operator";
        self.second_operator.as_ref().ok_or_else(|| OrderRefused::new("second_operator_required", detail))
    }
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRefused {
    /// Stable, snake_case.
    pub code: &'static str,
    /// For the operator, in English.
    pub detail: String,
}

impl OrderRefused {
    /// A refusal.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// What was ordered cannot be read or is not allowed to be so.
    pub fn invalid(detail: impl std::fmt::Display) -> Self {
        Self::new("invalid_input", detail.to_string())
    }

    /// Something we depend on is not there; nothing is known to have been done.
    pub fn unavailable(detail: impl std::fmt::Display) -> Self {
        Self::new("unavailable", detail.to_string())
    }

    fn body(&self) -> Value {
        json!({ "error": { "code": self.code, "detail": self.detail } })
    }
}

impl From<OperatorError> for OrderRefused {
    fn from(error: OperatorError) -> Self {
        Self::invalid(error)
    }
}

/// Runs an operators' function on Lambda.
///
/// # Errors
/// Start-up's, and the runtime's.
pub async fn serve_operation<O: Operation>() -> Result<(), lambda_http::Error> {
    log::begin();
    let environment = Environment::of_lambda()?;
    let (operation, environment) = (&O::start(&environment).await?, &environment);
    environment.connect().await;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        // Boxed, or the compiler meets the runtime's, the function's and the SDK's futures as one type, too deep for it.
        let operated = Box::pin(operate(operation, event.payload, &event.context.request_id, &environment.clock));
        Ok::<_, lambda_http::Error>(operated.await)
    }))
    .await
}

/// One order from end to end. What is refused is an answer too: nothing is to be retried by itself.
pub async fn operate<O: Operation>(operation: &O, event: Value, request_id: &str, clock: &Clock) -> Value {
    let started = clock.now();
    let span = tracing::info_span!("operation", request_id, function = O::NAME);
    async {
        let action = event.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
        let outcome = match parse::<O::Action>(event) {
            Ok(order) => {
                let operator = order.operator.clone();
                let outcome = operation.perform(order).await;
                let code = outcome.as_ref().err().map_or("", |refused| refused.code);
                let done = if outcome.is_ok() { "done" } else { "refused" };
                let millis = clock.millis_since(started);
                tracing::info!(action, operator = operator.as_str(), outcome = done, code, millis, "ordered");
                outcome
            }
            Err(refused) => {
                let millis = clock.millis_since(started);
                tracing::info!(outcome = "refused", code = refused.code, millis, "not an order");
                Err(refused)
            }
        };
        outcome.unwrap_or_else(|refused| refused.body())
    }
    .instrument(span)
    .await
}

fn parse<A: DeserializeOwned>(event: Value) -> Result<Order<A>, OrderRefused> {
    let Value::Object(mut members) = event else { return Err(OrderRefused::invalid("an order is a JSON object")) };
    let operator: Operator = taken(&mut members, "operator")?.unwrap_or_default().parse()?;
    let reason: Justification = taken(&mut members, "reason")?.unwrap_or_default().parse()?;
    let second_operator: Option<Operator> =
        taken(&mut members, "second_operator")?.map(|text| text.parse()).transpose()?;
    if second_operator.as_ref() == Some(&operator) {
        return Err(OrderRefused::invalid("second_operator is somebody else"));
    }
    let action = serde_json::from_value(Value::Object(members)).map_err(OrderRefused::invalid)?;
    Ok(Order { action, operator, reason, second_operator })
}

fn taken(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>, OrderRefused> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(OrderRefused::invalid(format!("{name} is a text"))),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
    enum Action {
        Show {},
        Turn { by: u8 },
    }

    struct Wheel;

    impl Operation for Wheel {
        const NAME: &'static str = "wheel";
        type Action = Action;

        async fn start(_: &Environment) -> Result<Self, StartError> {
            Ok(Self)
        }

        async fn perform(&self, order: Order<Action>) -> Result<Value, OrderRefused> {
            match order.action {
                Action::Show {} => Ok(json!({ "seen_by": order.operator.as_str() })),
                Action::Turn { by } => {
                    order.needs_second()?;
                    Ok(json!({ "turned": by }))
                }
            }
        }
    }

    async fn told(event: Value) -> Value {
        operate(&Wheel, event, "request", &Clock::new(|| Timestamp::UNIX_EPOCH)).await
    }

    #[tokio::test]
    async fn an_order_names_its_operator_and_why() {
        let order = json!({ "action": "show", "operator": " somchai ", "reason": "an audit" });
        assert_eq!(told(order).await, json!({ "seen_by": "somchai" }));
        let whole = json!({ "action": "turn", "by": 3, "operator": "a", "reason": "b", "second_operator": "c" });
        assert_eq!(told(whole).await, json!({ "turned": 3 }));
    }

    #[tokio::test]
    async fn what_is_no_order_is_told_so_and_not_carried_out() {
        for wrong in [
            json!(null),
            json!([]),
            json!({ "action": "show" }),
            json!({ "action": "show", "operator": "a" }),
            json!({ "action": "show", "operator": "a", "reason": " " }),
            json!({ "action": "show", "operator": "", "reason": "b" }),
            json!({ "action": "show", "operator": 1, "reason": "b" }),
            json!({ "action": "stop", "operator": "a", "reason": "b" }),
            json!({ "operator": "a", "reason": "b" }),
            json!({ "action": "show", "operator": "a", "reason": "b", "second_operator": "a" }),
            json!({ "action": "show", "operator": "a", "reason": "b", "second_operator": " A" }),
            json!({ "action": "show", "operator": "a", "reason": "b", "second_operator": "" }),
            json!({ "action": "turn", "operator": "a", "reason": "b", "second_operator": "c" }),
            json!({ "action": "turn", "by": 3, "too": 1, "operator": "a", "reason": "b", "second_operator": "c" }),
        ] {
            assert_eq!(told(wrong.clone()).await["error"]["code"], "invalid_input", "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_needs_two_people_is_refused_to_one() {
        let answer = told(json!({ "action": "turn", "by": 3, "operator": "a", "reason": "b" })).await;
        assert_eq!(answer["error"]["code"], "second_operator_required");
    }
}
