//! Step 2: who the person is, checked against the card registry or on their own word.
//!
//! What can be guessed is charged before it is compared: a check in flight counts as a refusal until it is settled.

mod card_registry;
mod claim;
mod page;

use claim::Claim;
use domain::{
    assurance::{AssuranceTable, ProofingMethod},
    identity::Identity,
    limit::{self, AddressBreakers},
    registration::{Event, Registration, Step},
    sealed::Mac,
};
use http::{Method, StatusCode};
use jiff::{Timestamp, tz::Offset};
use keys::{encryption::EncryptionKey, macs::MacKey};
use page::IdentityPage;
use registry::{CardRegistry, Verdict};
use store::{
    accounts::Accounts,
    limits::{Charge, Limits},
    registrations::Stored,
};
use web::{
    Environment, Function, Incoming, Measure, Problem, Response, StartError, accept::Representation, answer,
    cookie::CookieName, measure::RegistryOutcome, page::Form,
};
use wizard::{RegistrationView, Wizard};

/// The function.
#[derive(Debug)]
pub struct RegistrationIdentity {
    wizard: Wizard,
    accounts: Accounts,
    limits: Limits,
    citizen_id_mac: MacKey,
    citizen_id_encryption: EncryptionKey,
    registry: CardRegistry,
    assurance: AssuranceTable,
    breakers: AddressBreakers,
}

impl Function for RegistrationIdentity {
    const NAME: &'static str = "registration-identity";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let kms = wizard::kms(environment);
        Ok(Self {
            wizard: Wizard::start(environment)?,
            accounts: wizard::accounts(environment)?,
            limits: wizard::limits(environment)?,
            citizen_id_mac: MacKey::new(kms.clone(), environment.text("CITIZEN_ID_MAC_KEY")?),
            citizen_id_encryption: EncryptionKey::new(kms.clone(), environment.text("CITIZEN_ID_ENCRYPTION_KEY")?),
            registry: card_registry::start(environment, &kms).await?,
            assurance: environment.parse("ASSURANCE_LEVELS")?,
            breakers: AddressBreakers::new(
                environment.parse("SENDS_PER_ADDRESS")?,
                environment.parse("REFUSALS_PER_ADDRESS")?,
            ),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        if incoming.method == Method::POST {
            return Ok(self.post(incoming).await);
        }
        let stored = self.wizard.open_at(incoming, Step::Identity).await?;
        Ok(match incoming.representation {
            Representation::Json => answer::json(StatusCode::OK, &RegistrationView::of(&stored.registration)),
            Representation::Html => {
                let form = stored.registration.identity.as_ref().map_or_else(Form::empty, claim::form_of);
                let page = self.wizard.page(incoming, &stored.registration);
                answer::page(StatusCode::OK, &IdentityPage { page, form, offer_self_asserted: false })
            }
        })
    }
}

impl RegistrationIdentity {
    async fn post(&self, incoming: &Incoming) -> Response {
        let fields = match incoming.fields() {
            Ok(fields) => fields,
            Err(problem) => return answer::problem(incoming, &problem),
        };
        let typed = fields.typed(&claim::TYPED);
        let today = Offset::constant(7).to_datetime(self.wizard.clock.now()).date();
        let problem = match self.establish(incoming, Claim::parse(fields, today)).await {
            Ok(response) => return response,
            Err(problem) => problem,
        };
        let offer_self_asserted = problem == Problem::IdentityCheckUnavailable;
        let page = self.wizard.page_again(incoming).await;
        let response = answer::refusal(incoming, &problem, typed, |form| IdentityPage {
            page: page.attending(&form),
            form,
            offer_self_asserted,
        });
        if problem == Problem::AlreadyRegistered {
            return answer::with_cookie(response, &incoming.site.cookies.clear(CookieName::Registration));
        }
        response
    }

    async fn establish(&self, incoming: &Incoming, claim: Result<Claim, Problem>) -> Result<Response, Problem> {
        let claim = match claim {
            Ok(claim) => claim,
            Err(problem) => return self.wizard.open(incoming).await.and(Err(problem)),
        };
        let (stored, mac) = tokio::join!(
            self.wizard.open_at(incoming, Step::Identity),
            self.citizen_id_mac.citizen_id(&claim.citizen_id)
        );
        let (stored, mac) = (stored?, mac.map_err(wizard::key_unavailable)?);
        let now = self.wizard.clock.now();

        let before = stored.registration.clone();
        let (charges, taken, sealed, cleared) = tokio::join!(
            self.charge(&claim, &mac, incoming, now),
            self.accounts.is_proven_taken(&mac),
            self.citizen_id_encryption.seal(&claim.citizen_id, before.account_id),
            self.clear(stored)
        );
        let stored = match cleared {
            Ok(stored) => stored,
            Err(problem) => {
                let limited = charges.as_ref().err().cloned();
                wizard::refund(&self.limits, charges.unwrap_or_default()).await;
                return Err(limited.unwrap_or(problem));
            }
        };
        let looked_up = taken.map_err(wizard::unavailable).and_then(|taken| {
            let sealed = sealed.map_err(wizard::key_unavailable)?;
            Ok((taken, sealed))
        });
        let (charges, (taken, sealed)) = match (charges, looked_up) {
            (Ok(charges), Ok(looked_up)) => (charges, looked_up),
            (charges, looked_up) => {
                let problem = charges.as_ref().err().or(looked_up.as_ref().err()).cloned();
                self.put_back(stored, before, charges.unwrap_or_default()).await;
                return Err(problem.unwrap_or(Problem::Internal));
            }
        };

        let method = claim.method();
        self.confirm(incoming, &claim, charges.clone()).await?;
        if method.is_proven() && taken {
            let removed = self.wizard.registrations.remove(&stored);
            let (removed, ()) = tokio::join!(removed, wizard::refund(&self.limits, charges));
            removed.map_err(wizard::unavailable)?;
            return Err(Problem::AlreadyRegistered);
        }
        let identity = Identity {
            method,
            ial: self.assurance.level(method),
            citizen_id_mac: mac,
            citizen_id_sealed: sealed,
            citizen_id_masked: claim.citizen_id.masked(),
            first_name: claim.first_name,
            middle_name: claim.middle_name,
            last_name: claim.last_name,
            birth_date: claim.birth_date,
            established_at: now,
        };
        let (advanced, ()) = tokio::join!(
            self.wizard.advance_renewed(stored, Event::IdentityEstablished(identity), None),
            wizard::refund(&self.limits, charges)
        );
        let (stored, secret) = advanced?;
        tracing::info!(step = "identity", method = method.as_str(), "registration moved on");
        incoming.passed(Step::Identity, before.step());
        Ok(self.wizard.moved_on_renewed(incoming, &stored.registration, secret))
    }

    /// What was established before does not outlive the question.
    async fn clear(&self, stored: Stored) -> Result<Stored, Problem> {
        match stored.registration.identity {
            Some(_) => self.wizard.advance(stored, Event::IdentityAsked).await,
            None => Ok(stored),
        }
    }

    /// A question that was not asked costs nobody a try, and nobody what they had. If even that fails, it is typed again.
    async fn put_back(&self, cleared: Stored, before: Registration, charges: Vec<Charge>) {
        let restore = async {
            if before.identity.is_none() {
                return Ok(cleared);
            }
            let Registration { identity, credentials, .. } = before;
            self.wizard.advance(cleared, Event::IdentityNotAsked { identity, credentials }).await
        };
        let (restored, ()) = tokio::join!(restore, wizard::refund(&self.limits, charges));
        if restored.is_err() {
            tracing::warn!("an identity that was not asked about could not be put back");
        }
    }

    /// One's own word is compared with nothing, so only the registry's checks are counted.
    async fn charge(
        &self,
        claim: &Claim,
        mac: &Mac,
        incoming: &Incoming,
        now: Timestamp,
    ) -> Result<Vec<Charge>, Problem> {
        if claim.method() == ProofingMethod::SelfAsserted {
            return Ok(Vec::new());
        }
        let address = limit::address_subject(incoming.caller.address);
        let buckets = [limit::identity_checks(&mac.tag, &address, now), self.breakers.refusals.bucket(&address, now)];
        wizard::charge(&self.limits, buckets, now).await
    }

    /// Asks the registry. Whatever its reason, a "no" is one answer; no answer is not a "no", and costs no try.
    async fn confirm(&self, incoming: &Incoming, claim: &Claim, charges: Vec<Charge>) -> Result<(), Problem> {
        let Some(card) = claim.card() else { return Ok(()) };
        let asked_at = self.wizard.clock.now();
        let verdict = self.registry.check(&card).await;
        incoming.measure(Measure::RegistryLatency(self.wizard.clock.now().duration_since(asked_at)));
        incoming.measure(Measure::Registry(match &verdict {
            Ok(Verdict::Confirmed) => RegistryOutcome::Confirmed,
            Ok(Verdict::Refused(_)) => RegistryOutcome::Refused,
            Err(_) => RegistryOutcome::Unavailable,
        }));
        match verdict {
            Ok(Verdict::Confirmed) => Ok(()),
            Ok(Verdict::Refused(refusal)) => {
                tracing::info!(step = "identity", ?refusal, "the registry refused");
                Err(Problem::IdentityNotConfirmed)
            }
            Err(error) => {
                tracing::error!(%error, "card registry");
                wizard::refund(&self.limits, charges).await;
                Err(Problem::IdentityCheckUnavailable)
            }
        }
    }
}
