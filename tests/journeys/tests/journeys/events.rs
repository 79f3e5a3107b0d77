//! The events of `events/`, as API Gateway would send them, each to its function: the same files that
//! `sam local invoke` takes.

use std::{collections::BTreeSet, fs};

use bytes::Bytes;
use http::{Request, StatusCode};
use journeys::{Answer, Browser, World};

/// In the order of a registration: each is sent as it stands, but for the cookie of the one under way.
const EVENTS: [(&str, StatusCode); 14] = [
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
    ("sign-in.post", StatusCode::UNAUTHORIZED),
    ("sign-in-otp.post", StatusCode::UNAUTHORIZED),
    ("account.get", StatusCode::UNAUTHORIZED),
];

fn folder() -> String {
    format!("{}/../../events", env!("CARGO_MANIFEST_DIR"))
}

async fn invoke(browser: &Browser<'_>, name: &str) -> Answer {
    let event = fs::read_to_string(format!("{}/{name}.json", folder())).unwrap();
    let cookie = browser.cookie("registration").unwrap_or_default();
    let event = event.replace("<registration cookie>", &cookie);
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

#[test]
fn no_event_is_left_out() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let listed = EVENTS.map(|(name, _)| format!("{name}.json"));
    assert_eq!(files.collect::<BTreeSet<_>>(), BTreeSet::from(listed));
}
