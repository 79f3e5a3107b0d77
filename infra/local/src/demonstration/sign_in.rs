//! Signing in: off to the provider with a request of one's own, and back with its answer (OpenID Connect Core section
//! 3.1.2, RFC 7636, RFC 9207).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use form_urlencoded::Serializer;
use http::Response;
use jiff::Timestamp;
use lambda_http::Body;
use web::{Incoming, answer};

use super::{
    Demonstration, PATH, cookie,
    failure::Failure,
    id_token::{Expected, IdToken},
    provider::CLINIC,
    session::{Session, Tokens},
};

/// Everything it is registered for.
const SCOPE: &str = "openid profile phone citizen_id offline_access";

/// A sign-in under way.
pub(super) struct Asked {
    /// The browser it was begun in.
    pub(super) browser: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) again: Option<Again>,
    /// When.
    pub(super) at: Timestamp,
}

/// What more than signing in was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// `prompt=login`
    Password,
    /// `prompt=none`
    Silently,
    /// `acr_values=aal2`
    StepUp,
}

impl Again {
    fn of(incoming: &Incoming) -> Option<Self> {
        match (incoming.query("prompt"), incoming.query("acr_values")) {
            (Some("login"), _) => Some(Self::Password),
            (Some("none"), _) => Some(Self::Silently),
            (_, Some("aal2")) => Some(Self::StepUp),
            _ => None,
        }
    }

    const fn parameter(self) -> (&'static str, &'static str) {
        match self {
            Self::Password => ("prompt", "login"),
            Self::Silently => ("prompt", "none"),
            Self::StepUp => ("acr_values", "aal2"),
        }
    }
}

impl Asked {
    /// What the ID token must therefore say.
    fn expected(&self) -> Expected<'_> {
        Expected {
            nonce: Some(&self.nonce),
            acr: (self.again == Some(Again::StepUp)).then_some("aal2"),
            signed_in_since: (self.again == Some(Again::Password)).then_some(self.at),
            sub: None,
        }
    }

    /// RFC 7636 section 4.2.
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()))
    }
}

impl Demonstration {
    /// Off to the provider.
    pub(super) async fn begin(&self, incoming: &Incoming) -> Response<Body> {
        let metadata = match self.provider.metadata().await {
            Ok(metadata) => metadata,
            Err(failure) => return self.failed(incoming, failure),
        };
        let browser = cookie::browser(incoming).map_or_else(|| self.random(), str::to_owned);
        let (now, state) = (self.clock.now(), self.random());
        let asked = Asked {
            browser: browser.clone(),
            nonce: self.random(),
            verifier: self.random(),
            again: Again::of(incoming),
            at: now,
        };
        let mut query = Serializer::new(format!("{}?", metadata.authorization_endpoint));
        query.extend_pairs([
            ("client_id", CLINIC),
            ("response_type", "code"),
            ("redirect_uri", &self.url("/callback")),
            ("scope", SCOPE),
            ("state", &state),
            ("nonce", &asked.nonce),
            ("code_challenge", &asked.challenge()),
            ("code_challenge_method", "S256"),
            ("ui_locales", incoming.language.tag()),
        ]);
        query.extend_pairs(asked.again.map(Again::parameter));
        self.visits.ask(&state, asked, now);
        cookie::with_browser(answer::see_other(&query.finish()), &browser)
    }

    /// Back from the provider.
    pub(super) async fn come_back(&self, incoming: &Incoming) -> Response<Body> {
        let session = match self.answered(incoming).await {
            Ok(session) => session,
            Err(failure) => return self.failed(incoming, failure),
        };
        let (id, now) = (self.random(), self.clock.now());
        // The session before it ends: its cookie is about to be replaced.
        cookie::session(incoming).and_then(|before| self.visits.sign_out(before, now));
        self.visits.sign_in(&id, session, now);
        cookie::with_session(answer::see_other(PATH), &id)
    }

    /// The session that an answer begins. Whose request it answers is asked before anything it says is looked at.
    async fn answered(&self, incoming: &Incoming) -> Result<Session, Failure> {
        let (browser, state) = cookie::browser(incoming).zip(incoming.query("state")).ok_or(Failure::NotAsked)?;
        let asked = self.visits.asked(state, browser, self.clock.now()).ok_or(Failure::NotAsked)?;
        if !self.provider.is(incoming.query("iss")) {
            return Err(Failure::Untrusted("iss is another provider's"));
        }
        if let Some(error) = incoming.query("error") {
            let description = incoming.query("error_description").unwrap_or_default().to_owned();
            return Err(Failure::Refused { error: error.to_owned(), description });
        }
        let code = incoming.query("code").ok_or(Failure::Untrusted("neither a code nor an error"))?;
        let response = self.provider.redeem(code, &self.url("/callback"), &asked.verifier).await?;
        let now = self.clock.now();
        let tokens = Tokens::read(response, None, now)?;
        let id_token = IdToken::check(self.provider.verified(&tokens.id_token).await?, &asked.expected(), now)?;
        let userinfo = self.provider.userinfo(&tokens.access_token, &id_token.sub).await?;
        Ok(Session { tokens, id_token, userinfo, last: None })
    }
}
