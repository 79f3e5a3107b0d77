//! The provider's metadata (OpenID Connect Discovery section 3, RFC 8414, RFC 9126, RFC 9207, RFC 9449 and the logout
//! specifications): what clients configure themselves by.

use serde_json::{Value, json};

use crate::{
    acr::Acr, claim::ClaimName, client::GrantType, client_authentication::AuthMethod, dpop, jws::SigningAlgorithm,
    jwt::JwsAlgorithm, scope::Scope,
};

/// Where each endpoint is, below the issuer. The same as the template's routes.
pub mod path {
    /// Authorization endpoint.
    pub const AUTHORIZE: &str = "/connect/authorize";
    /// Pushed authorization requests.
    pub const PAR: &str = "/connect/par";
    /// Token endpoint.
    pub const TOKEN: &str = "/connect/token";
    /// Userinfo endpoint.
    pub const USERINFO: &str = "/connect/userinfo";
    /// Introspection.
    pub const INTROSPECT: &str = "/connect/introspect";
    /// Revocation.
    pub const REVOCATION: &str = "/connect/revocation";
    /// RP-initiated logout.
    pub const END_SESSION: &str = "/connect/endsession";
    /// The provider's metadata.
    pub const METADATA: &str = "/.well-known/openid-configuration";
    /// The provider's keys.
    pub const JWKS: &str = "/.well-known/openid-configuration/jwks";
}

/// The algorithms a client may sign with: assertions.
const CLIENT_ALGORITHMS: [&str; 3] = ["ES256", "PS256", "RS256"];

/// The document of an issuer.
pub fn metadata(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let methods: Vec<_> = AuthMethod::EVERY.iter().map(|method| method.as_str()).collect();
    let confidential: Vec<_> = methods.iter().filter(|method| **method != AuthMethod::None.as_str()).collect();
    let mut claims = vec!["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"];
    claims.extend(ClaimName::EVERY.map(ClaimName::as_str));
    json!({
        "issuer": issuer,
        "authorization_endpoint": at(path::AUTHORIZE),
        "pushed_authorization_request_endpoint": at(path::PAR),
        "token_endpoint": at(path::TOKEN),
        "userinfo_endpoint": at(path::USERINFO),
        "introspection_endpoint": at(path::INTROSPECT),
        "revocation_endpoint": at(path::REVOCATION),
        "end_session_endpoint": at(path::END_SESSION),
        "jwks_uri": at(path::JWKS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": GrantType::EVERY.map(GrantType::as_str),
        "subject_types_supported": ["pairwise", "public"],
        "scopes_supported": Scope::STANDARD,
        "claims_supported": claims,
        "claim_types_supported": ["normal"],
        "acr_values_supported": [Acr::Aal1.as_str(), Acr::Aal2.as_str()],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["th", "en"],
        "id_token_signing_alg_values_supported": [SigningAlgorithm::Es256.as_str(), SigningAlgorithm::Rs256.as_str()],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS.map(JwsAlgorithm::as_str),
        "authorization_response_iss_parameter_supported": true,
        "require_pushed_authorization_requests": false,
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checklist_3_neither_implicit_nor_password_is_advertised() {
        let text = metadata("https://id.example").to_string();
        for absent in ["id_token token", "\"token\"", "implicit", "password", "plain", "\"none\",\"HS256"] {
            assert!(!text.contains(absent), "{absent}");
        }
    }

    #[test]
    fn every_endpoint_is_the_issuers() {
        let document = metadata("https://id.example");
        for (name, value) in document.as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                assert!(value.as_str().unwrap().starts_with("https://id.example/"), "{name}");
            }
        }
    }
}
