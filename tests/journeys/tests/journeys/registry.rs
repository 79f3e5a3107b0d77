//! The card registry: what each of its answers becomes, and that its reasons cannot be told apart.

use http::{HeaderMap, StatusCode};
use journeys::{Answer, Person, World};
use local::card_registry::{PERSONAS, SimulatedAnswer};
use rstest::rstest;

/// Both meanings of code 4: the laser code is of another card, the person is another; and nobody has the ID.
const CODE_4: [&str; 3] = ["1000000000041", "1000000000149", "1000000000246"];
/// The registry's other refusals.
const REFUSED: [&str; 2] = ["1000000000017", "1000000000025"];

fn holder(world: &World, citizen_id: &str) -> Person {
    Person { citizen_id: citizen_id.to_owned(), ..world.person() }
}

/// An answer without what differs in every one: the request's id, and the ID that was typed.
fn comparable(answer: &Answer, citizen_id: &str) -> (StatusCode, HeaderMap, String) {
    let (mut headers, request_id) = (answer.headers.clone(), answer.header("x-request-id"));
    assert!(!request_id.is_empty());
    headers.remove("x-request-id");
    (answer.status, headers, answer.body.replace(request_id, "-").replace(citizen_id, "-"))
}

#[rstest]
#[case::json_in_thai(false, "th")]
#[case::json_in_english(false, "en")]
#[case::page_in_thai(true, "th")]
#[case::page_in_english(true, "en")]
#[tokio::test]
async fn no_refusal_can_be_told_from_another(#[case] pages: bool, #[case] language: &'static str) {
    let world = World::new().await;
    let mut answers = Vec::new();
    let same = world.person();
    for citizen_id in CODE_4.into_iter().chain(REFUSED) {
        let mut browser = world.browser();
        browser.language = language;
        browser.accept_terms().await;
        let person = Person { citizen_id: citizen_id.to_owned(), ..same.clone() };
        let answer = if pages {
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("method", "id_card")
                .append_pair("citizen_id", &person.citizen_id)
                .append_pair("first_name", &person.first_name)
                .append_pair("last_name", &person.last_name)
                .append_pair("birth_date", &person.birth_date)
                .append_pair("laser_code", &person.laser_code)
                .finish();
            browser.with_pages().post_form("/registration/identity", &form).await
        } else {
            browser.prove(&person).await
        };
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{citizen_id}: {}", answer.body);
        assert!(pages || answer.code() == "identity_not_confirmed");
        answers.push(comparable(&answer, citizen_id));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_persona_of_the_readme_is_answered_as_it_says() {
    // The readme's personas, with a client that loses patience sooner: 1.5 s is still waited for, 10 s are not.
    let world = World::with(&[("CardRegistryTimeOuts", "connect=1000,per_try=2500,overall=4000")]).await;
    let readme = include_str!("../../../../README.md");
    for persona in PERSONAS {
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{}` |", persona.citizen_id)));
        let told = row.and_then(|row| row.split('|').nth(3)).map(str::trim).unwrap_or_default();
        let browser = world.browser();
        browser.accept_terms().await;
        let answer = browser.prove(&holder(&world, persona.citizen_id)).await;
        let expected = match told.trim_matches('`') {
            "identity_not_confirmed" => (StatusCode::UNPROCESSABLE_ENTITY, "identity_not_confirmed", ""),
            "identity_check_unavailable" => (StatusCode::SERVICE_UNAVAILABLE, "identity_check_unavailable", ""),
            told if told.starts_with("goes on") => (StatusCode::OK, "", "account"),
            told => panic!("{}: the readme says {told:?}", persona.shows),
        };
        let (code, step) = (answer.code(), answer.step());
        assert_eq!((answer.status, code.as_str(), step.as_str()), expected, "{}", persona.shows);
        assert_eq!(!answer.header("retry-after").is_empty(), code == "identity_check_unavailable");
    }
}

#[tokio::test]
async fn every_persona_is_in_the_readme_and_every_kind_of_answer_has_one() {
    let rows = include_str!("../../../../README.md").lines().filter(|line| line.starts_with("| `1")).count();
    assert_eq!(rows, PERSONAS.len());
    let codes: Vec<_> = PERSONAS
        .iter()
        .filter_map(|persona| match persona.answer {
            SimulatedAnswer::Result(result) if !result.is_error => Some(result.code),
            _ => None,
        })
        .collect();
    for code in [0, 1, 2, 4, 5] {
        assert!(codes.contains(&code), "code {code}");
    }
}

#[tokio::test]
async fn an_outage_costs_no_try() {
    let world = World::new().await;
    let browser = world.browser();
    browser.accept_terms().await;
    let person = world.person();
    world.local.registry_outage().begin();
    for _ in 0..20 {
        let answer = browser.prove(&person).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "identity_check_unavailable")
        );
        assert_eq!(answer.header("retry-after"), "120");
    }
    world.local.registry_outage().end();
    let refused = holder(&world, CODE_4[1]);
    for _ in 0..4 {
        assert_eq!(browser.prove(&refused).await.code(), "identity_not_confirmed");
    }
    world.local.registry_outage().begin();
    for _ in 0..20 {
        assert_eq!(browser.prove(&refused).await.code(), "identity_check_unavailable", "no limit in between");
    }
    world.local.registry_outage().end();
    assert_eq!(browser.prove(&refused).await.code(), "identity_not_confirmed", "the fifth try is still there");
    assert_eq!(browser.prove(&refused).await.code(), "too_many_requests", "and is the last");
    assert_eq!(browser.prove(&person).await.step(), "account");
}

#[tokio::test]
async fn in_an_outage_ones_own_word_is_enough_to_go_on() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.accept_terms().await;
    world.local.registry_outage().begin();
    assert_eq!(browser.prove(&person).await.code(), "identity_check_unavailable");
    let asserted = browser.post("/registration/identity", &person.own_word()).await;
    assert_eq!((asserted.step().as_str(), asserted.json()["identity"]["ial"].as_str()), ("account", Some("1.1")));
}
