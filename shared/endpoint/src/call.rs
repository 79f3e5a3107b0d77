//! A client's call: its form, who it says it is, what it proves.

use jiff::Timestamp;
use oidc::{
    client::ClientId,
    client_authentication::Presented,
    dpop::{self, DpopError, Proof, ProvedRequest},
    error::{ErrorCode, OAuthError},
    parameters::Parameters,
};
use store::replays::{Replay, Signed};
use web::{Incoming, Problem};

use crate::Failure;

/// A call to one of the endpoints.
#[derive(Debug)]
pub struct Call {
    /// The form's parameters, each sent once.
    pub form: Parameters,
    /// The `Authorization` header.
    pub(crate) authorization: Option<String>,
    /// The endpoint's address as the client knows it.
    pub url: String,
    method: String,
    proofs: Vec<String>,
}

/// An access token as it was presented (RFC 6750 section 2, RFC 9449 section 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// The token.
    pub token: String,
    /// Whether it came under the scheme `DPoP`.
    pub is_dpop: bool,
}

impl Call {
    /// Reads a call. A GET has no form.
    ///
    /// # Errors
    /// `invalid_request` for a body that is no form, and for parameters sent twice.
    pub fn read(incoming: &Incoming) -> Result<Self, Failure> {
        let pairs = incoming.form().map_err(|problem| match problem {
            Problem::TooLarge => Failure::from(OAuthError::invalid_request("the body is longer than 16 KiB")),
            Problem::UnsupportedMediaType => {
                OAuthError::invalid_request("send application/x-www-form-urlencoded").into()
            }
            _ => OAuthError::invalid_request("the form cannot be read").into(),
        })?;
        let form = Parameters::new(pairs);
        form.without_repeats()?;
        let mut authorizations = incoming.headers("authorization");
        let authorization = authorizations.next().map(str::to_owned);
        if authorizations.next().is_some() {
            return Err(OAuthError::invalid_request("there must be one Authorization header").into());
        }
        Ok(Self {
            form,
            authorization,
            url: format!("{}{}", incoming.site.issuer, incoming.path),
            method: incoming.method.as_str().to_owned(),
            proofs: incoming.headers("dpop").map(str::to_owned).collect(),
        })
    }

    /// Who the caller says it is; nothing has been checked.
    pub fn claimed_client(&self) -> Option<ClientId> {
        Presented::read(self.authorization.as_deref(), &self.form).ok().map(|presented| presented.client_id)
    }

    /// The proof of possession that came with it, if one did; the replay guard is for the caller to use.
    ///
    /// # Errors
    /// `invalid_dpop_proof`.
    pub fn proof(&self, access_token: Option<&str>, now: Timestamp) -> Result<Option<(Proof, Replay)>, OAuthError> {
        let refused = |error: DpopError| {
            tracing::info!(%error, "proof refused");
            OAuthError::new(ErrorCode::InvalidDpopProof, "the DPoP proof is not good for this request")
        };
        let Some(proof) = dpop::the_header(self.proofs.iter().map(String::as_str)).map_err(refused)? else {
            return Ok(None);
        };
        let request = ProvedRequest { method: &self.method, url: &self.url };
        let proof = dpop::verify(proof, &request, access_token, now).map_err(refused)?;
        let replay = Replay::new(Signed::Proof, proof.jkt.as_str(), &proof.jti.digest(), proof.expires_at);
        Ok(Some((proof, replay)))
    }

    /// The access token that came with it: in the header, or in a form, and in one place only.
    ///
    /// # Errors
    /// `invalid_request` for two at once. None is `Ok(None)`: such a caller is told no reason (RFC 6750 section 3.1).
    pub fn access_token(&self) -> Result<Option<Presentation>, OAuthError> {
        let in_header = self.authorization.as_deref().and_then(|header| {
            let (scheme, token) = header.split_once(' ')?;
            let is_dpop = scheme.eq_ignore_ascii_case("dpop");
            let known = is_dpop || scheme.eq_ignore_ascii_case("bearer");
            known.then(|| Presentation { token: token.trim().to_owned(), is_dpop })
        });
        let in_form = self.form.one("access_token");
        match (in_header, in_form) {
            (Some(_), Some(_)) => Err(OAuthError::invalid_request("the access token was sent twice")),
            (Some(presented), None) => Ok(Some(presented)),
            (None, Some(token)) => Ok(Some(Presentation { token: token.to_owned(), is_dpop: false })),
            (None, None) => Ok(None),
        }
    }
}
