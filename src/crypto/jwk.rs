//! Agencies' encryption keys as JSON Web Keys (RFC 7517): P-256 (RFC 7518 §6.2), X25519 (RFC 8037 §2) and
//! X-Wing (`kty` `AKP`, draft-ietf-cose-dilithium, with the `alg` string of draft-skokan-jose-hpke-pq-pqt).
//!
//! Text of the directory or of a key file in, checked keys out. What is sealed to them is `jwe`'s.

use aws_lc_rs::{
    agreement::{Algorithm, ECDH_P256, PrivateKey, X25519},
    encoding::{AsBigEndian as _, Curve25519SeedBin, EcPrivateKeyBin},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    jwe,
    random::{NoRandom, Random},
};
use crate::message::EncryptionKey;

/// Length of an X-Wing public key in bytes: ML-KEM-768 and X25519.
pub const X_WING_BYTES: usize = 1216;

/// What is wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Another kind or curve, or members of two kinds.
    #[error(
        "not a P-256 key (`kty` `EC`, with `x` and `y`), an X25519 key (`OKP`, `x`) or an X-Wing key (`AKP`, `alg` and `pub`)"
    )]
    Kind,
    /// A part has another length, or is not base64url.
    #[error("a part is not of its length in base64url without padding")]
    Coordinate,
    /// The coordinates name no point of the curve, or one that gives no secret.
    #[error("not a public key: no point of the curve, or one that protects nothing")]
    NotOnCurve,
    /// The private part does not belong to the public part.
    #[error("the private part does not belong to the public part")]
    Mismatch,
}

/// A recipient's public key, checked once, ready to seal to.
#[derive(Clone)]
pub struct RecipientKey {
    kid: String,
    public: PublicPart,
}

/// The public key itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum PublicPart {
    /// An uncompressed point (SEC 1 §2.3.3).
    P256([u8; 65]),
    /// A u-coordinate (RFC 7748 §5).
    X25519([u8; 32]),
    /// X-Wing, under the name that its owner's software knows the algorithm by.
    XWing { alg: String, key: Box<[u8; X_WING_BYTES]> },
}

impl RecipientKey {
    /// Reads a registered key. Sealing to one that is no point of the curve fails;
    /// [`RecipientKey::check`] tells so before.
    pub fn new(key: &EncryptionKey) -> Result<Self, KeyFault> {
        Ok(Self { kid: key.kid.clone(), public: PublicPart::read(key)? })
    }

    /// Whether the key can be sealed to: done once, when it is registered.
    pub fn check(&self) -> Result<(), KeyFault> {
        // An agreement with a throw-away key tells whether the point is on the curve.
        let probe = |algorithm, peer: &[u8]| {
            let probe = PrivateKey::generate(algorithm).map_err(|_| KeyFault::NotOnCurve)?;
            jwe::agree(&probe, peer, |_| ()).map_err(|_| KeyFault::NotOnCurve)
        };
        match &self.public {
            PublicPart::P256(point) => probe(&ECDH_P256, point),
            PublicPart::X25519(key) => probe(&X25519, key),
            PublicPart::XWing { key, .. } if jwe::is_x_wing_key(key.as_slice()) => Ok(()),
            PublicPart::XWing { .. } => Err(KeyFault::NotOnCurve),
        }
    }

    /// The key's name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The JOSE name of the HPKE suite that a post-quantum key is for; `None` for a classical key.
    pub fn post_quantum_alg(&self) -> Option<&str> {
        match &self.public {
            PublicPart::XWing { alg, .. } => Some(alg),
            PublicPart::P256(_) | PublicPart::X25519(_) => None,
        }
    }

    /// SHA-256 of the public key's bytes (of P-256 the uncompressed point), hex: which key it is, whatever
    /// its name.
    pub fn fingerprint(&self) -> String {
        super::hex(&super::sha256(self.public.bytes()))
    }

    pub(super) fn public(&self) -> &PublicPart {
        &self.public
    }
}

impl PublicPart {
    fn read(key: &EncryptionKey) -> Result<Self, KeyFault> {
        let absent = |members: &[&str]| members.iter().all(|member| member.is_empty());
        match (key.kty.as_str(), key.crv.as_str()) {
            ("EC", "P-256") if absent(&[&key.alg, &key.public]) => Ok(Self::P256(point(&key.x, &key.y)?)),
            ("OKP", "X25519") if absent(&[&key.y, &key.alg, &key.public]) => {
                Ok(Self::X25519(coordinate(&key.x)?))
            }
            ("AKP", "") if absent(&[&key.x, &key.y]) && !key.alg.is_empty() => {
                let key_bytes =
                    BASE64_URL_SAFE_NO_PAD.decode(&key.public).map_err(|_| KeyFault::Coordinate)?;
                let key_bytes =
                    Box::try_from(key_bytes.into_boxed_slice()).map_err(|_| KeyFault::Coordinate)?;
                Ok(Self::XWing { alg: key.alg.clone(), key: key_bytes })
            }
            _ => Err(KeyFault::Kind),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::P256(point) => point,
            Self::X25519(key) => key,
            Self::XWing { key, .. } => key.as_slice(),
        }
    }
}

/// The kinds of key that an agency may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind<'a> {
    /// The baseline.
    P256,
    /// Faster, where the agency's software has it.
    X25519,
    /// Quantum-safe, with the JOSE name of the HPKE suite.
    XWing(&'a str),
}

/// An agency's own private key as it keeps it in a file. It has no `Debug`.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct PrivateJwk {
    /// Its name.
    pub kid: String,
    kty: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    alg: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    crv: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    x: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    y: String,
    /// The private half of `EC` and `OKP`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    d: String,
    #[serde(default, skip_serializing_if = "String::is_empty", rename = "pub")]
    public: String,
    /// The private half of `AKP`: the seed of 32 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty", rename = "priv")]
    private: String,
}

/// A private key, ready to open with.
pub(super) enum PrivatePart {
    Ecdh(PrivateKey),
    XWing { alg: String, key: Box<jwe::XWingPrivate> },
}

impl PrivateJwk {
    /// A new P-256 key.
    pub fn generate(kid: &str) -> Result<Self, NoRandom> {
        let (private, public) = key_pair(&ECDH_P256)?;
        let scalar: EcPrivateKeyBin<'_> = private.as_be_bytes().map_err(|_| NoRandom)?;
        let (x, y) = public.get(1..).and_then(|point| point.split_at_checked(32)).ok_or(NoRandom)?;
        let mut key = Self::empty(kid, "EC", "P-256");
        (key.x, key.y, key.d) = (b64(x), b64(y), b64(scalar.as_ref()));
        Ok(key)
    }

    /// A new key of any kind.
    pub fn generate_as(kind: KeyKind<'_>, kid: &str, random: &Random) -> Result<Self, NoRandom> {
        match kind {
            KeyKind::P256 => Self::generate(kid),
            KeyKind::X25519 => {
                let (private, public) = key_pair(&X25519)?;
                let seed: Curve25519SeedBin<'_> = private.as_be_bytes().map_err(|_| NoRandom)?;
                let mut key = Self::empty(kid, "OKP", "X25519");
                (key.x, key.d) = (b64(&public), b64(seed.as_ref()));
                Ok(key)
            }
            KeyKind::XWing(alg) => {
                let seed = Zeroizing::new(random.bytes::<32>()?);
                let (_, public) = jwe::x_wing_pair(&seed).ok_or(NoRandom)?;
                let mut key = Self::empty(kid, "AKP", "");
                (key.alg, key.public, key.private) = (alg.into(), b64(&public), b64(seed.as_slice()));
                Ok(key)
            }
        }
    }

    fn empty(kid: &str, kty: &str, crv: &str) -> Self {
        let none = String::new;
        Self {
            kid: kid.into(),
            kty: kty.into(),
            alg: none(),
            crv: crv.into(),
            x: none(),
            y: none(),
            d: none(),
            public: none(),
            private: none(),
        }
    }

    /// The public half, as the directory keeps it.
    pub fn public(&self) -> EncryptionKey {
        EncryptionKey {
            kid: self.kid.clone(),
            kty: self.kty.clone(),
            // Only an X-Wing key has to name its algorithm; to the others it is a remark.
            alg: if self.kty == "AKP" { self.alg.clone() } else { String::new() },
            crv: self.crv.clone(),
            x: self.x.clone(),
            y: self.y.clone(),
            public: self.public.clone(),
            valid_from: None,
            valid_until: None,
        }
    }

    pub(super) fn private(&self) -> Result<PrivatePart, KeyFault> {
        match PublicPart::read(&self.public())? {
            PublicPart::P256(point) => self.ecdh(&ECDH_P256, &point),
            PublicPart::X25519(key) => self.ecdh(&X25519, &key),
            PublicPart::XWing { alg, key } => {
                let seed = Zeroizing::new(coordinate(&self.private)?);
                let (private, public) = jwe::x_wing_pair(&seed).ok_or(KeyFault::Coordinate)?;
                let same = public == key.as_slice();
                if same {
                    Ok(PrivatePart::XWing { alg, key: Box::new(private) })
                } else {
                    Err(KeyFault::Mismatch)
                }
            }
        }
    }

    fn ecdh(&self, algorithm: &'static Algorithm, stated: &[u8]) -> Result<PrivatePart, KeyFault> {
        let scalar = Zeroizing::new(coordinate(&self.d)?);
        let private =
            PrivateKey::from_private_key(algorithm, scalar.as_slice()).map_err(|_| KeyFault::NotOnCurve)?;
        let public = private.compute_public_key().map_err(|_| KeyFault::NotOnCurve)?;
        if public.as_ref() == stated { Ok(PrivatePart::Ecdh(private)) } else { Err(KeyFault::Mismatch) }
    }
}

fn key_pair(algorithm: &'static Algorithm) -> Result<(PrivateKey, Vec<u8>), NoRandom> {
    let private = PrivateKey::generate(algorithm).map_err(|_| NoRandom)?;
    let public = private.compute_public_key().map_err(|_| NoRandom)?.as_ref().to_vec();
    Ok((private, public))
}

/// The uncompressed point (SEC 1 §2.3.3) of two coordinates.
pub(super) fn point(x: &str, y: &str) -> Result<[u8; 65], KeyFault> {
    let mut point = [4; 65];
    point[1..33].copy_from_slice(&coordinate(x)?);
    point[33..].copy_from_slice(&coordinate(y)?);
    Ok(point)
}

/// 32 bytes in base64url.
pub(super) fn coordinate(text: &str) -> Result<[u8; 32], KeyFault> {
    let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyFault::Coordinate)?);
    bytes.as_slice().try_into().map_err(|_| KeyFault::Coordinate)
}

fn b64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
