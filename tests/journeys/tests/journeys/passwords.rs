//! Lines 24 and 25 of the checklist: what can be a password, from the wizard's form to the next sign-in, and what is
//! kept of it.

use argon2::{Algorithm, Argon2, Params, Version};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use http::StatusCode;
use journeys::{Person, World, tables::Item};
use local::aws::faults::{Fault, Refusal, Rule, Service};

#[tokio::test]
async fn checklist_24_any_128_code_points_are_a_password_and_the_last_one_counts() {
    let world = World::new().await;
    let thai: String = "ช้างม้าวัวควายหมูเห็ดเป็ดไก่ กุ้งหอยปูปลา ".chars().cycle().take(127).collect();
    let emoji: String = "🐘🍜🛶🌧🥭🐓🦎🪷🚲🏮🎐🧧".chars().cycle().take(128).collect();
    for password in [format!("{thai}ก"), emoji, "  spaces before, between and after  ".to_owned()] {
        let person = Person { password, ..world.person() };
        assert_eq!(world.browser().walk(&person, 6).await.status, StatusCode::CREATED, "{}", person.password);
        assert_eq!(world.browser().sign_in(&person).await.step(), "otp", "{}", person.password);
        let (shorter, other) = (without_the_last(&person.password), format!("{}x", without_the_last(&person.password)));
        for password in [shorter, other, person.password.trim().to_owned() + "x"] {
            let wrong = Person { password, ..person.clone() };
            assert_eq!(world.browser().sign_in(&wrong).await.code(), "sign_in_failed", "{}", wrong.password);
        }
    }
}

fn without_the_last(text: &str) -> String {
    let mut characters = text.chars();
    characters.next_back();
    characters.collect()
}

#[tokio::test]
async fn checklist_24_a_password_that_is_refused_is_told_why_in_both_languages() {
    let world = World::new().await;
    let person = world.person();
    let walked = world.browser();
    walked.walk(&person, 2).await;
    let named = format!("{} and eleven quartz omens", person.username);
    let long: String = "ข้าวเหนียวมะม่วง กับคนแปลกหน้า ".chars().cycle().take(129).collect();
    for (password, code) in [
        ("kq7-vz2xwp9", "too_short"),
        (long.as_str(), "too_long"),
        (named.as_str(), "contains_username"),
        ("correcthorsebatterystaple", "breached"),
        ("ababababababababababab", "guessable"),
        (person.citizen_id.as_str(), "is_citizen_id"),
    ] {
        let mut told = Vec::new();
        for language in ["th", "en"] {
            let mut browser = walked.twin();
            browser.language = language;
            let chosen = Person { password: password.to_owned(), ..person.clone() };
            let answer = browser.choose(&chosen).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(answer.field_errors(), [format!("password:{code}")]);
            told.push(answer.json()["errors"][0]["detail"].as_str().unwrap().to_owned());
        }
        assert!(told[0].chars().any(|c| ('ก'..='๛').contains(&c)) && told[1].is_ascii(), "{told:?}");
    }
}

#[tokio::test]
async fn checklist_24_a_password_can_be_pasted() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 2).await;
    let pages = browser.twin().with_pages();
    for (path, fields) in [("/registration/account", 2), ("/sign-in", 1)] {
        let page = pages.get(path).await.body;
        let inputs: Vec<_> = page.split("<input ").filter(|input| input.contains(r#"type="password""#)).collect();
        assert_eq!(inputs.len(), fields, "{path}");
        for input in inputs {
            let input = input.split('>').next().unwrap();
            for hindrance in ["readonly", "maxlength", "onpaste", "onkey", "oninput", r#"autocomplete="off""#] {
                assert!(!input.contains(hindrance), "{path}: {input}");
            }
        }
        let scripts: Vec<_> = page.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(scripts.iter().any(|script| script.contains("password")), "{scripts:?}");
        for script in scripts {
            let text = pages.get(script).await.body;
            for hindrance in ["paste", "clipboard", "beforeinput", "keydown", "keypress"] {
                assert!(!text.contains(hindrance), "{script} has {hindrance}");
            }
        }
    }
}

fn phc(row: &Item) -> String {
    row["password"].as_m().unwrap()["phc"].as_s().unwrap().clone()
}

async fn row(world: &World, person: &Person) -> Item {
    let key = format!("username#{}", person.username);
    let rows = world.items("Accounts").await;
    rows.into_iter().find(|row| row["pk"].as_s().unwrap() == &key).unwrap()
}

#[tokio::test]
async fn checklist_25_a_verifier_says_argon2id_and_costs_no_less_than_it_must() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 6).await;
    let phc = phc(&row(&world, &person).await);
    let costs = phc.strip_prefix("$argon2id$v=19$").and_then(|rest| rest.split('$').next()).unwrap();
    let costs: Vec<u32> = costs.split(',').map(|cost| cost.split_once('=').unwrap().1.parse().unwrap()).collect();
    assert!(costs[0] >= 19_456 && costs[1] >= 2 && costs[2] >= 1, "{phc}");
}

/// Puts a verifier of the person's own password there that costs `m=8192,t=1,p=1`, as an older release made them.
async fn made_older(world: &World, person: &Person) -> String {
    let mut row = row(world, person).await;
    let account = row["account_id"].as_s().unwrap().clone();
    let key = row["password"].as_m().unwrap()["mac"].as_m().unwrap()["key"].as_s().unwrap().clone();
    let salt = [7; 16];
    let mut output = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8192, 1, 1, Some(32)).unwrap());
    argon2.hash_password_into(person.password.as_bytes(), &salt, &mut output).unwrap();
    let phc = format!("$argon2id$v=19$m=8192,t=1,p=1${}", STANDARD_NO_PAD.encode(salt));
    let mut message = Vec::new();
    for part in [&b"pwd"[..], b"1", account.as_bytes(), phc.as_bytes(), &output] {
        message.extend((part.len() as u64).to_be_bytes());
        message.extend(part);
    }
    let kms = aws_sdk_kms::Client::new(&world.local.sdk_config());
    let mac = kms.generate_mac().key_id(&key).mac_algorithm(aws_sdk_kms::types::MacAlgorithmSpec::HmacSha256);
    let mac = mac.message(message.into()).send().await.unwrap().mac.unwrap();
    let tag: String = mac.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = |name: &str, text: String| (name.to_owned(), AttributeValue::S(text));
    let mac = AttributeValue::M([text("key", key), text("tag", tag)].into());
    let password = AttributeValue::M([text("phc", phc.clone()), ("mac".to_owned(), mac)].into());
    row.insert("password".into(), password);
    world.dynamodb().put_item().table_name("Accounts").set_item(Some(row)).send().await.unwrap();
    phc
}

#[tokio::test]
async fn checklist_25_an_older_verifier_is_made_anew_once_its_password_was_right() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 6).await;
    let today = phc(&row(&world, &person).await);
    let cost = |phc: &str| phc.rsplit_once('$').unwrap().0.to_owned();
    for known in [true, false] {
        let older = made_older(&world, &person).await;
        let here = if known { browser.twin() } else { world.browser() };
        let wrong = Person { password: "not this one at all".into(), ..person.clone() };
        assert_eq!(here.sign_in(&wrong).await.code(), "sign_in_failed");
        assert_eq!(phc(&row(&world, &person).await), older, "a wrong password changes nothing");
        assert_eq!(here.sign_in(&person).await.step(), if known { "done" } else { "otp" });
        let renewed = phc(&row(&world, &person).await);
        assert_eq!((cost(&renewed), renewed != today), (cost(&today), true), "with a salt of its own");
    }
    world.calls.take();
    assert_eq!(browser.sign_in(&person).await.step(), "done", "by the new verifier");
    let calls = world.calls.take();
    assert!(calls.iter().all(|call| call.depth <= 3 && call.operation != "GenerateMac"), "not again: {calls:?}");
}

#[tokio::test]
async fn checklist_25_a_sign_in_succeeds_though_its_verifier_cannot_be_made_anew() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 6).await;
    let older = made_older(&world, &person).await;
    for rule in [
        Rule::new(Service::Kms, "GenerateMac", Fault::Refuse(Refusal::Throttling)),
        Rule::new(Service::DynamoDb, "UpdateItem", Fault::Refuse(Refusal::Throttling)).of("Accounts"),
    ] {
        world.local.faults().add(rule.times(3));
        assert_eq!(browser.sign_in(&person).await.step(), "done");
        assert_eq!(world.local.faults().pending(), 0);
        assert_eq!(phc(&row(&world, &person).await), older);
    }
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    assert_ne!(phc(&row(&world, &person).await), older, "the next sign-in makes up for it");
}
