//! What a thief of the tables would hold: no citizen ID, code, password or cookie, and no hash to guess at.

use http::StatusCode;
use journeys::World;

const TABLES: [&str; 4] = ["Registrations", "Accounts", "Sessions", "Limits"];

async fn everything(world: &World) -> String {
    let mut text = String::new();
    for table in TABLES {
        text.push_str(&format!("{:?}", world.items(table).await));
    }
    text
}

#[tokio::test]
async fn no_table_holds_what_could_be_used_against_somebody() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    let mut secrets = vec![person.citizen_id.clone(), person.laser_code.clone(), person.password.clone()];
    browser.walk(&person, 4).await;
    let code = world.code_sent_to(&person.e164()).unwrap();
    secrets.push(format!("\"{code}\""));
    assert!(everything(&world).await.contains(&person.username), "the tables are read at all");
    for _ in 0..2 {
        let cookie = browser.cookie("registration").unwrap();
        secrets.push(cookie.split_once('.').unwrap().1.to_owned());
        let held = everything(&world).await;
        for secret in &secrets {
            assert!(!held.contains(secret.as_str()), "{secret}");
        }
        browser.enter_code(&person).await;
    }
    browser.confirm().await;
    let elsewhere = world.browser();
    assert_eq!(elsewhere.sign_in(&person).await.step(), "otp");
    secrets.push(format!("\"{}\"", world.code_sent_to(&person.e164()).unwrap()));
    secrets.push(elsewhere.cookie("browser").unwrap());
    assert!(everything(&world).await.contains("sign-in#"), "what waits is among it");
    elsewhere.enter_sign_in_code(&person).await;
    browser.sign_in(&person).await;
    for used in [&browser, &elsewhere] {
        secrets.push(used.cookie("session").unwrap());
        secrets.push(used.cookie("device").unwrap());
    }
    let held = everything(&world).await;
    for secret in &secrets {
        assert!(!held.contains(secret.as_str()), "{secret}");
    }
}

#[tokio::test]
async fn checklist_33_a_verifier_moved_to_another_account_fails_and_none_holds_a_hash() {
    let world = World::new().await;
    let (thief, victim) = (world.person(), world.person());
    for person in [&thief, &victim] {
        assert_eq!(world.browser().walk(person, 6).await.status, StatusCode::CREATED);
    }
    let accounts = world.items("Accounts").await;
    let row =
        |name: &str| accounts.iter().find(|item| item["pk"].as_s().unwrap() == &format!("username#{name}")).unwrap();
    let phc = row(&thief.username)["password"].as_m().unwrap()["phc"].as_s().unwrap().clone();
    assert_eq!(phc.split('$').count(), 5, "algorithm, version, parameters, salt and nothing after: {phc}");

    let mut moved = row(&victim.username).clone();
    moved.insert("password".into(), row(&thief.username)["password"].clone());
    world.dynamodb().put_item().table_name("Accounts").set_item(Some(moved)).send().await.unwrap();
    let mut as_victim = thief.clone();
    as_victim.username.clone_from(&victim.username);
    assert_eq!(world.browser().sign_in(&as_victim).await.code(), "sign_in_failed");
    assert_eq!(world.browser().sign_in(&thief).await.status, StatusCode::OK);
}
