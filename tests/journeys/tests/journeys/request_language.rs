//! `ui_locales` (OpenID Connect Core section 3.1.2.1): the language of a request's pages, for people who chose none.

use http::{Request, StatusCode, header};
use journeys::{Answer, Browser, Client, Page, World, client::encoded};
use serde_json::json;

use crate::sso::registered;

const FORM: &str = "application/x-www-form-urlencoded";

/// The page's language; that nothing is remembered, and that the headers say the same.
fn language(answer: &Answer) -> String {
    let set: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert!(set.iter().all(|cookie| !cookie.starts_with("lang=")), "{set:?}");
    let language = Page::read(&answer.body).language;
    assert_eq!(answer.header("content-language"), language, "{} {}", answer.status, answer.body);
    language
}

/// Follows redirects of ours to a page.
async fn page(browser: &Browser<'_>, mut answer: Answer) -> Answer {
    while answer.status == StatusCode::SEE_OTHER {
        assert!(answer.headers.get_all("set-cookie").iter().all(|cookie| !cookie.as_bytes().starts_with(b"lang=")));
        answer = browser.get(answer.header("location")).await;
    }
    answer
}

async fn posted(browser: &Browser<'_>, query: &str) -> Answer {
    let request = Request::post("/connect/authorize").header("sec-fetch-site", "cross-site");
    browser.send(request.header(header::CONTENT_TYPE, FORM), query.to_owned().into()).await
}

#[tokio::test]
async fn it_speaks_on_every_page_of_the_request_and_is_remembered_by_none() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (_, person) = registered(&world).await;
    let query = encoded(&rp.request(&[("ui_locales", "fr en th")]));
    let browser = world.browser().with_pages();
    let by_post = posted(&browser, &query).await;
    assert_eq!(language(&page(&browser, by_post).await), "en", "by POST from the client's site");
    let sign_in = page(&browser, browser.get(&format!("/connect/authorize?{query}")).await).await;
    assert_eq!(language(&sign_in), "en");
    let form = Page::read(&sign_in.body).forms.remove(0).with("username", &person.username);
    let wrong = browser.post_form(&form.action, &form.clone().with("password", "not the right one").encoded()).await;
    assert_eq!(language(&wrong), "en");
    let typed = form.clone().with("password", &person.password);
    let code = page(&browser, browser.post_form(&form.action, &typed.encoded()).await).await;
    assert_eq!(language(&code), "en");
    assert!(world.local.outbox().last_to(&person.e164()).unwrap().text.is_ascii(), "the text too");
    let form = Page::read(&code.body).forms.remove(0).with("code", &browser.code_sent_to(&person));
    let consent = page(&browser, browser.post_form(&form.action, &form.encoded()).await).await;
    assert!(consent.body.contains("action=\"/consent"), "{}", consent.body);
    assert_eq!(language(&consent), "en");
    assert_eq!(language(&browser.get("/").await), "th", "elsewhere it says nothing");
}

#[tokio::test]
async fn it_yields_to_the_persons_own_choice() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let browser = world.browser().with_pages();
    browser.set_cookie("lang", "th");
    let query = encoded(&rp.request(&[("ui_locales", "en")]));
    let sign_in = page(&browser, browser.get(&format!("/connect/authorize?{query}")).await).await;
    assert_eq!(language(&sign_in), "th");
}

#[tokio::test]
async fn it_speaks_on_the_pages_that_lead_back_however_the_request_came() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({ "skip_consent": true })).await;
    let strict = json!({ "skip_consent": true, "minimum_ial": "2.3" });
    let strict = Client::usual(&world, "strict", strict).await;
    let (browser, person) = registered(&world).await;
    rp.tokens(&browser, &person, &[]).await;
    let browser = browser.with_pages();
    for (client, more) in [(&rp, ("response_mode", "form_post")), (&strict, ("response_mode", "query"))] {
        let query = encoded(&client.request(&[("ui_locales", "en"), more]));
        let asked = browser.get(&format!("/connect/authorize?{query}")).await;
        assert_eq!(language(&asked), "en", "{more:?}");
        let by_post = posted(&browser, &query).await;
        assert_eq!(language(&page(&browser, by_post).await), "en", "{more:?}");
        let form = client.request(&[("ui_locales", "en"), more]);
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let pushed = client.call(&world.browser(), "/connect/par", &form).await.json();
        let pushed = [("client_id", client.id.as_str()), ("request_uri", pushed["request_uri"].as_str().unwrap())];
        let pushed = pushed.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asked = browser.get(&format!("/connect/authorize?{}", encoded(&pushed))).await;
        assert_eq!(language(&asked), "en", "pushed, {more:?}");
    }
}
