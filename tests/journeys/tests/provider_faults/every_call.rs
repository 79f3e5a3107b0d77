//! Each call of each request, each thing that can go wrong with it, once and for good.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Answer, RelyingParty, Trouble, World, calls::Call, trouble::in_two_threads};
use local::aws::faults::{Fault, Service};

use crate::{
    lost,
    step::Step,
    visit::{Visit, went_well},
};

type Recorded = BTreeMap<Step, Vec<Trouble>>;

/// The journey once without trouble: what each request calls.
async fn recorded(logout_uri: &str) -> Recorded {
    let world = with_keys().await;
    let mut visit = Visit::prepared(&world, logout_uri).await;
    let mut recorded = BTreeMap::new();
    for step in Step::EVERY {
        world.calls.take();
        let answer = visit.send(step).await;
        assert!(went_well(step, &answer), "{step:?}: {} {:?} {}", answer.status, answer.headers, answer.body);
        let calls: Vec<_> = world.calls.take().into_iter().filter(|call| !is_a_notifiers(step, call)).collect();
        recorded.insert(step, Trouble::of_each_kind(&calls));
    }
    recorded
}

/// A world whose signing keys have their rows, which the first request of all makes.
async fn with_keys() -> World {
    let world = World::new().await;
    world.browser().get("/.well-known/openid-configuration/jwks").await;
    world
}

/// What the queue's function calls meanwhile, whose troubles are its own (`logout`).
fn is_a_notifiers(step: Step, call: &Call) -> bool {
    step == Step::SignOut && (call.operation == "Sign" || call.tables == ["SigningKeys"])
}

/// It went well, or a 503 says when to come back: in OAuth's words to clients, as a problem to a person. Nothing is told
/// of the inside.
fn is_clear(step: Step, answer: &Answer) -> bool {
    let told = answer.json();
    let excused = answer.status == StatusCode::SERVICE_UNAVAILABLE
        && !answer.header("retry-after").is_empty()
        && told["request_id"].is_string()
        && match step.is_a_clients_call() {
            true => told["error"] == "temporarily_unavailable" && answer.header("cache-control") == "no-store",
            false => ["unavailable", "busy", "sms_not_sent"].contains(&answer.code().as_str()),
        };
    let inside = ["dynamo", "kms", "exception", "arn:", "throttl", "aws", "127.0.0.1", "panicked"];
    let tells = inside.iter().any(|word| answer.body.to_lowercase().contains(word));
    went_well(step, answer) || (excused && !tells)
}

/// One request in trouble; afterwards the journey can go on.
async fn survive(visit: &mut Visit<'_>, step: Step, trouble: &Trouble, times: u32) {
    let said = format!("{step:?}, {times} times {trouble}");
    let Trouble { call, fault, .. } = trouble;
    let (faults, texts) = (visit.world.local.faults(), visit.texts());

    let astray = if step.gives_tokens() && times > 1 { visit.astray().await } else { 0 };
    faults.add(trouble.rule(times));
    let answer = visit.send(step).await;
    assert!(times == u32::MAX || faults.pending() == 0, "{said}: did not come up");
    faults.clear();
    assert!(is_clear(step, &answer), "{said}: {} {:?} {}", answer.status, answer.headers, answer.body);
    let refused_text = call.service() == Service::Sns && matches!(fault, Fault::Refuse(_));
    assert!(times > 1 || refused_text || went_well(step, &answer), "{said}: {} {}", answer.status, answer.body);

    if !went_well(step, &answer) {
        let again = visit.send(step).await;
        if lost::is_used_up(step, trouble) {
            assert!(lost::is_told(step, &again), "{said}, again: {} {}", again.status, again.body);
            let over = visit.start_over(step).await;
            assert!(went_well(step, &over), "{said}, from the start: {} {}", over.status, over.body);
        } else {
            assert!(went_well(step, &again), "{said}, again: {} {:?} {}", again.status, again.headers, again.body);
        }
    }
    if step.gives_tokens() && !went_well(step, &answer) {
        let astray = visit.astray().await.saturating_sub(astray);
        assert!(astray <= lost::may_be_astray(step, trouble, times), "{said}: {astray} tokens that nobody received");
    }
    if matches!(step, Step::Userinfo | Step::UserinfoJwt) {
        assert!(visit.all_that_was_told_is_written_down().await, "{said}");
    }
    if step == Step::SignIn && visit.texts() == texts {
        assert!(call.service() == Service::Sns, "{said}: no text, and nobody said so");
        visit.world.pass(SignedDuration::from_mins(1));
        let typed = serde_json::json!({ "resend": "yes" });
        assert_eq!(visit.browser.post("/sign-in/otp", &typed).await.step(), "otp", "{said}, a minute later");
    }
    let wanted =
        usize::from(step == Step::SignIn || (step == Step::Code && lost::is_used_up(step, trouble) && times > 1));
    assert_eq!(visit.texts() - texts, wanted, "{said}: texts");
}

/// The troubles numbered `number` of all steps, on one journey, so long as any step ahead has one.
async fn walk(world: &World, party: &RelyingParty, recorded: &Recorded, number: usize, times: u32) {
    let mut visit = Visit::prepared(world, &party.url()).await;
    for step in Step::EVERY {
        if recorded.range(step..).all(|(_, troubles)| troubles.len() <= number) {
            return;
        }
        match recorded[&step].get(number) {
            Some(trouble) => survive(&mut visit, step, trouble, times).await,
            None => {
                let answer = visit.send(step).await;
                assert!(went_well(step, &answer), "{step:?}: {} {}", answer.status, answer.body);
            }
        }
    }
    assert_eq!(visit.browser.get("/account").await.code(), "not_signed_in");
    world.local.queues().settled("LogoutNotices").await;
    assert!(visit.is_told_of(&party.bodies()), "walk {number}: the relying party was not told");
}

async fn every_other(first: usize, times: u32) {
    let party = RelyingParty::answering("200 OK").await;
    let (recorded, world) = (recorded(&party.url()).await, with_keys().await);
    let most = recorded.values().map(Vec::len).max().unwrap();
    for number in (first..most).step_by(2) {
        walk(&world, &party, &recorded, number, times).await;
    }
}

/// In this order: what lasts uses up the SDK's budget for retries, and what happens once is to be tried again.
#[test]
fn whatever_call_of_single_sign_on_fails_once_or_for_good_the_same_request_succeeds_afterwards() {
    in_two_threads(|first| every_other(first, 1));
    in_two_threads(|first| every_other(first, u32::MAX));
}
