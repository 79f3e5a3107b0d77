//! What was typed to sign in. Anything that is typed is tried: a username nobody could have fails like a wrong one.

use domain::{language::Text, password::Password, reason::Reason, username::Username};
use web::{Fields, Problem};

/// A username and a password to try.
pub(crate) struct Credentials {
    /// `None` for what no username can be.
    pub(crate) username: Option<Username>,
    pub(crate) password: Password,
    /// Whether the password could be anybody's: one too long is still worked on, for the time it takes.
    pub(crate) can_match: bool,
}

/// Worked on in place of what no password can be.
const NOBODYS: &str = "nobody's password";

impl Credentials {
    pub(crate) fn parse(mut fields: Fields) -> Result<Self, Problem> {
        let username = fields.parse("username", |text| {
            if text.trim().is_empty() { Err(Missing::Username) } else { Ok(Username::existing(text).ok()) }
        });
        let password =
            fields.parse("password", |text| if text.is_empty() { Err(Missing::Password) } else { Ok(text.to_owned()) });
        fields.finish()?;
        let (username, password) = username.zip(password).ok_or(Problem::Internal)?;
        let (password, can_match) = match (password.parse(), NOBODYS.parse()) {
            (Ok(password), _) => (password, true),
            (Err(_), Ok(nobodys)) => (nobodys, false),
            (Err(_), Err(_)) => return Err(Problem::Internal),
        };
        Ok(Self { username, password, can_match })
    }
}

#[derive(Clone, Copy)]
enum Missing {
    Username,
    Password,
}

impl Reason for Missing {
    fn code(&self) -> &'static str {
        "required"
    }

    fn text(&self) -> Text {
        match self {
            Self::Username => Text {
                th: "กรุณาระบุบัญชีผู้ใช้งาน", en: "Enter your username"
            },
            Self::Password => {
                Text { th: "กรุณาระบุรหัสผ่าน", en: "Enter your password" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reserved_after_it_was_taken_still_signs_in() {
        let fields = Fields::from_form(b"username=Support&password=whatever+it+is").unwrap();
        let credentials = Credentials::parse(fields).ok().unwrap();
        assert_eq!(credentials.username.unwrap().as_str(), "support");
    }
}
