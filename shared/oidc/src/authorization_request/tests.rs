use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::client::{Locality, Registration};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://rp.example/cb";

fn client(more: Value) -> Client {
    let mut metadata = json!({
        "client_id": "rp", "redirect_uris": [CALLBACK, "https://rp.example/cb?x=1"], "scope": "openid profile offline_access",
        "resources": ["https://api.example/"],
    });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = ClientId::from_random([0; 16]);
    Registration::read(metadata.as_object().unwrap(), id, Locality::Deployed).unwrap()
}

fn parameters(more: &[(&str, &str)]) -> Parameters {
    let base = [
        ("response_type", "code"),
        ("client_id", "rp"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "st"),
    ];
    let replaced = |name: &str| more.iter().any(|(other, _)| *other == name);
    let pairs = base.iter().filter(|(name, _)| !replaced(name)).chain(more);
    Parameters::new(pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn error(more: &[(&str, &str)]) -> ErrorCode {
    match AuthorizationRequest::parse(&parameters(more), &client(json!({}))) {
        Err(AuthorizationRefusal::ToClient(_, error)) => error.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_plain_request_is_read() {
    let request = AuthorizationRequest::parse(&parameters(&[("unknown", "x")]), &client(json!({}))).unwrap();
    assert_eq!(request.scopes.to_string(), "openid profile");
    assert_eq!(request.answer_to.state.as_deref(), Some("st"));
    assert!(!request.needs_aal2 && !request.prefers_aal2 && !request.is_offline());
}

#[rstest]
#[case("https://rp.example/CB")]
#[case("https://rp.example/cb/")]
#[case("https://rp.example:443/cb")]
#[case("https://rp.example/cb?x=2")]
#[case("https://rp.example/cb#x")]
#[case("http://rp.example/cb")]
#[case("https://RP.example/cb")]
#[case("https://evil.example/cb")]
fn checklist_1_a_redirect_uri_is_that_very_string(#[case] uri: &str) {
    let refused = AuthorizationRequest::parse(&parameters(&[("redirect_uri", uri)]), &client(json!({})));
    assert!(matches!(refused, Err(AuthorizationRefusal::ToPerson(_))), "{uri}: {refused:?}");
}

#[rstest]
#[case(&[("code_challenge", "")], ErrorCode::InvalidRequest)]
#[case(&[("code_challenge_method", "plain")], ErrorCode::InvalidRequest)]
#[case(&[("code_challenge_method", "")], ErrorCode::InvalidRequest)]
#[case(&[("code_challenge", "short")], ErrorCode::InvalidRequest)]
#[case(&[("response_type", "token")], ErrorCode::UnsupportedResponseType)]
#[case(&[("response_type", "code id_token")], ErrorCode::UnsupportedResponseType)]
#[case(&[("response_type", "")], ErrorCode::InvalidRequest)]
#[case(&[("request", "ey")], ErrorCode::RequestNotSupported)]
#[case(&[("request_uri", "https://x")], ErrorCode::RequestUriNotSupported)]
#[case(&[("registration", "{}")], ErrorCode::RegistrationNotSupported)]
#[case(&[("response_mode", "fragment")], ErrorCode::InvalidRequest)]
#[case(&[("prompt", "none login")], ErrorCode::InvalidRequest)]
#[case(&[("prompt", "dance")], ErrorCode::InvalidRequest)]
#[case(&[("max_age", "-1")], ErrorCode::InvalidRequest)]
#[case(&[("scope", "openid citizen_id")], ErrorCode::InvalidScope)]
#[case(&[("resource", "https://other.example/")], ErrorCode::InvalidTarget)]
#[case(&[("claims", "[]")], ErrorCode::InvalidRequest)]
#[case(&[("nonce", "a"), ("nonce", "a")], ErrorCode::InvalidRequest)]
#[case(&[("claims", r#"{"id_token":{"acr":{"essential":true,"values":["x"]}}}"#)], ErrorCode::UnmetAuthenticationRequirements)]
fn checklist_2_3_6_8_what_is_wrong_is_told_to_the_client(#[case] more: &[(&str, &str)], #[case] code: ErrorCode) {
    assert_eq!(error(more), code, "{more:?}");
}

#[test]
fn without_pkce_a_client_must_be_registered_so_and_send_a_nonce() {
    let legacy = client(json!({ "require_pkce": false }));
    let without = |more: &[(&str, &str)]| {
        let pairs = [("code_challenge", ""), ("code_challenge_method", "")];
        AuthorizationRequest::parse(&parameters(&[&pairs, more].concat()), &legacy)
    };
    assert!(without(&[]).is_err());
    assert!(without(&[("nonce", "n")]).unwrap().code_challenge.is_none());
}

#[test]
fn acr_values_prefer_and_claims_require() {
    let read = |more: &[(&str, &str)]| AuthorizationRequest::parse(&parameters(more), &client(json!({}))).unwrap();
    assert!(read(&[("acr_values", "x aal2")]).prefers_aal2);
    let essential = r#"{"id_token":{"acr":{"essential":true,"values":["aal2"]}}}"#;
    assert!(read(&[("claims", essential)]).needs_aal2);
}

/// OpenID Connect Core section 3.1.2.1: the values are in order of preference.
#[test]
fn the_first_known_context_is_the_one_preferred() {
    let prefers = |more: &[(&str, &str)]| {
        AuthorizationRequest::parse(&parameters(more), &client(json!({}))).unwrap().prefers_aal2
    };
    assert!(!prefers(&[("acr_values", "aal1 aal2")]));
    assert!(prefers(&[("acr_values", "urn:x aal2 aal1")]));
    let voluntary = ("claims", r#"{"id_token":{"acr":{"values":["aal2","aal1"]}}}"#);
    assert!(prefers(&[voluntary]));
    assert!(!prefers(&[("acr_values", "aal1"), voluntary]));
}

#[test]
fn a_gate_is_open_or_shut_and_nothing_between() {
    let read = |name: &'static str, value: &'static str| {
        AuthorizationRequest::parse(&parameters(&[(name, value)]), &client(json!({})))
    };
    for on in ["true", "True", "TRUE", "1"] {
        assert!(read("require_email", on).unwrap().require_verified_email, "{on}");
        assert!(read("require_mobile", on).unwrap().require_verified_mobile, "{on}");
    }
    for off in ["false", "False", "0"] {
        assert!(!read("require_email", off).unwrap().require_verified_email, "{off}");
        assert!(!read("require_mobile", off).unwrap().require_verified_mobile, "{off}");
    }
    for neither in ["yes", "on", "2", "true false", " "] {
        assert_eq!(error(&[("require_email", neither)]), ErrorCode::InvalidRequest, "{neither}");
        assert_eq!(error(&[("require_mobile", neither)]), ErrorCode::InvalidRequest, "{neither}");
    }
    let strict = client(json!({ "require_verified_email": true }));
    let request = AuthorizationRequest::parse(&parameters(&[("require_email", "false")]), &strict).unwrap();
    assert!(request.require_verified_email, "never lowered");
}

#[test]
fn claims_asked_one_by_one_stay_within_the_registered_scopes() {
    let claims = r#"{"userinfo":{"given_name":null,"citizen_id":null,"phone_number":null}}"#;
    let request =
        AuthorizationRequest::parse(&parameters(&[("scope", "openid"), ("claims", claims)]), &client(json!({})));
    assert_eq!(request.unwrap().claims_to_consent(), BTreeSet::from([ClaimName::GivenName]));
}

#[test]
fn a_level_asked_for_here_raises_and_never_lowers_the_clients() {
    let minimum = |registered: Value, asked: &str| {
        let request = AuthorizationRequest::parse(&parameters(&[("require_ial_level", asked)]), &client(registered));
        request.unwrap().minimum_ial.map(|ial| ial.to_string())
    };
    assert_eq!(minimum(json!({ "minimum_ial": "1.3" }), "2.3").as_deref(), Some("2.3"));
    assert_eq!(minimum(json!({ "minimum_ial": "2.3" }), "1.1").as_deref(), Some("2.3"));
    assert_eq!(minimum(json!({}), "1.3").as_deref(), Some("1.3"));
}

#[test]
fn without_the_grant_offline_access_is_ignored() {
    let asked = [("scope", "openid offline_access")];
    let offline = |client: &Client| AuthorizationRequest::parse(&parameters(&asked), client).unwrap().is_offline();
    assert!(!offline(&client(json!({}))));
    assert!(offline(&client(json!({ "grant_types": ["authorization_code", "refresh_token"] }))));
}

proptest! {
    #[test]
    fn checklist_8_state_and_nonce_come_back_byte_for_byte(state in "[^\\pC\\x{FFFD}]{1,600}", nonce in "\\PC{1,500}") {
        let request = AuthorizationRequest::parse(&parameters(&[("state", &state), ("nonce", &nonce)]), &client(json!({})));
        let request = request.unwrap();
        prop_assert_eq!(request.answer_to.state.as_deref(), Some(state.as_str()));
        prop_assert_eq!(request.nonce.as_deref(), Some(nonce.as_str()));
    }

    #[test]
    fn whatever_is_sent_is_read_or_refused(pairs in proptest::collection::vec(("[a-z_]{1,12}", "\\PC{0,40}"), 0..8)) {
        let _ = AuthorizationRequest::parse(&Parameters::new(pairs), &client(json!({})));
    }
}
