//! The CMS objects, read by an independent parser (the `cms` crate).

use cms::{
    cert::CertificateChoices,
    content_info::{CmsVersion, ContentInfo},
    enveloped_data::{
        EncryptedContentInfo, EnvelopedData, KeyAgreeRecipientIdentifier, KeyTransRecipientInfo,
        OriginatorIdentifierOrKey, RecipientIdentifier, RecipientInfo, RecipientInfos,
    },
    signed_data::{SignedData, SignerIdentifier, SignerInfo},
};
use portcullis::{
    crypto::{
        random::Random,
        smime::{Content as _, envelope, sign},
    },
    message::SmimeProfile,
};
use x509_cert::{
    Certificate,
    der::{Any, Decode, DecodePem, Encode, Reader, SliceReader, asn1::OctetStringRef, oid::ObjectIdentifier},
    serial_number::SerialNumber,
    spki::AlgorithmIdentifierOwned,
};

use crate::pki::{Authority, Identity, Kind};

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const ENVELOPED_DATA: &str = "1.2.840.113549.1.7.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const AES_256_CBC: &str = "2.16.840.1.101.3.4.1.42";
const AES_256_GCM: &str = "2.16.840.1.101.3.4.1.46";
const AUTH_ENVELOPED_DATA: &str = "1.2.840.113549.1.9.16.1.23";
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";

fn identity(kind: &Kind) -> Identity {
    Authority::new().mail_identity(kind, "gateway@mappa.example")
}

fn signed(identity: &Identity, content: &[u8]) -> Vec<u8> {
    let at = "2026-11-20T09:30:00Z".parse().unwrap();
    sign(&content, &identity.signer(), at).unwrap().to_bytes().to_vec()
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
        // The preferred first (RFC 8551 §2.5.2): a reader that knows both answers with GCM.
        let at = |kind| capabilities.value().windows(11).position(|bytes| bytes == oid(kind)).unwrap();
        assert!(at(AES_256_GCM) < at(AES_256_CBC));
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

fn sealed(recipient: &Identity, profile: SmimeProfile) -> Vec<u8> {
    envelope(&&[0; 1000][..], &recipient.recipient_by(profile), &Random::system()).unwrap()
}

fn serial(identity: &Identity) -> SerialNumber {
    Certificate::from_pem(&identity.certificate).unwrap().tbs_certificate.serial_number
}

fn key_transport(infos: &RecipientInfos, recipient: &Identity) -> KeyTransRecipientInfo {
    assert_eq!(infos.0.len(), 1);
    let RecipientInfo::Ktri(transport) = infos.0.get(0).unwrap() else { panic!("no key transport") };
    let RecipientIdentifier::IssuerAndSerialNumber(named) = &transport.rid else {
        panic!("no issuer and serial")
    };
    assert_eq!(named.serial_number, serial(recipient));
    assert_eq!((transport.version, transport.enc_key.as_bytes().len()), (CmsVersion::V0, 256));
    transport.clone()
}

/// AuthEnvelopedData (RFC 5083 §2.1), of which the crate has the parts and not the whole.
struct AuthEnvelopedData {
    recipients: RecipientInfos,
    content: EncryptedContentInfo,
    mac: Vec<u8>,
}

impl AuthEnvelopedData {
    fn read(der: &[u8]) -> Self {
        let info = ContentInfo::from_der(der).unwrap();
        assert_eq!(info.content_type.to_string(), AUTH_ENVELOPED_DATA);
        assert_eq!(info.to_der().unwrap(), der);
        let inside = info.content.to_der().unwrap();
        let mut reader = SliceReader::new(&inside).unwrap();
        let read = reader.sequence(|parts| {
            assert_eq!(CmsVersion::decode(parts)?, CmsVersion::V0);
            let (recipients, content) =
                (RecipientInfos::decode(parts)?, EncryptedContentInfo::decode(parts)?);
            Ok(Self { recipients, content, mac: OctetStringRef::decode(parts)?.as_bytes().to_vec() })
        });
        assert!(reader.is_finished());
        read.unwrap()
    }

    /// RFC 5084 §3.2: a nonce of twelve bytes, a tag of sixteen.
    fn assert_gcm(&self) {
        let algorithm = &self.content.content_enc_alg;
        assert_eq!(algorithm.oid.to_string(), AES_256_GCM);
        let parameters = algorithm.parameters.as_ref().unwrap().to_der().unwrap();
        assert!(parameters.starts_with(&[0x30, 17, 0x04, 12]) && parameters.ends_with(&[0x02, 1, 16]));
        assert_eq!(self.content.encrypted_content.as_ref().unwrap().as_bytes().len(), 1000);
        assert_eq!(self.mac.len(), 16);
    }
}

/// Whether the crate reads a sealed object of this profile, all of it and nothing beside it.
pub fn parses(der: &[u8], profile: SmimeProfile) -> bool {
    match profile {
        SmimeProfile::Compat => {
            let mut hold = Vec::new();
            content::<EnvelopedData>(der, ENVELOPED_DATA, &mut hold).recip_infos.0.len() == 1
        }
        SmimeProfile::OaepGcm | SmimeProfile::EcdhGcm => AuthEnvelopedData::read(der).recipients.0.len() == 1,
    }
}

#[test]
fn compat_names_the_recipient_and_is_fresh_each_time() {
    let recipient = identity(&Kind::Rsa);
    let (der, mut hold) = (sealed(&recipient, SmimeProfile::Compat), Vec::new());
    let data: EnvelopedData = content(&der, ENVELOPED_DATA, &mut hold);
    let transport = key_transport(&data.recip_infos, &recipient);
    assert_eq!(transport.key_enc_alg.oid.to_string(), "1.2.840.113549.1.1.1");
    let encrypted = data.encrypted_content;
    assert_eq!(encrypted.content_enc_alg.oid.to_string(), AES_256_CBC);
    assert_eq!(encrypted.encrypted_content.unwrap().as_bytes().len(), 1008);
    assert_ne!(der, sealed(&recipient, SmimeProfile::Compat));
}

#[test]
fn oaep_gcm_is_authenticated_data_under_an_oaep_key() {
    let recipient = identity(&Kind::Rsa);
    let data = AuthEnvelopedData::read(&sealed(&recipient, SmimeProfile::OaepGcm));
    data.assert_gcm();
    let algorithm = key_transport(&data.recipients, &recipient).key_enc_alg;
    assert_eq!(algorithm.oid.to_string(), "1.2.840.113549.1.1.7");
    // What RFC 4055 §6 lists as rSAES-OAEP-SHA256-Params.
    let expected = [
        &[0x30, 0x2f, 0xa0, 0x0f][..],
        &SHA256_IDENTIFIER,
        &[0xa1, 0x1c, 0x30, 0x1a, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8],
        &SHA256_IDENTIFIER,
    ];
    assert_eq!(algorithm.parameters.unwrap().to_der().unwrap(), expected.concat());
}

const SHA256_IDENTIFIER: [u8; 15] = [0x30, 0x0d, 0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 0x05, 0x00];

#[test]
fn ecdh_gcm_agrees_on_a_key_with_a_new_one_for_each_mail() {
    let recipient = identity(&Kind::EcdsaP256);
    let agreement = || {
        let data = AuthEnvelopedData::read(&sealed(&recipient, SmimeProfile::EcdhGcm));
        data.assert_gcm();
        assert_eq!(data.recipients.0.len(), 1);
        let RecipientInfo::Kari(agreement) = data.recipients.0.get(0).unwrap().clone() else {
            panic!("no key agreement")
        };
        agreement
    };
    let first = agreement();
    assert_eq!((first.version, first.ukm.is_none()), (CmsVersion::V3, true));
    assert_eq!(first.key_enc_alg.oid.to_string(), "1.3.132.1.11.1");
    let wrap: AlgorithmIdentifierOwned = first.key_enc_alg.parameters.unwrap().decode_as().unwrap();
    assert_eq!((wrap.oid.to_string().as_str(), wrap.parameters), ("2.16.840.1.101.3.4.1.45", None));
    let [key] = &first.recipient_enc_keys[..] else { panic!("not one key") };
    let KeyAgreeRecipientIdentifier::IssuerAndSerialNumber(named) = &key.rid else {
        panic!("no issuer and serial")
    };
    assert_eq!((&named.serial_number, key.enc_key.as_bytes().len()), (&serial(&recipient), 40));
    let point = |originator| {
        let OriginatorIdentifierOrKey::OriginatorKey(own) = originator else { panic!("no key of its own") };
        assert_eq!((own.algorithm.oid.to_string().as_str(), own.algorithm.parameters), (EC_PUBLIC_KEY, None));
        own.public_key.as_bytes().unwrap().to_vec()
    };
    let (first, second) = (point(first.originator), point(agreement().originator));
    assert!(first.len() == 65 && first[0] == 4 && first != second);
}
