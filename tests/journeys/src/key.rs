//! A relying party's own key, and what it signs: client assertions and DPoP proofs.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

/// A P-256 key.
#[derive(Debug)]
pub struct Key {
    pair: EcdsaKeyPair,
}

impl Key {
    /// A new one.
    ///
    /// # Panics
    /// Without randomness.
    #[expect(clippy::expect_used, reason = "only tests have keys")]
    pub fn generate() -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key") }
    }

    /// The public half.
    pub fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]),
        })
    }

    /// RFC 7638.
    pub fn thumbprint(&self) -> String {
        let (jwk, text) = (self.jwk(), |value: &Value| value.as_str().unwrap_or_default().to_owned());
        sha256(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, text(&jwk["x"]), text(&jwk["y"])))
    }

    /// A JWT signed with ES256.
    ///
    /// # Panics
    /// Without randomness.
    #[expect(clippy::expect_used, reason = "only tests have keys")]
    pub fn jwt(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature");
        format!("{message}.{}", BASE64.encode(signature.as_ref()))
    }

    /// A DPoP proof (RFC 9449 section 4.2), with these claims laid over it.
    pub fn proof(&self, method: &str, url: &str, at: i64, more: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        let claims = json!({ "htm": method, "htu": url, "iat": at, "jti": unique() });
        self.jwt(&header, &laid_over(claims, more))
    }

    /// A client assertion (RFC 7523 section 3), with these claims laid over it.
    pub fn assertion(&self, client_id: &str, audience: &str, at: i64, more: &Value) -> String {
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": audience, "iat": at, "exp": at + 60, "jti": unique(),
        });
        self.jwt(&json!({ "alg": "ES256" }), &laid_over(claims, more))
    }
}

/// SHA-256 in base64url: `ath`, thumbprints, challenges.
pub fn sha256(text: &str) -> String {
    BASE64.encode(digest(&SHA256, text.as_bytes()))
}

/// The claims of a JWT, unverified; `null` if it is none.
pub fn claims(jwt: &str) -> Value {
    part(jwt, 1)
}

/// The header of a JWT.
pub fn header(jwt: &str) -> Value {
    part(jwt, 0)
}

fn part(jwt: &str, place: usize) -> Value {
    let decoded = jwt.split('.').nth(place).and_then(|part| BASE64.decode(part).ok()).unwrap_or_default();
    serde_json::from_slice(&decoded).unwrap_or_default()
}

fn laid_over(mut claims: Value, more: &Value) -> Value {
    if let (Some(claims), Some(more)) = (claims.as_object_mut(), more.as_object()) {
        claims.extend(more.clone());
    }
    claims
}

fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("unique-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
