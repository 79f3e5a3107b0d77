//! Token exchange (RFC 8693): a client that holds a person's token gets one for another client's system.
//!
//! Whether the two clients are registered for it, and what the target may be told, the caller knows; that privilege
//! does not grow and nothing outlives the subject token is decided here.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{ACCESS_TOKEN_LIFETIME, Access, AccessHandle, FreshAccess, Grant, secret::TokenDigest};
use crate::{
    actor::Actor,
    client::ClientId,
    jwk::Thumbprint,
    scope::{Scope, Scopes},
};

/// What is asked of a subject token.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeRequest<'a> {
    /// Who asks, authenticated.
    pub caller: &'a ClientId,
    /// The key of the caller's DPoP proof.
    pub jkt: Option<&'a Thumbprint>,
    /// `scope`, where it was sent.
    pub scopes: Option<&'a Scopes>,
    /// What the target is registered for.
    pub target_scopes: &'a Scopes,
}

/// Permission to exchange, given by [`Grant::check_exchange`].
#[derive(Debug)]
#[must_use]
pub struct Exchangeable {
    parent: TokenDigest,
    expires_at: Timestamp,
    client_id: ClientId,
    act: Actor,
    /// What the new token will allow.
    pub scopes: Scopes,
}

/// The token to be issued.
#[derive(Clone)]
pub struct Exchange {
    /// Its randomness.
    pub fresh: FreshAccess,
    /// The client it is for.
    pub target: ClientId,
    /// The person's `sub` in the target's sector.
    pub subject: String,
    /// The key it is bound to.
    pub jkt: Option<Thumbprint>,
}

/// Why a token cannot be exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeRefusal {
    /// Not alive, or neither issued to nor meant for the caller: `invalid_request` (RFC 8693 section 2.2.2).
    #[error("the subject token is not valid for this client")]
    Unknown,
    /// The caller cannot prove the key its own token is bound to: `invalid_request`.
    #[error("the subject token is bound to another key")]
    WrongKey,
    /// There is no person: a client's own token is nobody's to hand on. `invalid_request`.
    #[error("the subject token is not about a person")]
    NoPerson,
    /// More was asked for than the subject token allows or the target is registered for, or nothing is left:
    /// `invalid_scope`.
    #[error("scope is wider than the subject token's or the target's")]
    ScopeTooWide,
    /// The token has passed through too many hands: `invalid_request`.
    #[error("the chain of actors is too long")]
    ChainTooLong,
}

impl Grant {
    /// Whether this access token can be exchanged by who asks.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check_exchange(
        &self,
        subject_token: &AccessHandle,
        request: &ExchangeRequest<'_>,
        now: Timestamp,
    ) -> Result<Exchangeable, ExchangeRefusal> {
        let subject = self.access(subject_token, now).ok_or(ExchangeRefusal::Unknown)?;
        let issued_to_caller = subject.client_id == *request.caller;
        if !issued_to_caller && !subject.audience.contains(request.caller.as_str()) {
            return Err(ExchangeRefusal::Unknown);
        }
        // Who the token was sent to cannot have the sender's key; who it was issued to must show it.
        if issued_to_caller && subject.jkt.is_some() && subject.jkt.as_ref() != request.jkt {
            return Err(ExchangeRefusal::WrongKey);
        }
        if self.authorization.person.is_none() {
            return Err(ExchangeRefusal::NoPerson);
        }
        Ok(Exchangeable {
            parent: subject.digest.clone(),
            expires_at: subject.expires_at.min(now + ACCESS_TOKEN_LIFETIME),
            client_id: request.caller.clone(),
            act: Actor::acting(request.caller.clone(), subject.act.as_ref()).ok_or(ExchangeRefusal::ChainTooLong)?,
            scopes: request.scopes_from(&subject.scopes)?,
        })
    }

    /// Issues the token, in this grant: it is revoked with it, and with the subject token.
    pub fn exchange(&mut self, permission: Exchangeable, new: Exchange, now: Timestamp) -> AccessHandle {
        let Exchangeable { parent, expires_at, client_id, act, scopes } = permission;
        let handle = AccessHandle::new(self.id, new.fresh);
        let access = Access {
            digest: handle.digest(),
            issued_at: now,
            expires_at,
            client_id,
            audience: BTreeSet::from([new.target.as_str().to_owned()]),
            scopes,
            subject: new.subject,
            jkt: new.jkt,
            act: Some(act),
            parent: Some(parent),
        };
        self.remember(access, now);
        handle
    }
}

impl ExchangeRequest<'_> {
    /// `openid` and `offline_access` are for the client the person signed in to: no ID token and no refresh token come
    /// of an exchange.
    fn scopes_from(&self, subject: &Scopes) -> Result<Scopes, ExchangeRefusal> {
        let own = |scope: &Scope| matches!(scope.as_str(), Scope::OPENID | Scope::OFFLINE_ACCESS);
        let possible = subject.filtered(|scope| !own(scope) && self.target_scopes.contains(scope.as_str()));
        let scopes = match self.scopes {
            Some(asked) if asked.is_within(&possible) => asked.clone(),
            Some(_) => return Err(ExchangeRefusal::ScopeTooWide),
            None => possible,
        };
        if scopes.is_empty() { Err(ExchangeRefusal::ScopeTooWide) } else { Ok(scopes) }
    }
}
