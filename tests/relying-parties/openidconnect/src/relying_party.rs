//! One client of ours, configured by the provider's metadata.

use std::collections::HashMap;

use openidconnect::{
    AccessToken, AdditionalClaims, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndSessionUrl,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IntrospectionUrl, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadataWithLogout, RedirectUrl, RefreshToken, Scope, SubjectIdentifier, TokenResponse,
    UserInfoClaims,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdTokenClaims, CoreJwsSigningAlgorithm,
        CoreTokenResponse,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Failure, World};

pub const CALLBACK: &str = "http://localhost:4499/callback";
pub const SIGNED_OUT: &str = "http://localhost:4499/signed-out";

/// The claims of userinfo that are ours.
#[derive(Debug, Deserialize, Serialize)]
pub struct Citizen {
    pub citizen_id: String,
}

impl AdditionalClaims for Citizen {}

type Connected =
    CoreClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

pub struct RelyingParty {
    pub client: Connected,
    pub end_session: EndSessionUrl,
    algorithm: CoreJwsSigningAlgorithm,
}

/// What an authorization request was answered with, and what the answer is checked against.
pub struct Answer {
    pub code: AuthorizationCode,
    pub verifier: PkceCodeVerifier,
    pub nonce: Nonce,
}

impl RelyingParty {
    /// Registers it as an operator does, with this metadata too.
    pub fn registered(world: &World, more: &Value) -> Result<Self, Failure> {
        let mut metadata = json!({
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [SIGNED_OUT],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid profile citizen_id offline_access",
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            metadata[name] = value.clone();
        }
        let asked = world.http.post(format!("{}/_local/clients", world.service)).body(metadata.to_string());
        let told: Value = serde_json::from_str(&asked.send()?.error_for_status()?.text()?)?;
        let provider = ProviderMetadataWithLogout::discover(&IssuerUrl::new(world.service.to_owned())?, world.http)?;
        let end_session =
            provider.additional_metadata().end_session_endpoint.clone().ok_or("no end-session endpoint")?;
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let client = CoreClient::from_provider_metadata(
            provider,
            ClientId::new(text("client_id")),
            Some(ClientSecret::new(text("client_secret"))),
        )
        .set_redirect_uri(RedirectUrl::new(CALLBACK.into())?)
        .set_introspection_url(IntrospectionUrl::new(format!("{}/connect/introspect", world.service))?);
        let algorithm = match text("id_token_signed_response_alg").as_str() {
            "ES256" => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            _ => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        };
        Ok(Self { client, end_session, algorithm })
    }

    /// Asks the person, and checks the state that comes back.
    pub fn ask(&self, world: &World) -> Result<Answer, Failure> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = self
            .client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["profile", "citizen_id", "offline_access"].map(|scope| Scope::new(scope.into())))
            .set_pkce_challenge(challenge)
            .url();
        let led = world.person.answers(&url, CALLBACK)?;
        let mut told: HashMap<_, _> = led.query_pairs().into_owned().collect();
        if told.get("state") != Some(state.secret()) || told.get("iss").map(String::as_str) != Some(world.service) {
            return Err(format!("another state or issuer: {led}").into());
        }
        let code = told.remove("code").ok_or_else(|| format!("no code: {led}"))?;
        Ok(Answer { code: AuthorizationCode::new(code), verifier, nonce })
    }

    pub fn redeem(
        &self,
        world: &World,
        code: &AuthorizationCode,
        verifier: PkceCodeVerifier,
    ) -> Result<CoreTokenResponse, Failure> {
        Ok(self.client.exchange_code(code.clone())?.set_pkce_verifier(verifier).request(world.http)?)
    }

    /// The ID token's claims, once signature, issuer, audience, times and nonce are good.
    pub fn claims(&self, tokens: &CoreTokenResponse, nonce: &Nonce) -> Result<CoreIdTokenClaims, Failure> {
        let verifier = self.client.id_token_verifier().set_allowed_algs([self.algorithm.clone()]);
        Ok(tokens.id_token().ok_or("no ID token")?.claims(&verifier, nonce)?.clone())
    }

    pub fn sign_in(&self, world: &World) -> Result<(CoreTokenResponse, CoreIdTokenClaims), Failure> {
        let answer = self.ask(world)?;
        let tokens = self.redeem(world, &answer.code, answer.verifier)?;
        let claims = self.claims(&tokens, &answer.nonce)?;
        Ok((tokens, claims))
    }

    pub fn refresh(&self, world: &World, token: &RefreshToken) -> Result<CoreTokenResponse, Failure> {
        Ok(self.client.exchange_refresh_token(token)?.request(world.http)?)
    }

    pub fn userinfo(
        &self,
        world: &World,
        token: &AccessToken,
        expected: Option<SubjectIdentifier>,
    ) -> Result<UserInfoClaims<Citizen, CoreGenderClaim>, Failure> {
        Ok(self.client.user_info(token.clone(), expected)?.request(world.http)?)
    }
}
