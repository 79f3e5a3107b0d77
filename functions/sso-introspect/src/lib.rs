//! Introspection (RFC 7662): a client asks what a token of its own, or one meant for it, is worth. To anybody else every
//! token is unknown, and an unknown one is exactly `{"active":false}`.

use domain::account::AccountStatus;
use endpoint::{Call, Caller, Clients, Failure, given, lives};
use http::Method;
use jiff::Timestamp;
use oidc::{
    access_token,
    client::Client,
    error::{ErrorCode, OAuthError},
    grant::{Access, AccessHandle, AccessToken, Grant, GrantId, Introspection, RefreshToken},
};
use serde_json::{Value, json};
use store::{accounts::Accounts, grants::Grants, replays::Replays, sessions::Sessions, signing_keys::SigningKeys};
use web::{Clock, Door, Environment, Function, Incoming, Problem, Response, StartError};

/// The function.
#[derive(Debug)]
pub struct SsoIntrospect {
    clients: Clients,
    grants: Grants,
    replays: Replays,
    accounts: Accounts,
    sessions: Sessions,
    signing_keys: SigningKeys,
    issuer: String,
    clock: Clock,
}

impl Function for SsoIntrospect {
    const NAME: &'static str = "sso-introspect";
    const DOOR: Door = Door::Anybody;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let grants = wizard::table(environment, "GRANTS_TABLE")?;
        Ok(Self {
            clients: Clients::start(environment, wizard::table(environment, "CLIENTS_TABLE")?)?,
            grants: Grants::new(grants.clone()),
            replays: Replays::new(grants),
            accounts: wizard::accounts(environment)?,
            sessions: wizard::sessions(environment)?,
            signing_keys: signing::rows(environment)?,
            issuer: environment.site.issuer.clone(),
            clock: environment.clock.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        if incoming.method != Method::POST {
            return Err(Problem::MethodNotAllowed);
        }
        Ok(match self.introspect(incoming).await {
            Ok(body) => given(&body),
            Err(failure) => failure.response(incoming),
        })
    }
}

/// A token as it was sent.
enum Token {
    Access(AccessHandle),
    Refresh(RefreshToken),
}

impl Token {
    const fn grant(&self) -> GrantId {
        match self {
            Self::Access(handle) => handle.grant(),
            Self::Refresh(token) => token.grant(),
        }
    }
}

impl SsoIntrospect {
    async fn introspect(&self, incoming: &Incoming) -> Result<Value, Failure> {
        let now = self.clock.now();
        let call = Call::read(incoming)?;
        let token = self.token(call.form.required("token", "token is missing")?, now).await?;
        let found = async {
            match &token {
                Some(token) => self.grants.find(token.grant()).await,
                None => Ok(None),
            }
        };
        let (caller, found) = tokio::join!(self.clients.authenticate(&call, now), found);
        let Caller { client, replays } = caller?;
        if !client.is_confidential() {
            return Err(OAuthError::new(ErrorCode::InvalidClient, "a public client cannot introspect").into());
        }
        endpoint::used_once(&self.replays, &replays).await?;
        let Some((token, stored)) = token.zip(found?) else { return Ok(inactive()) };
        let Some(body) = self.body(&stored.grant, &token, &client, now) else { return Ok(inactive()) };
        let (rests, served) = tokio::join!(
            self.rests_on_somebody(&stored.grant, now),
            self.is_served(&stored.grant, &token, &client, now)
        );
        Ok(if rests? && served? { body } else { inactive() })
    }

    async fn token(&self, text: &str, now: Timestamp) -> Result<Option<Token>, Failure> {
        if let Ok(token) = text.parse::<AccessToken>() {
            return Ok(Some(Token::Access(AccessHandle::Opaque(token))));
        }
        if let Ok(token) = text.parse::<RefreshToken>() {
            return Ok(Some(Token::Refresh(token)));
        }
        let keys = signing::known(&self.signing_keys, now).await.map_err(Failure::unavailable)?;
        Ok(access_token::verified_id(text, &self.issuer, &keys).ok().map(|id| Token::Access(AccessHandle::Jwt(id))))
    }

    /// Whether the person's account is active, and the session lives where the grant ends with it.
    async fn rests_on_somebody(&self, grant: &Grant, now: Timestamp) -> Result<bool, Failure> {
        let Some(person) = &grant.authorization().person else { return Ok(true) };
        let (account, lives) = tokio::join!(self.accounts.find(person.account_id), lives(&self.sessions, grant, now));
        Ok(account?.is_some_and(|account| account.status == AccountStatus::Active) && lives?)
    }

    /// Whether the clients that the token came from are served still: the one the person signed in to, and the one that
    /// exchanged it.
    async fn is_served(&self, grant: &Grant, token: &Token, caller: &Client, now: Timestamp) -> Result<bool, Failure> {
        let exchanged_by = match token {
            Token::Access(handle) => grant.access(handle, now).map(|access| &access.client_id),
            Token::Refresh(_) => None,
        };
        let signed_in_to = &grant.authorization().client_id;
        let (first, last) = tokio::join!(
            self.clients.serve(signed_in_to, caller),
            self.clients.serve(exchanged_by.unwrap_or(&caller.client_id), caller)
        );
        Ok(first? && last?)
    }

    fn body(&self, grant: &Grant, token: &Token, caller: &Client, now: Timestamp) -> Option<Value> {
        match token {
            Token::Access(handle) => match grant.introspect(handle, &caller.client_id, now)? {
                Introspection::Audience(access) => Some(self.access(grant, access, Some(&access.subject))),
                // By which name another sector knows the person is not the caller's to know.
                Introspection::Client(access) => {
                    Some(self.access(grant, access, access.act.is_none().then_some(&access.subject)))
                }
            },
            Token::Refresh(token) => grant.introspect_refresh(token, &caller.client_id, now).then(|| {
                let authorization = grant.authorization();
                json!({
                    "active": true,
                    "client_id": authorization.client_id,
                    "scope": authorization.scopes,
                    "sub": authorization.subject,
                    "iss": self.issuer,
                    "iat": grant.created_at().as_second(),
                    "exp": grant.expires_at().as_second(),
                })
            }),
        }
    }

    fn access(&self, grant: &Grant, access: &Access, subject: Option<&String>) -> Value {
        let mut body = json!({
            "active": true,
            "client_id": access.client_id,
            "scope": access.scopes,
            "token_type": if access.jkt.is_some() { "DPoP" } else { "Bearer" },
            "iss": self.issuer,
            "aud": access.audience,
            "iat": access.issued_at.as_second(),
            "exp": access.expires_at.as_second(),
        });
        let mut add = |name: &str, value: Option<Value>| {
            if let (Some(value), Some(body)) = (value, body.as_object_mut()) {
                body.insert(name.to_owned(), value);
            }
        };
        add("sub", subject.map(|subject| subject.as_str().into()));
        add("cnf", access.jkt.as_ref().map(|jkt| json!({ "jkt": jkt })));
        add("act", access.act.as_ref().map(|act| json!(act)));
        if let Some(person) = &grant.authorization().person {
            add("acr", Some(json!(person.acr)));
            add("amr", Some(json!(person.amr)));
            add("auth_time", Some(person.auth_time.as_second().into()));
            add("ial_level", Some(json!(person.ial)));
        }
        body
    }
}

fn inactive() -> Value {
    json!({ "active": false })
}
