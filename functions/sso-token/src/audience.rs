//! Whom an access token is for: the resources asked for (RFC 8707 section 2.2), or userinfo, which the issuer names. And
//! what it allows: never more than its client is registered for today, whatever was granted once.

use std::collections::BTreeSet;

use oidc::{
    client::Client,
    error::{ErrorCode, OAuthError},
    parameters::Parameters,
    scope::Scopes,
};

/// The audience, within the resources that were granted; where none was named then, within the client's own.
pub(crate) fn audience(
    form: &Parameters,
    granted: &BTreeSet<String>,
    client: &Client,
    issuer: &str,
) -> Result<BTreeSet<String>, OAuthError> {
    let asked: BTreeSet<String> = form.all("resource").map(str::to_owned).collect();
    if asked.is_empty() && granted.is_empty() {
        return Ok(BTreeSet::from([issuer.to_owned()]));
    }
    let registered = client.resources.iter().cloned().collect();
    let within = if granted.is_empty() { registered } else { granted & &registered };
    let audience = if asked.is_empty() { within.clone() } else { asked };
    if audience.is_empty() || !audience.is_subset(&within) {
        return Err(OAuthError::new(ErrorCode::InvalidTarget, "a resource was not granted"));
    }
    Ok(audience)
}

/// Of these scopes those that an operator has not taken from the client since.
pub(crate) fn still_registered(client: &Client, scopes: &Scopes) -> Scopes {
    scopes.filtered(|scope| client.scope.contains(scope.as_str()))
}

#[cfg(test)]
mod tests {
    use oidc::client::{ClientId, Locality, Registration};
    use serde_json::json;

    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn audience_of(asked: &[&str], granted: &[&str], registered: &[&str]) -> Option<BTreeSet<String>> {
        let form = Parameters::new(asked.iter().map(|resource| ("resource".to_owned(), (*resource).to_owned())));
        let metadata = json!({ "redirect_uris": ["https://rp.example/cb"], "resources": registered });
        let id = ClientId::from_random([7; 16]);
        let client = Registration::read(metadata.as_object().unwrap(), id, Locality::Deployed).unwrap();
        audience(&form, &set(granted), &client, "iss").ok()
    }

    #[test]
    fn without_a_resource_a_token_is_for_userinfo_alone() {
        let (a, b, c) = ("https://a.example/", "https://b.example/", "https://c.example/");
        assert_eq!(audience_of(&[], &[], &[a, b]), Some(set(&["iss"])));
        assert_eq!(audience_of(&[], &[a, b], &[a, b]), Some(set(&[a, b])));
        assert_eq!(audience_of(&[a], &[a, b], &[a, b]), Some(set(&[a])));
        assert_eq!(audience_of(&[c], &[a, b], &[a, b, c]), None);
        assert_eq!(audience_of(&[a], &[], &[a, b]), Some(set(&[a])), "named with the code only");
    }

    #[test]
    fn what_the_client_is_not_registered_for_any_more_is_not_given() {
        let (a, b) = ("https://a.example/", "https://b.example/");
        assert_eq!(audience_of(&[], &[a, b], &[a]), Some(set(&[a])));
        assert_eq!(audience_of(&[b], &[a, b], &[a]), None);
        assert_eq!(audience_of(&[], &[b], &[a]), None, "and not userinfo instead");
    }
}
