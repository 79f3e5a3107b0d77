//! The landing page, and the page for addresses that lead nowhere.

use askama::Template;
use web::page::Page;

/// What the service is, and the two ways in.
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub(crate) struct Home {
    /// The layout's.
    pub(crate) page: Page,
    /// Whether somebody is signed in: they are shown the way to their account instead.
    pub(crate) signed_in: bool,
}

/// No such page.
#[derive(Debug, Template)]
#[template(path = "not-found.html")]
pub(crate) struct NotFound {
    /// The layout's.
    pub(crate) page: Page,
}
