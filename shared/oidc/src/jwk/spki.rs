//! A public key out of its DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), the form in which KMS gives them.

use super::PublicKey;
use crate::der;

/// `AlgorithmIdentifier` of id-ecPublicKey on prime256v1 (RFC 5480 section 2.1.1).
const P256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07,
];
/// `AlgorithmIdentifier` of rsaEncryption (RFC 3279 section 2.3.1).
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

impl PublicKey {
    /// The key in a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`SpkiError`] if it is not a P-256 key or an RSA key we would use.
    pub fn from_spki(der: &[u8]) -> Result<Self, SpkiError> {
        let content = der::whole(der::SEQUENCE, der).ok_or(SpkiError::Malformed)?;
        if let Some(bits) = content.strip_prefix(P256) {
            match bit_string(bits)?.split_first() {
                Some((0x04, point)) => {
                    let (x, y) = point.split_at_checked(32).ok_or(SpkiError::Malformed)?;
                    let part = |bytes: &[u8]| bytes.try_into().map_err(|_| SpkiError::Malformed);
                    Ok(Self::P256 { x: part(x)?, y: part(y)? })
                }
                _ => Err(SpkiError::Malformed),
            }
        } else if let Some(bits) = content.strip_prefix(RSA) {
            let numbers = der::whole(der::SEQUENCE, bit_string(bits)?).ok_or(SpkiError::Malformed)?;
            let (n, rest) = der::positive(numbers).ok_or(SpkiError::Malformed)?;
            let (e, rest) = der::positive(rest).ok_or(SpkiError::Malformed)?;
            if !rest.is_empty() {
                return Err(SpkiError::Malformed);
            }
            Self::rsa(n.to_vec(), e.to_vec()).map_err(|_| SpkiError::Unsupported)
        } else {
            Err(SpkiError::Unsupported)
        }
    }
}

/// A BIT STRING of whole bytes.
fn bit_string(der: &[u8]) -> Result<&[u8], SpkiError> {
    match der::whole(der::BIT_STRING, der).and_then(<[u8]>::split_first) {
        Some((0, bytes)) => Ok(bytes),
        _ => Err(SpkiError::Malformed),
    }
}

/// Why a `SubjectPublicKeyInfo` is no key of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpkiError {
    /// Not DER of that form.
    #[error("not a SubjectPublicKeyInfo")]
    Malformed,
    /// Another kind of key, or one too weak.
    #[error("not a P-256 key or an RSA key of 2048 to 4096 bits")]
    Unsupported,
}
