//! The examples of the standards.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, X25519};

use super::*;
use crate::crypto::jwk;

fn bytes(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn rfc_7518_appendix_c_both_parties_derive_its_key() {
    let alice = (
        "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
        "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
    );
    let bob = (
        "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
    );
    for (own, peer) in [(alice, bob), (bob, alice)] {
        let private = PrivateKey::from_private_key(&ECDH_P256, &bytes(own.2)).unwrap();
        let peer = jwk::point(peer.0, peer.1).unwrap();
        let key = agree(&private, &peer, |z| ecdh::concat_kdf(z, "A128GCM", b"Alice", b"Bob", 128)).unwrap();
        assert_eq!(b64(&key[..16]), "VqqN6vgjbSBcIijNcacQGg");
    }
}

#[test]
fn rfc_8037_appendix_a_6_agrees_on_its_secret() {
    // Between Bob's key of RFC 7748 §6.1 and an ephemeral one whose public half the RFC prints.
    let bob = hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    let private = PrivateKey::from_private_key(&X25519, &bob).unwrap();
    let of_bob = private.compute_public_key().unwrap();
    assert_eq!(b64(of_bob.as_ref()), "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08");
    let epk = jwk::coordinate("hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo").unwrap();
    let z = agree(&private, &epk, <[u8]>::to_vec).unwrap();
    assert_eq!(z, hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
}

#[test]
fn rfc_3394_4_6_wraps_256_bits_with_256_bits() {
    let kek: [u8; 32] = std::array::from_fn(|at| at as u8);
    let key: [u8; 32] =
        hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F").try_into().unwrap();
    let wrapped = hex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21");
    assert_eq!(ecdh::wrap_key(&kek, &key).unwrap(), wrapped);
    assert_eq!(*ecdh::unwrap_key(&kek, &wrapped).unwrap(), key);
}

#[test]
fn rfc_7520_5_2_its_content_opens_with_its_content_key() {
    let example: Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/refused/rfc-7520-5.2-rsa-oaep.json"))
            .unwrap();
    let copy = &example["copy"];
    let part = |name: &str| bytes(copy[name].as_str().unwrap());
    let key = bytes("mYMfsggkTAm0TbvtlFh2hyoXnbEzJQjMxmgLN3d8xXA").try_into().unwrap();
    let aad = copy["protected"].as_str().unwrap();
    let text = decrypt(&key, &part("iv"), aad.as_bytes(), part("ciphertext"), &part("tag")).unwrap();
    assert!(text.starts_with("You can trust us to stick with you through thick and thin–to the".as_bytes()));
}
