//! The gateway's public keys as a JSON Web Key Set (RFC 7517 §5) that outlasts them: readers take the key of a
//! signature from it, for the purpose that it was published for and no other.
//!
//! In: public keys and certificates. Out: the set, and keys found in it by name, purpose and time.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::KeyPurpose;
use crate::crypto::{hex, sha256};

/// A JSON Web Key Set whose keys name their purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKeys {
    /// The keys.
    pub keys: Vec<PublishedKey>,
}

/// One public key of the gateway. What its kind does not have is empty, and left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKey {
    /// `OKP` (RFC 8037); for mail `RSA` or `EC` (RFC 7518 §6).
    pub kty: String,
    /// `Ed25519`; for mail `P-256` or none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub crv: String,
    /// `EdDSA`; for mail `RS256` or `ES256`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// Its name.
    pub kid: String,
    /// The only purpose for which a reader may accept it.
    pub purpose: KeyPurpose,
    /// The public key or its first coordinate, base64url.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub x: String,
    /// The second coordinate, base64url.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub y: String,
    /// The modulus, base64url.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub n: String,
    /// The public exponent, base64url.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub e: String,
    /// For mail, the certificate and those that lead to its root, base64 (RFC 7517 §4.7).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub x5c: Vec<String>,
    /// Since when it signs nothing any more; absent while it is in force. Not registered for JWK: readers
    /// that do not know it ignore it (RFC 7517 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Timestamp>,
    /// Of a retired key for checkpoints the last checkpoint that it signed, which the key after it signed as
    /// well: whoever knows the log by the one can go on with the other. Not registered either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<String>,
}

/// The public key of a certificate.
pub enum PublicNumbers {
    /// Modulus and exponent, big-endian without leading zeros (RFC 7518 §6.3.1).
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
    },
    /// The coordinates of a point of P-256.
    P256 {
        /// The first.
        x: [u8; 32],
        /// The second.
        y: [u8; 32],
    },
}

impl PublishedKey {
    /// An Ed25519 key.
    pub fn new(kid: String, purpose: KeyPurpose, public: &[u8; 32], retired_at: Option<Timestamp>) -> Self {
        let x = b64(public);
        Self { crv: "Ed25519".into(), x, retired_at, ..Self::of_kind("OKP", "EdDSA", kid, purpose) }
    }

    /// The key of the first of these certificates (DER), named by the certificate: a renewed one is another
    /// entry, even if its key is the same.
    pub fn certified(chain: &[Vec<u8>], numbers: &PublicNumbers, purpose: KeyPurpose) -> Self {
        let first = chain.first().map(Vec::as_slice).unwrap_or_default();
        let kid = format!("{}-{}", purpose.as_str(), hex(&sha256(first)[..8]));
        let key = match numbers {
            PublicNumbers::Rsa { modulus, exponent } => {
                let (n, e) = (b64(modulus), b64(exponent));
                Self { n, e, ..Self::of_kind("RSA", "RS256", kid, purpose) }
            }
            PublicNumbers::P256 { x, y } => {
                let (x, y) = (b64(x), b64(y));
                Self { crv: "P-256".into(), x, y, ..Self::of_kind("EC", "ES256", kid, purpose) }
            }
        };
        Self { x5c: chain.iter().map(|der| BASE64_STANDARD.encode(der)).collect(), ..key }
    }

    fn of_kind(kty: &str, alg: &str, kid: String, purpose: KeyPurpose) -> Self {
        let none = String::new;
        Self {
            kty: kty.into(),
            crv: none(),
            alg: alg.into(),
            key_use: "sig".into(),
            kid,
            purpose,
            x: none(),
            y: none(),
            n: none(),
            e: none(),
            x5c: Vec::new(),
            retired_at: None,
            handover: None,
        }
    }

    /// Whether it is the same key as another entry's, whatever their names and purposes.
    pub fn is_same_key(&self, other: &Self) -> bool {
        (&self.kty, &self.crv, &self.x, &self.y, &self.n)
            == (&other.kty, &other.crv, &other.x, &other.y, &other.n)
    }

    /// What tells it from any other key of its kind: the modulus, or the first coordinate.
    pub fn numbers(&self) -> &str {
        if self.n.is_empty() { &self.x } else { &self.n }
    }

    /// The Ed25519 public key; none of a key of another kind.
    pub fn ed25519(&self) -> Option<[u8; 32]> {
        let own_kind = self.kty == "OKP" && self.crv == "Ed25519";
        BASE64_URL_SAFE_NO_PAD.decode(&self.x).ok().filter(|_| own_kind)?.try_into().ok()
    }

    /// Whether it may have signed what says that it was made at `at`. What was under way when the key was
    /// replaced ends with it, an upload after [`UNDER_WAY`] at the latest.
    pub fn signed_at(&self, at: Timestamp) -> bool {
        self.retired_at.is_none_or(|retired| at <= retired.saturating_add(UNDER_WAY).unwrap_or(retired))
    }
}

fn b64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// How long after its replacement a key may still sign: the longest that an upload can be allowed, a day
/// (`limits.upload_timeout`).
const UNDER_WAY: std::time::Duration = std::time::Duration::from_hours(24);

impl PublishedKeys {
    /// The public key of this name, if it was published for this purpose and was in force at `at`.
    pub fn find_at(&self, kid: &str, purpose: KeyPurpose, at: Timestamp) -> Option<[u8; 32]> {
        let in_time = self.keys.iter().any(|key| key.kid == kid && key.signed_at(at));
        self.find(kid, purpose).filter(|_| in_time)
    }

    /// The Ed25519 public key of this name, if it was published for this purpose.
    pub fn find(&self, kid: &str, purpose: KeyPurpose) -> Option<[u8; 32]> {
        self.keys.iter().find(|key| key.kid == kid && key.purpose == purpose)?.ed25519()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(purpose: KeyPurpose, retired_at: Option<Timestamp>) -> PublishedKeys {
        PublishedKeys { keys: vec![PublishedKey::new("k".into(), purpose, &[7; 32], retired_at)] }
    }

    #[test]
    fn a_key_is_found_for_its_own_purpose_only() {
        for published in KeyPurpose::ALL {
            for wanted in KeyPurpose::ALL {
                let found = public(published, None).find("k", wanted);
                assert_eq!(found.is_some(), published == wanted, "{published:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn a_retired_key_verifies_what_is_older_than_its_end_and_nothing_later() {
        let end: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let keys = public(KeyPurpose::Statements, Some(end));
        let find = |at: &str| keys.find_at("k", KeyPurpose::Statements, at.parse().unwrap());
        assert!(find("2006-01-01T00:00:00Z").is_some());
        assert!(find("2026-11-20T12:00:00Z").is_some());
        assert!(find("2026-11-21T12:00:01Z").is_none());
        assert!(public(KeyPurpose::Statements, None).find_at("k", KeyPurpose::Statements, end).is_some());
    }

    #[test]
    fn a_key_in_force_is_published_without_an_end() {
        let text = serde_json::to_string(&public(KeyPurpose::Webhooks, None)).unwrap();
        assert!(!text.contains("retired_at"), "{text}");
    }
}
