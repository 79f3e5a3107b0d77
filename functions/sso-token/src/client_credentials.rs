//! `client_credentials` (RFC 6749 section 4.4): the client acts for itself, about nobody.

use std::collections::BTreeSet;

use endpoint::{Call, Failure};
use jiff::Timestamp;
use oidc::{
    client::GrantType,
    error::{ErrorCode, OAuthError},
    grant::{Authorization, Grant, GrantId},
    scope::Scopes,
};
use serde_json::Value;
use store::grants::Together;

use crate::{Asking, SsoToken, audience::audience, issue::Tokens, not_saved};

impl SsoToken {
    pub(crate) async fn client_credentials(&self, call: &Call, now: Timestamp) -> Result<Value, Failure> {
        let (asking, _) = self.asking(call, GrantType::ClientCredentials, None, now).await?;
        let Asking { client, jkt, replays, .. } = asking;
        let scopes = own_scopes(call, &client.scope)?;
        let audience = audience(&call.form, &BTreeSet::new(), &client, &self.issuer)?;
        let authorization = Authorization {
            client_id: client.client_id.clone(),
            scopes: scopes.clone(),
            resources: client.resources.iter().cloned().collect(),
            subject: client.client_id.as_str().to_owned(),
            person: None,
        };
        let access = self.new_access(&client, audience, scopes, jkt);
        let id = GrantId::from_random(self.entropy.bytes());
        let (grant, access) = Grant::with_access_token(id, authorization, access, now);
        let tokens = Tokens { grant: &grant, access: &access, refresh: None, is_first: true };
        let together = Together { replays: &replays, ..Together::default() };
        let (begun, told) = tokio::join!(self.grants.begin(grant.clone(), together), self.tell(&client, tokens, now));
        begun.map_err(not_saved)?;
        if told.is_err() {
            // Nothing left the house: what nobody has must not live.
            if let Err(error) = self.grants.revoke(id, now).await {
                tracing::warn!(%error, grant = %id, "a grant that nobody has was not revoked");
            }
        }
        told
    }
}

/// What the client asks for of its own: a person's claims are told to nobody on this way.
fn own_scopes(call: &Call, registered: &Scopes) -> Result<Scopes, OAuthError> {
    let own = registered.filtered(|scope| !scope.is_known());
    let Some(text) = call.form.one("scope") else { return Ok(own) };
    match text.parse::<Scopes>() {
        Ok(asked) if asked.is_within(&own) => Ok(asked),
        _ => Err(OAuthError::new(ErrorCode::InvalidScope, "a scope is not the client's own")),
    }
}
