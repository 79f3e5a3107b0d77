//! Password verifiers: Argon2id off the async threads, its output only ever MACed by KMS and never stored.
//!
//! The MAC covers, length-prefixed: purpose `pwd`, version, account id, parameters, salt, Argon2's output. A stolen
//! table cannot be guessed at without KMS; a verifier moved to another account's item verifies nothing.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use domain::{account::AccountId, password::Password, sealed::PasswordVerifier};
use zeroize::Zeroizing;

use crate::{KeyError, macs::MacKey};

/// The version of what the MAC covers.
const LAYOUT: &[u8] = b"1";
/// Bytes of Argon2's output.
const OUTPUT: usize = 32;
/// OWASP's and facts.md's floor: KiB, passes, lanes.
const COST: Cost = Cost { memory: 19_456, passes: 2, lanes: 1 };

/// Makes and checks password verifiers.
#[derive(Clone, Debug)]
pub struct Passwords {
    key: MacKey,
}

/// Argon2's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    /// KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Passwords {
    /// Verifiers by this key.
    pub const fn new(key: MacKey) -> Self {
        Self { key }
    }

    /// The verifier of a password chosen for an account.
    ///
    /// # Errors
    /// KMS's, and Argon2's if memory runs out.
    pub async fn make(
        &self,
        password: &Password,
        account: AccountId,
        salt: [u8; 16],
    ) -> Result<PasswordVerifier, KeyError> {
        let output = stretch(password.clone(), COST, salt.to_vec()).await?;
        let phc = COST.phc(&salt);
        let mac = self.key.mac("pwd", &parts(&account.to_string(), &phc, &output)).await?;
        Ok(PasswordVerifier { phc, mac })
    }

    /// Argon2's work on a password typed for an account: no call yet, so that KMS's answer can be awaited beside others.
    ///
    /// # Errors
    /// Argon2's, and [`KeyError::Verifier`].
    pub async fn stretch(
        &self,
        password: &Password,
        account: AccountId,
        verifier: &PasswordVerifier,
    ) -> Result<Stretched, KeyError> {
        let (cost, salt) = Cost::read(&verifier.phc).ok_or(KeyError::Verifier)?;
        let output = stretch(password.clone(), cost, salt).await?;
        Ok(Stretched { account, verifier: verifier.clone(), output })
    }

    /// Whether a verifier costs less to guess at than one made today: then a password that was right is to be stored
    /// anew, by [`Self::make`].
    pub fn is_outdated(verifier: &PasswordVerifier) -> bool {
        Cost::read(&verifier.phc)
            .is_none_or(|(cost, _)| cost.memory < COST.memory || cost.passes < COST.passes || cost.lanes < COST.lanes)
    }

    /// The work of [`Self::stretch`] for a username that nobody has, so that its time tells nothing.
    ///
    /// # Errors
    /// As [`Self::stretch`].
    pub async fn stretch_nobody(&self, password: &Password, nobody: AccountId) -> Result<Stretched, KeyError> {
        let phc = COST.phc(&[0; 16]);
        let mac = domain::sealed::Mac::new(self.key.arn(), &[0; 32]);
        self.stretch(password, nobody, &PasswordVerifier { phc, mac }).await
    }

    /// Whether the password is the one that the account's verifier was made from.
    ///
    /// # Errors
    /// KMS's.
    pub async fn check(&self, stretched: &Stretched) -> Result<bool, KeyError> {
        let Stretched { account, verifier, output } = stretched;
        self.key.verify(&verifier.mac, "pwd", &parts(&account.to_string(), &verifier.phc, output)).await
    }
}

/// What Argon2 made of a password that was typed, and what it is held against.
pub struct Stretched {
    account: AccountId,
    verifier: PasswordVerifier,
    output: Zeroizing<[u8; OUTPUT]>,
}

impl std::fmt::Debug for Stretched {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Stretched(redacted)")
    }
}

fn parts<'a>(account: &'a str, phc: &'a str, output: &'a [u8; OUTPUT]) -> [&'a [u8]; 4] {
    [LAYOUT, account.as_bytes(), phc.as_bytes(), output]
}

/// Argon2id, on a thread that may block: it takes tens of milliseconds and as many MiB.
async fn stretch(password: Password, cost: Cost, salt: Vec<u8>) -> Result<Zeroizing<[u8; OUTPUT]>, KeyError> {
    let stretched = tokio::task::spawn_blocking(move || {
        let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(OUTPUT))?;
        let mut output = Zeroizing::new([0; OUTPUT]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
            password.expose().as_bytes(),
            &salt,
            output.as_mut(),
        )?;
        Ok::<_, argon2::Error>(output)
    });
    match stretched.await {
        Ok(output) => output.map_err(KeyError::Argon2),
        Err(_) => Err(KeyError::Argon2(argon2::Error::OutOfMemory)),
    }
}

impl Cost {
    /// The PHC string format, without the hash that it usually ends with.
    fn phc(self, salt: &[u8]) -> String {
        let Self { memory, passes, lanes } = self;
        format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${}", STANDARD_NO_PAD.encode(salt))
    }

    fn read(phc: &str) -> Option<(Self, Vec<u8>)> {
        let (parameters, salt) = phc.strip_prefix("$argon2id$v=19$")?.split_once('$')?;
        let mut values =
            parameters.split(',').zip(["m=", "t=", "p="]).map(|(text, name)| text.strip_prefix(name)?.parse().ok());
        let cost = Self { memory: values.next()??, passes: values.next()??, lanes: values.next()?? };
        Some((cost, STANDARD_NO_PAD.decode(salt).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_outdated_by_any_parameter_that_has_grown_since() {
        let outdated = |cost: Cost| {
            let mac = domain::sealed::Mac::new("key", &[0; 32]);
            Passwords::is_outdated(&PasswordVerifier { phc: cost.phc(&[7; 16]), mac })
        };
        assert!(!outdated(COST));
        assert!(!outdated(Cost { memory: COST.memory + 1, ..COST }), "a step back weakens nothing");
        assert!(outdated(Cost { memory: COST.memory - 1, ..COST }));
        assert!(outdated(Cost { passes: COST.passes - 1, memory: COST.memory + 1, ..COST }));
    }

    #[test]
    fn the_stored_string_is_read_back_and_holds_no_hash() {
        let phc = COST.phc(&[7; 16]);
        assert_eq!(phc, "$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw");
        assert_eq!(Cost::read(&phc), Some((COST, vec![7; 16])));
        for wrong in ["", "$argon2i$v=19$m=1,t=1,p=1$AA", "$argon2id$v=19$m=1,t=1$AA", "$argon2id$v=19$m=1,t=1,p=x$AA"]
        {
            assert_eq!(Cost::read(wrong), None, "{wrong}");
        }
    }
}
