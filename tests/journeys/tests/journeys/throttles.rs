//! Calls that AWS turned away, counted at each try.

use http::StatusCode;
use journeys::{Client, World};
use local::aws::faults::{Refusal, Service};
use serde_json::json;

use crate::{
    metrics::{latency, refuse, registry, step},
    sso::registered,
};

#[tokio::test]
async fn a_throttle_is_counted_at_each_try_also_where_a_retry_saved_it() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 1).await;
    world.measured.take();
    let faults = world.local.faults();
    faults.add(refuse(Service::Kms, "GenerateMac", Refusal::Throttling).times(2));
    assert_eq!(browser.prove(&person).await.step(), "account");
    let throttled = || vec!["KmsThrottled".to_owned(), "KmsThrottled".to_owned()];
    assert_eq!(
        world.measured.take(),
        [throttled(), vec![latency(), registry("confirmed"), step("identity", "done")]].concat()
    );
    for refusal in [Refusal::Throttling, Refusal::ProvisionedThroughputExceeded] {
        faults.add(refuse(Service::DynamoDb, "GetItem", refusal));
        browser.get("/registration").await;
        assert_eq!(world.measured.take(), ["DynamoDbThrottled"], "{refusal:?}");
    }
    for refusal in [Refusal::TransactionConflict, Refusal::InternalServerError] {
        faults.add(refuse(Service::DynamoDb, "PutItem", refusal));
        browser.choose(&person).await;
        assert!(!world.measured.take().contains(&"DynamoDbThrottled".to_owned()), "{refusal:?}");
    }
    assert_eq!(faults.pending(), 0);
}

#[tokio::test]
async fn the_keys_that_sign_are_watched_for_throttles_too() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let code = rp.sign_in(&browser, &person, &[]).await["code"].clone();
    world.measured.take();
    world.local.faults().add(refuse(Service::Kms, "Sign", Refusal::Throttling));
    assert_eq!(rp.redeem(&browser, &code).await.status, StatusCode::OK);
    assert_eq!(world.measured.take(), ["KmsThrottled", "Token grant=authorization_code client=rp"]);
}
