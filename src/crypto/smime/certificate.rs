//! The certificate that a mail is sealed to, and what mail needs to know of any certificate.
//!
//! In: PEM from the directory. Out: what CMS needs of it, checked once. Chains and revocation are not
//! checked: the directory vouches for a recipient's certificate.

use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use x509_cert::{
    Certificate,
    der::{Encode, asn1::Ia5String, oid::ObjectIdentifier},
    ext::pkix::{ExtendedKeyUsage, KeyUsage, name::GeneralName},
};

use super::{der::Der, oid};
use crate::crypto::certificate::{alternative_names, parse};

/// RSA keys shorter than this are refused (NIST SP 800-131A §6).
const RSA_BITS_MIN: usize = 2048;

/// Why a certificate or its key cannot be used for mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// The text holds no certificate that can be read.
    #[error("not a readable X.509 certificate in PEM")]
    Unreadable,
    /// The profile `compat` needs RSA of 2048 bits or more.
    #[error("the certificate's key is not RSA of 2048 bits or more")]
    UnsuitableKey,
    /// Key usage or extended key usage rules mail out (RFC 8550 §4.4.2, §4.4.4).
    #[error("the certificate's key usage does not allow this use in mail")]
    Usage,
    /// The private key is of another kind or another form.
    #[error("not an ECDSA P-256 or RSA private key in PKCS#8 PEM")]
    UnreadableKey,
    /// The private key belongs to another certificate.
    #[error("the private key does not belong to the certificate")]
    ForeignKey,
    /// Not yet or no longer valid at that moment.
    #[error("the certificate is not valid at this time")]
    OutsideValidity,
    /// The certificate does not name the address.
    #[error("the certificate does not name this mail address")]
    OtherAddress,
}

/// A certificate that mail can be sealed to.
pub struct RecipientCertificate {
    facts: Facts,
    pub(super) key: RecipientKey,
}

/// How the content key reaches the recipient. `oaep-gcm` and `ecdh-gcm` become variants of their own.
pub(super) enum RecipientKey {
    /// RSA PKCS#1 v1.5 key transport (RFC 3370 §4.2.1), profile `compat`.
    RsaPkcs1(Pkcs1PublicEncryptingKey),
}

impl RecipientCertificate {
    /// The first certificate in `text`, for the profile `compat`: RSA of at least 2048 bits, and where
    /// it has them, a key usage with keyEncipherment and an extended key usage with emailProtection.
    pub fn from_pem(text: &str) -> Result<Self, CertificateFault> {
        let der = certificates(text)?.into_iter().next().ok_or(CertificateFault::Unreadable)?;
        let facts = Facts::read(&der, |usage| usage.key_encipherment())?;
        let suitable = |key: &PublicEncryptingKey| key.key_size_bits() >= RSA_BITS_MIN;
        let key = Some(&facts.spki)
            .filter(|_| facts.algorithm == oid::RSA_ENCRYPTION)
            .and_then(|spki| PublicEncryptingKey::from_der(spki).ok())
            .filter(suitable)
            .and_then(|key| Pkcs1PublicEncryptingKey::new(key).ok())
            .ok_or(CertificateFault::UnsuitableKey)?;
        Ok(Self { facts, key: RecipientKey::RsaPkcs1(key) })
    }

    /// SHA-256 of its subject public key info: which key mail is sealed to.
    pub fn spki_sha256(&self) -> [u8; 32] {
        crate::crypto::sha256(&self.facts.spki)
    }

    /// Whether `at` lies in its validity, both ends included (RFC 5280 §4.1.2.5).
    pub fn valid_at(&self, at: Timestamp) -> bool {
        self.facts.valid_at(at)
    }

    /// Whether it names this mail address. Upper and lower case are the same: RFC 5280 §7.5 compares
    /// the part before the `@` exactly, but no mail system in use tells them apart.
    pub fn speaks_for(&self, address: &str) -> bool {
        self.facts.speaks_for(address)
    }

    /// The check that sealing makes: valid at that moment, and for that address.
    pub fn fits(&self, address: &str, at: Timestamp) -> Result<(), CertificateFault> {
        self.facts.fits(address, at)
    }

    /// The last second of its validity, for warnings before it ends.
    pub fn not_after(&self) -> Timestamp {
        self.facts.not_after
    }

    pub(super) fn issuer_and_serial(&self) -> &[u8] {
        &self.facts.issuer_and_serial
    }
}

/// What mail needs to know of a certificate.
pub(super) struct Facts {
    /// IssuerAndSerialNumber in DER (RFC 5652 §10.2.4).
    pub(super) issuer_and_serial: Vec<u8>,
    /// The kind of its key.
    algorithm: ObjectIdentifier,
    /// The subject public key info in DER.
    pub(super) spki: Vec<u8>,
    not_before: Timestamp,
    pub(super) not_after: Timestamp,
    addresses: Vec<String>,
}

impl Facts {
    pub(super) fn read(der: &[u8], allows: impl Fn(&KeyUsage) -> bool) -> Result<Self, CertificateFault> {
        let unreadable = |_| CertificateFault::Unreadable;
        let certificate = parse(der).map_err(|_| CertificateFault::Unreadable)?;
        check_usage(&certificate, allows)?;
        let body = &certificate.tbs_certificate;
        let serial = body.serial_number.to_der().map_err(unreadable)?;
        let issuer = body.issuer.to_der().map_err(unreadable)?;
        let parts = [issuer, serial].map(Der::encoded);
        Ok(Self {
            issuer_and_serial: Der::sequence(parts.into()).encode(),
            algorithm: body.subject_public_key_info.algorithm.oid,
            spki: body.subject_public_key_info.to_der().map_err(unreadable)?,
            not_before: moment(&body.validity.not_before)?,
            not_after: moment(&body.validity.not_after)?,
            addresses: addresses(&certificate)?,
        })
    }

    pub(super) fn valid_at(&self, at: Timestamp) -> bool {
        (self.not_before.as_second()..=self.not_after.as_second()).contains(&at.as_second())
    }

    pub(super) fn speaks_for(&self, address: &str) -> bool {
        self.addresses.iter().any(|named| named.eq_ignore_ascii_case(address))
    }

    pub(super) fn fits(&self, address: &str, at: Timestamp) -> Result<(), CertificateFault> {
        if !self.valid_at(at) {
            return Err(CertificateFault::OutsideValidity);
        }
        if !self.speaks_for(address) {
            return Err(CertificateFault::OtherAddress);
        }
        Ok(())
    }
}

/// Every certificate in a PEM text, in DER, in their order.
pub(super) fn certificates(text: &str) -> Result<Vec<Vec<u8>>, CertificateFault> {
    CertificateDer::pem_slice_iter(text.as_bytes())
        .map(|der| der.map(|der| der.to_vec()).map_err(|_| CertificateFault::Unreadable))
        .collect()
}

/// RFC 8550 §4.4.2 and §4.4.4: a missing extension allows everything.
fn check_usage(
    certificate: &Certificate,
    allows: impl Fn(&KeyUsage) -> bool,
) -> Result<(), CertificateFault> {
    let body = &certificate.tbs_certificate;
    let usage = body.get::<KeyUsage>().map_err(|_| CertificateFault::Unreadable)?;
    let extended = body.get::<ExtendedKeyUsage>().map_err(|_| CertificateFault::Unreadable)?;
    let mail = |uses: &ExtendedKeyUsage| {
        uses.0.iter().any(|purpose| [oid::EMAIL_PROTECTION, oid::ANY_EXTENDED_KEY_USAGE].contains(purpose))
    };
    match usage.is_none_or(|(_, usage)| allows(&usage)) && extended.is_none_or(|(_, uses)| mail(&uses)) {
        true => Ok(()),
        false => Err(CertificateFault::Usage),
    }
}

/// The rfc822Names, and the emailAddress attributes of the subject, where older authorities put the
/// address (RFC 8550 §3).
fn addresses(certificate: &Certificate) -> Result<Vec<String>, CertificateFault> {
    let names = alternative_names(certificate).map_err(|_| CertificateFault::Unreadable)?;
    let alternative = names.into_iter().filter_map(|name| match name {
        GeneralName::Rfc822Name(address) => Some(address.to_string()),
        _ => None,
    });
    let attributes = certificate.tbs_certificate.subject.0.iter().flat_map(|set| set.0.iter());
    let in_subject = attributes
        .filter(|attribute| attribute.oid == oid::EMAIL_ADDRESS)
        .filter_map(|attribute| attribute.value.decode_as::<Ia5String>().ok())
        .map(|address| address.to_string());
    Ok(alternative.chain(in_subject).collect())
}

fn moment(time: &x509_cert::time::Time) -> Result<Timestamp, CertificateFault> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok();
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or(CertificateFault::Unreadable)
}
