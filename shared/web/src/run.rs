//! A function from request to answer: parse, cross-site check, the function's own work, the common headers, one log line.

use std::{future::Future, time::Duration};

use http::Method;
use jiff::Timestamp;
use lambda_http::{Request, service_fn};
use tracing::Instrument;

use crate::{
    answer::{self, Response, Told},
    environment::{Environment, StartError},
    incoming::Incoming,
    log,
    measure::{Measure, StepOutcome, WizardStep},
    problem::Problem,
};

/// Who may call a function from a browser, beside the service's own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Nobody: a POST acts on cookies.
    OwnPages,
    /// Any page may send a browser here; its scripts may not read the answer.
    Anybody,
    /// Scripts of any origin, without cookies (Fetch standard, CORS protocol).
    AnyOrigin,
}

/// When a request is answered, whatever it waits for: in our own words, before Lambda's and API Gateway's 29 s. The
/// last resort: an API call gives up so early that what was charged for it is given back long before.
const DEADLINE: Duration = Duration::from_secs(27);

/// What a Lambda function is.
pub trait Function: Sized + Send + Sync + 'static {
    /// Its name, as in the template.
    const NAME: &'static str;

    /// Who may call it.
    const DOOR: Door = Door::OwnPages;

    /// Makes it from its environment: parses its configuration, builds the clients it uses.
    ///
    /// # Errors
    /// See [`StartError`].
    fn start(environment: &Environment) -> impl Future<Output = Result<Self, StartError>> + Send;

    /// Answers a request.
    ///
    /// # Errors
    /// A problem that no form of its own shows.
    fn answer(&self, incoming: &Incoming) -> impl Future<Output = Result<Response, Problem>> + Send;
}

/// Runs a function on Lambda.
///
/// # Errors
/// Start-up's, and the runtime's.
pub async fn serve<F: Function>() -> Result<(), lambda_http::Error> {
    log::begin();
    let environment = Environment::of_lambda()?;
    let function = F::start(&environment).await?;
    environment.connect().await;
    let (function, environment) = (&function, &environment);
    lambda_http::run(service_fn(move |request: Request| async move {
        // Boxed as in `serve_operation`.
        Ok::<_, lambda_http::Error>(Box::pin(respond(function, request, environment)).await)
    }))
    .await
}

/// One request from end to end.
pub async fn respond<F: Function>(function: &F, request: Request, environment: &Environment) -> Response {
    let started = environment.clock.now();
    let incoming = Incoming::parse(request, environment.site.clone());
    let span = tracing::info_span!("request", request_id = %incoming.request_id, function = F::NAME);
    async {
        let answered = match at_the_door(&incoming, F::DOOR) {
            Some(answered) => answered,
            // Boxed first of all: each layer around it would hold it twice, and a start would clear memory for all of them.
            None => within(DEADLINE, Box::pin(function.answer(&incoming))).await,
        };
        let response = answered.unwrap_or_else(|problem| answer::problem(&incoming, &problem));
        note::<F>(&incoming, &response, started, environment);
        let response = if F::DOOR == Door::AnyOrigin { answer::open_to_scripts(response) } else { response };
        answer::finish(response, &incoming)
    }
    .instrument(span)
    .await
}

/// The request's line in the log, and what it counted.
fn note<F: Function>(incoming: &Incoming, response: &Response, started: Timestamp, environment: &Environment) {
    let millis = environment.clock.millis_since(started);
    let (told, status) = (response.extensions().get::<Told>(), response.status());
    let has_failed = told.map_or(status.is_server_error(), |told| told.is_ours);
    let is_refused = told.is_some() || status.is_client_error();
    let step = WizardStep::of_path(&incoming.path);
    let mut measures = incoming.measures();
    if let (Some(step), Some(_), &Method::POST) = (step, told, &incoming.method) {
        let outcome = if has_failed { StepOutcome::Failed } else { StepOutcome::Refused };
        measures.push(Measure::RegistrationStep(step, outcome));
    }
    let outcome = measures.iter().find_map(Measure::outcome).unwrap_or(match (has_failed, is_refused) {
        (true, _) => "failed",
        (false, true) => "refused",
        (false, false) => "done",
    });
    let (step, code) = (step.map_or("", WizardStep::as_str), told.map_or("", |told| told.code));
    tracing::info!(method = %incoming.method, status = status.as_u16(), step, outcome, code, millis, "answered");
    let about = [("function", F::NAME), ("request_id", incoming.request_id.as_str())];
    for measure in &measures {
        environment.metrics.write(measure, &about, environment.clock.now());
    }
}

async fn within(
    deadline: Duration,
    answering: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    tokio::time::timeout(deadline, answering).await.unwrap_or_else(|_| {
        tracing::error!("no answer in time");
        Err(Problem::Unavailable)
    })
}

/// What needs no function to answer: another method, a POST from elsewhere, a preflight.
fn at_the_door(incoming: &Incoming, door: Door) -> Option<Result<Response, Problem>> {
    // API Gateway takes a slash at the end for nothing; none of our addresses has one.
    if incoming.path.len() > 1 && incoming.path.ends_with('/') {
        return Some(Err(Problem::NotFound));
    }
    match incoming.method {
        Method::GET | Method::HEAD => None,
        Method::OPTIONS if door == Door::AnyOrigin => Some(Ok(answer::preflight())),
        Method::POST if door == Door::OwnPages => incoming.refuse_cross_site().err().map(Err),
        Method::POST => None,
        _ => Some(Err(Problem::MethodNotAllowed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_for_ever_is_answered_for() {
        let answered = within(Duration::from_millis(1), std::future::pending()).await;
        assert_eq!(answered.unwrap_err(), Problem::Unavailable);
    }
}
