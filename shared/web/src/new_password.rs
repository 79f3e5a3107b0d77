//! A password that somebody chooses, typed twice.

use domain::{
    language::Text,
    password::{Password, PasswordContext, PasswordPolicy},
    reason::Reason,
};

use crate::Fields;

/// The fields `password` and `password_confirmation`: a password the policy accepts, and the same once more. `None` is
/// noted as an error.
pub fn new_password(fields: &mut Fields, policy: PasswordPolicy, context: &PasswordContext<'_>) -> Option<Password> {
    let password = fields.parse("password", |text| policy.accept(text, context));
    let typed = fields.text("password").unwrap_or_default().to_owned();
    fields.parse("password_confirmation", |text| match text {
        "" => Err(Confirmation::Missing),
        text if text == typed => Ok(()),
        _ => Err(Confirmation::Different),
    });
    password
}

enum Confirmation {
    Missing,
    Different,
}

impl Reason for Confirmation {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "required",
            Self::Different => "does_not_match",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Missing => Text {
                th: "กรุณาระบุยืนยันรหัสผ่าน", en: "Enter the password again"
            },
            Self::Different => Text {
                th: "กรุณาระบุยืนยันรหัสผ่านให้ตรงกับรหัสผ่าน",
                en: "Enter the same password in both fields",
            },
        }
    }
}
