//! The gateway's own mail certificate and its private key.
//!
//! In: PEM from the key folder. Out: signatures. Its chain is not checked: the recipient's mail program
//! judges it.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use jiff::Timestamp;
use x509_cert::der::{Decode, Reader, SliceReader, asn1::UintRef, pem};
use zeroize::Zeroizing;

use super::{
    SmimeFault,
    certificate::{CertificateFault, Facts, certificates},
};
use crate::crypto::keyring::{KeyPurpose, PublicNumbers, PublishedKey};

/// The gateway's mail certificate with its private key. It has no `Debug` and is not serialised.
pub struct SigningIdentity {
    facts: Facts,
    key: SigningKey,
    /// The signing certificate and those that lead to its root.
    pub(super) certificates: Vec<Vec<u8>>,
    numbers: PublicNumbers,
}

enum SigningKey {
    EcdsaP256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl SigningIdentity {
    /// From the certificate, which intermediate ones may follow in the same text, and its private key:
    /// ECDSA P-256 or RSA of at least 2048 bits in PKCS#8 PEM.
    pub fn from_pem(cert_pem: &str, key_pem: &str) -> Result<Self, CertificateFault> {
        let certificates = certificates(cert_pem)?;
        let leaf = certificates.first().ok_or(CertificateFault::Unreadable)?;
        let facts = Facts::read(leaf, |usage, _| usage.digital_signature() || usage.non_repudiation())?;
        let key = SigningKey::from_pem(key_pem)?;
        if key.public()? != facts.spki {
            return Err(CertificateFault::ForeignKey);
        }
        let numbers = key.numbers().ok_or(CertificateFault::UnreadableKey)?;
        Ok(Self { facts, key, certificates, numbers })
    }

    /// The public half with its certificates, for the set of the gateway's keys.
    pub fn published(&self) -> PublishedKey {
        PublishedKey::certified(&self.certificates, &self.numbers, KeyPurpose::Smime)
    }

    /// Whether `at` lies in the certificate's validity, both ends included.
    pub fn valid_at(&self, at: Timestamp) -> bool {
        self.facts.valid_at(at)
    }

    /// Whether the certificate names this mail address: mail programs warn when From is another.
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

    /// Whether it signs with RSA rather than ECDSA.
    pub(super) fn is_rsa(&self) -> bool {
        matches!(self.key, SigningKey::Rsa(_))
    }

    /// The signature over SHA-256 of `message`; the same each time with RSA, never with ECDSA.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SmimeFault> {
        // aws-lc-rs asks for a source of randomness here but always uses its own.
        let random = SystemRandom::new();
        let refused = |_| SmimeFault::Library("sign");
        match &self.key {
            SigningKey::EcdsaP256(key) => Ok(key.sign(&random, message).map_err(refused)?.as_ref().to_vec()),
            SigningKey::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(refused)?;
                Ok(signature)
            }
        }
    }
}

impl SigningKey {
    fn from_pem(text: &str) -> Result<Self, CertificateFault> {
        let (label, der) = pem::decode_vec(text.as_bytes()).map_err(|_| CertificateFault::UnreadableKey)?;
        let der = Zeroizing::new(der);
        if label != "PRIVATE KEY" {
            return Err(CertificateFault::UnreadableKey);
        }
        if let Ok(key) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der) {
            return Ok(Self::EcdsaP256(key));
        }
        // The library itself refuses RSA keys for signing below 2048 bits.
        RsaKeyPair::from_pkcs8(&der).map(Self::Rsa).map_err(|_| CertificateFault::UnreadableKey)
    }

    /// The public half as subject public key info.
    fn public(&self) -> Result<Vec<u8>, CertificateFault> {
        let spki: Result<PublicKeyX509Der<'_>, _> = match self {
            Self::EcdsaP256(key) => key.public_key().as_der(),
            Self::Rsa(key) => key.public_key().as_der(),
        };
        spki.map(|spki| spki.as_ref().to_vec()).map_err(|_| CertificateFault::UnreadableKey)
    }

    /// The public half in numbers.
    fn numbers(&self) -> Option<PublicNumbers> {
        match self {
            Self::EcdsaP256(key) => {
                // An uncompressed point (SEC 1 §2.3.3).
                let (x, y) = key.public_key().as_ref().strip_prefix(&[4])?.split_at_checked(32)?;
                Some(PublicNumbers::P256 { x: x.try_into().ok()?, y: y.try_into().ok()? })
            }
            Self::Rsa(key) => rsa_numbers(key.public_key().as_ref()).ok(),
        }
    }
}

/// Of an RSAPublicKey (RFC 8017 §A.1.1).
fn rsa_numbers(der: &[u8]) -> x509_cert::der::Result<PublicNumbers> {
    let mut reader = SliceReader::new(der)?;
    let numbers = reader.sequence(|inner| {
        let (modulus, exponent) = (UintRef::decode(inner)?, UintRef::decode(inner)?);
        Ok((modulus.as_bytes().to_vec(), exponent.as_bytes().to_vec()))
    })?;
    reader.finish(PublicNumbers::Rsa { modulus: numbers.0, exponent: numbers.1 })
}
