//! A small authority for mail certificates, made afresh for each test.

use portcullis::{
    crypto::smime::{RecipientCertificate, SigningIdentity},
    message::SmimeProfile,
};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
    SanType, date_time_ymd,
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

#[derive(Clone, Copy)]
pub enum Kind {
    EcdsaP256,
    EcdsaP384,
    Ed25519,
    Rsa,
}

impl Kind {
    pub fn key(&self) -> KeyPair {
        let algorithm = match self {
            Self::EcdsaP256 => &PKCS_ECDSA_P256_SHA256,
            Self::EcdsaP384 => &PKCS_ECDSA_P384_SHA384,
            Self::Ed25519 => &PKCS_ED25519,
            Self::Rsa => &PKCS_RSA_SHA256,
        };
        KeyPair::generate_for(algorithm).unwrap()
    }

    /// The kind of key that a profile seals to.
    pub fn of(profile: SmimeProfile) -> Self {
        match profile {
            SmimeProfile::Compat | SmimeProfile::OaepGcm => Self::Rsa,
            SmimeProfile::EcdhGcm => Self::EcdsaP256,
        }
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
        let mut params = mail_params(address);
        if !matches!(kind, Kind::Rsa) {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
        }
        self.identity(kind, params)
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

    /// By the profile that its key gets where none is named.
    pub fn recipient(&self) -> RecipientCertificate {
        RecipientCertificate::from_pem(&self.certificate, None).unwrap()
    }

    pub fn recipient_by(&self, profile: SmimeProfile) -> RecipientCertificate {
        RecipientCertificate::from_pem(&self.certificate, Some(profile)).unwrap()
    }
}

/// Valid in 2026, for mail, with this address, for an RSA key.
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
