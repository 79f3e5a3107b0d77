//! What somebody who is signed in can have the e-Service do with its tokens.

use std::str::FromStr;

use http::Response;
use lambda_http::Body;
use web::{Incoming, answer};

use super::{
    Demonstration, PATH, cookie,
    failure::Failure,
    id_token::{Expected, IdToken},
    outcome::Outcome,
    provider::{CLINIC, RECORDS},
    session::{Session, Tokens, shortened},
};

/// A button, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Refresh,
    Introspect,
    Exchange,
    Revoke,
}

/// There is no such button.
pub(super) struct NoAction;

impl FromStr for Action {
    type Err = NoAction;

    fn from_str(path: &str) -> Result<Self, NoAction> {
        match path {
            "/refresh" => Ok(Self::Refresh),
            "/introspect" => Ok(Self::Introspect),
            "/exchange" => Ok(Self::Exchange),
            "/revoke" => Ok(Self::Revoke),
            _ => Err(NoAction),
        }
    }
}

impl Demonstration {
    /// Does it, and leads back to the page, which tells what came of it.
    pub(super) async fn act(&self, incoming: &Incoming, action: Action) -> Response<Body> {
        let now = self.clock.now();
        let found = cookie::session(incoming).and_then(|id| Some((id, self.visits.session(id, now)?)));
        let Some((id, session)) = found else { return answer::see_other(PATH) };
        let done = match action {
            Action::Refresh => self.refresh(session).await,
            Action::Introspect => self.introspect(session).await,
            Action::Exchange => self.exchange(session).await,
            Action::Revoke => self.revoke(session).await,
        };
        self.visits.change(id, now, |session| match done {
            Ok(changed) => *session = changed,
            Err(failure) => session.last = Some(Outcome::Failed(failure)),
        });
        answer::see_other(&format!("{PATH}#outcome"))
    }

    async fn refresh(&self, session: Session) -> Result<Session, Failure> {
        let refresh_token = session.tokens.refresh_token.as_deref();
        let refresh_token = refresh_token.ok_or(Failure::Untrusted("there is no refresh token"))?;
        let response = self.provider.refresh(refresh_token).await?;
        let now = self.clock.now();
        let tokens = Tokens::read(response, Some(&session.tokens), now)?;
        let expected = Expected { sub: Some(&session.id_token.sub), ..Expected::default() };
        let id_token = IdToken::check(self.provider.verified(&tokens.id_token).await?, &expected, now)?;
        let userinfo = self.provider.userinfo(&tokens.access_token, &id_token.sub).await?;
        let last = Some(Outcome::Refreshed(tokens.response.clone()));
        Ok(Session { tokens, id_token, userinfo, last })
    }

    async fn introspect(&self, session: Session) -> Result<Session, Failure> {
        let told = self.provider.introspect(&session.tokens.access_token, CLINIC).await?;
        Ok(Session { last: Some(Outcome::Introspected(told)), ..session })
    }

    /// What the records system would do with the token it is sent is done here, with its own secret.
    async fn exchange(&self, session: Session) -> Result<Session, Failure> {
        let response = self.provider.exchange(&session.tokens.access_token).await?;
        let token = response.get("access_token").and_then(serde_json::Value::as_str);
        let token = token.ok_or(Failure::Untrusted("there is no access token"))?;
        let seen_by_records = self.provider.introspect(token, RECORDS).await?;
        Ok(Session { last: Some(Outcome::Exchanged { token: shortened(response), seen_by_records }), ..session })
    }

    /// The refresh token, and with it everything that came of the same sign-in (RFC 7009 section 2.1).
    async fn revoke(&self, session: Session) -> Result<Session, Failure> {
        let Tokens { access_token, refresh_token, .. } = &session.tokens;
        self.provider.revoke(refresh_token.as_ref().unwrap_or(access_token)).await?;
        Ok(Session { last: Some(Outcome::Revoked), ..session })
    }
}
