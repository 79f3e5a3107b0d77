//! A grant: what one client was given on one occasion, and every token that comes of it. One value, written as a whole
//! under a condition on its version, so that of two who come at once one loses and reads again.
//!
//! ```text
//!                    redeem: once,          rotate: the current token, or within 10 s the one
//!                    within 60 s            before it while its successor is unused
//!  (begin) ──► code ───────────────► tokens ◄────────────┐
//!                │                     │ └───────────────┘
//!                │ code presented      │ refresh token presented that was rotated away,
//!                │ again               │ or revocation, or sign-out
//!                └─────────┬───────────┘
//!                          ▼
//!                       revoked: no token lives             after `expires_at`, which never moves: the same
//! ```
//!
//! Every presentation is in two parts. `check_*` takes `&self` and decides; what it answers is the permission that the
//! consuming half (`redeem`, `rotate`, `exchange`) takes. Nothing is used up by somebody who was going to be refused
//! (RFC 9700 section 4.5.3.2), and a reuse shows only to who passed every other check. Where a refusal says `Reused`,
//! the caller revokes the grant (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).

mod access;
mod code;
mod exchange;
mod refresh;
mod secret;
mod token;

use std::collections::BTreeSet;

use domain::{account::AccountId, assurance::Ial, session::SessionId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use access::{Access, AccessHandle, FreshAccess, Introspection, NewAccess};
pub use code::{CodePresentation, CodeRefusal, CodeTerms, Redeemable};
pub use exchange::{Exchange, ExchangeRefusal, ExchangeRequest, Exchangeable};
pub use refresh::{Binding, FreshRefresh, GRACE, RefreshPresentation, RefreshRefusal, Rotatable};
pub use secret::TokenDigest;
pub use token::{AccessToken, AccessTokenId, Code, GrantId, RefreshToken, TokenError};

use crate::{
    acr::Acr,
    claim::{ClaimName, ClaimsRequest},
    client::ClientId,
    scope::Scopes,
};

/// How long an authorization code can be redeemed (RFC 6749 section 4.1.2; FAPI 2.0 section 5.3.2.1 has 60 s at most).
pub const CODE_LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// How long an access token lives.
pub const ACCESS_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// How long a grant with refresh tokens lives, however often they rotate: 30 days.
pub const OFFLINE_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What was granted, to whom, about whom. Never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// The client.
    pub client_id: ClientId,
    /// What it may do.
    pub scopes: Scopes,
    /// The resources its access tokens may be for (RFC 8707).
    #[serde(default)]
    pub resources: BTreeSet<String>,
    /// The person's `sub` in the client's sector; the client's own id where there is no person.
    pub subject: String,
    /// The person, where there is one (`client_credentials` has none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
}

/// The person behind a grant, and the sign-in it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account.
    pub account_id: AccountId,
    /// The session it was granted in.
    pub session: SessionId,
    /// That session's name towards this client (OpenID Connect Front-Channel Logout section 3).
    pub sid: String,
    /// When the person signed in.
    pub auth_time: Timestamp,
    /// How well.
    pub acr: Acr,
    /// With what (RFC 8176).
    pub amr: Vec<String>,
    /// How sure we are of the identity.
    pub ial: Ial,
    /// What the `claims` parameter asked for.
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// What was asked for and not agreed to, since there was nothing to tell then: not told under this grant later either.
    #[serde(default)]
    pub kept_back: BTreeSet<ClaimName>,
    /// `nonce`, for the ID token that comes with the code's redemption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// A grant, as stored. What was granted can be read; where it stands changes only through its functions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    id: GrantId,
    authorization: Authorization,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<code::IssuedCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<refresh::Family>,
    #[serde(default)]
    access: Vec<Access>,
    created_at: Timestamp,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
}

impl Grant {
    /// A grant that begins with an authorization code, and the code, from fresh random bytes.
    ///
    /// With `offline_access` in its scope it lives for [`OFFLINE_LIFETIME`], else as long as the tokens of one
    /// redemption can.
    pub fn with_code(
        id: GrantId,
        authorization: Authorization,
        terms: CodeTerms,
        random: [u8; 32],
        now: Timestamp,
    ) -> (Self, Code) {
        let lifetime = if authorization.scopes.contains(crate::scope::Scope::OFFLINE_ACCESS) {
            OFFLINE_LIFETIME
        } else {
            CODE_LIFETIME + ACCESS_TOKEN_LIFETIME
        };
        let code = Code::new(id, random);
        let mut grant = Self::begin(id, authorization, lifetime, now);
        grant.code = Some(code::IssuedCode::new(&code, terms, now));
        (grant, code)
    }

    /// A grant without a person and its one access token (RFC 6749 section 4.4; no refresh token, section 4.4.3).
    pub fn with_access_token(
        id: GrantId,
        authorization: Authorization,
        access: NewAccess,
        now: Timestamp,
    ) -> (Self, AccessHandle) {
        let mut grant = Self::begin(id, authorization, ACCESS_TOKEN_LIFETIME, now);
        let handle = grant.issue_access(access, now);
        (grant, handle)
    }

    const fn begin_parts(id: GrantId, authorization: Authorization, now: Timestamp, expires_at: Timestamp) -> Self {
        Self {
            id,
            authorization,
            code: None,
            refresh: None,
            access: Vec::new(),
            created_at: now,
            expires_at,
            revoked_at: None,
        }
    }

    fn begin(id: GrantId, authorization: Authorization, lifetime: SignedDuration, now: Timestamp) -> Self {
        Self::begin_parts(id, authorization, now, now + lifetime)
    }

    /// Its id.
    pub const fn id(&self) -> GrantId {
        self.id
    }

    /// What was granted.
    pub const fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    /// When it began.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When the last of its tokens is dead at the latest, and the row of no more use.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Since when it is revoked.
    pub const fn revoked_at(&self) -> Option<Timestamp> {
        self.revoked_at
    }

    /// Whether it is good for longer than the session it was given in (OpenID Connect Core section 11).
    pub fn outlives_its_session(&self) -> bool {
        self.authorization.scopes.contains(crate::scope::Scope::OFFLINE_ACCESS)
    }

    /// Whether any token of it can live.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Ends it and every token of it. Revoked once, it stays revoked since then.
    pub fn revoke(&mut self, now: Timestamp) {
        self.revoked_at.get_or_insert(now);
        self.access.clear();
    }
}

#[cfg(test)]
mod tests;
