//! What mail needs to know of a certificate, the gateway's own or a recipient's.
//!
//! In: PEM. Out: what CMS needs of it, checked once. Chains and revocation are not checked: the directory
//! vouches for a recipient's certificate.

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use x509_cert::{
    Certificate,
    der::{Encode, asn1::Ia5String},
    ext::pkix::{ExtendedKeyUsage, KeyUsage, name::GeneralName},
    spki::SubjectPublicKeyInfoOwned,
};

use super::{der::Der, oid};
use crate::crypto::certificate::{alternative_names, parse};

/// Why a certificate or its key cannot be used for mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// The text holds no certificate that can be read.
    #[error("not a readable X.509 certificate in PEM")]
    Unreadable,
    /// Neither RSA nor an elliptic curve, or RSA that may be used for signatures only.
    #[error("the certificate's key is neither RSA for any use nor on an elliptic curve")]
    KeyKind,
    /// RSA keys below 2048 bits are too weak (NIST SP 800-131A §6), above 8192 bits too slow.
    #[error("the certificate's RSA key does not have 2048 to 8192 bits, or cannot be read")]
    RsaSize,
    /// Another curve, parameters in place of a name, or a point that is not on the curve.
    #[error("the certificate's key is not a point on the curve P-256")]
    Curve,
    /// `compat` and `oaep-gcm` need RSA, `ecdh-gcm` needs P-256.
    #[error(
        "the certificate's key does not fit the mail profile: `compat` and `oaep-gcm` take RSA, `ecdh-gcm` P-256"
    )]
    Profile,
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

/// What mail needs to know of a certificate.
pub(super) struct Facts {
    /// IssuerAndSerialNumber in DER (RFC 5652 §10.2.4).
    pub(super) issuer_and_serial: Vec<u8>,
    /// Its public key and the kind of it.
    pub(super) key: SubjectPublicKeyInfoOwned,
    /// The same in DER.
    pub(super) spki: Vec<u8>,
    not_before: Timestamp,
    pub(super) not_after: Timestamp,
    addresses: Vec<String>,
}

impl Facts {
    /// `allows` judges the key usage, where there is one.
    pub(super) fn read(
        der: &[u8],
        allows: impl Fn(&KeyUsage, &SubjectPublicKeyInfoOwned) -> bool,
    ) -> Result<Self, CertificateFault> {
        let unreadable = |_| CertificateFault::Unreadable;
        let certificate = parse(der).map_err(|_| CertificateFault::Unreadable)?;
        check_usage(&certificate, allows)?;
        let body = &certificate.tbs_certificate;
        let serial = body.serial_number.to_der().map_err(unreadable)?;
        let issuer = body.issuer.to_der().map_err(unreadable)?;
        let parts = [issuer, serial].map(Der::encoded);
        Ok(Self {
            issuer_and_serial: Der::sequence(parts.into()).encode(),
            key: body.subject_public_key_info.clone(),
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
    allows: impl Fn(&KeyUsage, &SubjectPublicKeyInfoOwned) -> bool,
) -> Result<(), CertificateFault> {
    let body = &certificate.tbs_certificate;
    let usage = body.get::<KeyUsage>().map_err(|_| CertificateFault::Unreadable)?;
    let extended = body.get::<ExtendedKeyUsage>().map_err(|_| CertificateFault::Unreadable)?;
    let mail = |uses: &ExtendedKeyUsage| {
        uses.0.iter().any(|purpose| [oid::EMAIL_PROTECTION, oid::ANY_EXTENDED_KEY_USAGE].contains(purpose))
    };
    let allowed = usage.is_none_or(|(_, usage)| allows(&usage, &body.subject_public_key_info));
    match allowed && extended.is_none_or(|(_, uses)| mail(&uses)) {
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
