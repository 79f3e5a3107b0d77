//! Relying parties of the local run, registered through the operators' own function: those of `clients.json` when it
//! starts, and whatever is sent to `/_local/clients`.

use std::{collections::BTreeMap, sync::Arc};

use http::{Method, Response, StatusCode};
use lambda_http::Body;
use serde_json::{Map, Value, json};

use crate::{LocalError, functions::EventHandler, gateway::Handler, inspection, template::Route};

/// The demonstration's clients; `{issuer}` stands for the address of the run.
const DEMONSTRATION: &str = include_str!("../clients.json");

/// The secrets of the demonstration's clients, by their ids: told to the demonstration and to nobody else.
pub(crate) type Secrets = BTreeMap<String, String>;

/// Registers the demonstration's clients. One that is there from an earlier run gets the addresses of this one, and a
/// new secret: the old one was told once and is gone.
pub(crate) async fn register(ops_clients: &EventHandler, issuer: &str) -> Result<Secrets, LocalError> {
    let demonstration = DEMONSTRATION.replace("{issuer}", issuer);
    let each: Vec<Map<String, Value>> = serde_json::from_str(&demonstration).map_err(unread)?;
    let mut secrets = Secrets::new();
    for metadata in each {
        let client_id = metadata.get("client_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(secret) = registered_anew(ops_clients, metadata, &client_id).await? {
            secrets.insert(client_id, secret);
        }
    }
    Ok(secrets)
}

/// The client's secret, if it has one.
async fn registered_anew(
    ops_clients: &EventHandler,
    metadata: Map<String, Value>,
    client_id: &str,
) -> Result<Option<String>, LocalError> {
    let is_public = metadata.get("token_endpoint_auth_method").is_some_and(|method| method == "none");
    let told = ops_clients(order(metadata.clone())).await.map_err(unread)?;
    let told = match error_of(&told) {
        Some(error) if text(error, "code") == "client_exists" => {
            let mut update = metadata;
            update.insert("action".to_owned(), "update".into());
            let updated = ops_clients(order(update)).await.map_err(unread)?;
            if is_public || error_of(&updated).is_some() {
                updated
            } else {
                let named = [("action", "renew_secret"), ("client_id", client_id)];
                let renewal = named.map(|(name, value)| (name.to_owned(), value.into()));
                ops_clients(order(renewal.into_iter().collect())).await.map_err(unread)?
            }
        }
        _ => told,
    };
    match error_of(&told) {
        Some(error) => Err(LocalError::Clients(format!("{client_id}: {error}"))),
        None => Ok(told.get("client_secret").and_then(Value::as_str).map(str::to_owned)),
    }
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
    match error_of(&told) {
        None => {
            let status = if registers { StatusCode::CREATED } else { StatusCode::OK };
            inspection::answer(status, "application/json", told.to_string())
        }
        Some(error) => refused(text(error, "code"), text(error, "detail")),
    }
}

fn unread(error: serde_json::Error) -> LocalError {
    LocalError::Clients(error.to_string())
}

/// What the operators' function refused an order with.
fn error_of(told: &Value) -> Option<&Value> {
    told.get("error").filter(|error| !error.is_null())
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
