//! The consent page: each thing by its name and value, and what is not told.

use std::collections::BTreeSet;

use askama::Template;
use domain::account::Account;
use oidc::{
    claim::ClaimName,
    told::{full_name, may_tell_citizen_id},
};
use serde_json::{Value, json};
use web::{
    Incoming,
    page::{Form, Page},
};

use crate::Asked;

/// Who asks, and for what.
#[derive(Debug, Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage {
    page: Page,
    form: Form,
    request: String,
    client_name: String,
    agency: Option<String>,
    /// Where the answer leads: the host alone.
    host: String,
    policy_uri: Option<String>,
    /// What will be told, and its value.
    told: Vec<(&'static str, String)>,
    /// What the client asked for and cannot be told.
    not_told: Vec<&'static str>,
    offline: bool,
    citizen_id_kept: bool,
}

impl ConsentPage {
    pub(crate) fn of(incoming: &Incoming, asked: &Asked, form: Form) -> Self {
        let Asked { handle, request, client, account, .. } = asked;
        let claims = request.claims_to_consent();
        let values: Vec<_> = claims.iter().map(|claim| (*claim, value(*claim, incoming, asked))).collect();
        let told = values.iter().filter(|(claim, _)| is_a_line(*claim, &claims));
        Self {
            page: incoming.page().attending(&form),
            form,
            request: handle.expose(),
            client_name: client.name.in_language(incoming.language).to_owned(),
            agency: client.agency.as_ref().map(|agency| agency.in_language(incoming.language).to_owned()),
            host: request.answer_to.origin().split("://").last().unwrap_or_default().to_owned(),
            policy_uri: client.policy_uri.clone(),
            told: told.clone().filter_map(|(claim, value)| Some((label(*claim, incoming), value.clone()?))).collect(),
            not_told: told.filter(|(_, value)| value.is_none()).map(|(claim, _)| label(*claim, incoming)).collect(),
            offline: request.is_offline(),
            citizen_id_kept: !claims.contains(&ClaimName::CitizenId) || !may_tell_citizen_id(account, client),
        }
    }
}

/// The same for a program: the names of the claims, and no values.
pub(crate) fn in_json(incoming: &Incoming, asked: &Asked) -> Value {
    let Asked { request, client, .. } = asked;
    let claims: Vec<_> = request.claims_to_consent().into_iter().map(ClaimName::as_str).collect();
    json!({
        "step": "consent",
        "client": { "client_id": client.client_id, "name": client.name.in_language(incoming.language) },
        "claims": claims,
        "offline_access": request.is_offline(),
    })
}

/// Whether a number or an address is verified comes with it, and the parts of a name are read in the whole name.
fn is_a_line(claim: ClaimName, asked: &BTreeSet<ClaimName>) -> bool {
    match claim {
        ClaimName::PhoneNumberVerified | ClaimName::EmailVerified | ClaimName::CitizenIdVerified => false,
        ClaimName::GivenName | ClaimName::MiddleName | ClaimName::FamilyName => !asked.contains(&ClaimName::Name),
        _ => true,
    }
}

fn value(claim: ClaimName, incoming: &Incoming, asked: &Asked) -> Option<String> {
    let Asked { account, client, .. } = asked;
    let Account { identity, .. } = account;
    Some(match claim {
        ClaimName::GivenName => identity.first_name.expose().to_owned(),
        ClaimName::MiddleName => identity.middle_name.as_ref()?.expose().to_owned(),
        ClaimName::FamilyName => identity.last_name.expose().to_owned(),
        ClaimName::Name => full_name(account),
        ClaimName::PreferredUsername => account.username.as_str().to_owned(),
        ClaimName::Birthdate => identity.birth_date.written(incoming.language),
        ClaimName::PhoneNumber => account.mobile_number.national(),
        ClaimName::CitizenId if may_tell_citizen_id(account, client) => identity.citizen_id_masked.clone(),
        _ => return None,
    })
}

const fn label(claim: ClaimName, incoming: &Incoming) -> &'static str {
    let (th, en) = match claim {
        ClaimName::GivenName => ("ชื่อจริง", "First name"),
        ClaimName::MiddleName => ("ชื่อกลาง", "Middle name"),
        ClaimName::FamilyName => ("นามสกุล", "Last name"),
        ClaimName::Name => ("ชื่อและนามสกุล", "Full name"),
        ClaimName::PreferredUsername => ("บัญชีผู้ใช้งาน", "Username"),
        ClaimName::Birthdate => ("วันเดือนปีเกิด", "Date of birth"),
        ClaimName::PhoneNumber | ClaimName::PhoneNumberVerified => ("เบอร์โทรศัพท์มือถือ", "Mobile number"),
        ClaimName::Email | ClaimName::EmailVerified => ("อีเมล", "E-mail address"),
        ClaimName::CitizenId | ClaimName::CitizenIdVerified => ("เลขประจำตัวประชาชน", "Citizen ID"),
        ClaimName::UserId => ("รหัสผู้ใช้", "User id"),
        ClaimName::IalLevel => ("ระดับการพิสูจน์ตัวตน", "Identity assurance level"),
    };
    incoming.language.say(th, en)
}
