//! What is to be ended: one session by its name, all but this one, or all.

use std::str::FromStr;

use domain::{language::Text, reason::Reason, session::SessionId};

/// `others`, `all`, or a session's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// That one.
    One(SessionId),
    /// Every one but the one that asks.
    Others,
    /// Every one.
    All,
}

impl FromStr for Ending {
    type Err = NoEnding;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Err(NoEnding::Missing),
            "others" => Ok(Self::Others),
            "all" => Ok(Self::All),
            id => id.parse().map(Self::One).map_err(|_| NoEnding::Unknown),
        }
    }
}

/// Why it is not known what to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoEnding {
    Missing,
    Unknown,
}

impl Reason for NoEnding {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "required",
            Self::Unknown => "invalid",
        }
    }

    fn text(&self) -> Text {
        Text {
            th: "เลือกรายการที่ต้องการออกจากระบบ", en: "Choose which sign-in to end"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_one_of_three_kinds() {
        assert_eq!("others".parse(), Ok(Ending::Others));
        assert_eq!("all".parse(), Ok(Ending::All));
        let id = SessionId::from_random([7; 16]);
        assert_eq!(id.as_str().parse(), Ok(Ending::One(id)));
        assert_eq!("".parse::<Ending>(), Err(NoEnding::Missing));
        for unknown in ["All", "0", "07 ", &"07".repeat(17), "session#1"] {
            assert_eq!(unknown.parse::<Ending>(), Err(NoEnding::Unknown), "{unknown}");
        }
    }
}
