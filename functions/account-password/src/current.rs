//! What can be wrong with the form, beside the new password.

use domain::{language::Text, reason::Reason};
use web::{Fields, Problem};

/// It is not the current password.
pub(crate) enum NotCurrent {
    /// Nothing was typed.
    Missing,
    /// It never was, or is no longer.
    Incorrect,
}

impl Reason for NotCurrent {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "required",
            Self::Incorrect => "incorrect",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Missing => Text {
                th: "กรุณาระบุรหัสผ่านปัจจุบัน", en: "Enter your current password"
            },
            Self::Incorrect => Text {
                th: "รหัสผ่านปัจจุบันไม่ถูกต้อง กรุณากรอกใหม่",
                en: "This is not your current password. Please type it again",
            },
        }
    }
}

/// Whether the others end is neither `yes` nor `no`: not to be guessed at.
pub(crate) struct YesOrNo;

impl Reason for YesOrNo {
    fn code(&self) -> &'static str {
        "invalid"
    }

    fn text(&self) -> Text {
        Text {
            th: "เลือกว่าจะออกจากระบบที่อื่นหรือไม่", en: "Choose whether to sign out everywhere else"
        }
    }
}

/// As the one field to correct.
pub(crate) fn incorrect() -> Problem {
    let mut fields = Fields::default();
    fields.note("current_password", &NotCurrent::Incorrect);
    fields.finish().err().unwrap_or(Problem::Internal)
}
