//! What a person says of themselves at step 2, parsed: every field checked, all errors at once.

use domain::{
    assurance::ProofingMethod,
    birth_date::{BirthDate, BirthDateError, Part},
    citizen_id::CitizenId,
    identity::Identity,
    laser_code::LaserCode,
    name::{Name, NamePart},
};
use jiff::civil::Date;
use registry::CardDetails;
use web::{Fields, Problem, page::Form};

/// The fields that a form keeps when it comes back. The laser code is not among them: it is never kept anywhere.
pub(crate) const TYPED: [&str; 9] = [
    "method",
    "citizen_id",
    "first_name",
    "middle_name",
    "last_name",
    "birth_date",
    "birth_day",
    "birth_month",
    "birth_year",
];

/// Who somebody says they are.
pub(crate) struct Claim {
    pub(crate) citizen_id: CitizenId,
    pub(crate) first_name: Name,
    pub(crate) middle_name: Option<Name>,
    pub(crate) last_name: Name,
    pub(crate) birth_date: BirthDate,
    /// Where the card vouches for it: dropped with the claim, never stored.
    laser_code: Option<LaserCode>,
}

impl Claim {
    /// Reads the form; `today` in Bangkok.
    pub(crate) fn parse(mut fields: Fields, today: Date) -> Result<Self, Problem> {
        let method: Option<ProofingMethod> = fields.required("method");
        let citizen_id = fields.required("citizen_id");
        let first_name = fields.name("first_name", NamePart::First);
        let middle_name = fields.optional("middle_name");
        let last_name = fields.name("last_name", NamePart::Last);
        let birth_date = birth_date(&mut fields, today);
        let laser_code = match method {
            Some(ProofingMethod::SelfAsserted) => Some(None),
            Some(ProofingMethod::IdCard) => fields.required("laser_code").map(Some),
            // Nobody knows whether it is needed; what can be none is told all the same.
            None => fields.optional("laser_code"),
        };
        fields.finish()?;
        let claim = citizen_id.zip(first_name).zip(middle_name).zip(last_name).zip(birth_date).zip(laser_code);
        let (((((citizen_id, first_name), middle_name), last_name), birth_date), laser_code) =
            claim.ok_or(Problem::Internal)?;
        Ok(Self { citizen_id, first_name, middle_name, last_name, birth_date, laser_code })
    }

    pub(crate) const fn method(&self) -> ProofingMethod {
        match self.laser_code {
            Some(_) => ProofingMethod::IdCard,
            None => ProofingMethod::SelfAsserted,
        }
    }

    /// What the registry is asked, if it is.
    pub(crate) fn card(&self) -> Option<CardDetails<'_>> {
        self.laser_code.as_ref().map(|laser_code| CardDetails {
            citizen_id: &self.citizen_id,
            first_name: &self.first_name,
            last_name: &self.last_name,
            birth_date: &self.birth_date,
            laser_code,
        })
    }
}

/// `birth_date` where it is sent, else the three parts that the page asks for, in the Buddhist era.
fn birth_date(fields: &mut Fields, today: Date) -> Option<BirthDate> {
    let parts = ["birth_day", "birth_month", "birth_year"];
    let sent = fields.text("birth_date").is_some_and(|text| !text.trim().is_empty());
    if sent || parts.iter().all(|part| !fields.was_sent(part)) {
        return fields.parse("birth_date", |text| BirthDate::parse_iso(text, today));
    }
    // A part that is no usable text has been noted; what is wrong with the others is told beside it.
    let [day, month, year] = parts.map(|part| (part, fields.checked(part)));
    let text = |part: &(_, Option<String>)| part.1.clone().unwrap_or_default();
    let date = BirthDate::from_buddhist_parts(&text(&day), &text(&month), &text(&year), today);
    let usable = |field| [&day, &month, &year].iter().any(|(part, text)| *part == field && text.is_some());
    for error in date.as_ref().err().into_iter().flatten().filter(|error| usable(part_of(error))) {
        fields.note(part_of(error), error);
    }
    date.ok()
}

fn part_of(error: &BirthDateError) -> &'static str {
    match error.part() {
        Part::Day => "birth_day",
        Part::Month => "birth_month",
        Part::Year => "birth_year",
    }
}

/// The form as it was filled in, for a person who comes back to change it: the ID is typed again, since only its
/// ciphertext is kept.
pub(crate) fn form_of(identity: &Identity) -> Form {
    let date = &identity.birth_date;
    Form::empty()
        .with("method", identity.method.as_str())
        .with("first_name", identity.first_name.expose())
        .with("middle_name", identity.middle_name.as_ref().map_or("", |name| name.expose()))
        .with("last_name", identity.last_name.expose())
        .with("birth_day", date.day().map(|day| day.to_string()).unwrap_or_default())
        .with("birth_month", date.month().map(|month| month.to_string()).unwrap_or_default())
        .with("birth_year", date.buddhist_year().to_string())
}
