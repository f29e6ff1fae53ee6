//! A small authority for mail certificates, made afresh for each test.

use portcullis::crypto::smime::{RecipientCertificate, SigningIdentity};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SanType, date_time_ymd,
};

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub certificate: String,
}

/// A certificate and its private key, both PEM.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

pub enum Kind {
    EcdsaP256,
    Rsa,
}

impl Kind {
    pub fn key(&self) -> KeyPair {
        let algorithm = match self {
            Self::EcdsaP256 => &PKCS_ECDSA_P256_SHA256,
            Self::Rsa => &PKCS_RSA_SHA256,
        };
        KeyPair::generate_for(algorithm).unwrap()
    }
}

impl Authority {
    pub fn new() -> Self {
        let key = Kind::EcdsaP256.key();
        let mut params = named("MAPPA test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    pub fn mail_identity(&self, kind: &Kind, address: &str) -> Identity {
        self.identity(kind, mail_params(address))
    }

    pub fn identity(&self, kind: &Kind, params: CertificateParams) -> Identity {
        let key = kind.key();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}

impl Identity {
    pub fn signer(&self) -> SigningIdentity {
        SigningIdentity::from_pem(&self.certificate, &self.key).unwrap()
    }

    pub fn recipient(&self) -> RecipientCertificate {
        RecipientCertificate::from_pem(&self.certificate).unwrap()
    }
}

/// Valid in 2026, for mail, with this address.
pub fn mail_params(address: &str) -> CertificateParams {
    let mut params = named("MAPPA mail");
    params.subject_alt_names = vec![SanType::Rfc822Name(address.try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 12, 31);
    params
}

fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}
