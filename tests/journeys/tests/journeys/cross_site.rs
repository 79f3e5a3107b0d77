//! A POST that acts on a cookie, from elsewhere: refused at every endpoint, and nothing has happened.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use journeys::{Answer, Browser, Endpoint, World};

const OURS: &str = "http://localhost:8080";

/// Posts a well-made form with these headers, empty ones left out.
async fn post(browser: &Browser<'_>, path: &str, body: &str, site: &str, origin: &str) -> Answer {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
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
    let from_elsewhere = [
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
    for endpoint in Endpoint::EVERY {
        let person = world.person();
        let browser = endpoint.reach(&world, &person).await;
        let (registration, session) = (browser.cookie("registration"), browser.cookie("session"));
        let body = endpoint.body(&person).to_string();
        for (site, origin) in from_elsewhere {
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
            let answer = post(&browser, endpoint.path, &endpoint.body(&person).to_string(), site, origin).await;
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{} {site} {origin}", endpoint.path);
        }
    }
}
