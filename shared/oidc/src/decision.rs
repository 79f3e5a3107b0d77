//! What an authorization request needs next (OpenID Connect Core section 3.1.2.3): one pure function over the request,
//! the session and what is on record. The only place that decides that a code may be issued.
//!
//! ```text
//!   request ──► signed in, recently and strongly enough, as the right person? ──no──► sign in   (prompt=none: login_required)
//!                      │ yes
//!                      ▼
//!               level, number and address as required? ──no──► what is missing   (interaction_required)
//!                      │ yes
//!                      ▼
//!               agreed to share what is asked for? ──no──► ask   (consent_required)
//!                      │ yes
//!                      ▼
//!                    code
//! ```

use std::collections::BTreeSet;

use domain::{account::Account, assurance::Ial, session::Session};
use jiff::{SignedDuration, Timestamp};

use crate::{
    acr::Acr,
    agreement::Agreement,
    authorization_request::AuthorizationRequest,
    claim::ClaimName,
    client::Client,
    error::{ErrorCode, OAuthError},
    told,
};

/// How long a sign-in made for a request is recent enough for it, whatever `max_age` says: the time to read a page.
const AGE_FOR_THE_REQUEST: SignedDuration = SignedDuration::from_mins(5);

/// Somebody who is signed in, as far as it matters to a request.
#[derive(Clone, Debug)]
pub struct SignedIn<'a> {
    /// When they signed in.
    pub authenticated_at: Timestamp,
    /// How.
    pub acr: Acr,
    /// How well we know who they are.
    pub ial: Ial,
    /// Whether the number was verified.
    pub mobile_verified: bool,
    /// Whether an e-mail address was.
    pub email_verified: bool,
    /// How the client's sector knows them, if it does.
    pub subject: Option<&'a str>,
    /// What there is to tell the client about them.
    pub can_be_told: BTreeSet<ClaimName>,
    /// What they agreed to share with the client.
    pub agreement: Option<&'a Agreement>,
}

impl<'a> SignedIn<'a> {
    /// Who a session and its account say it is, and what is on record between them and the client.
    pub fn of(
        session: &Session,
        account: &Account,
        client: &Client,
        subject: Option<&'a str>,
        agreement: Option<&'a Agreement>,
    ) -> Self {
        Self {
            authenticated_at: session.authenticated_at,
            acr: session.authentication.acr(),
            ial: account.identity.ial,
            // Nobody registers without one.
            mobile_verified: true,
            email_verified: false,
            subject,
            can_be_told: told::can_be_told(account, client),
            agreement,
        }
    }
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The sign-in page.
    SignIn,
    /// A page that says what the person lacks.
    Lacking(Requirement),
    /// The consent page.
    AskConsent,
    /// A code.
    Issue,
    /// An error to the client.
    Refuse(OAuthError),
}

/// What a client requires of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// A level of identity proofing.
    Ial(Ial),
    /// A verified mobile number.
    VerifiedMobile,
    /// A verified e-mail address.
    VerifiedEmail,
}

/// Decides. `created_at` is when the request was made: what the person did since then was done for it.
pub fn decide(
    request: &AuthorizationRequest,
    client: &Client,
    person: Option<SignedIn<'_>>,
    created_at: Timestamp,
    now: Timestamp,
) -> Decision {
    let Some(person) = person else { return interact(request, Decision::SignIn, ErrorCode::LoginRequired) };
    let signed_in_for_it = person.authenticated_at >= created_at;
    if let Some(expected) = &request.subject
        && person.subject != Some(expected.as_str())
    {
        // Who signed in for this request and is somebody else will not become the right one by signing in again.
        let wrong = OAuthError::new(ErrorCode::LoginRequired, "somebody else is signed in");
        return if signed_in_for_it {
            Decision::Refuse(wrong)
        } else {
            interact(request, Decision::SignIn, wrong.code)
        };
    }
    if must_sign_in_again(request, &person, signed_in_for_it, now) {
        return interact(request, Decision::SignIn, ErrorCode::LoginRequired);
    }
    if let Some(requirement) = lacking(request, &person) {
        return interact(request, Decision::Lacking(requirement), ErrorCode::InteractionRequired);
    }
    let wanted = request.extent(&person.can_be_told);
    let agreed = person.agreement.is_some_and(|agreement| {
        wanted.is_within(&agreement.extent) && (!request.prompts.consent || agreement.at >= created_at)
    });
    if agreed || (client.skip_consent && !request.prompts.consent) {
        return Decision::Issue;
    }
    interact(request, Decision::AskConsent, ErrorCode::ConsentRequired)
}

fn must_sign_in_again(
    request: &AuthorizationRequest,
    person: &SignedIn<'_>,
    signed_in_for_it: bool,
    now: Timestamp,
) -> bool {
    let at_least = if signed_in_for_it { AGE_FOR_THE_REQUEST } else { SignedDuration::ZERO };
    let too_old = |max_age: u32| {
        now.duration_since(person.authenticated_at) > SignedDuration::from_secs(max_age.into()).max(at_least)
    };
    if (request.prompts.login && !signed_in_for_it) || request.max_age.is_some_and(too_old) {
        return true;
    }
    // A context that is only preferred is no reason to fail where nobody may be asked.
    let wanted = request.needs_aal2 || (request.prefers_aal2 && !request.prompts.none);
    wanted && person.acr < Acr::Aal2
}

fn lacking(request: &AuthorizationRequest, person: &SignedIn<'_>) -> Option<Requirement> {
    if let Some(minimum) = request.minimum_ial.filter(|minimum| person.ial < *minimum) {
        return Some(Requirement::Ial(minimum));
    }
    if request.require_verified_mobile && !person.mobile_verified {
        return Some(Requirement::VerifiedMobile);
    }
    (request.require_verified_email && !person.email_verified).then_some(Requirement::VerifiedEmail)
}

/// A page, or its error where none may be shown.
fn interact(request: &AuthorizationRequest, page: Decision, instead: ErrorCode) -> Decision {
    if request.prompts.none {
        return Decision::Refuse(OAuthError::new(instead, "the person would have to be asked"));
    }
    page
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        client::{ClientId, Locality, Registration},
        parameters::Parameters,
    };

    const NOW: &str = "2026-11-24T08:00:00Z";

    fn client(skip_consent: bool) -> Client {
        let metadata = json!({
            "client_id": "rp", "redirect_uris": ["https://rp.example/cb"], "scope": "openid profile",
            "skip_consent": skip_consent,
        });
        let id = ClientId::from_random([0; 16]);
        Registration::read(metadata.as_object().unwrap(), id, Locality::Deployed).unwrap()
    }

    fn request(more: &[(&str, &str)]) -> AuthorizationRequest {
        let base = [
            ("response_type", "code"),
            ("redirect_uri", "https://rp.example/cb"),
            ("scope", "openid profile"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        let pairs = base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        AuthorizationRequest::parse(&Parameters::new(pairs), &client(false)).unwrap()
    }

    fn person(signed_in_seconds_ago: i64, agreement: Option<&Agreement>) -> SignedIn<'_> {
        let now: Timestamp = NOW.parse().unwrap();
        SignedIn {
            authenticated_at: now - SignedDuration::from_secs(signed_in_seconds_ago),
            acr: Acr::Aal1,
            ial: "1.3".parse().unwrap(),
            mobile_verified: true,
            email_verified: false,
            subject: Some("sub"),
            can_be_told: ClaimName::EVERY.into_iter().collect(),
            agreement,
        }
    }

    fn agreement() -> Agreement {
        let extent = request(&[]).extent(&ClaimName::EVERY.into_iter().collect());
        Agreement { extent, at: NOW.parse::<Timestamp>().unwrap() - SignedDuration::from_hours(1) }
    }

    /// A request made ten seconds ago.
    fn decided(more: &[(&str, &str)], person: Option<SignedIn<'_>>) -> Decision {
        let now: Timestamp = NOW.parse().unwrap();
        decide(&request(more), &client(false), person, now - SignedDuration::from_secs(10), now)
    }

    fn refused(decision: &Decision) -> ErrorCode {
        match decision {
            Decision::Refuse(error) => error.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_code_needs_a_session_and_an_agreement() {
        let agreed = agreement();
        assert_eq!(decided(&[], None), Decision::SignIn);
        assert_eq!(decided(&[], Some(person(100, None))), Decision::AskConsent);
        assert_eq!(decided(&[], Some(person(100, Some(&agreed)))), Decision::Issue);
        let now: Timestamp = NOW.parse().unwrap();
        assert_eq!(decide(&request(&[]), &client(true), Some(person(1, None)), now, now), Decision::Issue);
    }

    /// OpenID Connect Core section 3.1.2.1: the client that asks for the page gets it.
    #[test]
    fn consent_asked_for_is_asked_also_where_it_is_not_needed() {
        let now: Timestamp = NOW.parse().unwrap();
        let asking = request(&[("prompt", "consent")]);
        let decided = |agreed| decide(&asking, &client(true), Some(person(1, agreed)), now, now);
        assert_eq!(decided(None), Decision::AskConsent);
        assert_eq!(decided(Some(&Agreement { at: now, ..agreement() })), Decision::Issue);
    }

    #[test]
    fn checklist_5_nobody_is_asked_where_nobody_may_be() {
        let agreed = agreement();
        let none = [("prompt", "none")];
        assert_eq!(refused(&decided(&none, None)), ErrorCode::LoginRequired);
        assert_eq!(refused(&decided(&none, Some(person(100, None)))), ErrorCode::ConsentRequired);
        assert_eq!(decided(&none, Some(person(100, Some(&agreed)))), Decision::Issue);
        let high = [("prompt", "none"), ("require_ial_level", "2.3")];
        assert_eq!(refused(&decided(&high, Some(person(100, Some(&agreed))))), ErrorCode::InteractionRequired);
        let preferring = [("prompt", "none"), ("acr_values", "aal2")];
        assert_eq!(decided(&preferring, Some(person(100, Some(&agreed)))), Decision::Issue);
    }

    #[test]
    fn checklist_5_login_and_max_age_are_met_by_signing_in_for_the_request_alone() {
        let agreed = agreement();
        for more in [[("prompt", "login")], [("prompt", "select_account")], [("max_age", "50")], [("max_age", "0")]] {
            assert_eq!(decided(&more, Some(person(100, Some(&agreed)))), Decision::SignIn, "{more:?}");
            assert_eq!(decided(&more, Some(person(5, Some(&agreed)))), Decision::Issue, "{more:?}");
        }
        assert_eq!(decided(&[("max_age", "200")], Some(person(100, Some(&agreed)))), Decision::Issue);
    }

    #[test]
    fn who_signed_in_for_a_request_and_left_it_lying_signs_in_again() {
        let (agreed, now) = (agreement(), NOW.parse::<Timestamp>().unwrap());
        let after = |seconds: i64, max_age: &str| {
            let request = request(&[("max_age", max_age)]);
            let person = person(seconds, Some(&agreed));
            decide(&request, &client(false), Some(person), now - SignedDuration::from_secs(seconds + 5), now)
        };
        assert_eq!(after(300, "0"), Decision::Issue, "reading the consent page takes a while");
        assert_eq!(after(301, "0"), Decision::SignIn);
        assert_eq!(after(600, "600"), Decision::Issue);
        assert_eq!(after(601, "600"), Decision::SignIn);
    }

    #[test]
    fn nobody_is_asked_for_what_they_have_not_got_and_everybody_once_they_have() {
        let mut agreed = agreement();
        agreed.extent.claims.remove(&ClaimName::MiddleName);
        let mut without = person(100, Some(&agreed));
        without.can_be_told.remove(&ClaimName::MiddleName);
        assert_eq!(decided(&[], Some(without)), Decision::Issue);
        assert_eq!(decided(&[], Some(person(100, Some(&agreed)))), Decision::AskConsent);
    }

    #[test]
    fn consent_asked_for_is_given_for_this_request() {
        let mut agreed = agreement();
        assert_eq!(decided(&[("prompt", "consent")], Some(person(100, Some(&agreed)))), Decision::AskConsent);
        agreed.at = NOW.parse().unwrap();
        assert_eq!(decided(&[("prompt", "consent")], Some(person(100, Some(&agreed)))), Decision::Issue);
    }

    #[test]
    fn a_stronger_context_is_signed_in_for() {
        let agreed = agreement();
        let strong = |person: SignedIn<'_>| decided(&[("acr_values", "aal2")], Some(person));
        assert_eq!(strong(person(5, Some(&agreed))), Decision::SignIn);
        assert_eq!(strong(SignedIn { acr: Acr::Aal2, ..person(500, Some(&agreed)) }), Decision::Issue);
    }

    #[test]
    fn a_level_that_is_lacking_is_told() {
        let agreed = agreement();
        let told = decided(&[("require_ial_level", "2.3")], Some(person(5, Some(&agreed))));
        assert_eq!(told, Decision::Lacking(Requirement::Ial("2.3".parse().unwrap())));
        let told = decided(&[("require_email", "true")], Some(person(5, Some(&agreed))));
        assert_eq!(told, Decision::Lacking(Requirement::VerifiedEmail));
    }

    #[test]
    fn somebody_else_is_never_taken_for_the_one_asked_for() {
        let agreed = agreement();
        let claims = [("claims", r#"{"id_token":{"sub":{"value":"other"}}}"#)];
        assert_eq!(decided(&claims, Some(person(100, Some(&agreed)))), Decision::SignIn);
        assert_eq!(refused(&decided(&claims, Some(person(5, Some(&agreed))))), ErrorCode::LoginRequired);
        assert_eq!(
            refused(&decided(&[claims[0], ("prompt", "none")], Some(person(100, Some(&agreed))))),
            ErrorCode::LoginRequired
        );
        let stranger = SignedIn { subject: None, ..person(100, Some(&agreed)) };
        assert_eq!(decided(&claims, Some(stranger)), Decision::SignIn);
    }
}
