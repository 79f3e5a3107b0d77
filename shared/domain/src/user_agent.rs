//! What a browser calls itself, cut down to what its owner would call it: "Chrome, Android". The rest is of no use in a
//! list of one's own sessions, and tells more about a person than we want to keep.

use serde::{Deserialize, Serialize};

/// A browser as people know it. Only names of this list are kept, whatever was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrowserName(String);

/// In the order of asking: most browsers also claim to be those below them.
const BROWSERS: [(&str, &str); 9] = [
    ("Line/", "LINE"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// In the order of asking: Android also says Linux, an iPhone also Mac OS X.
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

impl BrowserName {
    /// The name behind a `User-Agent`; empty for what is no browser we know.
    pub fn of(user_agent: &str) -> Self {
        let named = |list: &[(&str, &'static str)]| {
            list.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
        };
        let names = [named(&BROWSERS), named(&SYSTEMS)];
        Self(names.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    /// "Chrome, Android"; empty where it is not known.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_what_its_owner_calls_it() {
        for (user_agent, name) in [
            ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome, Android"),
            (
                "Mozilla/5.0 (Linux; Android 14) SamsungBrowser/25.0 Chrome/121.0 Safari/537.36",
                "Samsung Internet, Android",
            ),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15) Gecko/20100101 Firefox/132.0", "Firefox, macOS"),
            ("curl/8.9.1", ""),
            ("<script>alert(1)</script>", ""),
        ] {
            assert_eq!(BrowserName::of(user_agent).as_str(), name);
        }
    }
}
