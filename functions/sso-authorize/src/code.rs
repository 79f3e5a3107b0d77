//! Issuing the code: what was asked for, by whom it is answered, and in which session.

use std::collections::BTreeSet;

use domain::session::{RelyingParty, Session};
use jiff::Timestamp;
use oidc::{
    claim::{ClaimName, ClaimsRequest},
    grant::{Authorization, Code, CodeTerms, Grant, GrantId, Person as Granting},
    subject,
};
use store::issuing::{IssueError, Issuing};
use web::Problem;

use crate::{Person, SsoAuthorize, Standing};

/// Why there is no code.
pub(crate) enum NotIssued {
    /// The session or the account ended in between.
    NobodyAnyMore,
    /// The session or the person got a name at the client in between: both as they are now.
    Changed(Session, Option<String>),
    /// Something to tell.
    Problem(Problem),
}

impl SsoAuthorize {
    pub(crate) async fn issue(&self, standing: &Standing, person: &Person, now: Timestamp) -> Result<Code, NotIssued> {
        let Standing { request, client, .. } = standing;
        let entropy = &self.authentication.entropy;
        let (account, sector) = (person.account.id, client.subject_sector());
        let relying_party = self.relying_party(standing, person, now);
        let granting = Granting {
            account_id: account,
            session: person.session.session_id.clone(),
            sid: relying_party.sid.clone(),
            auth_time: person.session.authenticated_at,
            acr: person.session.authentication.acr(),
            amr: person.session.authentication.amr().iter().map(|method| (*method).to_owned()).collect(),
            ial: person.account.identity.ial,
            claims: ClaimsRequest { userinfo: request.claims.clone(), ..ClaimsRequest::default() },
            kept_back: kept_back(standing, person),
            nonce: request.nonce.clone(),
        };
        let authorization = Authorization {
            client_id: client.client_id.clone(),
            scopes: request.scopes.clone(),
            resources: request.resources.iter().cloned().collect(),
            subject: relying_party.sub.clone(),
            person: Some(granting),
        };
        let terms = CodeTerms {
            redirect_uri: request.answer_to.redirect_uri.clone(),
            challenge: request.code_challenge.clone(),
            jkt: request.dpop_jkt.clone(),
        };
        let id = GrantId::from_random(entropy.bytes());
        let (grant, code) = Grant::with_code(id, authorization, terms, entropy.bytes(), now);
        let issuing = Issuing {
            grant,
            account,
            client,
            session: &person.session.session_id,
            relying_party,
            is_named_now: person.subject.is_none(),
            waiting: standing.handle.as_ref(),
            pushed: standing.pushed.as_ref(),
        };
        let mark = async {
            if standing.is_first_of_client && self.clients.mark_used(&client.client_id).await.is_err() {
                tracing::warn!(client_id = %client.client_id, "a client's first use was not noted");
            }
        };
        let (issued, ()) = tokio::join!(self.issuer.issue(issuing), mark);
        match issued {
            Ok(()) => {
                tracing::info!(client_id = %client.client_id, grant = %id, "code issued");
                Ok(code)
            }
            Err(IssueError::NotActive) => Err(NotIssued::NobodyAnyMore),
            Err(IssueError::RequestUsed) => Err(NotIssued::Problem(Problem::RequestGone)),
            Err(IssueError::Changed) => {
                let (session, subject) = tokio::join!(
                    self.authentication.sessions.find(&person.session.session_id, now),
                    self.consents.subject(account, sector)
                );
                Err(match (session, subject) {
                    (Ok(Some(session)), Ok(subject)) => NotIssued::Changed(session, subject),
                    (Ok(None), Ok(_)) => NotIssued::NobodyAnyMore,
                    (Err(error), _) | (_, Err(error)) => NotIssued::Problem(wizard::unavailable(error)),
                })
            }
            Err(IssueError::Store(error)) => Err(NotIssued::Problem(wizard::unavailable(error))),
        }
    }

    /// The session's names at this client: those it has, or new ones that no other client could compare.
    fn relying_party(&self, standing: &Standing, person: &Person, now: Timestamp) -> RelyingParty {
        let entropy = &self.authentication.entropy;
        let known = person.session.relying_parties.get(standing.client.client_id.as_str());
        RelyingParty {
            sid: known.map_or_else(|| subject::from_random(entropy.bytes()), |known| known.sid.clone()),
            sub: person.subject.clone().unwrap_or_else(|| subject::from_random(entropy.bytes())),
            name: standing.client.name.clone(),
            since: known.map_or(now, |known| known.since),
        }
    }
}

/// What the consent page did not say would be told. Where no page is shown, nothing is kept back.
fn kept_back(standing: &Standing, person: &Person) -> BTreeSet<ClaimName> {
    let Standing { request, client, .. } = standing;
    let agreed =
        |claim: &ClaimName| person.agreement.as_ref().is_some_and(|agreement| agreement.extent.claims.contains(claim));
    request.claims_to_consent().into_iter().filter(|claim| !client.skip_consent && !agreed(claim)).collect()
}
