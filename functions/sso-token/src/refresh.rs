//! `refresh_token` (RFC 6749 section 6, RFC 9700 section 4.14).

use endpoint::{Call, Failure};
use futures_util::FutureExt;
use jiff::Timestamp;
use oidc::{
    client::GrantType,
    error::{ErrorCode, OAuthError},
    grant::{GrantId, RefreshPresentation, RefreshRefusal, RefreshToken},
    scope::Scopes,
};
use serde_json::Value;
use store::grants::{SaveError, StoredGrant, Together};

use crate::{
    Asking, SsoToken,
    attempt::Attempt,
    audience::{audience, still_registered},
    issue::Tokens,
    not_saved,
};

impl SsoToken {
    pub(crate) async fn refresh(&self, call: &Call, now: Timestamp) -> Result<Value, Failure> {
        let token: Option<RefreshToken> = call.form.required("refresh_token", "refresh_token is missing")?.parse().ok();
        let scopes = call.form.one("scope").map(str::parse::<Scopes>).transpose();
        let scopes = scopes.map_err(|_| OAuthError::new(ErrorCode::InvalidScope, "scope cannot be read"))?;
        let id = token.as_ref().map(RefreshToken::grant);
        let (asking, found) = self.asking(call, GrantType::RefreshToken, id, now).await?;
        let Some(token) = token else { return Err(self.refuse(&asking, unknown().into()).await) };
        let attempt = |stored| self.try_refresh(&asking, stored, &token, scopes.as_ref()).boxed();
        self.attempts(&asking, found, unknown(), attempt).await
    }

    async fn try_refresh(
        &self,
        asking: &Asking<'_>,
        mut stored: StoredGrant,
        token: &RefreshToken,
        scopes: Option<&Scopes>,
    ) -> Result<Value, Attempt> {
        let Asking { call, client, jkt, replays, now } = asking;
        let presented = RefreshPresentation { client_id: &client.client_id, jkt: jkt.as_ref(), scopes };
        let before = stored.clone();
        let rotatable = match stored.grant.check_refresh(token, &presented, *now) {
            Ok(rotatable) => rotatable,
            Err(refusal) => return Err(Attempt::Failed(self.refresh_refused(token.grant(), refusal, *now).await)),
        };
        let authorization = stored.grant.authorization().clone();
        let account = authorization.person.as_ref().map(|person| (&self.accounts, person.account_id));
        let audience = audience(&call.form, &authorization.resources, client, &self.issuer).map_err(Attempt::failed)?;
        let access = self.new_access(client, audience, still_registered(client, &rotatable.scopes), jkt.clone());
        let (access, refresh) = stored.grant.rotate(rotatable, self.entropy.bytes(), access, *now);
        let grant = stored.grant.clone();
        let tokens = Tokens { grant: &grant, access: &access, refresh: Some(&refresh), is_first: false };
        let together = Together { replays, account, ..Together::default() };
        let (saved, told) = tokio::join!(self.grants.save(stored, together), self.tell(client, tokens, *now));
        match saved {
            Ok(()) => {}
            Err(SaveError::Changed) => return Err(Attempt::Raced),
            Err(error) => return Err(Attempt::Failed(not_saved(error))),
        }
        if told.is_err() {
            // The successor never left the house: the token it came from is as good as before.
            self.grants.put_back(before).await;
        }
        told.map_err(Attempt::Failed)
    }

    /// A token that was rotated away is a copy in wrong hands, and so may be its successors: the family ends.
    async fn refresh_refused(&self, id: GrantId, refusal: RefreshRefusal, now: Timestamp) -> Failure {
        tracing::info!(%refusal, grant = %id, "refresh token refused");
        match refusal {
            RefreshRefusal::ScopeTooWide => {
                OAuthError::new(ErrorCode::InvalidScope, "scope is wider than what was granted").into()
            }
            RefreshRefusal::Reused => match self.grants.revoke(id, now).await {
                Ok(()) => unknown().into(),
                Err(error) => error.into(),
            },
            _ => unknown().into(),
        }
    }
}

fn unknown() -> OAuthError {
    OAuthError::invalid_grant("the refresh token is not good for this client")
}
