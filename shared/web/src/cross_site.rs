//! Whether a POST came from our own pages. Fetch metadata decides where the browser sends it, else `Origin`; a client
//! that sends neither is no browser and has no cookies of a victim (OWASP CSRF cheat sheet).

/// Whether a state-changing request is to be refused. `issuer` is our own origin.
pub fn is_cross_site(sec_fetch_site: Option<&str>, origin: Option<&str>, issuer: &str) -> bool {
    match (sec_fetch_site, origin) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin != issuer,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example";

    #[test]
    fn our_own_pages_and_programs_pass() {
        assert!(!is_cross_site(Some("same-origin"), Some(ISSUER), ISSUER));
        assert!(!is_cross_site(Some("none"), None, ISSUER));
        assert!(!is_cross_site(None, Some(ISSUER), ISSUER));
        assert!(!is_cross_site(None, None, ISSUER));
    }

    #[test]
    fn checklist_32_everything_else_is_refused() {
        for site in ["cross-site", "same-site", "", "Same-Origin", "bogus"] {
            assert!(is_cross_site(Some(site), Some(ISSUER), ISSUER), "{site}");
        }
        for origin in
            ["null", "https://evil.example", "http://id.example", "https://id.example:8443", "https://id.example/"]
        {
            assert!(is_cross_site(None, Some(origin), ISSUER), "{origin}");
        }
    }
}
