//! The sealed object of a mail: EnvelopedData (RFC 5652 §6) with AES-256-CBC for the profile `compat`,
//! AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084 §3.2) for the others.
//!
//! In: plaintext, which is written once into the buffer that it is encrypted in. Out: DER. GCM never goes
//! into EnvelopedData, which has no place for its tag.
//!
//! CBC protects nothing against being changed on the way, and even GCM proves no sender to a reader that
//! others can write to. That is why the signature is inside: a reader that verifies it notices.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
};
use x509_cert::der::oid::ObjectIdentifier;
use zeroize::Zeroizing;

use super::{
    SmimeFault,
    cms::content_info,
    content::Content,
    der::{CONTEXT_0_PRIMITIVE, Der, OCTET_STRING, SET},
    oid,
    recipient::RecipientCertificate,
    recipient_info::{ContentKey, KEY_BYTES, recipient_info},
};
use crate::{crypto::random::Random, message::SmimeProfile};

/// The bytes of an AES block, and so of the initialisation vector of CBC.
const BLOCK_BYTES: usize = 16;
/// The bytes of the nonce that RFC 5084 §3.2 recommends for GCM.
const NONCE_BYTES: usize = 12;
/// The bytes of the authentication tag: the longest there is. It must be written, since the default that
/// RFC 5084 §3.2 gives is shorter.
const TAG_BYTES: u8 = 16;

/// Seals `inner` to one recipient, as its profile says, under a fresh key.
///
/// # Errors
/// No randomness, or the cryptographic library refuses.
pub fn envelope(
    inner: &dyn Content,
    recipient: &RecipientCertificate,
    random: &Random,
) -> Result<Vec<u8>, SmimeFault> {
    let key = Zeroizing::new(random.bytes::<KEY_BYTES>()?);
    match recipient.profile() {
        SmimeProfile::Compat => enveloped_data(inner, recipient, &key, random.bytes()?),
        SmimeProfile::OaepGcm | SmimeProfile::EcdhGcm => {
            auth_enveloped_data(inner, recipient, &key, random.bytes()?)
        }
    }
}

/// Version 0, since the recipient is named by issuer and serial number and nothing else stands beside it
/// (RFC 5652 §6.1).
fn enveloped_data(
    inner: &dyn Content,
    recipient: &RecipientCertificate,
    key: &ContentKey,
    iv: [u8; BLOCK_BYTES],
) -> Result<Vec<u8>, SmimeFault> {
    // The padding of RFC 5652 §6.3 adds at least one byte.
    let ciphertext_bytes = (inner.bytes() / BLOCK_BYTES + 1) * BLOCK_BYTES;
    let enveloped = Der::sequence(vec![
        Der::small_integer(0),
        Der::set_of(SET, vec![recipient_info(recipient, key)?]),
        encrypted_content(&oid::AES_256_CBC, Der::octets(&iv[..]), ciphertext_bytes),
    ]);
    let (head, tail) = content_info(&oid::ENVELOPED_DATA, enveloped).around_gap();
    let mut out = around(&head, inner, ciphertext_bytes + tail.len());
    encrypt_cbc(&mut Rest { buffer: &mut out, start: head.len() }, key, iv)?;
    out.extend_from_slice(&tail);
    Ok(std::mem::take(&mut *out))
}

/// Version 0, always (RFC 5083 §2.1). There are no authenticated attributes, as the content is of the
/// kind id-data; so nothing but the content is authenticated.
fn auth_enveloped_data(
    inner: &dyn Content,
    recipient: &RecipientCertificate,
    key: &ContentKey,
    nonce: [u8; NONCE_BYTES],
) -> Result<Vec<u8>, SmimeFault> {
    let ciphertext_bytes = inner.bytes();
    let parameters = Der::sequence(vec![Der::octets(&nonce[..]), Der::small_integer(TAG_BYTES)]);
    let enveloped = Der::sequence(vec![
        Der::small_integer(0),
        Der::set_of(SET, vec![recipient_info(recipient, key)?]),
        encrypted_content(&oid::AES_256_GCM, parameters, ciphertext_bytes),
        Der::gap(OCTET_STRING, usize::from(TAG_BYTES)),
    ]);
    let (head, tail) = content_info(&oid::AUTH_ENVELOPED_DATA, enveloped).around_gap();
    let mut out = around(&head, inner, ciphertext_bytes + tail.len() + usize::from(TAG_BYTES));
    let tag = encrypt_gcm(Rest { buffer: &mut out, start: head.len() }.as_mut(), key, nonce)?;
    out.extend_from_slice(&tail);
    out.extend_from_slice(&tag);
    Ok(std::mem::take(&mut *out))
}

/// EncryptedContentInfo (RFC 5652 §6.1) with room for the ciphertext.
fn encrypted_content<'a>(cipher: &ObjectIdentifier, parameters: Der<'a>, ciphertext_bytes: usize) -> Der<'a> {
    Der::sequence(vec![
        Der::oid(&oid::DATA),
        Der::sequence(vec![Der::oid(cipher), parameters]),
        Der::gap(CONTEXT_0_PRIMITIVE, ciphertext_bytes),
    ])
}

/// `head` and the plaintext after it, to be encrypted in place, in a buffer for as many bytes as will
/// follow `head` in the end. It is large enough from the start: a vector that grows leaves its old bytes
/// behind, and until the encryption these are the plaintext.
fn around(head: &[u8], inner: &dyn Content, following_bytes: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(head.len() + following_bytes));
    out.extend_from_slice(head);
    inner.write(&mut *out);
    out
}

fn encrypt_cbc(plaintext: &mut Rest<'_>, key: &ContentKey, iv: [u8; BLOCK_BYTES]) -> Result<(), SmimeFault> {
    let refused = |_| SmimeFault::Library("encrypt");
    let key = UnboundCipherKey::new(&AES_256, key).map_err(refused)?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(refused)?;
    // "Less safe" as it trusts the caller for the vector: this one is random and used once.
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.less_safe_encrypt(plaintext, context).map_err(refused)?;
    Ok(())
}

/// Encrypts in place and gives the tag.
fn encrypt_gcm(
    plaintext: &mut [u8],
    key: &ContentKey,
    nonce: [u8; NONCE_BYTES],
) -> Result<Vec<u8>, SmimeFault> {
    let refused = |_| SmimeFault::Library("encrypt");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(refused)?);
    // The key is used this once, so the nonce cannot be another's.
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), plaintext).map_err(refused)?;
    Ok(tag.as_ref().to_vec())
}

/// The rest of a buffer from `start` on, to which the cipher adds its padding.
struct Rest<'a> {
    buffer: &'a mut Vec<u8>,
    start: usize,
}

impl AsMut<[u8]> for Rest<'_> {
    fn as_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.start..).unwrap_or_default()
    }
}

impl<'b> Extend<&'b u8> for Rest<'_> {
    fn extend<I: IntoIterator<Item = &'b u8>>(&mut self, bytes: I) {
        self.buffer.extend(bytes);
    }
}
