//! The gateway's own keys. Each has one purpose, and the published set names it: those in force and those
//! that were, so that what was signed with one that has been replaced can still be verified.
//!
//! In: key files. Out: signatures, and the public set. Who replaces a key, and when, is not decided here.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};

use super::{
    ed25519::{NotAKey, SigningKey},
    hex, sha256,
    smime::SigningIdentity,
};

/// The purposes of Ed25519 keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Transfer statements.
    Statements,
    /// Webhook signatures.
    Webhooks,
    /// Ledger checkpoints.
    Checkpoints,
}

impl KeyPurpose {
    /// The purposes.
    pub const ALL: [Self; 3] = [Self::Statements, Self::Webhooks, Self::Checkpoints];

    /// The word that stands for it everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statements => "statements",
            Self::Webhooks => "webhooks",
            Self::Checkpoints => "checkpoints",
        }
    }
}

/// A signing key with its name. It has no `Debug` and is not serialised.
pub struct NamedKey {
    /// Its name in headers: the purpose and the first eight bytes of SHA-256 over the public key.
    pub kid: String,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// The private key.
    pub key: SigningKey,
}

impl NamedKey {
    /// From a PKCS#8 file in PEM.
    pub fn from_pem(pem: &[u8], purpose: KeyPurpose) -> Result<Self, NotAKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| NotAKey)?;
        let key = SigningKey::from_pkcs8(der.secret_pkcs8_der())?;
        let kid = format!("{}-{}", purpose.as_str(), hex(&sha256(&key.public())[..8]));
        Ok(Self { kid, purpose, key })
    }

    /// The public half.
    pub fn published(&self) -> PublishedKey {
        PublishedKey::new(self.kid.clone(), self.purpose, &self.key.public(), None)
    }
}

/// All keys of the gateway but that of TLS. It has no `Debug`.
pub struct Keyring {
    /// Signs transfer statements.
    pub statements: NamedKey,
    /// Signs webhook pushes.
    pub webhooks: NamedKey,
    /// Signs them too, while agencies' servers learn the new key: the one before, until it is retired.
    pub webhooks_before: Option<NamedKey>,
    /// Signs checkpoints.
    pub checkpoints: NamedKey,
    /// Signs mail.
    pub smime: SigningIdentity,
    /// The public halves of those that have been replaced.
    pub past: Vec<PublishedKey>,
}

/// One key stands for two purposes: a signature for one could be shown as one for the other.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("one key for both {0} and {1}; each purpose needs its own: portcullis key rotate {1}")]
pub struct SharedKey(&'static str, &'static str);

impl Keyring {
    /// The published set (RFC 7517 §5): of each purpose the key in force first.
    pub fn published(&self) -> PublishedKeys {
        let mut keys = self.in_force();
        keys.extend(self.past.iter().cloned());
        PublishedKeys { keys }
    }

    /// The public halves of those that sign now.
    pub fn in_force(&self) -> Vec<PublishedKey> {
        self.signing().map(NamedKey::published).collect()
    }

    /// Whether each purpose has keys of its own.
    ///
    /// # Errors
    /// Names the two that share one.
    pub fn check(&self) -> Result<(), SharedKey> {
        let keys: Vec<_> = self.signing().collect();
        for (place, key) in keys.iter().enumerate() {
            let others = keys.iter().skip(place + 1).filter(|other| other.purpose != key.purpose);
            if let Some(same) = others.into_iter().find(|other| other.key.public() == key.key.public()) {
                return Err(SharedKey(key.purpose.as_str(), same.purpose.as_str()));
            }
        }
        Ok(())
    }

    fn signing(&self) -> impl Iterator<Item = &NamedKey> {
        [&self.statements, &self.webhooks, &self.checkpoints].into_iter().chain(&self.webhooks_before)
    }
}

/// A JSON Web Key Set whose keys name their purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKeys {
    /// The keys.
    pub keys: Vec<PublishedKey>,
}

/// One public key of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKey {
    /// `OKP` (RFC 8037).
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// `EdDSA`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// Its name.
    pub kid: String,
    /// The only purpose for which a reader may accept it.
    pub purpose: KeyPurpose,
    /// The public key, base64url.
    pub x: String,
    /// Since when it signs nothing any more; absent while it is in force. Not registered for JWK: readers
    /// that do not know it ignore it (RFC 7517 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Timestamp>,
}

impl PublishedKey {
    /// From its parts.
    pub fn new(kid: String, purpose: KeyPurpose, public: &[u8; 32], retired_at: Option<Timestamp>) -> Self {
        Self {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            alg: "EdDSA".into(),
            key_use: "sig".into(),
            kid,
            purpose,
            x: BASE64_URL_SAFE_NO_PAD.encode(public),
            retired_at,
        }
    }

    /// Whether it may have signed what says that it was made at `at`. What was under way when the key was
    /// replaced ends with it, an upload after [`UNDER_WAY`] at the latest.
    pub fn signed_at(&self, at: Timestamp) -> bool {
        self.retired_at.is_none_or(|retired| at <= retired.saturating_add(UNDER_WAY).unwrap_or(retired))
    }
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

    /// The public key of this name, if it was published for this purpose.
    pub fn find(&self, kid: &str, purpose: KeyPurpose) -> Option<[u8; 32]> {
        let key = self.keys.iter().find(|key| key.kid == kid && key.purpose == purpose)?;
        BASE64_URL_SAFE_NO_PAD.decode(&key.x).ok()?.try_into().ok()
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
