//! Everybody at once: one wins, the others are told so, nothing is half-written.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use http::StatusCode;
use journeys::{Answer, Browser, Person, World, tally};
use rstest::rstest;
use serde_json::json;

/// How many race.
const ALL: usize = 50;

fn outcomes<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.into_iter().map(|(said, count)| (said.to_owned(), count)).collect()
}

/// So many people at the review, each in a browser of their own, after `change` made them alike in something.
async fn at_review(world: &World, own_word: bool, change: impl Fn(&mut Person)) -> Vec<(Browser<'_>, Person)> {
    let mut people = (0..ALL).map(|_| {
        let (browser, mut person) = (world.browser(), world.person());
        change(&mut person);
        async move {
            browser.accept_terms().await;
            let claim = if own_word { person.own_word() } else { person.identity() };
            let proven = browser.post("/registration/identity", &claim).await;
            assert_eq!(proven.step(), "account", "{}", proven.body);
            browser.choose(&person).await;
            browser.ask_for_code(&person).await;
            assert_eq!(browser.enter_code(&person).await.step(), "review");
            (browser, person)
        }
    });
    few_at_once(&mut people).await
}

/// What is not the race itself: in small groups, so that password hashes do not starve the SDK's time-outs.
async fn few_at_once<F: Future>(futures: &mut impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut outcomes = Vec::new();
    loop {
        let group = join_all(futures.by_ref().take(5)).await;
        if group.is_empty() {
            return outcomes;
        }
        outcomes.extend(group);
    }
}

async fn all_confirm(racers: &[(Browser<'_>, Person)]) -> Vec<Answer> {
    join_all(racers.iter().map(|(browser, _)| browser.confirm())).await
}

/// Accounts, usernames and citizen IDs, of which an account has one each.
async fn written(world: &World) -> [usize; 3] {
    let count = |prefix| world.accounts_with(prefix);
    [count("account#").await, count("username#").await, count("citizen-id#").await]
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_with_one_username_are_one_account_and_the_others_choose_again() {
    let world = World::new().await;
    let racers = at_review(&world, false, |person| person.username = "somying.the.one".into()).await;
    let answers = all_confirm(&racers).await;
    assert_eq!(tally(&answers), outcomes([("201", 1), ("409 username_taken", ALL - 1)]));
    assert_eq!(written(&world).await, [1, 1, 1]);

    let lost = racers.into_iter().zip(&answers).filter(|(_, answer)| answer.status == StatusCode::CONFLICT);
    let mut again = lost.enumerate().map(|(number, ((browser, mut person), answer))| {
        assert_eq!(answer.step(), "account", "the step to go back to is told");
        person.username = format!("somying.another{number}");
        async move {
            let chosen = browser.choose(&person).await;
            assert_eq!(chosen.step(), "review", "nothing else is asked again: {}", chosen.body);
            browser.confirm().await
        }
    });
    assert_eq!(tally(&few_at_once(&mut again).await), outcomes([("201", ALL - 1)]));
    assert_eq!(written(&world).await, [ALL; 3]);
}

#[rstest]
#[case::proven_by_the_card(false)]
#[case::on_their_own_word(true)]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_with_one_citizen_id_are_one_account(#[case] own_word: bool) {
    let world = World::new().await;
    let citizen_id = world.person().citizen_id;
    let racers = at_review(&world, own_word, |person| person.citizen_id.clone_from(&citizen_id)).await;
    let answers = all_confirm(&racers).await;
    assert_eq!(tally(&answers), outcomes([("201", 1), ("409 already_registered", ALL - 1)]));
    assert_eq!(written(&world).await, [1, 1, 1]);
    for ((browser, person), answer) in racers.iter().zip(&answers) {
        assert_eq!(browser.confirm().await.code(), "no_registration", "for the others it is over");
        if answer.status == StatusCode::CREATED {
            assert_eq!(browser.sign_in(person).await.status, StatusCode::OK);
        }
    }
    let counted: Vec<_> =
        world.items("Accounts").await.into_iter().filter_map(|mut item| item.remove("unproven")).collect();
    let expected = if own_word { vec![AttributeValue::N("1".into())] } else { Vec::new() };
    assert_eq!(counted, expected, "the winner's number alone has an unproven account");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_registration_confirmed_fifty_times_is_one_account() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk_to_review(&person).await;
    let twins: Vec<_> = (0..ALL).map(|_| (browser.twin(), person.clone())).collect();
    assert_eq!(tally(&all_confirm(&twins).await), outcomes([("201", 1), ("401 no_registration", ALL - 1)]));
    assert_eq!(written(&world).await, [1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_pressed_fifty_times_in_a_browser_ends_on_the_page_that_says_done() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk_to_review(&person).await;
    let presses =
        (0..ALL).map(|_| async { browser.twin().with_pages().post_form("/registration/review", "confirm=yes").await });
    let answers = join_all(presses).await;
    assert_eq!(tally(&answers), outcomes([("303", ALL)]));
    assert!(answers.iter().all(|answer| answer.header("location") == "/registration/done"));
    assert_eq!(written(&world).await, [1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_step_sent_fifty_times_moves_on_once_and_breaks_nothing() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.accept_terms().await;
    // Renews the cookie: one of them has the new one, the others' is dead.
    let twins: Vec<_> = (0..5).map(|_| browser.twin()).collect();
    let answers = join_all(twins.iter().map(|twin| twin.prove(&person))).await;
    assert_eq!(tally(&answers), outcomes([("200", 1), ("401 no_registration", 4)]));
    let winner = twins.iter().zip(&answers).find(|(_, answer)| answer.status == StatusCode::OK).unwrap().0;
    assert_eq!(winner.get("/registration").await.step(), "account");
    winner.choose(&person).await;
    let twins: Vec<_> = (0..ALL).map(|_| winner.twin()).collect();
    join_all(twins.iter().map(|twin| twin.ask_for_code(&person))).await;
    assert_eq!(world.local.outbox().texts().len(), 1, "one text");
    assert_eq!(winner.enter_code(&person).await.step(), "review");
}

/// Somebody else writes every registration just before each of the next `times` calls of this name.
fn write_before(world: &World, call: &str, times: u32) {
    let client = world.dynamodb();
    world.calls.interrupt(call, times, move || {
        let client = client.clone();
        Box::pin(async move {
            let rows = client.scan().table_name("Registrations").send().await.unwrap();
            for row in rows.items() {
                let update = client.update_item().table_name("Registrations").key("id", row["id"].clone());
                let update = update.update_expression("ADD version :one");
                update.expression_attribute_values(":one", AttributeValue::N("1".into())).send().await.unwrap();
            }
        })
    });
}

#[rstest]
#[case::extending("/registration/extend", "PutItem", StatusCode::OK)]
#[case::choosing("/registration/account", "PutItem", StatusCode::OK)]
#[case::asking_for_a_code("/registration/mobile", "TransactWriteItems", StatusCode::OK)]
#[case::confirming("/registration/review", "TransactWriteItems", StatusCode::CREATED)]
#[tokio::test(flavor = "multi_thread")]
async fn busy_is_told_only_of_a_race_lost_three_times(
    #[case] path: &str,
    #[case] call: &str,
    #[case] good: StatusCode,
) {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk_to_review(&person).await;
    let texts = world.local.outbox().texts().len();
    let body = match path {
        "/registration/account" => person.account(),
        "/registration/mobile" => json!({ "mobile_number": "0861234567" }),
        _ => json!({ "confirm": "yes" }),
    };
    write_before(&world, call, 3);
    let lost = browser.post(path, &body).await;
    assert_eq!(world.calls.interruptions_left(), 0);
    assert_eq!((lost.status, lost.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "busy"), "{}", lost.body);
    assert_ne!(lost.header("retry-after"), "");
    assert_eq!(browser.get("/registration").await.step(), "review", "nothing changed");
    assert_eq!(world.local.outbox().texts().len(), texts, "and no text was sent");

    write_before(&world, call, 2);
    let won = browser.post(path, &body).await;
    assert_eq!((world.calls.interruptions_left(), won.status), (0, good), "{}", won.body);
}
