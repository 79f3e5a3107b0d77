//! MACs by KMS: a citizen ID, a number or a code can be found and compared by its MAC, and a copy of the tables alone
//! cannot be searched for them (13 digits hashed are 13 digits read).

use aws_sdk_kms::{Client, primitives::Blob, types::MacAlgorithmSpec};
use domain::{
    citizen_id::CitizenId, mobile_number::MobileNumber, otp::OtpCode, registration::RegistrationId, sealed::Mac,
    sign_in::SignInId,
};

use crate::{KeyError, region::here};

/// An HMAC-SHA-256 key of KMS, for one purpose.
#[derive(Clone, Debug)]
pub struct MacKey {
    client: Client,
    arn: String,
}

impl MacKey {
    /// A key by its ARN: never an alias, which could come to mean another key.
    pub fn new(client: Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }

    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// MACs `parts` under `purpose`; length-prefixed, so that no two lists of parts read the same.
    pub(crate) async fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Result<Mac, KeyError> {
        let output = self
            .client
            .generate_mac()
            .key_id(&self.arn)
            .mac_algorithm(MacAlgorithmSpec::HmacSha256)
            .message(Blob::new(message(purpose, parts)))
            .send()
            .await
            .map_err(KeyError::from_sdk)?;
        let tag = output.mac.ok_or(KeyError::Empty)?;
        Ok(Mac::new(&self.arn, tag.as_ref()))
    }

    /// Whether `mac` is the MAC of `parts` under `purpose`, by the key that made it.
    pub(crate) async fn verify(&self, mac: &Mac, purpose: &str, parts: &[&[u8]]) -> Result<bool, KeyError> {
        let tag = hex_bytes(&mac.tag).ok_or(KeyError::Verifier)?;
        let outcome = self
            .client
            .verify_mac()
            .key_id(here(&self.client, &mac.key))
            .mac_algorithm(MacAlgorithmSpec::HmacSha256)
            .message(Blob::new(message(purpose, parts)))
            .mac(Blob::new(tag))
            .send()
            .await;
        match outcome {
            Ok(output) => Ok(output.mac_valid),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_kms_invalid_mac_exception()) => {
                Ok(false)
            }
            Err(error) => Err(KeyError::from_sdk(error)),
        }
    }

    /// The MAC that a citizen ID is found by.
    ///
    /// # Errors
    /// KMS's.
    pub async fn citizen_id(&self, citizen_id: &CitizenId) -> Result<Mac, KeyError> {
        self.mac("citizen-id", &[citizen_id.expose().as_bytes()]).await
    }

    /// The MAC that a number is counted by.
    ///
    /// # Errors
    /// KMS's.
    pub async fn mobile_number(&self, number: &MobileNumber) -> Result<Mac, KeyError> {
        self.mac("mobile-number", &[number.e164().as_bytes()]).await
    }

    /// The verifier of a code, bound to the registration and the number it was sent for: a code of one is no code of
    /// another.
    ///
    /// # Errors
    /// KMS's.
    pub async fn registration_code(
        &self,
        registration: &RegistrationId,
        otp_id: &str,
        number: &MobileNumber,
        code: &OtpCode,
    ) -> Result<Mac, KeyError> {
        let parts = [registration.as_str(), otp_id, number.e164(), code.expose()];
        self.mac("otp-registration", &parts.map(str::as_bytes)).await
    }

    /// The verifier of a code, bound to the sign-in and the number it was sent for.
    ///
    /// # Errors
    /// KMS's.
    pub async fn sign_in_code(
        &self,
        sign_in: &SignInId,
        otp_id: &str,
        number: &MobileNumber,
        code: &OtpCode,
    ) -> Result<Mac, KeyError> {
        let parts = [sign_in.as_str(), otp_id, number.e164(), code.expose()];
        self.mac("otp-sign-in", &parts.map(str::as_bytes)).await
    }
}

fn message(purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::new();
    for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        message.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        message.extend(part);
    }
    message
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lists_of_parts_read_the_same() {
        let messages = [
            message("otp", &[b"ab", b"c"]),
            message("otp", &[b"a", b"bc"]),
            message("otp", &[b"abc"]),
            message("otpabc", &[]),
            message("otp", &[b"abc", b""]),
        ];
        for (index, message) in messages.iter().enumerate() {
            assert!(messages.iter().skip(index + 1).all(|other| other != message), "{index}");
        }
    }
}
