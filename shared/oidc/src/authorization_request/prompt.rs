//! `prompt` (OpenID Connect Core section 3.1.2.1).

use serde::{Deserialize, Serialize};

use crate::error::OAuthError;

/// What the person must, or must not, be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Prompts {
    /// `none`: nothing at all.
    pub none: bool,
    /// `login` or `select_account`: the sign-in page, session or not.
    pub login: bool,
    /// `consent`: the consent page, remembered or not.
    pub consent: bool,
}

impl Prompts {
    pub(super) fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut prompts = Self::default();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            match value {
                "none" => prompts.none = true,
                "login" | "select_account" => prompts.login = true,
                "consent" => prompts.consent = true,
                _ => return Err(OAuthError::invalid_request("prompt has a value that is not supported")),
            }
        }
        if prompts.none && (prompts.login || prompts.consent) {
            return Err(OAuthError::invalid_request("prompt=none stands alone"));
        }
        Ok(prompts)
    }
}
