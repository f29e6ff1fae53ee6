//! What several rooms read in a certificate: its public key's digest, its names, its validity.
//!
//! In: one certificate in DER, or a list of revoked ones. Out: plain values. No chain, no validity and no revocation is checked
//! here: for TLS rustls does that, for mail the directory vouches for the certificate it lists.

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use x509_cert::{
    Certificate,
    crl::CertificateList,
    der::{Decode, Encode},
    ext::pkix::{SubjectAltName, name::GeneralName},
    time::Time,
};

/// The bytes are no X.509 certificate (RFC 5280), or one of its names cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a readable X.509 certificate")]
pub struct NotACertificate;

/// A certificate in the operator's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its subject (RFC 4514), at most [`SUBJECT_CHARS`] characters, without control characters.
    pub subject: String,
    /// Its serial number, hex.
    pub serial: String,
    /// SHA-256 of its subject public key info, hex: the name that the directory knows it by.
    pub spki_sha256: String,
    /// Its first moment.
    pub not_before: Timestamp,
    /// Its last moment.
    pub not_after: Timestamp,
}

/// A subject is whatever its maker wrote: in a log it may not take more room than this.
pub const SUBJECT_CHARS: usize = 200;

/// Reads what an operator wants to know of a certificate.
pub fn describe(cert_der: &[u8]) -> Result<Described, NotACertificate> {
    let certificate = parse(cert_der)?.tbs_certificate;
    let subject = certificate.subject.to_string();
    Ok(Described {
        subject: subject.chars().filter(|c| !c.is_control()).take(SUBJECT_CHARS).collect(),
        serial: super::hex(certificate.serial_number.as_bytes()),
        spki_sha256: super::hex(&spki_sha256(cert_der)?),
        not_before: moment(certificate.validity.not_before)?,
        not_after: moment(certificate.validity.not_after)?,
    })
}

/// The same of the first certificate in a PEM text.
pub fn describe_pem(pem: &[u8]) -> Result<Described, NotACertificate> {
    describe(&CertificateDer::from_pem_slice(pem).map_err(|_| NotACertificate)?)
}

/// The same of every certificate in a PEM text that can be read.
pub fn describe_all_pem(pem: &[u8]) -> Vec<Described> {
    CertificateDer::pem_slice_iter(pem).filter_map(|der| describe(&der.ok()?).ok()).collect()
}

/// When a list of revoked certificates (RFC 5280 §5) wants to be replaced; none where it does not say.
pub fn next_update(crl_der: &[u8]) -> Result<Option<Timestamp>, NotACertificate> {
    let list = CertificateList::from_der(crl_der).map_err(|_| NotACertificate)?;
    list.tbs_cert_list.next_update.map(moment).transpose()
}

fn moment(time: Time) -> Result<Timestamp, NotACertificate> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| NotACertificate)?;
    Timestamp::from_second(seconds).map_err(|_| NotACertificate)
}

/// SHA-256 of the subject public key info: how the directory names a TLS client certificate, so that
/// a renewed certificate with the same key needs no new entry.
pub fn spki_sha256(cert_der: &[u8]) -> Result<[u8; 32], NotACertificate> {
    let spki =
        parse(cert_der)?.tbs_certificate.subject_public_key_info.to_der().map_err(|_| NotACertificate)?;
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, &spki).as_ref());
    Ok(sum)
}

/// The URIs among the subject alternative names (RFC 5280 §4.2.1.6), in their order. A certificate
/// that cannot be read has none, and so speaks for nobody.
pub fn uri_names(cert_der: &[u8]) -> Vec<String> {
    let names = parse(cert_der).and_then(|certificate| alternative_names(&certificate)).unwrap_or_default();
    names
        .into_iter()
        .filter_map(|name| match name {
            GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
            _ => None,
        })
        .collect()
}

pub(super) fn parse(cert_der: &[u8]) -> Result<Certificate, NotACertificate> {
    Certificate::from_der(cert_der).map_err(|_| NotACertificate)
}

pub(super) fn alternative_names(certificate: &Certificate) -> Result<Vec<GeneralName>, NotACertificate> {
    let found = certificate.tbs_certificate.get::<SubjectAltName>().map_err(|_| NotACertificate)?;
    Ok(found.map(|(_critical, names)| names.0).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency_certificate() -> (rcgen::Certificate, rcgen::KeyPair) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["kent.example".into()]).unwrap();
        let uri = "urn:portcullis:agency:kent-police".try_into().unwrap();
        params.subject_alt_names.push(rcgen::SanType::URI(uri));
        (params.self_signed(&key).unwrap(), key)
    }

    #[test]
    fn only_the_uris_of_a_certificate_are_uri_names() {
        let (certificate, _) = agency_certificate();
        assert_eq!(uri_names(certificate.der()), ["urn:portcullis:agency:kent-police"]);
    }

    #[test]
    fn the_digest_is_of_the_whole_subject_public_key_info() {
        use rcgen::PublicKeyData;
        let (certificate, key) = agency_certificate();
        let expected = digest(&SHA256, &key.subject_public_key_info());
        assert_eq!(spki_sha256(certificate.der()).unwrap(), expected.as_ref());
    }

    #[test]
    fn a_certificate_is_described_by_subject_key_and_both_dates() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, "x\u{1b}y".repeat(300));
        params.not_before = rcgen::date_time_ymd(2026, 1, 2);
        params.not_after = rcgen::date_time_ymd(2027, 3, 4);
        params.serial_number = Some(vec![1, 0xab].into());
        let certificate = params.self_signed(&key).unwrap();
        let described = describe_pem(certificate.pem().as_bytes()).unwrap();
        assert_eq!(described.not_before.to_string(), "2026-01-02T00:00:00Z");
        assert_eq!(described.not_after.to_string(), "2027-03-04T00:00:00Z");
        assert_eq!((&*described.serial, described.spki_sha256.len()), ("01ab", 64));
        assert!(described.subject.starts_with("CN=x"), "{}", described.subject);
        assert!(described.subject.len() <= SUBJECT_CHARS && !described.subject.contains('\u{1b}'));
    }

    #[test]
    fn garbage_has_no_names_and_no_digest() {
        assert!(uri_names(b"garbage").is_empty());
        assert_eq!(spki_sha256(b"garbage"), Err(NotACertificate));
    }
}
