//! The little of DER (ITU-T X.690) that keys and signatures are made of, read strictly: one encoding per value.

/// Tag of a SEQUENCE.
pub(crate) const SEQUENCE: u8 = 0x30;
/// Tag of a BIT STRING.
pub(crate) const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;

/// The content of the one value with this tag that the bytes are, nothing after it.
pub(crate) fn whole(tag: u8, der: &[u8]) -> Option<&[u8]> {
    match value(tag, der)? {
        (content, []) => Some(content),
        _ => None,
    }
}

/// The INTEGER the bytes begin with, which must be above zero, big-endian without leading zeros; and what follows.
pub(crate) fn positive(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (content, rest) = value(INTEGER, der)?;
    match content {
        // One zero in front where the number would else be negative, and nowhere else (X.690 section 8.3.2).
        [0, number @ ..] if number.first().is_some_and(|byte| *byte >= 0x80) => Some((number, rest)),
        [1..=0x7f, ..] => Some((content, rest)),
        _ => None,
    }
}

/// The content of the value with this tag that the bytes begin with, and what follows.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    match der.split_first()? {
        (first, rest) if *first == tag => {
            let (length, rest) = length(rest)?;
            rest.split_at_checked(length)
        }
        _ => None,
    }
}

/// A length in its shortest form (X.690 section 10.1), below 64 KiB.
fn length(der: &[u8]) -> Option<(usize, &[u8])> {
    match der {
        [length @ 0..=0x7f, rest @ ..] => Some((usize::from(*length), rest)),
        [0x81, length @ 0x80..=0xff, rest @ ..] => Some((usize::from(*length), rest)),
        [0x82, high @ 1..=0xff, low, rest @ ..] => Some((usize::from(*high) << 8 | usize::from(*low), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_has_one_encoding() {
        assert_eq!(positive(&[2, 1, 5, 9]), Some((&[5][..], &[9][..])));
        assert_eq!(positive(&[2, 2, 0, 0x80]), Some((&[0x80][..], &[][..])));
        for der in [
            &[2, 0][..],
            &[2, 1, 0],
            &[2, 1, 0x80],
            &[2, 2, 0, 5],
            &[2, 2, 0, 0],
            &[2, 0x81, 1, 5],
            &[2, 2, 5],
            &[3, 1, 5],
            &[],
        ] {
            assert_eq!(positive(der), None, "{der:?}");
        }
    }

    #[test]
    fn lengths_are_read_in_their_shortest_form_only() {
        assert_eq!(length(&[0x7f]), Some((0x7f, &[][..])));
        assert_eq!(length(&[0x81, 0x80]), Some((0x80, &[][..])));
        assert_eq!(length(&[0x82, 1, 0]), Some((0x100, &[][..])));
        for der in [&[0x80][..], &[0x81, 0x7f], &[0x82, 0, 0x80], &[0x83, 1, 0, 0], &[0x81]] {
            assert_eq!(length(der), None, "{der:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = whole(SEQUENCE, &bytes);
            let _ = positive(&bytes);
        }
    }
}
