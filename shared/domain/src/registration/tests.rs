use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{
    assurance::ProofingMethod,
    birth_date::BirthDate,
    language::Language,
    otp::Reference,
    sealed::{Ciphertext, Mac, PasswordVerifier},
};

fn start() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

fn mac(text: &str) -> Mac {
    Mac::new("arn:key", text.as_bytes())
}

fn consent() -> Consent {
    Consent {
        version: "2026-11-01".parse().unwrap(),
        language: Language::Th,
        sha256: "00".repeat(32),
        at: start(),
        ip: "192.0.2.1".parse().unwrap(),
        user_agent: "test".into(),
    }
}

fn identity(first_name: &str) -> Identity {
    Identity {
        method: ProofingMethod::IdCard,
        ial: "1.3".parse().unwrap(),
        citizen_id_mac: mac("id"),
        citizen_id_sealed: Ciphertext::new("arn:key", b"sealed"),
        citizen_id_masked: "1-xxxx-xxxxx-12-1".into(),
        first_name: first_name.parse().unwrap(),
        middle_name: None,
        last_name: "ใจดี".parse().unwrap(),
        birth_date: BirthDate::parse_iso("1995-03-05", "2026-11-24".parse().unwrap()).unwrap(),
        established_at: start(),
    }
}

fn credentials(username: &str) -> Credentials {
    Credentials {
        username: username.parse().unwrap(),
        password: PasswordVerifier { phc: "$argon2id$".into(), mac: mac("pwd") },
    }
}

fn number(last: u8) -> MobileNumber {
    format!("08123456{last:02}").parse().unwrap()
}

fn otp(id: &str, last: u8, at: Timestamp) -> Otp {
    Otp {
        id: id.into(),
        reference: Reference::from_random([1, 2, 3, 4]),
        number: number(last),
        mac: mac("code"),
        tries: 0,
        sent_at: at,
    }
}

fn requested(id: &str, last: u8, at: Timestamp) -> Event {
    Event::CodeRequested { otp: otp(id, last, at), number_mac: mac("number"), charged_to: Some("sends#a".into()) }
}

fn begun() -> Registration {
    let id = RegistrationId::from_random([1; 16]);
    Registration::begin(id, AccountId::from_random([2; 16]), consent(), start())
}

fn after(events: impl IntoIterator<Item = Event>) -> Registration {
    events.into_iter().fold(begun(), |registration, event| registration.apply(event, start()).unwrap())
}

fn way_to(step: Step) -> Registration {
    let events = [
        Event::IdentityEstablished(identity("สมชาย")),
        Event::CredentialsChosen(credentials("somchai")),
        requested("a", 1, start()),
        Event::CodeReturned("a".into()),
    ];
    let registration = after(events.into_iter().take(step as usize));
    assert_eq!(registration.step(), step);
    registration
}

const STEPS: [Step; 5] = [Step::Identity, Step::Account, Step::Mobile, Step::Otp, Step::Review];

#[test]
fn the_way_is_walked_in_order_and_ends_with_an_account() {
    for step in STEPS {
        assert_eq!(way_to(step).account(start()).is_some(), step == Step::Review, "{step:?}");
    }
}

#[rstest]
#[case(Event::IdentityAsked)]
#[case(Event::IdentityNotAsked { identity: None, credentials: None })]
#[case(Event::IdentityEstablished(identity("สมชาย")))]
#[case(Event::CredentialsChosen(credentials("somchai")))]
#[case(Event::UsernameTaken("somchai".parse().unwrap()))]
#[case(requested("b", 2, start()))]
#[case(Event::CodeNotSent { id: "a".into(), mobile: None, otp: None })]
#[case(Event::CodeTried("a".into()))]
#[case(Event::CodeReturned("a".into()))]
#[case(Event::Extended)]
#[case(Event::TermsAccepted(consent()))]
fn every_event_at_every_step_is_refused_before_its_time(#[case] event: Event) {
    for step in STEPS {
        let before = way_to(step);
        let outcome = before.apply(event.clone(), start());
        if step < event.needs() {
            assert_eq!(outcome, Err(Refusal::WrongStep(step)), "{event:?} at {step:?}");
        } else {
            assert!(!matches!(outcome, Err(Refusal::WrongStep(_))), "{event:?} at {step:?}");
        }
    }
}

#[test]
fn another_identity_clears_the_account_part_and_keeps_the_number() {
    let asked = way_to(Step::Review).apply(Event::IdentityAsked, start()).unwrap();
    assert_eq!(asked.step(), Step::Identity);
    let established = asked.apply(Event::IdentityEstablished(identity("สมหญิง")), start()).unwrap();
    assert_eq!(established.step(), Step::Account);
    let chosen = established.apply(Event::CredentialsChosen(credentials("somying")), start()).unwrap();
    assert_eq!(chosen.step(), Step::Review, "the verified number is not asked for again");
}

#[test]
fn a_question_that_was_not_asked_brings_back_what_it_cleared_and_nothing_over_what_came_since() {
    let review = way_to(Step::Review);
    let not_asked =
        Event::IdentityNotAsked { identity: review.identity.clone(), credentials: review.credentials.clone() };
    let asked = review.clone().apply(Event::IdentityAsked, start()).unwrap();
    assert_eq!(asked.clone().apply(not_asked.clone(), start()).unwrap(), review);
    let answered = asked.apply(Event::IdentityEstablished(identity("สมหญิง")), start()).unwrap();
    assert_eq!(answered.clone().apply(not_asked, start()).unwrap(), answered);
}

#[test]
fn another_number_clears_the_verification_and_an_unsent_text_brings_it_back() {
    let review = way_to(Step::Review);
    let changed = review.clone().apply(requested("b", 2, start()), start()).unwrap();
    assert_eq!(changed.step(), Step::Otp);
    let undo = Event::CodeNotSent { id: "b".into(), mobile: review.mobile.clone(), otp: review.otp.clone() };
    let undone = changed.apply(undo, start()).unwrap();
    assert_eq!(undone, review);
}

#[test]
fn changing_the_account_part_clears_nothing_else() {
    let changed = way_to(Step::Review).apply(Event::CredentialsChosen(credentials("other_name")), start());
    assert_eq!(changed.unwrap().step(), Step::Review);
}

#[test]
fn a_taken_username_is_given_up_only_if_it_was_the_chosen_one() {
    let review = way_to(Step::Review);
    let other = review.clone().apply(Event::UsernameTaken("another".parse().unwrap()), start()).unwrap();
    assert_eq!(other.step(), Step::Review);
    let own = review.apply(Event::UsernameTaken("somchai".parse().unwrap()), start()).unwrap();
    assert_eq!(own.step(), Step::Account);
}

#[test]
fn a_username_may_be_found_taken_ten_times() {
    let taken = Event::UsernameTaken("another".parse().unwrap());
    let ten = (0..10).fold(way_to(Step::Account), |before, _| before.apply(taken.clone(), start()).unwrap());
    let retry_at = ten.expires_at;
    assert_eq!(ten.apply(taken, start()), Err(Refusal::TooManyUsernames { retry_at }));
}

#[test]
fn a_code_is_compared_five_times_whatever_is_sent_again() {
    let tried = |registration: Registration, id: &str, at| registration.apply(Event::CodeTried(id.into()), at);
    let later = start() + RESEND_AFTER;
    let three = (0..3).fold(way_to(Step::Otp), |before, _| tried(before, "a", start()).unwrap());
    let again = three.apply(requested("b", 1, later), later).unwrap();
    assert_eq!(again.otp.as_ref().unwrap().attempts_left(), 2, "a resend keeps the tries used");
    assert_eq!(tried(again.clone(), "a", later), Err(Refusal::CodeExpired), "the code before is dead");
    let five = (0..2).fold(again, |before, _| tried(before, "b", later).unwrap());
    assert_eq!(tried(five.clone(), "b", later), Err(Refusal::CodeExhausted));
    let much_later = later + RESEND_AFTER;
    let fresh = five.apply(requested("c", 1, much_later), much_later).unwrap();
    assert_eq!(fresh.otp.as_ref().unwrap().attempts_left(), TRIES, "after exhaustion it starts at 0");
}

#[test]
fn fifteen_comparisons_are_all_a_registration_has() {
    let mut registration = way_to(Step::Otp);
    registration.tries = TRIES_IN_ALL;
    let retry_at = registration.expires_at;
    assert_eq!(registration.may_try_code("a", start()), Err(Refusal::TooManyTries { retry_at }));
    assert_eq!(registration.may_send(&number(1), start() + IDLE / 2), Err(Refusal::TooManyTries { retry_at }));
}

#[test]
fn a_text_goes_out_once_a_minute_and_three_times_in_fifteen() {
    let at = |seconds| start() + SignedDuration::from_secs(seconds);
    let one = way_to(Step::Otp);
    assert_eq!(one.may_send(&number(1), at(59)), Err(Refusal::TooManySends { retry_at: at(60) }));
    assert_eq!(one.may_send(&number(2), at(0)), Ok(()), "a mistyped number can be corrected at once");
    let two = one.apply(requested("b", 1, at(60)), at(60)).unwrap();
    let three = two.apply(requested("c", 1, at(120)), at(120)).unwrap();
    assert_eq!(three.may_send(&number(2), at(200)), Err(Refusal::TooManySends { retry_at: at(900) }));
    assert_eq!(three.may_send(&number(2), at(900)), Ok(()));
}

#[test]
fn a_code_dies_with_its_time_and_with_its_use() {
    let otp_step = way_to(Step::Otp);
    let expiry = otp_step.otp.as_ref().unwrap().expires_at();
    let returned = Event::CodeReturned("a".into());
    assert_eq!(otp_step.clone().apply(returned.clone(), expiry), Err(Refusal::CodeExpired));
    let verified = otp_step.apply(returned.clone(), start()).unwrap();
    assert_eq!(verified.apply(returned, start()), Err(Refusal::CodeExpired));
}

#[test]
fn nothing_happens_after_the_end() {
    for step in STEPS {
        let registration = way_to(step);
        let end = registration.expires_at;
        assert_eq!(registration.apply(Event::Extended, end), Err(Refusal::Expired));
    }
}

fn any_event() -> impl Strategy<Value = (Event, i64)> {
    let event = (0..11_u8, 0..3_u8).prop_map(|(kind, n)| {
        let id = ["a", "b", "c"][usize::from(n)].to_owned();
        match kind {
            0 => Event::IdentityAsked,
            1 => Event::IdentityEstablished(identity("สมชาย")),
            2 => Event::CredentialsChosen(credentials("somchai")),
            3 => Event::UsernameTaken("somchai".parse().unwrap()),
            4 => Event::CodeNotSent { id, mobile: None, otp: None },
            5 | 6 => Event::CodeTried(id),
            7 => Event::CodeReturned(id),
            8 => requested(&id, n, start()),
            9 => Event::IdentityNotAsked { identity: Some(identity("สมหญิง")), credentials: None },
            _ => Event::Extended,
        }
    });
    (event, 0..400_i64)
}

proptest! {
    /// Whatever happens in whatever order: an account needs every part, codes compared stay within their bounds, and a
    /// refused event leaves everything as it was.
    #[test]
    fn no_order_of_events_breaks_the_rules(events in prop::collection::vec(any_event(), 0..60)) {
        let mut registration = begun();
        let mut now = start();
        for (event, pause) in events {
            now += SignedDuration::from_secs(pause);
            let event = match event {
                Event::CodeRequested { mut otp, number_mac, charged_to } => {
                    otp.sent_at = now;
                    Event::CodeRequested { otp, number_mac, charged_to }
                }
                event => event,
            };
            if let Ok(next) = registration.clone().apply(event, now) {
                registration = next;
            }
            prop_assert!(registration.tries <= TRIES_IN_ALL);
            prop_assert!(registration.otp.as_ref().is_none_or(|otp| otp.tries <= TRIES));
            prop_assert!(registration.sent.iter().filter(|sent| now < sent.at + SENDS_WINDOW).count() <= SENDS);
            prop_assert_eq!(registration.account(now).is_some(), registration.step() == Step::Review);
        }
    }
}
