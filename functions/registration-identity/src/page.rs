//! The page of step 2.

use askama::Template;
use web::page::{Form, MONTHS, Page};

/// How the person proves who they are, and what the card says of them.
#[derive(Debug, Template)]
#[template(path = "identity.html")]
pub(crate) struct IdentityPage {
    /// The layout's.
    pub(crate) page: Page,
    /// `method`, `citizen_id`, `first_name`, `middle_name`, `last_name`, `birth_day`, `birth_month`, `birth_year`;
    /// never `laser_code`.
    pub(crate) form: Form,
    /// The registry could not be asked: the page then offers to go on without it.
    pub(crate) offer_self_asserted: bool,
}

impl IdentityPage {
    /// Whether the choice "without the card's code" is made.
    fn self_asserted(&self) -> bool {
        self.form.value("method") == "self_asserted"
    }

    /// The months by name, as suggestions.
    fn months(&self) -> impl Iterator<Item = &'static str> {
        let language = self.page.language;
        MONTHS.iter().map(move |month| month.in_language(language))
    }
}
