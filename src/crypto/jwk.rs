//! P-256 keys as JSON Web Keys (RFC 7517, RFC 7518 §6.2).

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::message::EncryptionKey;

/// What is wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Another kind or curve.
    #[error("not a P-256 key (`kty` `EC`, `crv` `P-256`)")]
    NotP256,
    /// A coordinate is not 32 bytes of base64url.
    #[error("a coordinate is not 32 bytes in base64url without padding")]
    Coordinate,
    /// The coordinates name no point of the curve.
    #[error("the coordinates name no point of the curve")]
    NotOnCurve,
    /// The private part does not belong to the public part.
    #[error("the private part does not belong to the public part")]
    Mismatch,
}

/// A recipient's public key, checked once, ready to seal to.
#[derive(Clone)]
pub struct RecipientKey {
    kid: String,
    point: [u8; 65],
}

impl RecipientKey {
    /// Reads a registered key. Sealing to one that is no point of the curve fails;
    /// [`RecipientKey::check`] tells so before.
    pub fn new(key: &EncryptionKey) -> Result<Self, KeyFault> {
        if key.kty != "EC" || key.crv != "P-256" {
            return Err(KeyFault::NotP256);
        }
        Ok(Self { kid: key.kid.clone(), point: point(&key.x, &key.y)? })
    }

    /// Whether the key can be sealed to: done once, when it is registered.
    pub fn check(&self) -> Result<(), KeyFault> {
        // An agreement with a throw-away key tells whether the point is on the curve.
        let probe = PrivateKey::generate(&ECDH_P256).map_err(|_| KeyFault::NotOnCurve)?;
        super::jwe::agree(&probe, &self.point, |_| ()).map_err(|_| KeyFault::NotOnCurve)
    }

    /// The key's name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// SHA-256 of the uncompressed point, hex: which key it is, whatever its name.
    pub fn fingerprint(&self) -> String {
        super::hex(&super::sha256(&self.point))
    }

    pub(super) fn point(&self) -> &[u8; 65] {
        &self.point
    }
}

/// An agency's own private key as it keeps it in a file. It has no `Debug`.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct PrivateJwk {
    /// Its name.
    pub kid: String,
    kty: String,
    crv: String,
    x: String,
    y: String,
    d: String,
}

impl PrivateJwk {
    /// A new key.
    pub fn generate(kid: &str) -> Result<Self, super::random::NoRandom> {
        use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
        let private = PrivateKey::generate(&ECDH_P256).map_err(|_| super::random::NoRandom)?;
        let public = private.compute_public_key().map_err(|_| super::random::NoRandom)?;
        let scalar: EcPrivateKeyBin<'_> = private.as_be_bytes().map_err(|_| super::random::NoRandom)?;
        let point = public.as_ref();
        Ok(Self {
            kid: kid.into(),
            kty: "EC".into(),
            crv: "P-256".into(),
            x: BASE64_URL_SAFE_NO_PAD.encode(&point[1..33]),
            y: BASE64_URL_SAFE_NO_PAD.encode(&point[33..65]),
            d: BASE64_URL_SAFE_NO_PAD.encode(scalar.as_ref()),
        })
    }

    /// The public half, as the directory keeps it.
    pub fn public(&self) -> EncryptionKey {
        EncryptionKey {
            kid: self.kid.clone(),
            kty: self.kty.clone(),
            crv: self.crv.clone(),
            x: self.x.clone(),
            y: self.y.clone(),
        }
    }

    pub(super) fn private(&self) -> Result<PrivateKey, KeyFault> {
        if self.kty != "EC" || self.crv != "P-256" {
            return Err(KeyFault::NotP256);
        }
        let scalar = Zeroizing::new(coordinate(&self.d)?);
        let private =
            PrivateKey::from_private_key(&ECDH_P256, scalar.as_slice()).map_err(|_| KeyFault::NotOnCurve)?;
        let public = private.compute_public_key().map_err(|_| KeyFault::NotOnCurve)?;
        if public.as_ref() == point(&self.x, &self.y)? { Ok(private) } else { Err(KeyFault::Mismatch) }
    }
}

/// The uncompressed point (SEC 1 §2.3.3) of two coordinates.
pub(super) fn point(x: &str, y: &str) -> Result<[u8; 65], KeyFault> {
    let mut point = [4; 65];
    point[1..33].copy_from_slice(&coordinate(x)?);
    point[33..].copy_from_slice(&coordinate(y)?);
    Ok(point)
}

fn coordinate(text: &str) -> Result<[u8; 32], KeyFault> {
    let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyFault::Coordinate)?);
    bytes.as_slice().try_into().map_err(|_| KeyFault::Coordinate)
}
