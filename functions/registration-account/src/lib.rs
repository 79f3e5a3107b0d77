//! Step 3: username and password. The name is shown from step 2, and cannot be turned into somebody else's.

mod choice;
mod page;

use choice::Choice;
use domain::{
    password::PasswordPolicy,
    registration::{Credentials, Event, Registration, Step},
};
use http::{Method, StatusCode};
use keys::{macs::MacKey, passwords::Passwords};
use page::AccountPage;
use store::accounts::Accounts;
use web::{
    Environment, Fields, Function, Incoming, Problem, Response, StartError,
    accept::Representation,
    answer,
    page::{FieldError, Form},
};
use wizard::{RegistrationView, Wizard};

/// The function.
#[derive(Debug)]
pub struct RegistrationAccount {
    wizard: Wizard,
    accounts: Accounts,
    passwords: Passwords,
    policy: PasswordPolicy,
}

impl Function for RegistrationAccount {
    const NAME: &'static str = "registration-account";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let key = MacKey::new(wizard::kms(environment), environment.text("PASSWORD_MAC_KEY")?);
        Ok(Self {
            wizard: Wizard::start(environment)?,
            accounts: wizard::accounts(environment)?,
            passwords: Passwords::new(key),
            policy: PasswordPolicy { minimum: environment.parse("PASSWORD_MINIMUM")? },
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let stored = self.wizard.open_at(incoming, Step::Account).await?;
        let registration = &stored.registration;
        match (&incoming.method, incoming.representation) {
            (&Method::POST, _) => {
                let fields = incoming.fields()?;
                let shown = with_names(fields.typed(&["username"]), registration);
                let page = self.wizard.page(incoming, registration);
                match self.choose(incoming, stored, fields).await {
                    Ok(response) => Ok(response),
                    Err(problem) => Ok(answer::refusal(incoming, &problem, shown, |form| AccountPage {
                        page: page.attending(&form),
                        form,
                        minimum: self.policy.minimum,
                    })),
                }
            }
            (_, Representation::Json) => Ok(answer::json(StatusCode::OK, &RegistrationView::of(registration))),
            (_, Representation::Html) => {
                let username =
                    registration.credentials.as_ref().map_or("", |credentials| credentials.username.as_str());
                let form = with_names(Form::empty().with("username", username), registration);
                // From the review, where somebody was faster.
                let form = if incoming.query("taken") == Some("yes") { taken(form) } else { form };
                let page = self.wizard.page(incoming, registration).attending(&form);
                Ok(answer::page(StatusCode::OK, &AccountPage { page, form, minimum: self.policy.minimum }))
            }
        }
    }
}

impl RegistrationAccount {
    async fn choose(
        &self,
        incoming: &Incoming,
        stored: store::registrations::Stored,
        fields: Fields,
    ) -> Result<Response, Problem> {
        let now = self.wizard.clock.now();
        let identity = stored.registration.identity.as_ref().ok_or(Problem::Internal)?;
        let Choice { username, password } = Choice::parse(fields, identity, self.policy)?;
        stored.registration.may_try_username().map_err(|refusal| Problem::refused(&refusal, now))?;

        let account_id = stored.registration.account_id;
        let (login, verifier) = tokio::join!(
            self.accounts.login(&username),
            self.passwords.make(&password, account_id, self.wizard.entropy.bytes())
        );
        if login.map_err(wizard::unavailable)?.is_some() {
            // Counted before it is told: asking for usernames is guessing at who is registered.
            self.wizard.advance(stored, Event::UsernameTaken(username)).await?;
            return Err(Problem::UsernameTaken(None));
        }
        let credentials = Credentials { username, password: verifier.map_err(wizard::key_unavailable)? };
        let stood_at = stored.registration.step();
        let stored = self.wizard.advance(stored, Event::CredentialsChosen(credentials)).await?;
        tracing::info!(step = "account", "registration moved on");
        incoming.passed(Step::Account, stood_at);
        Ok(self.wizard.moved_on(incoming, &stored.registration))
    }
}

fn taken(form: Form) -> Form {
    let problem = Problem::UsernameTaken(None);
    form.with_errors(vec![FieldError { field: "username", code: problem.code(), text: problem.title() }])
}

fn with_names(form: Form, registration: &Registration) -> Form {
    match &registration.identity {
        Some(identity) => {
            form.with("first_name", identity.first_name.expose()).with("last_name", identity.last_name.expose())
        }
        None => form,
    }
}
