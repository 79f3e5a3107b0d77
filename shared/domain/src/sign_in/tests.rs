use proptest::prelude::*;

use super::*;
use crate::{
    otp::{LIFETIME as CODE_LIFETIME, RESEND_AFTER, Reference},
    sealed::Mac,
};

fn start() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

fn otp(id: &str, sent_at: Timestamp) -> Otp {
    Otp {
        id: id.to_owned(),
        reference: Reference::from_random([0; 4]),
        number: "0812345678".parse().unwrap(),
        mac: Mac::new("key", &[1; 32]),
        tries: 0,
        sent_at,
    }
}

fn account() -> AccountId {
    AccountId::from_random([1; 16])
}

fn waiting() -> PendingSignIn {
    PendingSignIn {
        id: SignInId::from_random([7; 16]),
        account_id: account(),
        username: "somying.r".parse().unwrap(),
        password_at: start(),
        password_version: 0,
        device: None,
        otp: otp("first", start()),
        tries: 0,
        charged_to: vec!["sends-address#x".to_owned()],
    }
}

fn tried(mut sign_in: PendingSignIn, id: &str, times: u8, now: Timestamp) -> PendingSignIn {
    for _ in 0..times {
        sign_in = sign_in.apply(Event::CodeTried(id.to_owned()), now).unwrap();
    }
    sign_in
}

fn resent(sign_in: PendingSignIn, id: &str, now: Timestamp) -> Result<PendingSignIn, Refusal> {
    sign_in.apply(Event::CodeRequested { otp: otp(id, now), charged_to: String::new() }, now)
}

#[test]
fn the_password_typed_again_begins_the_time_anew_and_not_the_tries() {
    let later = start() + RESEND_AFTER;
    let typed = |sign_in: PendingSignIn, now| {
        let event = Event::PasswordTyped {
            otp: otp("again", now),
            charged_to: "b".to_owned(),
            device: None,
            password_version: 0,
        };
        sign_in.apply(event, now)
    };
    let again = typed(tried(waiting(), "first", 4, start()), later).unwrap();
    assert_eq!((again.otp.attempts_left(), again.tries, again.expires_at()), (1, 4, later + LIFETIME));
    assert_eq!(again.charged_to.len(), 2);
    let refused = typed(again, later).unwrap_err();
    assert_eq!(refused, Refusal::TooManySends { retry_at: later + RESEND_AFTER });
}

#[test]
fn a_code_is_compared_five_times_and_another_keeps_the_tries() {
    let later = start() + RESEND_AFTER;
    let again = resent(tried(waiting(), "first", 3, start()), "second", later).unwrap();
    assert_eq!(again.otp.attempts_left(), 2);
    assert_eq!(again.may_try_code("first", later), Err(Refusal::CodeExpired));
    let exhausted = tried(again, "second", 2, later);
    assert_eq!(exhausted.may_try_code("second", later), Err(Refusal::CodeExhausted));
    let afresh = resent(exhausted, "third", later + RESEND_AFTER).unwrap();
    assert_eq!(afresh.otp.attempts_left(), TRIES);
}

#[test]
fn fifteen_codes_end_it_whatever_is_sent_again() {
    let (mut sign_in, mut now) = (waiting(), start());
    for id in ["first", "second", "third"] {
        sign_in = tried(sign_in, id, TRIES, now);
        now += RESEND_AFTER;
        if id != "third" {
            sign_in = resent(sign_in, if id == "first" { "second" } else { "third" }, now).unwrap();
        }
    }
    let over = Err(Refusal::TooManyTries { retry_at: start() + LIFETIME });
    assert_eq!(sign_in.may_send(now), over);
    assert_eq!(sign_in.may_try_code("third", now), over);
}

#[test]
fn a_text_a_minute_a_code_for_five_and_a_password_for_ten() {
    let almost = SignedDuration::from_secs(1);
    let retry_at = start() + RESEND_AFTER;
    assert_eq!(waiting().may_send(retry_at - almost), Err(Refusal::TooManySends { retry_at }));
    assert_eq!(waiting().may_send(retry_at), Ok(()));
    assert_eq!(waiting().may_try_code("first", start() + CODE_LIFETIME - almost), Ok(()));
    assert_eq!(waiting().may_try_code("first", start() + CODE_LIFETIME), Err(Refusal::CodeExpired));
    assert_eq!(waiting().may_send(start() + LIFETIME), Err(Refusal::Ended));
    assert_eq!(waiting().may_try_code("first", start() + LIFETIME), Err(Refusal::Ended));
}

#[test]
fn the_code_that_waits_serves_a_password_typed_twice() {
    assert!(waiting().waits_for(account(), 0, start()));
    assert!(!waiting().waits_for(account(), 1, start()), "the password was changed");
    assert!(!waiting().waits_for(AccountId::from_random([2; 16]), 0, start()));
    assert!(!waiting().waits_for(account(), 0, start() + RESEND_AFTER));
    assert!(!tried(waiting(), "first", TRIES, start()).waits_for(account(), 0, start()));
}

proptest! {
    #[test]
    fn no_order_of_events_compares_more_than_fifteen(events in prop::collection::vec((any::<bool>(), 0_i64..90), 0..120)) {
        let (mut sign_in, mut now, mut compared) = (waiting(), start(), 0);
        for (resend, pause) in events {
            now += SignedDuration::from_secs(pause);
            let event = if resend {
                Event::CodeRequested { otp: otp(&now.to_string(), now), charged_to: String::new() }
            } else {
                Event::CodeTried(sign_in.otp.id.clone())
            };
            if let Ok(next) = sign_in.clone().apply(event, now) {
                compared += u8::from(!resend);
                sign_in = next;
            }
            prop_assert!(compared <= TRIES_IN_ALL && sign_in.otp.tries <= TRIES && sign_in.tries == compared);
        }
    }
}
