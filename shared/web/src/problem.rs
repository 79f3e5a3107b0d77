//! What went wrong, as RFC 9457 problem details: the one list of codes, with their status and their words.

use domain::{
    language::{Language, Text},
    registration::{Refusal, Step},
};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::page::FieldError;

/// Everything that can be answered instead of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Fields to correct.
    InvalidInput(Vec<FieldError>),
    /// The body cannot be read.
    MalformedRequest,
    /// Neither a form nor JSON.
    UnsupportedMediaType,
    /// More than 16 KiB.
    TooLarge,
    /// No registration, or it has ended.
    NoRegistration,
    /// A step that is not reached yet.
    WrongStep(Step),
    /// The terms agreed to are no longer in force.
    TermsOutdated,
    /// The registry said no.
    IdentityNotConfirmed,
    /// The registry could not be asked.
    IdentityCheckUnavailable,
    /// The citizen ID has an account.
    AlreadyRegistered,
    /// The username is taken. At the review, the registration then stands at this step again.
    UsernameTaken(Option<Step>),
    /// A wrong code.
    OtpIncorrect {
        /// Comparisons left.
        attempts_left: u8,
    },
    /// The code is too old, or was used.
    OtpExpired,
    /// The code was wrong too often.
    OtpExhausted,
    /// The text could not be sent; nothing was used up.
    SmsNotSent,
    /// A limit is reached.
    TooManyRequests {
        /// Seconds until it makes sense to come back.
        retry_after: i64,
    },
    /// The number has as many unproven accounts as it may.
    NumberInUse,
    /// Too much happened at once.
    Busy,
    /// Something we depend on is not there.
    Unavailable,
    /// A POST from another site.
    CrossSiteRequest,
    /// The one answer to a sign-in that fails.
    SignInFailed,
    /// Nobody is signed in.
    NotSignedIn,
    /// The authorization request is unknown, too old, or another browser's.
    RequestGone,
    /// No such page.
    NotFound,
    /// Not with this method.
    MethodNotAllowed,
    /// Our fault.
    Internal,
}

impl Problem {
    /// One of each, so that what a `type` means can be looked up.
    pub const EVERY: [Self; 26] = [
        Self::InvalidInput(Vec::new()),
        Self::MalformedRequest,
        Self::UnsupportedMediaType,
        Self::TooLarge,
        Self::NoRegistration,
        Self::WrongStep(Step::Identity),
        Self::TermsOutdated,
        Self::IdentityNotConfirmed,
        Self::IdentityCheckUnavailable,
        Self::AlreadyRegistered,
        Self::UsernameTaken(None),
        Self::OtpIncorrect { attempts_left: 4 },
        Self::OtpExpired,
        Self::OtpExhausted,
        Self::SmsNotSent,
        Self::TooManyRequests { retry_after: 60 },
        Self::NumberInUse,
        Self::Busy,
        Self::Unavailable,
        Self::CrossSiteRequest,
        Self::SignInFailed,
        Self::NotSignedIn,
        Self::RequestGone,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Internal,
    ];

    /// A limit that ends at `retry_at`.
    pub fn limited(retry_at: Timestamp, now: Timestamp) -> Self {
        Self::TooManyRequests { retry_after: (retry_at.as_second() - now.as_second()).max(1) }
    }

    /// What the flow refused.
    pub fn refused(refusal: &Refusal, now: Timestamp) -> Self {
        match refusal {
            Refusal::Expired => Self::NoRegistration,
            Refusal::WrongStep(step) => Self::WrongStep(*step),
            Refusal::CodeExpired => Self::OtpExpired,
            Refusal::CodeExhausted => Self::OtpExhausted,
            Refusal::TooManySends { retry_at }
            | Refusal::TooManyTries { retry_at }
            | Refusal::TooManyUsernames { retry_at } => Self::limited(*retry_at, now),
        }
    }

    /// Its status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::MalformedRequest => StatusCode::BAD_REQUEST,
            Self::NoRegistration | Self::SignInFailed | Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::CrossSiteRequest => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::WrongStep(_)
            | Self::TermsOutdated
            | Self::AlreadyRegistered
            | Self::UsernameTaken(_)
            | Self::NumberInUse => StatusCode::CONFLICT,
            Self::OtpExpired | Self::RequestGone => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidInput(_) | Self::IdentityNotConfirmed | Self::OtpIncorrect { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::OtpExhausted | Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::IdentityCheckUnavailable | Self::SmsNotSent | Self::Busy | Self::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// Its code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput(_) => "invalid_input",
            Self::MalformedRequest => "malformed_request",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::TooLarge => "too_large",
            Self::NoRegistration => "no_registration",
            Self::WrongStep(_) => "wrong_step",
            Self::TermsOutdated => "terms_outdated",
            Self::IdentityNotConfirmed => "identity_not_confirmed",
            Self::IdentityCheckUnavailable => "identity_check_unavailable",
            Self::AlreadyRegistered => "already_registered",
            Self::UsernameTaken(_) => "username_taken",
            Self::OtpIncorrect { .. } => "otp_incorrect",
            Self::OtpExpired => "otp_expired",
            Self::OtpExhausted => "otp_exhausted",
            Self::SmsNotSent => "sms_not_sent",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::NumberInUse => "number_in_use",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::CrossSiteRequest => "cross_site_request",
            Self::SignInFailed => "sign_in_failed",
            Self::NotSignedIn => "not_signed_in",
            Self::RequestGone => "request_gone",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Internal => "internal_error",
        }
    }

    /// When to come back, in seconds.
    pub const fn retry_after(&self) -> Option<i64> {
        match self {
            Self::TooManyRequests { retry_after } => Some(*retry_after),
            Self::IdentityCheckUnavailable => Some(120),
            Self::SmsNotSent => Some(10),
            Self::Unavailable => Some(5),
            Self::Busy => Some(1),
            _ => None,
        }
    }

    /// Which field it is about, where it is about one.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::UsernameTaken(_) => Some("username"),
            Self::OtpIncorrect { .. } => Some("code"),
            _ => None,
        }
    }

    /// A short name for people.
    pub const fn title(&self) -> Text {
        words::title(self)
    }

    /// What to do, for people.
    pub fn detail(&self, language: Language) -> String {
        match self {
            Self::OtpIncorrect { attempts_left } => words::attempts(*attempts_left, language),
            Self::TooManyRequests { retry_after } => words::come_back(*retry_after, language),
            _ => words::detail(self).in_language(language).to_owned(),
        }
    }

    /// The body as RFC 9457 has it, with our members beside it.
    pub fn body(&self, issuer: &str, request_id: &str, language: Language) -> Value {
        let mut body = Map::new();
        body.insert("type".into(), format!("{issuer}/problems/{}", self.code()).into());
        body.insert("title".into(), self.title().in_language(language).into());
        body.insert("status".into(), self.status().as_u16().into());
        body.insert("detail".into(), self.detail(language).into());
        body.insert("code".into(), self.code().into());
        body.insert("request_id".into(), request_id.into());
        match self {
            Self::InvalidInput(errors) => {
                let errors = errors.iter().map(|error| {
                    json!({ "field": error.field, "code": error.code, "detail": error.text.in_language(language) })
                });
                body.insert("errors".into(), errors.collect());
            }
            Self::WrongStep(step) | Self::UsernameTaken(Some(step)) => {
                body.insert("step".into(), step.as_str().into());
            }
            Self::OtpIncorrect { attempts_left } => {
                body.insert("attempts_left".into(), (*attempts_left).into());
            }
            _ => {}
        }
        Value::Object(body)
    }
}

mod words;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_problem_has_a_code_of_its_own_and_words_in_both_languages() {
        let codes: BTreeSet<_> = Problem::EVERY.iter().map(Problem::code).collect();
        assert_eq!(codes.len(), Problem::EVERY.len());
        for problem in Problem::EVERY {
            for language in [Language::Th, Language::En] {
                assert!(!problem.title().in_language(language).is_empty(), "{problem:?}");
                assert!(!problem.detail(language).is_empty(), "{problem:?}");
            }
        }
    }

    #[test]
    fn a_limit_says_when_to_come_back_and_never_at_once() {
        let now: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let later = now + jiff::SignedDuration::from_secs(42);
        assert_eq!(Problem::limited(later, now).retry_after(), Some(42));
        assert_eq!(Problem::limited(now, now).retry_after(), Some(1));
    }
}
