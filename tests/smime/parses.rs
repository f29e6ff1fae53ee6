//! The CMS objects, read by an independent parser (the `cms` crate).

use cms::{
    cert::CertificateChoices,
    content_info::ContentInfo,
    enveloped_data::{EnvelopedData, RecipientIdentifier, RecipientInfo},
    signed_data::{SignedData, SignerIdentifier, SignerInfo},
};
use portcullis::crypto::{
    random::Random,
    smime::{envelope, sign},
};
use x509_cert::{
    Certificate,
    der::{Any, Decode, DecodePem, Encode, asn1::OctetStringRef, oid::ObjectIdentifier},
};
use zeroize::Zeroizing;

use crate::pki::{Authority, Identity, Kind};

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const ENVELOPED_DATA: &str = "1.2.840.113549.1.7.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const AES_256_CBC: &str = "2.16.840.1.101.3.4.1.42";

fn identity(kind: &Kind) -> Identity {
    Authority::new().mail_identity(kind, "gateway@mappa.example")
}

fn signed(identity: &Identity, content: &[u8]) -> Vec<u8> {
    sign(content, &identity.signer(), "2026-11-20T09:30:00Z".parse().unwrap()).unwrap().to_vec()
}

/// Reads strictly: DER that is not in its canonical form would come out different.
fn content<'a, T: Decode<'a> + Encode>(der: &'a [u8], kind: &str, hold: &'a mut Vec<u8>) -> T {
    let info = ContentInfo::from_der(der).unwrap();
    assert_eq!(info.content_type.to_string(), kind);
    assert_eq!(info.to_der().unwrap(), der);
    *hold = info.content.to_der().unwrap();
    let read = T::from_der(hold).unwrap();
    assert_eq!(&read.to_der().unwrap(), hold);
    read
}

fn attribute(signer: &SignerInfo, oid: &str) -> Any {
    let oid = ObjectIdentifier::new_unwrap(oid);
    let found = signer.signed_attrs.as_ref().unwrap().iter().find(|attribute| attribute.oid == oid);
    found.unwrap().values.get(0).unwrap().clone()
}

#[test]
fn signed_data_has_the_content_its_digest_the_attributes_and_the_certificate() {
    for kind in [Kind::EcdsaP256, Kind::Rsa] {
        let identity = identity(&kind);
        let (der, mut hold) = (signed(&identity, b"the content"), Vec::new());
        let data: SignedData = content(&der, SIGNED_DATA, &mut hold);
        let inside = data.encap_content_info.econtent.unwrap();
        assert_eq!(inside.decode_as::<OctetStringRef<'_>>().unwrap().as_bytes(), b"the content");
        let own = Certificate::from_pem(&identity.certificate).unwrap();
        let embedded = data.certificates.unwrap().0.get(0).unwrap().clone();
        assert!(matches!(embedded, CertificateChoices::Certificate(read) if read == own));
        let signer = data.signer_infos.0.get(0).unwrap();
        let SignerIdentifier::IssuerAndSerialNumber(named) = &signer.sid else {
            panic!("no issuer and serial")
        };
        assert_eq!(named.serial_number, own.tbs_certificate.serial_number);
        let digest = attribute(signer, MESSAGE_DIGEST);
        let expected = ring::digest::digest(&ring::digest::SHA256, b"the content");
        assert_eq!(digest.value(), expected.as_ref());
        assert_eq!(attribute(signer, "1.2.840.113549.1.9.5").value(), b"261120093000Z");
        let oid = |oid| ObjectIdentifier::new_unwrap(oid).to_der().unwrap();
        let capabilities = attribute(signer, "1.2.840.113549.1.9.15");
        assert!(capabilities.value().windows(11).any(|bytes| bytes == oid(AES_256_CBC)));
    }
}

#[test]
fn rsa_signatures_are_the_same_each_time() {
    let (rsa, ecdsa) = (identity(&Kind::Rsa), identity(&Kind::EcdsaP256));
    assert_eq!(signed(&rsa, b"x"), signed(&rsa, b"x"));
    assert_ne!(signed(&ecdsa, b"x"), signed(&ecdsa, b"x"));
}

#[test]
fn intermediate_certificates_travel_with_the_signature() {
    let (own, other) = (identity(&Kind::Rsa), Authority::new());
    let chained = Identity { certificate: format!("{}{}", own.certificate, other.certificate), ..own };
    let (der, mut hold) = (signed(&chained, b"x"), Vec::new());
    let data: SignedData = content(&der, SIGNED_DATA, &mut hold);
    assert_eq!(data.certificates.unwrap().0.len(), 2);
}

#[test]
fn enveloped_data_names_the_recipient_and_is_fresh_each_time() {
    let recipient = identity(&Kind::Rsa);
    let seal = || {
        let inner = Zeroizing::new(vec![0; 1000]);
        envelope(inner, &recipient.recipient(), &Random::system()).unwrap()
    };
    let (der, mut hold) = (seal(), Vec::new());
    let data: EnvelopedData = content(&der, ENVELOPED_DATA, &mut hold);
    let RecipientInfo::Ktri(transport) = data.recip_infos.0.get(0).unwrap() else {
        panic!("no key transport")
    };
    let RecipientIdentifier::IssuerAndSerialNumber(named) = &transport.rid else {
        panic!("no issuer and serial")
    };
    let own = Certificate::from_pem(&recipient.certificate).unwrap();
    assert_eq!(named.serial_number, own.tbs_certificate.serial_number);
    assert_eq!(transport.enc_key.as_bytes().len(), 256);
    let encrypted = data.encrypted_content;
    assert_eq!(encrypted.content_enc_alg.oid.to_string(), AES_256_CBC);
    assert_eq!(encrypted.encrypted_content.unwrap().as_bytes().len(), 1008);
    assert_ne!(der, seal());
}
