//! What relying parties read about the provider, without asking who they are: its keys.

use domain::signing_keys::PublicJwk;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use signing::Signing;
use web::{Clock, Environment, Function, Incoming, Problem, Response, StartError, answer};

/// The function.
#[derive(Debug)]
pub struct SsoMetadata {
    signing: Signing,
    clock: Clock,
}

/// A JWK set (RFC 7517 section 5).
#[derive(Serialize)]
struct Jwks {
    keys: Vec<PublicJwk>,
}

impl Function for SsoMetadata {
    const NAME: &'static str = "sso-metadata";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self { signing: Signing::start(environment)?, clock: environment.clock.clone() })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        match incoming.path.as_str() {
            "/.well-known/openid-configuration/jwks" => self.jwks().await,
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
        Ok(public(answer::json(StatusCode::OK, &Jwks { keys })))
    }
}

/// The same for everybody: any page may read it, any cache keep it for five minutes (facts.md).
fn public(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
