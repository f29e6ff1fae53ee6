//! A certificate authority for development: the demonstration, the sandbox and the tests.
//!
//! In: names, a clock, randomness. Out: certificates with their private keys, and the TLS settings of
//! a server that uses them. Its certificates live for thirty days, because nobody revokes them. It
//! issues nothing for production: there, agencies bring certificates of an authority they trust.

use std::{io, io::Write, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData, SanType,
    SignatureAlgorithm,
};
use x509_cert::der::{
    DecodePem, Encode,
    pem::{LineEnding, encode_string},
};
use zeroize::Zeroizing;

use crate::{
    clock::Clock,
    crypto::random::{NoRandom, Random},
    message::AgencyId,
};

mod tls;

pub use tls::server_config;

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A name has no place in a certificate, or the key is of no use.
    #[error("the certificate could not be made")]
    Certificate(#[source] rcgen::Error),
    /// A server certificate needs at least one name.
    #[error("a server certificate needs at least one name")]
    NoName,
    /// The certificate is not one that [`DevelopmentCa::new`] made, or the key is another's.
    #[error("certificate and key are not those of a Portcullis development authority")]
    NotOurs,
    /// The authority has expired.
    #[error("the development authority has expired; make a new one")]
    Expired,
    /// A PEM file holds something else.
    #[error("not the PEM file that was asked for")]
    Pem,
    /// TLS refused the certificate or its key.
    #[error("TLS takes no such certificate and key")]
    Tls(#[source] rustls::Error),
    /// TLS refused the authority for client certificates.
    #[error("TLS takes no such authority for client certificates")]
    ClientCa(#[source] rustls::server::VerifierBuilderError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

/// A certificate and its private key. It has no `Debug`.
pub struct Issued {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// The private key, PKCS#8 in PEM. Write it with [`write_private`].
    pub key_pem: Zeroizing<String>,
}

/// The kind of key behind an S/MIME certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmimeKey {
    /// P-256, for the `ecdh-gcm` profile.
    EcP256,
    /// RSA with 2048 bits, for the `compat` and `oaep-gcm` profiles.
    Rsa2048,
}

/// The authority: one self-signed P-256 key. It has no `Debug`.
pub struct DevelopmentCa {
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
    not_after: Timestamp,
    clock: Clock,
    random: Random,
}

impl DevelopmentCa {
    /// A new authority, valid for 90 days by `clock`.
    ///
    /// Those who check its certificates ask their own clock: TLS takes them only if `clock` is near
    /// the machine's.
    pub fn new(clock: Clock, random: Random) -> Result<Self, PkiError> {
        let key = new_key(&PKCS_ECDSA_P256_SHA256)?;
        let not_after = later(clock.now(), CA_LIFE);
        let mut params = ca_params();
        fill(&mut params, clock.now(), not_after, &random)?;
        let certificate_pem = params.self_signed(&key).map_err(PkiError::Certificate)?.pem();
        Ok(Self { certificate_pem, issuer: Issuer::new(params, key), not_after, clock, random })
    }

    /// An authority that [`Self::new`] made earlier, from its two PEM files.
    pub fn load(
        certificate_pem: &str,
        key_pem: &str,
        clock: Clock,
        random: Random,
    ) -> Result<Self, PkiError> {
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(key_pem, &PKCS_ECDSA_P256_SHA256)
            .map_err(|_| PkiError::NotOurs)?;
        let certificate = x509_cert::Certificate::from_pem(certificate_pem).map_err(|_| PkiError::NotOurs)?;
        let body = certificate.tbs_certificate;
        let public = body.subject_public_key_info.to_der().map_err(|_| PkiError::NotOurs)?;
        // The issuer's name in what it issues is written afresh, so it must be the one expected.
        if public != key.subject_public_key_info() || body.subject.to_string() != format!("CN={CA_NAME}") {
            return Err(PkiError::NotOurs);
        }
        let seconds = body.validity.not_after.to_unix_duration().as_secs();
        let not_after = later(Timestamp::UNIX_EPOCH, Duration::from_secs(seconds));
        let issuer = Issuer::new(ca_params(), key);
        Ok(Self { certificate_pem: certificate_pem.into(), issuer, not_after, clock, random })
    }

    /// Its certificate, PEM: what the others trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its private key, PKCS#8 in PEM. Write it with [`write_private`].
    pub fn key_pem(&self) -> Result<Zeroizing<String>, PkiError> {
        pem_of(self.issuer.key())
    }

    /// A TLS server certificate for DNS names and IP addresses; the first is its common name.
    pub fn issue_server(&self, names: &[&str]) -> Result<Issued, PkiError> {
        let first = names.first().ok_or(PkiError::NoName)?;
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).map_err(PkiError::Certificate)?;
        params.distinguished_name = named(first);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params, &PKCS_ECDSA_P256_SHA256)
    }

    /// A TLS client certificate that speaks for `agency`: its URI name is
    /// `urn:portcullis:agency:<agency_id>` (design §9).
    pub fn issue_client(&self, agency: &AgencyId) -> Result<Issued, PkiError> {
        let uri = format!("urn:portcullis:agency:{agency}").try_into().map_err(PkiError::Certificate)?;
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(uri)];
        params.distinguished_name = named(agency.as_str());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, &PKCS_ECDSA_P256_SHA256)
    }

    /// An S/MIME certificate (RFC 8550) for a mail address in ASCII, for signing and for receiving.
    pub fn issue_smime(&self, address: &str, kind: SmimeKey) -> Result<Issued, PkiError> {
        let mailbox = address.try_into().map_err(PkiError::Certificate)?;
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::Rfc822Name(mailbox)];
        params.distinguished_name = named(address);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
        // An EC key agrees on a key and may not say that it enciphers one (RFC 8813 section 3).
        let (algorithm, receiving) = match kind {
            SmimeKey::EcP256 => (&PKCS_ECDSA_P256_SHA256, KeyUsagePurpose::KeyAgreement),
            SmimeKey::Rsa2048 => (&PKCS_RSA_SHA256, KeyUsagePurpose::KeyEncipherment),
        };
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, receiving];
        self.issue(params, algorithm)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        algorithm: &'static SignatureAlgorithm,
    ) -> Result<Issued, PkiError> {
        let now = self.clock.now();
        if now >= self.not_after {
            return Err(PkiError::Expired);
        }
        fill(&mut params, now, later(now, LIFE).min(self.not_after), &self.random)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        let key = new_key(algorithm)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(PkiError::Certificate)?;
        Ok(Issued { certificate_pem: certificate.pem(), key_pem: pem_of(&key)? })
    }
}

/// Writes a file that only its owner may read (mode 0600), whole or not at all, in place of one that
/// may be there.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    // Left behind by a run that was broken off; a file that is there already would keep its own mode.
    match std::fs::remove_file(partial) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(partial)?;
    file.write_all(bytes)?;
    // A key that signed must still be there after a power cut.
    file.sync_all()?;
    std::fs::rename(partial, path)
}

/// What all certificates of the authority have in common.
fn fill(
    params: &mut CertificateParams,
    now: Timestamp,
    not_after: Timestamp,
    random: &Random,
) -> Result<(), PkiError> {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let seconds = |at: Timestamp| Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0));
    params.not_before = epoch + seconds(now.saturating_sub(BEFORE).unwrap_or(now));
    params.not_after = epoch + seconds(not_after);
    // Positive, and never shorter than its sixteen bytes (RFC 5280 section 4.1.2.2).
    let [first, rest @ ..] = random.bytes::<16>()?;
    let mut serial = vec![(first & 0x7f) | 0x40];
    serial.extend(rest);
    params.serial_number = Some(serial.into());
    Ok(())
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(CA_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A subject that holds a common name only, cut to the 64 characters that X.520 allows.
fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name.chars().take(64).collect::<String>());
    name
}

fn new_key(algorithm: &'static SignatureAlgorithm) -> Result<KeyPair, PkiError> {
    KeyPair::generate_for(algorithm).map_err(PkiError::Certificate)
}

fn pem_of(key: &KeyPair) -> Result<Zeroizing<String>, PkiError> {
    let pem = encode_string("PRIVATE KEY", LineEnding::LF, key.serialized_der());
    pem.map(Zeroizing::new).map_err(|_| PkiError::Pem)
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

const CA_NAME: &str = "Portcullis development CA";
const CA_LIFE: Duration = Duration::from_hours(90 * 24);
const LIFE: Duration = Duration::from_hours(30 * 24);
/// Certificates begin an hour ago, for machines whose clocks are behind.
const BEFORE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests;
