//! What typing a password is charged before it is compared: the address, the username's failures in a row, and the
//! browser's own where it is a known one. Settled when it is clear who was wrong.

use domain::{
    device::DeviceKey,
    limit::{self, SIGN_IN_FAILURES_PER_ADDRESS},
    username::Username,
};
use jiff::Timestamp;
use store::{
    StoreError,
    accounts::Login,
    devices::{Devices, KnownDevice},
    limits::{Charge, Limits},
    lockout::{Lockout, LockoutError, Place},
};
use web::{Environment, Incoming, Problem, StartError};

use crate::browser;

/// The counters.
#[derive(Clone, Debug)]
pub struct Charges {
    limits: Limits,
    lockout: Lockout,
    devices: Devices,
}

/// What was counted.
#[derive(Debug)]
#[must_use = "what was counted is settled"]
pub struct Charged {
    address: Result<Vec<Charge>, Problem>,
    /// The place taken among the failures in a row.
    lockout: Result<Place, LockoutError>,
    device: Result<Option<KnownDevice>, StoreError>,
}

/// Where the password comes from, which decides what it is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A browser that has been seen with this account: its own ten failures bind it, and nobody else's.
    Known,
    /// Any other.
    Stranger,
    /// Any other, while the username is locked: nothing typed there is right.
    Locked,
}

/// What of it to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// The password was wrong, in a known browser: it is no stranger's failure.
    WrongInKnown,
    /// Everything: no password was compared, or it was right.
    Nothing,
    /// The password was right, and the device is replaced, its failures with it.
    Replaced,
}

impl Charges {
    /// From a function's environment: `LIMITS_TABLE` and `SESSIONS_TABLE`.
    ///
    /// # Errors
    /// A variable is missing.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            limits: wizard::limits(environment)?,
            lockout: Lockout::new(wizard::table(environment, "LIMITS_TABLE")?),
            devices: Devices::new(wizard::table(environment, "SESSIONS_TABLE")?),
        })
    }

    /// Counts a failure everywhere in advance; `None` is what no username can be.
    pub async fn take(&self, incoming: &Incoming, username: Option<&Username>, now: Timestamp) -> Charged {
        let keys = username.map(|username| browser::devices(incoming).keys(username)).unwrap_or_default();
        self.take_with(incoming, username, &keys, now).await
    }

    /// The same, where it is clear which device the browser is, if it is one.
    pub async fn take_with(
        &self,
        incoming: &Incoming,
        username: Option<&Username>,
        keys: &[DeviceKey],
        now: Timestamp,
    ) -> Charged {
        let address = limit::address_subject(incoming.caller.address);
        let counter = match username {
            Some(username) => username.as_str().to_owned(),
            None => format!("none#{address}"),
        };
        let (address, lockout, device) = tokio::join!(
            wizard::charge(&self.limits, [SIGN_IN_FAILURES_PER_ADDRESS.bucket(&address, now)], now),
            self.lockout.charge(&counter, now),
            self.devices.charge(keys, now)
        );
        Charged { address, lockout, device }
    }

    /// Takes a failure back from a device that was to be replaced, and was not.
    pub async fn keep(&self, device: Option<&DeviceKey>) {
        if let Some(device) = device
            && let Err(error) = self.devices.refund(device).await
        {
            tracing::warn!(%error, "a refund was lost");
        }
    }

    /// Gives back what is not to be counted. What cannot be given back is logged, and stays.
    pub async fn settle(&self, charged: Charged, settle: Settle) {
        let address = match settle {
            Settle::WrongInKnown => Vec::new(),
            Settle::Nothing | Settle::Replaced => charged.address.unwrap_or_default(),
        };
        let device = charged.device.ok().flatten().filter(|_| settle == Settle::Nothing);
        let lockout = async {
            match charged.lockout {
                Ok(place) => self.lockout.refund(place).await,
                Err(_) => Ok(()),
            }
        };
        let device = async {
            match &device {
                Some(device) => self.devices.refund(&device.key).await,
                None => Ok(()),
            }
        };
        let (lockout, device, ()) = tokio::join!(lockout, device, wizard::refund(&self.limits, address));
        if let Err(error) = lockout.and(device) {
            tracing::warn!(%error, "a refund was lost");
        }
    }
}

impl Charged {
    /// What the password is held against.
    ///
    /// # Errors
    /// The tables', and the address's limit for strangers.
    pub fn standing(&self, login: Option<&Login>) -> Result<Standing, Problem> {
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

    /// The known browser, if it is known to this account.
    pub fn device(&self, login: Option<&Login>) -> Option<&KnownDevice> {
        let device = self.device.as_ref().ok()?.as_ref()?;
        login.is_some_and(|login| device.is_known_to(login)).then_some(device)
    }
}
