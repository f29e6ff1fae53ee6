//! The certificate that a mail is sealed to, and the profile that its key allows.
//!
//! In: PEM and the profile from the directory. Out: a key that content keys are sealed to, checked once.
//! Whether the recipient's mail program knows the profile is for the agency to say.

use aws_lc_rs::{
    agreement::{ECDH_P256, ParsedPublicKey, ParsedPublicKeyFormat, UnparsedPublicKey},
    rsa::{OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey},
};
use jiff::Timestamp;
use x509_cert::{
    der::oid::ObjectIdentifier, ext::pkix::KeyUsage, spki::SubjectPublicKeyInfoOwned as PublicKeyInfo,
};

use super::{
    certificate::{CertificateFault, Facts, certificates},
    oid,
};
use crate::message::SmimeProfile;

/// A certificate that mail can be sealed to.
pub struct RecipientCertificate {
    facts: Facts,
    pub(super) key: RecipientKey,
}

/// How the content key reaches the recipient: one kind for each profile.
pub(super) enum RecipientKey {
    /// RSA PKCS#1 v1.5 key transport (RFC 3370 §4.2.1), profile `compat`.
    RsaPkcs1(Pkcs1PublicEncryptingKey),
    /// RSAES-OAEP key transport (RFC 3560), profile `oaep-gcm`.
    RsaOaep(OaepPublicEncryptingKey),
    /// Ephemeral-static ECDH with this point (RFC 5753), profile `ecdh-gcm`.
    EcdhP256(Vec<u8>),
}

impl RecipientCertificate {
    /// The first certificate in `text`. Without a profile, RSA keys get `compat` and P-256 keys
    /// `ecdh-gcm`.
    ///
    /// # Errors
    /// The key must be RSA of 2048 to 8192 bits or on P-256, and of the profile's kind. Where the
    /// certificate has a key usage, it must allow what the profile does with the key; where it has an
    /// extended key usage, it must allow mail.
    pub fn from_pem(text: &str, profile: Option<SmimeProfile>) -> Result<Self, CertificateFault> {
        let der = certificates(text)?.into_iter().next().ok_or(CertificateFault::Unreadable)?;
        let facts = Facts::read(&der, allows_receiving)?;
        let key = RecipientKey::read(&facts, profile)?;
        Ok(Self { facts, key })
    }

    /// How mail is sealed to it.
    pub fn profile(&self) -> SmimeProfile {
        match self.key {
            RecipientKey::RsaPkcs1(_) => SmimeProfile::Compat,
            RecipientKey::RsaOaep(_) => SmimeProfile::OaepGcm,
            RecipientKey::EcdhP256(_) => SmimeProfile::EcdhGcm,
        }
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
    ///
    /// # Errors
    /// Which of the two it is not.
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

impl RecipientKey {
    fn read(facts: &Facts, profile: Option<SmimeProfile>) -> Result<Self, CertificateFault> {
        match facts.key.algorithm.oid {
            oid::RSA_ENCRYPTION => match profile.unwrap_or(SmimeProfile::Compat) {
                SmimeProfile::Compat => {
                    Pkcs1PublicEncryptingKey::new(rsa(facts)?).map(Self::RsaPkcs1).map_err(|_| UNREADABLE_RSA)
                }
                SmimeProfile::OaepGcm => {
                    OaepPublicEncryptingKey::new(rsa(facts)?).map(Self::RsaOaep).map_err(|_| UNREADABLE_RSA)
                }
                SmimeProfile::EcdhGcm => Err(CertificateFault::Profile),
            },
            oid::EC_PUBLIC_KEY => match profile.unwrap_or(SmimeProfile::EcdhGcm) {
                SmimeProfile::EcdhGcm => p256(&facts.key).map(Self::EcdhP256),
                SmimeProfile::Compat | SmimeProfile::OaepGcm => Err(CertificateFault::Profile),
            },
            _ => Err(CertificateFault::KeyKind),
        }
    }
}

/// The library itself refuses what is not 2048 to 8192 bits long.
fn rsa(facts: &Facts) -> Result<PublicEncryptingKey, CertificateFault> {
    PublicEncryptingKey::from_der(&facts.spki).map_err(|_| UNREADABLE_RSA)
}

/// The point, found to be on the curve. RFC 5480 §2.1.1: the curve is told by its name.
fn p256(key: &PublicKeyInfo) -> Result<Vec<u8>, CertificateFault> {
    let curve = key.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    if curve != Some(oid::P_256) {
        return Err(CertificateFault::Curve);
    }
    let point = key.subject_public_key.as_bytes().ok_or(CertificateFault::Curve)?;
    let on_curve = ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, point));
    match on_curve.map(|key| key.format()) {
        Ok(ParsedPublicKeyFormat::Uncompressed | ParsedPublicKeyFormat::Compressed) => Ok(point.to_vec()),
        _ => Err(CertificateFault::Curve),
    }
}

/// RSA keys encipher a key (RFC 8550 §4.4.2), elliptic ones agree on one (RFC 5753 §2.1, RFC 8813 §3).
fn allows_receiving(usage: &KeyUsage, key: &PublicKeyInfo) -> bool {
    match key.algorithm.oid {
        oid::EC_PUBLIC_KEY => usage.key_agreement(),
        _ => usage.key_encipherment(),
    }
}

const UNREADABLE_RSA: CertificateFault = CertificateFault::RsaSize;
