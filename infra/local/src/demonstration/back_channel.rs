//! The provider's word that a session is over (OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8).

use http::{Response, StatusCode};
use lambda_http::Body;
use serde_json::json;
use web::{Incoming, answer};

use super::{Demonstration, failure::Failure, logout_token::LogoutToken};

impl Demonstration {
    /// 200 once nobody is signed in by that session any more, 400 for what is no logout token for this client. A
    /// provider that cannot be asked for its keys is asked again with the next delivery.
    pub(super) async fn back_channel(&self, incoming: &Incoming) -> Response<Body> {
        match self.told(incoming).await {
            Ok(()) => answer::json(StatusCode::OK, &json!({})),
            Err(failure @ Failure::Unanswered(_)) => refusal(StatusCode::SERVICE_UNAVAILABLE, &failure),
            Err(failure) => refusal(StatusCode::BAD_REQUEST, &failure),
        }
    }

    async fn told(&self, incoming: &Incoming) -> Result<(), Failure> {
        let form = incoming.form().map_err(|_| Failure::Untrusted("not a form"))?;
        let mut sent = form.iter().filter(|(name, _)| name == "logout_token");
        let (Some((_, text)), None) = (sent.next(), sent.next()) else {
            return Err(Failure::Untrusted("not one logout_token"));
        };
        let verified = self.provider.verified(text).await?;
        let now = self.clock.now();
        let token = LogoutToken::check(verified, now)?;
        if !self.visits.is_first(&token.jti, token.expires_at(), now) {
            return Err(Failure::Untrusted("the logout token was sent before"));
        }
        let ended = self.visits.end(|session| token.is_about(&session.id_token.sub, &session.id_token.sid), now);
        tracing::info!(ended, "told by the provider");
        Ok(())
    }
}

fn refusal(status: StatusCode, failure: &Failure) -> Response<Body> {
    tracing::info!(%failure, "no logout");
    answer::json(status, &json!({ "error": "invalid_request", "error_description": failure.to_string() }))
}
