//! Relying parties of the local run, registered through the operators' own function: those of `clients.json` when it
//! starts, and whatever is sent to `/_local/clients`.

use std::{collections::BTreeMap, sync::Arc};

use http::{Method, Response, StatusCode};
use lambda_http::Body;
use serde_json::{Map, Value, json};

use crate::{LocalError, functions::EventHandler, gateway::Handler, inspection, template::Route};

/// The demonstration's clients; `{issuer}` stands for the address of the run.
const DEMONSTRATION: &str = include_str!("../clients.json");

/// The secrets of the demonstration's clients, by their ids.
pub(crate) type Secrets = BTreeMap<String, String>;

/// Registers the demonstration's clients. One that is there from an earlier run gets a new secret.
pub(crate) async fn register(ops_clients: &EventHandler, issuer: &str) -> Result<Secrets, LocalError> {
    let unread = |error: serde_json::Error| LocalError::Clients(error.to_string());
    let demonstration = DEMONSTRATION.replace("{issuer}", issuer);
    let each: Vec<Map<String, Value>> = serde_json::from_str(&demonstration).map_err(unread)?;
    let mut secrets = Secrets::new();
    for metadata in each {
        let client_id = metadata.get("client_id").cloned().unwrap_or_default();
        let has_secret = metadata.get("token_endpoint_auth_method").is_none_or(|method| method != "none");
        let mut told = ops_clients(order(metadata)).await.map_err(unread)?;
        if told["error"]["code"] == "client_exists" {
            if !has_secret {
                continue;
            }
            let renewal = json!({ "action": "renew_secret", "client_id": client_id });
            told = ops_clients(order(renewal.as_object().cloned().unwrap_or_default())).await.map_err(unread)?;
        }
        if !told["error"].is_null() {
            return Err(LocalError::Clients(format!("{client_id}: {}", told["error"])));
        }
        if let (Some(id), Some(secret)) = (client_id.as_str(), told["client_secret"].as_str()) {
            secrets.insert(id.to_owned(), secret.to_owned());
        }
    }
    Ok(secrets)
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
    match &told["error"] {
        Value::Null => {
            let status = if registers { StatusCode::CREATED } else { StatusCode::OK };
            inspection::answer(status, "application/json", told.to_string())
        }
        error => refused(error["code"].as_str().unwrap_or_default(), error["detail"].as_str().unwrap_or_default()),
    }
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
