//! A changed password whose answer from DynamoDB is lost: it is the password now, and the person must learn so.

use http::StatusCode;
use journeys::World;
use local::aws::faults::{Fault, Rule, Service};
use serde_json::json;

const NEW: &str = "เต่าทอง เดินข้ามสะพาน ตอนฝนตก";

#[tokio::test]
async fn a_password_that_was_changed_is_told_so_whatever_answer_was_lost() {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    browser.walk(&person, 6).await;
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    let fields = json!({ "current_password": person.password, "password": NEW, "password_confirmation": NEW });
    let lost = Rule::new(Service::DynamoDb, "TransactWriteItems", Fault::LoseAnswer).times(u32::MAX);
    world.local.faults().add(lost);
    let changed = browser.post("/account/password", &fields).await;
    world.local.faults().clear();
    assert_eq!(changed.json(), json!({ "changed": true, "others": "kept" }), "{}", changed.body);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK, "the cookie is the one that was written");
    person.password = NEW.to_owned();
    assert_eq!(browser.sign_in(&person).await.step(), "done");
}
