//! RP-initiated logout, as programs and people meet it.

use http::StatusCode;
use journeys::{Client, RelyingParty, World, client::encoded};
use serde_json::json;

use crate::sso::registered;

const TOLD: &str = "the services you used have been told";

#[tokio::test]
async fn a_program_confirms_in_json() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    rp.tokens(&browser, &person, &[]).await;
    let asked = json!({
        "client_id": "rp", "post_logout_redirect_uri": "https://rp.example/bye", "state": "s",
    });
    let asking = browser.post("/connect/endsession", &asked).await;
    assert_eq!(asking.json(), json!({ "step": "sign_out" }), "{}", asking.body);
    let mut confirmed = asked.clone();
    confirmed["confirm"] = json!("yes");
    let out = browser.post("/connect/endsession", &confirmed).await;
    assert_eq!(out.json(), json!({ "step": "signed_out", "next": "https://rp.example/bye?state=s" }), "{}", out.body);
    assert_eq!(browser.get("/account").await.code(), "not_signed_in");
}

#[tokio::test]
async fn a_person_reads_that_services_were_told_only_where_some_were() {
    let world = World::new().await;
    let listening = RelyingParty::answering("200 OK").await;
    let silent = Client::usual(&world, "silent", json!({})).await;
    let heard = Client::usual(&world, "heard", json!({ "backchannel_logout_uri": listening.url() })).await;
    let (browser, person) = registered(&world).await;
    let ended = async |rps: &[&Client]| {
        browser.sign_in(&person).await;
        for rp in rps {
            rp.tokens(&browser, &person, &[]).await;
        }
        let mut pages = browser.twin().with_pages();
        pages.language = "en";
        let page = pages.post_form("/connect/endsession", "confirm=yes").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let again = pages.post_form("/connect/endsession", "confirm=yes").await;
        assert!(!again.body.contains(TOLD), "nobody was signed in: {}", again.body);
        page.body
    };
    assert!(!ended(&[]).await.contains(TOLD));
    assert!(!ended(&[&silent]).await.contains(TOLD));
    assert!(ended(&[&silent, &heard]).await.contains(TOLD));
}

#[tokio::test]
async fn signing_out_leads_back_to_an_app_by_its_own_scheme() {
    let world = World::new().await;
    let more = json!({ "token_endpoint_auth_method": "none", "post_logout_redirect_uris": ["th.go.app:/out"] });
    Client::usual(&world, "app", more).await;
    let (browser, person) = registered(&world).await;
    browser.sign_in(&person).await;
    let asked = [("client_id", "app"), ("post_logout_redirect_uri", "th.go.app:/out")];
    let asked = encoded(&asked.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let pages = browser.with_pages();
    let question = pages.get(&format!("/connect/endsession?{asked}")).await;
    let policy = question.header("content-security-policy");
    assert!(policy.contains("form-action 'self' th.go.app:;"), "{policy}");
    let out = pages.post_form("/connect/endsession", &format!("{asked}&confirm=yes")).await;
    assert_eq!(out.header("location"), "th.go.app:/out");
}
