//! The provider as a relying party sees it: what discovery says, its keys, and the calls a client makes.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use fetch::Network;
use form_urlencoded::byte_serialize;
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::{OnceCell, RwLock};

use super::{
    call::Call,
    failure::Failure,
    jws::{self, Verified},
};
use crate::clients::Secrets;

/// The e-Service itself.
pub(super) const CLINIC: &str = "demo-clinic";
/// The records system behind it, whose tokens it may ask for.
pub(super) const RECORDS: &str = "demo-records";

/// The provider.
pub(super) struct Provider {
    issuer: String,
    network: Arc<dyn Network>,
    secrets: Secrets,
    metadata: OnceCell<Metadata>,
    keys: RwLock<JwkSet>,
}

/// What is used of the discovery document (OpenID Connect Discovery section 3).
#[derive(Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    pub(super) end_session_endpoint: String,
    jwks_uri: String,
}

impl Provider {
    pub(super) fn new(issuer: &str, secrets: &Secrets, network: Arc<dyn Network>) -> Self {
        Self {
            issuer: issuer.to_owned(),
            network,
            secrets: secrets.clone(),
            metadata: OnceCell::new(),
            keys: RwLock::new(JwkSet { keys: Vec::new() }),
        }
    }

    /// Whether `iss` beside a code names this provider (RFC 9207 section 2.4).
    pub(super) fn is(&self, issuer: Option<&str>) -> bool {
        issuer == Some(&self.issuer)
    }

    /// Where its endpoints are: asked once, when they are first needed.
    pub(super) async fn metadata(&self) -> Result<&Metadata, Failure> {
        self.metadata
            .get_or_try_init(async || {
                let url = format!("{}/.well-known/openid-configuration", self.issuer);
                let metadata: Metadata = self.read(&url).await?;
                // Discovery section 4.3.
                if metadata.issuer != self.issuer {
                    return Err(Failure::Untrusted("discovery is about another issuer"));
                }
                Ok(metadata)
            })
            .await
    }

    /// Verifies a JWT for the e-Service.
    pub(super) async fn verified(&self, token: &str) -> Result<Verified, Failure> {
        let kid = jws::kid(token)?;
        if self.keys.read().await.find(&kid).is_none() {
            // The provider's keys change: a name that is not known is looked up.
            let keys = self.read(&self.metadata().await?.jwks_uri).await?;
            *self.keys.write().await = keys;
        }
        jws::verify(token, &*self.keys.read().await, &self.issuer, CLINIC)
    }

    /// Redeems a code.
    pub(super) async fn redeem(&self, code: &str, redirect_uri: &str, verifier: &str) -> Result<Value, Failure> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        self.post(&self.metadata().await?.token_endpoint, CLINIC, &form).await
    }

    /// Uses a refresh token.
    pub(super) async fn refresh(&self, refresh_token: &str) -> Result<Value, Failure> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.post(&self.metadata().await?.token_endpoint, CLINIC, &form).await
    }

    /// Exchanges an access token for one of the records system's (RFC 8693 section 2.1).
    pub(super) async fn exchange(&self, access_token: &str) -> Result<Value, Failure> {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", access_token),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("audience", RECORDS),
        ];
        self.post(&self.metadata().await?.token_endpoint, CLINIC, &form).await
    }

    /// Asks about an access token, as one of the two clients (RFC 7662).
    pub(super) async fn introspect(&self, access_token: &str, client_id: &str) -> Result<Value, Failure> {
        let form = [("token", access_token), ("token_type_hint", "access_token")];
        self.post(&self.metadata().await?.introspection_endpoint, client_id, &form).await
    }

    /// Revokes a token (RFC 7009).
    pub(super) async fn revoke(&self, token: &str) -> Result<(), Failure> {
        self.post(&self.metadata().await?.revocation_endpoint, CLINIC, &[("token", token)]).await.map(drop)
    }

    /// What may be known about the person, who must be the ID token's (OpenID Connect Core section 5.3.2).
    pub(super) async fn userinfo(&self, access_token: &str, sub: &str) -> Result<Value, Failure> {
        let url = &self.metadata().await?.userinfo_endpoint;
        let told = Call::get(url, Some(access_token)).send(&self.network).await?.json()?;
        let same = told.get("sub").and_then(Value::as_str) == Some(sub);
        if same { Ok(told) } else { Err(Failure::Untrusted("userinfo is about somebody else")) }
    }

    async fn read<T: DeserializeOwned>(&self, url: &str) -> Result<T, Failure> {
        let json = Call::get(url, None).send(&self.network).await?.json()?;
        serde_json::from_value(json).map_err(|error| Failure::Unanswered(error.to_string()))
    }

    /// `client_secret_basic`: both halves are form-encoded first (RFC 6749 section 2.3.1).
    async fn post(&self, url: &str, client_id: &str, form: &[(&str, &str)]) -> Result<Value, Failure> {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let secret = self.secrets.get(client_id).map(String::as_str).unwrap_or_default();
        let basic = STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret)));
        Call::post(url, format!("Basic {basic}"), form).send(&self.network).await?.json()
    }
}
