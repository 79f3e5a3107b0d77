//! Arbitrary bodies at every endpoint: some nearly right, some not even text.

use http::StatusCode;
use journeys::{Endpoint, World};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::bad_input::{FORM, JSON, assert_problem, send};

/// Field names, some values that lead deep into a handler, and rubbish.
fn text() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "method",
        "id_card",
        "self_asserted",
        "citizen_id",
        "1112034563562",
        "first_name",
        "last_name",
        "birth_date",
        "1995-03-05",
        "birth_day",
        "birth_month",
        "birth_year",
        "laser_code",
        "JT1-2345678-90",
        "username",
        "password",
        "password_confirmation",
        "mobile_number",
        "0890000001",
        "code",
        "000000",
        "consent",
        "accept",
        "terms_version",
        "2026-11-01",
        "resend",
        "yes",
        "after",
    ]);
    prop_oneof![3 => known.prop_map(str::to_owned), 2 => ".{0,20}", 1 => any::<String>()]
}

fn body() -> impl Strategy<Value = (String, Vec<u8>)> {
    let value = prop_oneof![
        4 => text().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => prop::collection::vec(text(), 0..3).prop_map(Value::from),
    ];
    let object = prop::collection::hash_map(text(), value, 0..8).prop_map(|map| json!(map).to_string().into_bytes());
    let pairs = prop::collection::vec((text(), text()), 0..8)
        .prop_map(|pairs| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes());
    let media = prop_oneof![Just(JSON.to_owned()), Just(FORM.to_owned()), Just(String::new()), "[ -~]{0,30}"];
    prop_oneof![
        4 => object.prop_map(|body| (JSON.to_owned(), body)),
        4 => pairs.prop_map(|body| (FORM.to_owned(), body)),
        2 => (media, prop::collection::vec(any::<u8>(), 0..200)),
    ]
}

#[test]
fn nothing_that_can_be_posted_is_a_fault_of_ours() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    let reached: Vec<_> = Endpoint::EVERY
        .iter()
        .map(|endpoint| (endpoint.path, runtime.block_on(endpoint.reach(&world, &world.person()))))
        .collect();
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&(body(), any::<bool>()), |((content_type, body), pages)| {
        for (path, browser) in &reached {
            let twin = if pages { browser.twin().with_pages() } else { browser.twin() };
            let answer = runtime.block_on(send(&twin, path, &content_type, body.clone()));
            prop_assert!(answer.status < StatusCode::INTERNAL_SERVER_ERROR, "{} {}", path, answer.body);
            if answer.status.is_client_error() && answer.header("content-type").contains("json") {
                assert_problem(&answer);
            }
        }
        Ok(())
    });
    outcome.unwrap();
}
