//! Project Wycheproof's vectors (C2SP) against the primitives, through the functions that sealing and opening
//! use, and against the opening of a whole copy whose ephemeral key is a vector's.

use ::wycheproof::{TestResult, aead, ecdh as ecdh_vectors, eddsa, keywrap, xdh};
use aws_lc_rs::agreement::{Algorithm, ECDH_P256, PrivateKey, X25519};

use super::*;
use crate::crypto::ed25519;

/// A scalar of any length as 32 bytes, if it fits.
fn scalar(bytes: &[u8]) -> Option<[u8; 32]> {
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let mut scalar = [0; 32];
    scalar[32_usize.checked_sub(significant.len())?..].copy_from_slice(significant);
    Some(scalar)
}

/// A copy whose wrap is to `kid` under this ephemeral key; with the right secret it opens.
fn copy_under(epk: Value, z: &[u8]) -> Value {
    let (shared, _) = sealed(&[&key(KeyKind::P256, "a")]);
    let mut copy: Value =
        serde_json::from_str(&shared.flattened(&Wrap { header: "{}".into(), encrypted_key: vec![] }))
            .unwrap();
    let content_key = [7; 32];
    let aad = format!("{}.{}", shared.protected, shared.aad);
    let text = Zeroizing::new(b"what was posted".to_vec());
    let (ciphertext, tag) = encrypt(&content_key, shared.iv, aad.as_bytes(), text).unwrap();
    let kek = ecdh::concat_kdf(z, ALG, b"gateway", b"a", 256);
    copy["header"] = serde_json::json!({
        "alg": ALG, "kid": "a", "epk": epk, "apu": b64(b"gateway"), "apv": b64(b"a")
    });
    copy["encrypted_key"] = b64(&ecdh::wrap_key(&kek, &content_key).unwrap()).into();
    copy["ciphertext"] = b64(&ciphertext).into();
    copy["tag"] = b64(&tag).into();
    copy
}

/// The vector's private key as an agency would keep it.
fn own_key(algorithm: &'static Algorithm, private: &[u8; 32]) -> Option<PrivateJwk> {
    let public = PrivateKey::from_private_key(algorithm, private).ok()?.compute_public_key().ok()?;
    let public = public.as_ref();
    let d = b64(private);
    let jwk = match public.len() {
        32 => serde_json::json!({ "kid": "a", "kty": "OKP", "crv": "X25519", "x": b64(public), "d": d }),
        _ => serde_json::json!({ "kid": "a", "kty": "EC", "crv": "P-256",
                                 "x": b64(&public[1..33]), "y": b64(&public[33..]), "d": d }),
    };
    serde_json::from_value(jwk).ok()
}

/// What came of a vector: the secret, if the keys are accepted, and the text, if a copy under it opens.
fn tried(
    algorithm: &'static Algorithm,
    private: &[u8],
    peer: &[u8],
    z: &[u8],
) -> (Option<Vec<u8>>, Result<Vec<u8>, OpenFault>) {
    let private = scalar(private).filter(|_| algorithm == &ECDH_P256).or_else(|| private.try_into().ok());
    let Some(private) = private else { return (None, Err(OpenFault::Unopened)) };
    let secret = PrivateKey::from_private_key(algorithm, &private)
        .ok()
        .and_then(|private| agree(&private, peer, <[u8]>::to_vec).ok());
    let epk = match peer {
        [4, point @ ..] if point.len() == 64 => {
            serde_json::json!({ "kty": "EC", "crv": "P-256", "x": b64(&point[..32]), "y": b64(&point[32..]) })
        }
        other => serde_json::json!({ "kty": "OKP", "crv": "X25519", "x": b64(other) }),
    };
    let opened = match own_key(algorithm, &private) {
        Some(key) => opened(&copy_under(epk, z), &key),
        None => Err(OpenFault::Unopened),
    };
    (secret, opened)
}

#[test]
fn p_256_agreements() {
    let set = ecdh_vectors::TestSet::load(ecdh_vectors::TestName::EcdhSecp256r1Ecpoint).unwrap();
    let mut valid = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let (secret, opened) = tried(&ECDH_P256, &test.private_key, &test.public_key, &test.shared_secret);
        // A compressed point has no place in a JWK: those are refused whatever Wycheproof says of them.
        if test.result == TestResult::Valid {
            assert_eq!(secret.as_deref(), Some(&test.shared_secret[..]), "{} {}", test.tc_id, test.comment);
            assert_eq!(opened.unwrap(), b"what was posted", "{} {}", test.tc_id, test.comment);
            valid += 1;
        } else {
            let uncompressed = test.public_key.len() == 65;
            assert!(secret.is_none() || !uncompressed, "{} {}", test.tc_id, test.comment);
            assert!(opened.is_err(), "{} {}", test.tc_id, test.comment);
            let same = !uncompressed || opened == Err(OpenFault::Unopened);
            assert!(same, "{} {}", test.tc_id, test.comment);
        }
    }
    assert!(valid > 200, "{valid}");
}

#[test]
fn x25519_agreements() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let (mut agreed, mut refused) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let (secret, opened) = tried(&X25519, &test.private_key, &test.public_key, &test.shared_secret);
        let protects = test.shared_secret.iter().any(|byte| *byte != 0);
        if test.result != TestResult::Invalid && protects {
            assert_eq!(secret.as_deref(), Some(&test.shared_secret[..]), "{} {}", test.tc_id, test.comment);
            assert_eq!(opened.unwrap(), b"what was posted", "{} {}", test.tc_id, test.comment);
            agreed += 1;
        } else {
            // Also those that Wycheproof leaves open: a secret of zeros is no secret.
            assert_eq!(secret, None, "{} {}", test.tc_id, test.comment);
            assert!(opened.is_err(), "{} {}", test.tc_id, test.comment);
            refused += 1;
        }
    }
    assert!(agreed > 400 && refused > 10, "{agreed} {refused}");
}

#[test]
fn aes_256_key_wraps() {
    let set = keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for test in set.test_groups.iter().filter(|group| group.key_size == 256).flat_map(|group| &group.tests) {
        let kek = test.key[..].try_into().unwrap();
        let unwrapped = ecdh::unwrap_key(&kek, &test.ct);
        // Content keys have 256 bits; a wrap of anything else is refused as well.
        if test.result == TestResult::Valid && test.pt.len() == 32 {
            assert_eq!(unwrapped.unwrap()[..], test.pt[..], "{}", test.comment);
            assert_eq!(ecdh::wrap_key(&kek, &test.pt[..].try_into().unwrap()).unwrap(), test.ct[..]);
            opened += 1;
        } else {
            assert!(unwrapped.is_none(), "{} {}", test.tc_id, test.comment);
            refused += 1;
        }
    }
    assert!(opened > 3 && refused > 30, "{opened} {refused}");
}

#[test]
fn aes_256_gcm_content() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
        for test in &group.tests {
            let key = test.key[..].try_into().unwrap();
            let text = decrypt(&key, &test.nonce, &test.aad, test.ct.to_vec(), &test.tag);
            // JWE takes nonces of 96 bits and tags of 128 only (RFC 7518 §5.3).
            let ours = group.nonce_size == 96 && group.tag_size == 128;
            if test.result == TestResult::Valid && ours {
                assert_eq!(text.unwrap()[..], test.pt[..], "{} {}", test.tc_id, test.comment);
                let iv = test.nonce[..].try_into().unwrap();
                let (ct, tag) = encrypt(&key, iv, &test.aad, Zeroizing::new(test.pt.to_vec())).unwrap();
                assert_eq!((&ct[..], &tag[..]), (&test.ct[..], &test.tag[..]), "{}", test.tc_id);
                opened += 1;
            } else {
                assert!(text.is_err(), "{} {}", test.tc_id, test.comment);
                refused += 1;
            }
        }
    }
    assert!(opened > 30 && refused > 30, "{opened} {refused}");
}

#[test]
fn ed25519_signatures() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut refused = 0;
    for group in &set.test_groups {
        let key = group.key.pk[..].try_into().unwrap();
        for test in &group.tests {
            let verified = ed25519::verify(&key, &test.msg, &test.sig);
            assert_eq!(verified, test.result == TestResult::Valid, "{} {}", test.tc_id, test.comment);
            refused += usize::from(!verified);
        }
    }
    assert!(refused > 40, "{refused}");
}
