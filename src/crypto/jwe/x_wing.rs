//! Key wraps by HPKE with X-Wing (ML-KEM-768 and X25519), SHAKE256 and AES-256-GCM: the quantum-safe
//! profile.
//!
//! The form is that of draft-ietf-jose-hpke-encrypt, key encryption mode; the number of the suite is of
//! draft-skokan-jose-hpke-pq-pqt and may change, so the `alg` string comes from the key and the
//! configuration. Whoever breaks only one of the two key exchanges learns nothing. This is the one place
//! where RustCrypto, below the `hpke` crate, does the work: aws-lc-rs has the parts and not X-Wing.

use std::convert::Infallible;

use hpke::{
    Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _,
    aead::AesGcm256,
    kdf::KdfShake256,
    kem::XWing,
    rand_core::{TryCryptoRng, TryRng},
};
use zeroize::Zeroizing;

use super::{SealFault, Wrap, b64, header::Header};

/// `Recipient_structure` of the draft: its context, the content encryption, no further information.
const INFO: &[u8] = b"JOSE-HPKE rcpt\xffA256GCM\xff";

/// A private key; it wipes itself.
pub(in crate::crypto) type PrivateKey = <XWing as hpke::Kem>::PrivateKey;
type PublicKey = <XWing as hpke::Kem>::PublicKey;
type EncappedKey = <XWing as hpke::Kem>::EncappedKey;

/// Wraps for a public key of 1,216 bytes. `drawn` is fresh randomness for the encapsulation.
pub(super) fn wrap(
    content_key: &[u8; 32],
    to: &[u8],
    alg: &str,
    kid: &str,
    drawn: &[u8; 64],
) -> Result<Wrap, SealFault> {
    let to = PublicKey::from_bytes(to).map_err(|_| SealFault)?;
    let mut drawn = Drawn { bytes: drawn, short: false };
    let (ek, encrypted_key) = hpke::single_shot_seal_with_rng::<AesGcm256, KdfShake256, XWing>(
        &OpModeS::Base,
        &to,
        INFO,
        content_key,
        b"",
        &mut drawn,
    )
    .map_err(|_| SealFault)?;
    if drawn.short {
        return Err(SealFault);
    }
    let header = serde_json::to_string(&Header::Hpke { alg, kid, ek: &b64(&ek.to_bytes()) });
    Ok(Wrap { header: header.map_err(|_| SealFault)?, encrypted_key })
}

/// The content key, if this wrap is for this private key and unchanged.
pub(super) fn unwrap(private: &PrivateKey, ek: &[u8], encrypted_key: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let ek = EncappedKey::from_bytes(ek).ok()?;
    let opened = hpke::single_shot_open::<AesGcm256, KdfShake256, XWing>(
        &OpModeR::Base,
        private,
        &ek,
        INFO,
        encrypted_key,
        b"",
    );
    let opened = Zeroizing::new(opened.ok()?);
    Some(Zeroizing::new(opened.as_slice().try_into().ok()?))
}

/// Whether these 1,216 bytes are a public key (FIPS 203 §7.2 for its ML-KEM half).
pub(in crate::crypto) fn is_public_key(key: &[u8]) -> bool {
    PublicKey::from_bytes(key).is_ok()
}

/// The private key of a seed of 32 bytes, and its public key.
pub(in crate::crypto) fn pair(seed: &[u8; 32]) -> Option<(PrivateKey, Vec<u8>)> {
    let private = PrivateKey::from_bytes(seed).ok()?;
    let public = XWing::sk_to_pk(&private).to_bytes().to_vec();
    Some((private, public))
}

/// Randomness that was drawn before, because a generator of the `hpke` crate may not fail. If it is asked
/// for more than there is, it says so afterwards.
struct Drawn<'a> {
    bytes: &'a [u8],
    short: bool,
}

impl Drawn<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        self.fill(&mut taken);
        taken
    }

    fn fill(&mut self, to: &mut [u8]) {
        match self.bytes.split_at_checked(to.len()) {
            Some((front, rest)) => {
                to.copy_from_slice(front);
                self.bytes = rest;
            }
            None => self.short = true,
        }
    }
}

impl TryRng for Drawn<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.take()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.take()))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        self.fill(to);
        Ok(())
    }
}

impl TryCryptoRng for Drawn<'_> {}
