use base64::{Engine, engine::general_purpose::STANDARD};
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::testing::keys;

fn form(pairs: &[(&str, &str)]) -> Parameters {
    Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

fn assertion(sub: &str) -> String {
    keys().jwt(&json!({"alg": "ES256"}), &json!({"sub": sub}))
}

fn refusal(authorization: Option<&str>, pairs: &[(&str, &str)]) -> PresentationError {
    Presented::read(authorization, &form(pairs)).unwrap_err()
}

#[test]
fn basic_credentials_are_form_decoded() {
    for header in [basic("rp%2d1:a%3Ab+c"), basic("rp-1:a%3Ab%20c").replace("Basic", "bAsIC")] {
        let presented = Presented::read(Some(&header), &form(&[])).unwrap();
        assert_eq!(presented.client_id.as_str(), "rp-1");
        assert!(matches!(&presented.credential, Credential::Basic(secret) if secret.expose() == "a:b c"));
        assert!(presented.is_by(AuthMethod::ClientSecretBasic));
        assert!(!presented.is_by(AuthMethod::ClientSecretPost));
    }
}

#[test]
fn the_form_carries_a_secret_an_assertion_or_a_name() {
    let post = Presented::read(None, &form(&[("client_id", "rp"), ("client_secret", "s")])).unwrap();
    assert!(matches!(&post.credential, Credential::Post(secret) if secret.expose() == "s"));
    let jwt = assertion("rp");
    let signed = form(&[("client_assertion", &jwt), ("client_assertion_type", ASSERTION_TYPE)]);
    let signed = Presented::read(None, &signed).unwrap();
    assert_eq!((signed.client_id.as_str(), signed.credential.method()), ("rp", AuthMethod::PrivateKeyJwt));
    let public = Presented::read(None, &form(&[("client_id", "rp"), ("client_secret", "")])).unwrap();
    assert!(public.is_by(AuthMethod::None), "a parameter without a value is none");
}

#[test]
fn checklist_15_two_methods_at_once_are_an_invalid_request() {
    let (header, jwt) = (basic("rp:s"), assertion("rp"));
    let signed = [("client_assertion", jwt.as_str()), ("client_assertion_type", ASSERTION_TYPE)];
    let secret = [("client_id", "rp"), ("client_secret", "s")];
    for (authorization, pairs) in [
        (Some(header.as_str()), secret.to_vec()),
        (Some(header.as_str()), signed.to_vec()),
        (None, [secret, signed].concat()),
    ] {
        let error = refusal(authorization, &pairs);
        assert_eq!(error, PresentationError::Several);
        assert_eq!(OAuthError::from(error).code, ErrorCode::InvalidRequest);
    }
}

#[test]
fn the_client_has_one_name_in_a_request() {
    let header = basic("rp:s");
    assert!(Presented::read(Some(&header), &form(&[("client_id", "rp")])).is_ok());
    assert_eq!(refusal(Some(&header), &[("client_id", "rp2")]), PresentationError::TwoClients);
    let jwt = assertion("rp");
    let pairs = [("client_id", "rp2"), ("client_assertion", jwt.as_str()), ("client_assertion_type", ASSERTION_TYPE)];
    assert_eq!(refusal(None, &pairs), PresentationError::TwoClients);
}

#[rstest]
#[case::nothing(None, &[], PresentationError::NoClient)]
#[case::a_secret_of_nobody(None, &[("client_secret", "s")], PresentationError::NoClient)]
#[case::another_scheme(Some("Bearer abc"), &[], PresentationError::Scheme)]
#[case::dpop(Some("DPoP abc"), &[("client_id", "rp")], PresentationError::Scheme)]
#[case::an_empty_header(Some(""), &[("client_id", "rp")], PresentationError::Scheme)]
#[case::no_credentials(Some("Basic"), &[], PresentationError::Malformed)]
#[case::no_base64(Some("Basic ***"), &[], PresentationError::Malformed)]
#[case::no_colon(Some("Basic cnA="), &[], PresentationError::Malformed)]
#[case::no_client_id(Some("Basic OnM="), &[], PresentationError::UnknownClient)]
#[case::a_name_nobody_can_have(None, &[("client_id", "a b")], PresentationError::UnknownClient)]
#[case::an_assertion_of_no_type(None, &[("client_assertion", "a.b.c")], PresentationError::AssertionType)]
#[case::an_assertion_of_another_type(
    None,
    &[("client_assertion", "a.b.c"), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")],
    PresentationError::AssertionType
)]
#[case::an_assertion_that_is_none(
    None,
    &[("client_assertion", "a.b.c"), ("client_assertion_type", ASSERTION_TYPE)],
    PresentationError::Malformed
)]
fn what_does_not_say_who_calls_is_an_invalid_client(
    #[case] authorization: Option<&str>,
    #[case] pairs: &[(&str, &str)],
    #[case] error: PresentationError,
) {
    assert_eq!(refusal(authorization, pairs), error);
    assert_eq!(OAuthError::from(error).code, ErrorCode::InvalidClient);
}

#[test]
fn methods_have_one_name_everywhere() {
    for method in AuthMethod::EVERY {
        assert_eq!(method.as_str().parse(), Ok(method));
        assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
        assert_eq!(method.is_confidential(), method != AuthMethod::None);
    }
    assert_eq!("client_secret_jwt".parse::<AuthMethod>(), Err(UnknownAuthMethod));
}

#[test]
fn debug_shows_no_secret() {
    let presented = Presented::read(Some(&basic("rp:hidden")), &form(&[])).unwrap();
    assert!(!format!("{presented:?}").contains("hidden"));
}
