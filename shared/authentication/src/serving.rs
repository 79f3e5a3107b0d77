//! The authorization request that a sign-in serves: what its pages say about it, and where they lead afterwards.

use domain::request_handle::RequestHandle;
use web::{Incoming, Problem, page::Page};

/// Where a sign-in of its own leads.
const ACCOUNT: &str = "/account";

/// An authorization request, as far as signing in is concerned.
#[derive(Clone, Debug)]
pub struct Serving {
    /// How pages carry it.
    pub handle: RequestHandle,
    /// Who asks, in both languages.
    pub client_name: ClientName,
    /// Scheme, host and port that the request leads back to: for the pages' `form-action`.
    pub redirect_origin: String,
    /// Whether it wants a code whatever the browser.
    pub wants_otp: bool,
    /// The username that the client thinks it is about.
    pub login_hint: Option<String>,
}

/// A client's name.
#[derive(Clone, Debug)]
pub struct ClientName {
    /// Thai.
    pub th: String,
    /// English.
    pub en: String,
}

impl Serving {
    /// Who asks, in the page's language.
    pub fn client_name(&self, page: &Page) -> &str {
        page.language.say(&self.client_name.th, &self.client_name.en)
    }
}

/// The handle that a request carries: in its query, or as a field of its form.
pub fn handle(incoming: &Incoming) -> Option<Result<RequestHandle, Problem>> {
    let field = || incoming.fields().ok()?.text("request").map(str::to_owned);
    let text = incoming.query("request").map(str::to_owned).or_else(field)?;
    Some(text.parse().map_err(|_| Problem::RequestGone))
}

/// The stored authorization request that this request serves; `None` where it serves none.
///
/// # Errors
/// [`Problem::RequestGone`] for one that is unknown, too old or another browser's.
pub async fn serving(incoming: &Incoming) -> Result<Option<Serving>, Problem> {
    match handle(incoming) {
        None => Ok(None),
        // No endpoint stores requests yet: any handle is an unknown one.
        Some(_) => Err(Problem::RequestGone),
    }
}

/// Where a complete sign-in leads: back into the request, or to the account.
pub fn next(serving: Option<&Serving>) -> String {
    serving.map_or_else(|| ACCOUNT.to_owned(), |serving| serving.handle.resume_path())
}

/// A path of the sign-in, with the request it serves.
pub fn path(path: &str, serving: Option<&Serving>) -> String {
    serving.map_or_else(|| path.to_owned(), |serving| format!("{path}?request={}", serving.handle))
}
