//! Userinfo (OpenID Connect Core section 5.3): what the person agreed to share, from the account as it is now. The only
//! place that tells a citizen ID. What is told is written down first.

mod challenge;

use std::collections::BTreeSet;

use challenge::Refused;
use domain::{
    account::{Account, AccountStatus},
    entropy::Entropy,
};
use endpoint::{Call, Clients, Failure, Presentation, given, lives};
use jiff::Timestamp;
use keys::encryption::CitizenIds;
use oidc::{
    access_token,
    claim::ClaimName,
    client::Client,
    error::ErrorCode,
    grant::{Access, AccessHandle, Grant, Person},
    scope::Scope,
    told::{can_be_told, told},
};
use serde_json::Value;
use store::{
    accounts::Accounts,
    disclosures::{Disclosure, Disclosures},
    grants::Grants,
    replays::Replays,
    sessions::Sessions,
    signing_keys::SigningKeys,
};
use web::{Clock, Door, Environment, Function, Incoming, Problem, Response, StartError};

/// The function.
#[derive(Debug)]
pub struct SsoUserinfo {
    clients: Clients,
    grants: Grants,
    replays: Replays,
    accounts: Accounts,
    sessions: Sessions,
    disclosures: Disclosures,
    citizen_ids: CitizenIds,
    signing_keys: SigningKeys,
    issuer: String,
    clock: Clock,
    entropy: Entropy,
}

impl Function for SsoUserinfo {
    const NAME: &'static str = "sso-userinfo";
    const DOOR: Door = Door::AnyOrigin;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let grants = wizard::table(environment, "GRANTS_TABLE")?;
        Ok(Self {
            clients: Clients::start(environment, wizard::table(environment, "CLIENTS_TABLE")?)?,
            grants: Grants::new(grants.clone()),
            replays: Replays::new(grants),
            accounts: wizard::accounts(environment)?,
            sessions: wizard::sessions(environment)?,
            disclosures: Disclosures::new(wizard::table(environment, "DISCLOSURES_TABLE")?),
            citizen_ids: CitizenIds::new(wizard::kms(environment)),
            signing_keys: signing::rows(environment)?,
            issuer: environment.site.issuer.clone(),
            clock: environment.clock.clone(),
            entropy: environment.entropy.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let mut is_dpop = false;
        Ok(match self.tell(incoming, &mut is_dpop).await {
            Ok(claims) => given(&claims),
            Err(refused) => challenge::response(incoming, &refused, is_dpop),
        })
    }
}

/// A token that is good here, and what it rests on.
struct Presented {
    grant: Grant,
    access: Access,
    person: Person,
}

impl SsoUserinfo {
    async fn tell(&self, incoming: &Incoming, is_dpop: &mut bool) -> Result<Value, Refused> {
        let now = self.clock.now();
        let call = Call::read(incoming)?;
        let presentation = call.access_token().map_err(Failure::from)?.ok_or(Refused::Nothing)?;
        *is_dpop = presentation.is_dpop;
        let Presented { grant, access, person } = self.presented(&call, &presentation, now).await?;

        let (account, client, lives) = tokio::join!(
            self.accounts.find(person.account_id),
            self.clients.active(&access.client_id),
            lives(&self.sessions, &grant, now)
        );
        let account = account?.filter(|account| account.status == AccountStatus::Active);
        let client = client?.map(|registered| registered.client);
        let lives = lives?;
        let (Some(account), Some(client), true) = (account, client, lives) else { return Err(invalid_token()) };

        let asked = access.scopes.claims().into_iter().chain(person.claims.userinfo.iter().copied());
        let can_be_told = can_be_told(&account, &client);
        let may = |claim: &ClaimName| can_be_told.contains(claim) && !person.kept_back.contains(claim);
        let claims: BTreeSet<ClaimName> = asked.filter(may).collect();
        self.disclose(&account, &client, &access, claims, now).await
    }

    /// The token's own entry, if it is alive and meant for userinfo, and presented as it is bound.
    async fn presented(&self, call: &Call, presentation: &Presentation, now: Timestamp) -> Result<Presented, Refused> {
        let handle = self.handle(&presentation.token, now).await?.ok_or(invalid_token())?;
        let proof = call.proof(Some(&presentation.token), now).map_err(Failure::from)?;
        let (jkt, replays) = match proof {
            Some((proof, replay)) => (Some(proof.jkt), vec![replay]),
            None => (None, Vec::new()),
        };
        let (found, unused) =
            tokio::join!(self.grants.find(handle.grant()), endpoint::used_once(&self.replays, &replays));
        let grant = found?.ok_or(invalid_token())?.grant;
        let access = grant.access(&handle, now).cloned().ok_or(invalid_token())?;
        // A bound token is worth nothing without its key, and none that is not bound becomes so by a proof.
        let bound_as_presented = access.jkt.is_some() == presentation.is_dpop;
        if !bound_as_presented || (access.jkt.is_some() && access.jkt != jkt) || !access.audience.contains(&self.issuer)
        {
            return Err(invalid_token());
        }
        unused?;
        if !access.scopes.contains(Scope::OPENID) {
            return Err(Refused::Token(ErrorCode::InsufficientScope, "the scope openid is needed"));
        }
        let person = grant.authorization().person.clone().ok_or(invalid_token())?;
        Ok(Presented { grant, access, person })
    }

    async fn handle(&self, token: &str, now: Timestamp) -> Result<Option<AccessHandle>, Refused> {
        if let Ok(token) = token.parse() {
            return Ok(Some(AccessHandle::Opaque(token)));
        }
        let keys = signing::known(&self.signing_keys, now).await.map_err(Failure::unavailable)?;
        Ok(access_token::verified_id(token, &self.issuer, &keys).ok().map(AccessHandle::Jwt))
    }

    async fn disclose(
        &self,
        account: &Account,
        client: &Client,
        access: &Access,
        claims: BTreeSet<ClaimName>,
        now: Timestamp,
    ) -> Result<Value, Refused> {
        let disclosure = Disclosure {
            account_id: account.id,
            client_id: client.client_id.clone(),
            by: None,
            claims: claims.clone(),
            at: now,
        };
        let number = async {
            match claims.contains(&ClaimName::CitizenId) {
                true => self.citizen_ids.open(&account.identity.citizen_id_sealed, account.id).await.map(Some),
                false => Ok(None),
            }
        };
        let (recorded, number) = tokio::join!(self.disclosures.record(&disclosure, self.entropy.bytes()), number);
        recorded?;
        let number = number.map_err(Failure::unavailable)?;
        let mut body = told(account, &claims, client, &access.subject, number.as_ref());
        body.insert("sub".into(), access.subject.as_str().into());
        body.insert("ial_level".into(), account.identity.ial.to_string().into());
        Ok(Value::Object(body))
    }
}

const fn invalid_token() -> Refused {
    Refused::Token(ErrorCode::InvalidToken, "the access token is not good here")
}
