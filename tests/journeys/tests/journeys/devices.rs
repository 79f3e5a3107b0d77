//! Browsers that have been seen: whose failures count where, and when a browser is a stranger again.

use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Browser, Person, World};

async fn registered(world: &World) -> (Browser<'_>, Person) {
    let (browser, person) = (world.browser(), world.person());
    assert_eq!(browser.walk(&person, 6).await.status, StatusCode::CREATED);
    (browser, person)
}

fn mistaken(person: &Person) -> Person {
    let mut mistaken = person.clone();
    mistaken.password.push('x');
    mistaken
}

#[tokio::test]
async fn checklist_26_strangers_lock_the_username_and_not_its_owners_browser() {
    let world = World::new().await;
    let (owner, person) = registered(&world).await;
    for _ in 0..7 {
        assert_eq!(world.browser().sign_in(&mistaken(&person)).await.code(), "sign_in_failed");
    }
    assert_eq!(world.browser().sign_in(&person).await.code(), "sign_in_failed", "locked, even with the right one");
    assert_eq!(owner.sign_in(&person).await.step(), "done");
    // What the owner does leaves the strangers' count where it is.
    assert_eq!(world.browser().sign_in(&person).await.code(), "sign_in_failed");
    world.pass(SignedDuration::from_mins(15));
    assert_eq!(world.browser().sign_in(&person).await.step(), "otp", "and not for good");
}

#[tokio::test]
async fn ten_wrong_passwords_make_a_known_browser_a_stranger() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    for _ in 0..9 {
        assert_eq!(browser.sign_in(&mistaken(&person)).await.code(), "sign_in_failed");
    }
    assert_eq!(browser.sign_in(&person).await.step(), "done", "nine are forgiven");
    for _ in 0..10 {
        browser.sign_in(&mistaken(&person)).await;
    }
    assert_eq!(browser.sign_in(&person).await.step(), "otp");
}

#[tokio::test]
async fn a_known_browsers_mistakes_are_not_counted_among_the_strangers() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    for _ in 0..9 {
        browser.sign_in(&mistaken(&person)).await;
    }
    assert_eq!(world.browser().sign_in(&person).await.step(), "otp");
}

#[tokio::test]
async fn a_device_is_replaced_at_each_sign_in_and_the_old_secret_is_dead() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    let thief = browser.twin();
    browser.sign_in(&person).await;
    assert_ne!(browser.cookie("device"), thief.cookie("device"));
    // A button pressed twice comes with the old one, for a minute.
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(thief.sign_in(&person).await.step(), "otp");
}

#[tokio::test]
async fn a_browser_is_remembered_for_ninety_days() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    world.pass(SignedDuration::from_hours(90 * 24 - 1));
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    world.pass(SignedDuration::from_hours(90 * 24));
    assert_eq!(browser.sign_in(&person).await.step(), "otp");
}

#[tokio::test]
async fn a_family_shares_a_browser_and_none_of_its_secrets_serves_another() {
    let world = World::new().await;
    let (browser, first) = registered(&world).await;
    let (_, second) = registered(&world).await;
    assert_eq!(browser.sign_in(&second).await.step(), "otp", "seen, but not with this account");
    assert_eq!(browser.enter_sign_in_code(&second).await.step(), "done");
    assert_eq!(browser.cookie("device").unwrap().split('.').count(), 2);
    assert_eq!(browser.sign_in(&first).await.step(), "done");
    assert_eq!(browser.sign_in(&second).await.step(), "done");
    assert_eq!(browser.cookie("device").unwrap().split('.').count(), 2);
}
