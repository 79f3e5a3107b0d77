//! `Authorization: Basic` as OAuth writes it: id and secret each form-encoded before the colon is put between and the
//! whole is encoded in base64 (RFC 6749 section 2.3.1, appendix B).

use base64::{Engine, engine::general_purpose::STANDARD};

use super::PresentationError;
use crate::{client::ClientId, client_secret::ClientSecret};

/// The longest header read, in bytes.
const LONGEST: usize = 1024;

/// Id and secret out of an `Authorization` header.
pub(super) fn read(header: &str) -> Result<(ClientId, ClientSecret), PresentationError> {
    let (scheme, credentials) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(PresentationError::Scheme);
    }
    if header.len() > LONGEST {
        return Err(PresentationError::Malformed);
    }
    let decoded = STANDARD.decode(credentials.trim()).map_err(|_| PresentationError::Malformed)?;
    let text = String::from_utf8(decoded).map_err(|_| PresentationError::Malformed)?;
    let (id, secret) = text.split_once(':').ok_or(PresentationError::Malformed)?;
    let id = form_decoded(id).ok_or(PresentationError::Malformed)?;
    let secret = form_decoded(secret).ok_or(PresentationError::Malformed)?;
    Ok((super::client_id(&id)?, ClientSecret::presented(secret)))
}

/// `application/x-www-form-urlencoded` undone, strictly: a stray `%` is an error, not a character.
fn form_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = match byte {
            b'%' => {
                let (digits, tail) = tail.split_at_checked(2)?;
                bytes.extend(hex::decode(digits).ok()?);
                tail
            }
            b'+' => {
                bytes.push(b' ');
                tail
            }
            _ => {
                bytes.push(*byte);
                tail
            }
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn form_encoding_is_undone() {
        assert_eq!(form_decoded("a%3Ab+c%2525").as_deref(), Some("a:b c%25"));
        for text in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(form_decoded(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(secret in any::<String>()) {
            let encoded: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(form_decoded(&encoded), Some(secret));
        }

        #[test]
        fn no_header_makes_it_panic(header in any::<String>(), credentials: Vec<u8>) {
            let _ = read(&header);
            let _ = read(&format!("Basic {}", STANDARD.encode(credentials)));
        }
    }
}
