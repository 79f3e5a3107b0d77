//! Relying parties of the local run, registered through the operators' own function: those of `clients.json` when it
//! starts, and whatever is sent to `/_local/clients`.

use std::sync::Arc;

use http::{Method, Response, StatusCode};
use lambda_http::Body;
use serde_json::{Map, Value, json};

use crate::{LocalError, functions::EventHandler, gateway::Handler, inspection, template::Route};

/// Public clients only: a secret would be told to nobody.
const DEMONSTRATION: &str = include_str!("../clients.json");

/// Registers the demonstration's clients, but for those that are there from an earlier run.
pub(crate) async fn register(ops_clients: &EventHandler) -> Result<(), LocalError> {
    let unread = |error: serde_json::Error| LocalError::Clients(error.to_string());
    let each: Vec<Map<String, Value>> = serde_json::from_str(DEMONSTRATION).map_err(unread)?;
    for metadata in each {
        let told = ops_clients(order(metadata)).await.map_err(unread)?;
        let error = told.get("error").filter(|error| !error.is_null() && text(error, "code") != "client_exists");
        if let Some(error) = error {
            return Err(LocalError::Clients(error.to_string()));
        }
    }
    Ok(())
}

/// The route that takes client metadata, or an operator's event.
pub(crate) fn route(ops_clients: &EventHandler) -> (Route, Handler) {
    let ops_clients = Arc::clone(ops_clients);
    let handler: Handler = Arc::new(move |request| {
        let ops_clients = Arc::clone(&ops_clients);
        Box::pin(async move { registered(&ops_clients, &inspection::event(&request)).await })
    });
    (Route::new(Method::POST, "/_local/clients"), handler)
}

/// As RFC 7591 section 3.2 answers.
async fn registered(ops_clients: &EventHandler, body: &str) -> Response<Body> {
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(body) else {
        return refused("invalid_client_metadata", "the body is a JSON object");
    };
    let registers = members.get("action").is_none_or(|action| action == "register");
    let told = match ops_clients(order(members)).await {
        Ok(told) => told,
        Err(error) => return refused("invalid_client_metadata", &error.to_string()),
    };
    match told.get("error").filter(|error| !error.is_null()) {
        None => {
            let status = if registers { StatusCode::CREATED } else { StatusCode::OK };
            inspection::answer(status, "application/json", told.to_string())
        }
        Some(error) => refused(text(error, "code"), text(error, "detail")),
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn refused(code: &str, description: &str) -> Response<Body> {
    let body = json!({ "error": code, "error_description": description });
    inspection::answer(StatusCode::BAD_REQUEST, "application/json", body.to_string())
}

/// The operator's event: what is not said stands for whoever runs this on their own machine.
fn order(mut members: Map<String, Value>) -> Value {
    let of_the_local_run =
        [("action", "register"), ("operator", "local"), ("second_operator", "local-second"), ("reason", "local run")];
    for (name, value) in of_the_local_run {
        members.entry(name).or_insert_with(|| value.into());
    }
    Value::Object(members)
}
