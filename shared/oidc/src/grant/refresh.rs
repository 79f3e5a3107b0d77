//! The refresh tokens of a grant: one alive at a time, each use makes the next (RFC 9700 section 4.14.2).
//!
//! Whoever loses the answer to a refresh tries again with the token he has: for 10 seconds, and while the successor he
//! never saw is unused, he gets another and that one dies. Any other token of the family is a copy in wrong hands.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccessHandle, Grant, NewAccess, RefreshToken, secret::TokenDigest};
use crate::{client::ClientId, jwk::Thumbprint, scope::Scopes};

/// How long after a rotation the token before it is still good for a retry.
pub const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// The refresh tokens of a grant, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Family {
    /// Of the part all of them share.
    family: TokenDigest,
    /// The key they are bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jkt: Option<Thumbprint>,
    /// The one token that lives.
    current: TokenDigest,
    /// The one before it, good for a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
}

/// The token that was used last, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    digest: TokenDigest,
    /// When it was used first. A retry does not move it.
    rotated_at: Timestamp,
    /// The key that was used with it: a retry comes from the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jkt: Option<Thumbprint>,
}

/// Fresh random bytes for a family's first token, and what binds the family.
#[derive(Clone)]
pub struct FreshRefresh {
    /// For the part all tokens of the family share.
    pub family: [u8; 16],
    /// For the token's own part.
    pub secret: [u8; 32],
    /// The key they are bound to.
    pub binding: Binding,
}

/// What binds the refresh tokens of a grant to who holds them (RFC 9449 section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The client authenticates: it may change its DPoP key.
    Client,
    /// A public client proves possession of this key.
    Key(Thumbprint),
}

/// What came with a refresh token to the token endpoint, the client authenticated.
#[derive(Clone, Copy, Debug)]
pub struct RefreshPresentation<'a> {
    /// The client.
    pub client_id: &'a ClientId,
    /// The key of the DPoP proof.
    pub jkt: Option<&'a Thumbprint>,
    /// `scope`, where it was sent.
    pub scopes: Option<&'a Scopes>,
}

/// Permission to rotate, given by [`Grant::check_refresh`].
#[derive(Debug)]
#[must_use]
pub struct Rotatable {
    used: RefreshToken,
    retry: bool,
    jkt: Option<Thumbprint>,
    /// What the new access token may allow: what was asked for, within what was granted.
    pub scopes: Scopes,
}

/// Why a refresh token is refused. To the client all but one are `invalid_grant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshRefusal {
    /// Not of this grant's family.
    #[error("no such refresh token")]
    Unknown,
    /// Another client's.
    #[error("the refresh token was issued to another client")]
    WrongClient,
    /// Bound to another key.
    #[error("the refresh token is bound to another key")]
    WrongKey,
    /// The grant is revoked.
    #[error("the grant is revoked")]
    Revoked,
    /// The grant is at its end.
    #[error("the grant is expired")]
    Expired,
    /// One of the family that was rotated away: the grant must be revoked.
    #[error("the refresh token was used before")]
    Reused,
    /// More was asked for than was granted: `invalid_scope` (RFC 6749 section 6).
    #[error("scope is wider than what was granted")]
    ScopeTooWide,
}

impl Grant {
    /// Whether this refresh token can be used by who presents it.
    ///
    /// # Errors
    /// The first check that fails; [`RefreshRefusal::Reused`] only to the right client with the right key.
    pub fn check_refresh(
        &self,
        token: &RefreshToken,
        with: &RefreshPresentation<'_>,
        now: Timestamp,
    ) -> Result<Rotatable, RefreshRefusal> {
        let family = self.family_of(token).ok_or(RefreshRefusal::Unknown)?;
        if *with.client_id != self.authorization.client_id {
            return Err(RefreshRefusal::WrongClient);
        }
        if family.jkt.is_some() && family.jkt.as_ref() != with.jkt {
            return Err(RefreshRefusal::WrongKey);
        }
        if self.revoked_at.is_some() {
            return Err(RefreshRefusal::Revoked);
        }
        if !self.is_live(now) {
            return Err(RefreshRefusal::Expired);
        }
        let retry = family.current != token.digest();
        if retry && !family.may_retry(token, with.jkt, now) {
            return Err(RefreshRefusal::Reused);
        }
        let granted = &self.authorization.scopes;
        let scopes = with.scopes.unwrap_or(granted);
        if !scopes.is_within(granted) {
            return Err(RefreshRefusal::ScopeTooWide);
        }
        Ok(Rotatable { used: token.clone(), retry, jkt: with.jkt.cloned(), scopes: scopes.clone() })
    }

    /// Uses the token up: its successor lives, nothing else of the family does.
    pub fn rotate(
        &mut self,
        permission: Rotatable,
        random: [u8; 32],
        access: NewAccess,
        now: Timestamp,
    ) -> (AccessHandle, RefreshToken) {
        let Rotatable { used, retry, jkt, scopes } = permission;
        let next = used.successor(random);
        if let Some(family) = &mut self.refresh {
            family.current = next.digest();
            if !retry {
                family.previous = Some(Previous { digest: used.digest(), rotated_at: now, jkt });
            }
        }
        let scopes = access.scopes.filtered(|scope| scopes.contains(scope.as_str()));
        (self.issue_access(NewAccess { scopes, ..access }, now), next)
    }

    /// Whether a refresh token is alive, which only its own client may learn (RFC 7662 section 2.1).
    pub fn introspect_refresh(&self, token: &RefreshToken, caller: &ClientId, now: Timestamp) -> bool {
        let current = |family: &Family| family.current == token.digest();
        self.is_live(now) && self.authorization.client_id == *caller && self.family_of(token).is_some_and(current)
    }

    /// Revokes the grant by any refresh token of its family (RFC 7009 section 2.1); whether it was the caller's.
    pub fn revoke_refresh(&mut self, token: &RefreshToken, caller: &ClientId, now: Timestamp) -> bool {
        let own = self.authorization.client_id == *caller && self.family_of(token).is_some();
        if own {
            self.revoke(now);
        }
        own
    }

    pub(super) fn begin_family(&mut self, fresh: FreshRefresh) -> RefreshToken {
        let token = RefreshToken::new(self.id, fresh.family, fresh.secret);
        let jkt = match fresh.binding {
            Binding::Client => None,
            Binding::Key(jkt) => Some(jkt),
        };
        self.refresh = Some(Family { family: token.family_digest(), jkt, current: token.digest(), previous: None });
        token
    }

    fn family_of(&self, token: &RefreshToken) -> Option<&Family> {
        self.refresh.as_ref().filter(|family| token.grant() == self.id && family.family == token.family_digest())
    }
}

impl Family {
    fn may_retry(&self, token: &RefreshToken, jkt: Option<&Thumbprint>, now: Timestamp) -> bool {
        let same = |previous: &Previous| {
            previous.digest == token.digest() && previous.jkt.as_ref() == jkt && now <= previous.rotated_at + GRACE
        };
        self.previous.as_ref().is_some_and(same)
    }
}
