//! Each call of each step, each thing that can go wrong with it, once and for good.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Answer, Browser, Person, Trouble, World, trouble::in_two_threads};
use local::aws::faults::{Fault, Service};
use serde_json::json;

/// A request of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Terms,
    Identity,
    IdentityAgain,
    Account,
    Mobile,
    Otp,
    Review,
    SignIn,
    Look,
    SignOut,
}

const STEPS: [Step; 10] = [
    Step::Terms,
    Step::Identity,
    Step::IdentityAgain,
    Step::Account,
    Step::Mobile,
    Step::Otp,
    Step::Review,
    Step::SignIn,
    Step::Look,
    Step::SignOut,
];

impl Step {
    async fn send(self, browser: &Browser<'_>, person: &Person) -> Answer {
        match self {
            Self::Terms => browser.accept_terms().await,
            Self::Identity | Self::IdentityAgain => browser.prove(person).await,
            Self::Account => browser.choose(person).await,
            Self::Mobile => browser.ask_for_code(person).await,
            Self::Otp => browser.enter_code(person).await,
            Self::Review => browser.confirm().await,
            Self::SignIn => browser.sign_in(person).await,
            Self::Look => browser.get("/account").await,
            Self::SignOut => browser.post("/account/sign-out", &json!({ "confirm": "yes" })).await,
        }
    }

    /// Whether a registration is under way before and after it.
    fn is_inside_the_registration(self) -> bool {
        Self::Terms < self && self < Self::Review
    }
}

/// The journey once without trouble: what each step calls.
async fn recorded() -> BTreeMap<Step, Vec<Trouble>> {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    let mut recorded = BTreeMap::new();
    for step in STEPS {
        world.calls.take();
        assert!(step.send(&browser, &person).await.status.is_success());
        recorded.insert(step, Trouble::every(&world.calls.take()));
    }
    recorded
}

/// A success, or a 503 that says when to come back and why.
fn is_clear(answer: &Answer) -> bool {
    let excuses = ["unavailable", "busy", "sms_not_sent"];
    let excused = answer.status == StatusCode::SERVICE_UNAVAILABLE
        && !answer.header("retry-after").is_empty()
        && excuses.contains(&answer.code().as_str());
    answer.status.is_success() || excused
}

/// An account, its username and its citizen ID are there together or not at all.
async fn nothing_is_half_written(world: &World) -> bool {
    let client = aws_sdk_dynamodb::Client::new(&world.local.sdk_config());
    let items = client.scan().table_name("Accounts").send().await.unwrap().items.unwrap();
    let with = |prefix: &str| items.iter().filter(|item| item["pk"].as_s().unwrap().starts_with(prefix)).count();
    with("account#") == with("username#") && with("username#") == with("citizen-id#")
}

/// One step in trouble; afterwards the journey can go on.
async fn survive(world: &World, browser: &Browser<'_>, person: &Person, step: Step, trouble: &Trouble, times: u32) {
    let said = format!("{step:?}, {times} times {trouble}");
    let faults = world.local.faults();
    let Trouble { call, fault, .. } = trouble;
    let texts = || world.local.outbox().texts().iter().filter(|text| text.to == person.e164()).count();

    faults.add(trouble.rule(times));
    let answer = step.send(browser, person).await;
    assert!(times == u32::MAX || faults.pending() == 0, "{said}: did not come up");
    faults.clear();
    assert!(is_clear(&answer), "{said}: {} {}", answer.status, answer.body);
    let refused_text = call.service() == Service::Sns && matches!(fault, Fault::Refuse(_));
    assert!(times > 1 || refused_text || answer.status.is_success(), "{said}: {}", answer.body);
    assert!(nothing_is_half_written(world).await, "{said}");
    assert!(texts() <= 1, "{said}");
    if step.is_inside_the_registration() {
        let registration = browser.get("/registration").await;
        assert_eq!(registration.status, StatusCode::OK, "{said}: {}", registration.body);
        if step == Step::Otp && registration.step() == "otp" {
            let possibly_counted = *fault == Fault::LoseAnswer && call.operation == "UpdateItem";
            let left = registration.json()["otp"]["attempts_left"].as_u64().unwrap();
            assert_eq!(left, if possibly_counted { 4 } else { 5 }, "{said}");
        }
    }
    if !answer.status.is_success() {
        let again = step.send(browser, person).await;
        assert!(again.status.is_success(), "{said}, again: {} {}", again.status, again.body);
        assert!(nothing_is_half_written(world).await, "{said}, again");
    }
    if step == Step::Mobile && texts() == 0 {
        assert!(call.service() == Service::Sns, "{said}: no text, and nobody said so");
        world.pass(SignedDuration::from_mins(1));
        assert!(step.send(browser, person).await.status.is_success(), "{said}, a minute later");
    }
    assert!(step != Step::Mobile || texts() == 1, "{said}");
}

/// The troubles numbered `number` of all steps, on one journey, so long as any step ahead has one.
async fn walk(world: &World, recorded: &BTreeMap<Step, Vec<Trouble>>, number: usize, times: u32) {
    let (browser, person) = (world.browser(), world.person());
    for step in STEPS {
        if recorded.range(step..).all(|(_, troubles)| troubles.len() <= number) {
            break;
        }
        match recorded[&step].get(number) {
            Some(trouble) => survive(world, &browser, &person, step, trouble, times).await,
            None => assert!(step.send(&browser, &person).await.status.is_success(), "{step:?}"),
        }
    }
}

async fn every_other(first: usize, times: u32) {
    let (recorded, world) = (recorded().await, World::new().await);
    let most = recorded.values().map(Vec::len).max().unwrap();
    for number in (first..most).step_by(2) {
        walk(&world, &recorded, number, times).await;
    }
}

/// In this order: what lasts uses up the SDK's budget for retries, and what happens once is to be tried again.
#[test]
fn whatever_call_fails_once_or_for_good_the_same_request_succeeds_afterwards() {
    in_two_threads(|first| every_other(first, 1));
    in_two_threads(|first| every_other(first, u32::MAX));
}
