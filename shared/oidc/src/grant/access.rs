//! The access tokens of a grant: whom each was issued to, for whom, until when.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ACCESS_TOKEN_LIFETIME, Grant, GrantId,
    secret::TokenDigest,
    token::{AccessToken, AccessTokenId},
};
use crate::{actor::Actor, client::ClientId, jwk::Thumbprint, scope::Scopes};

/// The most access tokens a grant remembers: the row stays small. The one that expires first makes room.
pub(super) const MOST: usize = 32;

/// An access token, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub(super) digest: TokenDigest,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it dies. Never later than the grant, nor than the token it was exchanged for.
    pub expires_at: Timestamp,
    /// Whom it was issued to.
    pub client_id: ClientId,
    /// Who may act on it: the issuer (userinfo), a resource, or the client it was exchanged for.
    pub audience: BTreeSet<String>,
    /// What it allows.
    pub scopes: Scopes,
    /// The person, as the audience knows them.
    pub subject: String,
    /// The key it is bound to (RFC 9449 section 6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Thumbprint>,
    /// Who acts for the person, where it was exchanged (RFC 8693).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// The token it was exchanged for, and dies with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<TokenDigest>,
}

/// Fresh random bytes for an access token, in the client's registered format.
#[derive(Clone, Copy)]
pub enum FreshAccess {
    /// `access_token_format: opaque`.
    Opaque([u8; 32]),
    /// `access_token_format: jwt`: the bytes make its `jti`.
    Jwt([u8; 16]),
}

/// An access token to be issued to the grant's own client.
#[derive(Clone)]
pub struct NewAccess {
    /// Its randomness.
    pub fresh: FreshAccess,
    /// Whom it is for.
    pub audience: BTreeSet<String>,
    /// What it allows; what the grant allows where this is more.
    pub scopes: Scopes,
    /// The key it is bound to.
    pub jkt: Option<Thumbprint>,
}

/// What an access token is found by: the token itself, or the `jti` of a verified JWT.
#[derive(Clone, Debug)]
pub enum AccessHandle {
    /// The token that travels.
    Opaque(AccessToken),
    /// What goes into the JWT that travels.
    Jwt(AccessTokenId),
}

impl AccessHandle {
    pub(super) fn new(grant: GrantId, fresh: FreshAccess) -> Self {
        match fresh {
            FreshAccess::Opaque(random) => Self::Opaque(AccessToken::new(grant, random)),
            FreshAccess::Jwt(random) => Self::Jwt(AccessTokenId::new(grant, random)),
        }
    }

    /// The grant it says it belongs to.
    pub const fn grant(&self) -> GrantId {
        match self {
            Self::Opaque(token) => token.grant(),
            Self::Jwt(id) => id.grant(),
        }
    }

    /// What is stored of it.
    pub fn digest(&self) -> TokenDigest {
        match self {
            Self::Opaque(token) => token.digest(),
            Self::Jwt(id) => id.digest(),
        }
    }
}

/// What introspection may tell a caller (RFC 7662 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introspection<'a> {
    /// The caller is whom the token is for: `subject` is theirs to know.
    Audience(&'a Access),
    /// The caller is whom it was issued to. Where it was exchanged, its `subject` is another sector's and must not be
    /// told; the caller's own is the grant's or must be looked up.
    Client(&'a Access),
}

impl Grant {
    /// The live access token this handle names.
    pub fn access(&self, handle: &AccessHandle, now: Timestamp) -> Option<&Access> {
        if !self.is_live(now) || handle.grant() != self.id {
            return None;
        }
        let digest = handle.digest();
        self.access.iter().find(|access| access.digest == digest && now < access.expires_at)
    }

    /// What a caller may learn of a token: nothing but to its client and its audience (RFC 7662 section 4).
    pub fn introspect(&self, handle: &AccessHandle, caller: &ClientId, now: Timestamp) -> Option<Introspection<'_>> {
        let access = self.access(handle, now)?;
        if access.audience.contains(caller.as_str()) {
            return Some(Introspection::Audience(access));
        }
        (access.client_id == *caller).then_some(Introspection::Client(access))
    }

    /// Revokes one access token and what it was exchanged for (RFC 7009 section 2.1); whether it was the caller's and
    /// alive. Another client's stays as it is.
    pub fn revoke_access(&mut self, handle: &AccessHandle, caller: &ClientId, now: Timestamp) -> bool {
        let digest = match self.access(handle, now) {
            Some(access) if access.client_id == *caller => access.digest.clone(),
            _ => return false,
        };
        self.forget(&digest);
        true
    }

    /// Adds a token of the grant's own client. Lives for 5 minutes, but never longer than the grant.
    pub(super) fn issue_access(&mut self, new: NewAccess, now: Timestamp) -> AccessHandle {
        let NewAccess { fresh, audience, scopes, jkt } = new;
        let handle = AccessHandle::new(self.id, fresh);
        let granted = &self.authorization;
        let access = Access {
            digest: handle.digest(),
            issued_at: now,
            expires_at: self.expires_at.min(now + ACCESS_TOKEN_LIFETIME),
            client_id: granted.client_id.clone(),
            audience,
            scopes: scopes.filtered(|scope| granted.scopes.contains(scope.as_str())),
            subject: granted.subject.clone(),
            jkt,
            act: None,
            parent: None,
        };
        self.remember(access, now);
        handle
    }

    /// Writes a token down, without the expired ones and without growing past [`MOST`]. What makes room is nobody's
    /// parent, so that revoking a token always reaches all that came of it.
    pub(super) fn remember(&mut self, access: Access, now: Timestamp) {
        self.access.retain(|old| now < old.expires_at);
        self.access.push(access);
        while self.access.len() > MOST {
            let (new, old) = (self.access.last(), self.access.iter().rev().skip(1));
            let childless =
                old.filter(|old| !self.access.iter().any(|other| other.parent.as_ref() == Some(&old.digest)));
            let Some(first) = childless.min_by_key(|old| old.expires_at).or(new).map(|old| old.digest.clone()) else {
                break;
            };
            self.access.retain(|old| old.digest != first);
        }
    }

    /// Removes a token and, through all generations, what it was exchanged for.
    fn forget(&mut self, digest: &TokenDigest) {
        let mut dead = vec![digest.clone()];
        while let Some(digest) = dead.pop() {
            let children = self.access.iter().filter(|access| access.parent.as_ref() == Some(&digest));
            dead.extend(children.map(|access| access.digest.clone()));
            self.access.retain(|access| access.digest != digest);
        }
    }
}
