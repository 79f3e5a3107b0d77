//! An authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1): parsed once, and stored while
//! the person signs in. It holds parameters only; who the person is comes from the session alone.

mod prompt;
mod refusal;

use std::collections::BTreeSet;

use domain::assurance::Ial;
use serde::{Deserialize, Serialize};

pub use prompt::Prompts;
pub use refusal::{AuthorizationRefusal, ResponseMode, ReturnAddress, origin};

use crate::{
    acr::Acr,
    agreement::Extent,
    claim::{ClaimName, ClaimsRequest},
    client::{Client, ClientId, GrantType},
    error::{ErrorCode, OAuthError},
    jwk::Thumbprint,
    parameters::Parameters,
    pkce::CodeChallenge,
    scope::{Scope, Scopes},
};

/// A request that is well-formed and within what its client is registered for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub answer_to: ReturnAddress,
    /// What of the scopes asked for is the client's.
    pub scopes: Scopes,
    /// Comes back in the ID token.
    pub nonce: Option<String>,
    /// RFC 7636.
    pub code_challenge: Option<CodeChallenge>,
    /// What the person must or must not be shown.
    pub prompts: Prompts,
    /// How old the sign-in may be, in seconds.
    pub max_age: Option<u32>,
    /// Who the client thinks it is.
    pub login_hint: Option<String>,
    /// Whether the person must have entered a code in this sign-in, or the request fails.
    pub needs_aal2: bool,
    /// Whether that is wished for.
    pub prefers_aal2: bool,
    /// Claims asked for one by one, as far as the client may be told them.
    pub claims: BTreeSet<ClaimName>,
    /// The subject it must turn out to be.
    pub subject: Option<String>,
    /// An ID token of ours: as [`Self::subject`], once it is verified.
    pub id_token_hint: Option<String>,
    /// RFC 8707: for which of its resources the tokens are.
    pub resources: Vec<String>,
    /// RFC 9449 section 10: the key that the code is bound to.
    pub dpop_jkt: Option<Thumbprint>,
    /// The level below which nobody comes back: the client's, or one it asks for here, as older services let it.
    pub minimum_ial: Option<Ial>,
    /// Whether the number must be verified.
    pub require_verified_mobile: bool,
    /// Whether an e-mail address must be.
    pub require_verified_email: bool,
}

impl AuthorizationRequest {
    /// Reads the parameters of a client that was found and is active.
    ///
    /// # Errors
    /// See [`AuthorizationRefusal`].
    pub fn parse(parameters: &Parameters, client: &Client) -> Result<Self, AuthorizationRefusal> {
        let answer_to = ReturnAddress::parse(parameters, client)?;
        let read = Self::read(parameters, client, answer_to.clone());
        read.map_err(|error| AuthorizationRefusal::ToClient(answer_to, error))
    }

    fn read(parameters: &Parameters, client: &Client, answer_to: ReturnAddress) -> Result<Self, OAuthError> {
        parameters.without_repeats()?;
        refuse_unsupported(parameters)?;
        if !client.may_use(GrantType::AuthorizationCode) {
            return Err(OAuthError::new(ErrorCode::UnauthorizedClient, "the client has no authorization code grant"));
        }
        if parameters.required("response_type", "response_type is missing")? != "code" {
            return Err(OAuthError::new(
                ErrorCode::UnsupportedResponseType,
                "only the response type code is supported",
            ));
        }
        answer_to.check_response_mode(parameters)?;
        answer_to.check_state(parameters)?;
        let scopes = scopes(parameters, client)?;
        let claims: ClaimsRequest = match parameters.one("claims") {
            Some(text) => text.parse().map_err(|_| OAuthError::invalid_request("claims cannot be read"))?,
            None => ClaimsRequest::default(),
        };
        let acr_values = parameters.one("acr_values").unwrap_or_default().split(' ');
        let nonce = parameters.one("nonce").map(str::to_owned);
        Ok(Self {
            client_id: client.client_id.clone(),
            code_challenge: code_challenge(parameters, client, nonce.as_deref())?,
            nonce,
            prompts: Prompts::parse(parameters.one("prompt").unwrap_or_default())?,
            max_age: max_age(parameters)?,
            login_hint: parameters.one("login_hint").filter(|hint| hint.len() <= 256).map(str::to_owned),
            needs_aal2: needs_aal2(&claims.essential_acr)?,
            // In order of preference (section 3.1.2.1): the first that we know decides.
            prefers_aal2: acr_values
                .chain(claims.voluntary_acr.iter().map(String::as_str))
                .find_map(|acr| acr.parse::<Acr>().ok())
                .is_some_and(|acr| acr > Acr::Aal1),
            claims: claims
                .userinfo
                .into_iter()
                .filter(|claim| !claim.needs_consent() || client.may_be_told(*claim))
                .collect(),
            subject: claims.subject,
            id_token_hint: parameters.one("id_token_hint").map(str::to_owned),
            resources: resources(parameters, client)?,
            dpop_jkt: dpop_jkt(parameters)?,
            minimum_ial: minimum_ial(parameters, client)?,
            require_verified_mobile: client.require_verified_mobile || gate(parameters, "require_mobile")?,
            require_verified_email: client.require_verified_email || gate(parameters, "require_email")?,
            answer_to,
            scopes,
        })
    }

    /// Everything userinfo is to tell.
    pub fn wanted_claims(&self) -> BTreeSet<ClaimName> {
        self.scopes.claims().into_iter().chain(self.claims.iter().copied()).collect()
    }

    /// What of that the person is asked about.
    pub fn claims_to_consent(&self) -> BTreeSet<ClaimName> {
        self.wanted_claims().into_iter().filter(|claim| claim.needs_consent()).collect()
    }

    /// What the person has to agree to: what is asked for, as far as there is something to tell.
    pub fn extent(&self, can_be_told: &BTreeSet<ClaimName>) -> Extent {
        Extent {
            claims: self.claims_to_consent().intersection(can_be_told).copied().collect(),
            scopes: self.scopes.iter().filter(|scope| !scope.is_known()).cloned().collect(),
            offline: self.is_offline(),
        }
    }

    /// Whether tokens that outlive the session are asked for.
    pub fn is_offline(&self) -> bool {
        self.scopes.contains(Scope::OFFLINE_ACCESS)
    }
}

/// What is refused by a name of its own instead of being ignored (OpenID Connect Core sections 3.1.2.6 and 7.2.1).
fn refuse_unsupported(parameters: &Parameters) -> Result<(), OAuthError> {
    let unsupported = [
        ("request", ErrorCode::RequestNotSupported, "request objects are not supported: push the request instead"),
        (
            "request_uri",
            ErrorCode::RequestUriNotSupported,
            "only request_uri values of our own PAR endpoint are supported",
        ),
        ("registration", ErrorCode::RegistrationNotSupported, "the registration parameter is not supported"),
    ];
    match unsupported.into_iter().find(|(name, ..)| parameters.contains(name)) {
        Some((_, code, description)) => Err(OAuthError::new(code, description)),
        None => Ok(()),
    }
}

fn scopes(parameters: &Parameters, client: &Client) -> Result<Scopes, OAuthError> {
    let invalid = |description| OAuthError::new(ErrorCode::InvalidScope, description);
    let asked: Scopes = match parameters.one("scope") {
        Some(text) => text.parse().map_err(|_| invalid("scope cannot be read"))?,
        None => Scopes::default(),
    };
    let granted = client.granted(&asked).ok_or(invalid("a scope is not registered for the client"))?;
    // Without the grant there are no refresh tokens; section 11 of Core then has the scope ignored.
    Ok(granted.filtered(|scope| scope.as_str() != Scope::OFFLINE_ACCESS || client.may_use(GrantType::RefreshToken)))
}

/// RFC 7636, and the one exception: a confidential client older than it, which must bind the code by a nonce instead
/// (RFC 9700 section 2.1.1).
fn code_challenge(
    parameters: &Parameters,
    client: &Client,
    nonce: Option<&str>,
) -> Result<Option<CodeChallenge>, OAuthError> {
    let method = parameters.one("code_challenge_method");
    match parameters.one("code_challenge") {
        Some(challenge) if method == Some("S256") => {
            challenge.parse().map(Some).map_err(|_| OAuthError::invalid_request("code_challenge is not one of S256"))
        }
        Some(_) => Err(OAuthError::invalid_request("code_challenge_method must be S256")),
        None if method.is_some() => Err(OAuthError::invalid_request("code_challenge is missing")),
        None if client.require_pkce => Err(OAuthError::invalid_request("PKCE is required: code_challenge is missing")),
        None if nonce.is_none() => Err(OAuthError::invalid_request("without PKCE a nonce is required")),
        None => Ok(None),
    }
}

fn max_age(parameters: &Parameters) -> Result<Option<u32>, OAuthError> {
    let parsed = parameters.one("max_age").map(str::parse).transpose();
    parsed.map_err(|_| OAuthError::invalid_request("max_age is not a number of seconds"))
}

/// The known contexts are ordered, so that asking for the lower one is met by both.
fn needs_aal2(essential: &[String]) -> Result<bool, OAuthError> {
    let lowest = essential.iter().filter_map(|acr| acr.parse::<Acr>().ok()).min();
    match lowest {
        Some(lowest) => Ok(lowest > Acr::Aal1),
        None if essential.is_empty() => Ok(false),
        None => Err(OAuthError::new(
            ErrorCode::UnmetAuthenticationRequirements,
            "none of the essential acr values is one of acr_values_supported",
        )),
    }
}

fn resources(parameters: &Parameters, client: &Client) -> Result<Vec<String>, OAuthError> {
    let asked: Vec<String> = parameters.all("resource").map(str::to_owned).collect();
    if asked.iter().all(|resource| client.resources.contains(resource)) {
        return Ok(asked);
    }
    Err(OAuthError::new(ErrorCode::InvalidTarget, "a resource is not registered for the client"))
}

fn dpop_jkt(parameters: &Parameters) -> Result<Option<Thumbprint>, OAuthError> {
    let thumbprint = parameters.one("dpop_jkt").map(str::parse).transpose();
    thumbprint.map_err(|_| OAuthError::invalid_request("dpop_jkt is not a SHA-256 thumbprint"))
}

/// The client's own minimum, raised by the gate that older services know; never lowered by it.
fn minimum_ial(parameters: &Parameters, client: &Client) -> Result<Option<Ial>, OAuthError> {
    let gate = parameters.one("require_ial_level").map(str::parse).transpose();
    let gate = gate.map_err(|_| OAuthError::invalid_request("require_ial_level has the form 1.3"))?;
    Ok(client.minimum_ial.max(gate))
}

/// A gate that older services know. What cannot be read is refused: a gate that was meant to be shut does not stand open.
fn gate(parameters: &Parameters, name: &'static str) -> Result<bool, OAuthError> {
    match parameters.one(name).unwrap_or("false") {
        on if on == "1" || on.eq_ignore_ascii_case("true") => Ok(true),
        off if off == "0" || off.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(OAuthError::invalid_request("require_mobile and require_email are true or false")),
    }
}

#[cfg(test)]
mod tests;
