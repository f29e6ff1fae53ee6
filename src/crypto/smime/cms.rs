//! The two CMS objects of a sealed mail (RFC 5652): SignedData around the content, EnvelopedData around
//! the signed mail.
//!
//! In: plaintext, which is zeroised as soon as it has been used. Out: DER. Only the profile `compat` is
//! written so far. For the others, `key_transport` gains an arm for each kind of recipient key, and
//! AuthEnvelopedData (RFC 5083) stands beside `envelope`: GCM must never go into EnvelopedData. The tail
//! that `Der::around_gap` gives is where the authentication tag goes.
//!
//! CBC protects nothing against being changed on the way. That is why the signature is inside: a reader
//! that verifies it notices.

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
};
use jiff::Timestamp;
use x509_cert::der::oid::ObjectIdentifier;
use zeroize::Zeroizing;

use super::{
    SmimeFault,
    certificate::{RecipientCertificate, RecipientKey},
    der::{CONTEXT_0, CONTEXT_0_PRIMITIVE, Der, SET},
    identity::SigningIdentity,
    oid,
};
use crate::crypto::random::Random;

/// The bytes of an AES-256 key.
const KEY_BYTES: usize = 32;
/// The bytes of an AES block, and so of the initialisation vector.
const BLOCK_BYTES: usize = 16;

/// SignedData with the content inside ("opaque", so that no mail server can spoil the signature),
/// SHA-256 and the signing certificate. It is written once, into a buffer of its exact size.
pub fn sign(
    content: &[u8],
    signer: &SigningIdentity,
    at: Timestamp,
) -> Result<Zeroizing<Vec<u8>>, SmimeFault> {
    let digest = ring::digest::digest(&ring::digest::SHA256, content);
    let attributes = |tag| signed_attributes(tag, digest.as_ref(), at);
    // RFC 5652 §5.4: the signature is over the attributes under the tag SET OF, though they stand in
    // the message under [0].
    let signature = signer.sign(&attributes(SET).encode())?;
    let signer_info = Der::sequence(vec![
        Der::small_integer(1),
        Der::encoded(signer.issuer_and_serial()),
        algorithm(&oid::SHA256),
        attributes(CONTEXT_0),
        signature_algorithm(signer),
        Der::octets(signature),
    ]);
    let certificates = signer.certificates.iter().map(|der| Der::encoded(&der[..])).collect();
    let signed_data = Der::sequence(vec![
        Der::small_integer(1),
        Der::set_of(SET, vec![algorithm(&oid::SHA256)]),
        Der::sequence(vec![Der::oid(&oid::DATA), Der::explicit(CONTEXT_0, Der::octets(content))]),
        Der::set_of(CONTEXT_0, certificates),
        Der::set_of(SET, vec![signer_info]),
    ]);
    Ok(Zeroizing::new(content_info(&oid::SIGNED_DATA, signed_data).encode()))
}

/// EnvelopedData for one recipient: AES-256-CBC under a fresh key, and that key under the recipient's.
/// `inner` is erased on every way out.
pub fn envelope(
    inner: Zeroizing<Vec<u8>>,
    recipient: &RecipientCertificate,
    random: &Random,
) -> Result<Vec<u8>, SmimeFault> {
    let key = Zeroizing::new(random.bytes::<KEY_BYTES>()?);
    let iv = random.bytes::<BLOCK_BYTES>()?;
    // The padding of RFC 5652 §6.3 adds at least one byte.
    let ciphertext_bytes = (inner.len() / BLOCK_BYTES + 1) * BLOCK_BYTES;
    let content = Der::sequence(vec![
        Der::oid(&oid::DATA),
        Der::sequence(vec![Der::oid(&oid::AES_256_CBC), Der::octets(&iv[..])]),
        Der::gap(CONTEXT_0_PRIMITIVE, ciphertext_bytes),
    ]);
    let enveloped = Der::sequence(vec![
        Der::small_integer(0),
        Der::set_of(SET, vec![key_transport(recipient, &key)?]),
        content,
    ]);
    let (head, tail) = content_info(&oid::ENVELOPED_DATA, enveloped).around_gap();
    // Encrypted in place, and large enough from the start: a vector that grows leaves its old bytes
    // behind, and until the encryption these are the plaintext.
    let mut out = Zeroizing::new(Vec::with_capacity(head.len() + ciphertext_bytes + tail.len()));
    out.extend_from_slice(&head);
    out.extend_from_slice(&inner);
    drop(inner);
    encrypt_cbc(&mut Rest { buffer: &mut out, start: head.len() }, &key, iv)?;
    out.extend_from_slice(&tail);
    Ok(std::mem::take(&mut *out))
}

fn content_info<'a>(kind: &ObjectIdentifier, content: Der<'a>) -> Der<'a> {
    Der::sequence(vec![Der::oid(kind), Der::explicit(CONTEXT_0, content)])
}

/// An AlgorithmIdentifier without parameters (for SHA-256 see RFC 5754 §2).
fn algorithm(oid: &ObjectIdentifier) -> Der<'static> {
    Der::sequence(vec![Der::oid(oid)])
}

fn signature_algorithm(signer: &SigningIdentity) -> Der<'static> {
    match signer.is_rsa() {
        // RFC 3370 §3.2: rsaEncryption with NULL, which the oldest readers know too.
        true => Der::sequence(vec![Der::oid(&oid::RSA_ENCRYPTION), Der::null()]),
        false => algorithm(&oid::ECDSA_WITH_SHA256),
    }
}

fn signed_attributes(tag: u8, digest: &[u8], at: Timestamp) -> Der<'static> {
    let attribute = |kind, value| Der::sequence(vec![Der::oid(kind), Der::set_of(SET, vec![value])]);
    // RFC 8551 §2.5.2, the preferred first: how an answer may be encrypted.
    let capabilities = Der::sequence(vec![algorithm(&oid::AES_256_GCM), algorithm(&oid::AES_256_CBC)]);
    Der::set_of(
        tag,
        vec![
            attribute(&oid::CONTENT_TYPE, Der::oid(&oid::DATA)),
            attribute(&oid::SIGNING_TIME, Der::time(at)),
            attribute(&oid::MESSAGE_DIGEST, Der::octets(digest.to_vec())),
            attribute(&oid::SMIME_CAPABILITIES, capabilities),
        ],
    )
}

/// KeyTransRecipientInfo (RFC 5652 §6.2.1), version 0 because it names issuer and serial number.
fn key_transport(
    recipient: &RecipientCertificate,
    key: &[u8; KEY_BYTES],
) -> Result<Der<'static>, SmimeFault> {
    let RecipientKey::RsaPkcs1(rsa) = &recipient.key;
    let mut encrypted = vec![0; rsa.ciphertext_size()];
    let written = rsa.encrypt(key, &mut encrypted).map_err(|_| SmimeFault::Library("wrap a key"))?.len();
    encrypted.truncate(written);
    Ok(Der::sequence(vec![
        Der::small_integer(0),
        Der::encoded(recipient.issuer_and_serial().to_vec()),
        Der::sequence(vec![Der::oid(&oid::RSA_ENCRYPTION), Der::null()]),
        Der::octets(encrypted),
    ]))
}

fn encrypt_cbc(
    plaintext: &mut Rest<'_>,
    key: &[u8; KEY_BYTES],
    iv: [u8; BLOCK_BYTES],
) -> Result<(), SmimeFault> {
    let refused = |_| SmimeFault::Library("encrypt");
    let key = UnboundCipherKey::new(&AES_256, key).map_err(refused)?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(refused)?;
    // "Less safe" as it trusts the caller for the vector: this one is random and used once.
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.less_safe_encrypt(plaintext, context).map_err(refused)?;
    Ok(())
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
