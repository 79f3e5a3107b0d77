//! What a sign-in is charged before its password is compared: the address, the username's failures in a row, and the
//! browser's own where it is a known one. Settled when it is clear who was wrong.

use domain::limit::{self, SIGN_IN_FAILURES_PER_ADDRESS};
use jiff::Timestamp;
use store::{
    StoreError,
    accounts::Login,
    devices::KnownDevice,
    limits::{Charge, Limits},
    lockout::{LockoutError, Place},
};
use web::{Incoming, Problem};

use crate::{SignIn, credentials::Credentials};

/// What was counted.
pub(crate) struct Charged {
    address: Result<Vec<Charge>, Problem>,
    /// The place taken among the failures in a row.
    lockout: Result<Place, LockoutError>,
    device: Result<Option<KnownDevice>, StoreError>,
}

/// Where the password comes from, which decides what it is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A browser that has been seen with this account: its own ten failures bind it, and nobody else's.
    Known,
    /// Any other.
    Stranger,
    /// Any other, while the username is locked: nothing typed there is right.
    Locked,
}

/// What of it to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settle {
    /// The password was wrong, in a known browser: it is no stranger's failure.
    WrongInKnown,
    /// Everything: no password was compared, or it was right.
    Nothing,
    /// The password was right, and the device is replaced, its failures with it.
    Replaced,
}

impl SignIn {
    /// Counts a failure everywhere in advance.
    pub(crate) async fn charge(&self, incoming: &Incoming, credentials: &Credentials, now: Timestamp) -> Charged {
        let address = limit::address_subject(incoming.caller.address);
        let counter = credentials.counter(&address);
        let keys = credentials.username.as_ref().map(|name| authentication::browser::devices(incoming).keys(name));
        let keys = keys.unwrap_or_default();
        let (address, lockout, device) = tokio::join!(
            wizard::charge(&self.limits, [SIGN_IN_FAILURES_PER_ADDRESS.bucket(&address, now)], now),
            self.lockout.charge(&counter, now),
            self.authentication.devices.charge(&keys, now)
        );
        Charged { address, lockout, device }
    }
}

impl Charged {
    /// What the password is held against.
    ///
    /// # Errors
    /// The tables', and the address's limit for strangers.
    pub(crate) fn standing(&self, login: Option<&Login>) -> Result<Standing, Problem> {
        if self.device(login).is_some() {
            return Ok(Standing::Known);
        }
        if let Err(error) = &self.device {
            return Err(wizard::store_problem(error));
        }
        if let Err(problem) = &self.address {
            return Err(problem.clone());
        }
        match &self.lockout {
            Ok(_) => Ok(Standing::Stranger),
            Err(LockoutError::Locked) => Ok(Standing::Locked),
            Err(LockoutError::Store(error)) => Err(wizard::store_problem(error)),
        }
    }

    /// The known browser, if it is this account's: a username may have passed to somebody else.
    pub(crate) fn device(&self, login: Option<&Login>) -> Option<&KnownDevice> {
        let device = self.device.as_ref().ok()?.as_ref()?;
        login.is_some_and(|login| login.account_id == device.account_id).then_some(device)
    }

    /// Gives back what is not to be counted. What cannot be given back is logged, and stays.
    pub(crate) async fn settle(self, settle: Settle, limits: &Limits, sign_in: &SignIn) {
        let address = match settle {
            Settle::WrongInKnown => Vec::new(),
            Settle::Nothing | Settle::Replaced => self.address.unwrap_or_default(),
        };
        let device = self.device.ok().flatten().filter(|_| settle == Settle::Nothing);
        let lockout = async {
            match self.lockout {
                Ok(place) => sign_in.lockout.refund(place).await,
                Err(_) => Ok(()),
            }
        };
        let device = async {
            match &device {
                Some(device) => sign_in.authentication.devices.refund(&device.key).await,
                None => Ok(()),
            }
        };
        let (lockout, device, ()) = tokio::join!(lockout, device, wizard::refund(limits, address));
        if let Err(error) = lockout.and(device) {
            tracing::warn!(%error, "a refund was lost");
        }
    }
}
