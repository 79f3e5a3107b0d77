//! What leads on from each page that says something is not there: nobody loses the request that they came with.

use http::{Request, StatusCode, header};
use journeys::{
    Answer, Browser, Client, Page, Person, World,
    client::{encoded, returned},
    page::Form,
};
use local::aws::faults::{Fault, Refusal, Rule, Service};
use serde_json::json;

const FORM: &str = "application/x-www-form-urlencoded";

/// The next calls of this operation on this table fail for as long as one request lasts.
fn down(world: &World, operation: &str, table: &str) {
    let refused = Fault::Refuse(Refusal::InternalServerError);
    world.local.faults().add(Rule::new(Service::DynamoDb, operation, refused).of(table).times(u32::MAX));
}

fn failed(world: &World, answer: &Answer) -> Page {
    world.local.faults().clear();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    Page::read(&answer.body)
}

/// A GET that fails, and what the page's link leads to.
async fn get_twice(world: &World, browser: &Browser<'_>, path: &str, (operation, table): (&str, &str)) -> Answer {
    down(world, operation, table);
    let page = failed(world, &browser.get(path).await);
    let on = page.links.iter().rev().find(|link| link.starts_with('?') && !link.contains("lang=")).expect("a link");
    browser.get(&format!("{}{on}", path.split('?').next().unwrap())).await
}

/// A form whose sending fails, and what the page's link leads to.
async fn post_and_follow(
    world: &World,
    browser: &Browser<'_>,
    form: &Form,
    (operation, table): (&str, &str),
) -> Answer {
    down(world, operation, table);
    let page = failed(world, &browser.post_form(&form.action, &form.encoded()).await);
    let path = form.action.split('?').next().unwrap();
    let on = page.links.iter().find(|link| link.split('?').next() == Some(path));
    browser.get(on.unwrap_or_else(|| panic!("{path}: {:?}", page.links))).await
}

fn form(answer: &Answer, action: &str) -> Form {
    let page = Page::read(&answer.body);
    let form = page.forms.into_iter().find(|form| form.action.split('?').next() == Some(action));
    form.unwrap_or_else(|| panic!("{action}: {} {} {}", answer.status, answer.header("location"), answer.body))
}

/// From the client's button to its code, each page down once.
async fn all_the_way(world: &World, rp: &Client, person: &Person) {
    let (browser, query) = (world.browser().with_pages(), encoded(&rp.request(&[])));
    let begun = get_twice(world, &browser, &format!("/connect/authorize?{query}"), ("PutItem", "Grants")).await;
    let sign_in = begun.header("location").to_owned();
    assert!(sign_in.starts_with("/sign-in?request="), "{sign_in}");
    let page = get_twice(world, &browser, &sign_in, ("GetItem", "Grants")).await;
    let mut typed = form(&page, "/sign-in").with("username", &person.username);
    for table in ["Grants", "Accounts", "Sessions"] {
        down(world, "GetItem", table);
        let typing = typed.clone().with("password", &person.password);
        let page = browser.post_form(&typing.action, &typing.encoded()).await;
        failed(world, &page);
        typed = form(&page, "/sign-in");
        assert_eq!(typed.value("username"), Some(person.username.as_str()));
    }
    typed = typed.with("password", &person.password);
    let otp = browser.post_form(&typed.action, &typed.encoded()).await.header("location").to_owned();
    assert!(otp.starts_with("/sign-in/otp?request="), "{otp}");
    let page = get_twice(world, &browser, &otp, ("GetItem", "Sessions")).await;
    let code = form(&page, "/sign-in/otp").with("code", &browser.code_sent_to(person));
    let page = post_and_follow(world, &browser, &code, ("GetItem", "Grants")).await;
    let code = form(&page, "/sign-in/otp").with("code", &browser.code_sent_to(person));
    let resume = browser.post_form(&code.action, &code.encoded()).await.header("location").to_owned();
    let consent = get_twice(world, &browser, &resume, ("GetItem", "Sessions")).await.header("location").to_owned();
    let page = get_twice(world, &browser, &consent, ("GetItem", "Accounts")).await;
    let allow = form(&page, "/consent").with("decision", "allow");
    let page = post_and_follow(world, &browser, &allow, ("UpdateItem", "Accounts")).await;
    let allow = form(&page, "/consent").with("decision", "allow");
    let resume = browser.post_form(&allow.action, &allow.encoded()).await.header("location").to_owned();
    let back = get_twice(world, &browser, &resume, ("TransactWriteItems", "Grants")).await;
    assert!(returned(back.header("location")).contains_key("code"), "{}", back.header("location"));
}

#[tokio::test]
async fn whatever_page_of_a_sign_in_fails_leads_on_with_the_request() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let person = world.person();
    world.browser().walk(&person, 6).await;
    all_the_way(&world, &rp, &person).await;
}

#[tokio::test]
async fn a_request_that_another_site_posted_is_sent_again_by_the_link() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let browser = world.browser().with_pages();
    down(&world, "PutItem", "Grants");
    let request = Request::post("/connect/authorize").header(header::CONTENT_TYPE, FORM);
    let request = request.header("sec-fetch-site", "cross-site");
    let page = failed(&world, &browser.send(request, encoded(&rp.request(&[])).into()).await);
    let on = page.links.iter().find(|link| link.starts_with("/connect/authorize?")).expect("a link");
    let begun = browser.get(on).await;
    assert!(begun.header("location").starts_with("/sign-in?request="), "{}", begun.header("location"));
}

#[tokio::test]
async fn a_posted_request_stays_its_browsers_where_the_session_cannot_be_read() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({ "skip_consent": true })).await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 6).await;
    browser.sign_in(&person).await;
    // The browser that binds the request is one that was never told who it is.
    let request = Request::post("/connect/authorize").header(header::CONTENT_TYPE, FORM);
    let (request, fresh) = (request.header("sec-fetch-site", "cross-site"), world.browser());
    let resume = fresh.send(request, encoded(&rp.request(&[])).into()).await.header("location").to_owned();
    let back = get_twice(&world, &browser.with_pages(), &resume, ("GetItem", "Sessions")).await;
    assert!(returned(back.header("location")).contains_key("code"), "{} {}", back.status, back.header("location"));
}

#[tokio::test]
async fn a_sign_out_that_failed_is_asked_for_again_with_all_that_came_with_it() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 6).await;
    rp.tokens(&browser, &person, &[]).await;
    let pages = browser.with_pages();
    let asked = [("client_id", "rp"), ("post_logout_redirect_uri", "https://rp.example/bye"), ("state", "s")];
    let asked = encoded(&asked.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let path = format!("/connect/endsession?{asked}");
    let question = get_twice(&world, &pages, &path, ("GetItem", "Sessions")).await;
    let confirm = form(&question, "/connect/endsession");
    let question = post_and_follow(&world, &pages, &confirm, ("DeleteItem", "Sessions")).await;
    let confirm = form(&question, "/connect/endsession");
    let out = pages.post_form(&confirm.action, &confirm.encoded()).await;
    assert_eq!(out.header("location"), "https://rp.example/bye?state=s");
}
