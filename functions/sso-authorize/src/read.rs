//! Reading a request: its client, what it pushed before, and the hint at who it is about.

use domain::bearer::Bearer;
use jiff::Timestamp;
use oidc::{
    authorization_request::{AuthorizationRefusal, AuthorizationRequest, ReturnAddress},
    client::{Client, ClientId},
    error::OAuthError,
    id_token::IdTokenHint,
    parameters::Parameters,
};
use store::{
    clients::Registered,
    requests::{PushedKey, REFERENCE},
};
use web::{Incoming, Problem};

use crate::SsoAuthorize;

/// A request that is well-formed, and whose it is.
pub(crate) struct Asked {
    pub(crate) request: AuthorizationRequest,
    pub(crate) registered: Registered,
    /// The pushed request it came as.
    pub(crate) pushed: Option<PushedKey>,
}

/// Why there is none.
pub(crate) enum Refused {
    /// Told to the person: nobody is sent to an address that was not checked.
    ToPerson(&'static str),
    /// Told to the client.
    ToClient(ReturnAddress, OAuthError),
    /// Something we depend on is not there.
    NotNow(Problem),
}

impl SsoAuthorize {
    pub(crate) async fn read(
        &self,
        incoming: &Incoming,
        parameters: &Parameters,
        now: Timestamp,
    ) -> Result<Asked, Refused> {
        let client_id: ClientId = parameters
            .one("client_id")
            .and_then(|id| id.parse().ok())
            .ok_or(Refused::ToPerson("client_id is missing, or none"))?;
        let reference = parameters.one("request_uri").and_then(|uri| uri.strip_prefix(REFERENCE));
        let reference: Option<Bearer> = match reference.map(str::parse) {
            Some(Err(_)) => return Err(Refused::ToPerson("request_uri is unknown")),
            Some(Ok(reference)) => Some(reference),
            None => None,
        };
        let pushed = async {
            match &reference {
                Some(reference) => self.requests.pushed(reference, now).await,
                None => Ok(None),
            }
        };
        let (registered, pushed) = tokio::join!(self.clients.active(&client_id), pushed);
        let registered = registered.map_err(|_| Refused::NotNow(Problem::Unavailable))?;
        let registered = registered.ok_or(Refused::ToPerson("client_id is not registered"))?;
        let pushed = pushed.map_err(|error| Refused::NotNow(wizard::unavailable(error)))?;
        let (parameters, pushed) = match (reference, pushed) {
            (None, _) => (parameters.clone(), None),
            (Some(reference), Some(pushed)) if pushed.client_id == client_id => {
                (pushed.parameters, Some(PushedKey::of(&reference)))
            }
            (Some(_), _) => return Err(Refused::ToPerson("request_uri is unknown, expired or used")),
        };
        let request = parse(&parameters, &registered.client, pushed.is_some())?;
        let request = self.with_hint(incoming, request, now).await?;
        Ok(Asked { request, registered, pushed })
    }

    /// The subject that an ID token of ours names, as if it had been asked for (OpenID Connect Core section 3.1.2.1).
    async fn with_hint(
        &self,
        incoming: &Incoming,
        mut request: AuthorizationRequest,
        now: Timestamp,
    ) -> Result<AuthorizationRequest, Refused> {
        let Some(hint) = request.id_token_hint.take() else { return Ok(request) };
        let keys = signing::known(&self.signing_keys, now).await.map_err(|error| {
            tracing::error!(%error, "signing keys");
            Refused::NotNow(Problem::Unavailable)
        })?;
        let invalid = |answer_to: &ReturnAddress| {
            Refused::ToClient(
                answer_to.clone(),
                OAuthError::invalid_request("id_token_hint is not one of ours for this client"),
            )
        };
        let verified = IdTokenHint::verify(&hint, &incoming.site.issuer, &keys);
        let hint = verified.map_err(|_| invalid(&request.answer_to))?;
        let contradicts = request.subject.as_ref().is_some_and(|subject| *subject != hint.sub);
        if hint.client_id != request.client_id || contradicts {
            return Err(invalid(&request.answer_to));
        }
        request.subject = Some(hint.sub);
        Ok(request)
    }
}

fn parse(parameters: &Parameters, client: &Client, is_pushed: bool) -> Result<AuthorizationRequest, Refused> {
    let request = AuthorizationRequest::parse(parameters, client).map_err(|refusal| match refusal {
        AuthorizationRefusal::ToPerson(reason) => Refused::ToPerson(reason),
        AuthorizationRefusal::ToClient(answer_to, error) => Refused::ToClient(answer_to, error),
    })?;
    if client.require_pushed_authorization_requests && !is_pushed {
        let error = OAuthError::invalid_request("the client must push its requests");
        return Err(Refused::ToClient(request.answer_to, error));
    }
    Ok(request)
}
