//! The per-recipient header of a sealed copy: `alg kid epk apu apv` of a key agreement (RFC 7518 §4.6.1),
//! `alg kid ek` of HPKE (draft-ietf-jose-hpke-encrypt). Registered names only, and nothing about the
//! message (design §5).

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};

use super::ecdh::ALG;
use crate::crypto::jwk;

/// A header as it is written.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Header<'a> {
    Ecdh { alg: &'a str, kid: &'a str, epk: Epk, apu: &'a str, apv: &'a str },
    Hpke { alg: &'a str, kid: &'a str, ek: &'a str },
}

/// An ephemeral public key as JWK.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Epk {
    pub kty: String,
    pub crv: String,
    pub x: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

/// A header as it was read: any member beyond these is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnedHeader {
    alg: String,
    pub kid: String,
    epk: Option<Epk>,
    ek: Option<String>,
    apu: Option<String>,
    apv: Option<String>,
}

/// What a header says about how the content key was wrapped. Its form is sound; nothing of it has been
/// tried with a key.
pub(super) enum Wrapping {
    /// P-256, with the ephemeral key as uncompressed point.
    P256 { epk: [u8; 65], parties: Parties },
    /// X25519.
    X25519 { epk: [u8; 32], parties: Parties },
    /// HPKE under the algorithm named.
    Hpke { alg: String, ek: Vec<u8> },
}

/// Both sides of a key agreement, as they go into the key derivation.
pub(super) struct Parties {
    pub apu: Vec<u8>,
    pub apv: Vec<u8>,
}

impl OwnedHeader {
    /// How the content key was wrapped; `None` if the header is of no form that the gateway makes.
    pub(super) fn wrapping(&self) -> Option<Wrapping> {
        match (&self.epk, &self.ek, &self.apu, &self.apv) {
            (Some(epk), None, Some(apu), Some(apv)) if self.alg == ALG => {
                let parties = Parties { apu: bytes(apu)?, apv: bytes(apv)? };
                agreement(epk, parties)
            }
            (None, Some(ek), None, None) => Some(Wrapping::Hpke { alg: self.alg.clone(), ek: bytes(ek)? }),
            _ => None,
        }
    }
}

fn agreement(epk: &Epk, parties: Parties) -> Option<Wrapping> {
    match (epk.kty.as_str(), epk.crv.as_str(), &epk.y) {
        ("EC", "P-256", Some(y)) => Some(Wrapping::P256 { epk: jwk::point(&epk.x, y).ok()?, parties }),
        ("OKP", "X25519", None) => Some(Wrapping::X25519 { epk: jwk::coordinate(&epk.x).ok()?, parties }),
        _ => None,
    }
}

/// Decodes base64url without padding; trailing bits must be zero.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}
