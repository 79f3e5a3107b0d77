//! How deep each endpoint's calls to AWS go, on its way to success: measured, held to a budget, and kept in the README.

mod provider;

use std::{collections::BTreeSet, env, fs, iter};

use http::Method;
use journeys::{Answer, Browser, Person, World, calls::Call};
use local::template::Template;
use serde_json::json;

/// What a person waits for at most, one after the other.
const BUDGET: usize = 3;
/// And where more is the price of something else: the README says of what.
const DEEPER: [(&str, usize); 5] = [
    ("POST /sign-in (a new browser, for a service)", 4),
    ("POST /sign-in/otp (another code)", 4),
    ("POST /account/sessions (the others)", 5),
    ("POST /account/password", 4),
    ("POST /account/password (ending the others)", 8),
];
/// Where relying parties wait, and their people with them.
const SHALLOWER: [(&str, usize); 3] = [
    ("POST /connect/token (a code)", 2),
    ("POST /connect/token (a refresh token)", 2),
    ("POST /connect/token (the client itself)", 2),
];

/// An endpoint, and the calls it made.
struct Row {
    endpoint: String,
    calls: Vec<Call>,
}

impl Row {
    fn depth(&self) -> usize {
        self.calls.iter().map(|call| call.depth).max().unwrap_or_default()
    }

    fn budget(&self) -> usize {
        DEEPER
            .iter()
            .chain(&SHALLOWER)
            .find(|(endpoint, _)| *endpoint == self.endpoint)
            .map_or(BUDGET, |(_, depth)| *depth)
    }

    /// `Get Registrations + GenerateMac; Put Registrations`: `+` is beside, `;` is after.
    fn trips(&self) -> String {
        let trip = |depth| {
            let mut names: Vec<_> = self.calls.iter().filter(|call| call.depth == depth).map(name).collect();
            names.sort();
            let counted = names.chunk_by(PartialEq::eq).map(|same| match same {
                [name] => name.clone(),
                same => format!("{} × {}", same.len(), same[0]),
            });
            counted.collect::<Vec<_>>().join(" + ")
        };
        (1..=self.depth()).map(trip).collect::<Vec<_>>().join("; ")
    }
}

fn name(call: &Call) -> String {
    let operation = call.operation.trim_end_matches("WriteItems").trim_end_matches("Item");
    iter::once(operation).chain(call.tables.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

struct Measured<'a> {
    world: &'a World,
    rows: Vec<Row>,
}

impl Measured<'_> {
    /// What was called for this answer, which must be a success.
    fn note(&mut self, endpoint: &str, answer: &Answer) {
        let went_well = answer.status.is_success() || answer.status.is_redirection();
        assert!(went_well, "{endpoint}: {} {}", answer.status, answer.body);
        self.rows.push(Row { endpoint: endpoint.to_owned(), calls: self.world.calls.take() });
    }

    async fn get(&mut self, browser: &Browser<'_>, path: &str) {
        let endpoint = format!("GET {}", path.split('?').next().unwrap());
        self.note(&endpoint, &browser.get(path).await);
    }
}

/// One thread for what blocks: the answer to a call made beside the stretching of a password then waits for it, on a
/// machine however slow or busy, and what follows the stretching alone is not taken for something that waited for both.
fn run<T>(journey: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    runtime.unwrap().block_on(journey)
}

async fn measure() -> Vec<Row> {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    world.calls.take();
    let mut measured = Measured { world: &world, rows: Vec::new() };
    around(&mut measured, &browser).await;
    register(&mut measured, &browser, &person).await;

    measured.get(&browser, "/sign-in").await;
    measured.note("POST /sign-in", &browser.sign_in(&person).await);
    measured.note("POST /sign-in (again)", &browser.sign_in(&person).await);
    measured.get(&browser, "/account").await;
    person.password = account(&mut measured, &browser, &person).await;
    measured.note("POST /account/sign-out", &browser.post("/account/sign-out", &json!({ "confirm": "yes" })).await);
    measured.get(&browser, "/account/signed-out").await;

    browser.accept_terms().await;
    world.calls.take();
    measured.note("POST /registration/cancel", &browser.post("/registration/cancel", &json!({})).await);
    measured.get(&browser, "/registration/cancelled").await;
    provider::measure(&mut measured, &person).await;
    measured.rows
}

async fn around(measured: &mut Measured<'_>, browser: &Browser<'_>) {
    measured.get(browser, "/").await;
    measured.note("GET /{proxy+}", &browser.get("/problems/busy").await);
    measured.note("GET /assets/{hash}/{name}", &browser.get(&web::assets::url("site.css")).await);
    measured.get(browser, "/registration/terms").await;
    let decline = json!({ "terms_version": "2026-11-01", "consent": "decline" });
    measured.note("POST /registration/terms (decline)", &browser.post("/registration/terms", &decline).await);
    measured.get(browser, "/registration/declined").await;
}

async fn register(measured: &mut Measured<'_>, browser: &Browser<'_>, person: &Person) {
    measured.note("POST /registration/terms", &browser.accept_terms().await);
    measured.get(browser, "/registration").await;
    measured.note("POST /registration/extend", &browser.post("/registration/extend", &json!({})).await);
    measured.get(browser, "/registration/identity").await;
    let own_word = browser.post("/registration/identity", &person.own_word()).await;
    measured.note("POST /registration/identity (on one's own word)", &own_word);
    browser.accept_terms().await;
    measured.world.calls.take();
    measured.note("POST /registration/identity", &browser.prove(person).await);
    measured.note("POST /registration/identity (again)", &browser.prove(person).await);
    measured.get(browser, "/registration/account").await;
    measured.note("POST /registration/account", &browser.choose(person).await);
    measured.get(browser, "/registration/mobile").await;
    measured.note("POST /registration/mobile", &browser.ask_for_code(person).await);
    measured.get(browser, "/registration/otp").await;
    measured.world.pass(jiff::SignedDuration::from_mins(1));
    measured.note("POST /registration/mobile (another code)", &browser.ask_for_code(person).await);
    measured.note("POST /registration/otp", &browser.enter_code(person).await);
    measured.get(browser, "/registration/review").await;
    measured.note("POST /registration/review", &browser.confirm().await);
    measured.get(browser, "/registration/done").await;
}

/// Where one is signed in, and the password, while another browser is signed in too; the password it ends with.
async fn account(measured: &mut Measured<'_>, browser: &Browser<'_>, person: &Person) -> String {
    let (world, other) = (measured.world, measured.world.browser());
    let elsewhere = async |password: &str| {
        // Past the texts that an account is sent at most in a quarter of an hour, and within a session's half.
        world.pass(jiff::SignedDuration::from_mins(15));
        let person = Person { password: password.to_owned(), ..person.clone() };
        assert_eq!(other.sign_in_with_code(&person).await.step(), "done");
        // Within the minute that a use is noted for: what is measured is not that.
        browser.get("/account").await;
        world.calls.take();
    };
    elsewhere(&person.password).await;
    measured.get(browser, "/account/sessions").await;
    let sessions = browser.get("/account/sessions").await.json()["sessions"].clone();
    let named = sessions.as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    world.calls.take();
    let ended = browser.post("/account/sessions", &json!({ "end": named["session_id"] })).await;
    measured.note("POST /account/sessions (one)", &ended);
    elsewhere(&person.password).await;
    let ended = browser.post("/account/sessions", &json!({ "end": "others" })).await;
    measured.note("POST /account/sessions (the others)", &ended);
    measured.get(browser, "/account/password").await;
    let mut password = person.password.clone();
    for (endpoint, ends) in [("POST /account/password", "no"), ("POST /account/password (ending the others)", "yes")] {
        elsewhere(&password).await;
        let new = format!("{} {ends}", person.password);
        let fields = json!({
            "current_password": password, "password": new, "password_confirmation": new, "end_others": ends,
        });
        measured.note(endpoint, &browser.post("/account/password", &fields).await);
        password = new;
    }
    world.pass(jiff::SignedDuration::from_mins(15));
    password
}

/// The README's table. What calls nobody is one line.
fn table(rows: &[Row]) -> String {
    let mut table = "| endpoint | depth | calls: `+` beside, `;` after |\n|---|---|---|\n".to_owned();
    for row in rows.iter().filter(|row| !row.calls.is_empty()) {
        table.push_str(&format!("| `{}` | {} | {} |\n", row.endpoint, row.depth(), row.trips()));
    }
    let silent: Vec<_> =
        rows.iter().filter(|row| row.calls.is_empty()).map(|row| format!("`{}`", row.endpoint)).collect();
    table.push_str(&format!("| {} | 0 | |\n", silent.join(", ")));
    table
}

#[test]
fn no_endpoint_goes_deeper_than_its_budget_and_the_readme_says_how_deep() {
    let rows = run(measure());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once("<!-- calls -->\n").unwrap();
    let (told, after) = rest.split_once("<!-- /calls -->").unwrap();
    let table = table(&rows);
    if env::var_os("UPDATE_README").is_some() {
        fs::write(path, format!("{before}<!-- calls -->\n{table}<!-- /calls -->{after}")).unwrap();
    } else {
        assert_eq!(told, table, "UPDATE_README=1 writes it anew");
    }
    for row in &rows {
        assert!(row.depth() <= row.budget(), "{} is {} deep: {}", row.endpoint, row.depth(), row.trips());
    }
}

#[test]
fn every_endpoint_of_the_template_is_measured() {
    let measured: BTreeSet<_> =
        run(measure()).into_iter().map(|row| row.endpoint.split(" (").next().unwrap().to_owned()).collect();
    let template = Template::read(
        &Template::path(),
        &[("Issuer".to_owned(), "http://x".to_owned()), ("CardRegistryUrl".to_owned(), "http://x".to_owned())].into(),
    )
    .unwrap();
    let routes = template.functions.iter().flat_map(|function| &function.routes);
    let declared = routes.map(|route| format!("{} {}", route.method.as_ref().unwrap_or(&Method::GET), route.path));
    assert_eq!(measured, declared.collect());
}
