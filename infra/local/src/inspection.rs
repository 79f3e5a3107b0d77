//! What only the local run has, under `/_local`: the texts that were sent, and functions invoked with an event.

use std::sync::Arc;

use http::{HeaderValue, Method, Response, StatusCode, header};
use lambda_http::{Body, Request};

use crate::{
    functions::{EventHandler, Started},
    gateway::Handler,
    sms_outbox::{Outbox, Text},
    template::Route,
};

/// The routes that show what happened.
pub(crate) fn routes(outbox: &Arc<Outbox>) -> Vec<(Route, Handler)> {
    let outbox = Arc::clone(outbox);
    let texts: Handler = Arc::new(move |request| {
        let outbox = Arc::clone(&outbox);
        Box::pin(async move { sms(&request, &outbox.texts()) })
    });
    vec![(Route::new(Method::GET, "/_local/sms"), texts)]
}

/// The route that hands its body to a function as the event, as `sam remote invoke` does.
pub(crate) fn invoke(name: &str, function: &Started) -> (Route, Handler) {
    let invoked: Handler = match function {
        Started::Http(handler) => {
            let function = Arc::clone(handler);
            Arc::new(move |request| Box::pin(with_request(Arc::clone(&function), event(&request))))
        }
        Started::Event(handler) => {
            let function = Arc::clone(handler);
            Arc::new(move |request| Box::pin(with_event(Arc::clone(&function), event(&request))))
        }
    };
    (Route::new(Method::POST, format!("/_local/invoke/{name}")), invoked)
}

async fn with_request(function: Handler, event: String) -> Response<Body> {
    match lambda_http::request::from_str(&event) {
        Ok(event) => function(event).await,
        Err(error) => no_event(&error),
    }
}

/// What the function answers, or, as Lambda has it, `{"errorMessage"}` where it fails.
async fn with_event(function: EventHandler, event: String) -> Response<Body> {
    let event = match serde_json::from_str(&event) {
        Ok(event) => event,
        Err(error) => return no_event(&error),
    };
    match function(event).await {
        Ok(answered) => answer(StatusCode::OK, "application/json", answered.to_string()),
        Err(error) => {
            let failed = serde_json::json!({ "errorMessage": error.to_string() }).to_string();
            answer(StatusCode::BAD_GATEWAY, "application/json", failed)
        }
    }
}

pub(crate) fn event(request: &Request) -> String {
    match request.body() {
        Body::Text(text) => text.clone(),
        Body::Binary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}

fn no_event(error: &serde_json::Error) -> Response<Body> {
    answer(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", format!("not an event: {error}\n"))
}

fn sms(request: &Request, texts: &[Text]) -> Response<Body> {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accept.contains("text/html") {
        return match serde_json::to_string(texts) {
            Ok(json) => answer(StatusCode::OK, "application/json", json),
            Err(error) => answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
        };
    }
    let rows: String = texts.iter().rev().map(row).collect();
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Text messages</title><h1>Text messages</h1>\
         <p>What the local run would have sent, newest first. Reload to see more.</p>{rows}</html>"
    );
    answer(StatusCode::OK, "text/html; charset=utf-8", page)
}

fn row(text: &Text) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<hr><p>{} · {}</p><pre>{}</pre>", escape(&text.to), text.sent_at, escape(&text.text))
}

pub(crate) fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
