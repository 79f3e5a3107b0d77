//! Whom an access token is for: the resources asked for (RFC 8707 section 2.2), or userinfo, which the issuer names.

use std::collections::BTreeSet;

use oidc::{
    error::{ErrorCode, OAuthError},
    parameters::Parameters,
};

/// The audience, within the resources that were granted.
pub(crate) fn audience(
    form: &Parameters,
    granted: &BTreeSet<String>,
    issuer: &str,
) -> Result<BTreeSet<String>, OAuthError> {
    let asked: BTreeSet<String> = form.all("resource").map(str::to_owned).collect();
    if !asked.is_subset(granted) {
        return Err(OAuthError::new(ErrorCode::InvalidTarget, "a resource was not granted"));
    }
    let audience = if asked.is_empty() { granted.clone() } else { asked };
    Ok(if audience.is_empty() { BTreeSet::from([issuer.to_owned()]) } else { audience })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_resource_a_token_is_for_userinfo_alone() {
        let form = |resources: &[&str]| {
            Parameters::new(resources.iter().map(|resource| ("resource".to_owned(), (*resource).to_owned())))
        };
        let granted = BTreeSet::from(["https://a.example/".to_owned(), "https://b.example/".to_owned()]);
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(audience(&form(&[]), &BTreeSet::new(), "iss"), Ok(set(&["iss"])));
        assert_eq!(audience(&form(&[]), &granted, "iss"), Ok(granted.clone()));
        assert_eq!(audience(&form(&["https://a.example/"]), &granted, "iss"), Ok(set(&["https://a.example/"])));
        assert!(audience(&form(&["https://c.example/"]), &granted, "iss").is_err());
    }
}
