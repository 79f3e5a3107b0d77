//! What is watched is what is counted: the runbook's table, the alarms and the dashboard on one side, the service's log
//! on the other.

use std::collections::{BTreeMap, BTreeSet};

use journeys::{Browser, Client, Person, World};
use local::aws::faults::{Refusal, Service};
use serde_json::{Value, json};

use crate::metrics::refuse;

const RUNBOOK: &str = include_str!("../../../../infra/runbook.md");
const ALARMS: &str = include_str!("../../../../infra/alarms.yaml");

/// A metric's dimensions, each with the values it takes; `None` where they are not a fixed list.
type Dimensions = BTreeMap<String, Option<BTreeSet<String>>>;

/// The words in backticks, in order.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The table of "Our own metrics". An outcome is in backticks; the values of another dimension stand after its name.
fn documented() -> BTreeMap<String, Dimensions> {
    let table = RUNBOOK.split("## Our own metrics").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut metrics = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let dimensions: Dimensions =
            quoted(cells[2]).into_iter().map(|name| (name.clone(), values(&name, cells[3]))).collect();
        for name in quoted(cells[1]) {
            metrics.insert(name, dimensions.clone());
        }
    }
    metrics
}

fn values(dimension: &str, told: &str) -> Option<BTreeSet<String>> {
    let (_, after) = told.split_once(&format!("`{dimension}`: "))?;
    let list = after.split(['.', ';']).next().unwrap();
    let words = match quoted(list) {
        words if words.is_empty() => list.split(", ").map(|word| word.trim().to_owned()).collect(),
        words => words,
    };
    Some(words.into_iter().collect())
}

/// What the log told, in the same shape.
fn seen(told: &[String]) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut metrics: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for line in told {
        let mut words = line.split(' ');
        let dimensions = metrics.entry(words.next().unwrap().to_owned()).or_default();
        for (name, value) in words.map(|word| word.split_once('=').unwrap()) {
            dimensions.entry(name.to_owned()).or_default().insert(value.to_owned());
        }
    }
    metrics
}

/// One metric as an alarm or the dashboard asks for it: its name, and its dimensions with their values.
type Asked = (String, Vec<(String, Option<String>)>);

/// The widgets' metrics, and the searches, whose dimensions stand in braces and whose values may be left open.
fn on_the_dashboard() -> Vec<Asked> {
    let body = ALARMS.split("DashboardBody: !Sub |").nth(1).unwrap().split("\nOutputs:").next().unwrap();
    let dashboard: Value = serde_json::from_str(body).unwrap();
    let mut asked = Vec::new();
    for metric in dashboard["widgets"].as_array().unwrap().iter().flat_map(|widget| {
        widget["properties"]["metrics"].as_array().unwrap().iter().map(|metric| metric.as_array().unwrap())
    }) {
        let texts: Vec<_> = metric.iter().filter_map(Value::as_str).collect();
        if texts.first() == Some(&"DigitalID") {
            let pairs = texts[2..].chunks(2).map(|pair| (pair[0].to_owned(), Some(pair[1].to_owned())));
            asked.push((texts[1].to_owned(), pairs.collect()));
        } else if let Some(search) = metric[0]["expression"].as_str().filter(|text| text.contains("{DigitalID,")) {
            let inside =
                |text: &str, begin: &str, end: &str| Some(text.split_once(begin)?.1.split_once(end)?.0.to_owned());
            let names = inside(search, "{DigitalID,", "}").unwrap();
            let of = |name: &str| inside(search, &format!(" {name}=\""), "\"");
            let pairs = names.split(',').map(|name| (name.to_owned(), of(name)));
            asked.push((of("MetricName").unwrap(), pairs.collect()));
        }
    }
    asked
}

/// The alarms' metrics, by the two ways in which the file writes them.
fn in_alarms() -> Vec<Asked> {
    let alarms = ALARMS.split("DashboardBody:").next().unwrap();
    let after = |text: &str, name: &str| {
        let value = text.split_once(name)?.1;
        Some(value.split([',', ' ', '\n', '}']).find(|word| !word.is_empty())?.to_owned())
    };
    let mut asked = Vec::new();
    for part in alarms.split("Namespace: DigitalID").skip(1) {
        let part = part.split_once("Namespace:").map_or(part, |(part, _)| part);
        let dimensions = part.split("{ Name: ").skip(1);
        let pairs = dimensions.map(|pair| (after(&format!(" {pair}"), " ").unwrap(), after(pair, "Value: ")));
        asked.push((after(part, "MetricName: ").unwrap(), pairs.collect()));
    }
    asked
}

/// Walks through everything that there is to count: what the runbook lists, and nothing else, must turn up.
async fn everything(world: &World) -> Vec<String> {
    let browser = world.browser();
    let faults = world.local.faults();
    for (service, operation) in
        [(Service::Kms, "GenerateMac"), (Service::DynamoDb, "GetItem"), (Service::Sns, "Publish")]
    {
        faults.add(refuse(service, operation, Refusal::Throttling));
    }
    let person = world.person();
    browser.post("/registration/terms", &json!({ "terms_version": "2026-11-01", "consent": "decline" })).await;
    browser.walk(&person, 1).await;
    browser.prove(&Person { citizen_id: "1000000000149".to_owned(), ..person.clone() }).await;
    world.local.registry_outage().begin();
    browser.prove(&person).await;
    world.local.registry_outage().end();
    browser.prove(&person).await;
    browser.choose(&person).await;
    browser.ask_for_code(&person).await;
    browser.ask_for_code(&person).await;
    let mistyped = |browser: &Browser<'_>| if browser.code_sent_to(&person) == "000000" { "000001" } else { "000000" };
    browser.post("/registration/otp", &json!({ "code": mistyped(&browser) })).await;
    browser.enter_code(&person).await;
    browser.confirm().await;
    let given_up = world.browser();
    given_up.accept_terms().await;
    given_up.post("/registration/cancel", &json!({})).await;

    let rp = Client::usual(world, "rp", json!({})).await;
    rp.tokens(&browser, &person, &[]).await;
    let new = world.browser();
    faults.add(refuse(Service::Sns, "Publish", Refusal::Throttling));
    new.sign_in(&person).await;
    new.sign_in(&person).await;
    new.post("/sign-in/otp", &json!({ "code": mistyped(&new) })).await;
    new.enter_sign_in_code(&person).await;
    let stranger = world.browser();
    let nobody = Person { username: "nobody.here".to_owned(), ..person.clone() };
    while stranger.sign_in(&nobody).await.code() != "too_many_requests" {}
    assert_eq!(faults.pending(), 0);
    world.measured.take()
}

#[tokio::test]
async fn the_runbook_lists_what_the_service_counts_and_nothing_else() {
    let world = World::new().await;
    let (documented, seen) = (documented(), seen(&everything(&world).await));
    assert_eq!(documented.keys().collect::<Vec<_>>(), seen.keys().collect::<Vec<_>>());
    for (name, dimensions) in documented {
        let found = &seen[&name];
        assert_eq!(dimensions.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "{name}");
        for (dimension, values) in dimensions {
            assert!(name == "Token" || values.is_some(), "{name}: which {dimension} there are");
            assert!(values.is_none_or(|values| values == found[&dimension]), "{name}: {:?}", found[&dimension]);
        }
    }
}

#[test]
fn alarms_and_dashboard_ask_for_what_the_runbook_lists_and_for_all_of_it() {
    let documented = documented();
    let (alarms, dashboard) = (in_alarms(), on_the_dashboard());
    assert!(alarms.len() > 10 && dashboard.len() > 20, "{} and {}", alarms.len(), dashboard.len());
    for (name, dimensions) in alarms.iter().chain(&dashboard) {
        let known = documented.get(name).unwrap_or_else(|| panic!("nobody counts {name}"));
        let names: BTreeSet<_> = dimensions.iter().map(|(dimension, _)| dimension).collect();
        assert_eq!(names, known.keys().collect(), "{name}: a metric is all of its dimensions, and no others");
        for (dimension, value) in dimensions {
            let is_known =
                known[dimension].as_ref().is_none_or(|values| value.iter().all(|value| values.contains(value)));
            assert!(is_known, "{name}: {dimension} is never {value:?}");
        }
    }
    let shown: BTreeSet<_> = dashboard.iter().map(|(name, _)| name).collect();
    assert_eq!(shown, documented.keys().collect(), "the dashboard shows every one");
}
