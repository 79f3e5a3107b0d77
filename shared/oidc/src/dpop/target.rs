//! Whether `htu` names the URL of a request: without query and fragment, after the normalisation of RFC 3986 sections
//! 6.2.2 and 6.2.3 (RFC 9449 section 4.3, check 9).

/// Whether two URLs are the same place.
pub(super) fn same(one: &str, other: &str) -> bool {
    matches!((normal(one), normal(other)), (Some(one), Some(other)) if one == other)
}

/// Scheme and host in lower case, no default port, no query or fragment, the path never empty and percent escapes in
/// upper case; `None` for what is no http URL.
fn normal(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let rest = rest.split(['?', '#']).next()?;
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let scheme = scheme.to_ascii_lowercase();
    let default = match scheme.as_str() {
        "https" => "443",
        "http" => "80",
        _ => return None,
    };
    let authority = authority.to_ascii_lowercase();
    // The colons of an IPv6 address stand within brackets.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority.as_str(), ""),
    };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    if host.is_empty() || host.contains('@') || !is_port || (host.contains(':') && !bracketed) {
        return None;
    }
    let port = if port.is_empty() || port == default { String::new() } else { format!(":{port}") };
    let path = if path.is_empty() { "/".to_owned() } else { upper_case_escapes(path) };
    Some(format!("{scheme}://{host}{port}{path}"))
}

fn upper_case_escapes(path: &str) -> String {
    let mut left = 0;
    path.chars()
        .map(|character| match (character, left) {
            ('%', _) => {
                left = 2;
                character
            }
            (_, 1..) => {
                left -= 1;
                character.to_ascii_uppercase()
            }
            _ => character,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "https://id.example.go.th/connect/token";

    #[test]
    fn the_same_place_in_other_spellings() {
        for htu in [
            TOKEN,
            "HTTPS://ID.Example.go.th/connect/token",
            "https://id.example.go.th:443/connect/token",
            "https://id.example.go.th/connect/token?a=b",
            "https://id.example.go.th/connect/token#x",
        ] {
            assert!(same(htu, TOKEN), "{htu}");
        }
        assert!(same("http://localhost:80", "http://localhost/"));
        assert!(same("http://[::1]:80/", "http://[::1]"));
        assert!(!same("http://[::1]:81/", "http://[::1]"));
        assert!(same("https://a/%e0%b8%81", "https://a/%E0%B8%81"));
    }

    #[test]
    fn another_place() {
        for htu in [
            "",
            "/connect/token",
            "http://id.example.go.th/connect/token",
            "https://id.example.go.th:8443/connect/token",
            "https://id.example.go.th/connect/token/",
            "https://id.example.go.th/connect/Token",
            "https://id.example.go.th/connect/userinfo",
            "https://evil.example/connect/token",
            "https://x@id.example.go.th/connect/token",
            "https:///connect/token",
            "https://id.example.go.th:443:443/connect/token",
            "https://::/connect/token",
            "ftp://id.example.go.th/connect/token",
        ] {
            assert!(!same(htu, TOKEN), "{htu}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_normalises_stays(url in "(https?://)?[a-zA-Z0-9.:@%/?#\\[\\]ก-]{0,40}") {
            if let Some(once) = normal(&url) {
                prop_assert_eq!(normal(&once), Some(once));
            }
        }
    }
}
