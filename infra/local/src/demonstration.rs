//! The demonstration e-Service at `/_local/rp`: a fictional agency's clinic, which signs people in with Digital ID and
//! shows what it received.
//!
//! It is a relying party like any other. It knows its client id and secret and the issuer's address, reads the rest from
//! discovery, calls the provider over HTTP, and believes no token that it has not verified. It shares an origin with the
//! provider, so its cookies keep to its own path.

mod action;
mod back_channel;
mod call;
mod cookie;
mod failure;
mod id_token;
mod jws;
mod logout_token;
mod outcome;
mod page;
mod provider;
mod session;
mod shelf;
mod sign_in;
mod sign_out;
mod visits;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::entropy::Entropy;
use fetch::Network;
use http::{Method, Response};
use jiff::SignedDuration;
use lambda_http::{Body, Request};
use web::{Clock, Incoming, StartError, answer, environment::Site};

use crate::{clients::Secrets, gateway::Handler, template::Route};
use failure::Failure;
use page::Notice;
use provider::Provider;
use visits::Visits;

/// Where it is, below the issuer.
const PATH: &str = "/_local/rp";
/// Its colours, over the service's own style sheet.
const STYLE: &str = include_str!("../assets/clinic.css");
/// Its mark.
const ICON: &str = include_str!("../assets/clinic.svg");
/// How long a failure is there to be read.
const READABLE: SignedDuration = SignedDuration::from_mins(10);

/// The e-Service.
pub(crate) struct Demonstration {
    site: Site,
    provider: Provider,
    visits: Visits,
    clock: Clock,
    entropy: Entropy,
}

impl Demonstration {
    /// The e-Service of a run, with the secrets its clients were given.
    ///
    /// # Errors
    /// [`StartError`] for an issuer that is none.
    pub(crate) fn new(
        issuer: &str,
        secrets: &Secrets,
        network: Arc<dyn Network>,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Arc<Self>, StartError> {
        let (site, provider) = (Site::parse(issuer)?, Provider::new(issuer, secrets, network));
        Ok(Arc::new(Self { site, provider, visits: Visits::default(), clock, entropy }))
    }

    /// Everything at its path and below.
    pub(crate) fn routes(self: Arc<Self>) -> Vec<(Route, Handler)> {
        let handler: Handler = Arc::new(move |request| {
            let e_service = Arc::clone(&self);
            Box::pin(async move { e_service.respond(request).await })
        });
        let below = format!("{PATH}/{{proxy+}}");
        vec![(Route::any(PATH), Arc::clone(&handler)), (Route::any(below), handler)]
    }

    async fn respond(&self, request: Request) -> Response<Body> {
        let incoming = Incoming::parse(request, self.site.clone());
        let response = self.answer(&incoming).await;
        answer::finish(response, &incoming)
    }

    async fn answer(&self, incoming: &Incoming) -> Response<Body> {
        let path = incoming.path.strip_prefix(PATH).unwrap_or_default();
        match (&incoming.method, path) {
            (&Method::GET, "") => self.front(incoming),
            (&Method::GET, "/clinic.css") => page::file("text/css; charset=utf-8", STYLE),
            (&Method::GET, "/clinic.svg") => page::file("image/svg+xml", ICON),
            (&Method::GET, "/sign-in") => self.begin(incoming).await,
            (&Method::GET, "/callback") => self.come_back(incoming).await,
            (&Method::GET, "/failed") => self.show_failure(incoming),
            // A call of the provider's, without a browser and its cookies.
            (&Method::POST, "/backchannel-logout") => self.back_channel(incoming).await,
            (&Method::POST, _) if incoming.refuse_cross_site().is_err() => page::elsewhere(incoming),
            (&Method::POST, "/sign-out") => self.sign_out(incoming).await,
            (&Method::POST, path) => match path.parse() {
                Ok(action) => self.act(incoming, action).await,
                Err(_) => page::not_found(incoming),
            },
            _ => page::not_found(incoming),
        }
    }

    /// What was received, or the way in.
    fn front(&self, incoming: &Incoming) -> Response<Body> {
        let now = self.clock.now();
        let id = cookie::session(incoming);
        if let Some(session) = id.and_then(|id| self.visits.session(id, now)) {
            return page::signed_in(incoming, &session);
        }
        let notice = if id.is_some_and(|id| self.visits.was_ended(id, now)) {
            Some(Notice::EndedByDigitalId)
        } else {
            let browser = cookie::browser(incoming);
            let left = browser
                .zip(incoming.query("state"))
                .is_some_and(|(browser, state)| self.visits.left(browser, state, now));
            left.then_some(Notice::SignedOut)
        };
        page::welcome(incoming, notice)
    }

    /// Keeps a failure for the page that tells it: at an address of its own, which can be reloaded and read in the other
    /// language, as the callback's cannot.
    fn failed(&self, incoming: &Incoming, failure: Failure) -> Response<Body> {
        tracing::info!(%failure, "the e-Service signs nobody in");
        let now = self.clock.now();
        let browser = cookie::browser(incoming).map_or_else(|| self.random(), str::to_owned);
        self.visits.keep_failure(&browser, failure, now + READABLE, now);
        cookie::with_browser(answer::see_other(&format!("{PATH}/failed")), &browser)
    }

    fn show_failure(&self, incoming: &Incoming) -> Response<Body> {
        let failure = cookie::browser(incoming).and_then(|browser| self.visits.failure(browser, self.clock.now()));
        failure.map_or_else(|| answer::see_other(PATH), |failure| page::failed(incoming, &failure))
    }

    /// An address of its own, in full.
    fn url(&self, path: &str) -> String {
        format!("{}{PATH}{path}", self.site.issuer)
    }

    /// 256 bits that nobody guesses.
    fn random(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.entropy.bytes::<32>())
    }
}
