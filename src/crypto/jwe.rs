//! Sealed copies for systems: JWE (RFC 7516) with `A256GCM` content and one key wrap for each recipient.
//!
//! One ciphertext is shared by all recipients of a view; each collects it as a *flattened* JWE of
//! the shared parts and its own `header` and `encrypted_key` (design §5). Nothing personal and no
//! case reference stands outside the ciphertext.
//!
//! The kind of the recipient's key decides the wrap: `ECDH-ES+A256KW` on P-256 or X25519 (`ecdh`), or
//! HPKE with X-Wing (`x_wing`), which also resists quantum computers. A recipient has one key and so one
//! wrap: a classical wrap beside a post-quantum one would undo it. [`open`] is the reading side.

mod ecdh;
mod header;
mod open;
mod x_wing;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use zeroize::Zeroizing;

use super::{
    jwk::{PublicPart, RecipientKey},
    random::Random,
};

pub use ecdh::ALG;
pub(super) use ecdh::agree;
pub(super) use open::decrypt;
pub use open::{OpenFault, open};
pub(super) use x_wing::{PrivateKey as XWingPrivate, is_public_key as is_x_wing_key, pair as x_wing_pair};

/// The algorithm of the content.
pub const ENC: &str = "A256GCM";

/// Sealing failed: no randomness, or a key that was good when it was registered is not.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the message could not be sealed")]
pub struct SealFault;

/// The shared part of a view's sealed copies. Only [`seal`] makes one from plaintext, which is how
/// the store, that takes nothing else, cannot be given any.
#[derive(Clone)]
pub struct Ciphertext {
    /// `protected`, in base64url.
    pub protected: String,
    /// `aad`, in base64url.
    pub aad: String,
    /// The nonce.
    pub iv: [u8; 12],
    /// The authentication tag.
    pub tag: [u8; 16],
    ciphertext: Vec<u8>,
}

impl Ciphertext {
    /// What the store kept of a sealed copy.
    pub fn restored(
        protected: String,
        aad: String,
        iv: [u8; 12],
        ciphertext: Vec<u8>,
        tag: [u8; 16],
    ) -> Self {
        Self { protected, aad, iv, ciphertext, tag }
    }

    /// The encrypted bytes, not encoded.
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// The flattened JWE JSON that one recipient collects (RFC 7516 §7.2.2).
    pub fn flattened(&self, wrap: &Wrap) -> String {
        // Every value is base64url or, for `header`, JSON that `wrap` wrote: nothing needs escaping.
        format!(
            r#"{{"protected":"{}","header":{},"encrypted_key":"{}","aad":"{}","iv":"{}","ciphertext":"{}","tag":"{}"}}"#,
            self.protected,
            wrap.header,
            b64(&wrap.encrypted_key),
            self.aad,
            b64(&self.iv),
            b64(&self.ciphertext),
            b64(&self.tag),
        )
    }
}

/// One recipient's key to a [`Ciphertext`].
#[derive(Clone)]
pub struct Wrap {
    /// The per-recipient header, JSON.
    pub header: String,
    /// The wrapped content key: 40 bytes by AES key wrap (RFC 3394), 48 by HPKE.
    pub encrypted_key: Vec<u8>,
}

/// Encrypts `plaintext` once and wraps the content key for each recipient, in their order.
///
/// `typ` and `cty` describe the content in the protected header, `aad` is authenticated beside it,
/// `apu` names the gateway in every key agreement. The plaintext is overwritten by its ciphertext.
pub fn seal(
    plaintext: Zeroizing<Vec<u8>>,
    form: &Form<'_>,
    recipients: &[&RecipientKey],
    random: &Random,
) -> Result<(Ciphertext, Vec<Wrap>), SealFault> {
    let key = Zeroizing::new(random.bytes::<32>().map_err(|_| SealFault)?);
    let iv = random.bytes::<12>().map_err(|_| SealFault)?;
    let header = format!(r#"{{"enc":"{ENC}","typ":"{}","cty":"{}"}}"#, form.typ, form.cty);
    let protected = b64(header.as_bytes());
    let aad = b64(form.aad.as_bytes());
    let (ciphertext, tag) = encrypt(&key, iv, format!("{protected}.{aad}").as_bytes(), plaintext)?;
    let wraps = recipients.iter().map(|to| wrap(&key, to, form.apu, random)).collect::<Result<_, _>>()?;
    Ok((Ciphertext { protected, aad, iv, ciphertext, tag }, wraps))
}

/// What stands around the content of a sealed copy.
pub struct Form<'a> {
    /// `typ` of the protected header.
    pub typ: &'a str,
    /// `cty` of the protected header.
    pub cty: &'a str,
    /// JSON that is authenticated and not encrypted.
    pub aad: &'a str,
    /// The gateway's name.
    pub apu: &'a str,
}

/// Encrypts in place and returns ciphertext and tag.
pub(super) fn encrypt(
    key: &[u8; 32],
    iv: [u8; 12],
    aad: &[u8],
    mut plaintext: Zeroizing<Vec<u8>>,
) -> Result<(Vec<u8>, [u8; 16]), SealFault> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealFault)?);
    let nonce = Nonce::assume_unique_for_key(iv);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut plaintext).map_err(|_| SealFault)?;
    let tag = tag.as_ref().try_into().map_err(|_| SealFault)?;
    Ok((std::mem::take(&mut *plaintext), tag))
}

fn wrap(content_key: &[u8; 32], to: &RecipientKey, apu: &str, random: &Random) -> Result<Wrap, SealFault> {
    match to.public() {
        PublicPart::P256(_) | PublicPart::X25519(_) => ecdh::wrap(content_key, to.public(), to.kid(), apu),
        PublicPart::XWing { alg, key } => {
            let drawn = Zeroizing::new(random.bytes().map_err(|_| SealFault)?);
            x_wing::wrap(content_key, key.as_slice(), alg, to.kid(), &drawn)
        }
    }
}

fn b64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests;
