//! Time as an argument: read here, once a request, and passed down.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

/// A source of the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock of one's own, for tests that do not wait.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The machine's.
    #[expect(clippy::disallowed_methods, reason = "start-up chooses the clock here")]
    pub fn system() -> Self {
        Self::new(Timestamp::now)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }

    /// How long ago something began.
    pub(crate) fn millis_since(&self, began: Timestamp) -> u64 {
        u64::try_from(self.now().duration_since(began).as_millis()).unwrap_or_default()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}
