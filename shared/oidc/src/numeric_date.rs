//! Times in JWTs: seconds since 1970, possibly with a fraction (RFC 7519 section 2, `NumericDate`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A time as a JWT writes it. Ours are whole seconds; others' fractions are cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "i64")]
pub struct NumericDate(Timestamp);

impl NumericDate {
    /// The time.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl From<Timestamp> for NumericDate {
    fn from(time: Timestamp) -> Self {
        Self(Timestamp::from_second(time.as_second()).unwrap_or(time))
    }
}

impl TryFrom<f64> for NumericDate {
    type Error = NumericDateError;

    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        // Beyond the year 9999 there is no time; a cast saturates, and so leads there too.
        let whole = seconds.floor() as i64;
        if seconds.is_nan() {
            return Err(NumericDateError);
        }
        Timestamp::from_second(whole).map(Self).map_err(|_| NumericDateError)
    }
}

impl From<NumericDate> for i64 {
    fn from(date: NumericDate) -> Self {
        date.0.as_second()
    }
}

/// Not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number of seconds since 1970")]
pub struct NumericDateError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_and_fractions_are_read_and_whole_ones_written() {
        for (json, second) in [("1795593600", 1_795_593_600), ("1795593600.9", 1_795_593_600), ("0", 0), ("-1", -1)] {
            let date: NumericDate = serde_json::from_str(json).unwrap();
            assert_eq!(date.timestamp().as_second(), second);
            assert_eq!(serde_json::to_string(&date).unwrap(), second.to_string());
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for json in ["1e300", "-1e300", "99999999999999", "\"1795593600\"", "null", "true", "[]"] {
            assert!(serde_json::from_str::<NumericDate>(json).is_err(), "{json}");
        }
    }
}
