//! What a post to this step asks for: a code to a number.

use domain::{mobile_number::MobileNumber, registration::Registration};
use web::{Fields, Problem};

/// A request for a code. The page that takes a code asks for another one by the same fields.
pub(crate) struct CodeRequest {
    pub(crate) number: MobileNumber,
    /// The reference on the page that it was posted from, if that page showed one.
    pub(crate) seen: Option<String>,
}

impl CodeRequest {
    pub(crate) fn parse(mut fields: Fields) -> Result<Self, Problem> {
        let seen = fields.text("after").map(str::to_owned);
        let number = fields.required("mobile_number");
        fields.finish()?;
        Ok(Self { number: number.ok_or(Problem::Internal)?, seen })
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
