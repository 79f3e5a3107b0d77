//! Claims (OpenID Connect Core section 5): what can be told of a person, and the `claims` parameter that asks for it.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest `claims` parameter, in bytes.
const LONGEST: usize = 4096;

/// Something that userinfo can tell of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimName {
    /// First name.
    GivenName,
    /// Middle name.
    MiddleName,
    /// Last name.
    FamilyName,
    /// All of the name.
    Name,
    /// The username.
    PreferredUsername,
    /// `YYYY-MM-DD`, zeros for what is not known.
    Birthdate,
    /// E.164.
    PhoneNumber,
    /// Whether a code sent there came back.
    PhoneNumberVerified,
    /// E-mail address.
    Email,
    /// Whether it was verified.
    EmailVerified,
    /// The 13 digits. Only from userinfo, only to clients approved for it.
    CitizenId,
    /// Whether somebody other than the person vouched for it.
    CitizenIdVerified,
    /// The subject, under the name that older services know.
    UserId,
    /// The assurance level of the identity.
    IalLevel,
}

impl ClaimName {
    /// Every one, in the order of the contract.
    pub const EVERY: [Self; 14] = [
        Self::GivenName,
        Self::MiddleName,
        Self::FamilyName,
        Self::Name,
        Self::PreferredUsername,
        Self::Birthdate,
        Self::PhoneNumber,
        Self::PhoneNumberVerified,
        Self::Email,
        Self::EmailVerified,
        Self::CitizenId,
        Self::CitizenIdVerified,
        Self::UserId,
        Self::IalLevel,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GivenName => "given_name",
            Self::MiddleName => "middle_name",
            Self::FamilyName => "family_name",
            Self::Name => "name",
            Self::PreferredUsername => "preferred_username",
            Self::Birthdate => "birthdate",
            Self::PhoneNumber => "phone_number",
            Self::PhoneNumberVerified => "phone_number_verified",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::CitizenId => "citizen_id",
            Self::CitizenIdVerified => "citizen_id_verified",
            Self::UserId => "user_id",
            Self::IalLevel => "ial_level",
        }
    }

    /// Whether a person is asked before it is told. The subject is none of theirs to keep back, and the level is told
    /// to everybody.
    pub const fn needs_consent(self) -> bool {
        !matches!(self, Self::UserId | Self::IalLevel)
    }
}

impl FromStr for ClaimName {
    type Err = UnknownClaim;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|claim| claim.as_str() == text).ok_or(UnknownClaim)
    }
}

/// A claim we do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown claim")]
pub struct UnknownClaim;

/// The `claims` parameter (OpenID Connect Core section 5.5), as far as it means something here.
///
/// Personal claims are told by userinfo alone, so of `id_token` only what concerns the sign-in itself is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// Asked of userinfo.
    pub userinfo: BTreeSet<ClaimName>,
    /// The subject the person must turn out to be (section 5.5.1).
    pub subject: Option<String>,
    /// The contexts of which one must be met, or the request fails.
    pub essential_acr: Vec<String>,
    /// The contexts that are preferred.
    pub voluntary_acr: Vec<String>,
}

/// Why a `claims` parameter cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("claims is not what OpenID Connect Core section 5.5 describes")]
pub struct ClaimsRequestError;

impl FromStr for ClaimsRequest {
    type Err = ClaimsRequestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(ClaimsRequestError);
        }
        let members: Map<String, Value> = serde_json::from_str(text).map_err(|_| ClaimsRequestError)?;
        let userinfo = individual(&members, "userinfo")?;
        let id_token = individual(&members, "id_token")?;
        let mut request =
            Self { userinfo: userinfo.keys().filter_map(|name| name.parse().ok()).collect(), ..Self::default() };
        if let Some(Value::Object(subject)) = id_token.get("sub").or_else(|| userinfo.get("sub")) {
            request.subject = subject.get("value").and_then(Value::as_str).map(str::to_owned);
        }
        if let Some(Value::Object(acr)) = id_token.get("acr") {
            let values = values(acr);
            if acr.get("essential") == Some(&Value::Bool(true)) {
                request.essential_acr = values;
            } else {
                request.voluntary_acr = values;
            }
        }
        Ok(request)
    }
}

fn individual(members: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, ClaimsRequestError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(claims)) if claims.values().all(|value| value.is_null() || value.is_object()) => {
            Ok(claims.clone())
        }
        Some(_) => Err(ClaimsRequestError),
    }
}

fn values(claim: &Map<String, Value>) -> Vec<String> {
    let one = claim.get("value").into_iter();
    let many = claim.get("values").and_then(Value::as_array).into_iter().flatten();
    one.chain(many).filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_parts_that_concern_us_are_read() {
        let request: ClaimsRequest = r#"{
            "userinfo": {"given_name": {"essential": true}, "citizen_id": null, "https://x.example/y": null},
            "id_token": {"sub": {"value": "abc"}, "acr": {"essential": true, "values": ["aal2"]}, "name": null}
        }"#
        .parse()
        .unwrap();
        assert_eq!(request.userinfo, BTreeSet::from([ClaimName::GivenName, ClaimName::CitizenId]));
        assert_eq!((request.subject.as_deref(), request.essential_acr), (Some("abc"), vec!["aal2".to_owned()]));
        assert!(request.voluntary_acr.is_empty());
    }

    #[test]
    fn what_is_not_an_object_of_objects_is_refused() {
        for text in ["", "[]", "null", r#"{"userinfo": []}"#, r#"{"userinfo": {"name": 1}}"#, r#"{"id_token": "x"}"#] {
            assert_eq!(text.parse::<ClaimsRequest>(), Err(ClaimsRequestError), "{text}");
        }
        assert_eq!("{}".parse::<ClaimsRequest>(), Ok(ClaimsRequest::default()));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,200}") {
            let _ = text.parse::<ClaimsRequest>();
        }
    }
}
