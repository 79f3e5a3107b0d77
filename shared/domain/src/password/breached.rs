//! Passwords that leaked elsewhere. `passwords/README.md` says which list this is and how it is made.
//!
//! The list is kept as 32-bit prefixes of SHA-256, in 65,536 buckets by the first two bytes of the hash: first the
//! number of entries of each bucket, a byte each, then the third and fourth bytes of every entry's hash, sorted within
//! its bucket. A password that is not on the list is taken for one that is once in 3,000 times.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

static LIST: &[u8] = include_bytes!("../../passwords/breached.bin");

/// One for each value of two bytes.
const BUCKETS: usize = 1 << 16;

/// Whether a lower-cased password is on the list, which is lower-cased too: a capital does not hide a known password.
pub(super) fn contains(lower: &str) -> bool {
    let canonical = Zeroizing::new(lower.nfc().collect::<String>());
    let [first, second, third, fourth, ..] = <[u8; 32]>::from(Sha256::digest(canonical.as_bytes()));
    bucket(usize::from(u16::from_be_bytes([first, second])))
        .is_some_and(|tails| tails.binary_search(&[third, fourth]).is_ok())
}

fn bucket(index: usize) -> Option<&'static [[u8; 2]]> {
    let (counts, entries) = LIST.split_at_checked(BUCKETS)?;
    let (tails, _) = entries.as_chunks::<2>();
    let before = counts.get(..index)?.iter().copied().map(usize::from).sum::<usize>();
    let count = usize::from(*counts.get(index)?);
    tails.get(before..before + count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_what_its_own_counts_say() {
        let (counts, entries) = LIST.split_at(BUCKETS);
        let total: usize = counts.iter().copied().map(usize::from).sum();
        assert_eq!(entries.len(), 2 * total);
        assert!(total > 1_400_000, "{total}");
        for index in [0, 1, 4711, BUCKETS - 1] {
            assert_eq!(bucket(index).unwrap().len(), usize::from(counts[index]));
            assert!(bucket(index).unwrap().is_sorted());
        }
        assert!(bucket(BUCKETS).is_none());
    }

    #[test]
    fn known_ones_are_found_and_random_ones_are_not() {
        for known in ["password1234", "qwertyuiop123", "123456789012", "passwordpassword"] {
            assert!(contains(known), "{known}");
        }
        let found = (0..3_000).filter(|n| contains(&format!("not-a-password-anybody-has-{n}"))).count();
        assert!(found < 8, "{found} of 3000");
    }
}
