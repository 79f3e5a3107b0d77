//! What a person sees of their own account, and the page after signing out.

use askama::Template;
use web::page::{Moment, Page};

/// The account's own details, and the way out.
#[derive(Debug, Template)]
#[template(path = "my-account.html")]
pub(crate) struct AccountPage {
    /// The layout's.
    pub(crate) page: Page,
    /// First, middle and last name.
    pub(crate) name: String,
    /// What the person signs in with.
    pub(crate) username: String,
    /// Masked.
    pub(crate) citizen_id: String,
    /// Whether the card registry confirmed the person.
    pub(crate) citizen_id_verified: bool,
    /// Written out: see [`web::page::written_date`].
    pub(crate) birth_date: String,
    /// Masked.
    pub(crate) mobile: String,
    /// Whether a code sent there was entered.
    pub(crate) mobile_verified: bool,
    /// The assurance level, as "1.3".
    pub(crate) level: String,
    /// The written date on which the account was made.
    pub(crate) member_since: String,
    /// The browser of this session, empty where it is not known.
    pub(crate) browser: String,
    /// Since when this session is.
    pub(crate) signed_in_at: Moment,
    /// The services signed in to in this session, and since when.
    pub(crate) services: Vec<(String, Moment)>,
}

/// Nobody is signed in any more.
#[derive(Debug, Template)]
#[template(path = "signed-out.html")]
pub(crate) struct SignedOutPage {
    /// The layout's.
    pub(crate) page: Page,
}
