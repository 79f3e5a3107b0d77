//! Texts: one that did not leave costs nothing, one that may have left is not sent again.

use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Person, World};
use local::aws::faults::{Fault, Refusal, Rule, Service};
use rstest::rstest;

const REFUSED: Fault = Fault::Refuse(Refusal::Throttling);

fn publish(fault: Fault) -> Rule {
    Rule::new(Service::Sns, "Publish", fault)
}

fn texts_to(world: &World, person: &Person) -> usize {
    world.local.outbox().texts().iter().filter(|text| text.to == person.e164()).count()
}

#[tokio::test]
async fn a_text_that_did_not_leave_costs_no_try_of_any_limit() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 3).await;
    world.local.faults().add(publish(REFUSED).times(7));
    for _ in 0..7 {
        let refused = browser.ask_for_code(&person).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "sms_not_sent"));
        assert_eq!(refused.header("retry-after"), "10");
        assert_eq!(browser.get("/registration").await.step(), "mobile");
    }
    assert_eq!((world.local.faults().pending(), texts_to(&world, &person)), (0, 0));

    // 60 s apart, three in a quarter of an hour, five a day: all still there.
    for sent in 1..=5 {
        if sent == 4 {
            world.pass(SignedDuration::from_mins(15));
        }
        let asked = browser.ask_for_code(&person).await;
        assert_eq!((asked.status, texts_to(&world, &person)), (StatusCode::OK, sent), "{}", asked.body);
        assert_eq!(browser.ask_for_code(&person).await.code(), "too_many_requests");
        world.pass(SignedDuration::from_mins(1));
    }
    assert_eq!(browser.ask_for_code(&person).await.code(), "too_many_requests");
    assert_eq!(browser.enter_code(&person).await.step(), "review");
}

#[tokio::test]
async fn another_code_that_did_not_leave_leaves_the_one_that_did() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 4).await;
    world.pass(SignedDuration::from_mins(1));
    world.local.faults().add(publish(REFUSED));
    assert_eq!(browser.ask_for_code(&person).await.code(), "sms_not_sent");
    assert_eq!(texts_to(&world, &person), 1);
    assert_eq!(browser.enter_code(&person).await.step(), "review");
}

#[rstest]
#[case(Fault::LoseAnswer, 1)]
#[case(Fault::LoseRequest, 0)]
#[tokio::test]
async fn a_text_with_no_answer_counts_as_sent_and_is_not_sent_again(#[case] fault: Fault, #[case] texts: usize) {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 3).await;
    world.local.faults().add(publish(fault));
    let asked = browser.ask_for_code(&person).await;
    assert_eq!((asked.step().as_str(), texts_to(&world, &person)), ("otp", texts), "{}", asked.body);
    let again = browser.ask_for_code(&person).await;
    assert_eq!((again.code().as_str(), again.header("retry-after")), ("too_many_requests", "60"));
    assert_eq!(texts_to(&world, &person), texts);
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(browser.ask_for_code(&person).await.step(), "otp");
    assert_eq!((texts_to(&world, &person), browser.enter_code(&person).await.step().as_str()), (texts + 1, "review"));
}
