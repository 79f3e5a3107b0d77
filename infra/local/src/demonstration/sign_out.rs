//! Signing out from the e-Service: here first, then at the provider (OpenID Connect RP-Initiated Logout 1.0).

use form_urlencoded::Serializer;
use http::Response;
use lambda_http::Body;
use web::{Incoming, answer};

use super::{Demonstration, PATH, cookie};

impl Demonstration {
    /// Ends the session, and leads to the provider, which ends the others and leads back.
    pub(super) async fn sign_out(&self, incoming: &Incoming) -> Response<Body> {
        let now = self.clock.now();
        let Some(session) = cookie::session(incoming).and_then(|id| self.visits.sign_out(id, now)) else {
            return cookie::without_session(answer::see_other(PATH));
        };
        let metadata = match self.provider.metadata().await {
            Ok(metadata) => metadata,
            Err(failure) => return cookie::without_session(self.failed(incoming, failure)),
        };
        let browser = cookie::browser(incoming).map_or_else(|| self.random(), str::to_owned);
        let state = self.random();
        self.visits.leave(&browser, &state, now);
        let mut query = Serializer::new(format!("{}?", metadata.end_session_endpoint));
        query.extend_pairs([
            ("id_token_hint", session.tokens.id_token.as_str()),
            ("post_logout_redirect_uri", &self.url("")),
            ("state", &state),
            ("ui_locales", incoming.language.tag()),
        ]);
        let response = cookie::with_browser(answer::see_other(&query.finish()), &browser);
        cookie::without_session(response)
    }
}
