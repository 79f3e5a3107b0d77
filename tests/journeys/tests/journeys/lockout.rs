//! Guessing passwords: counted over all addresses, slower and slower, and never the end for the owner.

use futures_util::future::join_all;
use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Answer, Person, World, tally};

/// Signs in from so many addresses at once.
async fn from_everywhere(world: &World, person: &Person, times: usize) -> Vec<Answer> {
    join_all((0..times).map(|_| async { world.browser().sign_in(person).await })).await
}

async fn member(world: &World) -> Person {
    let (browser, person) = (world.browser(), world.person());
    assert_eq!(browser.walk(&person, 6).await.status, StatusCode::CREATED);
    person
}

fn mistaken(person: &Person) -> Person {
    Person { password: "not the password, but long".into(), ..person.clone() }
}

/// Failures in a row, as the table counts them: what was compared, since every comparison is counted before it.
async fn failures(world: &World, username: &str) -> u32 {
    let id = format!("failures#{username}");
    let rows = world.items("Limits").await;
    let row = rows.iter().find(|row| row["id"].as_s() == Ok(&id));
    row.map_or(0, |row| row["failures"].as_n().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn checklist_26_of_many_guesses_at_once_five_are_compared_and_the_owner_gets_in_seconds_later() {
    let world = World::new().await;
    let owner = member(&world).await;
    let answers = from_everywhere(&world, &mistaken(&owner), 20).await;
    assert_eq!(tally(&answers), [("401 sign_in_failed".to_owned(), 20)].into());
    assert_eq!(failures(&world, &owner.username).await, 5);
    let too_soon = from_everywhere(&world, &owner, 5).await;
    assert_eq!(tally(&too_soon), [("401 sign_in_failed".to_owned(), 5)].into(), "the right one neither");
    assert_eq!(failures(&world, &owner.username).await, 5, "what was not compared takes no place");
    world.pass(SignedDuration::from_secs(2));
    let browser = world.browser();
    assert_eq!(browser.sign_in(&owner).await.step(), "otp");
    assert_eq!(browser.enter_sign_in_code(&owner).await.step(), "done");
    assert_eq!(failures(&world, &owner.username).await, 0, "a success forgets them");
}

#[tokio::test(flavor = "multi_thread")]
async fn checklist_26_a_hundred_failures_in_a_row_close_an_account_for_a_day_and_not_for_good() {
    let world = World::new().await;
    let owner = member(&world).await;
    let guess = mistaken(&owner);
    let mut pauses = Vec::new();
    from_everywhere(&world, &guess, 6).await;
    while failures(&world, &owner.username).await < 100 {
        let before = failures(&world, &owner.username).await;
        let wait = match before {
            ..10 => SignedDuration::from_secs(2),
            10..20 => SignedDuration::from_secs(30),
            _ => SignedDuration::from_mins(15),
        };
        world.pass(wait - SignedDuration::from_secs(1));
        if [9, 10, 20].contains(&before) {
            world.browser().sign_in(&guess).await;
            assert_eq!(failures(&world, &owner.username).await, before, "a second too soon");
        }
        world.pass(SignedDuration::from_secs(1));
        let together = if before % 10 == 0 { 4 } else { 1 };
        from_everywhere(&world, &guess, together).await;
        let one_more = failures(&world, &owner.username).await;
        assert_eq!(one_more, before + 1, "one of those who come together");
        pauses.push(wait);
    }
    assert_eq!(pauses.len(), 95);
    for _ in 0..23 {
        world.pass(SignedDuration::from_hours(1));
        assert_eq!(tally(&from_everywhere(&world, &owner, 1).await), [("401 sign_in_failed".to_owned(), 1)].into());
        assert_eq!(failures(&world, &owner.username).await, 100, "never one more");
    }
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(world.browser().sign_in(&owner).await.status, StatusCode::OK, "hammering did not put it off");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_failures_an_hour_from_one_address_whoever_it_tries() {
    let world = World::new().await;
    let owner = member(&world).await;
    let address = world.browser().address;
    let guesses = (0..70).map(|number| {
        let browser = world.browser().at(address);
        let guess = Person { username: format!("nobody.{number}"), ..mistaken(&owner) };
        async move { browser.sign_in(&guess).await }
    });
    let answers = join_all(guesses).await;
    let expected = [("401 sign_in_failed".to_owned(), 60), ("429 too_many_requests".to_owned(), 10)];
    assert_eq!(tally(&answers), expected.into());
    let limited = answers.iter().filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.map(|answer| answer.header("retry-after")).all(|seconds| seconds == "3600"));
    assert_eq!(world.browser().sign_in(&owner).await.status, StatusCode::OK, "from elsewhere");
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(world.browser().at(address).sign_in(&owner).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_as_oneself_uses_up_nothing_of_an_addresss_failures() {
    let world = World::new().await;
    let owner = member(&world).await;
    let browser = world.browser();
    for _ in 0..3 {
        assert_eq!(browser.sign_in(&owner).await.status, StatusCode::OK);
    }
    let rows = world.items("Limits").await;
    let key = format!("sign-in-address#{}", browser.address);
    let counted: Vec<_> = rows.iter().filter(|row| row["id"].as_s().unwrap().starts_with(&key)).collect();
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0]["used"].as_n().unwrap(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn checklist_28_a_username_nobody_has_answers_and_counts_like_one_that_somebody_has() {
    let world = World::new().await;
    let owner = member(&world).await;
    let nobody = Person { username: "nobody.at.all".into(), ..mistaken(&owner) };
    let mut said = Vec::new();
    for person in [&mistaken(&owner), &nobody] {
        for _ in 0..7 {
            let answer = world.browser().sign_in(person).await;
            let (mut headers, request_id) = (answer.headers.clone(), answer.header("x-request-id"));
            headers.remove("x-request-id");
            // Each browser gets a secret of its own.
            assert!(headers.remove("set-cookie").is_some());
            said.push((answer.status, headers, answer.body.replace(request_id, "-")));
        }
        assert_eq!(failures(&world, &person.username).await, 5, "{}", person.username);
    }
    assert!(said.iter().all(|answer| answer == &said[0]), "wrong, locked, unknown: one answer");
}
