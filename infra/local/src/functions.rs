//! The functions by their names in the template. What routes they have, and what environment, the template says.

use std::{future::Future, pin::Pin, sync::Arc};

use serde_json::Value;
use web::{Consumer, Environment, Function, Operation};

use crate::{LocalError, gateway::Handler};

/// A function that runs.
pub(crate) enum Started {
    /// One behind API Gateway.
    Http(Handler),
    /// One that takes its event as it is: an operators' function or a queue's.
    Event(EventHandler),
}

/// A function, as Lambda would call it with an event. Its error is what Lambda calls a function error.
pub(crate) type EventHandler = Arc<dyn Fn(Value) -> Handling + Send + Sync>;
/// What an [`EventHandler`] returns.
pub(crate) type Handling = Pin<Box<dyn Future<Output = Result<Value, serde_json::Error>> + Send>>;

/// Starts the function of this name.
///
/// # Errors
/// [`LocalError::UnknownFunction`] for a name that is not linked in, and the function's own.
pub(crate) async fn start(name: &str, environment: &Environment) -> Result<Started, LocalError> {
    match name {
        account::Account::NAME => handler::<account::Account>(environment).await,
        account_password::AccountPassword::NAME => handler::<account_password::AccountPassword>(environment).await,
        account_sessions::AccountSessions::NAME => handler::<account_sessions::AccountSessions>(environment).await,
        assets::Assets::NAME => handler::<assets::Assets>(environment).await,
        consent::Consent::NAME => handler::<consent::Consent>(environment).await,
        home::Home::NAME => handler::<home::Home>(environment).await,
        logout_notifier::LogoutNotifier::NAME => consumer::<logout_notifier::LogoutNotifier>(environment).await,
        ops_clients::OpsClients::NAME => operation::<ops_clients::OpsClients>(environment).await,
        ops_keys::OpsKeys::NAME => operation::<ops_keys::OpsKeys>(environment).await,
        registration_account::RegistrationAccount::NAME => {
            handler::<registration_account::RegistrationAccount>(environment).await
        }
        registration_identity::RegistrationIdentity::NAME => {
            handler::<registration_identity::RegistrationIdentity>(environment).await
        }
        registration_mobile::RegistrationMobile::NAME => {
            handler::<registration_mobile::RegistrationMobile>(environment).await
        }
        registration_otp::RegistrationOtp::NAME => handler::<registration_otp::RegistrationOtp>(environment).await,
        registration_review::RegistrationReview::NAME => {
            handler::<registration_review::RegistrationReview>(environment).await
        }
        registration_terms::RegistrationTerms::NAME => {
            handler::<registration_terms::RegistrationTerms>(environment).await
        }
        sign_in_otp::SignInOtp::NAME => handler::<sign_in_otp::SignInOtp>(environment).await,
        sign_in::SignIn::NAME => handler::<sign_in::SignIn>(environment).await,
        sso_authorize::SsoAuthorize::NAME => handler::<sso_authorize::SsoAuthorize>(environment).await,
        sso_introspect::SsoIntrospect::NAME => handler::<sso_introspect::SsoIntrospect>(environment).await,
        sso_metadata::SsoMetadata::NAME => handler::<sso_metadata::SsoMetadata>(environment).await,
        sso_par::SsoPar::NAME => handler::<sso_par::SsoPar>(environment).await,
        sso_revoke::SsoRevoke::NAME => handler::<sso_revoke::SsoRevoke>(environment).await,
        sso_sign_out::SsoSignOut::NAME => handler::<sso_sign_out::SsoSignOut>(environment).await,
        sso_token::SsoToken::NAME => handler::<sso_token::SsoToken>(environment).await,
        sso_userinfo::SsoUserinfo::NAME => handler::<sso_userinfo::SsoUserinfo>(environment).await,
        _ => Err(LocalError::UnknownFunction(name.to_owned())),
    }
}

async fn handler<F: Function>(environment: &Environment) -> Result<Started, LocalError> {
    let function = Arc::new(F::start(environment).await?);
    let environment = Arc::new(environment.clone());
    Ok(Started::Http(Arc::new(move |request| {
        let (function, environment) = (Arc::clone(&function), Arc::clone(&environment));
        Box::pin(async move { web::run::respond(&*function, request, &environment).await })
    })))
}

async fn operation<O: Operation>(environment: &Environment) -> Result<Started, LocalError> {
    let (operation, clock) = (Arc::new(O::start(environment).await?), environment.clock.clone());
    Ok(Started::Event(Arc::new(move |event| {
        let (operation, clock) = (Arc::clone(&operation), clock.clone());
        Box::pin(async move { Ok(web::operation::operate(&*operation, event, "local", &clock).await) })
    })))
}

async fn consumer<C: Consumer>(environment: &Environment) -> Result<Started, LocalError> {
    let (consumer, clock) = (Arc::new(C::start(environment).await?), environment.clock.clone());
    Ok(Started::Event(Arc::new(move |event| {
        let (consumer, clock) = (Arc::clone(&consumer), clock.clone());
        Box::pin(async move { serde_json::to_value(web::consumer::consume(&*consumer, event, &clock).await?) })
    })))
}
