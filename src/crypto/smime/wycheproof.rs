//! Project Wycheproof's vectors (C2SP) for RSA against what mail is made with and certificates are judged
//! with. The gateway itself opens no mail: the private halves stand for the readers', so that what it
//! encrypts is what the library's own reading side takes, and nothing else is.

use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey,
    Pkcs1PublicEncryptingKey, PrivateDecryptingKey,
};
use rustls::pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
use wycheproof::{HashFunction, TestResult, rsa_oaep, rsa_pkcs1_decrypt, rsa_pkcs1_verify};

use super::recipient_info::{encrypt_oaep, encrypt_pkcs1};

const CONTENT_KEY: [u8; 32] = [7; 32];

/// Counts, and holds what came against what Wycheproof says.
#[derive(Default)]
struct Tally {
    opened: usize,
    refused: usize,
}

impl Tally {
    fn note(&mut self, result: TestResult, came: Option<&[u8]>, text: &[u8], what: &str) {
        match (result, came) {
            (TestResult::Invalid, came) => assert_eq!(came, None, "{what}"),
            (TestResult::Valid, came) => assert_eq!(came, Some(text), "{what}"),
            // Either is sound, but not another text.
            (TestResult::Acceptable, came) => assert!(came.is_none_or(|came| came == text), "{what}"),
        }
        *(if came.is_some() { &mut self.opened } else { &mut self.refused }) += 1;
    }
}

#[test]
fn oaep_as_the_profile_oaep_gcm_has_it() {
    use rsa_oaep::TestName::{
        Rsa2048Sha256Mgf1Sha256, Rsa3072Sha256Mgf1Sha256, Rsa4096Sha256Mgf1Sha256, RsaMisc,
    };
    let (mut tally, mut ours) = (Tally::default(), 0);
    for name in [Rsa2048Sha256Mgf1Sha256, Rsa3072Sha256Mgf1Sha256, Rsa4096Sha256Mgf1Sha256, RsaMisc] {
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let sha256 = |hash: &HashFunction| matches!(hash, HashFunction::Sha2_256);
            let Ok(private) = PrivateDecryptingKey::from_pkcs8(&group.pkcs8) else { continue };
            if !sha256(&group.hash) || !sha256(&group.mgf_hash) {
                continue;
            }
            let public = OaepPublicEncryptingKey::new(private.public_key()).unwrap();
            let private = OaepPrivateDecryptingKey::new(private).unwrap();
            let opened = |ct: &[u8], label: &[u8]| {
                let label = (!label.is_empty()).then_some(label);
                let mut room = vec![0; private.min_output_size()];
                private.decrypt(&OAEP_SHA256_MGF1SHA256, ct, &mut room, label).ok().map(|text| text.to_vec())
            };
            assert_eq!(opened(&encrypt_oaep(&public, &CONTENT_KEY).unwrap(), b"").unwrap(), CONTENT_KEY);
            ours += 1;
            for test in &group.tests {
                let what = format!("{} {}", test.tc_id, test.comment);
                tally.note(test.result, opened(&test.ct, &test.label).as_deref(), &test.pt, &what);
                // Ours has no label: with one it is another's.
                assert!(test.label.is_empty() || opened(&test.ct, b"").is_none(), "{what}");
            }
        }
    }
    assert!(
        ours >= 3 && tally.opened > 30 && tally.refused > 30,
        "{ours} {} {}",
        tally.opened,
        tally.refused
    );
}

#[test]
fn pkcs1_as_the_profile_compat_has_it() {
    use rsa_pkcs1_decrypt::TestName::{Rsa2048, Rsa3072, Rsa4096};
    let mut tally = Tally::default();
    for name in [Rsa2048, Rsa3072, Rsa4096] {
        for group in rsa_pkcs1_decrypt::TestSet::load(name).unwrap().test_groups {
            let private = PrivateDecryptingKey::from_pkcs8(&group.pkcs8).unwrap();
            let public = Pkcs1PublicEncryptingKey::new(private.public_key()).unwrap();
            let private = Pkcs1PrivateDecryptingKey::new(private).unwrap();
            let opened = |ct: &[u8]| {
                let mut room = vec![0; private.min_output_size()];
                private.decrypt(ct, &mut room).ok().map(|text| text.to_vec())
            };
            assert_eq!(opened(&encrypt_pkcs1(&public, &CONTENT_KEY).unwrap()).unwrap(), CONTENT_KEY);
            for test in &group.tests {
                let what = format!("{} {}", test.tc_id, test.comment);
                tally.note(test.result, opened(&test.ct).as_deref(), &test.pt, &what);
            }
        }
    }
    assert!(tally.opened > 30 && tally.refused > 30, "{} {}", tally.opened, tally.refused);
}

/// The function by which TLS verifies the RSA signatures in the chain of an agency's certificate.
fn verifier(algorithm: AlgorithmIdentifier) -> &'static dyn SignatureVerificationAlgorithm {
    let all = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all;
    *all.iter().find(|verifier| verifier.signature_alg_id() == algorithm).unwrap()
}

#[test]
fn rsa_signatures_of_certificates() {
    use rsa_pkcs1_verify::TestName;
    let (sha256, sha384, sha512) =
        (alg_id::RSA_PKCS1_SHA256, alg_id::RSA_PKCS1_SHA384, alg_id::RSA_PKCS1_SHA512);
    let mut tally = Tally::default();
    for (name, algorithm) in [
        (TestName::Rsa2048Sha256, sha256),
        (TestName::Rsa3072Sha256, sha256),
        (TestName::Rsa4096Sha256, sha256),
        (TestName::Rsa8192Sha256, sha256),
        (TestName::Rsa2048Sha384, sha384),
        (TestName::Rsa3072Sha384, sha384),
        (TestName::Rsa4096Sha384, sha384),
        (TestName::Rsa2048Sha512, sha512),
        (TestName::Rsa3072Sha512, sha512),
        (TestName::Rsa4096Sha512, sha512),
    ] {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            for test in &group.tests {
                let verified = verifier(algorithm).verify_signature(&group.asn_key, &test.msg, &test.sig);
                let what = format!("{name:?} {} {}", test.tc_id, test.comment);
                tally.note(test.result, verified.ok().map(|()| &test.msg[..]), &test.msg, &what);
            }
        }
    }
    assert!(tally.opened > 50 && tally.refused > 1000, "{} {}", tally.opened, tally.refused);
}
