//! Digits as people type them: Thai or Latin, grouped by spaces and dashes, pasted with marks nobody sees.

/// The text with Thai digits (๐-๙) as Latin ones; everything else as it was.
pub fn latin(text: &str) -> String {
    text.chars().map(latin_digit).collect()
}

/// The text in Latin digits, without what only groups digits: spaces, dashes and invisible marks.
///
/// Never longer than `text` in bytes, so that no copy of a personal number is left behind by a growing buffer.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    folded.extend(text.chars().filter(|&c| !is_separator(c)).map(latin_digit));
    folded
}

/// Whether a character only groups digits.
pub fn is_separator(c: char) -> bool {
    c.is_whitespace() || is_dash(c) || is_invisible(c)
}

/// The dashes that keyboards and word processors put between digits: Unicode's Pd where it
/// is a dash, and the minus signs.
pub const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}'
    )
}

/// Zero-width and direction marks: contact lists and chat programs add them to copied numbers.
pub const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Whether a text has digits (at least one) and nothing else.
pub(crate) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn latin_digit(c: char) -> char {
    match c {
        '๐' => '0',
        '๑' => '1',
        '๒' => '2',
        '๓' => '3',
        '๔' => '4',
        '๕' => '5',
        '๖' => '6',
        '๗' => '7',
        '๘' => '8',
        '๙' => '9',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thai_digits_become_latin_ones() {
        assert_eq!(latin("๐๑๒๓๔๕๖๗๘๙ ก-9"), "0123456789 ก-9");
    }

    #[test]
    fn what_only_groups_digits_is_dropped() {
        assert_eq!(fold(" ๑-2\u{A0}3\u{2013}4\u{2011}5\u{2212}6\u{200B}7\u{202C}"), "1234567");
        assert_eq!(fold("a.b"), "a.b");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_more(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            prop_assert!(once.len() <= text.len());
        }
    }
}
