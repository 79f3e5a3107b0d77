//! What a post to this step asks for: a code to a number, or the code to the same number again.

use domain::{mobile_number::MobileNumber, registration::Registration};
use web::{Fields, Problem};

/// A request for a code. `seen` is the reference on the page that it was posted from, if that page showed one.
pub(crate) enum CodeRequest {
    /// To this number.
    To { number: MobileNumber, seen: Option<String> },
    /// To the number of the code that waits: the page shows it masked and does not send it.
    Again { seen: Option<String> },
}

impl CodeRequest {
    pub(crate) fn parse(mut fields: Fields) -> Result<Self, Problem> {
        let seen = fields.text("after").map(str::to_owned);
        if fields.text("resend") == Some("yes") {
            return Ok(Self::Again { seen });
        }
        let number = fields.required("mobile_number");
        fields.finish()?;
        Ok(Self::To { number: number.ok_or(Problem::Internal)?, seen })
    }
}

/// Whether the page it was posted from is older than the code that waits: then it is the same press of the button,
/// sent twice.
pub(crate) fn is_repeated(registration: &Registration, number: &MobileNumber, seen: Option<&str>) -> bool {
    match (seen, &registration.otp) {
        (Some(seen), Some(otp)) => otp.number == *number && otp.reference.as_str() != seen,
        _ => false,
    }
}
