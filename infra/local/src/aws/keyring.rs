//! KMS's keys: made by a CSPRNG when first used, kept in memory or, in a data directory, in a file only its owner reads.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::{
    aead::{self, LessSafeKey, UnboundKey},
    encoding::AsDer,
    hmac, rand,
    rsa::{self, KeySize},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::template::{KeySpec, KmsKey};

const FILE: &str = "kms-keys.json";

/// The keys of the template, with what has been made of them so far.
pub(super) struct Keyring {
    keys: Vec<KmsKey>,
    file: Option<PathBuf>,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    /// What is secret of each key, in base64, by ARN: what the file holds.
    secrets: BTreeMap<String, Zeroizing<String>>,
    ready: BTreeMap<String, Arc<Material>>,
}

/// A key ready for use.
pub(super) enum Material {
    Hmac(Box<hmac::Key>),
    Aes(LessSafeKey),
    Ecc(EcdsaKeyPair),
    Rsa(rsa::KeyPair),
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file could not be read or written.
    #[error("the keys in {path} cannot be read or written")]
    File {
        /// Where it is.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// The file holds something else, or a key of another kind than the template now says.
    #[error("the key {0} is not what the template says it is")]
    Corrupt(String),
    /// The machine gave no randomness.
    #[error("no key could be made")]
    NoEntropy,
}

impl Keyring {
    /// The keys of a template; those made in earlier runs come from the directory.
    pub(super) fn open(keys: &[KmsKey], data: Option<&Path>) -> Result<Self, KeyringError> {
        let file = data.map(|directory| directory.join(FILE));
        let mut made = Made::default();
        if let Some(path) = &file {
            made.secrets = match fs::read(path) {
                Ok(json) => serde_json::from_slice::<BTreeMap<String, String>>(&json)
                    .map_err(|_| KeyringError::Corrupt(path.display().to_string()))?
                    .into_iter()
                    .map(|(arn, secret)| (arn, Zeroizing::new(secret)))
                    .collect(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
                Err(source) => {
                    return Err(KeyringError::File { path: path.clone(), source });
                }
            };
        }
        let keyring = Self { keys: keys.to_vec(), file, made: Mutex::new(made) };
        for key in keys.iter().filter(|key| key.key_spec == KeySpec::Rsa2048) {
            keyring.material(key)?;
        }
        Ok(keyring)
    }

    /// A key by its ARN or, as KMS takes it too, its id. There are no aliases: they would be judged by name.
    pub(super) fn find(&self, id: &str) -> Option<&KmsKey> {
        self.keys.iter().find(|key| key.arn == id || key.arn.rsplit('/').next() == Some(id))
    }

    /// The key itself, made now if nobody needed it before.
    pub(super) fn material(&self, key: &KmsKey) -> Result<Arc<Material>, KeyringError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(material) = made.ready.get(&key.arn) {
            return Ok(Arc::clone(material));
        }
        let secret = match made.secrets.get(&key.arn) {
            Some(secret) => BASE64_STANDARD
                .decode(secret.as_bytes())
                .map(Zeroizing::new)
                .map_err(|_| KeyringError::Corrupt(key.arn.clone()))?,
            None => {
                let secret = match (key.key_spec, &self.file) {
                    (KeySpec::Rsa2048, None) => of_this_process(&key.arn),
                    _ => fresh(key.key_spec),
                };
                let secret = secret.ok_or(KeyringError::NoEntropy)?;
                made.secrets.insert(key.arn.clone(), Zeroizing::new(BASE64_STANDARD.encode(&secret)));
                self.keep(&made.secrets)?;
                secret
            }
        };
        let material = ready(key.key_spec, &secret).ok_or_else(|| KeyringError::Corrupt(key.arn.clone()))?;
        let material = Arc::new(material);
        made.ready.insert(key.arn.clone(), Arc::clone(&material));
        Ok(material)
    }

    /// Written beside and moved over, so that no crash leaves half a file: with the keys goes every password.
    fn keep(&self, secrets: &BTreeMap<String, Zeroizing<String>>) -> Result<(), KeyringError> {
        let Some(path) = &self.file else {
            return Ok(());
        };
        let beside = path.with_extension("new");
        let write = || {
            let plain: BTreeMap<_, _> = secrets.iter().map(|(arn, secret)| (arn, secret.as_str())).collect();
            let json = Zeroizing::new(serde_json::to_vec_pretty(&plain)?);
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            file.write_all(&json)?;
            file.sync_all()?;
            fs::rename(&beside, path)
        };
        write().map_err(|source| KeyringError::File { path: path.clone(), source })
    }
}

/// An RSA key in memory is one for the whole process: making one takes longer than a caller of KMS waits, and no test
/// minds that another's service signs with it too.
fn of_this_process(arn: &str) -> Option<Zeroizing<Vec<u8>>> {
    static MADE: Mutex<BTreeMap<String, Zeroizing<Vec<u8>>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(secret) = made.get(arn) {
        return Some(secret.clone());
    }
    let secret = fresh(KeySpec::Rsa2048)?;
    made.insert(arn.to_owned(), secret.clone());
    Some(secret)
}

fn fresh(spec: KeySpec) -> Option<Zeroizing<Vec<u8>>> {
    Some(Zeroizing::new(match spec {
        KeySpec::Hmac256 | KeySpec::SymmetricDefault => {
            let mut bytes = vec![0; 32];
            rand::fill(&mut bytes).ok()?;
            bytes
        }
        KeySpec::EccNistP256 => {
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()?.to_pkcs8v1().ok()?.as_ref().to_vec()
        }
        KeySpec::Rsa2048 => rsa::KeyPair::generate(KeySize::Rsa2048).ok()?.as_der().ok()?.as_ref().to_vec(),
    }))
}

fn ready(spec: KeySpec, secret: &[u8]) -> Option<Material> {
    Some(match spec {
        KeySpec::Hmac256 => Material::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret))),
        KeySpec::SymmetricDefault => Material::Aes(LessSafeKey::new(UnboundKey::new(&aead::AES_256_GCM, secret).ok()?)),
        KeySpec::EccNistP256 => Material::Ecc(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, secret).ok()?),
        KeySpec::Rsa2048 => Material::Rsa(rsa::KeyPair::from_pkcs8(secret).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::template::KeyUsage;

    fn mac_key() -> KmsKey {
        let arn = "arn:aws:kms:ap-southeast-1:000000000000:key/Mac".to_owned();
        KmsKey { logical_id: "Mac".to_owned(), key_spec: KeySpec::Hmac256, key_usage: KeyUsage::GenerateVerifyMac, arn }
    }

    fn mac(keyring: &Keyring) -> Vec<u8> {
        match keyring.material(keyring.find("Mac").unwrap()).unwrap().as_ref() {
            Material::Hmac(key) => hmac::sign(key, b"message").as_ref().to_vec(),
            _ => panic!("another kind of key"),
        }
    }

    #[test]
    fn a_key_in_memory_is_made_once_and_for_this_run() {
        let keyring = Keyring::open(&[mac_key()], None).unwrap();
        assert_eq!(mac(&keyring), mac(&keyring));
        assert_ne!(mac(&keyring), mac(&Keyring::open(&[mac_key()], None).unwrap()));
        assert!(keyring.find("alias/mac").is_none());
    }

    #[test]
    fn a_key_in_a_directory_stays_and_is_its_owners_alone() {
        let directory = std::env::temp_dir().join(format!("keyring-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let before = mac(&Keyring::open(&[mac_key()], Some(&directory)).unwrap());
        let after = mac(&Keyring::open(&[mac_key()], Some(&directory)).unwrap());
        assert_eq!(before, after);
        let mode = fs::metadata(directory.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(directory.join(FILE), "{").unwrap();
        assert!(matches!(Keyring::open(&[mac_key()], Some(&directory)), Err(KeyringError::Corrupt(_))));
        fs::remove_dir_all(&directory).unwrap();
    }
}
