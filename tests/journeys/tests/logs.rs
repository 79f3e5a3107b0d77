//! Nothing personal is logged: every kind of journey is walked, and the log searched for all that went through it.
//!
//! A process of its own, with one test: a subscriber sees the whole process.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops"
)]

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, header};
use jiff::SignedDuration;
use journeys::{Answer, Browser, Person, World};
use local::aws::faults::{Fault, Refusal, Rule, Service};
use serde_json::{Value, json};

/// Our own crates say all they can; the others what they say when deployed (the template's `RUST_LOG`).
const FILTER: &str = "info,account=trace,account_password=trace,account_sessions=trace,assets=trace,\
                      authentication=trace,domain=trace,home=trace,keys=trace,local=trace,registry=trace,\
                      registration_account=trace,registration_identity=trace,registration_mobile=trace,\
                      registration_otp=trace,registration_review=trace,registration_terms=trace,sign_in=trace,\
                      sign_out=trace,sms=trace,store=trace,web=trace,wizard=trace";

/// The log so far.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// From now on, everything that is logged.
    fn begin() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_env_filter(FILTER).with_ansi(false).without_time();
        subscriber.with_writer(move || writer.clone()).init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// What must not be found, each with what it is.
#[derive(Default)]
struct Secrets(BTreeSet<(&'static str, String)>);

impl Secrets {
    fn of(person: &Person) -> Self {
        let Person { citizen_id, first_name, last_name, laser_code, mobile_number, username, password, .. } = person;
        let dashed = |text: &str, ends: &[usize]| {
            let mut parts = Vec::new();
            let mut start = 0;
            for end in ends {
                parts.push(&text[start..*end]);
                start = *end;
            }
            parts.join("-")
        };
        let mut secrets = Self::default();
        for (what, value) in [
            ("citizen ID", citizen_id.clone()),
            ("citizen ID as it is printed", dashed(citizen_id, &[1, 5, 10, 12, 13])),
            ("first name", first_name.clone()),
            ("last name", last_name.clone()),
            ("laser code", laser_code.clone()),
            ("laser code as it is printed", dashed(laser_code, &[3, 10, 12])),
            ("number", mobile_number.clone()),
            ("number as it is written", dashed(mobile_number, &[3, 6, 10])),
            ("number in E.164", person.e164().trim_start_matches('+').to_owned()),
            ("username", username.clone()),
            ("password", password.clone()),
            ("changed password", changed(person)),
        ] {
            secrets.note(what, Some(value));
        }
        secrets
    }

    fn note(&mut self, what: &'static str, value: Option<String>) {
        self.0.extend(value.filter(|value| !value.is_empty()).map(|value| (what, value)));
    }

    /// What a browser holds: the whole cookie and its secret part.
    fn note_cookies(&mut self, browser: &Browser<'_>) {
        for name in ["registration", "session"] {
            let value = browser.cookie(name);
            self.note(
                "secret of a cookie",
                value.as_deref().and_then(|value| Some(value.split_once('.')?.1.to_owned())),
            );
            self.note("cookie", value);
        }
    }

    fn found_in(&self, log: &str) -> Vec<String> {
        let log = log.to_lowercase();
        let mut found = Vec::new();
        for (what, value) in &self.0 {
            let forms = encodings(value).into_iter().map(|form| form.to_lowercase());
            found.extend(forms.filter(|form| holds(&log, form)).map(|form| format!("{what}: {form}")));
        }
        found
    }
}

/// Whether a form is in the log; one as short as a code only where it stands alone, since ids hold digits too.
fn holds(log: &str, form: &str) -> bool {
    if form.len() > 6 {
        return log.contains(form);
    }
    let inside = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
    log.match_indices(form).any(|(start, _)| {
        !inside(log[..start].chars().next_back()) && !inside(log[start + form.len()..].chars().next())
    })
}

/// A value as it stands, and as anything might have written it.
fn encodings(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let list = format!("{bytes:?}");
    let utf16 = value.encode_utf16().map(|unit| match char::from_u32(unit.into()) {
        Some(ascii) if ascii.is_ascii() => ascii.to_string(),
        _ => format!("\\u{unit:04x}"),
    });
    let mut forms = vec![
        value.to_owned(),
        format!("{value:?}").trim_matches('"').to_owned(),
        value.escape_default().to_string(),
        value.escape_unicode().to_string(),
        utf16.collect(),
        form_urlencoded::byte_serialize(bytes).collect(),
        form_urlencoded::byte_serialize(bytes).collect::<String>().replace('+', "%20"),
        bytes.iter().map(|byte| format!("%{byte:02X}")).collect(),
        bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        list.trim_matches(['[', ']']).to_owned(),
        bytes.escape_ascii().to_string(),
    ];
    // Inside a longer text, base64 depends on where the value begins: what all three beginnings have for certain.
    for shift in 0..3 {
        let shifted: Vec<u8> = std::iter::repeat_n(0, shift).chain(bytes.iter().copied()).collect();
        let whole = (shifted.len() / 3) * 3;
        let encoded = STANDARD.encode(&shifted[..whole]);
        let certain = &encoded[if shift == 0 { 0 } else { 4 }..];
        if certain.len() >= 8 {
            forms.extend([certain.to_owned(), certain.replace('+', "-").replace('/', "_")]);
        }
    }
    forms
}

fn form(fields: &Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields.as_object().unwrap() {
        form.append_pair(name, value.as_str().unwrap());
    }
    form.finish()
}

/// As a page's form where the browser shows pages, else as JSON.
async fn post(browser: &Browser<'_>, path: &str, fields: &Value) -> Answer {
    match browser.accept {
        "text/html" => browser.post_form(path, &form(fields)).await,
        _ => browser.post(path, fields).await,
    }
}

/// What a person changes their password to.
fn changed(person: &Person) -> String {
    format!("{} กับเต่าทอง", person.password)
}

/// Every request of a registration, a sign-in and the account, in order, with its fields.
fn requests(person: &Person, code: &str) -> [(&'static str, Value); 10] {
    [
        ("/registration/terms", json!({ "terms_version": "2026-11-01", "consent": "accept" })),
        ("/registration/identity", person.identity()),
        ("/registration/account", person.account()),
        ("/registration/mobile", json!({ "mobile_number": person.mobile_number })),
        ("/registration/otp", json!({ "code": code })),
        ("/registration/review", json!({ "confirm": "yes" })),
        ("/sign-in", json!({ "username": person.username, "password": person.password })),
        (
            "/account/password",
            json!({
                "current_password": person.password, "password": changed(person),
                "password_confirmation": changed(person), "end_others": "yes",
            }),
        ),
        ("/account/sessions", json!({ "end": "others" })),
        ("/account/sign-out", json!({ "confirm": "yes" })),
    ]
}

/// What a request calls, last what is called last.
fn called(path: &str) -> &'static [(Service, &'static str)] {
    use Service::{DynamoDb, Kms, Sns};
    const GET: (Service, &str) = (DynamoDb, "GetItem");
    const PUT: (Service, &str) = (DynamoDb, "PutItem");
    const UPDATE: (Service, &str) = (DynamoDb, "UpdateItem");
    const TRANSACT: (Service, &str) = (DynamoDb, "TransactWriteItems");
    const MAC: (Service, &str) = (Kms, "GenerateMac");
    match path {
        "/registration/terms" => &[PUT],
        "/registration/identity" => &[GET, MAC, (Kms, "Encrypt"), UPDATE, PUT],
        "/registration/account" => &[GET, MAC, PUT],
        "/registration/mobile" => &[GET, MAC, UPDATE, TRANSACT, (Sns, "Publish")],
        "/registration/otp" => &[GET, MAC, UPDATE, PUT],
        "/registration/review" => &[GET, TRANSACT],
        "/sign-in" => &[GET, UPDATE, (Kms, "VerifyMac"), TRANSACT],
        "/account/password" => &[GET, UPDATE, (Kms, "VerifyMac"), MAC, TRANSACT, (DynamoDb, "Query")],
        "/account/sessions" => &[GET, (DynamoDb, "Query")],
        _ => &[(DynamoDb, "DeleteItem")],
    }
}

/// From the terms to the way out; before each step its page, a body nobody can read, fields nobody can accept, and
/// `trouble` at everything it calls.
async fn journey(world: &World, browser: &Browser<'_>, person: &Person, secrets: &mut Secrets, trouble: Option<Fault>) {
    for index in 0..10 {
        let code = world.code_sent_to(&person.e164()).unwrap_or_default();
        secrets.note("code", Some(code.clone()));
        let (path, fields) = requests(person, &code)[index].clone();
        browser.get(path).await;
        spoil(browser, path, &fields).await;
        let mut answer = None;
        for (service, operation) in trouble.iter().flat_map(|_| called(path)) {
            let rule = Rule::new(*service, operation, trouble.unwrap()).times(u32::MAX);
            world.local.faults().add(rule);
            let troubled = post(browser, path, &fields).await;
            world.local.faults().clear();
            world.pass(SignedDuration::from_mins(1));
            if troubled.status.as_u16() < 400 {
                answer = Some(troubled);
                break;
            }
        }
        let answer = match answer {
            Some(answer) => answer,
            None => post(browser, path, &fields).await,
        };
        assert!(answer.status.as_u16() < 400, "{path} {trouble:?}: {}", answer.body);
        if path == "/registration/mobile" && world.code_sent_to(&person.e164()).is_none() {
            world.pass(SignedDuration::from_mins(1));
            post(browser, path, &fields).await;
        }
        // A sign-in whose answer was lost has renewed the browser's device: by now it is a stranger, and gives the code.
        if path == "/sign-in" && browser.cookie("session").is_none() {
            let code = world.code_sent_to(&person.e164());
            let entered = post(browser, "/sign-in/otp", &json!({ "code": code })).await;
            assert!(entered.status.as_u16() < 400, "{trouble:?}: {}", entered.body);
            secrets.note("code", code);
        }
        secrets.note_cookies(browser);
        if path == "/sign-in" {
            browser.get("/account").await;
        }
    }
}

/// Values where they do not belong: in a broken body, in other fields, in the address, from another site.
async fn spoil(browser: &Browser<'_>, path: &str, fields: &Value) {
    let browser = browser.twin();
    let broken = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    browser.send(broken, format!("{fields}{fields}").into()).await;
    let foreign = Request::post(path).header("sec-fetch-site", "cross-site");
    browser.send(foreign.header(header::CONTENT_TYPE, "application/json"), fields.to_string().into()).await;
    let (mut doubled, mut moved) = (fields.clone(), fields.clone());
    for (name, value) in fields.as_object().unwrap() {
        doubled[name] = format!("{0}{0}", value.as_str().unwrap()).into();
        moved[name] = json!([value]);
    }
    for wrong in [&doubled, &moved] {
        browser.post(path, wrong).await;
    }
    browser.get(&format!("{path}?{}", form(fields))).await;
    browser.get(&format!("/{}", form(fields))).await;
}

async fn fail_to_sign_in(browser: &Browser<'_>, person: &Person) {
    let (mut wrong, mut nobody) = (person.clone(), person.clone());
    wrong.password.push('x');
    nobody.username.push('x');
    for person in [&wrong, &nobody] {
        browser.sign_in(person).await;
    }
}

/// The registry's answers, by its personas.
async fn meet_the_registry(browser: &Browser<'_>, person: &Person, secrets: &mut Secrets) {
    browser.accept_terms().await;
    for id in ["1000000000017", "1000000000149", "1000000000050", "1000000000068", "1000000000505", "1000000000513"] {
        let mut asked = person.clone();
        asked.citizen_id = id.to_owned();
        browser.prove(&asked).await;
        secrets.note("citizen ID of a persona", Some(id.to_owned()));
    }
    post(browser, "/registration/identity", &person.own_word()).await;
    secrets.note_cookies(browser);
}

fn somebody(world: &World, first_name: &str, last_name: &str) -> Person {
    let mut person = world.person();
    person.first_name = first_name.to_owned();
    person.last_name = last_name.to_owned();
    person
}

#[tokio::test]
async fn nothing_that_went_through_a_journey_is_in_the_log() {
    let log = Log::begin();
    let world = World::new().await;
    let mut secrets = Secrets::default();
    let refusals = [
        Refusal::Throttling,
        Refusal::ProvisionedThroughputExceeded,
        Refusal::TransactionConflict,
        Refusal::InternalServerError,
    ];
    let faults = refusals.map(Fault::Refuse).into_iter().chain([Fault::LoseAnswer, Fault::LoseRequest]).map(Some);
    for (index, trouble) in faults.chain([None, None]).enumerate() {
        let browser = if index % 2 == 0 { world.browser() } else { world.browser().with_pages() };
        let person = somebody(&world, "พิมพ์มาดา", "ศรีสุวรรณโชติ");
        secrets.0.extend(Secrets::of(&person).0);
        journey(&world, &browser, &person, &mut secrets, trouble).await;
        fail_to_sign_in(&world.browser(), &person).await;
    }
    let person = somebody(&world, "Guinevere", "Featherstonehaugh");
    secrets.0.extend(Secrets::of(&person).0);
    meet_the_registry(&world.browser(), &person, &mut secrets).await;
    meet_the_registry(&world.browser().with_pages(), &person, &mut secrets).await;

    let text = format!("{}\n{}", log.text(), world.measured.text());
    for said in [
        "answered",
        "registration moved on",
        "signed in",
        "text not sent",
        "store",
        "keys",
        "card registry",
        "turned away",
        r#""RegistrationStep":1"#,
        r#""Otp":1"#,
        r#""Registry":1"#,
        r#""SignIn":1"#,
    ] {
        assert!(text.contains(said), "nothing was logged about {said:?}");
    }
    assert_eq!(secrets.found_in(&text), Vec::<String>::new());
    each_request_has_one_line(&text);
}

/// The line that the runbook tells of, with all that it says there.
fn each_request_has_one_line(log: &str) {
    let lines: Vec<_> = log.lines().filter(|line| line.contains(": answered ")).collect();
    let id = |line: &str| line.split_once("request_id=")?.1.split_once(' ').map(|(id, _)| id.to_owned());
    let ids: BTreeSet<_> = lines.iter().map(|line| id(line).expect("a request's id")).collect();
    assert_eq!((ids.len(), ids.contains("")), (lines.len(), false));
    for line in &lines {
        for member in ["function=", "method=", "status=", "step=", "outcome=", "code=", "millis="] {
            assert!(line.contains(member), "no {member}: {line}");
        }
    }
    for said in [
        r#"function="registration-otp"}: web::run: answered method=POST status=200 step="otp" outcome="done""#,
        r#"status=503 step="mobile" outcome="failed" code="sms_not_sent""#,
        r#"status=422 step="identity" outcome="refused" code="identity_not_confirmed""#,
        r#"status=401 step="" outcome="failed" code="sign_in_failed""#,
        r#"function="account"}: web::run: answered method=GET status=200 step="" outcome="done" code="""#,
    ] {
        assert!(lines.iter().any(|line| line.contains(said)), "no line says {said}");
    }
}

#[test]
fn a_value_would_be_found_however_it_was_written() {
    let secrets = Secrets([("name", "ศรีสุวรรณ".to_owned()), ("code", "120034".to_owned())].into());
    let name = "ศรีสุวรรณ";
    let inside = format!("ab{name}cd");
    for written in [
        inside.clone(),
        format!("{inside:?}"),
        json!(inside).to_string(),
        STANDARD.encode(&inside),
        form(&json!({ "name": name })),
        inside.bytes().map(|byte| format!("{byte:02x}")).collect(),
        format!("{:?}", name.as_bytes()),
        "code=120034 ".to_owned(),
    ] {
        assert!(!secrets.found_in(&written).is_empty(), "{written}");
    }
    assert!(secrets.found_in("0120034, a120034f").is_empty());
}
