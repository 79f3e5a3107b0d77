//! `authorization_code` (RFC 6749 section 4.1.3).

use endpoint::{Call, Failure};
use futures_util::FutureExt;
use jiff::Timestamp;
use oidc::{
    client::GrantType,
    error::OAuthError,
    grant::{Binding, Code, CodePresentation, CodeRefusal, FreshRefresh, GrantId},
    pkce::CodeVerifier,
    scope::Scope,
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
    pub(crate) async fn redeem(&self, call: &Call, now: Timestamp) -> Result<Value, Failure> {
        let code: Option<Code> = call.form.required("code", "code is missing")?.parse().ok();
        let verifier = call.form.one("code_verifier").map(str::parse::<CodeVerifier>).transpose();
        let verifier = verifier.map_err(|_| OAuthError::invalid_request("code_verifier cannot be read"))?;
        let id = code.as_ref().map(Code::grant);
        let (asking, found) = self.asking(call, GrantType::AuthorizationCode, id, now).await?;
        let Some(code) = code else { return Err(self.refuse(&asking, unknown().into()).await) };
        let attempt = |stored| self.try_redeem(&asking, stored, &code, verifier.as_ref()).boxed();
        self.attempts(&asking, found, unknown(), attempt).await
    }

    async fn try_redeem(
        &self,
        asking: &Asking<'_>,
        mut stored: StoredGrant,
        code: &Code,
        verifier: Option<&CodeVerifier>,
    ) -> Result<Value, Attempt> {
        let Asking { call, client, jkt, replays, now } = asking;
        let presented = CodePresentation {
            client_id: &client.client_id,
            redirect_uri: call.form.one("redirect_uri"),
            verifier,
            jkt: jkt.as_ref(),
        };
        let before = stored.clone();
        let redeemable = match stored.grant.check_code(code, &presented, *now) {
            Ok(redeemable) => redeemable,
            Err(refusal) => return Err(Attempt::Failed(self.refused(code.grant(), refusal, *now).await)),
        };
        let authorization = stored.grant.authorization().clone();
        // A code that waited while the person signed out gives nothing: nobody would be told to end it.
        let person = authorization.person.as_ref();
        let together = Together {
            replays,
            account: person.map(|person| (&self.accounts, person.account_id)),
            session: person.map(|person| (&self.sessions, &person.session)),
            ..Together::default()
        };
        let audience = audience(&call.form, &authorization.resources, client, &self.issuer).map_err(Attempt::failed)?;
        let access = self.new_access(client, audience, still_registered(client, &authorization.scopes), jkt.clone());
        let offline = authorization.scopes.contains(Scope::OFFLINE_ACCESS) && client.may_use(GrantType::RefreshToken);
        let refresh = offline.then(|| FreshRefresh {
            family: self.entropy.bytes(),
            secret: self.entropy.bytes(),
            binding: match jkt {
                Some(jkt) if !client.is_confidential() => Binding::Key(jkt.clone()),
                _ => Binding::Client,
            },
        });
        let (access, refresh) = stored.grant.redeem(redeemable, access, refresh, *now);
        let grant = stored.grant.clone();
        let tokens = Tokens { grant: &grant, access: &access, refresh: refresh.as_ref(), is_first: true };
        let (saved, told) = tokio::join!(self.grants.save(stored, together), self.tell(client, tokens, *now));
        match saved {
            Ok(()) => {}
            Err(SaveError::Changed) => return Err(Attempt::Raced),
            Err(error) => return Err(Attempt::Failed(not_saved(error))),
        }
        if told.is_err() {
            // Nothing left the house: the code is as good as before.
            self.grants.put_back(before).await;
        }
        told.map_err(Attempt::Failed)
    }

    /// A code that had been redeemed ends what it gave (RFC 6749 section 4.1.2); every refusal looks the same.
    async fn refused(&self, id: GrantId, refusal: CodeRefusal, now: Timestamp) -> Failure {
        tracing::info!(%refusal, grant = %id, "code refused");
        if refusal == CodeRefusal::Reused
            && let Err(error) = self.grants.revoke(id, now).await
        {
            return error.into();
        }
        unknown().into()
    }
}

fn unknown() -> OAuthError {
    OAuthError::invalid_grant("the code is not good for this client, redirect URI and verifier")
}
