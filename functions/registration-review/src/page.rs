//! The page of step 5, and the one after it.

use askama::Template;
use web::page::{Form, Page};

/// Everything that was entered, to be looked over.
#[derive(Debug, Template)]
#[template(path = "review.html")]
pub(crate) struct ReviewPage {
    /// The layout's.
    pub(crate) page: Page,
    /// Errors only.
    pub(crate) form: Form,
    /// Personal data.
    pub(crate) identity: IdentityView,
    /// What the person signs in with.
    pub(crate) username: String,
    /// Masked.
    pub(crate) mobile: String,
}

impl ReviewPage {
    /// How the identity was proved, in words.
    fn method(&self) -> &str {
        if self.identity.proven {
            self.page.say("บัตรประจำตัวประชาชน ตรวจสอบแล้ว", "ID card, checked with the registry")
        } else {
            self.page.say("รับรองข้อมูลด้วยตนเอง", "On your own word")
        }
    }

    /// The middle name, or that there is none.
    fn middle_name(&self) -> &str {
        self.identity.middle_name.as_deref().unwrap_or_else(|| self.page.say("ไม่มี", "None"))
    }
}

/// Who the person is, as step 2 established it.
#[derive(Debug, Default)]
pub(crate) struct IdentityView {
    /// Whether the card registry confirmed it.
    pub(crate) proven: bool,
    /// Masked.
    pub(crate) citizen_id: String,
    /// As on the card.
    pub(crate) first_name: String,
    /// As on the card, if there is one.
    pub(crate) middle_name: Option<String>,
    /// As on the card.
    pub(crate) last_name: String,
    /// Written out: see [`web::page::written_date`].
    pub(crate) birth_date: String,
}

/// What was made, and what can be done with it now.
#[derive(Debug, Template)]
#[template(path = "done.html")]
pub(crate) struct DonePage {
    /// The layout's.
    pub(crate) page: Page,
    /// What the person signs in with.
    pub(crate) username: String,
    /// Where the service that one came from goes on, if one did.
    pub(crate) resume: Option<String>,
}
