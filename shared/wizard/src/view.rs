//! A registration as it is shown: the contract's JSON. Parts not reached yet are absent; numbers are masked.

use domain::registration::{Registration, Step};
use serde::Serialize;
use web::one_time_code::OtpView;

/// The contract's "registration".
#[derive(Debug, Serialize)]
pub struct RegistrationView<'a> {
    step: Step,
    expires_at: String,
    terms: Terms<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Identity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile: Option<Mobile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    otp: Option<OtpView<'a>>,
}

#[derive(Debug, Serialize)]
struct Terms<'a> {
    version: &'a str,
}

#[derive(Debug, Serialize)]
struct Identity<'a> {
    method: &'static str,
    citizen_id: &'a str,
    first_name: &'a str,
    middle_name: Option<&'a str>,
    last_name: &'a str,
    birth_date: String,
    ial: String,
}

#[derive(Debug, Serialize)]
struct Account<'a> {
    first_name: &'a str,
    last_name: &'a str,
    username: &'a str,
}

#[derive(Debug, Serialize)]
struct Mobile {
    number: String,
    verified: bool,
}

impl<'a> RegistrationView<'a> {
    /// The view of a registration.
    pub fn of(registration: &'a Registration) -> Self {
        let identity = registration.identity.as_ref();
        Self {
            step: registration.step(),
            expires_at: registration.expires_at.to_string(),
            terms: Terms { version: registration.consent.version.as_str() },
            identity: identity.map(|identity| Identity {
                method: identity.method.as_str(),
                citizen_id: &identity.citizen_id_masked,
                first_name: identity.first_name.expose(),
                middle_name: identity.middle_name.as_ref().map(|name| name.expose()),
                last_name: identity.last_name.expose(),
                birth_date: identity.birth_date.iso(),
                ial: identity.ial.to_string(),
            }),
            account: identity.zip(registration.credentials.as_ref()).map(|(identity, credentials)| Account {
                first_name: identity.first_name.expose(),
                last_name: identity.last_name.expose(),
                username: credentials.username.as_str(),
            }),
            mobile: registration
                .mobile
                .as_ref()
                .map(|mobile| Mobile { number: mobile.number.masked(), verified: mobile.verified_at.is_some() }),
            otp: registration.otp.as_ref().map(|otp| OtpView::of(otp, registration.attempts_left())),
        }
    }
}
