//! Sealed copies for systems: JWE (RFC 7516) with `A256GCM` content and one `ECDH-ES+A256KW` wrap
//! for each recipient (RFC 7518 §4.6).
//!
//! One ciphertext is shared by all recipients of a view; each collects it as a *flattened* JWE of
//! the shared parts and its own `header` and `encrypted_key` (design §5). Nothing personal and no
//! case reference stands outside the ciphertext.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey},
    key_wrap::{AES_256, AesKek, KeyWrap as _},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use ring::digest;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    jwk::{PrivateJwk, RecipientKey},
    random::Random,
};

/// The algorithm of the key wraps.
pub const ALG: &str = "ECDH-ES+A256KW";
/// The algorithm of the content.
pub const ENC: &str = "A256GCM";

/// Sealing failed: no randomness, or a key that was good when it was registered is not.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the message could not be sealed")]
pub struct SealFault;

/// Why a sealed copy does not open. Which of the cryptographic checks failed is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenFault {
    /// Not a flattened JWE of the form that the gateway makes.
    #[error("not a sealed copy of this gateway's form")]
    Form,
    /// The private key file is unusable.
    #[error("the private key is not usable: {0}")]
    Key(#[from] super::jwk::KeyFault),
    /// Sealed for another key, or changed on the way.
    #[error("sealed for another key, or changed on the way")]
    Unopened,
}

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
        let b64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
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
    /// The wrapped content key (RFC 3394).
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
    let protected = BASE64_URL_SAFE_NO_PAD.encode(header);
    let aad = BASE64_URL_SAFE_NO_PAD.encode(form.aad);
    let (ciphertext, tag) = encrypt(&key, iv, format!("{protected}.{aad}").as_bytes(), plaintext)?;
    let wraps = recipients.iter().map(|to| wrap(&key, to, form.apu)).collect::<Result<_, _>>()?;
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

fn wrap(content_key: &[u8; 32], to: &RecipientKey, apu: &str) -> Result<Wrap, SealFault> {
    let ephemeral = PrivateKey::generate(&ECDH_P256).map_err(|_| SealFault)?;
    let public = ephemeral.compute_public_key().map_err(|_| SealFault)?;
    let kek = agree(&ephemeral, to.point(), |z| concat_kdf(z, ALG, apu.as_bytes(), to.kid().as_bytes()))?;
    let mut encrypted_key = vec![0; 40];
    let kek = AesKek::new(&AES_256, kek.as_slice()).map_err(|_| SealFault)?;
    kek.wrap(content_key, &mut encrypted_key).map_err(|_| SealFault)?;
    let b64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let header = serde_json::to_string(&Header {
        alg: ALG,
        kid: to.kid(),
        epk: Epk {
            kty: "EC",
            crv: "P-256",
            x: &b64(&public.as_ref()[1..33]),
            y: &b64(&public.as_ref()[33..65]),
        },
        apu: &b64(apu.as_bytes()),
        apv: &b64(to.kid().as_bytes()),
    })
    .map_err(|_| SealFault)?;
    Ok(Wrap { header, encrypted_key })
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    kid: &'a str,
    epk: Epk<'a>,
    apu: &'a str,
    apv: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Epk<'a> {
    kty: &'a str,
    crv: &'a str,
    x: &'a str,
    y: &'a str,
}

/// Key agreement with a peer's uncompressed point; the shared secret goes only to `derive`.
pub(super) fn agree<T>(
    private: &PrivateKey,
    peer: &[u8; 65],
    derive: impl FnOnce(&[u8]) -> T,
) -> Result<T, SealFault> {
    let peer = UnparsedPublicKey::new(&ECDH_P256, peer.as_slice());
    agreement::agree(private, peer, SealFault, |z| Ok(derive(z)))
}

/// The Concat KDF of NIST SP 800-56A for 256 bits, as RFC 7518 §4.6.2 fills it in.
pub(super) fn concat_kdf(z: &[u8], alg: &str, apu: &[u8], apv: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&1u32.to_be_bytes());
    context.update(z);
    for field in [alg.as_bytes(), apu, apv] {
        // A header's field is far shorter than 4 GiB.
        context.update(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(field);
    }
    context.update(&256u32.to_be_bytes());
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(context.finish().as_ref());
    key
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnedHeader {
    alg: String,
    kid: String,
    epk: OwnedEpk,
    apu: String,
    apv: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnedEpk {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

/// Opens a collected copy with the agency's private key: the function that agencies may use, and
/// `portcullis inbox open` does.
pub fn open(copy: &[u8], key: &PrivateJwk) -> Result<Zeroizing<Vec<u8>>, OpenFault> {
    let jwe: Flattened = serde_json::from_slice(copy).map_err(|_| OpenFault::Form)?;
    let private = key.private()?;
    if jwe.header.alg != ALG || jwe.header.epk.kty != "EC" || jwe.header.epk.crv != "P-256" {
        return Err(OpenFault::Form);
    }
    if jwe.header.kid != key.kid {
        return Err(OpenFault::Unopened);
    }
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| OpenFault::Form);
    let epk = super::jwk::point(&jwe.header.epk.x, &jwe.header.epk.y).map_err(|_| OpenFault::Form)?;
    let (apu, apv) = (bytes(&jwe.header.apu)?, bytes(&jwe.header.apv)?);
    let kek = agree(&private, &epk, |z| concat_kdf(z, ALG, &apu, &apv)).map_err(|_| OpenFault::Unopened)?;
    let kek = AesKek::new(&AES_256, kek.as_slice()).map_err(|_| OpenFault::Unopened)?;
    let mut content_key = Zeroizing::new([0u8; 32]);
    kek.unwrap(&bytes(&jwe.encrypted_key)?, content_key.as_mut_slice()).map_err(|_| OpenFault::Unopened)?;
    let aad = format!("{}.{}", jwe.protected, jwe.aad);
    decrypt(&content_key, &bytes(&jwe.iv)?, aad.as_bytes(), bytes(&jwe.ciphertext)?, &bytes(&jwe.tag)?)
}

/// Decrypts in place.
pub(super) fn decrypt(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form<'static> {
        Form { typ: "portcullis-sealed+jwe", cty: "text/plain", aad: r#"{"message_id":"x"}"#, apu: "gateway" }
    }

    #[test]
    fn the_key_derivation_is_that_of_rfc_7518_appendix_c() {
        // Appendix C derives 128 bits under `enc`; with 256 bits the vector below is the
        // same construction in Python, which gives the RFC's own answer for its own input.
        let z = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163,
            218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let key = concat_kdf(&z, ALG, b"Alice", b"Bob");
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(&key[..]), "jPbrGa9q4JbGATtcezUK3KuIZ-Jvwo-npGamnceSVSE");
    }

    #[test]
    fn every_recipient_opens_its_own_copy_and_nobody_elses() {
        let (a, b) = (PrivateJwk::generate("a-1").unwrap(), PrivateJwk::generate("b-1").unwrap());
        let keys = [&a, &b].map(|key| RecipientKey::new(&key.public()).unwrap());
        let plaintext = Zeroizing::new(b"what was posted".to_vec());
        let (shared, wraps) = seal(plaintext, &form(), &[&keys[0], &keys[1]], &Random::system()).unwrap();
        for (key, wrap) in [&a, &b].into_iter().zip(&wraps) {
            assert_eq!(*open(shared.flattened(wrap).as_bytes(), key).unwrap(), b"what was posted");
        }
        assert_eq!(open(shared.flattened(&wraps[1]).as_bytes(), &a).unwrap_err(), OpenFault::Unopened);
    }

    #[test]
    fn a_changed_copy_does_not_open() {
        let key = PrivateJwk::generate("a-1").unwrap();
        let to = RecipientKey::new(&key.public()).unwrap();
        let (mut shared, wraps) =
            seal(Zeroizing::new(b"text".to_vec()), &form(), &[&to], &Random::system()).unwrap();
        shared.ciphertext[0] ^= 1;
        assert_eq!(open(shared.flattened(&wraps[0]).as_bytes(), &key).unwrap_err(), OpenFault::Unopened);
        shared.ciphertext[0] ^= 1;
        shared.aad = BASE64_URL_SAFE_NO_PAD.encode(r#"{"message_id":"y"}"#);
        assert_eq!(open(shared.flattened(&wraps[0]).as_bytes(), &key).unwrap_err(), OpenFault::Unopened);
    }

    #[test]
    fn a_key_that_is_no_point_of_the_curve_is_refused() {
        let mut key = PrivateJwk::generate("a-1").unwrap().public();
        key.y = key.x.clone();
        let read = RecipientKey::new(&key).unwrap();
        assert_eq!(read.check(), Err(super::super::jwk::KeyFault::NotOnCurve));
        assert!(seal(Zeroizing::new(b"text".to_vec()), &form(), &[&read], &Random::system()).is_err());
        key.crv = "P-384".into();
        assert_eq!(RecipientKey::new(&key).err(), Some(super::super::jwk::KeyFault::NotP256));
    }
}
