//! The access token as a JWT (RFC 9068), for clients registered for it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    acr::Acr,
    actor::Actor,
    client::ClientId,
    grant::{Access, AccessTokenId, Person},
    jwk::{ServedKeys, Thumbprint},
    jwt::{JwsAlgorithm, Jwt, JwtError},
    numeric_date::NumericDate,
    scope::Scopes,
};

/// The claims of a JWT access token (RFC 9068 section 2.2).
#[derive(Clone, Debug, Serialize)]
pub struct AccessTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience<'a>,
    exp: NumericDate,
    iat: NumericDate,
    jti: String,
    client_id: &'a ClientId,
    #[serde(skip_serializing_if = "Scopes::is_empty")]
    scope: &'a Scopes,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<NumericDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<Acr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Actor>,
}

/// One as a string, several as an array (RFC 7519 section 4.1.3).
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(&'a str),
    Several(&'a BTreeSet<String>),
}

/// The key the token is bound to (RFC 9449 section 6.1).
#[derive(Clone, Debug, Serialize)]
struct Confirmation<'a> {
    jkt: &'a Thumbprint,
}

impl<'a> AccessTokenClaims<'a> {
    /// The claims of a token that a grant has issued, by its own entry there.
    pub fn new(issuer: &'a str, id: &AccessTokenId, access: &'a Access, person: Option<&'a Person>) -> Self {
        let one = access.audience.first().filter(|_| access.audience.len() == 1);
        Self {
            iss: issuer,
            sub: &access.subject,
            aud: one.map_or(Audience::Several(&access.audience), |one| Audience::One(one)),
            exp: access.expires_at.into(),
            iat: access.issued_at.into(),
            jti: id.expose(),
            client_id: &access.client_id,
            scope: &access.scopes,
            auth_time: person.map(|person| person.auth_time.into()),
            acr: person.map(|person| person.acr),
            amr: person.map(|person| person.amr.as_slice()),
            cnf: access.jkt.as_ref().map(|jkt| Confirmation { jkt }),
            act: access.act.as_ref(),
        }
    }
}

/// The id in a JWT access token of ours that somebody presents, its signature verified. Whether the token lives, its
/// grant says: the row is the truth, the JWT a copy for resources that do not ask.
///
/// # Errors
/// [`JwtError`]
pub fn verified_id(token: &str, issuer: &str, keys: &ServedKeys) -> Result<AccessTokenId, JwtError> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
        jti: String,
    }
    let jwt = Jwt::parse(token)?;
    if !jwt.is_typ("at+jwt") {
        return Err(JwtError::Malformed);
    }
    let named = keys.named(jwt.kid(), jwt.algorithm());
    let claims: Claims = jwt.claims(named, &[JwsAlgorithm::Es256, JwsAlgorithm::Rs256])?;
    if claims.iss != issuer {
        return Err(JwtError::UnknownKey);
    }
    claims.jti.parse().map_err(|_| JwtError::Malformed)
}

#[cfg(test)]
mod tests;
