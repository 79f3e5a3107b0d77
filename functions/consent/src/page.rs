//! The consent page: each thing by its name and value, and what is not told.

use std::collections::BTreeSet;

use askama::Template;
use domain::account::Account;
use oidc::{
    claim::ClaimName,
    client::{Client, SubjectType},
    told::full_name,
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
    /// Names what is shown to whom.
    shown: String,
    client_name: String,
    agency: Option<String>,
    purpose: Option<String>,
    /// Where the answer leads: the host alone.
    host: String,
    policy_uri: Option<String>,
    /// What will be told.
    told: Vec<Line>,
    ial: String,
    /// Whether other services are told the same subject.
    is_public: bool,
    /// What the client may do in the person's name, as the agencies call it.
    scopes: Vec<String>,
    /// What the client asked for and cannot be told.
    not_told: Vec<&'static str>,
    offline: bool,
    /// Whether it is worth saying that the citizen ID stays here: it was not asked for.
    citizen_id_kept: bool,
}

/// One thing that is told.
#[derive(Debug)]
struct Line {
    label: &'static str,
    value: String,
    /// Whether it is told to be verified.
    is_verified: bool,
}

impl ConsentPage {
    pub(crate) fn of(incoming: &Incoming, asked: &Asked, form: Form) -> Self {
        let Asked { handle, request, client, account, extent, question } = asked;
        let (wanted, told) = (request.claims_to_consent(), &extent.claims);
        let in_language = |text: &Option<domain::language::Localised>| {
            text.as_ref().map(|text| text.in_language(incoming.language).to_owned())
        };
        let not_told: BTreeSet<_> = wanted.difference(told).copied().collect();
        Self {
            page: incoming.page().attending(&form),
            form,
            request: handle.expose(),
            shown: question.clone(),
            client_name: client.name.in_language(incoming.language).to_owned(),
            agency: in_language(&client.agency),
            purpose: in_language(&client.purpose),
            host: request.answer_to.origin().split("://").last().unwrap_or_default().to_owned(),
            policy_uri: client.policy_uri.clone(),
            told: lines(told, told).map(|claim| line(claim, incoming, account, told)).collect(),
            ial: account.identity.ial.to_string(),
            is_public: client.subject_type == SubjectType::Public,
            scopes: extent.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            not_told: lines(&not_told, &wanted).map(|claim| label(claim, incoming)).collect(),
            offline: extent.offline,
            citizen_id_kept: !wanted.contains(&ClaimName::CitizenId),
        }
    }
}

/// The same for a program: the names of the claims, and no values.
pub(crate) fn in_json(incoming: &Incoming, asked: &Asked) -> Value {
    let Asked { request, client, extent, question, .. } = asked;
    let wanted = request.claims_to_consent();
    json!({
        "step": "consent",
        "client": named(client, incoming),
        "claims": extent.claims,
        "not_given": wanted.difference(&extent.claims).collect::<Vec<_>>(),
        "scopes": extent.scopes,
        "offline_access": extent.offline,
        "shown": question,
    })
}

fn named(client: &Client, incoming: &Incoming) -> Value {
    let mut named = json!({ "client_id": client.client_id, "name": client.name.in_language(incoming.language) });
    for (member, text) in [("agency", &client.agency), ("purpose", &client.purpose)] {
        if let (Some(named), Some(text)) = (named.as_object_mut(), text) {
            named.insert(member.to_owned(), text.in_language(incoming.language).into());
        }
    }
    named
}

/// The claims that get a line of their own: the parts of a name are in the whole one where that is among `beside`, and
/// whether something is verified is said beside it.
fn lines<'a>(claims: &'a BTreeSet<ClaimName>, beside: &'a BTreeSet<ClaimName>) -> impl Iterator<Item = ClaimName> + 'a {
    claims.iter().copied().filter(|claim| part_of(*claim).is_none_or(|whole| !beside.contains(&whole)))
}

const fn part_of(claim: ClaimName) -> Option<ClaimName> {
    match claim {
        ClaimName::GivenName | ClaimName::MiddleName | ClaimName::FamilyName => Some(ClaimName::Name),
        ClaimName::PhoneNumberVerified => Some(ClaimName::PhoneNumber),
        ClaimName::EmailVerified => Some(ClaimName::Email),
        ClaimName::CitizenIdVerified => Some(ClaimName::CitizenId),
        _ => None,
    }
}

fn line(claim: ClaimName, incoming: &Incoming, account: &Account, told: &BTreeSet<ClaimName>) -> Line {
    let is_verified = match claim {
        ClaimName::PhoneNumber => told.contains(&ClaimName::PhoneNumberVerified),
        ClaimName::CitizenId => told.contains(&ClaimName::CitizenIdVerified) && account.identity.method.is_proven(),
        _ => false,
    };
    Line { label: label(claim, incoming), value: value(claim, incoming, account), is_verified }
}

/// What will be told, as it is read on a page; [`oidc::told`] knows which claims have a value.
fn value(claim: ClaimName, incoming: &Incoming, account: &Account) -> String {
    let Account { identity, .. } = account;
    let verified = |is: bool| match is {
        true => incoming.say("ยืนยันแล้ว", "Verified").to_owned(),
        false => incoming.say("ยังไม่ได้ยืนยัน", "Not verified").to_owned(),
    };
    match claim {
        ClaimName::GivenName => identity.first_name.expose().to_owned(),
        ClaimName::MiddleName => identity.middle_name.as_ref().map(|name| name.expose().to_owned()).unwrap_or_default(),
        ClaimName::FamilyName => identity.last_name.expose().to_owned(),
        ClaimName::Name => full_name(account),
        ClaimName::PreferredUsername => account.username.as_str().to_owned(),
        ClaimName::Birthdate => identity.birth_date.written(incoming.language),
        ClaimName::PhoneNumber => account.mobile_number.national(),
        ClaimName::PhoneNumberVerified => verified(true),
        ClaimName::CitizenId => identity.citizen_id_masked.clone(),
        ClaimName::CitizenIdVerified => verified(identity.method.is_proven()),
        ClaimName::Email | ClaimName::EmailVerified | ClaimName::UserId | ClaimName::IalLevel => String::new(),
    }
}

const fn label(claim: ClaimName, incoming: &Incoming) -> &'static str {
    let (th, en) = match claim {
        ClaimName::GivenName => ("ชื่อจริง", "First name"),
        ClaimName::MiddleName => ("ชื่อกลาง", "Middle name"),
        ClaimName::FamilyName => ("นามสกุล", "Last name"),
        ClaimName::Name => ("ชื่อและนามสกุล", "Full name"),
        ClaimName::PreferredUsername => ("บัญชีผู้ใช้งาน", "Username"),
        ClaimName::Birthdate => ("วันเดือนปีเกิด", "Date of birth"),
        ClaimName::PhoneNumber => ("เบอร์โทรศัพท์มือถือ", "Mobile number"),
        ClaimName::PhoneNumberVerified => ("ผลการยืนยันเบอร์โทรศัพท์", "Whether your number is verified"),
        ClaimName::Email => ("อีเมล", "E-mail address"),
        ClaimName::EmailVerified => ("ผลการยืนยันอีเมล", "Whether your e-mail is verified"),
        ClaimName::CitizenId => ("เลขประจำตัวประชาชน", "Citizen ID"),
        ClaimName::CitizenIdVerified => ("ผลการยืนยันเลขประจำตัวประชาชน", "Whether your citizen ID is verified"),
        ClaimName::UserId => ("รหัสผู้ใช้", "User id"),
        ClaimName::IalLevel => ("ระดับการพิสูจน์ตัวตน", "Identity assurance level"),
    };
    incoming.language.say(th, en)
}
