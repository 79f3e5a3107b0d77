use proptest::prelude::*;
use rstest::rstest;

use super::{access::MOST, *};
use crate::{jwk::Thumbprint, pkce::CodeVerifier, testing::now};

const ID: GrantId = GrantId::from_random([9; 16]);
const URI: &str = "https://rp.example/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client(name: &str) -> ClientId {
    name.parse().unwrap()
}

fn scopes(text: &str) -> Scopes {
    text.parse().unwrap()
}

fn jkt(byte: char) -> Thumbprint {
    format!("{}A", byte.to_string().repeat(42)).parse().unwrap()
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn authorization(scope: &str) -> Authorization {
    Authorization {
        client_id: client("rp"),
        scopes: scopes(scope),
        resources: BTreeSet::new(),
        subject: "sub-rp".to_owned(),
        person: Some(Person {
            account_id: AccountId::from_random([1; 16]),
            session: SessionId::from_random([2; 16]),
            sid: "sid".to_owned(),
            auth_time: now(),
            acr: Acr::Aal1,
            amr: vec!["pwd".to_owned()],
            ial: "1.3".parse().unwrap(),
            claims: ClaimsRequest::default(),
            kept_back: BTreeSet::new(),
            nonce: Some("n".to_owned()),
        }),
    }
}

fn terms() -> CodeTerms {
    CodeTerms { redirect_uri: URI.to_owned(), challenge: Some(CHALLENGE.parse().unwrap()), jkt: None }
}

fn begun(terms: CodeTerms) -> (Grant, Code) {
    Grant::with_code(ID, authorization("openid profile offline_access"), terms, [3; 32], now())
}

fn access(byte: u8) -> NewAccess {
    NewAccess {
        fresh: FreshAccess::Opaque([byte; 32]),
        audience: BTreeSet::from(["https://id.example".to_owned()]),
        scopes: scopes("openid profile offline_access"),
        jkt: None,
    }
}

fn family(binding: Binding) -> FreshRefresh {
    FreshRefresh { family: [5; 16], secret: [0; 32], binding }
}

/// A grant whose code has been redeemed: its access token, its refresh token.
fn redeemed(binding: Binding) -> (Grant, AccessHandle, RefreshToken) {
    let (mut grant, code) = begun(terms());
    let (rp, verifier) = (client("rp"), verifier());
    let permission = grant.check_code(&code, &presentation(&rp, &verifier), now()).unwrap();
    let (access, refresh) = grant.redeem(permission, access(1), Some(family(binding)), now());
    (grant, access, refresh.unwrap())
}

fn verifier() -> CodeVerifier {
    VERIFIER.parse().unwrap()
}

fn presentation<'a>(client_id: &'a ClientId, verifier: &'a CodeVerifier) -> CodePresentation<'a> {
    CodePresentation { client_id, redirect_uri: Some(URI), verifier: Some(verifier), jkt: None }
}

#[test]
fn a_code_is_redeemed_once_and_its_reuse_is_known_for_one() {
    let (mut grant, code) = begun(terms());
    let (rp, verifier) = (client("rp"), verifier());
    let with = presentation(&rp, &verifier);
    let permission = grant.check_code(&code, &with, now() + seconds(59)).unwrap();
    let (access, refresh) = grant.redeem(permission, access(1), None, now() + seconds(59));
    assert!(refresh.is_none());
    assert!(grant.access(&access, now() + seconds(59)).is_some());
    for later in [59, 60, 3600] {
        assert_eq!(grant.check_code(&code, &with, now() + seconds(later)).unwrap_err(), CodeRefusal::Reused);
    }
    grant.revoke(now() + seconds(60));
    assert!(grant.access(&access, now() + seconds(60)).is_none());
    assert_eq!(grant.check_code(&code, &with, now() + seconds(61)).unwrap_err(), CodeRefusal::Revoked);
}

#[test]
fn a_code_lives_for_a_minute() {
    let (grant, code) = begun(terms());
    let (rp, verifier) = (client("rp"), verifier());
    let refusal = grant.check_code(&code, &presentation(&rp, &verifier), now() + seconds(60)).unwrap_err();
    assert_eq!(refusal, CodeRefusal::Expired);
}

#[test]
fn a_code_belongs_to_its_client_redirect_uri_and_verifier() {
    let (grant, code) = begun(terms());
    let (rp, other, right) = (client("rp"), client("rp2"), verifier());
    let wrong: CodeVerifier = "x".repeat(43).parse().unwrap();
    let good = presentation(&rp, &right);
    let refusal = |with: CodePresentation<'_>| grant.check_code(&code, &with, now()).unwrap_err();
    assert_eq!(refusal(CodePresentation { client_id: &other, ..good }), CodeRefusal::WrongClient);
    assert_eq!(
        refusal(CodePresentation { redirect_uri: Some("https://rp.example/Callback"), ..good }),
        CodeRefusal::WrongRedirectUri
    );
    assert_eq!(refusal(CodePresentation { verifier: Some(&wrong), ..good }), CodeRefusal::WrongVerifier);
    assert_eq!(refusal(CodePresentation { verifier: None, ..good }), CodeRefusal::WrongVerifier);
    assert!(grant.check_code(&code, &CodePresentation { redirect_uri: None, ..good }, now()).is_ok());
    for unknown in [Code::new(ID, [4; 32]), Code::new(GrantId::from_random([8; 16]), [3; 32])] {
        assert_eq!(grant.check_code(&unknown, &good, now()).unwrap_err(), CodeRefusal::Unknown);
    }
}

#[test]
fn a_verifier_for_a_code_without_challenge_is_a_downgrade() {
    let (grant, code) = begun(CodeTerms { challenge: None, ..terms() });
    let (rp, verifier) = (client("rp"), verifier());
    let with = presentation(&rp, &verifier);
    assert_eq!(grant.check_code(&code, &with, now()).unwrap_err(), CodeRefusal::WrongVerifier);
    let without = CodePresentation { verifier: None, ..with };
    assert!(grant.check_code(&code, &without, now()).is_ok());
    let without_uri = CodePresentation { redirect_uri: None, ..without };
    assert_eq!(grant.check_code(&code, &without_uri, now()).unwrap_err(), CodeRefusal::WrongRedirectUri);
}

#[test]
fn dpop_jkt_binds_the_code() {
    let (grant, code) = begun(CodeTerms { jkt: Some(jkt('a')), ..terms() });
    let (rp, verifier) = (client("rp"), verifier());
    let (right, wrong) = (jkt('a'), jkt('b'));
    let with = |jkt| CodePresentation { jkt, ..presentation(&rp, &verifier) };
    assert_eq!(grant.check_code(&code, &with(None), now()).unwrap_err(), CodeRefusal::WrongKey);
    assert_eq!(grant.check_code(&code, &with(Some(&wrong)), now()).unwrap_err(), CodeRefusal::WrongKey);
    assert!(grant.check_code(&code, &with(Some(&right)), now()).is_ok());
}

#[test]
fn a_stranger_learns_nothing_of_reuse_and_ends_nothing() {
    let (grant, _, _) = redeemed(Binding::Client);
    let code = Code::new(ID, [3; 32]);
    let (rp, other, right) = (client("rp"), client("rp2"), verifier());
    let wrong: CodeVerifier = "x".repeat(43).parse().unwrap();
    let refusal = |with| grant.check_code(&code, &with, now()).unwrap_err();
    assert_eq!(refusal(presentation(&other, &right)), CodeRefusal::WrongClient);
    assert_eq!(refusal(presentation(&rp, &wrong)), CodeRefusal::WrongVerifier);
}

fn holder(client_id: &ClientId) -> RefreshPresentation<'_> {
    RefreshPresentation { client_id, jkt: None, scopes: None }
}

#[test]
fn a_refresh_token_rotates_and_its_reuse_after_the_grace_is_known_for_one() {
    let (mut grant, _, first) = redeemed(Binding::Client);
    let rp = client("rp");
    let permission = grant.check_refresh(&first, &holder(&rp), now()).unwrap();
    let (_, second) = grant.rotate(permission, [1; 32], access(2), now());
    assert!(grant.check_refresh(&first, &holder(&rp), now() + GRACE).is_ok());
    let late = now() + GRACE + SignedDuration::from_nanos(1);
    assert_eq!(grant.check_refresh(&first, &holder(&rp), late).unwrap_err(), RefreshRefusal::Reused);
    assert!(grant.check_refresh(&second, &holder(&rp), late).is_ok());
}

#[test]
fn a_lost_answer_is_retried_and_the_unused_successor_dies() {
    let (mut grant, _, first) = redeemed(Binding::Client);
    let rp = client("rp");
    let permission = grant.check_refresh(&first, &holder(&rp), now()).unwrap();
    let (_, lost) = grant.rotate(permission, [1; 32], access(2), now());
    let permission = grant.check_refresh(&first, &holder(&rp), now() + seconds(9)).unwrap();
    let (_, second) = grant.rotate(permission, [2; 32], access(3), now() + seconds(9));
    assert_eq!(grant.check_refresh(&lost, &holder(&rp), now() + seconds(9)).unwrap_err(), RefreshRefusal::Reused);
    assert_eq!(
        grant.check_refresh(&first, &holder(&rp), now() + seconds(11)).unwrap_err(),
        RefreshRefusal::Reused,
        "a retry does not lengthen the grace"
    );
    assert!(grant.check_refresh(&second, &holder(&rp), now() + seconds(11)).is_ok());
}

#[test]
fn a_successor_that_was_used_ends_the_grace() {
    let (mut grant, _, first) = redeemed(Binding::Client);
    let rp = client("rp");
    let permission = grant.check_refresh(&first, &holder(&rp), now()).unwrap();
    let (_, second) = grant.rotate(permission, [1; 32], access(2), now());
    let permission = grant.check_refresh(&second, &holder(&rp), now()).unwrap();
    let _ = grant.rotate(permission, [2; 32], access(3), now());
    assert_eq!(grant.check_refresh(&first, &holder(&rp), now()).unwrap_err(), RefreshRefusal::Reused);
}

#[test]
fn a_retry_comes_from_the_same_key() {
    let (mut grant, _, first) = redeemed(Binding::Client);
    let (rp, one, other) = (client("rp"), jkt('a'), jkt('b'));
    let with = |jkt| RefreshPresentation { jkt: Some(jkt), ..holder(&rp) };
    let permission = grant.check_refresh(&first, &with(&one), now()).unwrap();
    let _ = grant.rotate(permission, [1; 32], access(2), now());
    assert!(grant.check_refresh(&first, &with(&one), now()).is_ok());
    assert_eq!(grant.check_refresh(&first, &with(&other), now()).unwrap_err(), RefreshRefusal::Reused);
}

#[test]
fn rubbish_with_a_known_id_is_unknown_and_not_reuse() {
    let (grant, _, first) = redeemed(Binding::Client);
    let rp = client("rp");
    let rubbish = RefreshToken::new(ID, [6; 16], [0; 32]);
    assert_eq!(grant.check_refresh(&rubbish, &holder(&rp), now()).unwrap_err(), RefreshRefusal::Unknown);
    let elsewhere = RefreshToken::new(GrantId::from_random([8; 16]), [5; 16], [0; 32]);
    assert_eq!(grant.check_refresh(&elsewhere, &holder(&rp), now()).unwrap_err(), RefreshRefusal::Unknown);
    let other = client("rp2");
    assert_eq!(grant.check_refresh(&first, &holder(&other), now()).unwrap_err(), RefreshRefusal::WrongClient);
}

#[test]
fn a_public_clients_refresh_token_is_bound_to_its_key() {
    let (grant, _, first) = redeemed(Binding::Key(jkt('a')));
    let (rp, right, wrong) = (client("rp"), jkt('a'), jkt('b'));
    for jkt in [None, Some(&wrong)] {
        let with = RefreshPresentation { jkt, ..holder(&rp) };
        assert_eq!(grant.check_refresh(&first, &with, now()).unwrap_err(), RefreshRefusal::WrongKey);
    }
    assert!(grant.check_refresh(&first, &RefreshPresentation { jkt: Some(&right), ..holder(&rp) }, now()).is_ok());
}

#[test]
fn scope_narrows_for_one_access_token_and_never_widens() {
    let (mut grant, _, first) = redeemed(Binding::Client);
    let rp = client("rp");
    let (wider, narrower) = (scopes("openid citizen_id"), scopes("profile"));
    let with = |scopes| RefreshPresentation { scopes: Some(scopes), ..holder(&rp) };
    assert_eq!(grant.check_refresh(&first, &with(&wider), now()).unwrap_err(), RefreshRefusal::ScopeTooWide);
    let permission = grant.check_refresh(&first, &with(&narrower), now()).unwrap();
    let (token, second) = grant.rotate(permission, [1; 32], access(2), now());
    assert_eq!(grant.access(&token, now()).unwrap().scopes, narrower);
    let all = grant.check_refresh(&second, &holder(&rp), now()).unwrap();
    assert_eq!(all.scopes, grant.authorization().scopes);
}

#[test]
fn a_grant_ends_after_thirty_days_however_often_it_rotates() {
    let (mut grant, _, mut token) = redeemed(Binding::Client);
    let rp = client("rp");
    for day in 1..30 {
        let today = now() + seconds(day * 86_400);
        let permission = grant.check_refresh(&token, &holder(&rp), today).unwrap();
        token = grant.rotate(permission, [u8::try_from(day).unwrap(); 32], access(2), today).1;
    }
    let last = now() + OFFLINE_LIFETIME - seconds(1);
    let permission = grant.check_refresh(&token, &holder(&rp), last).unwrap();
    let (access, token) = grant.rotate(permission, [99; 32], access(3), last);
    assert_eq!(grant.access(&access, last).unwrap().expires_at, grant.expires_at());
    let end = now() + OFFLINE_LIFETIME;
    assert!(grant.access(&access, end).is_none());
    assert_eq!(grant.check_refresh(&token, &holder(&rp), end).unwrap_err(), RefreshRefusal::Expired);
}

#[test]
fn introspection_answers_the_client_and_the_audience_only() {
    let (mut grant, token, refresh) = redeemed(Binding::Client);
    let (rp, target, other) = (client("rp"), client("target"), client("other"));
    assert!(matches!(grant.introspect(&token, &rp, now()), Some(Introspection::Client(_))));
    assert_eq!(grant.introspect(&token, &target, now()), None);
    let exchanged = exchanged(&mut grant, &token, "rp", "target", 7).unwrap();
    assert!(
        matches!(grant.introspect(&exchanged, &target, now()), Some(Introspection::Audience(a)) if a.subject == "sub-target")
    );
    assert!(matches!(grant.introspect(&exchanged, &rp, now()), Some(Introspection::Client(_))));
    assert_eq!(grant.introspect(&exchanged, &other, now()), None);
    assert!(grant.introspect_refresh(&refresh, &rp, now()));
    assert!(!grant.introspect_refresh(&refresh, &other, now()));
    let end = now() + ACCESS_TOKEN_LIFETIME;
    assert_eq!(grant.introspect(&token, &rp, end), None);
}

#[test]
fn revoking_an_access_token_ends_it_and_what_came_of_it_and_not_another_clients() {
    let (mut grant, token, refresh) = redeemed(Binding::Client);
    let (rp, other) = (client("rp"), client("other"));
    let child = exchanged(&mut grant, &token, "rp", "target", 7).unwrap();
    let grandchild = exchanged(&mut grant, &child, "target", "third", 8).unwrap();
    assert!(!grant.revoke_access(&token, &other, now()));
    assert!(grant.access(&token, now()).is_some());
    assert!(grant.revoke_access(&token, &rp, now()));
    for dead in [&token, &child, &grandchild] {
        assert!(grant.access(dead, now()).is_none());
    }
    assert!(grant.check_refresh(&refresh, &holder(&rp), now()).is_ok());
    assert!(!grant.revoke_refresh(&refresh, &other, now()));
    assert!(grant.revoke_refresh(&refresh, &rp, now()));
    assert_eq!(grant.check_refresh(&refresh, &holder(&rp), now()).unwrap_err(), RefreshRefusal::Revoked);
    assert_eq!(grant.revoked_at(), Some(now()));
}

fn exchanged(
    grant: &mut Grant,
    subject: &AccessHandle,
    caller: &str,
    target: &str,
    byte: u8,
) -> Result<AccessHandle, ExchangeRefusal> {
    exchanged_with(grant, subject, caller, target, byte, None)
}

fn exchanged_with(
    grant: &mut Grant,
    subject: &AccessHandle,
    caller: &str,
    target: &str,
    byte: u8,
    asked: Option<&Scopes>,
) -> Result<AccessHandle, ExchangeRefusal> {
    let (caller, all) = (client(caller), scopes("openid profile citizen_id offline_access"));
    let request = ExchangeRequest { caller: &caller, jkt: None, scopes: asked, target_scopes: &all };
    let permission = grant.check_exchange(subject, &request, now())?;
    let new = Exchange {
        fresh: FreshAccess::Opaque([byte; 32]),
        target: client(target),
        subject: format!("sub-{target}"),
        jkt: None,
    };
    Ok(grant.exchange(permission, new, now()))
}

#[test]
fn an_exchange_records_who_acts_and_never_outlives_its_subject_token() {
    let (mut grant, token, _) = redeemed(Binding::Client);
    let child = exchanged(&mut grant, &token, "rp", "target", 7).unwrap();
    let grandchild = exchanged(&mut grant, &child, "target", "third", 8).unwrap();
    let entry = grant.access(&grandchild, now()).unwrap();
    assert_eq!(
        serde_json::to_value(&entry.act).unwrap(),
        serde_json::json!({"client_id": "target", "act": {"client_id": "rp"}})
    );
    assert_eq!(entry.audience, BTreeSet::from(["third".to_owned()]));
    assert_eq!((entry.client_id.as_str(), entry.subject.as_str()), ("target", "sub-third"));
    assert_eq!(entry.expires_at, grant.access(&token, now()).unwrap().expires_at);
    assert_eq!(entry.scopes, scopes("profile"), "openid and offline_access are not handed on");
}

#[rstest]
#[case::somebody_elses_token("other", None, ExchangeRefusal::Unknown)]
#[case::more_than_the_subject_token("rp", Some("citizen_id"), ExchangeRefusal::ScopeTooWide)]
#[case::an_id_token("rp", Some("openid"), ExchangeRefusal::ScopeTooWide)]
#[case::a_refresh_token("rp", Some("offline_access"), ExchangeRefusal::ScopeTooWide)]
fn what_cannot_be_exchanged(#[case] caller: &str, #[case] asked: Option<&str>, #[case] refusal: ExchangeRefusal) {
    let (mut grant, token, _) = redeemed(Binding::Client);
    let asked = asked.map(scopes);
    assert_eq!(exchanged_with(&mut grant, &token, caller, "target", 7, asked.as_ref()).unwrap_err(), refusal);
}

#[test]
fn a_bound_token_is_exchanged_by_its_holder_with_the_key_only() {
    let (mut grant, code) = begun(terms());
    let (rp, verifier, key) = (client("rp"), verifier(), jkt('a'));
    let permission = grant.check_code(&code, &presentation(&rp, &verifier), now()).unwrap();
    let (token, _) = grant.redeem(permission, NewAccess { jkt: Some(key.clone()), ..access(1) }, None, now());
    let all = scopes("profile");
    let request = |jkt| ExchangeRequest { caller: &rp, jkt, scopes: None, target_scopes: &all };
    assert_eq!(grant.check_exchange(&token, &request(None), now()).unwrap_err(), ExchangeRefusal::WrongKey);
    assert!(grant.check_exchange(&token, &request(Some(&key)), now()).is_ok());
}

#[test]
fn a_token_without_a_person_is_not_exchanged() {
    let granted = Authorization { person: None, subject: "rp".to_owned(), ..authorization("profile") };
    let (mut grant, token) = Grant::with_access_token(ID, granted, access(1), now());
    assert_eq!(exchanged(&mut grant, &token, "rp", "target", 7).unwrap_err(), ExchangeRefusal::NoPerson);
    assert_eq!(grant.expires_at(), now() + ACCESS_TOKEN_LIFETIME);
}

#[test]
fn the_list_of_access_tokens_stays_short_and_keeps_parents() {
    let (mut grant, token, _) = redeemed(Binding::Client);
    let child = exchanged(&mut grant, &token, "rp", "target", 100).unwrap();
    for byte in 101..200 {
        exchanged(&mut grant, &child, "target", "third", byte).unwrap();
    }
    assert_eq!(grant.access.len(), MOST);
    assert!(grant.access(&token, now()).is_some() && grant.access(&child, now()).is_some());
    let newest = AccessHandle::Opaque(AccessToken::new(ID, [199; 32]));
    assert!(grant.access(&newest, now()).is_some());
    assert!(grant.revoke_access(&token, &client("rp"), now()));
    assert!(grant.access.is_empty());
}

#[test]
fn a_grant_comes_back_from_its_stored_form() {
    let (mut grant, token, refresh) = redeemed(Binding::Key(jkt('a')));
    let (rp, key) = (client("rp"), jkt('a'));
    let with = RefreshPresentation { jkt: Some(&key), ..holder(&rp) };
    let permission = grant.check_refresh(&refresh, &with, now()).unwrap();
    let _ = grant.rotate(permission, [1; 32], access(2), now());
    exchanged(&mut grant, &token, "rp", "target", 7).unwrap();
    let stored = serde_json::to_string(&grant).unwrap();
    assert_eq!(serde_json::from_str::<Grant>(&stored).unwrap(), grant);
    for secret in [token_text(&token), refresh.expose(), "03".repeat(32)] {
        assert!(!stored.contains(secret.rsplit('.').next().unwrap()), "no secret is stored");
    }
}

fn token_text(handle: &AccessHandle) -> String {
    match handle {
        AccessHandle::Opaque(token) => token.expose(),
        AccessHandle::Jwt(id) => id.expose(),
    }
}

/// What anybody may do with what has been handed out so far.
#[derive(Clone, Debug)]
enum Act {
    PresentCode { client: bool },
    PresentRefresh { which: prop::sample::Index, client: bool },
    Exchange { which: prop::sample::Index },
    RevokeAccess { which: prop::sample::Index },
    Revoke,
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => any::<bool>().prop_map(|client| Act::PresentCode { client }),
        8 => (any::<prop::sample::Index>(), prop::bool::weighted(0.9))
            .prop_map(|(which, client)| Act::PresentRefresh { which, client }),
        3 => any::<prop::sample::Index>().prop_map(|which| Act::Exchange { which }),
        1 => any::<prop::sample::Index>().prop_map(|which| Act::RevokeAccess { which }),
        1 => Just(Act::Revoke),
        3 => (0_i64..12).prop_map(Act::Wait),
        1 => (0_i64..3_000_000).prop_map(Act::Wait),
    ]
}

/// A grant and everything it ever handed out, as its holders see it.
struct World {
    grant: Grant,
    code: Code,
    refresh: Vec<RefreshToken>,
    access: Vec<AccessHandle>,
    now: Timestamp,
    count: u16,
}

impl World {
    fn random<const N: usize>(&mut self) -> [u8; N] {
        self.count += 1;
        let mut bytes = [0; N];
        bytes[..2].copy_from_slice(&self.count.to_be_bytes());
        bytes
    }

    fn fresh_access(&mut self) -> NewAccess {
        NewAccess { fresh: FreshAccess::Opaque(self.random()), ..access(0) }
    }

    fn act(&mut self, act: &Act) {
        let who = |right: bool| client(if right { "rp" } else { "thief" });
        match act {
            Act::PresentCode { client } => {
                let (client, verifier) = (who(*client), verifier());
                match self.grant.check_code(&self.code, &presentation(&client, &verifier), self.now) {
                    Ok(permission) => {
                        let (new, now) = (self.fresh_access(), self.now);
                        let (access, refresh) = self.grant.redeem(permission, new, Some(family(Binding::Client)), now);
                        self.access.push(access);
                        self.refresh.extend(refresh);
                    }
                    Err(CodeRefusal::Reused) => self.grant.revoke(self.now),
                    Err(_) => {}
                }
            }
            Act::PresentRefresh { which, client } if !self.refresh.is_empty() => {
                let (token, client) = (which.get(&self.refresh).clone(), who(*client));
                match self.grant.check_refresh(&token, &holder(&client), self.now) {
                    Ok(permission) => {
                        let (new, random, now) = (self.fresh_access(), self.random(), self.now);
                        let (access, refresh) = self.grant.rotate(permission, random, new, now);
                        self.access.push(access);
                        self.refresh.push(refresh);
                    }
                    Err(RefreshRefusal::Reused) => self.grant.revoke(self.now),
                    Err(_) => {}
                }
            }
            Act::Exchange { which } if !self.access.is_empty() => {
                let (subject, rp, all) = (which.get(&self.access).clone(), client("rp"), scopes("profile"));
                let request = ExchangeRequest { caller: &rp, jkt: None, scopes: None, target_scopes: &all };
                if let Ok(permission) = self.grant.check_exchange(&subject, &request, self.now) {
                    let until = self.grant.access(&subject, self.now).unwrap().expires_at;
                    let fresh = FreshAccess::Opaque(self.random());
                    let new = Exchange { fresh, target: client("rp"), subject: "s".to_owned(), jkt: None };
                    let handle = self.grant.exchange(permission, new, self.now);
                    assert!(self.grant.access(&handle, self.now).unwrap().expires_at <= until);
                    self.access.push(handle);
                }
            }
            Act::RevokeAccess { which } if !self.access.is_empty() => {
                let handle = which.get(&self.access).clone();
                self.grant.revoke_access(&handle, &client("rp"), self.now);
                assert!(self.grant.access(&handle, self.now).is_none());
            }
            Act::Revoke => self.grant.revoke(self.now),
            Act::Wait(time) => self.now += seconds(*time),
            Act::PresentRefresh { .. } | Act::Exchange { .. } | Act::RevokeAccess { .. } => {}
        }
    }

    /// The refresh tokens that would be honoured now.
    fn honoured(&self) -> Vec<&RefreshToken> {
        let rp = client("rp");
        self.refresh.iter().filter(|token| self.grant.check_refresh(token, &holder(&rp), self.now).is_ok()).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_presentations_breaks_the_rules_of_a_grant(acts in prop::collection::vec(act(), 0..40)) {
        let (grant, code) = begun(terms());
        let end = grant.expires_at();
        let mut world = World { grant, code, refresh: Vec::new(), access: Vec::new(), now: now(), count: 0 };
        world.act(&Act::PresentCode { client: true });
        for act in &acts {
            world.act(act);
            let rp = client("rp");
            let live = world.refresh.iter().filter(|token| world.grant.introspect_refresh(token, &rp, world.now)).count();
            prop_assert!(live <= 1, "two live refresh tokens");
            // The retry's token may be honoured beside the live one, but using either is the other's end.
            let honoured = world.honoured();
            prop_assert!(honoured.len() <= 2);
            for used in &honoured {
                let mut after = world.grant.clone();
                let permission = after.check_refresh(used, &holder(&rp), world.now).unwrap();
                let _ = after.rotate(permission, [0xff; 32], access(0xff), world.now);
                for other in honoured.iter().filter(|other| other.digest() != used.digest()) {
                    let outcome = after.check_refresh(other, &holder(&rp), world.now);
                    prop_assert_eq!(outcome.unwrap_err(), RefreshRefusal::Reused);
                }
            }
            prop_assert_eq!(world.grant.expires_at(), end, "expiry never moves");
            let outlived = world.grant.access.iter().any(|access| access.expires_at > end || access.expires_at > world.now + ACCESS_TOKEN_LIFETIME);
            prop_assert!(!outlived, "a token lives too long");
            prop_assert!(world.grant.access.len() <= MOST);
            if world.grant.revoked_at().is_some() || world.now >= end {
                prop_assert_eq!(live, 0);
                prop_assert!(world.honoured().is_empty());
                prop_assert!(world.access.iter().all(|handle| world.grant.access(handle, world.now).is_none()));
            }
        }
    }
}
