//! The blob that `Encrypt` gives: it carries its key's ARN, and everything in it and about it is authenticated.
//!
//! One byte of version, two of the ARN's length, the ARN, twelve of nonce, then AES-256-GCM's ciphertext and tag.

use std::collections::BTreeMap;

use aws_lc_rs::{
    aead::{Aad, LessSafeKey, NONCE_LEN, Nonce},
    rand,
};
use zeroize::Zeroizing;

const VERSION: u8 = 1;

pub(super) fn seal(
    key: &LessSafeKey,
    arn: &str,
    context: &BTreeMap<String, String>,
    plaintext: &[u8],
) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).ok()?;
    let mut blob = vec![VERSION];
    blob.extend(u16::try_from(arn.len()).ok()?.to_be_bytes());
    blob.extend(arn.as_bytes());
    let aad = authenticated(&blob, context);
    blob.extend(nonce);
    let mut sealed = plaintext.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed).ok()?;
    blob.extend(sealed);
    Some(blob)
}

/// Which key a blob says it was made with.
pub(super) fn key_arn(blob: &[u8]) -> Option<&str> {
    let (header, _) = parts(blob)?;
    std::str::from_utf8(header.get(3..)?).ok()
}

pub(super) fn open(key: &LessSafeKey, context: &BTreeMap<String, String>, blob: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (header, rest) = parts(blob)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
    let mut opened = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = key.open_in_place(nonce, Aad::from(authenticated(header, context)), &mut opened).ok()?.len();
    opened.truncate(length);
    Some(opened)
}

fn parts(blob: &[u8]) -> Option<(&[u8], &[u8])> {
    let [VERSION, high, low, ..] = blob else {
        return None;
    };
    blob.split_at_checked(3 + usize::from(u16::from_be_bytes([*high, *low])))
}

/// The header and the encryption context, sorted and length-prefixed: no two contexts are the same bytes.
fn authenticated(header: &[u8], context: &BTreeMap<String, String>) -> Vec<u8> {
    let mut bytes = header.to_vec();
    for text in context.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}
