//! A client as operators see it.

use oidc::client_secret::ClientSecret;
use serde_json::{Value, json};
use store::clients::Registered;

/// RFC 7591 section 3.2.1: the metadata, the id, and the secret this once.
pub(crate) fn told(registered: &Registered, secret: Option<&ClientSecret>) -> Value {
    let client = &registered.client;
    let mut body = registered.metadata.clone();
    let defaults = json!({
        "client_id": client.client_id,
        "client_id_issued_at": registered.history.first().map(|change| change.at.as_second()),
        "redirect_uris": client.redirect_uris,
        "grant_types": client.grant_types,
        "response_types": ["code"],
        "scope": client.scope,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "subject_type": client.subject_type,
        "sector": client.sector,
        "require_pkce": client.require_pkce,
        "profile": client.profile,
    });
    body.extend(defaults.as_object().cloned().unwrap_or_default());
    if let Some(secret) = secret {
        body.insert("client_secret".into(), secret.expose().into());
        // It does not expire.
        body.insert("client_secret_expires_at".into(), 0.into());
    }
    Value::Object(body)
}

/// The same without a secret, with what became of it.
pub(crate) fn listed(registered: &Registered) -> Value {
    let mut body = told(registered, None);
    if let Some(body) = body.as_object_mut() {
        body.insert("disabled".into(), registered.disabled.into());
        body.insert("used".into(), registered.used.into());
        body.insert("history".into(), json!(registered.history));
    }
    body
}
