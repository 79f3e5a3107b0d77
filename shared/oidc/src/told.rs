//! What is told of a person: the claims' values, from the account as it is now.

use std::collections::BTreeSet;

use domain::{account::Account, citizen_id::CitizenId, name::Name};
use serde_json::{Map, Value, json};

use crate::{claim::ClaimName, client::Client};

/// The values of `claims` for a client. `citizen_id` is the number where it was decrypted for this answer; the `subject`
/// is how the client's sector knows the person.
///
/// A claim that the account has no value for is left out (OpenID Connect Core section 5.3.2).
pub fn told(
    account: &Account,
    claims: &BTreeSet<ClaimName>,
    client: &Client,
    subject: &str,
    citizen_id: Option<&CitizenId>,
) -> Map<String, Value> {
    let value = |claim: ClaimName| value(claim, account, client, subject, citizen_id);
    claims.iter().filter_map(|claim| Some((claim.as_str().to_owned(), value(*claim)?))).collect()
}

/// The claims that the account has something to tell the client under, as it is registered today: those that [`told`] does
/// not leave out.
pub fn can_be_told(account: &Account, client: &Client) -> BTreeSet<ClaimName> {
    let has = |claim: &ClaimName| match claim {
        ClaimName::MiddleName => account.identity.middle_name.is_some(),
        ClaimName::Email | ClaimName::EmailVerified => false,
        ClaimName::CitizenId => may_tell_citizen_id(account, client),
        _ => true,
    };
    let may = |claim: &ClaimName| !claim.needs_consent() || client.may_be_told(*claim);
    ClaimName::EVERY.into_iter().filter(may).filter(has).collect()
}

/// Whether the account's citizen ID may be told to the client: one that nobody vouched for only where it is taken so.
pub fn may_tell_citizen_id(account: &Account, client: &Client) -> bool {
    client.may_be_told(ClaimName::CitizenId) && (account.identity.method.is_proven() || client.unverified_citizen_id)
}

fn value(
    claim: ClaimName,
    account: &Account,
    client: &Client,
    subject: &str,
    citizen_id: Option<&CitizenId>,
) -> Option<Value> {
    let identity = &account.identity;
    Some(match claim {
        ClaimName::GivenName => identity.first_name.expose().into(),
        ClaimName::MiddleName => identity.middle_name.as_ref()?.expose().into(),
        ClaimName::FamilyName => identity.last_name.expose().into(),
        ClaimName::Name => full_name(account).into(),
        ClaimName::PreferredUsername => account.username.as_str().into(),
        ClaimName::Birthdate => birthdate(&identity.birth_date.iso()).into(),
        ClaimName::PhoneNumber => account.mobile_number.e164().into(),
        ClaimName::PhoneNumberVerified => json!(true),
        ClaimName::Email | ClaimName::EmailVerified => return None,
        ClaimName::CitizenId => citizen_id.filter(|_| may_tell_citizen_id(account, client))?.expose().into(),
        ClaimName::CitizenIdVerified => identity.method.is_proven().into(),
        ClaimName::UserId => subject.into(),
        ClaimName::IalLevel => identity.ial.to_string().into(),
    })
}

/// First, middle and last name.
pub fn full_name(account: &Account) -> String {
    let identity = &account.identity;
    let names = [Some(&identity.first_name), identity.middle_name.as_ref(), Some(&identity.last_name)];
    names.into_iter().flatten().map(Name::expose).collect::<Vec<_>>().join(" ")
}

/// OpenID Connect Core section 5.1 knows `YYYY-MM-DD` and `YYYY` only; a month without a day is therefore a year.
fn birthdate(iso: &str) -> String {
    if iso.ends_with("-00") { iso.chars().take(4).collect() } else { iso.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthdate_that_is_not_wholly_known_is_a_year() {
        assert_eq!(birthdate("1995-03-05"), "1995-03-05");
        assert_eq!(birthdate("1995-03-00"), "1995");
        assert_eq!(birthdate("1995-00-00"), "1995");
    }
}
