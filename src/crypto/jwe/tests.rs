//! What is sealed opens for its recipient and for nobody else, and nothing that was changed opens at all.

use serde_json::Value;

use super::{super::jwk::KeyFault, super::jwk::KeyKind, super::jwk::PrivateJwk, *};

mod rfc;
mod vectors;
mod wycheproof;

const X_WING: KeyKind<'static> = KeyKind::XWing("HPKE-10-KE");
const KINDS: [KeyKind<'static>; 3] = [KeyKind::P256, KeyKind::X25519, X_WING];

fn form() -> Form<'static> {
    Form { typ: "portcullis-sealed+jwe", cty: "text/plain", aad: r#"{"message_id":"x"}"#, apu: "gateway" }
}

fn key(kind: KeyKind<'_>, kid: &str) -> PrivateJwk {
    PrivateJwk::generate_as(kind, kid, &Random::system()).unwrap()
}

fn sealed(keys: &[&PrivateJwk]) -> (Ciphertext, Vec<Wrap>) {
    let keys: Vec<_> = keys.iter().map(|key| RecipientKey::new(&key.public()).unwrap()).collect();
    let plaintext = Zeroizing::new(b"what was posted".to_vec());
    seal(plaintext, &form(), &keys.iter().collect::<Vec<_>>(), &Random::system()).unwrap()
}

/// The one copy of a message for one recipient, as JSON.
fn copy_for(key: &PrivateJwk) -> Value {
    let (shared, wraps) = sealed(&[key]);
    serde_json::from_str(&shared.flattened(&wraps[0])).unwrap()
}

fn opened(copy: &Value, key: &PrivateJwk) -> Result<Vec<u8>, OpenFault> {
    open(copy.to_string().as_bytes(), key).map(|plaintext| plaintext.to_vec())
}

#[test]
fn every_recipient_opens_its_own_copy_and_nobody_elses() {
    let keys = [key(KINDS[0], "a"), key(KINDS[1], "b"), key(KINDS[2], "c"), key(KINDS[2], "d")];
    let (shared, wraps) = sealed(&keys.each_ref());
    for (reader, key) in keys.iter().enumerate() {
        for (owner, wrap) in wraps.iter().enumerate() {
            let copy = shared.flattened(wrap);
            let opened = open(copy.as_bytes(), key);
            if reader == owner {
                assert_eq!(*opened.unwrap(), b"what was posted");
            } else {
                assert_eq!(opened.unwrap_err(), OpenFault::AnotherKey);
            }
            // Not even under the reader's own name.
            let mut renamed: Value = serde_json::from_str(&copy).unwrap();
            renamed["header"]["kid"] = key.kid.as_str().into();
            let opened = super::open(renamed.to_string().as_bytes(), key);
            assert_eq!(opened.err(), (reader != owner).then_some(OpenFault::Unopened));
        }
    }
}

#[test]
fn headers_show_registered_names_only_and_nothing_of_the_message() {
    for kind in KINDS {
        let copy = copy_for(&key(kind, "a-1"));
        let header = copy["header"].as_object().unwrap();
        let names: Vec<_> = header.keys().map(String::as_str).collect();
        let post_quantum = matches!(kind, KeyKind::XWing(_));
        let expected: &[_] =
            if post_quantum { &["alg", "kid", "ek"] } else { &["alg", "kid", "epk", "apu", "apv"] };
        assert_eq!(names, expected);
        let epk: Vec<_> = header.get("epk").and_then(Value::as_object).into_iter().flatten().collect();
        assert!(epk.iter().all(|(name, _)| ["kty", "crv", "x", "y"].contains(&name.as_str())));
        let protected = BASE64_URL_SAFE_NO_PAD.decode(copy["protected"].as_str().unwrap()).unwrap();
        assert_eq!(protected, br#"{"enc":"A256GCM","typ":"portcullis-sealed+jwe","cty":"text/plain"}"#);
        let members: Vec<_> = copy.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["protected", "header", "encrypted_key", "aad", "iv", "ciphertext", "tag"]);
    }
}

#[test]
fn no_bit_of_a_copy_can_be_flipped() {
    for kind in KINDS {
        let key = key(kind, "a-1");
        let copy = copy_for(&key);
        assert!(opened(&copy, &key).is_ok());
        let wrap: &[&str] = match kind {
            KeyKind::P256 => &["/header/epk/x", "/header/epk/y", "/header/apu", "/header/apv"],
            KeyKind::X25519 => &["/header/epk/x", "/header/apu", "/header/apv"],
            KeyKind::XWing(_) => &["/header/ek"],
        };
        for place in ["/encrypted_key", "/aad", "/iv", "/ciphertext", "/tag"].iter().chain(wrap) {
            let length = decoded(&copy, place).len();
            for at in [0, length / 2, length - 1] {
                let mut changed = copy.clone();
                let mut bytes = decoded(&copy, place);
                // X25519 ignores the top bit of a public key (RFC 7748 §5).
                bytes[at] ^= 0x01;
                *changed.pointer_mut(place).unwrap() = b64(&bytes).into();
                assert_eq!(opened(&changed, &key), Err(OpenFault::Unopened), "{place}[{at}] of {kind:?}");
            }
        }
    }
}

fn decoded(copy: &Value, place: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(copy.pointer(place).unwrap().as_str().unwrap()).unwrap()
}

#[test]
fn keys_that_protect_nothing_are_refused_at_registration_and_at_sealing() {
    let mut twisted = key(KeyKind::P256, "a").public();
    twisted.y = twisted.x.clone();
    let mut low_order = key(KeyKind::X25519, "a").public();
    low_order.x = b64(&[0; 32]);
    let mut too_large = key(X_WING, "a").public();
    // A coefficient of the ML-KEM half that is not below its modulus (FIPS 203 §7.2).
    too_large.public = b64(&[0xff; 1216]);
    for public in [twisted, low_order, too_large] {
        let read = RecipientKey::new(&public).unwrap();
        assert_eq!(read.check(), Err(KeyFault::NotOnCurve), "{}", public.kty);
        let plaintext = Zeroizing::new(b"text".to_vec());
        assert!(seal(plaintext, &form(), &[&read], &Random::system()).is_err(), "{}", public.kty);
    }
}

#[test]
fn keys_of_other_kinds_and_mixtures_are_refused() {
    for kind in KINDS {
        let sound = key(kind, "a").public();
        assert!(RecipientKey::new(&sound).unwrap().check().is_ok());
        let broken: [fn(&mut crate::message::EncryptionKey); 5] = [
            |key| key.crv = "P-384".into(),
            |key| key.kty = "RSA".into(),
            |key| key.y = if key.y.is_empty() { "AA".into() } else { String::new() },
            |key| key.x = "AA".into(),
            |key| key.alg = if key.alg.is_empty() { "HPKE-10-KE".into() } else { String::new() },
        ];
        for break_it in broken {
            let mut key = sound.clone();
            break_it(&mut key);
            let read = RecipientKey::new(&key);
            assert!(matches!(read, Err(KeyFault::Kind | KeyFault::Coordinate)), "{kind:?}");
        }
    }
}

#[test]
fn a_private_key_that_is_not_of_its_public_half_opens_nothing() {
    for kind in KINDS {
        let (own, other) = (key(kind, "a"), key(kind, "a"));
        let copy = copy_for(&own);
        let mut mixed = serde_json::to_value(&own).unwrap();
        let private = if kind == X_WING { "priv" } else { "d" };
        mixed[private] = serde_json::to_value(&other).unwrap()[private].clone();
        let mixed: PrivateJwk = serde_json::from_value(mixed).unwrap();
        assert_eq!(opened(&copy, &mixed), Err(OpenFault::Key(KeyFault::Mismatch)));
    }
}

#[test]
fn a_copy_under_another_version_of_the_post_quantum_profile_does_not_open() {
    let key = key(X_WING, "a");
    let mut copy = copy_for(&key);
    copy["header"]["alg"] = "HPKE-11-KE".into();
    assert_eq!(opened(&copy, &key), Err(OpenFault::Unopened));
}
