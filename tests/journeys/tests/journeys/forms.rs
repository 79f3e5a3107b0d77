//! The whole registration as a person without JavaScript does it: pages, their forms, what the answers lead to.

use http::StatusCode;
use journeys::{Answer, Browser, Form, Page, Person, World};
use rstest::rstest;

/// A page, looked at by [`assert_proper`], and where it was found.
struct Visit {
    path: String,
    answer: Answer,
    page: Page,
}

impl Visit {
    fn form(&self, action: &str) -> Form {
        self.page.form(action).unwrap_or_else(|| panic!("{} has no form to {action}", self.path)).clone()
    }
}

async fn go(browser: &Browser<'_>, path: &str) -> Visit {
    let answer = browser.get(path).await;
    follow(browser, path.to_owned(), answer).await
}

async fn send(browser: &Browser<'_>, form: &Form) -> Visit {
    assert_eq!(form.method, "post");
    let answer = browser.post_form(&form.action, &form.encoded()).await;
    follow(browser, form.action.clone(), answer).await
}

/// Goes where the answers lead, as browsers do.
async fn follow(browser: &Browser<'_>, mut path: String, mut answer: Answer) -> Visit {
    for _ in 0..5 {
        assert_headers(&answer);
        if answer.status != StatusCode::SEE_OTHER {
            let page = Page::read(&answer.body);
            assert_proper(browser, &path, &answer, &page);
            return Visit { path, answer, page };
        }
        answer.header("location").clone_into(&mut path);
        answer = browser.get(path.split('#').next().unwrap()).await;
    }
    panic!("{path} leads in circles")
}

/// What every answer carries.
fn assert_headers(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    for directive in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(directive), "{directive}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("referrer-policy"), "same-origin");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("vary"), "Accept, Accept-Language, Cookie");
    assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "no CORS");
}

/// What every page is: in its language, ids once each, nothing inline, an error summary that leads to fields.
fn assert_proper(browser: &Browser<'_>, path: &str, answer: &Answer, page: &Page) {
    assert_eq!(page.language, browser.language, "{path}");
    let mut ids = page.ids.clone();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), page.ids.len(), "{path}: an id twice in {:?}", page.ids);
    for inline in [" style=", " onclick=", "<script>", "<style", "javascript:"] {
        assert!(!answer.body.contains(inline), "{path}: {inline}");
    }
    for form in &page.forms {
        assert_eq!((form.method.as_str(), form.action.starts_with('/')), ("post", true), "{path}: {}", form.action);
        for (name, kind) in &form.types {
            let secret = kind == "password" || matches!(name.as_str(), "code" | "laser_code");
            assert!(!secret || form.value(name) == Some(""), "{path}: {name} is never filled in by us");
        }
    }
    let error = if browser.language == "th" { "ผิดพลาด: " } else { "Error: " };
    let summary = page.ids.iter().any(|id| id == "error-summary");
    assert_eq!(page.title.starts_with(error), summary, "{path}: {}", page.title);
    for link in &page.summary {
        let field = link.strip_prefix('#').unwrap_or_else(|| panic!("{path}: {link} leads elsewhere"));
        assert!(page.ids.iter().any(|id| id == field), "{path}: nothing is {link}");
    }
}

/// The form of step 2, filled in as the page asks.
fn identity(visit: &Visit, person: &Person) -> Form {
    let id = &person.citizen_id;
    let dashed = format!("{}-{}-{}-{}-{}", &id[..1], &id[1..5], &id[5..10], &id[10..12], &id[12..]);
    let month = if visit.page.language == "th" { "มีนาคม" } else { "March" };
    let form = visit.form("/registration/identity").with("citizen_id", &dashed);
    let form = form.with("first_name", &person.first_name).with("last_name", &person.last_name);
    let form = form.with("birth_day", "5").with("birth_month", month).with("birth_year", "2538");
    form.with("laser_code", &person.laser_code)
}

fn account(visit: &Visit, person: &Person) -> Form {
    let form = visit.form("/registration/account").with("username", &person.username);
    form.with("password", &person.password).with("password_confirmation", &person.password)
}

fn mobile(visit: &Visit, number: &str) -> Form {
    visit.form("/registration/mobile").with("mobile_number", number)
}

fn code(world: &World, visit: &Visit, person: &Person) -> Form {
    visit.form("/registration/otp").with("code", &world.code_sent_to(&person.e164()).unwrap())
}

fn browser_in<'a>(world: &'a World, language: &'static str) -> Browser<'a> {
    let mut browser = world.browser().with_pages();
    browser.language = language;
    browser
}

#[rstest]
#[case("th")]
#[case("en")]
#[tokio::test]
async fn a_person_registers_changes_their_mind_and_signs_in_by_forms_alone(#[case] language: &'static str) {
    let world = World::new().await;
    let (browser, mut person) = (browser_in(&world, language), world.person());
    let home = go(&browser, "/").await;
    assert!(home.page.links.iter().any(|link| link.starts_with("/registration")));
    let visit = go(&browser, "/registration").await;
    assert_eq!(visit.path, "/registration/terms");
    let visit = send(&browser, &visit.form("/registration/terms")).await;
    assert_eq!(visit.path, "/registration/identity");
    let visit = send(&browser, &identity(&visit, &person)).await;
    assert_eq!(visit.path, "/registration/account");
    let shown = visit.form("/registration/account");
    assert_eq!((shown.value("first_name"), shown.value("last_name")), (Some("สมหญิง"), Some("รักไทยแท้")));
    let visit = send(&browser, &account(&visit, &person)).await;
    assert_eq!(visit.path, "/registration/mobile");
    let visit = send(&browser, &mobile(&visit, &person.mobile_number)).await;
    assert_eq!(visit.path, "/registration/otp");
    let visit = send(&browser, &code(&world, &visit, &person)).await;
    assert_eq!(visit.path, "/registration/review");

    // Back from the review: the name, and with it the account; then the number.
    assert!(visit.page.links.iter().any(|link| link == "/registration/identity#first_name"));
    let visit = go(&browser, "/registration/identity").await;
    let kept = visit.form("/registration/identity");
    assert_eq!((kept.value("first_name"), kept.value("birth_year")), (Some("สมหญิง"), Some("2538")));
    assert_eq!(kept.value("citizen_id"), Some(""), "only its ciphertext is kept");
    person.first_name = "สมใจ".into();
    let visit = send(&browser, &identity(&visit, &person)).await;
    assert_eq!(visit.path, "/registration/account");
    assert_eq!(visit.form("/registration/account").value("first_name"), Some("สมใจ"));
    let visit = send(&browser, &account(&visit, &person)).await;
    assert_eq!(visit.path, "/registration/review", "the number is not asked for again");
    let visit = go(&browser, "/registration/mobile").await;
    person.mobile_number = "0861234567".into();
    let visit = send(&browser, &mobile(&visit, "๐๘๖ ๑๒๓-๔๕๖๗")).await;
    assert_eq!(visit.path, "/registration/otp");
    let visit = send(&browser, &code(&world, &visit, &person)).await;
    assert!(visit.answer.body.contains("สมใจ") && visit.answer.body.contains("086-xxx-4567"));

    let visit = send(&browser, &visit.form("/registration/review")).await;
    assert_eq!(visit.path, "/registration/done");
    assert!(visit.answer.body.contains(&person.username));
    let visit = go(&browser, "/account").await;
    assert_eq!(visit.path, "/sign-in");
    let form = visit.form("/sign-in");
    assert_eq!(form.value("username"), Some(person.username.as_str()));
    let visit = send(&browser, &form.with("password", &person.password)).await;
    assert_eq!(visit.path, "/account");
    assert!(visit.answer.body.contains("สมใจ รักไทยแท้"));
    let visit = send(&browser, &visit.form("/account/sign-out")).await;
    assert_eq!(visit.path, "/account/signed-out");
    assert_eq!(go(&browser, "/account").await.path, "/sign-in");
}

#[rstest]
#[case("th")]
#[case("en")]
#[tokio::test]
async fn a_form_that_comes_back_keeps_what_was_typed_and_leads_to_what_is_wrong(#[case] language: &'static str) {
    const TYPED: &str = "<b>\"&'>";
    let world = World::new().await;
    let (browser, person) = (browser_in(&world, language), world.person());
    let visit = go(&browser, "/registration/terms").await;
    let visit = send(&browser, &visit.form("/registration/terms").with("consent", "")).await;
    assert_eq!(
        (visit.answer.status, visit.page.summary.as_slice()),
        (StatusCode::UNPROCESSABLE_ENTITY, &["#consent".to_owned()][..])
    );
    let visit = send(&browser, &visit.form("/registration/terms")).await;

    let wrong = identity(&visit, &person).with("citizen_id", "1234567890123").with("first_name", TYPED);
    let visit = send(&browser, &wrong.with("birth_day", "32").with("laser_code", "JT1")).await;
    assert_eq!(visit.answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(visit.page.summary, ["#citizen_id", "#first_name", "#birth_day", "#laser_code"]);
    let kept = visit.form("/registration/identity");
    assert_eq!((kept.value("citizen_id"), kept.value("first_name")), (Some("1234567890123"), Some(TYPED)));
    assert_eq!((kept.value("birth_day"), kept.value("birth_year")), (Some("32"), Some("2538")));
    assert!(!visit.answer.body.contains("<b>"), "what was typed is text");
    let visit =
        send(&browser, &identity(&visit, &Person { citizen_id: "1000000000149".into(), ..person.clone() })).await;
    assert_eq!(visit.answer.status, StatusCode::UNPROCESSABLE_ENTITY, "refused by the registry");
    assert_eq!(visit.form("/registration/identity").value("last_name"), Some("รักไทยแท้"));
    world.local.registry_outage().begin();
    let visit = send(&browser, &identity(&visit, &person)).await;
    assert_eq!(
        (visit.answer.status, visit.page.summary.as_slice()),
        (StatusCode::SERVICE_UNAVAILABLE, &["#self_asserted".to_owned()][..])
    );
    assert_ne!(visit.answer.header("retry-after"), "");
    let visit = send(&browser, &identity(&visit, &person).with("method", "self_asserted").with("laser_code", "")).await;
    assert_eq!(visit.path, "/registration/account", "the way on that the page offers");

    let visit =
        send(&browser, &account(&visit, &person).with("username", TYPED).with("password", "another one, and long"))
            .await;
    assert_eq!(visit.page.summary, ["#username", "#password_confirmation"]);
    assert_eq!(visit.form("/registration/account").value("username"), Some(TYPED));
    let visit = send(&browser, &account(&visit, &person)).await;
    let visit = send(&browser, &mobile(&visit, "02 123 4567")).await;
    assert_eq!(visit.page.summary, ["#mobile_number"]);
    let visit = send(
        &browser,
        &mobile(&visit, &visit.form("/registration/mobile").value("mobile_number").unwrap().replace("02 ", "086 ")),
    )
    .await;
    assert_eq!(visit.path, "/registration/otp", "what was typed was kept, and corrected");
    let right = world.code_sent_to("+66861234567").unwrap();
    let wrong = if right == "111111" { "222222" } else { "111111" };
    let visit = send(&browser, &visit.form("/registration/otp").with("code", wrong)).await;
    assert_eq!(
        (visit.answer.status, visit.page.summary.as_slice()),
        (StatusCode::UNPROCESSABLE_ENTITY, &["#code".to_owned()][..])
    );
    assert!(!visit.answer.body.contains(wrong));
    let visit = send(&browser, &visit.form("/registration/otp").with("code", &right)).await;
    let visit = send(&browser, &visit.form("/registration/review").with("confirm", "no")).await;
    assert_eq!(visit.page.summary, ["#confirm"]);
    send(&browser, &visit.form("/registration/review")).await;
    let visit = go(&browser, "/sign-in").await;
    let visit =
        send(&browser, &visit.form("/sign-in").with("username", "nobody.here").with("password", "not it")).await;
    assert_eq!(visit.answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(visit.form("/sign-in").value("username"), Some("nobody.here"));
}

#[tokio::test]
async fn a_username_taken_meanwhile_leads_back_to_where_it_is_chosen() {
    let world = World::new().await;
    let (browser, person) = (browser_in(&world, "en"), world.person());
    browser.walk_to_review(&person).await;
    world.browser().walk(&Person { username: person.username.clone(), ..world.person() }, 6).await;
    let visit = go(&browser, "/registration/review").await;
    let visit = send(&browser, &visit.form("/registration/review")).await;
    assert_eq!(visit.path, "/registration/account?taken=yes");
    assert_eq!(visit.page.summary, ["#username"]);
    let visit = send(&browser, &account(&visit, &person)).await;
    assert_eq!(
        (visit.answer.status, visit.page.summary.as_slice()),
        (StatusCode::CONFLICT, &["#username".to_owned()][..])
    );
    let visit = send(&browser, &account(&visit, &Person { username: "somebody.else".into(), ..person })).await;
    assert_eq!(visit.path, "/registration/review");
}

/// A button pressed twice before the first answer has come: the same form with the same cookies, and then the second
/// answer is the one that is shown.
#[tokio::test]
async fn a_form_sent_twice_does_no_harm() {
    let world = World::new().await;
    let (browser, person) = (browser_in(&world, "th"), world.person());
    let twice = async |form: &Form| {
        let before = browser.twin();
        let first = send(&browser, form).await;
        (first, send(&before, form).await)
    };
    let visit = go(&browser, "/registration/terms").await;
    let (visit, _) = twice(&visit.form("/registration/terms")).await;
    let (visit, second) = twice(&identity(&visit, &person)).await;
    assert_eq!(
        second.answer.status,
        StatusCode::UNAUTHORIZED,
        "the cookie was renewed, and the browser has the new one"
    );
    assert_eq!(go(&browser, "/registration").await.path, "/registration/account");
    let (visit, second) = twice(&account(&visit, &person)).await;
    assert_eq!((visit.path.as_str(), second.path.as_str()), ("/registration/mobile", "/registration/mobile"));
    let (visit, second) = twice(&mobile(&visit, &person.mobile_number)).await;
    assert_eq!(visit.path, "/registration/otp");
    assert_eq!(second.path, "/registration/otp?wait=60", "where the code that was sent can be typed");
    assert_eq!(world.local.outbox().texts().len(), 1, "one text");
    world.pass(jiff::SignedDuration::from_secs(60));
    let resend = visit.page.forms.iter().find(|form| form.value("after").is_some()).unwrap();
    let (visit, second) = twice(resend).await;
    assert_eq!((visit.path.as_str(), second.path.as_str()), ("/registration/otp", "/registration/otp"));
    assert_eq!(world.local.outbox().texts().len(), 2, "one more");
    let (visit, _) = twice(&code(&world, &visit, &person)).await;
    assert_eq!(go(&browser, "/registration").await.path, "/registration/review");
    let (visit, second) = twice(&visit.form("/registration/review")).await;
    assert_eq!((visit.path.as_str(), second.path.as_str()), ("/registration/done", "/registration/done"));
    assert_eq!(world.accounts_with("account#").await, 1);
    let visit = go(&browser, "/sign-in").await;
    let (visit, second) = twice(&visit.form("/sign-in").with("password", &person.password)).await;
    assert_eq!((visit.path.as_str(), second.path.as_str()), ("/account", "/account"));
    let (visit, second) = twice(&visit.form("/account/sign-out")).await;
    assert_eq!((visit.path.as_str(), second.path.as_str()), ("/account/signed-out", "/account/signed-out"));
}

#[rstest]
#[case("th")]
#[case("en")]
#[tokio::test]
async fn more_time_giving_up_and_saying_no(#[case] language: &'static str) {
    let world = World::new().await;
    let browser = browser_in(&world, language);
    let visit = go(&browser, "/registration/terms").await;
    let declined = send(&browser, &visit.form("/registration/terms").with("consent", "decline")).await;
    assert_eq!(declined.path, "/registration/declined");
    let visit = send(&browser, &visit.form("/registration/terms")).await;
    let visit = send(&browser, &visit.form("/registration/extend")).await;
    assert_eq!(visit.path, "/registration/identity");
    let visit = send(&browser, &visit.form("/registration/cancel")).await;
    assert_eq!(visit.path, "/registration/cancelled");
    assert_eq!(go(&browser, "/registration").await.path, "/registration/terms");
    assert_eq!(go(&browser, "/nowhere").await.answer.status, StatusCode::NOT_FOUND);
}
