use proptest::prelude::*;

use super::*;

fn terms(version: &str, language: &str, from: &str) -> Terms {
    format!("version: {version}\nlanguage: {language}\neffective-from: {from}\n\n1. Ein\n2. Zwei\n").parse().unwrap()
}

fn publication(version: &str, from: &str) -> Publication {
    Publication::new(terms(version, "en", from), terms(version, "th", from)).unwrap()
}

#[test]
fn the_shipped_terms_have_ten_clauses_in_both_languages() {
    let shipped = Publications::shipped().unwrap();
    let publication = shipped.in_force("2026-11-01T00:00:00+07:00".parse().unwrap()).unwrap();
    for language in [Language::Th, Language::En] {
        let terms = publication.text(language);
        assert_eq!(terms.language, language);
        assert_eq!(terms.version.as_str(), "2026-11-01");
        assert_eq!(terms.effective_from.to_string(), "2026-10-31T17:00:00Z");
        assert!(terms.clauses.iter().map(|clause| clause.number).eq(1..=10));
        assert!(terms.clauses.iter().all(|clause| clause.text.chars().count() > 60));
        let thai = |c: char| ('\u{E00}'..='\u{E7F}').contains(&c);
        assert!(terms.clauses.iter().all(|clause| clause.text.contains(thai) == (language == Language::Th)));
    }
    assert!(shipped.in_force("2026-10-31T16:59:59Z".parse().unwrap()).is_none());
}

#[test]
fn the_hash_is_that_of_the_canonical_text() {
    let text = "1.0\nen\n2026-10-31T17:00:00Z\n1 Ein\n2 Zwei\n";
    let expected = hex::encode(Sha256::digest(text.as_bytes()));
    let terms = terms("1.0", "en", "2026-11-01T00:00:00+07:00");
    assert_eq!(terms.sha256(), expected);
    let mut changed = terms.clone();
    changed.clauses[1].text.push('.');
    assert_ne!(changed.sha256(), expected);
    let windows: Terms = terms.to_string().replace('\n', "\r\n").parse().unwrap();
    assert_eq!(windows.sha256(), expected);
}

#[test]
fn the_latest_version_that_has_begun_is_in_force() {
    let all = Publications::default()
        .with(publication("a", "2026-01-01T00:00:00Z"))
        .and_then(|all| all.with(publication("c", "2027-01-01T00:00:00Z")))
        .and_then(|all| all.with(publication("b", "2026-06-01T00:00:00Z")))
        .unwrap();
    let in_force = |now: &str| all.in_force(now.parse().unwrap()).map(|publication| publication.version().as_str());
    assert_eq!(in_force("2025-12-31T23:59:59Z"), None);
    assert_eq!(in_force("2026-01-01T00:00:00Z"), Some("a"));
    assert_eq!(in_force("2026-06-01T00:00:00Z"), Some("b"));
    assert_eq!(in_force("2028-01-01T00:00:00Z"), Some("c"));
    let again = all.clone().with(publication("b", "2029-01-01T00:00:00Z"));
    assert_eq!(again, Err(PublicationError::Published("b".parse().unwrap())));
    assert!(all.version(&"c".parse().unwrap()).is_some());
}

#[test]
fn two_texts_that_do_not_belong_together_are_refused() {
    let from = "2026-01-01T00:00:00Z";
    let th = terms("a", "th", from);
    assert_eq!(Publication::new(th.clone(), th.clone()), Err(PublicationError::Languages));
    assert_eq!(Publication::new(th.clone(), terms("b", "en", from)), Err(PublicationError::Versions));
    assert_eq!(Publication::new(th.clone(), terms("a", "en", "2026-01-02T00:00:00Z")), Err(PublicationError::Dates));
    let mut longer = terms("a", "en", from);
    longer.clauses.push(Clause { number: 3, text: "Drei".into() });
    assert_eq!(Publication::new(longer, th), Err(PublicationError::Clauses));
}

#[test]
fn a_file_that_is_not_right_says_where() {
    let good = terms("a", "th", "2026-01-01T00:00:00Z").to_string();
    for (from, to, error) in [
        ("version: a", "version: a b", TermsFileError::Header("version")),
        ("version: a", "", TermsFileError::Header("version")),
        ("language: th", "language: fr", TermsFileError::Header("language")),
        ("T00:00:00Z", "", TermsFileError::Header("effective-from")),
        ("1. Ein", "2. Ein", TermsFileError::Clause(1)),
        ("2. Zwei", "3. Zwei", TermsFileError::Clause(2)),
        ("2. Zwei", "2. ", TermsFileError::Clause(2)),
        ("2. Zwei", "2. Zw\u{7}ei", TermsFileError::Clause(2)),
        ("1. Ein\n\n2. Zwei\n", "", TermsFileError::Clause(1)),
    ] {
        let broken = good.replace(from, to);
        assert_ne!(broken, good);
        assert_eq!(broken.parse::<Terms>(), Err(error), "{to}");
    }
}

#[test]
fn a_version_is_a_short_plain_name() {
    assert_eq!("2026-11-01_B.2".parse::<TermsVersion>().unwrap().as_str(), "2026-11-01_B.2");
    assert_eq!("".parse::<TermsVersion>(), Err(TermsVersionError::Required));
    for bad in ["a b", "ก", "a/b", &"a".repeat(33)] {
        assert_eq!(bad.parse::<TermsVersion>(), Err(TermsVersionError::Form), "{bad}");
    }
    let json = serde_json::to_string(&"v1".parse::<TermsVersion>().unwrap()).unwrap();
    assert_eq!(json, r#""v1""#);
    assert!(serde_json::from_str::<TermsVersion>(r#""a b""#).is_err());
}

proptest! {
    #[test]
    fn terms_written_and_read_again_are_the_same(version in "[A-Za-z0-9._-]{1,32}", clauses in prop::collection::vec("[ก-ฮa-z][ก-ฮa-z. 0-9é]{0,40}", 1..12)) {
        let mut file = format!("version: {version}\nlanguage: th\neffective-from: 2026-01-01T00:00:00Z\n");
        for (index, clause) in clauses.iter().enumerate() {
            file.push_str(&format!("{}. {clause}\n", index + 1));
        }
        let terms: Terms = file.parse().unwrap();
        let again: Terms = terms.to_string().parse().unwrap();
        prop_assert_eq!(again.sha256(), terms.sha256());
        prop_assert_eq!(again, terms);
    }

    #[test]
    fn garbage_is_refused_quietly(text in any::<String>()) {
        let _ = text.parse::<Terms>();
        let _ = text.parse::<TermsVersion>();
    }
}
