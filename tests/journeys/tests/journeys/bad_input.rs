//! Whatever is posted: the contract's error, for every bad field at once, and never one of ours.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use journeys::{Answer, Browser, Endpoint, Person, World};
use rstest::rstest;
use serde_json::{Value, json};

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) async fn send(browser: &Browser<'_>, path: &str, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let mut request = Request::post(path);
    if !content_type.is_empty() {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    browser.send(request, body.into()).await
}

/// Problem details as RFC 9457 and the contract have them.
pub(crate) fn assert_problem(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.body);
    let body = answer.json();
    let code = answer.code();
    assert_eq!(body["status"], answer.status.as_u16());
    assert_eq!(body["type"], format!("http://localhost:8080/problems/{code}"));
    for member in ["title", "detail", "request_id"] {
        assert_ne!(body[member].as_str().unwrap_or_default(), "", "{member} of {body}");
    }
    assert_eq!(body["errors"].is_array(), code == "invalid_input", "{body}");
}

/// One problem with one error for each field, in words, and no other.
fn assert_every_field(answer: &Answer, fields: &[&str], what: &str) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", answer.body);
    assert_problem(answer);
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    let named: BTreeSet<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(named, fields.iter().copied().collect(), "{what}");
    assert_eq!(errors.len(), fields.len(), "{what}: one entry a field");
    assert!(errors.iter().all(|error| error["detail"].as_str().is_some_and(|detail| !detail.is_empty())), "{what}");
}

/// Every field of an endpoint with the same value.
fn all(endpoint: &Endpoint, value: &Value) -> Value {
    endpoint.fields.iter().map(|field| ((*field).to_owned(), value.clone())).collect::<serde_json::Map<_, _>>().into()
}

/// What has to be sent: a middle name has not, and without a method no laser code is asked for.
fn required(endpoint: &Endpoint) -> Vec<&'static str> {
    endpoint.fields.iter().copied().filter(|field| !matches!(*field, "middle_name" | "laser_code")).collect()
}

/// At every endpoint with fields.
async fn everywhere(check: impl AsyncFn(&Endpoint, &Browser<'_>)) {
    let world = World::new().await;
    for endpoint in Endpoint::EVERY.iter().filter(|endpoint| !endpoint.fields.is_empty()) {
        let browser = endpoint.reach(&world, &world.person()).await;
        check(endpoint, &browser).await;
    }
}

#[tokio::test]
async fn what_is_missing_or_empty_is_told_of_every_field() {
    everywhere(async |endpoint, browser| {
        let fields = required(endpoint);
        let (empty, null) = (all(endpoint, &json!("")), all(endpoint, &Value::Null));
        for body in [json!({}), json!({ "other": "x" }), empty, null] {
            assert_every_field(&browser.post(endpoint.path, &body).await, &fields, endpoint.path);
        }
        for form in ["", "other=x"] {
            assert_every_field(&browser.post_form(endpoint.path, form).await, &fields, endpoint.path);
        }
        let named = endpoint.fields.iter().map(|field| format!("{field}=")).collect::<Vec<_>>().join("&");
        assert_every_field(&browser.post_form(endpoint.path, &named).await, &fields, endpoint.path);
        assert_every_field(&send(browser, endpoint.path, "", "").await, &fields, "no body at all");
    })
    .await;
}

#[tokio::test]
async fn with_the_card_chosen_its_code_is_missing_too() {
    let world = World::new().await;
    let browser = world.browser();
    browser.accept_terms().await;
    let fields = ["citizen_id", "first_name", "last_name", "birth_date", "laser_code"];
    let answer = browser.post("/registration/identity", &json!({ "method": "id_card" })).await;
    assert_every_field(&answer, &fields, "id_card");
    let answer = browser.post("/registration/identity", &json!({ "method": "self_asserted" })).await;
    assert_every_field(&answer, &fields[..4], "self_asserted");
    let parts = json!({ "method": "id_card", "birth_day": "32", "birth_month": "13", "birth_year": "abc" });
    let fields = ["citizen_id", "first_name", "last_name", "laser_code", "birth_day", "birth_month", "birth_year"];
    assert_every_field(&browser.post("/registration/identity", &parts).await, &fields, "the parts of the date");
    let parts = json!({ "method": "id_card", "birth_day": 5, "birth_month": "13", "birth_year": "" });
    assert_every_field(&browser.post("/registration/identity", &parts).await, &fields, "one of them no text");
}

#[tokio::test]
async fn what_is_no_single_short_text_is_told_of_every_field() {
    everywhere(async |endpoint, browser| {
        let mut deep = json!("x");
        for _ in 0..60 {
            deep = json!([deep]);
        }
        for value in [json!(1), json!(1.5e300), json!(true), json!([]), json!(["a"]), json!({ "a": "b" }), deep] {
            let answer = browser.post(endpoint.path, &all(endpoint, &value)).await;
            assert_every_field(&answer, endpoint.fields, endpoint.path);
            assert!(answer.field_errors().iter().all(|error| error.ends_with(":wrong_type")), "{}", answer.body);
        }
        let long = "ก".repeat(700);
        let answer = browser.post(endpoint.path, &all(endpoint, &json!(long))).await;
        assert_every_field(&answer, endpoint.fields, endpoint.path);
        assert!(answer.field_errors().iter().all(|error| error.ends_with(":too_long")), "{}", answer.body);

        let twice = endpoint.fields.iter().map(|field| format!(r#""{field}":"a","{field}":"a""#));
        let answer = send(browser, endpoint.path, JSON, format!("{{{}}}", twice.collect::<Vec<_>>().join(","))).await;
        assert_every_field(&answer, endpoint.fields, endpoint.path);
        let twice = endpoint.fields.iter().map(|field| format!("{field}=a&{field}=b"));
        let answer = browser.post_form(endpoint.path, &twice.collect::<Vec<_>>().join("&")).await;
        assert_every_field(&answer, endpoint.fields, endpoint.path);
        assert!(answer.field_errors().iter().all(|error| error.ends_with(":duplicate")), "{}", answer.body);
    })
    .await;
}

#[rstest]
#[case::emoji("🙂🇹🇭👩‍👩‍👧")]
#[case::nul("a\u{0}b")]
#[case::control("\u{1b}[2J\r\nSet-Cookie: x=y")]
#[case::markup("<script>alert(1)</script>")]
#[case::expression("'; DROP TABLE accounts; -- ${7*7} {{7*7}}")]
#[tokio::test]
async fn what_is_no_name_number_or_code_is_told_of_every_field(#[case] text: &str) {
    everywhere(async |endpoint, browser| {
        let encoded = |text: &str| {
            let pairs = endpoint.fields.iter().map(|field| (*field, text));
            form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        let answers = [
            browser.post(endpoint.path, &all(endpoint, &json!(text))).await,
            browser.post_form(endpoint.path, &encoded(text)).await,
        ];
        for answer in answers {
            // Whatever is typed to sign in is tried.
            if endpoint.path == "/sign-in" {
                assert_eq!(answer.code(), "sign_in_failed", "{}", answer.body);
                continue;
            }
            // The same twice over, so the second field of the password has nothing wrong with it; a password may be of
            // any characters, if there are enough of them; and the current one is tried once there is a new one.
            let long = text.chars().count() >= 12;
            let good = |field: &str| match field {
                "password_confirmation" => true,
                "password" => long,
                "current_password" => !long,
                _ => false,
            };
            let mut wrong = endpoint.fields.iter().filter(|field| !good(field));
            let named: BTreeSet<_> =
                answer.field_errors().iter().map(|error| error.split(':').next().unwrap().to_owned()).collect();
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
            assert!(wrong.all(|field| named.contains(*field)), "{}: {named:?}", endpoint.path);
        }
    })
    .await;
}

#[tokio::test]
async fn thai_digits_are_digits() {
    let thai = |text: &str| {
        text.chars()
            .map(|c| c.to_digit(10).and_then(|digit| char::from_u32(0x0e50 + digit)).unwrap_or(c))
            .collect::<String>()
    };
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.accept_terms().await;
    let typed = Person {
        citizen_id: thai(&person.citizen_id),
        laser_code: thai(&person.laser_code),
        birth_date: thai(&person.birth_date),
        mobile_number: thai(&person.mobile_number),
        ..person.clone()
    };
    let mut parts = typed.identity();
    parts.as_object_mut().unwrap().remove("birth_date");
    for (part, value) in [("birth_day", "๕"), ("birth_month", "๓"), ("birth_year", "๒๕๓๘")] {
        parts[part] = json!(value);
    }
    for body in [typed.identity(), parts] {
        let proven = browser.post("/registration/identity", &body).await;
        assert_eq!(
            (proven.step().as_str(), &proven.json()["identity"]["birth_date"]),
            ("account", &json!("1995-03-05"))
        );
    }
    browser.choose(&person).await;
    assert_eq!(browser.ask_for_code(&typed).await.step(), "otp");
    let code = thai(&world.code_sent_to(&person.e164()).unwrap());
    assert_eq!(browser.post("/registration/otp", &json!({ "code": code })).await.step(), "review");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_told_so_at_every_endpoint() {
    let world = World::new().await;
    let deep = format!("{}{}", "[".repeat(8000), "]".repeat(8000));
    let cases: [(&str, Bytes, StatusCode, &str); 17] = [
        (JSON, vec![b' '; 1 << 20].into(), StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        (FORM, vec![b'a'; 1 << 20].into(), StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        ("", vec![b'a'; 1 << 20].into(), StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        (FORM, vec![b'&'; 16 * 1024 + 1].into(), StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        (JSON, "{".into(), StatusCode::BAD_REQUEST, "malformed_request"),
        (JSON, "[]".into(), StatusCode::BAD_REQUEST, "malformed_request"),
        (JSON, r#""yes""#.into(), StatusCode::BAD_REQUEST, "malformed_request"),
        (JSON, r#"{"confirm":"yes"} {}"#.into(), StatusCode::BAD_REQUEST, "malformed_request"),
        (JSON, deep.clone().into(), StatusCode::BAD_REQUEST, "malformed_request"),
        (JSON, format!(r#"{{"confirm":{deep}}}"#).into(), StatusCode::BAD_REQUEST, "malformed_request"),
        (JSON, Bytes::from_static(b"{\"confirm\":\"\xff\"}"), StatusCode::BAD_REQUEST, "malformed_request"),
        (JSON, r#"{"confirm":"\ud800"}"#.into(), StatusCode::BAD_REQUEST, "malformed_request"),
        (FORM, Bytes::from_static(b"confirm=\xc3\x28"), StatusCode::BAD_REQUEST, "malformed_request"),
        (FORM, "confirm=%ff".into(), StatusCode::BAD_REQUEST, "malformed_request"),
        (FORM, "confirm=%0".into(), StatusCode::BAD_REQUEST, "malformed_request"),
        (
            "multipart/form-data; boundary=x",
            "--x--".into(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
        ),
        ("", r#"{"confirm":"yes"}"#.into(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
    ];
    for endpoint in Endpoint::EVERY {
        let browser = endpoint.reach(&world, &world.person()).await;
        for (content_type, body, status, code) in &cases {
            let answer = send(&browser, endpoint.path, content_type, body.clone()).await;
            let what = format!("{} {content_type} {:?}", endpoint.path, body.slice(..body.len().min(30)));
            assert_eq!((answer.status, answer.code().as_str()), (*status, *code), "{what}");
            assert_problem(&answer);
        }
    }
}

#[tokio::test]
async fn checklist_32_json_declared_as_text_is_refused_at_every_endpoint() {
    let world = World::new().await;
    for endpoint in Endpoint::EVERY {
        let person = world.person();
        let browser = endpoint.reach(&world, &person).await;
        for content_type in ["text/plain", "text/plain; x=application/json", "text/json", "application/jsonp"] {
            let answer = send(&browser, endpoint.path, content_type, endpoint.body(&world, &person).to_string()).await;
            let expected = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type");
            assert_eq!((answer.status, answer.code().as_str()), expected, "{} {content_type}", endpoint.path);
        }
        let answer = send(&browser, endpoint.path, "Application/JSON; charset=utf-8", "{").await;
        assert_eq!(answer.code(), "malformed_request", "{}: a parameter and capitals change nothing", endpoint.path);
    }
}
