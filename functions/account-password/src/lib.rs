//! Changing the password: by the current one, which is charged like a sign-in before it is compared.
//!
//! The new verifier takes the place of the very one that was compared, and with it the cookie of this session is renewed
//! and every other browser is a stranger. The other sessions end, and what was granted in them, if the person wants so.

mod current;
mod page;

use authentication::{
    Authentication, SignedIn,
    browser::devices,
    charges::{Charged, Charges, Settle, Standing},
    finish::remembered_for,
    presented,
};
use current::{NotCurrent, YesOrNo, incorrect};
use domain::{
    bearer::Bearer,
    device::DeviceKey,
    identity::Identity,
    name::Name,
    password::{Password, PasswordContext, PasswordPolicy},
    sealed::PasswordVerifier,
    session::{Session, SessionCookie},
};
use futures_util::future::join_all;
use http::{Method, StatusCode};
use jiff::Timestamp;
use keys::{macs::MacKey, passwords::Passwords};
use page::PasswordPage;
use serde::Serialize;
use sign_out::Everywhere;
use store::{
    accounts::Login,
    grants::Grants,
    password_change::{self, ChangeError, PasswordChange},
    whereabouts::Whereabouts,
};
use web::{
    Environment, Fields, Function, Incoming, Problem, Response, StartError, accept::Representation, answer,
    cookie::CookieName, page::Form,
};

/// The longest that the lockout makes anybody wait but for the hundredth failure in a row, in seconds.
const LOCKED: i64 = 15 * 60;

/// The function.
#[derive(Debug)]
pub struct AccountPassword {
    authentication: Authentication,
    charges: Charges,
    everywhere: Everywhere,
    whereabouts: Whereabouts,
    grants: Grants,
    passwords: Passwords,
    policy: PasswordPolicy,
}

impl Function for AccountPassword {
    const NAME: &'static str = "account-password";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let key = MacKey::new(wizard::kms(environment), environment.text("PASSWORD_MAC_KEY")?);
        Ok(Self {
            authentication: Authentication::start(environment)?,
            charges: Charges::start(environment)?,
            everywhere: Everywhere::start(environment)?,
            whereabouts: Whereabouts::new(wizard::table(environment, "WHEREABOUTS_TABLE")?),
            grants: Grants::new(wizard::table(environment, "GRANTS_TABLE")?),
            passwords: Passwords::new(key),
            policy: PasswordPolicy { minimum: environment.parse("PASSWORD_MINIMUM")? },
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        match incoming.method {
            Method::POST => self.post(incoming).await,
            _ => self.ask(incoming).await,
        }
    }
}

/// What a program that looks first is told.
#[derive(Serialize)]
struct Asking {
    minimum: usize,
}

/// The password is changed, in JSON.
#[derive(Serialize)]
struct Changed {
    changed: bool,
    others: Others,
}

/// What became of the other sessions.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Others {
    /// They go on, as was asked.
    Kept,
    /// They ended.
    Ended,
    /// They were to end, and not all could be: to be tried again where they are listed.
    NotEnded,
}

/// A form that can be acted on.
struct Asked {
    current: Password,
    new: Password,
    end_others: bool,
}

impl AccountPassword {
    async fn ask(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let SignedIn { session, .. } = self.authentication.signed_in(incoming).await?.ok_or(Problem::NotSignedIn)?;
        Ok(match incoming.representation {
            Representation::Json => answer::json(StatusCode::OK, &Asking { minimum: self.policy.minimum }),
            Representation::Html => {
                let form = Form::empty().with("end_others", "yes");
                answer::page(StatusCode::OK, &PasswordPage::new(incoming, &session, form, self.policy))
            }
        })
    }

    async fn post(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let fields = incoming.fields()?;
        let cookie = presented(incoming).ok_or(Problem::NotSignedIn)?;
        let session = self.authentication.session(incoming).await?.ok_or(Problem::NotSignedIn)?;
        let shown = fields.typed(&["end_others"]);
        match self.change(incoming, &cookie, &session, fields).await {
            Err(Problem::NotSignedIn) => Err(Problem::NotSignedIn),
            Err(problem) => Ok(answer::refusal(incoming, &problem, shown, |form| {
                PasswordPage::new(incoming, &session, form, self.policy)
            })),
            Ok(response) => Ok(response),
        }
    }

    async fn change(
        &self,
        incoming: &Incoming,
        cookie: &SessionCookie,
        session: &Session,
        fields: Fields,
    ) -> Result<Response, Problem> {
        let now = self.authentication.clock.now();
        let (account, login, charged) = tokio::join!(
            self.authentication.holder(session),
            self.authentication.accounts.login(&session.username),
            self.charges.take_with(incoming, Some(&session.username), std::slice::from_ref(&session.device), now)
        );
        let read = async {
            let identity = account?.ok_or(Problem::NotSignedIn)?.identity;
            let login = login.map_err(wizard::unavailable)?;
            let login = login.filter(|login| login.account_id == session.account_id).ok_or(Problem::NotSignedIn)?;
            Ok((self.read(fields, session, &identity)?, login))
        };
        let (asked, login) = match read.await {
            Ok(read) => read,
            Err(problem) => {
                self.charges.settle(charged, Settle::Nothing).await;
                return Err(problem);
            }
        };
        let (new, charged) = self.compare(session, &login, &asked, charged).await?;
        let entropy = &self.authentication.entropy;
        let (secret, device) = (Bearer::new(entropy.bytes()), Bearer::new(entropy.bytes()));
        let renewed = SessionCookie { id: cookie.id.clone(), secret };
        let change = PasswordChange {
            session,
            secret: (&cookie.secret.digest(), &renewed.secret.digest()),
            read: &login.password,
            new: &new,
            device: &DeviceKey::of(&device, &session.username),
            at: now,
        };
        let Authentication { accounts, sessions, devices: known, .. } = &self.authentication;
        // The device is replaced, its failures with it.
        let settled = self.charges.settle(charged, Settle::Replaced);
        let (changed, ()) = tokio::join!(password_change::change(change, accounts, sessions, known), settled);
        let changed = match changed {
            // No answer is not a "no": where the session goes by its new secret, all of it was written.
            Err(ChangeError::Store(_)) if matches!(sessions.open(&renewed, now).await, Ok(Some(_))) => Ok(()),
            changed => changed,
        };
        changed.map_err(|error| match error {
            ChangeError::Overtaken => incorrect(),
            ChangeError::NotSignedIn => Problem::NotSignedIn,
            ChangeError::Store(error) => wizard::unavailable(error),
        })?;
        tracing::info!(end_others = asked.end_others, "password changed");

        let others = match asked.end_others {
            true => self.end_others(session, now).await,
            false => Others::Kept,
        };
        let cookies = incoming.site.cookies;
        let devices = devices(incoming).renewed(device, Some(&session.device), &session.username);
        let response =
            answer::with_cookie(answered(incoming, others), &cookies.set(CookieName::Session, &renewed.expose()));
        Ok(answer::with_cookie(response, &cookies.set_for(CookieName::Device, &devices.expose(), remembered_for())))
    }

    fn read(&self, mut fields: Fields, session: &Session, identity: &Identity) -> Result<Asked, Problem> {
        // What no password can be is as wrong as any other.
        let current = fields.parse("current_password", |text| match text {
            "" => Err(NotCurrent::Missing),
            text => text.parse::<Password>().map_err(|_| NotCurrent::Incorrect),
        });
        let end_others = fields.parse("end_others", |text| match text {
            "yes" => Ok(true),
            "no" | "" => Ok(false),
            _ => Err(YesOrNo),
        });
        let names = [Some(&identity.first_name), identity.middle_name.as_ref(), Some(&identity.last_name)];
        let names = names.into_iter().flatten().map(Name::expose).collect();
        let context = PasswordContext { username: Some(&session.username), names };
        let new = web::new_password(&mut fields, self.policy, &context);
        fields.finish()?;
        let (current, new) = current.zip(new).ok_or(Problem::Internal)?;
        Ok(Asked { current, new, end_others: end_others.ok_or(Problem::Internal)? })
    }

    /// Holds the current password against the verifier, and settles what was charged for it if it is wrong; the new one's
    /// verifier, which is made meanwhile, and what is still to be settled.
    async fn compare(
        &self,
        session: &Session,
        login: &Login,
        asked: &Asked,
        charged: Charged,
    ) -> Result<(PasswordVerifier, Charged), Problem> {
        let account = session.account_id;
        let compared = async {
            let standing = charged.standing(Some(login))?;
            if standing == Standing::Locked {
                return Err(Problem::TooManyRequests { retry_after: LOCKED });
            }
            let matches = async {
                let stretched = self.passwords.stretch(&asked.current, account, &login.password).await?;
                self.passwords.check(&stretched).await
            };
            let new = self.passwords.make(&asked.new, account, self.authentication.entropy.bytes());
            let (matches, new) = tokio::try_join!(matches, new).map_err(wizard::key_unavailable)?;
            Ok((standing, matches.then_some(new)))
        };
        let (settle, problem) = match compared.await {
            Ok((_, Some(new))) => return Ok((new, charged)),
            Ok((Standing::Known, None)) => (Some(Settle::WrongInKnown), incorrect()),
            Ok((_, None)) => (None, incorrect()),
            Err(problem) => (Some(Settle::Nothing), problem),
        };
        if let Some(settle) = settle {
            self.charges.settle(charged, settle).await;
        }
        Err(problem)
    }

    /// Ends the other sessions, and the grants that would outlive them. What was begun with the old password while it
    /// was being changed is found too: it is looked for afterwards, and nothing can begin with it any more.
    async fn end_others(&self, session: &Session, now: Timestamp) -> Others {
        let (account, kept) = (session.account_id, &session.session_id);
        let (sessions, grants) =
            tokio::join!(self.everywhere.end_all_but(Some(kept), account, now), self.revoke_grants(session, now));
        match (sessions, grants) {
            (Ok(_), Ok(())) => Others::Ended,
            _ => Others::NotEnded,
        }
    }

    async fn revoke_grants(&self, session: &Session, now: Timestamp) -> Result<(), Problem> {
        let grants = self.whereabouts.grants(session.account_id).await.map_err(wizard::unavailable)?;
        let revoked = join_all(grants.into_iter().map(|id| {
            self.grants.change(id, |grant| {
                let person = grant.authorization().person.as_ref();
                let ends = person.is_some_and(|person| person.session != session.session_id) && grant.is_live(now);
                if ends {
                    grant.revoke(now);
                }
                ends
            })
        }));
        revoked.await.into_iter().collect::<Result<(), _>>().map_err(wizard::unavailable)
    }
}

fn answered(incoming: &Incoming, others: Others) -> Response {
    match (incoming.representation, others) {
        (Representation::Json, others) => answer::json(StatusCode::OK, &Changed { changed: true, others }),
        (Representation::Html, Others::Kept) => answer::see_other("/account/sessions?done=password"),
        (Representation::Html, Others::Ended) => answer::see_other("/account/sessions?done=password-others"),
        (Representation::Html, Others::NotEnded) => answer::see_other("/account/sessions?done=password-only"),
    }
}
