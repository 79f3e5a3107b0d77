//! The answers of a sign-in: a code is wanted, or it is done.

use domain::sign_in::PendingSignIn;
use http::StatusCode;
use serde::Serialize;
use web::{Incoming, Response, accept::Representation, answer, one_time_code::OtpView};

use crate::serving::{self, Serving};

/// The contract's answer where a code is wanted.
#[derive(Serialize)]
struct Otp<'a> {
    step: &'static str,
    otp: OtpView<'a>,
}

/// The contract's answer to a sign-in that is complete.
#[derive(Serialize)]
struct Done<'a> {
    step: &'static str,
    next: &'a str,
}

/// A code was sent: it waits in JSON, or on its page.
pub fn otp(incoming: &Incoming, sign_in: &PendingSignIn) -> Response {
    match incoming.representation {
        Representation::Json => answer::json(
            StatusCode::OK,
            &Otp { step: "otp", otp: OtpView::of(&sign_in.otp, sign_in.otp.attempts_left()) },
        ),
        Representation::Html => answer::see_other(&serving::path("/sign-in/otp", incoming)),
    }
}

/// Signed in.
pub(crate) fn done(incoming: &Incoming, serving: Option<&Serving>) -> Response {
    let next = serving::next(serving);
    match incoming.representation {
        Representation::Json => answer::json(StatusCode::OK, &Done { step: "done", next: &next }),
        Representation::Html => answer::see_other(&next),
    }
}
