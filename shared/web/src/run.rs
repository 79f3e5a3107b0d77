//! A function from request to answer: parse, cross-site check, the function's own work, the common headers, one log line.

use std::{future::Future, time::Duration};

use http::Method;
use lambda_http::{Request, service_fn};
use tracing::Instrument;

use crate::{
    answer::{self, Response, Told},
    clock::Clock,
    cross_site::is_cross_site,
    environment::{Environment, Site, StartError},
    incoming::Incoming,
    problem::Problem,
};

/// When a request is answered, whatever it waits for: in our own words, before Lambda's and API Gateway's 29 s. The
/// last resort: an API call gives up so early that what was charged for it is given back long before.
const DEADLINE: Duration = Duration::from_secs(27);

/// What a Lambda function is.
pub trait Function: Sized + Send + Sync + 'static {
    /// Its name, as in the template.
    const NAME: &'static str;

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
    lambda_http::tracing::init_default_subscriber();
    let environment = Environment::of_lambda().await?;
    let function = F::start(&environment).await?;
    let (function, site, clock) = (&function, &environment.site, &environment.clock);
    lambda_http::run(service_fn(move |request: Request| async move {
        Ok::<_, lambda_http::Error>(respond(function, request, site, clock).await)
    }))
    .await
}

/// One request from end to end.
pub async fn respond<F: Function>(function: &F, request: Request, site: &Site, clock: &Clock) -> Response {
    let started = clock.now();
    let incoming = Incoming::parse(request, site.clone());
    let span = tracing::info_span!("request", request_id = %incoming.request_id, function = F::NAME);
    async {
        let answered = match refused_at_the_door(&incoming) {
            Some(problem) => Err(problem),
            None => within(DEADLINE, function.answer(&incoming)).await,
        };
        let response = answered.unwrap_or_else(|problem| answer::problem(&incoming, &problem));
        let code = response.extensions().get::<Told>().map_or("", |Told(code)| code);
        let elapsed = clock.now().duration_since(started).as_millis();
        let millis = u64::try_from(elapsed).unwrap_or_default();
        tracing::info!(method = %incoming.method, status = response.status().as_u16(), code, millis, "answered");
        answer::finish(response, &incoming)
    }
    .instrument(span)
    .await
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

fn refused_at_the_door(incoming: &Incoming) -> Option<Problem> {
    // API Gateway takes a slash at the end for nothing; none of our addresses has one.
    if incoming.path.len() > 1 && incoming.path.ends_with('/') {
        return Some(Problem::NotFound);
    }
    match incoming.method {
        Method::GET | Method::HEAD => None,
        Method::POST => {
            let (site, origin) = (incoming.header("sec-fetch-site"), incoming.header("origin"));
            is_cross_site(site, origin, &incoming.site.issuer).then_some(Problem::CrossSiteRequest)
        }
        _ => Some(Problem::MethodNotAllowed),
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
