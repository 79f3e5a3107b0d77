//! The browser a request comes from: a secret of its own, which binds what is half finished to it. It says nothing
//! about who sits there.

use domain::{bearer::Bearer, device::DeviceSecrets, entropy::Entropy};
use web::{Incoming, Response, answer, cookie::CookieName};

/// The browser's secret, made when it had none.
#[derive(Debug)]
pub struct Browser {
    /// The secret.
    pub secret: Bearer,
    made: bool,
}

impl Browser {
    /// The browser of a request.
    pub fn of(incoming: &Incoming, entropy: &Entropy) -> Self {
        match Self::known(incoming) {
            Some(secret) => Self { secret, made: false },
            None => Self { secret: Bearer::new(entropy.bytes()), made: true },
        }
    }

    /// The secret that the request came with.
    pub fn known(incoming: &Incoming) -> Option<Bearer> {
        incoming.cookie(CookieName::Browser)?.parse().ok()
    }

    /// The same answer, with the cookie if the browser has none yet.
    #[must_use]
    pub fn keep(&self, incoming: &Incoming, response: Response) -> Response {
        if !self.made {
            return response;
        }
        answer::with_cookie(response, &incoming.site.cookies.set(CookieName::Browser, &self.secret.expose()))
    }
}

/// The accounts that this browser says it has been signed in to.
pub fn devices(incoming: &Incoming) -> DeviceSecrets {
    incoming.cookie(CookieName::Device).and_then(|value| value.parse().ok()).unwrap_or_default()
}
