//! Tells relying parties that a session is over (OpenID Connect Back-Channel Logout 1.0): one message of the queue, one
//! logout token, one POST.

use domain::{entropy::Entropy, logout::LogoutNotice};
use fetch::{Fetch, RegisteredUrl};
use oidc::{client::ClientId, jws::Typ, logout_token::LogoutToken};
use signing::Signing;
use web::{Clock, Consumer, DeliverAgain, Environment, StartError};

/// The function.
#[derive(Debug)]
pub struct LogoutNotifier {
    signing: Signing,
    fetch: Fetch,
    issuer: String,
    clock: Clock,
    entropy: Entropy,
}

impl Consumer for LogoutNotifier {
    const NAME: &'static str = "logout-notifier";
    type Message = LogoutNotice;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            signing: Signing::start(environment)?,
            fetch: Fetch::new(environment.network()),
            issuer: environment.site.issuer.clone(),
            clock: environment.clock.clone(),
            entropy: environment.entropy.clone(),
        })
    }

    async fn consume(&self, notice: LogoutNotice) -> Result<(), DeliverAgain> {
        let client_id = &notice.client_id;
        let Some(uri) = &notice.backchannel_logout_uri else { return Ok(()) };
        let url: RegisteredUrl = uri.parse().map_err(|error| again(client_id, &error))?;
        // Made now and not when the session ended: it is valid for two minutes.
        let token = self.token(&notice).await?;
        let answer = self.fetch.post_form(&url, &[("logout_token", &token)]).await;
        let answer = answer.map_err(|error| again(client_id, &error))?;
        match answer.status.as_u16() {
            200 | 204 => {
                tracing::info!(client_id, "told");
                Ok(())
            }
            // 400 too: by section 2.8 it says that the request was wrong or that signing out failed, and not which.
            status => Err(again(client_id, &format_args!("status {status}"))),
        }
    }
}

impl LogoutNotifier {
    async fn token(&self, notice: &LogoutNotice) -> Result<String, DeliverAgain> {
        let client_id: ClientId = notice.client_id.parse().map_err(|error| again(&notice.client_id, &error))?;
        let now = self.clock.now();
        let claims = LogoutToken::new(&self.issuer, &client_id, &notice.sub, &notice.sid, self.entropy.bytes(), now);
        let signed = self.signing.sign(notice.algorithm, Typ::LogoutToken, &claims, now).await;
        signed.map_err(|error| again(&notice.client_id, &error))
    }
}

fn again(client_id: &str, error: &dyn std::fmt::Display) -> DeliverAgain {
    DeliverAgain(format!("{client_id}: {error}"))
}
