//! The openidconnect crate, OpenID Connect for Rust.

mod person;
mod relying_party;

use std::{env, error::Error, process::ExitCode};

use openidconnect::{
    AccessToken, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeVerifier, PostLogoutRedirectUrl,
    TokenIntrospectionResponse,
    core::CoreJwsSigningAlgorithm,
    reqwest::{blocking::Client, redirect::Policy},
};
use serde_json::json;

use person::Person;
use relying_party::{RelyingParty, SIGNED_OUT};

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    // Redirects are never followed: a provider's answer leads nowhere.
    let http = Client::builder().redirect(Policy::none()).build().expect("an HTTP client");
    let (service, people) = (env::var("SERVICE").expect("SERVICE"), env::var("PEOPLE").expect("PEOPLE"));
    let person = Person::registered(&http, &people).expect("a person");
    let world = World { http: &http, service: &service, person: &person };
    let features: [(&str, fn(&World) -> Result<(), Failure>); 10] = [
        ("discovery, code with PKCE, ID token ES256, userinfo", sign_in),
        ("ID token RS256", rs256),
        ("another nonce is noticed", another_nonce),
        ("another code verifier is refused", another_verifier),
        ("a code works once", code_once),
        ("refresh", refresh),
        ("refresh reuse ends the family", reuse),
        ("introspection", introspection),
        ("client_credentials", client_credentials),
        ("end-session", end_session),
    ];
    let mut code = ExitCode::SUCCESS;
    for (name, shown) in features {
        match shown(&world) {
            Ok(()) => println!("passed {name}"),
            Err(error) => {
                println!("failed {name}: {}", chain(&*error));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// An error with its causes, on one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ").replace('\n', " ")
}

/// What the features are shown with.
pub struct World<'a> {
    http: &'a Client,
    service: &'a str,
    person: &'a Person<'a>,
}

fn ensure(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(what.into()) }
}

fn sign_in(world: &World) -> Result<(), Failure> {
    let rp = RelyingParty::registered(world, &json!({ "id_token_signed_response_alg": "ES256" }))?;
    let (tokens, claims) = rp.sign_in(world)?;
    let algorithm = tokens.extra_fields().id_token().ok_or("no ID token")?.signing_alg()?;
    ensure(*algorithm == CoreJwsSigningAlgorithm::EcdsaP256Sha256, "another algorithm than ES256")?;
    let told = rp.userinfo(world, tokens.access_token(), Some(claims.subject().clone()))?;
    ensure(Some(told.additional_claims().citizen_id.as_str()) == world.person.claim("citizen_id"), "another citizen ID")
}

fn rs256(world: &World) -> Result<(), Failure> {
    let (tokens, _) =
        RelyingParty::registered(world, &json!({ "id_token_signed_response_alg": "RS256" }))?.sign_in(world)?;
    let algorithm = tokens.extra_fields().id_token().ok_or("no ID token")?.signing_alg()?;
    ensure(*algorithm == CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, "another algorithm than RS256")
}

fn another_nonce(world: &World) -> Result<(), Failure> {
    let rp = RelyingParty::registered(world, &json!({}))?;
    let answer = rp.ask(world)?;
    let tokens = rp.redeem(world, &answer.code, answer.verifier)?;
    rp.claims(&tokens, &answer.nonce)?;
    ensure(rp.claims(&tokens, &Nonce::new_random()).is_err(), "another nonce is good")
}

fn another_verifier(world: &World) -> Result<(), Failure> {
    let rp = RelyingParty::registered(world, &json!({}))?;
    let answer = rp.ask(world)?;
    refused(rp.redeem(world, &answer.code, PkceCodeVerifier::new("a".repeat(43))))
}

fn code_once(world: &World) -> Result<(), Failure> {
    let rp = RelyingParty::registered(world, &json!({}))?;
    let answer = rp.ask(world)?;
    let again = PkceCodeVerifier::new(answer.verifier.secret().clone());
    let tokens = rp.redeem(world, &answer.code, answer.verifier)?;
    refused(rp.redeem(world, &answer.code, again))?;
    is_dead(world, &rp, tokens.access_token())
}

fn refresh(world: &World) -> Result<(), Failure> {
    let rp = RelyingParty::registered(world, &json!({}))?;
    let (tokens, claims) = rp.sign_in(world)?;
    let fresh = rp.refresh(world, tokens.refresh_token().ok_or("no refresh token")?)?;
    rp.userinfo(world, fresh.access_token(), Some(claims.subject().clone())).map(drop)
}

fn reuse(world: &World) -> Result<(), Failure> {
    let rp = RelyingParty::registered(world, &json!({}))?;
    let (first, _) = rp.sign_in(world)?;
    let first = first.refresh_token().ok_or("no refresh token")?;
    let second = rp.refresh(world, first)?;
    let last = rp.refresh(world, second.refresh_token().ok_or("no second refresh token")?)?;
    refused(rp.refresh(world, first))?;
    refused(rp.refresh(world, last.refresh_token().ok_or("no last refresh token")?))?;
    is_dead(world, &rp, last.access_token())
}

/// Without revocation: the crate revokes over https alone, which the local run has none of.
fn introspection(world: &World) -> Result<(), Failure> {
    let rp = RelyingParty::registered(world, &json!({}))?;
    let (tokens, _) = rp.sign_in(world)?;
    let active = |token: &AccessToken| -> Result<bool, Failure> {
        Ok(rp.client.introspect(token).request(world.http)?.active())
    };
    ensure(active(tokens.access_token())?, "a good token is not active")?;
    ensure(!active(&AccessToken::new("unknown".into()))?, "an unknown token is active")
}

fn client_credentials(world: &World) -> Result<(), Failure> {
    let rp = RelyingParty::registered(world, &json!({}))?;
    let tokens = rp.client.exchange_client_credentials()?.request(world.http)?;
    ensure(tokens.refresh_token().is_none(), "a refresh token for nobody")
}

fn end_session(world: &World) -> Result<(), Failure> {
    let rp = RelyingParty::registered(world, &json!({}))?;
    let (tokens, _) = rp.sign_in(world)?;
    let request = LogoutRequest::from(rp.end_session.clone())
        .set_id_token_hint(tokens.extra_fields().id_token().ok_or("no ID token")?)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(SIGNED_OUT.into())?);
    world.person.answers(&request.http_get_url(), SIGNED_OUT).map(drop)
}

/// That the provider says `invalid_grant`.
fn refused<T>(asked: Result<T, Failure>) -> Result<(), Failure> {
    match asked {
        Ok(_) => Err("it is not refused".into()),
        Err(error) => ensure(chain(&*error).contains("invalid_grant"), &chain(&*error)),
    }
}

fn is_dead(world: &World, rp: &RelyingParty, token: &AccessToken) -> Result<(), Failure> {
    ensure(rp.userinfo(world, token, None).is_err(), "a dead token opens userinfo")
}
