//! The functions by their names in the template. What routes they have, and what environment, the template says.

use std::sync::Arc;

use web::{Environment, Function};

use crate::{LocalError, gateway::Handler};

/// Starts the function of this name.
///
/// # Errors
/// [`LocalError::UnknownFunction`] for a name that is not linked in, and the function's own.
pub(crate) async fn start(name: &str, environment: &Environment) -> Result<Handler, LocalError> {
    match name {
        account::Account::NAME => handler::<account::Account>(environment).await,
        assets::Assets::NAME => handler::<assets::Assets>(environment).await,
        home::Home::NAME => handler::<home::Home>(environment).await,
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
        _ => Err(LocalError::UnknownFunction(name.to_owned())),
    }
}

async fn handler<F: Function>(environment: &Environment) -> Result<Handler, LocalError> {
    let function = Arc::new(F::start(environment).await?);
    let (site, clock) = (environment.site.clone(), environment.clock.clone());
    Ok(Arc::new(move |request| {
        let (function, site, clock) = (Arc::clone(&function), site.clone(), clock.clone());
        Box::pin(async move { web::run::respond(&*function, request, &site, &clock).await })
    }))
}
