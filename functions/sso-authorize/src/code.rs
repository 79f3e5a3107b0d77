//! Issuing the code: what was asked for, by whom it is answered, and in which session.

use domain::session::RelyingParty;
use jiff::Timestamp;
use oidc::{
    claim::ClaimsRequest,
    grant::{Authorization, Code, CodeTerms, Grant, GrantId, Person as Granting},
    jwk::Thumbprint,
    subject,
};
use store::issuing::{IssueError, Issuing};
use web::Problem;

use crate::{Person, SsoAuthorize, Standing};

/// Why there is no code.
pub(crate) enum NotIssued {
    /// The session or the account ended in between.
    NobodyAnyMore,
    /// The person got a name in the client's sector in between: this one, if any.
    Changed(Option<String>),
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
            nonce: request.nonce.clone(),
        };
        let authorization = Authorization {
            client_id: client.client_id.clone(),
            scopes: request.scopes.clone(),
            resources: request.resources.iter().cloned().collect(),
            subject: relying_party.sub.clone(),
            person: Some(granting),
        };
        let jkt = request.dpop_jkt.as_deref().map(str::parse::<Thumbprint>).transpose();
        let terms = CodeTerms {
            redirect_uri: request.answer_to.redirect_uri.clone(),
            challenge: request.code_challenge.clone(),
            jkt: jkt.map_err(|_| NotIssued::Problem(Problem::Internal))?,
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
            Err(IssueError::SessionEnded | IssueError::NotActive) => Err(NotIssued::NobodyAnyMore),
            Err(IssueError::RequestUsed) => Err(NotIssued::Problem(Problem::RequestGone)),
            Err(IssueError::Changed) => match self.consents.subject(account, sector).await {
                Ok(subject) => Err(NotIssued::Changed(subject)),
                Err(error) => Err(NotIssued::Problem(wizard::unavailable(error))),
            },
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
