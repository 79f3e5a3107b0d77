//! Scopes (RFC 6749 section 3.3): what a client asks to do, and which claims that means.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::claim::ClaimName;

/// The most scopes a request or a client may name.
const MOST: usize = 64;
/// The longest scope, in bytes.
const LONGEST: usize = 128;

/// One scope token: the protocol's own, a claim's name as the clients of older services ask for it, or an agency's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(String);

impl Scope {
    /// OpenID Connect Core section 3.1.2.1: without it there is no ID token.
    pub const OPENID: &'static str = "openid";
    /// OpenID Connect Core section 11: tokens that outlive the session.
    pub const OFFLINE_ACCESS: &'static str = "offline_access";
    /// The scopes of the contract, as discovery lists them.
    pub const STANDARD: [&'static str; 6] = ["openid", "profile", "phone", "email", "citizen_id", "offline_access"];

    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The claims this scope asks for; none for a scope of an agency's own.
    pub fn claims(&self) -> Vec<ClaimName> {
        use ClaimName::{
            Birthdate, CitizenId, CitizenIdVerified, Email, EmailVerified, FamilyName, GivenName, MiddleName, Name,
            PhoneNumber, PhoneNumberVerified, PreferredUsername,
        };
        match self.0.as_str() {
            "profile" => vec![GivenName, MiddleName, FamilyName, Name, PreferredUsername, Birthdate],
            "phone" => vec![PhoneNumber, PhoneNumberVerified],
            "email" => vec![Email, EmailVerified],
            "citizen_id" => vec![CitizenId, CitizenIdVerified],
            other => other.parse().into_iter().collect(),
        }
    }

    /// Whether it means something to us: what does not is an agency's, and counts only where it is registered.
    pub fn is_known(&self) -> bool {
        Self::STANDARD.contains(&self.as_str()) || !self.claims().is_empty()
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ScopeError)
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}

/// Not a list of scopes as RFC 6749 section 3.3 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a list of scopes")]
pub struct ScopeError;

/// A set of scopes, written with spaces between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether it names this scope.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|each| each.as_str() == scope)
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each scope.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether every one of these is also in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Those for which `keep` says so.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&Scope) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// The claims asked for by all of them.
    pub fn claims(&self) -> BTreeSet<ClaimName> {
        self.0.iter().flat_map(Scope::claims).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for Scopes {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scopes: BTreeSet<Scope> =
            text.split(' ').filter(|scope| !scope.is_empty()).map(str::parse).collect::<Result<_, _>>()?;
        if scopes.len() <= MOST { Ok(Self(scopes)) } else { Err(ScopeError) }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes: Vec<_> = self.0.iter().map(Scope::as_str).collect();
        formatter.write_str(&scopes.join(" "))
    }
}

impl TryFrom<String> for Scopes {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scopes_mean_the_contracts_claims() {
        let scopes: Scopes = "openid phone citizen_id".parse().unwrap();
        let claims: Vec<_> = scopes.claims().into_iter().map(ClaimName::as_str).collect();
        assert_eq!(claims, ["phone_number", "phone_number_verified", "citizen_id", "citizen_id_verified"]);
        let older: Scopes = "given_name ial_level user_id".parse().unwrap();
        assert_eq!(older.claims().len(), 3, "older services' scopes are single claims");
        assert!(!"tax.read".parse::<Scope>().unwrap().is_known());
    }

    #[test]
    fn what_is_no_scope_token_is_refused() {
        for text in ["a\"b", "a\\b", "ก", "a\tb", &"x".repeat(LONGEST + 1)] {
            assert!(text.parse::<Scopes>().is_err(), "{text}");
        }
        assert!("  ".parse::<Scopes>().unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn scopes_come_back_as_written(text in "([a-z_.:]{1,9} ){0,9}") {
            let scopes: Scopes = text.parse().unwrap();
            prop_assert_eq!(scopes.to_string().parse::<Scopes>().unwrap(), scopes);
        }
    }
}
