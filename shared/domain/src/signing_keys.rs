//! The keys that sign tokens: three per algorithm, whose roles a row decides and a rotation permutes.
//!
//! ```text
//!          rotate               rotate
//!   next ----------> current ----------> retiring --.
//!    ^   (24 h after it was published)               |
//!    `-----------------------------------------------'
//!            rotate (1 h after its last signature)
//! ```
//!
//! All three are published at all times, so that a key is known before its first signature and as long as anything it
//! signed is valid; but for a key that is not to be trusted, which an emergency turns away: what it signed is worth nothing.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::operator::{Justification, Operator};

/// How long a key is published before it signs (facts.md).
pub const PUBLISHED_BEFORE_USE: SignedDuration = SignedDuration::from_hours(24);
/// After it, nothing that a retired key signed is valid: tokens live minutes, caches of which key is current one.
pub const LAST_TOKEN: SignedDuration = SignedDuration::from_hours(1);

/// A signature algorithm (RFC 7518).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
}

/// What a key is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Published, not yet used.
    Next,
    /// Signs.
    Current,
    /// Signed until the last rotation.
    Retiring,
}

/// A public key as a JWK (RFC 7517): its members are all texts.
pub type PublicJwk = BTreeMap<String, String>;

/// A key of KMS that signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// In KMS.
    pub arn: String,
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// The public half, with `kid`, `alg` and `use`.
    pub jwk: PublicJwk,
    /// Its role.
    pub role: Role,
    /// Since when it has it.
    pub since: Timestamp,
    /// Whether an emergency turned it away: it is published no more and never signs again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub distrusted: bool,
}

/// A key of which no row knows yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// In KMS.
    pub arn: String,
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// The public half, with `kid`, `alg` and `use`.
    pub jwk: PublicJwk,
}

/// An algorithm's three keys, one in each role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<SigningKey>", into = "Vec<SigningKey>")]
pub struct KeyRing {
    next: SigningKey,
    current: SigningKey,
    retiring: SigningKey,
}

/// Who rotated last, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Who.
    pub operator: Operator,
    /// Why.
    pub reason: Justification,
    /// When.
    pub at: Timestamp,
    /// The `kid` of the key that was turned away with it, in an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distrust: Option<String>,
}

/// Why the keys stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationRefused {
    /// Relying parties may not know the next key yet.
    #[error("the next key is not published for 24 hours yet; from {0} on it is")]
    NextTooNew(Timestamp),
    /// Tokens of the retiring key may still be valid.
    #[error("tokens of the retiring key may still be valid until {0}")]
    RetiringTooNew(Timestamp),
    /// The key that is not to be trusted does not sign: it was turned away already.
    #[error("the key that is not to be trusted is not the current one")]
    NotCurrent,
    /// An emergency turned the next key away.
    #[error("the next key is not to be trusted: replace it in the template, then adopt")]
    NextDistrusted,
}

/// Not one key in each role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one key in each of the three roles")]
pub struct KeyRingError;

/// Not an algorithm that tokens are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ES256 or RS256")]
pub struct AlgorithmError;

impl Algorithm {
    /// Both.
    pub const EVERY: [Self; 2] = [Self::Es256, Self::Rs256];

    /// As `alg` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = AlgorithmError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or(AlgorithmError)
    }
}

impl NewKey {
    fn with(self, role: Role, since: Timestamp) -> SigningKey {
        SigningKey { arn: self.arn, kid: self.kid, jwk: self.jwk, role, since, distrusted: false }
    }
}

impl SigningKey {
    fn becomes(self, role: Role, since: Timestamp) -> Self {
        Self { role, since, ..self }
    }
}

impl KeyRing {
    /// The first ring of an algorithm: nothing was signed yet, so any key may be current.
    pub fn begin([current, next, retiring]: [NewKey; 3], now: Timestamp) -> Self {
        Self {
            next: next.with(Role::Next, now),
            current: current.with(Role::Current, now),
            retiring: retiring.with(Role::Retiring, now),
        }
    }

    /// The key that signs.
    pub const fn current(&self) -> &SigningKey {
        &self.current
    }

    /// All three.
    pub const fn every(&self) -> [&SigningKey; 3] {
        [&self.current, &self.next, &self.retiring]
    }

    /// What the JWKS lists, and what a signature of ours may name: those that are to be trusted.
    pub fn published(&self) -> impl Iterator<Item = &SigningKey> {
        self.every().into_iter().filter(|key| !key.distrusted)
    }

    /// The published key of this `kid`.
    pub fn find(&self, kid: &str) -> Option<&SigningKey> {
        self.published().find(|key| key.kid == kid)
    }

    /// The next key signs from now on. An emergency (the current key is the one to `distrust`) waits for nothing, and turns
    /// that key away for good.
    ///
    /// # Errors
    /// See [`RotationRefused`].
    pub fn rotate(self, now: Timestamp, distrust: Option<&str>) -> Result<Self, RotationRefused> {
        let emergency = distrust.is_some();
        if distrust.is_some_and(|kid| kid != self.current.kid) {
            return Err(RotationRefused::NotCurrent);
        }
        if self.next.distrusted {
            return Err(RotationRefused::NextDistrusted);
        }
        let published = self.next.since + PUBLISHED_BEFORE_USE;
        if now < published && !emergency {
            return Err(RotationRefused::NextTooNew(published));
        }
        let expired = self.retiring.since + LAST_TOKEN;
        if now < expired && !emergency {
            return Err(RotationRefused::RetiringTooNew(expired));
        }
        Ok(Self {
            current: self.next.becomes(Role::Current, now),
            retiring: SigningKey { distrusted: emergency, ..self.current.becomes(Role::Retiring, now) },
            next: self.retiring.becomes(Role::Next, now),
        })
    }

    /// The keys of the ring that `arns` no longer names.
    pub fn strangers(&self, arns: &[String; 3]) -> usize {
        self.every().into_iter().filter(|key| !arns.contains(&key.arn)).count()
    }

    /// The ring with these keys of the template, known ones in their roles, new ones in the roles that became free. A
    /// new key never signs before a known one that is to be trusted: if the current key is gone, the next takes its place.
    pub fn adopt(&self, keys: [NewKey; 3], now: Timestamp) -> Self {
        let mut known: Vec<SigningKey> = Vec::new();
        let mut new: Vec<NewKey> = Vec::new();
        for key in keys {
            match self.every().into_iter().find(|known| known.arn == key.arn) {
                Some(known_key) => known.push(known_key.clone()),
                None => new.push(key),
            }
        }
        known.sort_by_key(|key| [Role::Current, Role::Next, Role::Retiring].iter().position(|role| *role == key.role));
        let mut free = vec![Role::Current, Role::Next, Role::Retiring];
        free.retain(|role| known.iter().all(|key| key.role != *role));
        if free.contains(&Role::Current)
            && let Some(heir) = known.iter_mut().find(|key| !key.distrusted)
        {
            let left = std::mem::replace(&mut heir.role, Role::Current);
            heir.since = now;
            free.retain(|role| *role != Role::Current);
            free.push(left);
            free.sort();
        }
        known.extend(free.into_iter().zip(new).map(|(role, key)| key.with(role, now)));
        // As many keys as roles, each role once: the sum of what was known and what was free.
        Self::try_from(known).unwrap_or_else(|_| self.clone())
    }
}

impl TryFrom<Vec<SigningKey>> for KeyRing {
    type Error = KeyRingError;

    fn try_from(keys: Vec<SigningKey>) -> Result<Self, Self::Error> {
        let with = |role: Role| {
            let mut found = keys.iter().filter(|key| key.role == role);
            found.next().filter(|_| found.next().is_none()).cloned().ok_or(KeyRingError)
        };
        Ok(Self { next: with(Role::Next)?, current: with(Role::Current)?, retiring: with(Role::Retiring)? })
    }
}

impl From<KeyRing> for Vec<SigningKey> {
    fn from(ring: KeyRing) -> Self {
        vec![ring.current, ring.next, ring.retiring]
    }
}

#[cfg(test)]
mod tests;
