//! Ed25519 signatures (RFC 8032), by ring.

use pkcs8::{PrivateKeyInfoRef, SecretDocument};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// A private signing key. It has no `Debug` and is not serialised.
pub struct SigningKey(Ed25519KeyPair);

/// The key file is no Ed25519 private key.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("not an Ed25519 private key in PKCS#8")]
pub struct NotAKey;

impl SigningKey {
    /// From PKCS#8 (RFC 8410; version 1 as OpenSSL writes it or version 2).
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, NotAKey> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Self).map_err(|_| NotAKey)
    }

    /// The public key.
    pub fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(self.0.public_key().as_ref());
        public
    }

    /// The signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.0.sign(message).as_ref());
        signature
    }
}

/// A new private key as PKCS#8, version 1: OpenSSL 3.0 does not read the version 2 that ring makes.
pub fn generate() -> Result<zeroize::Zeroizing<Vec<u8>>, super::random::NoRandom> {
    let document = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new())
        .map_err(|_| super::random::NoRandom)?;
    let made = PrivateKeyInfoRef::try_from(document.as_ref()).map_err(|_| super::random::NoRandom)?;
    let plain = PrivateKeyInfoRef::new(made.algorithm, made.private_key);
    let plain = SecretDocument::try_from(plain).map_err(|_| super::random::NoRandom)?;
    Ok(zeroize::Zeroizing::new(plain.as_bytes().to_vec()))
}

/// Whether `signature` is `public`'s over `message`.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}
