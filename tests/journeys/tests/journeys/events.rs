//! The events of `events/`, as API Gateway, SQS or an operator would send them, each to its function: the same files
//! that `sam local invoke` takes.

use std::{collections::BTreeSet, fs};

use bytes::Bytes;
use http::{Request, StatusCode};
use journeys::{Answer, Browser, World};

/// In the order of a registration: each is sent as it stands, but for the cookie of the one under way.
const EVENTS: [(&str, StatusCode); 40] = [
    ("home.get", StatusCode::OK),
    ("home.not-found", StatusCode::NOT_FOUND),
    ("assets.outdated", StatusCode::NOT_FOUND),
    ("registration-terms.get", StatusCode::OK),
    ("registration-terms.decline", StatusCode::OK),
    ("registration-terms.accept", StatusCode::SEE_OTHER),
    ("registration-identity.post", StatusCode::OK),
    ("registration-account.post", StatusCode::OK),
    ("registration-mobile.post", StatusCode::OK),
    ("registration-otp.wrong", StatusCode::UNPROCESSABLE_ENTITY),
    ("registration-review.get", StatusCode::CONFLICT),
    ("sign-in.get", StatusCode::OK),
    ("sign-in.post", StatusCode::UNAUTHORIZED),
    ("sign-in-otp.post", StatusCode::UNAUTHORIZED),
    ("account.get", StatusCode::UNAUTHORIZED),
    ("account-sessions.get", StatusCode::UNAUTHORIZED),
    ("account-sessions.end", StatusCode::UNAUTHORIZED),
    ("account-password.get", StatusCode::UNAUTHORIZED),
    ("account-password.post", StatusCode::UNAUTHORIZED),
    ("sso-metadata.discovery", StatusCode::OK),
    ("sso-metadata.jwks", StatusCode::OK),
    ("sso-authorize.get", StatusCode::SEE_OTHER),
    ("sso-authorize.unknown-client", StatusCode::BAD_REQUEST),
    ("consent.gone", StatusCode::GONE),
    ("sso-par.post", StatusCode::CREATED),
    ("sso-token.unknown-code", StatusCode::BAD_REQUEST),
    ("sso-userinfo.unknown-token", StatusCode::UNAUTHORIZED),
    ("sso-introspect.stranger", StatusCode::UNAUTHORIZED),
    ("sso-revoke.unknown-token", StatusCode::OK),
    ("sso-sign-out.get", StatusCode::OK),
    ("ops-clients.register", StatusCode::OK),
    ("ops-clients.update", StatusCode::OK),
    ("ops-clients.list", StatusCode::OK),
    ("ops-clients.disable", StatusCode::OK),
    ("ops-keys.status", StatusCode::OK),
    ("ops-keys.rotate", StatusCode::OK),
    ("ops-keys.distrust", StatusCode::OK),
    ("ops-keys.adopt", StatusCode::OK),
    ("ops-keys.nobody", StatusCode::OK),
    ("logout-notifier.notice", StatusCode::OK),
];

fn folder() -> String {
    format!("{}/../../events", env!("CARGO_MANIFEST_DIR"))
}

async fn invoke(browser: &Browser<'_>, name: &str) -> Answer {
    let event = fs::read_to_string(format!("{}/{name}.json", folder())).unwrap();
    let cookie = |name: &str| browser.cookie(name).unwrap_or_default();
    let event = event.replace("<registration cookie>", &cookie("registration"));
    let event = event.replace("<session cookie>", &cookie("session"));
    let function = name.split('.').next().unwrap();
    browser.send(Request::post(format!("/_local/invoke/{function}")), Bytes::from(event)).await
}

#[tokio::test]
async fn every_event_is_answered_by_its_function() {
    let world = World::new().await;
    let browser = world.browser();
    for (name, expected) in EVENTS {
        let answer = invoke(&browser, name).await;
        assert_eq!(answer.status, expected, "{name}: {}", answer.body);
    }
}

/// Lambda's own status is 200 for whatever a function answers to an operator or a queue.
#[tokio::test]
async fn the_answers_to_operators_and_queues_say_what_became_of_it() {
    let world = World::new().await;
    let browser = world.browser();
    assert_eq!(invoke(&browser, "ops-keys.status").await.json()["keys"][1]["algorithm"], "RS256");
    assert_eq!(invoke(&browser, "ops-keys.rotate").await.json()["error"]["code"], "too_early");
    assert_eq!(invoke(&browser, "ops-clients.register").await.json()["client_id"], "clinic");
    assert_eq!(invoke(&browser, "ops-clients.register").await.json()["error"]["code"], "client_exists");
    assert_eq!(invoke(&browser, "ops-clients.update").await.json()["scope"], "openid phone profile");
    assert_eq!(invoke(&browser, "ops-clients.disable").await.json()["disabled"], true);
    assert_eq!(invoke(&browser, "ops-keys.distrust").await.json()["error"]["code"], "changed_meanwhile");
    assert_eq!(invoke(&browser, "ops-keys.adopt").await.json()["keys"].as_array().map(Vec::len), Some(3));
    assert_eq!(invoke(&browser, "ops-keys.nobody").await.json()["error"]["code"], "invalid_input");
    // Nobody is at a name under .invalid.
    let failed = invoke(&browser, "logout-notifier.notice").await.json();
    assert_eq!(failed["batchItemFailures"][0]["itemIdentifier"], "059f36b4-87a3-44ab-83d2-661975830a7d");
    let no_event = browser.send(Request::post("/_local/invoke/ops-keys"), Bytes::from("{")).await;
    assert_eq!(no_event.status, StatusCode::BAD_REQUEST);
    let no_batch = browser.send(Request::post("/_local/invoke/logout-notifier"), Bytes::from("{}")).await;
    assert_eq!(no_batch.status, StatusCode::BAD_GATEWAY);
}

#[test]
fn no_event_is_left_out() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let listed = EVENTS.map(|(name, _)| format!("{name}.json"));
    assert_eq!(files.collect::<BTreeSet<_>>(), BTreeSet::from(listed));
}
