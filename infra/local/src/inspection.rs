//! What only the local run has, under `/_local`: the texts that were sent, and functions invoked with an event.

use std::sync::Arc;

use http::{HeaderValue, Method, Response, StatusCode, header};
use lambda_http::{Body, Request};

use crate::{
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
pub(crate) fn invoke(name: &str, handler: &Handler) -> (Route, Handler) {
    let function = Arc::clone(handler);
    let invoked: Handler = Arc::new(move |request| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            let event = match request.body() {
                Body::Text(text) => text.clone(),
                Body::Binary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                _ => String::new(),
            };
            match lambda_http::request::from_str(&event) {
                Ok(event) => function(event).await,
                Err(error) => {
                    answer(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", format!("not an event: {error}\n"))
                }
            }
        })
    });
    (Route::new(Method::POST, format!("/_local/invoke/{name}")), invoked)
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

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
