//! Key wraps by `ECDH-ES+A256KW` (RFC 7518 §4.6) on P-256 and X25519 (RFC 8037 §3.2).
//!
//! A content key and a public key in, a [`Wrap`] out; or a header's ephemeral key and a private key in,
//! the content key out.

use aws_lc_rs::{
    agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey, X25519},
    key_wrap::{AES_256, AesKek, KeyWrap as _},
};
use ring::digest;
use zeroize::Zeroizing;

use super::{
    SealFault, Wrap, b64,
    header::{Epk, Header, Parties},
};
use crate::crypto::jwk::PublicPart;

/// The algorithm of the key wraps to P-256 and X25519 keys.
pub const ALG: &str = "ECDH-ES+A256KW";

/// Wraps for a P-256 or an X25519 key under a fresh ephemeral one.
pub(super) fn wrap(content_key: &[u8; 32], to: &PublicPart, kid: &str, apu: &str) -> Result<Wrap, SealFault> {
    let (algorithm, peer): (_, &[u8]) = match to {
        PublicPart::P256(point) => (&ECDH_P256, point),
        PublicPart::X25519(key) => (&X25519, key),
        PublicPart::XWing { .. } => return Err(SealFault),
    };
    let ephemeral = PrivateKey::generate(algorithm).map_err(|_| SealFault)?;
    let epk = epk(ephemeral.compute_public_key().map_err(|_| SealFault)?.as_ref())?;
    let kek = agree(&ephemeral, peer, |z| concat_kdf(z, ALG, apu.as_bytes(), kid.as_bytes(), 256))?;
    let encrypted_key = wrap_key(&kek, content_key)?;
    let (apu, apv) = (b64(apu.as_bytes()), b64(kid.as_bytes()));
    let header = serde_json::to_string(&Header::Ecdh { alg: ALG, kid, epk, apu: &apu, apv: &apv });
    Ok(Wrap { header: header.map_err(|_| SealFault)?, encrypted_key })
}

/// An ephemeral public key: 65 bytes of an uncompressed point, or the 32 of X25519.
fn epk(public: &[u8]) -> Result<Epk, SealFault> {
    let (kty, crv, x, y) = match (public, public.split_at_checked(33)) {
        (&[4, ref x @ ..], Some((_, y))) if y.len() == 32 => ("EC", "P-256", x.split_at(32).0, Some(b64(y))),
        (x, None) if x.len() == 32 => ("OKP", "X25519", x, None),
        _ => return Err(SealFault),
    };
    Ok(Epk { kty: kty.into(), crv: crv.into(), x: b64(x), y })
}

/// The content key, if this wrap is for this private key and unchanged.
pub(super) fn unwrap(
    private: &PrivateKey,
    epk: &[u8],
    parties: &Parties,
    encrypted_key: &[u8],
) -> Option<Zeroizing<[u8; 32]>> {
    let kek = agree(private, epk, |z| concat_kdf(z, ALG, &parties.apu, &parties.apv, 256)).ok()?;
    unwrap_key(&kek, encrypted_key)
}

/// AES-256 key wrap (RFC 3394).
pub(super) fn wrap_key(kek: &[u8; 32], content_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
    let mut encrypted_key = vec![0; 40];
    let kek = AesKek::new(&AES_256, kek).map_err(|_| SealFault)?;
    kek.wrap(content_key, &mut encrypted_key).map_err(|_| SealFault)?;
    Ok(encrypted_key)
}

/// The reverse of [`wrap_key`].
pub(super) fn unwrap_key(kek: &[u8; 32], encrypted_key: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let kek = AesKek::new(&AES_256, kek).ok()?;
    let mut content_key = Zeroizing::new([0u8; 32]);
    let length = kek.unwrap(encrypted_key, content_key.as_mut_slice()).ok()?.len();
    // A shorter wrapped key would leave zeros behind it.
    (length == 32).then_some(content_key)
}

/// Key agreement with a peer's public key, of the private key's own curve; the shared secret goes only to
/// `derive`. A point that is not on the curve is refused, and so is an X25519 key of low order, whose
/// shared secret anyone knows (RFC 7748 §6.1).
pub(in crate::crypto) fn agree<T>(
    private: &PrivateKey,
    peer: &[u8],
    derive: impl FnOnce(&[u8]) -> T,
) -> Result<T, SealFault> {
    let peer = UnparsedPublicKey::new(private.algorithm(), peer);
    agreement::agree(private, peer, SealFault, |z| Ok(derive(z)))
}

/// The Concat KDF of NIST SP 800-56A for one block, as RFC 7518 §4.6.2 fills it in. For fewer than 256
/// `bits` the key is the front of what is returned.
pub(super) fn concat_kdf(z: &[u8], alg: &str, apu: &[u8], apv: &[u8], bits: u32) -> Zeroizing<[u8; 32]> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&1u32.to_be_bytes());
    context.update(z);
    for field in [alg.as_bytes(), apu, apv] {
        // A header's field is far shorter than 4 GiB.
        context.update(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(field);
    }
    context.update(&bits.to_be_bytes());
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(context.finish().as_ref());
    key
}
