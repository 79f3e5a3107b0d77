//! The e-Service's pages: the way in, what was received, and what went wrong.

use askama::Template;
use domain::language::Text;
use http::{HeaderValue, Response, StatusCode, header};
use jiff::civil::Date;
use lambda_http::Body;
use serde_json::Value;
use web::{
    Incoming, answer,
    page::{Moment, Page, written_date},
};

use super::{failure::Failure, outcome::Outcome, session::Session};

/// The way in.
#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    page: Page,
    notice: Option<Notice>,
}

/// How somebody who was signed in came to be so no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// They signed out here.
    SignedOut,
    /// They signed out at the provider, or at another service.
    EndedByDigitalId,
}

/// What was received.
#[derive(Template)]
#[template(path = "signed-in.html")]
struct SignedInPage<'a> {
    page: Page,
    name: &'a str,
    /// Userinfo, as a person reads it.
    person: Vec<(&'static str, String)>,
    acr: &'a str,
    authenticated_at: Moment,
    scope: &'a str,
    expires_at: Moment,
    /// The ID token's header and claims, userinfo and the token response, as they came.
    received: [(&'static str, String); 4],
    last: Option<&'a Outcome>,
}

/// What went wrong.
#[derive(Template)]
#[template(path = "failed.html")]
struct FailedPage<'a> {
    page: Page,
    story: Story,
    failure: &'a Failure,
}

/// How a failure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    Denied,
    NotSignedIn,
    NotAllowed,
    MoreProof,
    Later,
    NotAsked,
    Unusable,
}

/// A page that tells one thing: nobody is here, or may be here so.
#[derive(Template)]
#[template(path = "nothing-here.html")]
struct NothingHerePage {
    page: Page,
    elsewhere: bool,
}

pub(super) fn welcome(incoming: &Incoming, notice: Option<Notice>) -> Response<Body> {
    answer::page(StatusCode::OK, &WelcomePage { page: incoming.page(), notice })
}

pub(super) fn signed_in(incoming: &Incoming, session: &Session) -> Response<Body> {
    let Session { tokens, id_token, userinfo, last } = session;
    let page = SignedInPage {
        page: incoming.page(),
        name: text(userinfo, "name"),
        person: person(incoming, userinfo),
        acr: &id_token.acr,
        authenticated_at: Moment::of(id_token.authenticated_at(), incoming.language),
        scope: &tokens.scope,
        expires_at: Moment::of(tokens.expires_at, incoming.language),
        received: [
            (incoming.say("ส่วนหัวของ ID token", "ID token: header"), pretty(&id_token.header)),
            (incoming.say("ข้อมูลใน ID token", "ID token: claims"), pretty(&id_token.claims)),
            (incoming.say("คำตอบจาก userinfo", "Userinfo"), pretty(userinfo)),
            (incoming.say("คำตอบจาก token endpoint", "Token response"), pretty(&tokens.response)),
        ],
        last: last.as_ref(),
    };
    answer::page(StatusCode::OK, &page)
}

pub(super) fn failed(incoming: &Incoming, failure: &Failure) -> Response<Body> {
    let story = Story::of(failure);
    answer::page(story.status(), &FailedPage { page: incoming.page(), story, failure })
}

pub(super) fn not_found(incoming: &Incoming) -> Response<Body> {
    answer::page(StatusCode::NOT_FOUND, &NothingHerePage { page: incoming.page(), elsewhere: false })
}

/// For a form that another site sent (contract: `cross_site_request`).
pub(super) fn elsewhere(incoming: &Incoming) -> Response<Body> {
    answer::page(StatusCode::FORBIDDEN, &NothingHerePage { page: incoming.page(), elsewhere: true })
}

pub(super) fn file(content_type: &'static str, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::Text(text.to_owned()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

impl Story {
    fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Refused { error, .. } => match error.as_str() {
                "access_denied" => Self::Denied,
                "login_required" => Self::NotSignedIn,
                "consent_required" | "interaction_required" => Self::NotAllowed,
                "unmet_authentication_requirements" => Self::MoreProof,
                "temporarily_unavailable" | "server_error" => Self::Later,
                _ => Self::Unusable,
            },
            Failure::Unanswered(_) => Self::Later,
            Failure::NotAsked => Self::NotAsked,
            Failure::Untrusted(_) => Self::Unusable,
        }
    }

    const fn heading(self) -> Text {
        match self {
            Self::Denied => Text {
                th: "คุณไม่ได้อนุญาตให้ส่งข้อมูล", en: "You did not allow it"
            },
            Self::NotSignedIn => Text {
                th: "Digital ID ยังไม่รู้ว่าเป็นคุณ", en: "You are not signed in to Digital ID"
            },
            Self::NotAllowed => Text {
                th: "ต้องให้คุณตัดสินใจก่อน", en: "This needs a decision from you"
            },
            Self::MoreProof => Text {
                th: "คลินิกต้องการการยืนยันเพิ่มเติม", en: "The clinic needs more proof"
            },
            Self::Later => Text {
                th: "ยังติดต่อ Digital ID ไม่ได้", en: "Digital ID cannot be reached just now"
            },
            Self::NotAsked => Text {
                th: "กรุณาเริ่มเข้าสู่ระบบใหม่", en: "Please begin to sign in again"
            },
            Self::Unusable => Text {
                th: "เข้าสู่ระบบไม่สำเร็จ", en: "Signing in did not work"
            },
        }
    }

    /// What was done, and what to do.
    const fn advice(self) -> Text {
        match self {
            Self::Denied => Text {
                th: "Digital ID จึงไม่ได้ส่งข้อมูลของคุณให้คลินิก หากเปลี่ยนใจ เข้าสู่ระบบได้อีกครั้ง",
                en: "So Digital ID told the clinic nothing about you. If you change your mind, sign in again.",
            },
            Self::NotSignedIn => Text {
                th: "เราลองเข้าสู่ระบบให้โดยไม่ถาม แต่ในเบราว์เซอร์นี้ยังไม่มีใครเข้าสู่ระบบ Digital ID",
                en: "We tried to sign you in without asking, but nobody is signed in to Digital ID in this browser.",
            },
            Self::NotAllowed => Text {
                th: "เราลองเข้าสู่ระบบให้โดยไม่ถาม แต่ Digital ID ต้องถามคุณก่อน",
                en: "We tried to sign you in without asking, but Digital ID has to ask you first.",
            },
            Self::MoreProof => Text {
                th: "บัญชี Digital ID ของคุณยังไม่ถึงระดับที่คลินิกขอ ยังไม่มีข้อมูลใดส่งมาที่เรา",
                en: "Your Digital ID account is not at the level the clinic asks for. Nothing about you was sent to us.",
            },
            Self::Later => Text {
                th: "คุณยังไม่ได้เข้าสู่ระบบที่คลินิก กรุณาลองอีกครั้งในอีกสักครู่",
                en: "You are not signed in at the clinic. Please try again in a moment.",
            },
            Self::NotAsked => Text {
                th: "คำตอบที่ได้รับไม่ตรงกับคำขอของเบราว์เซอร์นี้ อาจเพราะเปิดหน้านี้ซ้ำ ใช้เวลานานเกินไป หรือเริ่มจากเบราว์เซอร์อื่น",
                en: "The answer belongs to no request of this browser: it may have been used before, be too old, or come from another browser.",
            },
            Self::Unusable => Text {
                th: "คลินิกตรวจสอบคำตอบแล้วใช้ไม่ได้ จึงไม่ได้ให้คุณเข้าสู่ระบบ กรุณาลองอีกครั้ง หากยังพบหน้านี้ โปรดแจ้งคลินิก",
                en: "The clinic checked the answer and could not use it, so nobody was signed in. Try again, and tell the clinic if you come here once more.",
            },
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Denied | Self::NotSignedIn | Self::NotAllowed | Self::MoreProof => StatusCode::FORBIDDEN,
            Self::NotAsked => StatusCode::BAD_REQUEST,
            Self::Later | Self::Unusable => StatusCode::BAD_GATEWAY,
        }
    }
}

impl FailedPage<'_> {
    fn heading(&self) -> &'static str {
        self.story.heading().in_language(self.page.language)
    }

    fn advice(&self) -> &'static str {
        self.story.advice().in_language(self.page.language)
    }
}

/// The claims that a clinic has a use for, in its own words.
fn person(incoming: &Incoming, userinfo: &Value) -> Vec<(&'static str, String)> {
    let day = |birthdate: &str| match birthdate.parse::<Date>() {
        Ok(date) => written_date(incoming.language, date.year(), Some(date.month()), Some(date.day())),
        // A day or a month that nobody knows.
        Err(_) => birthdate.to_owned(),
    };
    let lines = [
        (incoming.say("ชื่อ", "Name"), text(userinfo, "name").to_owned()),
        (incoming.say("วันเดือนปีเกิด", "Date of birth"), day(text(userinfo, "birthdate"))),
        (incoming.say("เลขประจำตัวประชาชน", "Citizen ID"), text(userinfo, "citizen_id").to_owned()),
        (incoming.say("เบอร์โทรศัพท์มือถือ", "Mobile number"), text(userinfo, "phone_number").to_owned()),
        (incoming.say("ระดับการพิสูจน์ตัวตน", "Identity assurance level"), text(userinfo, "ial_level").to_owned()),
    ];
    lines.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// As templates show it, too.
fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_request_has_its_story() {
        let story = |error: &str| Story::of(&Failure::Refused { error: error.into(), description: String::new() });
        assert_eq!(story("access_denied"), Story::Denied);
        assert_eq!(story("login_required"), Story::NotSignedIn);
        assert_eq!(story("consent_required"), Story::NotAllowed);
        assert_eq!(story("unmet_authentication_requirements"), Story::MoreProof);
        assert_eq!(story("temporarily_unavailable"), Story::Later);
        assert_eq!(story("invalid_scope"), Story::Unusable);
    }
}
