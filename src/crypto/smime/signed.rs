//! SignedData (RFC 5652 §5) around the content of a mail.
//!
//! In: the content, the gateway's identity, the time. Out: DER with the content inside ("opaque", so that
//! no mail server can spoil the signature), written around the content as it passes.

use jiff::Timestamp;

use super::{
    SmimeFault,
    cms::{algorithm, content_info},
    content::{Content, Sink, sha256},
    der::{CONTEXT_0, Der, OCTET_STRING, SET},
    identity::SigningIdentity,
    oid,
};

/// A signed content: what stands before it in DER, the content itself, and what stands after it.
pub struct SignedData<'a> {
    head: Vec<u8>,
    content: &'a dyn Content,
    tail: Vec<u8>,
}

/// SignedData with SHA-256, the signing certificate and the attributes that mail programs look for.
///
/// # Errors
/// If the cryptographic library refuses to sign.
pub fn sign<'a>(
    content: &'a dyn Content,
    signer: &SigningIdentity,
    at: Timestamp,
) -> Result<SignedData<'a>, SmimeFault> {
    let digest = sha256(content);
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
    let inside = Der::gap(OCTET_STRING, content.bytes());
    let signed_data = Der::sequence(vec![
        Der::small_integer(1),
        Der::set_of(SET, vec![algorithm(&oid::SHA256)]),
        Der::sequence(vec![Der::oid(&oid::DATA), Der::explicit(CONTEXT_0, inside)]),
        Der::set_of(CONTEXT_0, certificates),
        Der::set_of(SET, vec![signer_info]),
    ]);
    let (head, tail) = content_info(&oid::SIGNED_DATA, signed_data).around_gap();
    Ok(SignedData { head, content, tail })
}

impl Content for SignedData<'_> {
    fn bytes(&self) -> usize {
        self.head.len() + self.content.bytes() + self.tail.len()
    }

    fn write(&self, out: &mut dyn Sink) {
        out.take(&self.head);
        self.content.write(out);
        out.take(&self.tail);
    }
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
