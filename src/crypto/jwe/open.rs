//! Opening a sealed copy: what an agency does with its private key.
//!
//! First the form, which anyone can judge without a key; then the cryptography, with one and the same
//! answer to whatever fails there (RFC 7516 §11.5, RFC 7518 §8).

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, X25519},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    ENC, ecdh,
    header::{OwnedHeader, Wrapping, bytes},
    x_wing,
};
use crate::crypto::jwk::{PrivateJwk, PrivatePart};

/// Why a sealed copy does not open. Which of the cryptographic checks failed is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenFault {
    /// Not a flattened JWE of the form that the gateway makes.
    #[error("not a sealed copy of this gateway's form")]
    Form,
    /// The private key file is unusable.
    #[error("the private key is not usable: {0}")]
    Key(#[from] crate::crypto::jwk::KeyFault),
    /// Sealed to a key of another name: whose copy it is can be read without opening it.
    #[error("sealed to another key than this one: it is another agency's copy, or to an older key of yours")]
    AnotherKey,
    /// Sealed to another key of this name, or changed on the way.
    #[error("sealed to another key of this name, or changed on the way")]
    Unopened,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flattened {
    protected: String,
    header: OwnedHeader,
    encrypted_key: String,
    aad: String,
    iv: String,
    ciphertext: String,
    tag: String,
}

/// The protected header. `crit`, `zip` and everything else unknown is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Protected {
    enc: String,
    #[serde(rename = "typ")]
    _typ: String,
    #[serde(rename = "cty")]
    _cty: String,
}

/// A copy whose form is sound.
struct Read {
    wrapping: Wrapping,
    kid: String,
    encrypted_key: Vec<u8>,
    aad: String,
    iv: [u8; 12],
    ciphertext: Vec<u8>,
    tag: [u8; 16],
}

/// Opens a collected copy with the agency's private key: the function that agencies may use, and
/// `portcullis inbox open` does.
///
/// # Errors
/// [`OpenFault::Form`] if it is no copy of the gateway's form, whatever the key; [`OpenFault::Key`] if the
/// private key cannot be used; [`OpenFault::AnotherKey`] if its `kid`, which anyone can read, is not that of
/// the key; else [`OpenFault::Unopened`], whatever it was that failed.
pub fn open(copy: &[u8], key: &PrivateJwk) -> Result<Zeroizing<Vec<u8>>, OpenFault> {
    let read = read(copy).ok_or(OpenFault::Form)?;
    let private = key.private()?;
    if read.kid != key.kid {
        return Err(OpenFault::AnotherKey);
    }
    // Decrypted in any case, so that how long it takes does not tell which check failed either.
    let content_key = unwrap(&read, &private);
    let tried = content_key.as_deref().unwrap_or(&[0; 32]);
    let plaintext = decrypt(tried, &read.iv, read.aad.as_bytes(), read.ciphertext, &read.tag);
    match (content_key, plaintext) {
        (Some(_), Ok(plaintext)) => Ok(plaintext),
        _ => Err(OpenFault::Unopened),
    }
}

fn read(copy: &[u8]) -> Option<Read> {
    let jwe: Flattened = serde_json::from_slice(copy).ok()?;
    let protected: Protected = serde_json::from_slice(&bytes(&jwe.protected)?).ok()?;
    if protected.enc != ENC {
        return None;
    }
    bytes(&jwe.aad)?;
    Some(Read {
        wrapping: jwe.header.wrapping()?,
        kid: jwe.header.kid,
        encrypted_key: bytes(&jwe.encrypted_key)?,
        aad: format!("{}.{}", jwe.protected, jwe.aad),
        iv: bytes(&jwe.iv)?.try_into().ok()?,
        ciphertext: bytes(&jwe.ciphertext)?,
        tag: bytes(&jwe.tag)?.try_into().ok()?,
    })
}

fn unwrap(read: &Read, private: &PrivatePart) -> Option<Zeroizing<[u8; 32]>> {
    match (&read.wrapping, private) {
        (Wrapping::P256 { epk, parties }, PrivatePart::Ecdh(key)) if key.algorithm() == &ECDH_P256 => {
            ecdh::unwrap(key, epk, parties, &read.encrypted_key)
        }
        (Wrapping::X25519 { epk, parties }, PrivatePart::Ecdh(key)) if key.algorithm() == &X25519 => {
            ecdh::unwrap(key, epk, parties, &read.encrypted_key)
        }
        (Wrapping::Hpke { alg, ek }, PrivatePart::XWing { alg: own, key }) if alg == own => {
            x_wing::unwrap(key, ek, &read.encrypted_key)
        }
        _ => None,
    }
}

/// Decrypts in place.
pub(in crate::crypto) fn decrypt(
    key: &[u8; 32],
    iv: &[u8],
    aad: &[u8],
    mut ciphertext: Vec<u8>,
    tag: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenFault> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(|_| OpenFault::Unopened)?);
    let nonce = Nonce::try_assume_unique_for_key(iv).map_err(|_| OpenFault::Form)?;
    ciphertext.extend_from_slice(tag);
    let length =
        key.open_in_place(nonce, Aad::from(aad), &mut ciphertext).map_err(|_| OpenFault::Unopened)?.len();
    ciphertext.truncate(length);
    Ok(Zeroizing::new(ciphertext))
}
