//! The limits of facts.md on texts and on guessing who is registered, each hit by many at once, each saying when to
//! come back. Signing in has its own file.

use futures_util::future::join_all;
use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Answer, Browser, Person, World, tally};
use serde_json::json;

/// Refused by the registry, whatever is typed beside it.
const REFUSED: &str = "1000000000149";

fn count(answers: &[Answer], said: &str) -> usize {
    tally(answers).get(said).copied().unwrap_or_default()
}

/// So many succeeded, and every other was told to come back in so many seconds.
fn assert_limited(answers: &[Answer], let_through: usize, seconds: &str) {
    let limited: Vec<_> = answers.iter().filter(|answer| answer.code() == "too_many_requests").collect();
    assert_eq!(limited.len(), answers.len() - let_through, "{:?}", tally(answers));
    for answer in limited {
        assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, seconds));
    }
}

/// So many people who have come as far as the mobile number, `alike` in something.
async fn at_mobile(
    world: &World,
    people: usize,
    alike: impl Fn(&mut Browser<'_>, &mut Person),
) -> Vec<(Browser<'_>, Person)> {
    let mut reached = Vec::new();
    for _ in 0..people {
        let (mut browser, mut person) = (world.browser(), world.person());
        alike(&mut browser, &mut person);
        assert_eq!(browser.walk(&person, 3).await.step(), "mobile");
        reached.push((browser, person));
    }
    reached
}

async fn all_ask(people: &[(Browser<'_>, Person)]) -> Vec<Answer> {
    join_all(people.iter().map(|(browser, person)| browser.ask_for_code(person))).await
}

/// Proves one person from many twins of a browser at once.
async fn all_prove(twins: &[Browser<'_>], person: &Person) -> Vec<Answer> {
    join_all(twins.iter().map(|twin| twin.prove(person))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_gets_a_text_a_minute() {
    let world = World::new().await;
    let people = at_mobile(&world, 1, |_, _| {}).await;
    let (browser, person) = &people[0];
    let twins: Vec<_> = (0..20).map(|_| (browser.twin(), person.clone())).collect();
    assert_limited(&all_ask(&twins).await, 1, "60");
    world.pass(SignedDuration::from_secs(59));
    assert_limited(&all_ask(&twins).await, 0, "1");
    world.pass(SignedDuration::from_secs(1));
    assert_limited(&all_ask(&twins).await, 1, "60");
    assert_eq!(world.local.outbox().texts().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_gets_three_texts_in_fifteen_minutes() {
    let world = World::new().await;
    let people = at_mobile(&world, 1, |_, _| {}).await;
    let (browser, person) = &people[0];
    let to = |number: u32| Person { mobile_number: format!("08612345{number:02}"), ..person.clone() };
    let twins: Vec<_> = (0..20).map(|number| (browser.twin(), to(number))).collect();
    let answers = all_ask(&twins).await;
    assert_eq!(count(&answers, "200"), 3, "{:?}", tally(&answers));
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK || !answer.header("retry-after").is_empty()));
    assert_eq!(world.local.outbox().texts().len(), 3);
    world.pass(SignedDuration::from_mins(14));
    assert_limited(&[browser.ask_for_code(&to(30)).await], 0, "60");
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(browser.ask_for_code(&to(30)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_gets_five_texts_a_day_over_all_registrations() {
    let world = World::new().await;
    let people = at_mobile(&world, 8, |_, person| person.mobile_number = "0861234567".into()).await;
    assert_limited(&all_ask(&people).await, 5, "57600");
    assert_eq!(world.local.outbox().texts().len(), 5);
    world.pass(SignedDuration::from_hours(16));
    let next_day = at_mobile(&world, 1, |_, person| person.mobile_number = "0861234567".into()).await;
    assert_eq!(all_ask(&next_day).await[0].status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_texts_an_hour_and_gets_back_what_was_verified() {
    let world = World::with(&[("SendsPerAddress", "3")]).await;
    let address = world.browser().address;
    let people = at_mobile(&world, 6, |browser, _| browser.address = address).await;
    let answers = all_ask(&people).await;
    assert_limited(&answers, 3, "3600");
    let (sent, unsent): (Vec<_>, Vec<_>) =
        people.into_iter().zip(&answers).partition(|(_, answer)| answer.status == StatusCode::OK);
    let (browser, person) = &sent[0].0;
    assert_eq!(browser.enter_code(person).await.step(), "review");
    let (browser, person) = &unsent[0].0;
    assert_eq!(browser.ask_for_code(person).await.status, StatusCode::OK, "one was given back");
    assert_limited(&[unsent[1].0.0.ask_for_code(&unsent[1].0.1).await], 0, "3600");
    world.pass(SignedDuration::from_hours(1));
    let later = at_mobile(&world, 1, |browser, _| browser.address = address).await;
    assert_eq!(all_ask(&later).await[0].status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hour_has_a_ceiling_that_stops_no_sign_in() {
    // Eight shards of one text each; the randomness that chooses the shard also makes the code.
    let world = World::with(&[("RegistrationTextsPerHour", "8")]).await;
    let (browser, member) = (world.browser(), world.person());
    world.force_code(Some(7));
    assert_eq!(browser.walk(&member, 6).await.status, StatusCode::CREATED);
    let people = at_mobile(&world, 3, |_, _| {}).await;
    assert_limited(&all_ask(&people).await, 0, "3600");
    world.force_code(None);
    let answers = all_ask(&people).await;
    assert!(count(&answers, "200") + count(&answers, "429 too_many_requests") == 3, "{:?}", tally(&answers));
    assert_eq!(browser.sign_in(&member).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_says_no_five_times_in_six_hours_to_an_id_from_an_address() {
    let world = World::new().await;
    let (browser, refused) = (world.browser(), Person { citizen_id: REFUSED.into(), ..world.person() });
    browser.accept_terms().await;
    let twins: Vec<_> = (0..20).map(|_| browser.twin()).collect();
    assert_limited(&all_prove(&twins, &refused).await, 5, "14400");
    let elsewhere = browser.twin().at(world.browser().address);
    assert_eq!(elsewhere.prove(&refused).await.code(), "identity_not_confirmed", "the owner is not kept out");
    assert_eq!(browser.prove(&world.person()).await.step(), "account", "nor anybody else at that address");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_says_no_fifty_times_a_day_to_an_id_from_anywhere() {
    // Sixty wait for the registry together: on a busy machine for longer than a person would.
    let world = World::with(&[("CardRegistryTimeOuts", "connect=20000,per_try=20000,overall=25000")]).await;
    let (browser, refused) = (world.browser(), Person { citizen_id: REFUSED.into(), ..world.person() });
    browser.accept_terms().await;
    let twins: Vec<_> = (0..60).map(|_| browser.twin().at(world.browser().address)).collect();
    let answers = all_prove(&twins, &refused).await;
    assert_eq!(count(&answers, "422 identity_not_confirmed"), 50, "{:?}", tally(&answers));
    assert_limited(&answers, 50, "57600");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_in_flight_counts_until_it_is_settled() {
    let world = World::new().await;
    // Confirmed after a second and a half: all are in flight together.
    let slow = Person { citizen_id: "1000000000530".into(), ..world.person() };
    let address = world.browser().address;
    let mut browsers = Vec::new();
    for _ in 0..8 {
        let browser = world.browser().at(address);
        browser.accept_terms().await;
        browsers.push(browser);
    }
    let answers = all_prove(&browsers, &slow).await;
    assert_eq!(count(&answers, "200"), 5, "{:?}", tally(&answers));
    assert_limited(&answers, 5, "14400");
    let waiting = browsers.iter().zip(&answers).find(|(_, answer)| answer.status != StatusCode::OK).unwrap().0;
    assert_eq!(waiting.prove(&slow).await.step(), "account", "confirmed ones are given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_refused_so_often_an_hour() {
    let world = World::with(&[("RefusalsPerAddress", "3")]).await;
    let browser = world.browser();
    browser.accept_terms().await;
    // Several people, since each may be refused but five times in six hours.
    let refused = ["1000000000017", "1000000000025", "1000000000041", REFUSED].into_iter().cycle().take(16);
    let refusals = refused.map(|citizen_id| {
        let (twin, person) = (browser.twin(), Person { citizen_id: citizen_id.into(), ..world.person() });
        async move { twin.prove(&person).await }
    });
    assert_limited(&join_all(refusals).await, 3, "3600");
    assert_limited(&[browser.prove(&world.person()).await], 0, "3600");
    let word = browser.post("/registration/identity", &world.person().own_word()).await;
    assert_eq!(word.step(), "account", "one's own word asks no registry");
    assert_eq!(browser.at(world.browser().address).prove(&world.person()).await.step(), "account");
}

/// So many people at the review with one number, on their own word.
async fn on_their_word<'a>(world: &'a World, people: usize, citizen_id: Option<&str>) -> Vec<Browser<'a>> {
    let mut reached = Vec::new();
    for _ in 0..people {
        let (browser, mut person) = (world.browser(), world.person());
        person.mobile_number = "0861234567".into();
        person.citizen_id = citizen_id.map_or(person.citizen_id, str::to_owned);
        browser.accept_terms().await;
        browser.post("/registration/identity", &person.own_word()).await;
        browser.choose(&person).await;
        browser.ask_for_code(&person).await;
        assert_eq!(browser.enter_code(&person).await.step(), "review");
        reached.push(browser);
    }
    reached
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_told_three_times_a_day_that_an_id_has_an_account() {
    let world = World::new().await;
    let member = world.person();
    world.browser().walk(&member, 6).await;
    let browsers = on_their_word(&world, 5, Some(&member.citizen_id)).await;
    let answers = join_all(browsers.iter().map(Browser::confirm)).await;
    assert_eq!(count(&answers, "409 already_registered"), 3, "{:?}", tally(&answers));
    assert_limited(&answers, 3, "57600");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_has_three_unproven_accounts() {
    let world = World::new().await;
    let browsers = on_their_word(&world, 5, None).await;
    let answers = join_all(browsers.iter().map(Browser::confirm)).await;
    assert_eq!(count(&answers, "201"), 3, "{:?}", tally(&answers));
    assert_eq!(world.accounts_with("account#").await, 3);
    for (browser, answer) in browsers.iter().zip(&answers) {
        if answer.status != StatusCode::CREATED {
            // That nobody has the ID is a guess too, and counted like one: after three the number waits.
            let again = browser.confirm().await;
            let waits = again.code() == "too_many_requests" && !again.header("retry-after").is_empty();
            assert!(again.code() == "number_in_use" || waits, "{}", again.body);
        }
    }
    assert_eq!(world.accounts_with("username#").await, 3, "nothing half-written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_is_told_ten_times_that_a_username_is_taken() {
    let world = World::new().await;
    let member = world.person();
    world.browser().walk(&member, 6).await;
    let (browser, person) = (world.browser(), Person { username: member.username.clone(), ..world.person() });
    browser.walk(&person, 2).await;
    let twins: Vec<_> = (0..15).map(|_| browser.twin()).collect();
    let mut told = count(&join_all(twins.iter().map(|twin| twin.choose(&person))).await, "409 username_taken");
    assert!((1..=10).contains(&told), "{told}");
    let refused = loop {
        let answer = browser.choose(&person).await;
        if answer.code() != "username_taken" {
            break answer;
        }
        told += 1;
    };
    assert_eq!(told, 10);
    assert_limited(&[refused], 0, "1800");
    let free = Person { username: "somebody.free".into(), ..person };
    assert_limited(&[browser.choose(&free).await], 0, "1800");
    assert_eq!(browser.post("/registration/extend", &json!({})).await.step(), "account", "the registration goes on");
}
