//! The gateway's own keys. Each has one purpose, and the published set names it: those in force and those
//! that were, so that what was signed with one that has been replaced can still be verified.
//!
//! In: key files. Out: signatures, and the public set. Who replaces a key, and when, is not decided here.

mod published;

use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::{
    ed25519::{NotAKey, SigningKey},
    hex, sha256,
    smime::SigningIdentity,
};

pub use published::{PublicNumbers, PublishedKey, PublishedKeys};

/// What a key is for: one thing. That of TLS is not among them: what it signs is over with the connection, and
/// whoever connects is shown its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Transfer statements.
    Statements,
    /// Webhook signatures.
    Webhooks,
    /// Ledger checkpoints.
    Checkpoints,
    /// Mail. Under a certificate; the others are plain Ed25519 keys.
    Smime,
}

impl KeyPurpose {
    /// The purposes.
    pub const ALL: [Self; 4] = [Self::Statements, Self::Webhooks, Self::Checkpoints, Self::Smime];

    /// The word that stands for it everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statements => "statements",
            Self::Webhooks => "webhooks",
            Self::Checkpoints => "checkpoints",
            Self::Smime => "smime",
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
        let mut der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| NotAKey)?;
        let key = SigningKey::from_pkcs8(der.secret_pkcs8_der());
        der.zeroize();
        let key = key?;
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
    /// Signs them too, while those who follow the log learn the new key: the one before, until it is retired.
    pub checkpoints_before: Option<NamedKey>,
    /// Signs mail.
    pub smime: SigningIdentity,
    /// The public halves of those that have been replaced.
    pub past: Vec<PublishedKey>,
}

/// One key stands for two purposes: a signature for one could be shown as one for the other.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("one key for both {0} and {1}; each purpose needs its own: replace the one for {1}")]
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
        let mut keys: Vec<_> = self.signing().map(NamedKey::published).collect();
        keys.push(self.smime.published());
        keys
    }

    /// Whether each purpose has keys of its own.
    ///
    /// # Errors
    /// Names the two that share one.
    pub fn check(&self) -> Result<(), SharedKey> {
        let keys = self.in_force();
        for (place, key) in keys.iter().enumerate() {
            let mut others = keys.iter().skip(place + 1).filter(|other| other.purpose != key.purpose);
            if let Some(same) = others.find(|other| other.is_same_key(key)) {
                return Err(SharedKey(key.purpose.as_str(), same.purpose.as_str()));
            }
        }
        Ok(())
    }

    /// The keys that sign checkpoints now, the new one first.
    pub fn for_checkpoints(&self) -> impl Iterator<Item = &NamedKey> {
        [&self.checkpoints].into_iter().chain(&self.checkpoints_before)
    }

    /// The keys that sign pushes now, the new one first.
    pub fn for_webhooks(&self) -> impl Iterator<Item = &NamedKey> {
        [&self.webhooks].into_iter().chain(&self.webhooks_before)
    }

    fn signing(&self) -> impl Iterator<Item = &NamedKey> {
        [&self.statements].into_iter().chain(self.for_webhooks()).chain(self.for_checkpoints())
    }
}
