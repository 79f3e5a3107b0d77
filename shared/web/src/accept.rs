//! Content negotiation: a page or JSON (RFC 9110 section 12.5.1), Thai or English (section 12.5.4).

use domain::language::Language;

/// The two forms of every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Representation {
    /// A page.
    Html,
    /// JSON.
    Json,
}

/// What `Accept` prefers. Without a preference a page: people come with browsers that name `text/html`, and a program
/// that cares names JSON.
pub fn representation(accept: &str) -> Representation {
    let json =
        preference(accept, |range| matches!(range, "application/json" | "application/problem+json"), "application/*");
    let html = preference(accept, |range| matches!(range, "text/html" | "application/xhtml+xml"), "text/*");
    if json > html { Representation::Json } else { Representation::Html }
}

/// Quality in thousandths, then how exactly the type was named.
fn preference(accept: &str, exact: impl Fn(&str) -> bool, family: &str) -> (u16, u8) {
    let weighed = qualities(accept).filter_map(|(range, quality)| {
        let exactness = match range.as_str() {
            range if exact(range) => 2,
            range if range == family => 1,
            "*/*" => 0,
            _ => return None,
        };
        Some((exactness, quality))
    });
    // The most exact range decides the quality, as RFC 9110 has it.
    weighed.max().map_or((0, 0), |(exactness, quality)| (quality, exactness))
}

/// The first language of ours by preference.
pub fn language(accept_language: &str) -> Option<Language> {
    let mut wanted: Vec<_> = qualities(accept_language).filter(|(_, quality)| *quality > 0).collect();
    wanted.sort_by_key(|(_, quality)| std::cmp::Reverse(*quality));
    wanted.into_iter().find_map(|(tag, _)| tag.parse().ok())
}

/// The items of a list with qualities, `q` in thousandths.
fn qualities(list: &str) -> impl Iterator<Item = (String, u16)> {
    list.split(',').map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts
            .filter_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .find_map(|value| value.parse::<f32>().ok())
            .unwrap_or(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
        let thousandths = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
        (name, thousandths)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_a_page_and_a_program_json() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        assert_eq!(representation(browser), Representation::Html);
        for program in [
            "application/json",
            "application/json, text/plain, */*",
            "application/problem+json",
            "text/html;q=0.1, application/json",
        ] {
            assert_eq!(representation(program), Representation::Json, "{program}");
        }
        for neither in
            ["", "*/*", "text/html", "image/png", "application/json;q=0, */*", "application/json;q=0.5, text/html"]
        {
            assert_eq!(representation(neither), Representation::Html, "{neither}");
        }
    }

    #[test]
    fn the_preferred_language_of_ours_is_taken() {
        assert_eq!(language("en-US,en;q=0.9,th;q=0.8"), Some(Language::En));
        assert_eq!(language("fr, en;q=0.2, th;q=0.8"), Some(Language::Th));
        assert_eq!(language("fr, th;q=0"), None);
        assert_eq!(language(""), None);
    }
}
