//! Revocation (RFC 7009): a client gives a token back. A refresh token takes its whole grant along; a token that is
//! unknown, or another client's, is answered like any other and left alone.

use endpoint::{Call, Caller, Clients, Failure, nothing};
use http::Method;
use jiff::Timestamp;
use oidc::{
    access_token,
    client::ClientId,
    grant::{AccessHandle, AccessToken, RefreshToken},
};
use store::{grants::Grants, replays::Replays, signing_keys::SigningKeys};
use web::{Clock, Door, Environment, Function, Incoming, Problem, Response, StartError};

/// The function.
#[derive(Debug)]
pub struct SsoRevoke {
    clients: Clients,
    grants: Grants,
    replays: Replays,
    signing_keys: SigningKeys,
    issuer: String,
    clock: Clock,
}

impl Function for SsoRevoke {
    const NAME: &'static str = "sso-revoke";
    const DOOR: Door = Door::Anybody;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let grants = wizard::table(environment, "GRANTS_TABLE")?;
        Ok(Self {
            clients: Clients::start(environment, wizard::table(environment, "CLIENTS_TABLE")?)?,
            grants: Grants::new(grants.clone()),
            replays: Replays::new(grants),
            signing_keys: signing::rows(environment)?,
            issuer: environment.site.issuer.clone(),
            clock: environment.clock.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        if incoming.method != Method::POST {
            return Err(Problem::MethodNotAllowed);
        }
        Ok(match self.revoke(incoming).await {
            Ok(()) => nothing(),
            Err(failure) => failure.response(incoming),
        })
    }
}

impl SsoRevoke {
    async fn revoke(&self, incoming: &Incoming) -> Result<(), Failure> {
        let now = self.clock.now();
        let call = Call::read(incoming)?;
        let text = call.form.required("token", "token is missing")?;
        let Caller { client, replays } = self.clients.authenticate(&call, now).await?;
        endpoint::used_once(&self.replays, &replays).await?;
        self.end(text, &client.client_id, now).await
    }

    async fn end(&self, text: &str, caller: &ClientId, now: Timestamp) -> Result<(), Failure> {
        if let Ok(token) = text.parse::<RefreshToken>() {
            return Ok(self.grants.change(token.grant(), |grant| grant.revoke_refresh(&token, caller, now)).await?);
        }
        let handle = match text.parse::<AccessToken>() {
            Ok(token) => AccessHandle::Opaque(token),
            Err(_) => {
                let keys = signing::known(&self.signing_keys, now).await.map_err(Failure::unavailable)?;
                match access_token::verified_id(text, &self.issuer, &keys) {
                    Ok(id) => AccessHandle::Jwt(id),
                    Err(_) => return Ok(()),
                }
            }
        };
        Ok(self.grants.change(handle.grant(), |grant| grant.revoke_access(&handle, caller, now)).await?)
    }
}
