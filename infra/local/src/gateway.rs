//! API Gateway's part: an HTTP request becomes the proxy event a REST API sends, the function's answer becomes HTTP.
//!
//! The request takes the very way it takes on AWS, through JSON and `lambda_http::request::from_str`, so that what a
//! handler sees here (raw paths, decoded queries, base64 bodies) is what it sees there.

mod event;
mod routing;
mod server;

use std::{fmt, future::Future, net::IpAddr, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use lambda_http::{Body, Context, RequestExt};
use serde_json::{Value, json};

use crate::{aws::Clock, template::Route};
use routing::Routes;

pub use event::event_of;
pub use routing::Matched;
pub use server::{serve, serve_connection};

/// A function, as Lambda would call it.
pub type Handler = Arc<dyn Fn(lambda_http::Request) -> Answering + Send + Sync>;
/// What a [`Handler`] returns.
pub type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// API Gateway's own limit for a request's body, in bytes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// The routes and what stands behind them.
pub struct Gateway {
    routes: Routes<Handler>,
    clock: Clock,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Gateway")
    }
}

impl Gateway {
    /// A gateway over these routes. The clock dates the events.
    pub fn new(routes: Vec<(Route, Handler)>, clock: Clock) -> Self {
        Self { routes: Routes::new(routes), clock }
    }

    /// The event the function of a request's route would get; `None` where no route fits.
    pub fn event_of(&self, parts: &Parts, body: &[u8], peer: IpAddr) -> Option<Value> {
        let (matched, _) = self.routes.find(&parts.method, parts.uri.path())?;
        Some(event_of(parts, body, &matched, peer, (self.clock)()))
    }

    /// Answers a request, without a socket. Needs a tokio runtime: a function runs to its end even when nobody waits
    /// for the answer any more, as it does on Lambda.
    pub async fn answer(&self, parts: &Parts, body: Bytes, peer: IpAddr) -> Response<Full<Bytes>> {
        if body.len() > LARGEST_BODY {
            return too_large();
        }
        let Some((matched, handler)) = self.routes.find(&parts.method, parts.uri.path()) else {
            return refusal(StatusCode::FORBIDDEN, "Missing Authentication Token");
        };
        let event = event_of(parts, &body, &matched, peer, (self.clock)()).to_string();
        let handler = Arc::clone(handler);
        // In a task of its own, so that a panic ends the task and not the connection.
        let invocation = tokio::spawn(async move {
            let request = lambda_http::request::from_str(&event)?;
            Ok::<_, serde_json::Error>(handler(request.with_lambda_context(Context::default())).await)
        });
        let response = match invocation.await {
            Ok(Ok(response)) => response.map(bytes_of),
            Ok(Err(error)) => broken(&error),
            Err(error) => broken(&error),
        };
        if parts.method == Method::HEAD { without_body(response) } else { response.map(Full::new) }
    }
}

fn bytes_of(body: Body) -> Bytes {
    match body {
        Body::Text(text) => text.into(),
        Body::Binary(bytes) => bytes.into(),
        _ => Bytes::new(),
    }
}

/// What GET would have answered, its length still told.
fn without_body(response: Response<Bytes>) -> Response<Full<Bytes>> {
    let (mut parts, body) = response.into_parts();
    parts.headers.entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(body.len()));
    Response::from_parts(parts, Full::default())
}

fn broken(error: &dyn std::error::Error) -> Response<Bytes> {
    tracing::error!(%error, "the function gave no answer");
    own_words(StatusCode::BAD_GATEWAY, "Internal server error")
}

fn too_large() -> Response<Full<Bytes>> {
    refusal(StatusCode::PAYLOAD_TOO_LARGE, &format!("HTTP content length exceeded {LARGEST_BODY} bytes."))
}

fn refusal(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    own_words(status, message).map(Full::new)
}

/// API Gateway's own answer, in its own form.
fn own_words(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = Response::new(json!({ "message": message }).to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;
