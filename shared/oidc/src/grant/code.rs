//! The authorization code of a grant: lives for a minute, works once, tells of its reuse.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccessHandle, CODE_LIFETIME, Code, FreshRefresh, Grant, NewAccess, RefreshToken, secret::TokenDigest};
use crate::{
    client::ClientId,
    jwk::Thumbprint,
    pkce::{CodeChallenge, CodeVerifier},
};

/// What a code was asked for with, and must be redeemed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeTerms {
    /// `redirect_uri` as it stood in the authorization request.
    pub redirect_uri: String,
    /// `code_challenge`; none only for clients older than PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<CodeChallenge>,
    /// `dpop_jkt` (RFC 9449 section 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Thumbprint>,
}

/// A code, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IssuedCode {
    digest: TokenDigest,
    terms: CodeTerms,
    expires_at: Timestamp,
    /// When it was redeemed: kept, so that a second time is known for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
}

impl IssuedCode {
    pub(super) fn new(code: &Code, terms: CodeTerms, now: Timestamp) -> Self {
        Self { digest: code.digest(), terms, expires_at: now + CODE_LIFETIME, used_at: None }
    }
}

/// What came with a code to the token endpoint, the client authenticated.
#[derive(Clone, Copy, Debug)]
pub struct CodePresentation<'a> {
    /// The client.
    pub client_id: &'a ClientId,
    /// `redirect_uri`; may be left out where the challenge does its work (OAuth 2.1 section 4.1.3 has no such
    /// parameter), and where it is sent it must match.
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier`
    pub verifier: Option<&'a CodeVerifier>,
    /// The key of the DPoP proof.
    pub jkt: Option<&'a Thumbprint>,
}

/// Permission to redeem, given by [`Grant::check_code`].
#[derive(Debug)]
#[must_use]
pub struct Redeemable(());

/// Why a code is refused. To the client all are `invalid_grant` (RFC 6749 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Not this grant's code.
    #[error("no such code")]
    Unknown,
    /// Another client's.
    #[error("the code was issued to another client")]
    WrongClient,
    /// Not the redirect URI of the request, or none where there must be one.
    #[error("redirect_uri is not that of the authorization request")]
    WrongRedirectUri,
    /// The verifier does not meet the challenge, or only one of the two is there (RFC 9700 section 4.8.2).
    #[error("code_verifier does not meet the code_challenge")]
    WrongVerifier,
    /// Not the key named by `dpop_jkt`.
    #[error("the code is bound to another key")]
    WrongKey,
    /// Everything is right and it had been redeemed before: the grant must be revoked.
    #[error("the code was redeemed before")]
    Reused,
    /// Older than a minute.
    #[error("the code is expired")]
    Expired,
    /// The grant is revoked.
    #[error("the grant is revoked")]
    Revoked,
}

impl Grant {
    /// Whether this code can be redeemed by who presents it.
    ///
    /// # Errors
    /// The first check that fails. [`CodeRefusal::Reused`] comes after all that show who presents it, so that a
    /// stranger cannot end a grant; and before expiry, for a stolen code replayed late is as stolen.
    pub fn check_code(
        &self,
        code: &Code,
        with: &CodePresentation<'_>,
        now: Timestamp,
    ) -> Result<Redeemable, CodeRefusal> {
        let issued = self.code.as_ref().filter(|issued| code.grant() == self.id && issued.digest == code.digest());
        let issued = issued.ok_or(CodeRefusal::Unknown)?;
        if *with.client_id != self.authorization.client_id {
            return Err(CodeRefusal::WrongClient);
        }
        match with.redirect_uri {
            Some(uri) if uri == issued.terms.redirect_uri => {}
            None if issued.terms.challenge.is_some() => {}
            _ => return Err(CodeRefusal::WrongRedirectUri),
        }
        match (&issued.terms.challenge, with.verifier) {
            (None, None) => {}
            (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => {}
            _ => return Err(CodeRefusal::WrongVerifier),
        }
        if issued.terms.jkt.is_some() && issued.terms.jkt.as_ref() != with.jkt {
            return Err(CodeRefusal::WrongKey);
        }
        if self.revoked_at.is_some() {
            return Err(CodeRefusal::Revoked);
        }
        if issued.used_at.is_some() {
            return Err(CodeRefusal::Reused);
        }
        if now >= issued.expires_at || !self.is_live(now) {
            return Err(CodeRefusal::Expired);
        }
        Ok(Redeemable(()))
    }

    /// Uses the code up and issues what it was for; a refresh token only to clients that may have one and a person who
    /// agreed to `offline_access`, both of which the caller knows.
    pub fn redeem(
        &mut self,
        Redeemable(()): Redeemable,
        access: NewAccess,
        refresh: Option<FreshRefresh>,
        now: Timestamp,
    ) -> (AccessHandle, Option<RefreshToken>) {
        if let Some(code) = &mut self.code {
            code.used_at = Some(now);
        }
        let refresh = refresh.map(|fresh| self.begin_family(fresh));
        (self.issue_access(access, now), refresh)
    }
}
