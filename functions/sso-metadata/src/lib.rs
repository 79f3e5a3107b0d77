//! What relying parties read about the provider, without asking who they are: its metadata and its keys.

use domain::signing_keys::PublicJwk;
use http::StatusCode;
use oidc::discovery::path;
use serde::Serialize;
use serde_json::Value;
use signing::Signing;
use web::{Clock, Door, Environment, Function, Incoming, Problem, Response, StartError, answer};

/// How long anybody may keep an answer, in seconds (facts.md).
const KEPT_FOR: u32 = 300;

/// The function.
#[derive(Debug)]
pub struct SsoMetadata {
    signing: Signing,
    metadata: Value,
    clock: Clock,
}

/// A JWK set (RFC 7517 section 5).
#[derive(Serialize)]
struct Jwks {
    keys: Vec<PublicJwk>,
}

impl Function for SsoMetadata {
    const NAME: &'static str = "sso-metadata";
    const DOOR: Door = Door::AnyOrigin;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            signing: Signing::start(environment)?,
            metadata: oidc::discovery::metadata(&environment.site.issuer),
            clock: environment.clock.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        match incoming.path.as_str() {
            path::METADATA => Ok(answer::kept_for(answer::json(StatusCode::OK, &self.metadata), KEPT_FOR)),
            path::JWKS => self.jwks().await,
            _ => Err(Problem::NotFound),
        }
    }
}

impl SsoMetadata {
    async fn jwks(&self) -> Result<Response, Problem> {
        let keys = self.signing.published(self.clock.now()).await.map_err(|error| {
            tracing::error!(%error, "signing keys");
            Problem::Unavailable
        })?;
        Ok(answer::kept_for(answer::json(StatusCode::OK, &Jwks { keys }), KEPT_FOR))
    }
}
