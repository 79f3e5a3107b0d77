//! Token exchange (RFC 8693): agency A's system calls agency B's on a person's behalf, and says so.

use std::collections::BTreeSet;

use endpoint::{Call, Failure};
use futures_util::FutureExt;
use jiff::Timestamp;
use oidc::{
    access_token,
    client::{Client, ClientId, GrantType},
    error::{ErrorCode, OAuthError},
    grant::{AccessHandle, Exchange, ExchangeRefusal, ExchangeRequest, FreshAccess},
    parameters::Parameters,
    scope::Scopes,
};
use serde_json::{Value, json};
use store::{
    clients::Registered,
    disclosures::Disclosure,
    grants::{Naming, SaveError, StoredGrant, Together},
};

use crate::{Asking, SsoToken, attempt::Attempt, not_saved};

/// The one type of token that is taken and given (RFC 8693 section 3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

impl SsoToken {
    pub(crate) async fn exchange(&self, call: &Call, now: Timestamp) -> Result<Value, Failure> {
        let form = &call.form;
        check_types(form)?;
        let subject_token = form.required("subject_token", "subject_token is missing")?;
        let scopes = form.one("scope").map(str::parse::<Scopes>).transpose();
        let scopes = scopes.map_err(|_| OAuthError::new(ErrorCode::InvalidScope, "scope cannot be read"))?;
        let target = target(form)?;
        let handle = self.handle(subject_token, now).await?;
        let id = handle.as_ref().map(AccessHandle::grant);
        let (asked, target) =
            tokio::join!(self.asking(call, GrantType::TokenExchange, id, now), self.clients.active(&target));
        let (asking, found) = asked?;
        let (target, handle) = match (permitted(&asking.client, target?), handle) {
            (Ok(target), Some(handle)) => (target, handle),
            (Err(refused), _) => return Err(self.refuse(&asking, refused.into()).await),
            (Ok(_), None) => return Err(self.refuse(&asking, unknown().into()).await),
        };
        let attempt = |stored| self.try_exchange(&asking, stored, &handle, &target, scopes.as_ref()).boxed();
        self.attempts(&asking, found, unknown(), attempt).await
    }

    async fn try_exchange(
        &self,
        asking: &Asking<'_>,
        mut stored: StoredGrant,
        handle: &AccessHandle,
        target: &Registered,
        scopes: Option<&Scopes>,
    ) -> Result<Value, Attempt> {
        let Asking { client, jkt, replays, now, .. } = asking;
        let Registered { client: target, used, .. } = target;
        let request =
            ExchangeRequest { caller: &client.client_id, jkt: jkt.as_ref(), scopes, target_scopes: &target.scope };
        let permission = stored.grant.check_exchange(handle, &request, *now).map_err(refused)?;
        let Some(person) = stored.grant.authorization().person.clone() else {
            return Err(refused(ExchangeRefusal::NoPerson));
        };
        let sector = target.subject_sector();
        let lives = endpoint::lives(&self.sessions, &stored.grant, *now);
        let signed_in_to = &stored.grant.authorization().client_id;
        let issued_to = stored.grant.access(handle, *now).map_or(signed_in_to, |access| &access.client_id);
        let (known, lives, served, passed_on) = tokio::join!(
            self.consents.subject(person.account_id, sector),
            lives,
            self.clients.serve(signed_in_to, client),
            self.clients.serve(issued_to, client)
        );
        let lives = lives.map_err(|error| Attempt::Failed(error.into()))?;
        let served = served.and_then(|served| Ok(served && passed_on?)).map_err(Attempt::Failed)?;
        if !lives || !served {
            return Err(refused(ExchangeRefusal::Unknown));
        }
        let known = known.map_err(|error| Attempt::Failed(error.into()))?;
        let subject = known.clone().unwrap_or_else(|| self.new_subject());
        let new = Exchange {
            // Introspected only: a JWT would tell the caller by which name the target's sector knows the person.
            fresh: FreshAccess::Opaque(self.entropy.bytes()),
            target: target.client_id.clone(),
            subject: subject.clone(),
            jkt: jkt.clone(),
        };
        let scopes = permission.scopes.clone();
        let exchanged = stored.grant.exchange(permission, new, *now);
        let expires_in =
            stored.grant.access(&exchanged, *now).map(|access| access.expires_at.duration_since(*now).as_secs());
        let disclosure = Disclosure {
            account_id: person.account_id,
            client_id: target.client_id.clone(),
            by: Some(client.client_id.clone()),
            // Introspection tells the target by which name it knows the person, and no claim.
            claims: BTreeSet::new(),
            at: *now,
        };
        let together = Together {
            replays,
            account: Some((&self.accounts, person.account_id)),
            session: None,
            naming: known.is_none().then(|| Naming {
                consents: &self.consents,
                account: person.account_id,
                sector,
                subject: &subject,
            }),
            disclosure: Some((&self.disclosures, disclosure, self.entropy.bytes())),
        };
        // The name that is given fixes the target's sector, as a sign-in there would.
        let mark = async {
            if !used && self.clients.mark_used(&target.client_id).await.is_err() {
                tracing::warn!(client_id = %target.client_id, "a client's first use was not noted");
            }
        };
        let (saved, ()) = tokio::join!(self.grants.save(stored, together), mark);
        match saved {
            Ok(()) => {}
            Err(SaveError::Changed) => return Err(Attempt::Raced),
            Err(error) => return Err(Attempt::Failed(not_saved(error))),
        }
        let AccessHandle::Opaque(token) = exchanged else { return Err(Attempt::Failed(Failure::Ours)) };
        Ok(json!({
            "access_token": token.expose(),
            "issued_token_type": ACCESS_TOKEN,
            "token_type": if jkt.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": expires_in,
            "scope": scopes.to_string(),
        }))
    }

    /// The token that is presented, opaque or a JWT of ours whose signature is good.
    async fn handle(&self, token: &str, now: Timestamp) -> Result<Option<AccessHandle>, Failure> {
        if let Ok(token) = token.parse() {
            return Ok(Some(AccessHandle::Opaque(token)));
        }
        let keys = self.signing.served(now).await.map_err(Failure::unavailable)?;
        Ok(access_token::verified_id(token, &self.issuer, &keys).ok().map(AccessHandle::Jwt))
    }

    fn new_subject(&self) -> String {
        oidc::subject::from_random(self.entropy.bytes())
    }
}

fn check_types(form: &Parameters) -> Result<(), OAuthError> {
    if form.required("subject_token_type", "subject_token_type is missing")? != ACCESS_TOKEN {
        return Err(OAuthError::invalid_request("subject_token_type must be an access token's"));
    }
    if form.one("requested_token_type").is_some_and(|requested| requested != ACCESS_TOKEN) {
        return Err(OAuthError::invalid_request("requested_token_type must be an access token's"));
    }
    if form.contains("actor_token") || form.contains("actor_token_type") {
        return Err(OAuthError::invalid_request("the actor is the client that asks: actor_token is not supported"));
    }
    if form.contains("resource") {
        return Err(invalid_target());
    }
    Ok(())
}

/// One client, by its id. Without one the request is not whole; another name is nobody's.
fn target(form: &Parameters) -> Result<ClientId, OAuthError> {
    let mut audiences = form.all("audience");
    match (audiences.next(), audiences.next()) {
        (Some(audience), None) => audience.parse().map_err(|_| invalid_target()),
        (None, _) => Err(OAuthError::invalid_request("audience is missing")),
        (Some(_), Some(_)) => Err(invalid_target()),
    }
}

fn permitted(caller: &Client, target: Option<Registered>) -> Result<Registered, OAuthError> {
    let target = target.ok_or(invalid_target())?;
    // Who cannot authenticate cannot introspect, and has no use for a token.
    let may = caller.exchange_audiences.contains(&target.client.client_id) && target.client.is_confidential();
    if may { Ok(target) } else { Err(invalid_target()) }
}

fn refused(refusal: ExchangeRefusal) -> Attempt {
    tracing::info!(%refusal, "exchange refused");
    Attempt::failed(match refusal {
        ExchangeRefusal::ScopeTooWide => {
            OAuthError::new(ErrorCode::InvalidScope, "scope is wider than the subject token's or the target's")
        }
        ExchangeRefusal::ChainTooLong => OAuthError::invalid_request("the token has passed through too many clients"),
        ExchangeRefusal::Unknown | ExchangeRefusal::WrongKey | ExchangeRefusal::NoPerson => unknown(),
    })
}

const fn unknown() -> OAuthError {
    OAuthError::invalid_request("the subject token is not good for this client")
}

const fn invalid_target() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidTarget, "the audience is not one that the client may ask for")
}
