//! The gateway's own keys. Each has one purpose, and the published set names it.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
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

/// A signing key with its name.
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
        let word = match purpose {
            KeyPurpose::Statements => "statements",
            KeyPurpose::Webhooks => "webhooks",
            KeyPurpose::Checkpoints => "checkpoints",
        };
        let kid = format!("{word}-{}", hex(&sha256(&key.public())[..8]));
        Ok(Self { kid, purpose, key })
    }

    /// The public half.
    pub fn published(&self) -> PublishedKey {
        PublishedKey {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            alg: "EdDSA".into(),
            key_use: "sig".into(),
            kid: self.kid.clone(),
            purpose: self.purpose,
            x: BASE64_URL_SAFE_NO_PAD.encode(self.key.public()),
        }
    }
}

/// All keys of the gateway but that of TLS.
pub struct Keyring {
    /// Signs transfer statements.
    pub statements: NamedKey,
    /// Signs webhook pushes.
    pub webhooks: NamedKey,
    /// Signs checkpoints.
    pub checkpoints: NamedKey,
    /// Signs mail.
    pub smime: SigningIdentity,
}

impl Keyring {
    /// The published set (RFC 7517 §5).
    pub fn published(&self) -> PublishedKeys {
        PublishedKeys {
            keys: [&self.statements, &self.webhooks, &self.checkpoints].map(NamedKey::published).into(),
        }
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
}

impl PublishedKeys {
    /// The public key of this name, if it was published for this purpose.
    pub fn find(&self, kid: &str, purpose: KeyPurpose) -> Option<[u8; 32]> {
        let key = self.keys.iter().find(|key| key.kid == kid && key.purpose == purpose)?;
        BASE64_URL_SAFE_NO_PAD.decode(&key.x).ok()?.try_into().ok()
    }
}
