//! The parameters of a request: each at most once, and one without a value is as good as absent (RFC 6749 section 3.1).

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::error::OAuthError;

/// What may be sent several times: RFC 8707 section 2, RFC 8693 section 2.1.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// Parameters by name, in the order they were sent under each.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(BTreeMap<String, Vec<String>>);

impl Parameters {
    /// From pairs, those without a value left out.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            parameters.entry(name).or_default().push(value);
        }
        Self(parameters)
    }

    /// Refuses parameters sent more than once.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn without_repeats(&self) -> Result<(), OAuthError> {
        let repeated =
            |(name, values): (&String, &Vec<String>)| values.len() > 1 && !REPEATABLE.contains(&name.as_str());
        if self.0.iter().any(repeated) {
            return Err(OAuthError::invalid_request("a parameter was sent more than once"));
        }
        Ok(())
    }

    /// The one value of a parameter; `None` too where it was sent more than once.
    pub fn one(&self, name: &str) -> Option<&str> {
        match self.0.get(name).map(Vec::as_slice) {
            Some([value]) => Some(value),
            _ => None,
        }
    }

    /// The one value of a parameter.
    ///
    /// # Errors
    /// `invalid_request` with this description where there is none.
    pub fn required(&self, name: &str, missing: &'static str) -> Result<&str, OAuthError> {
        self.one(name).ok_or(OAuthError::invalid_request(missing))
    }

    /// Every value of a parameter.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Whether it was sent at all.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.entry(name.to_owned()).or_default().push(value.to_owned());
        self
    }

    /// The same without these.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    /// Each name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())))
    }
}

/// Names only: values are codes, tokens and hints.
impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn one_without_a_value_is_absent() {
        let sent = parameters(&[("state", ""), ("nonce", "n")]);
        assert_eq!((sent.one("state"), sent.one("nonce")), (None, Some("n")));
        assert!(sent.without_repeats().is_ok());
    }

    #[test]
    fn repeats_are_refused_but_for_resources() {
        assert!(parameters(&[("state", "a"), ("state", "a")]).without_repeats().is_err());
        assert!(parameters(&[("resource", "https://a"), ("resource", "https://b")]).without_repeats().is_ok());
    }
}
