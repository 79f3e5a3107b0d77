//! Where the answer to a transaction that uses something up is lost for good. It was made, and nobody can tell: what was
//! used up stays so, since the alternative is to give twice what is given once.
//!
//! | request | the same request again | what the person or the client does |
//! |---|---|---|
//! | `POST /sign-in/otp` | `not_signed_in` | signs in again with password and code; the session that was begun has a cookie nobody knows |
//! | `GET /connect/resume` | `request_gone` | begins again at the relying party; the code nobody received dies within a minute |
//! | `POST /connect/token`, a code | `invalid_grant`, and the grant is revoked (RFC 6749 section 4.1.2) | sends the person for another code |
//!
//! A refresh token has its grace for this. An exchange or a client's own token is asked for once more: the one that
//! nobody received is known to nobody, and dies within five minutes.

use http::StatusCode;
use journeys::{Answer, Trouble};
use local::aws::faults::Fault;

use crate::step::Step;

fn is_lost(trouble: &Trouble) -> bool {
    trouble.fault == Fault::LoseAnswer && trouble.call.operation == "TransactWriteItems"
}

/// Whether what the request uses up is used up by this trouble, if it lasts.
pub(crate) fn is_used_up(step: Step, trouble: &Trouble) -> bool {
    step.uses_up() && is_lost(trouble)
}

/// Whether the same request sent again is told so.
pub(crate) fn is_told(step: Step, answer: &Answer) -> bool {
    match step {
        Step::Code => (answer.status, answer.code().as_str()) == (StatusCode::UNAUTHORIZED, "not_signed_in"),
        Step::Issue | Step::IssuePosted => {
            (answer.status, answer.code().as_str()) == (StatusCode::GONE, "request_gone")
        }
        _ => answer.status == StatusCode::BAD_REQUEST && answer.json()["error"] == "invalid_grant",
    }
}

/// How many access tokens may be alive that nobody received.
pub(crate) fn may_be_astray(step: Step, trouble: &Trouble, times: u32) -> usize {
    usize::from(times > 1 && is_lost(trouble) && !step.uses_up())
}
