//! A POST that acts on a cookie, from elsewhere: refused at every endpoint, and nothing has happened.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use journeys::{Answer, Browser, Client, Endpoint, World};
use local::template::Template;
use serde_json::json;

use crate::sso::registered;

const OURS: &str = "http://localhost:8080";

/// What says, or leaves it open, that a page of another site sent it.
const FROM_ELSEWHERE: [(&str, &str); 12] = [
    ("cross-site", ""),
    ("cross-site", OURS),
    ("same-site", OURS),
    ("same-site", ""),
    ("Same-Origin", OURS),
    ("bogus", ""),
    ("", "null"),
    ("", "https://evil.example"),
    ("", "http://localhost:8081"),
    ("", "https://localhost:8080"),
    ("", "http://localhost:8080.evil.example"),
    ("", "HTTP://LOCALHOST:8080"),
];

/// Posts what is well made with these headers, empty ones left out.
async fn post(browser: &Browser<'_>, path: &str, body: &str, site: &str, origin: &str) -> Answer {
    let media = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let mut request = Request::post(path).header(header::CONTENT_TYPE, media);
    for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    browser.send(request, Bytes::from(body.to_owned())).await
}

#[tokio::test]
async fn checklist_30_and_32_every_post_from_another_site_is_refused() {
    let world = World::new().await;
    for endpoint in Endpoint::EVERY {
        let person = world.person();
        let browser = endpoint.reach(&world, &person).await;
        let (registration, session) = (browser.cookie("registration"), browser.cookie("session"));
        let body = endpoint.body(&world, &person).to_string();
        for (site, origin) in FROM_ELSEWHERE {
            for browser in [browser.twin(), browser.twin().with_pages()] {
                let answer = post(&browser, endpoint.path, &body, site, origin).await;
                let expected = (StatusCode::FORBIDDEN, "cross_site_request");
                assert_eq!((answer.status, answer.code().as_str()), expected, "{} {site} {origin}", endpoint.path);
                assert!(answer.headers.get(header::SET_COOKIE).is_none());
            }
        }
        assert_eq!(
            (browser.cookie("registration"), browser.cookie("session")),
            (registration.clone(), session.clone())
        );
        if registration.is_some() {
            assert_eq!(browser.get("/registration").await.status, StatusCode::OK, "{} did nothing", endpoint.path);
        }
        if session.is_some() {
            assert_eq!(browser.get("/account").await.status, StatusCode::OK, "{} did nothing", endpoint.path);
        }
        if endpoint.path == "/sign-in/otp" {
            assert_eq!(browser.get("/sign-in/otp").await.json()["otp"]["attempts_left"], 5, "nothing was tried");
        }
    }
}

#[tokio::test]
async fn checklist_30_our_own_pages_typed_addresses_and_programs_pass() {
    let world = World::new().await;
    for endpoint in Endpoint::EVERY {
        let person = world.person();
        for (site, origin) in
            [("none", ""), ("none", "null"), ("same-origin", OURS), ("same-origin", "null"), ("", OURS), ("", "")]
        {
            let browser = world.browser();
            // Not where somebody may post: that is found out after the door, and costs the test no password.
            let answer = post(&browser, endpoint.path, &endpoint.body(&world, &person).to_string(), site, origin).await;
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{} {site} {origin}", endpoint.path);
        }
    }
}

/// `/connect/*` is clients' to post to, but for what a person answers there; the consent is asked for a request alone.
#[test]
fn checklist_30_no_post_of_the_template_is_left_out() {
    let parameters = ["Issuer", "CardRegistryUrl"].map(|name| (name.to_owned(), "http://x".to_owned()));
    let template = Template::read(&Template::path(), &parameters.into()).unwrap();
    let routes = template.functions.iter().flat_map(|function| &function.routes);
    let posted = routes.filter(|route| route.method == Some(Method::POST)).map(|route| route.path.as_str());
    let acting: BTreeSet<_> = posted.filter(|path| !path.starts_with("/connect/")).collect();
    let walked: BTreeSet<_> = Endpoint::EVERY.iter().map(|endpoint| endpoint.path).chain(["/consent"]).collect();
    assert_eq!(acting, walked);
}

#[tokio::test]
async fn checklist_30_and_32_nobody_elses_page_consents_or_signs_out_for_somebody() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    browser.sign_in(&person).await;
    let asked = rp.authorize(&browser, &[]).await;
    let handle = asked.header("location").split_once("request=").unwrap().1.to_owned();
    let in_json = json!({ "decision": "allow", "request": handle }).to_string();
    let in_a_form = format!("decision=allow&request={handle}");
    let answers = [("/consent", in_json.as_str()), ("/consent", &in_a_form), ("/connect/endsession", "confirm=yes")];
    for (path, body) in answers {
        for (site, origin) in FROM_ELSEWHERE {
            let answer = post(&browser.twin(), path, body, site, origin).await;
            let expected = (StatusCode::FORBIDDEN, "cross_site_request");
            assert_eq!((answer.status, answer.code().as_str()), expected, "{path} {site} {origin}");
            assert!(answer.headers.get(header::SET_COOKIE).is_none());
        }
    }
    let still_asked = rp.authorize(&browser, &[]).await;
    assert!(still_asked.header("location").starts_with("/consent?"), "{}", still_asked.header("location"));
    // A question put by another site is none of it: it is answered by our own page.
    let asking = post(&browser, "/connect/endsession", "state=x", "cross-site", "").await;
    assert_eq!((asking.status, asking.header("location")), (StatusCode::SEE_OTHER, "/connect/endsession?state=x"));
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);

    assert_eq!(post(&browser, "/consent", &in_json, "same-origin", OURS).await.status, StatusCode::OK);
    let out = post(&browser, "/connect/endsession", "confirm=yes", "same-origin", OURS).await;
    assert_eq!(out.json(), json!({ "step": "signed_out" }));
}

/// A page of another site can send JSON only as text, without asking first (Fetch standard, simple requests).
#[tokio::test]
async fn checklist_32_json_that_is_sent_as_text_is_refused() {
    let world = World::new().await;
    for endpoint in Endpoint::EVERY.iter().filter(|endpoint| !endpoint.fields.is_empty()) {
        let person = world.person();
        let browser = endpoint.reach(&world, &person).await;
        let body = endpoint.body(&world, &person).to_string();
        for media in ["text/plain", "text/plain; charset=utf-8", "multipart/form-data; boundary=x"] {
            for site in ["", "same-origin"] {
                let mut request = Request::post(endpoint.path).header(header::CONTENT_TYPE, media);
                if !site.is_empty() {
                    request = request.header("sec-fetch-site", site);
                }
                let answer = browser.send(request, body.clone().into()).await;
                let expected = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type");
                assert_eq!((answer.status, answer.code().as_str()), expected, "{} {media}", endpoint.path);
            }
        }
    }
}
