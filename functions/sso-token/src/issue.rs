//! What a grant gives: access token, refresh token, ID token, in the format the client is registered for.

use std::collections::BTreeSet;

use domain::limit::{Bucket, Limit};
use endpoint::Failure;
use jiff::{SignedDuration, Timestamp};
use oidc::{
    access_token::AccessTokenClaims,
    client::{AccessTokenFormat, Client, ClientId},
    grant::{AccessHandle, FreshAccess, Grant, NewAccess, RefreshToken},
    id_token::IdToken,
    jwk::Thumbprint,
    jws::Typ,
    scope::{Scope, Scopes},
};
use serde_json::{Map, Value};

use crate::SsoToken;

/// Tokens of a grant, about to be signed.
pub(crate) struct Tokens<'a> {
    pub(crate) grant: &'a Grant,
    pub(crate) access: &'a AccessHandle,
    pub(crate) refresh: Option<&'a RefreshToken>,
    /// Whether the ID token answers an authorization request, and carries its nonce.
    pub(crate) is_first: bool,
}

impl SsoToken {
    /// An access token to be issued to a client.
    pub(crate) fn new_access(
        &self,
        client: &Client,
        audience: BTreeSet<String>,
        scopes: Scopes,
        jkt: Option<Thumbprint>,
    ) -> NewAccess {
        let fresh = match client.access_token_format {
            AccessTokenFormat::Opaque => FreshAccess::Opaque(self.entropy.bytes()),
            AccessTokenFormat::Jwt => FreshAccess::Jwt(self.entropy.bytes()),
        };
        NewAccess { fresh, audience, scopes, jkt }
    }

    /// The answer of RFC 6749 section 5.1 and OpenID Connect Core section 3.1.3.3. One Sign for each JWT in it.
    pub(crate) async fn tell(&self, client: &Client, tokens: Tokens<'_>, now: Timestamp) -> Result<Value, Failure> {
        let Tokens { grant, access: handle, refresh, is_first } = tokens;
        let access = grant.access(handle, now).ok_or(Failure::Ours)?;
        let authorization = grant.authorization();
        let token = match handle {
            AccessHandle::Opaque(token) => token.expose(),
            AccessHandle::Jwt(id) => {
                let claims = AccessTokenClaims::new(&self.issuer, id, access, authorization.person.as_ref());
                self.sign(client, Typ::AccessToken, &claims, now).await?
            }
        };
        let mut body = Map::new();
        body.insert("access_token".into(), token.as_str().into());
        body.insert("token_type".into(), if access.jkt.is_some() { "DPoP" } else { "Bearer" }.into());
        body.insert("expires_in".into(), access.expires_at.duration_since(now).as_secs().into());
        body.insert("scope".into(), access.scopes.to_string().into());
        if let Some(person) = authorization.person.as_ref().filter(|_| access.scopes.contains(Scope::OPENID)) {
            let claims = match is_first {
                true => IdToken::new(&self.issuer, authorization, person, now),
                false => IdToken::refreshed(&self.issuer, authorization, person, now),
            };
            let id_token = self.sign(client, Typ::Jwt, &claims.beside(&token), now).await?;
            body.insert("id_token".into(), id_token.into());
        }
        if let Some(refresh) = refresh {
            body.insert("refresh_token".into(), refresh.expose().into());
        }
        Ok(Value::Object(body))
    }

    async fn sign(
        &self,
        client: &Client,
        typ: Typ,
        claims: &impl serde::Serialize,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let signed = self.signing.sign(client.id_token_signed_response_alg, typ, claims, now);
        let bucket = signatures(&client.client_id, now);
        let (signed, counted) = tokio::join!(signed, self.limits.count(&bucket));
        if let Err(error) = counted {
            tracing::warn!(%error, "a signature was not counted");
        }
        signed.map_err(Failure::unavailable)
    }
}

/// What a client had signed this minute. Looked up before, counted beside the work: KMS is everybody's, and a client that
/// floods it is slowed to its registered rate, a few more or less.
pub(crate) fn signatures(client_id: &ClientId, now: Timestamp) -> Bucket {
    const SIGNATURES: Limit = Limit::new("signatures", u32::MAX, SignedDuration::from_mins(1));
    SIGNATURES.bucket(client_id.as_str(), now)
}
