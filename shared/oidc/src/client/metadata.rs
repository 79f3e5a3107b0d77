//! Client metadata as JSON (RFC 7591 section 2), read strictly: every member checked, all errors at once. Members nobody
//! knows are left out, as section 2 asks.

use std::{collections::BTreeSet, str::FromStr};

use domain::{assurance::Ial, language::Localised};
use serde_json::{Map, Value};

use super::{
    AccessTokenFormat, Client, ClientId, GrantType, Locality, SubjectType,
    url::{self, Address},
};
use crate::{
    claim::ClaimName,
    client_authentication::AuthMethod,
    jwk::ClientKeys,
    jws::SigningAlgorithm,
    profile::Profile,
    scope::{Scope, Scopes},
};

/// What a client may have signed a minute unless an operator says otherwise.
const SIGNATURES_PER_MINUTE: u64 = 6000;
/// The most addresses of a kind.
const MOST: usize = 32;

/// One member that has to be corrected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {reason}")]
pub struct MetadataError {
    /// Which member.
    pub member: &'static str,
    /// What it should be, for the operator.
    pub reason: String,
}

/// Metadata being read.
#[derive(Debug)]
pub struct Registration<'a> {
    metadata: &'a Map<String, Value>,
    locality: Locality,
    errors: Vec<MetadataError>,
}

impl<'a> Registration<'a> {
    /// Reads a client. `random_id` is for one that chooses none.
    ///
    /// # Errors
    /// Every member that has to be corrected.
    pub fn read(
        metadata: &'a Map<String, Value>,
        random_id: ClientId,
        locality: Locality,
    ) -> Result<Client, Vec<MetadataError>> {
        let mut registration = Self { metadata, locality, errors: Vec::new() };
        let client = registration.client(random_id);
        if registration.errors.is_empty() { Ok(client) } else { Err(registration.errors) }
    }

    fn client(&mut self, random_id: ClientId) -> Client {
        let client_id = self.parsed("client_id").unwrap_or(random_id);
        let profile = self.profile();
        let method = self.auth_method(profile);
        let redirect_uris = self.addresses("redirect_uris", method == AuthMethod::None);
        let sector = self.sector(&client_id, &redirect_uris);
        let client = Client {
            name: self
                .localised("client_name")
                .unwrap_or_else(|| Localised { th: client_id.to_string(), en: client_id.to_string() }),
            agency: self.localised("agency"),
            purpose: self.localised("purpose"),
            client_uri: self.called("client_uri"),
            policy_uri: self.called("policy_uri"),
            post_logout_redirect_uris: self.addresses("post_logout_redirect_uris", method == AuthMethod::None),
            grant_types: self.grant_types(),
            scope: self.scope(),
            jwks: self.jwks(),
            jwks_uri: self.called("jwks_uri"),
            id_token_signed_response_alg: self.signing_algorithm(profile),
            subject_type: self
                .one_of("subject_type", &[("pairwise", SubjectType::Pairwise), ("public", SubjectType::Public)])
                .unwrap_or_default(),
            require_pushed_authorization_requests: self
                .flag("require_pushed_authorization_requests", profile == Profile::Fapi2),
            dpop_bound_access_tokens: self.flag("dpop_bound_access_tokens", profile == Profile::Fapi2),
            backchannel_logout_uri: self.called("backchannel_logout_uri"),
            backchannel_logout_session_required: self.flag("backchannel_logout_session_required", false),
            require_pkce: self.flag("require_pkce", true),
            minimum_ial: self.parsed::<Ial>("minimum_ial"),
            require_verified_mobile: self.flag("require_verified_mobile", false),
            require_verified_email: self.flag("require_verified_email", false),
            access_token_format: self
                .one_of(
                    "access_token_format",
                    &[("opaque", AccessTokenFormat::Opaque), ("jwt", AccessTokenFormat::Jwt)],
                )
                .unwrap_or_default(),
            resources: self.resources(),
            exchange_audiences: self.exchange_audiences(),
            unverified_citizen_id: self.flag("unverified_citizen_id", false),
            skip_consent: self.flag("skip_consent", false),
            signatures_per_minute: self.signatures_per_minute(),
            token_endpoint_auth_method: method,
            client_id,
            redirect_uris,
            sector,
            profile,
        };
        self.check(&client);
        client
    }

    /// What the members must be to one another.
    fn check(&mut self, client: &Client) {
        let has_keys = client.jwks.is_some() || client.jwks_uri.is_some();
        if client.jwks.is_some() && client.jwks_uri.is_some() {
            self.wrong("jwks_uri", "not together with jwks (RFC 7591 section 2)");
        }
        if client.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt && !has_keys {
            self.wrong("jwks", "private_key_jwt needs jwks or jwks_uri");
        }
        let code = client.may_use(GrantType::AuthorizationCode);
        if code && client.redirect_uris.is_empty() {
            self.wrong("redirect_uris", "the authorization code grant needs one");
        }
        if client.may_use(GrantType::RefreshToken) && !code {
            self.wrong("grant_types", "refresh tokens come with the authorization code grant");
        }
        let alone = client.may_use(GrantType::ClientCredentials) || client.may_use(GrantType::TokenExchange);
        if alone && !client.is_confidential() {
            self.wrong("grant_types", "a public client has the authorization code and refresh token grants only");
        }
        if !client.require_pkce && !client.is_confidential() {
            self.wrong("require_pkce", "only a confidential client can do without PKCE");
        }
        if client.may_be_told(ClaimName::CitizenId) && !client.is_confidential() {
            self.wrong("scope", "citizen_id is for confidential clients");
        }
        if client.profile == Profile::Fapi2 {
            self.check_fapi2(client);
        }
    }

    /// FAPI 2.0 Security Profile section 5.3.2.
    fn check_fapi2(&mut self, client: &Client) {
        let rules = [
            (
                "token_endpoint_auth_method",
                client.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt,
                "fapi2 needs private_key_jwt",
            ),
            (
                "require_pushed_authorization_requests",
                client.require_pushed_authorization_requests,
                "fapi2 needs pushed requests",
            ),
            ("dpop_bound_access_tokens", client.dpop_bound_access_tokens, "fapi2 needs sender-constrained tokens"),
            ("require_pkce", client.require_pkce, "fapi2 needs PKCE"),
            (
                "id_token_signed_response_alg",
                client.id_token_signed_response_alg == SigningAlgorithm::Es256,
                "fapi2 needs ES256",
            ),
        ];
        for (member, holds, reason) in rules {
            if !holds {
                self.wrong(member, reason);
            }
        }
    }

    fn profile(&mut self) -> Profile {
        self.one_of("profile", &[("standard", Profile::Standard), ("fapi2", Profile::Fapi2)]).unwrap_or_default()
    }

    fn auth_method(&mut self, profile: Profile) -> AuthMethod {
        let by_default =
            if profile == Profile::Fapi2 { AuthMethod::PrivateKeyJwt } else { AuthMethod::ClientSecretBasic };
        let named: Vec<_> = AuthMethod::EVERY.into_iter().map(|method| (method.as_str(), method)).collect();
        self.one_of("token_endpoint_auth_method", &named).unwrap_or(by_default)
    }

    fn signing_algorithm(&mut self, profile: Profile) -> SigningAlgorithm {
        // OpenID Connect Dynamic Client Registration section 2: RS256 where nothing is said.
        let by_default = if profile == Profile::Fapi2 { SigningAlgorithm::Es256 } else { SigningAlgorithm::Rs256 };
        let named = [("ES256", SigningAlgorithm::Es256), ("RS256", SigningAlgorithm::Rs256)];
        self.one_of("id_token_signed_response_alg", &named).unwrap_or(by_default)
    }

    fn grant_types(&mut self) -> Vec<GrantType> {
        if let Some(response_types) = self.texts("response_types")
            && response_types.iter().any(|response_type| response_type != "code")
        {
            self.wrong("response_types", "only code");
        }
        let Some(names) = self.texts("grant_types") else { return vec![GrantType::AuthorizationCode] };
        match names.iter().map(|name| name.parse()).collect::<Result<BTreeSet<_>, _>>() {
            Ok(types) if !types.is_empty() => types.into_iter().collect(),
            _ => {
                self.wrong("grant_types", "authorization_code, refresh_token, client_credentials or token exchange");
                Vec::new()
            }
        }
    }

    fn scope(&mut self) -> Scopes {
        match self.parsed::<Scopes>("scope") {
            Some(scopes) => scopes,
            None => Scope::OPENID.parse().unwrap_or_default(),
        }
    }

    /// The redirect URIs' one host, unless an operator names a sector (OpenID Connect Core section 8.1). Where they have
    /// none that is the client's own (an app's scheme, loopback, no redirect at all), it is a sector by itself.
    fn sector(&mut self, client_id: &ClientId, redirect_uris: &[String]) -> String {
        if let Some(sector) = self.text("sector") {
            let allowed =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b':');
            if !(1..=253).contains(&sector.len()) || !sector.bytes().all(allowed) {
                self.wrong("sector", "a host or a name of a-z 0-9 . - :");
            }
            return sector;
        }
        let addresses = redirect_uris.iter().filter_map(|uri| Address::parse(uri).ok());
        let hosts: BTreeSet<Option<String>> =
            addresses.map(|address| address.is_the_clients_own(self.locality).then_some(address.host)).collect();
        let mut hosts = hosts.into_iter();
        match (hosts.next().flatten(), hosts.next()) {
            (None, None) => format!("client:{client_id}"),
            (Some(host), None) => host,
            (_, Some(_)) => {
                self.wrong("sector", "the redirect URIs have several hosts: name the sector");
                String::new()
            }
        }
    }

    fn jwks(&mut self) -> Option<ClientKeys> {
        let value = self.metadata.get("jwks").filter(|value| !value.is_null())?;
        match ClientKeys::from_jwks(value) {
            Ok(keys) => Some(keys),
            Err(error) => {
                self.wrong("jwks", &error.to_string());
                None
            }
        }
    }

    fn resources(&mut self) -> Vec<String> {
        let resources = self.texts("resources").unwrap_or_default();
        // RFC 8707 section 2: an absolute URI without a fragment; a name space of its own, never fetched.
        if resources.len() > MOST || resources.iter().any(|uri| Address::parse(uri).is_err()) {
            self.wrong("resources", "absolute URIs without a fragment");
        }
        resources
    }

    fn exchange_audiences(&mut self) -> Vec<ClientId> {
        let names = self.texts("exchange_audiences").unwrap_or_default();
        names.iter().map(|name| name.parse()).collect::<Result<_, _>>().unwrap_or_else(|_| {
            self.wrong("exchange_audiences", "client ids");
            Vec::new()
        })
    }

    fn signatures_per_minute(&mut self) -> u32 {
        let value = match self.metadata.get("signatures_per_minute") {
            None | Some(Value::Null) => Some(SIGNATURES_PER_MINUTE),
            Some(value) => value.as_u64().filter(|number| (1..=60_000).contains(number)),
        };
        value.and_then(|value| u32::try_from(value).ok()).unwrap_or_else(|| {
            self.wrong("signatures_per_minute", "a number from 1 to 60000");
            0
        })
    }

    fn addresses(&mut self, member: &'static str, is_app: bool) -> Vec<String> {
        let addresses = self.texts(member).unwrap_or_default();
        if addresses.len() > MOST {
            self.wrong(member, "too many");
        }
        for address in &addresses {
            if let Err(error) = url::redirect(address, is_app, self.locality) {
                self.wrong(member, &format!("{address} {error}"));
            }
        }
        addresses
    }

    fn called(&mut self, member: &'static str) -> Option<String> {
        let address = self.text(member)?;
        if let Err(error) = url::called(&address, self.locality) {
            self.wrong(member, &error.to_string());
        }
        Some(address)
    }

    /// `member`, and `member#th` and `member#en` where the languages differ (RFC 7591 section 2.2).
    fn localised(&mut self, member: &'static str) -> Option<Localised> {
        let plain = self.text(member);
        let tagged =
            |tag: &str| self.metadata.get(&format!("{member}#{tag}")).and_then(Value::as_str).map(str::to_owned);
        let th = tagged("th").or_else(|| plain.clone()).or_else(|| tagged("en"))?;
        let en = tagged("en").or(plain).unwrap_or_else(|| th.clone());
        if [&th, &en]
            .into_iter()
            .any(|text| text.trim().is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control))
        {
            self.wrong(member, "1 to 100 characters");
        }
        Some(Localised { th, en })
    }

    fn one_of<T: Copy>(&mut self, member: &'static str, named: &[(&str, T)]) -> Option<T> {
        let text = self.text(member)?;
        let found = named.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = named.iter().map(|(name, _)| *name).collect();
            self.wrong(member, &format!("one of {}", names.join(", ")));
        }
        found
    }

    fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, member: &'static str) -> Option<T> {
        self.text(member)?.parse().map_err(|error: T::Err| self.wrong(member, &error.to_string())).ok()
    }

    fn flag(&mut self, member: &'static str, by_default: bool) -> bool {
        match self.metadata.get(member) {
            None | Some(Value::Null) => by_default,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.wrong(member, "true or false");
                by_default
            }
        }
    }

    fn text(&mut self, member: &'static str) -> Option<String> {
        match self.metadata.get(member) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                self.wrong(member, "text");
                None
            }
        }
    }

    fn texts(&mut self, member: &'static str) -> Option<Vec<String>> {
        let texts = match self.metadata.get(member) {
            None | Some(Value::Null) => return None,
            Some(Value::Array(values)) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
            Some(_) => None,
        };
        if texts.is_none() {
            self.wrong(member, "a list of texts");
        }
        texts
    }

    fn wrong(&mut self, member: &'static str, reason: &str) {
        self.errors.push(MetadataError { member, reason: reason.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(metadata: &Value) -> Result<Client, Vec<&'static str>> {
        let metadata = metadata.as_object().unwrap();
        Registration::read(metadata, ClientId::from_random([7; 16]), Locality::Deployed)
            .map_err(|errors| errors.into_iter().map(|error| error.member).collect())
    }

    #[test]
    fn what_is_not_said_has_the_specifications_defaults() {
        let client = read(&json!({ "redirect_uris": ["https://RP.example/cb"], "surprise": 1 })).unwrap();
        assert_eq!(client.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
        assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(client.id_token_signed_response_alg, SigningAlgorithm::Rs256);
        assert_eq!((client.sector.as_str(), client.require_pkce), ("rp.example", true));
        assert_eq!(client.client_id.as_str(), "07".repeat(16));
        assert!(!client.needs_second_operator());
    }

    #[test]
    fn a_client_without_a_host_of_its_own_shares_its_sector_with_nobody() {
        let own = format!("client:{}", "07".repeat(16));
        for metadata in [
            json!({ "redirect_uris": ["th.go.tax.app:/cb"], "token_endpoint_auth_method": "none" }),
            json!({ "redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none" }),
            json!({ "grant_types": ["client_credentials"] }),
        ] {
            assert_eq!(read(&metadata).unwrap().sector, own, "{metadata}");
        }
    }

    #[test]
    fn every_member_that_is_wrong_is_named() {
        let errors = read(&json!({
            "redirect_uris": ["http://rp.example/cb"], "grant_types": ["password"], "token_endpoint_auth_method": "x",
            "scope": "a\"b", "jwks": {}, "skip_consent": "yes", "minimum_ial": "high", "client_name": 7,
        }));
        let mut members = errors.unwrap_err();
        members.sort_unstable();
        let expected = [
            "client_name",
            "grant_types",
            "jwks",
            "minimum_ial",
            "redirect_uris",
            "scope",
            "skip_consent",
            "token_endpoint_auth_method",
        ];
        assert_eq!(members, expected);
    }

    #[test]
    fn members_must_fit_one_another() {
        let with = |more: Value| {
            let mut metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
            metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(&metadata).unwrap_err()
        };
        assert_eq!(with(json!({ "token_endpoint_auth_method": "private_key_jwt" })), ["jwks"]);
        assert_eq!(with(json!({ "token_endpoint_auth_method": "none", "require_pkce": false })), ["require_pkce"]);
        assert_eq!(with(json!({ "token_endpoint_auth_method": "none", "scope": "openid citizen_id" })), ["scope"]);
        assert_eq!(with(json!({ "redirect_uris": ["https://a.example/", "https://b.example/"] })), ["sector"]);
        assert_eq!(with(json!({ "redirect_uris": [] })), ["redirect_uris"]);
        assert_eq!(with(json!({ "grant_types": ["refresh_token"] })), ["grant_types"]);
        let fapi2 =
            json!({ "profile": "fapi2", "token_endpoint_auth_method": "client_secret_basic", "require_pkce": false });
        assert_eq!(with(fapi2), ["token_endpoint_auth_method", "require_pkce"]);
    }

    #[test]
    fn two_operators_are_needed_where_somebody_could_get_in_as_somebody_else() {
        for more in
            [json!({ "skip_consent": true }), json!({ "require_pkce": false }), json!({ "scope": "openid citizen_id" })]
        {
            let mut metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
            metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert!(read(&metadata).unwrap().needs_second_operator(), "{more}");
        }
    }
}
