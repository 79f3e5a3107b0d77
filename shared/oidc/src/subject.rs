//! `sub` (OpenID Connect Core sections 2 and 8): at most 255 ASCII characters, random, the same for good.

/// A subject from 16 random bytes. Nothing of the account is in it, so that two sectors cannot compare.
pub fn from_random(random: [u8; 16]) -> String {
    hex::encode(random)
}
