//! The authorization request that a sign-in serves: what its pages say about it, and where they lead afterwards.

use domain::{bearer::Bearer, language::Localised, request_handle::RequestHandle};
use store::requests::Requests;
use web::{Clock, Environment, Incoming, Problem, StartError, page::Page};

use crate::Browser;

/// Where a sign-in of its own leads.
const ACCOUNT: &str = "/account";

/// An authorization request, as far as signing in is concerned.
#[derive(Clone, Debug)]
pub struct Serving {
    /// How pages carry it.
    pub handle: RequestHandle,
    /// Who asks, in both languages.
    pub client_name: Localised,
    /// Scheme, host and port that the request leads back to: for the pages' `form-action`.
    pub redirect_origin: String,
    /// Whether it wants a code whatever the browser.
    pub wants_otp: bool,
    /// The username that the client thinks it is about.
    pub login_hint: Option<String>,
}

impl Serving {
    /// Who asks, in the page's language.
    pub fn client_name(&self, page: &Page) -> &str {
        self.client_name.in_language(page.language)
    }
}

/// The handle that a request carries: in its query, or as a field of its form.
pub fn handle(incoming: &Incoming) -> Option<Result<RequestHandle, Problem>> {
    let field = || incoming.fields().ok()?.text("request").map(str::to_owned);
    let text = incoming.query("request").map(str::to_owned).or_else(field)?;
    Some(text.parse().map_err(|_| Problem::RequestGone))
}

/// The authorization requests that wait for somebody to sign in.
#[derive(Clone, Debug)]
pub struct Servings {
    requests: Requests,
    clock: Clock,
}

impl Servings {
    /// From a function's environment: `GRANTS_TABLE`.
    ///
    /// # Errors
    /// The variable is missing.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        let requests = Requests::new(wizard::table(environment, "GRANTS_TABLE")?);
        Ok(Self { requests, clock: environment.clock.clone() })
    }

    /// The stored authorization request that this request serves; `None` where it serves none.
    ///
    /// # Errors
    /// [`Problem::RequestGone`] for one that is unknown, too old or another browser's; the table's.
    pub async fn of(&self, incoming: &Incoming) -> Result<Option<Serving>, Problem> {
        let Some(handle) = handle(incoming).transpose()? else { return Ok(None) };
        let secret: Bearer = handle.as_str().parse().map_err(|_| Problem::RequestGone)?;
        let waiting = self.requests.waiting(&secret, self.clock.now()).await.map_err(wizard::unavailable)?;
        let browser = Browser::known(incoming).map(|secret| secret.digest());
        let waiting = waiting.filter(|waiting| browser.is_some() && waiting.browser == browser);
        let waiting = waiting.ok_or(Problem::RequestGone)?;
        let request = waiting.request;
        Ok(Some(Serving {
            handle,
            client_name: waiting.client_name,
            redirect_origin: request.answer_to.origin(),
            wants_otp: request.needs_aal2 || request.prefers_aal2,
            login_hint: request.login_hint,
        }))
    }
}

/// Where a complete sign-in leads: back into the request, or to the account.
pub fn next(serving: Option<&Serving>) -> String {
    serving.map_or_else(|| ACCOUNT.to_owned(), |serving| serving.handle.resume_path())
}

/// A path of the sign-in, with the request that this one carries and the language it asks for: from page to page, also
/// where the request itself could not be read.
pub fn path(path: &str, incoming: &Incoming) -> String {
    let handle = handle(incoming).and_then(Result::ok).map(|handle| format!("request={handle}"));
    let language = incoming.language_asked.map(|language| format!("ui_locales={}", language.tag()));
    let carried: Vec<_> = handle.into_iter().chain(language).collect();
    if carried.is_empty() { path.to_owned() } else { format!("{path}?{}", carried.join("&")) }
}
