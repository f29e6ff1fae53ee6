//! What several rooms read in a certificate: its public key's digest and its names.
//!
//! In: one certificate in DER. Out: plain values. No chain, no validity and no revocation is checked
//! here: for TLS rustls does that, for mail the directory vouches for the certificate it lists.

use ring::digest::{SHA256, digest};
use x509_cert::{
    Certificate,
    der::{Decode, Encode},
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// The bytes are no X.509 certificate (RFC 5280), or one of its names cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a readable X.509 certificate")]
pub struct NotACertificate;

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
    fn garbage_has_no_names_and_no_digest() {
        assert!(uri_names(b"garbage").is_empty());
        assert_eq!(spki_sha256(b"garbage"), Err(NotACertificate));
    }
}
