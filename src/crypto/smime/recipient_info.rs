//! How the content key of a mail reaches its recipient (RFC 5652 §6.2): one RecipientInfo for each kind
//! of key.
//!
//! In: the content key and the recipient's certificate. Out: DER. Only the recipient's private key gives
//! the content key back.

use aws_lc_rs::{
    agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey},
    key_wrap::{AES_256, AesKek, KeyWrap as _},
    rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey},
};
use ring::digest::{Context, SHA256};
use zeroize::Zeroizing;

use super::{
    SmimeFault,
    cms::algorithm,
    der::{CONTEXT_0, CONTEXT_1, CONTEXT_2, Der},
    oid,
    recipient::{RecipientCertificate, RecipientKey},
};

/// The bytes of an AES-256 key.
pub(super) const KEY_BYTES: usize = 32;
/// AES key wrap adds one block of eight bytes (RFC 3394 §2.2.1).
const WRAPPED_BYTES: usize = KEY_BYTES + 8;

/// What the content is encrypted under.
pub(super) type ContentKey = [u8; KEY_BYTES];

/// The RecipientInfo that the recipient's profile asks for.
pub(super) fn recipient_info(
    recipient: &RecipientCertificate,
    key: &ContentKey,
) -> Result<Der<'static>, SmimeFault> {
    let named = Der::encoded(recipient.issuer_and_serial().to_vec());
    match &recipient.key {
        RecipientKey::RsaPkcs1(rsa) => Ok(key_transport(named, rsa_encryption(), encrypt_pkcs1(rsa, key)?)),
        RecipientKey::RsaOaep(rsa) => Ok(key_transport(named, rsaes_oaep(), encrypt_oaep(rsa, key)?)),
        RecipientKey::EcdhP256(point) => key_agreement(named, point, key),
    }
}

/// KeyTransRecipientInfo (RFC 5652 §6.2.1), version 0 because it names issuer and serial number.
fn key_transport(named: Der<'static>, algorithm: Der<'static>, encrypted: Vec<u8>) -> Der<'static> {
    Der::sequence(vec![Der::small_integer(0), named, algorithm, Der::octets(encrypted)])
}

/// RFC 3370 §4.2.1.
fn rsa_encryption() -> Der<'static> {
    Der::sequence(vec![Der::oid(&oid::RSA_ENCRYPTION), Der::null()])
}

/// RSAES-OAEP with SHA-256 for both of its purposes and no label (RFC 4055 §4.1). Both parameters differ
/// from their defaults, which are SHA-1, so both are written; the label is the default and left out.
fn rsaes_oaep() -> Der<'static> {
    // With NULL, as RFC 4055 §2.1 writes it; readers must take it with or without.
    let sha256 = || Der::sequence(vec![Der::oid(&oid::SHA256), Der::null()]);
    let mask = Der::sequence(vec![Der::oid(&oid::MGF1), sha256()]);
    let parameters = Der::sequence(vec![Der::explicit(CONTEXT_0, sha256()), Der::explicit(CONTEXT_1, mask)]);
    Der::sequence(vec![Der::oid(&oid::RSAES_OAEP), parameters])
}

pub(super) fn encrypt_pkcs1(rsa: &Pkcs1PublicEncryptingKey, key: &ContentKey) -> Result<Vec<u8>, SmimeFault> {
    let mut encrypted = vec![0; rsa.ciphertext_size()];
    let written = rsa.encrypt(key, &mut encrypted).map_err(|_| WRAP)?.len();
    encrypted.truncate(written);
    Ok(encrypted)
}

pub(super) fn encrypt_oaep(rsa: &OaepPublicEncryptingKey, key: &ContentKey) -> Result<Vec<u8>, SmimeFault> {
    let mut encrypted = vec![0; rsa.ciphertext_size()];
    let written = rsa.encrypt(&OAEP_SHA256_MGF1SHA256, key, &mut encrypted, None).map_err(|_| WRAP)?.len();
    encrypted.truncate(written);
    Ok(encrypted)
}

/// KeyAgreeRecipientInfo (RFC 5652 §6.2.2, RFC 5753 §3.1): a key of our own for this mail only, agreed
/// with the recipient's.
fn key_agreement(named: Der<'static>, point: &[u8], key: &ContentKey) -> Result<Der<'static>, SmimeFault> {
    let own = PrivateKey::generate(&ECDH_P256).map_err(|_| WRAP)?;
    let public = own.compute_public_key().map_err(|_| WRAP)?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, point);
    let kek = agreement::agree(&own, peer, WRAP, |secret| Ok(x963_kdf(secret, &shared_info().encode())))?;
    let mut wrapped = vec![0; WRAPPED_BYTES];
    let kek = AesKek::new(&AES_256, kek.as_slice()).map_err(|_| WRAP)?;
    kek.wrap(key, &mut wrapped).map_err(|_| WRAP)?;
    // RFC 5753 §3.1.1: the curve is the recipient's and need not be named.
    let originator =
        Der::implicit_sequence(CONTEXT_1, vec![algorithm(&oid::EC_PUBLIC_KEY), Der::bits(public.as_ref())]);
    let agreement = Der::sequence(vec![Der::oid(&oid::STD_DH_SHA256_KDF), algorithm(&oid::AES_256_WRAP)]);
    let encrypted_keys = Der::sequence(vec![Der::sequence(vec![named, Der::octets(wrapped)])]);
    let parts = vec![Der::small_integer(3), Der::explicit(CONTEXT_0, originator), agreement, encrypted_keys];
    Ok(Der::implicit_sequence(CONTEXT_1, parts))
}

/// ECC-CMS-SharedInfo (RFC 5753 §7.2): for which algorithm the key is, and its length in bits. There is
/// no user keying material: the key of our own is new each time.
fn shared_info() -> Der<'static> {
    const KEY_BITS: u32 = 256;
    let length = Der::octets(KEY_BITS.to_be_bytes().to_vec());
    Der::sequence(vec![algorithm(&oid::AES_256_WRAP), Der::explicit(CONTEXT_2, length)])
}

/// The key derivation of ANSI X9.63 with SHA-256 (SEC 1 §3.6.1). The key is as long as one digest, so the
/// counter is 1 and there is no second round.
fn x963_kdf(secret: &[u8], shared_info: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut digest = Context::new(&SHA256);
    digest.update(secret);
    digest.update(&1u32.to_be_bytes());
    digest.update(shared_info);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    key.copy_from_slice(digest.finish().as_ref());
    key
}

const WRAP: SmimeFault = SmimeFault::Library("wrap a key");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    /// NIST CAVP, `ansx963_2001.rsp`, SHA-256: the first block of what is asked for there.
    #[test]
    fn the_key_derivation_is_that_of_x963() {
        for (secret, shared_info, key) in [
            ("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08", "", "443024c3dae66b95e6f5670601558f71"),
            (
                "22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d",
                "75eef81aa3041e33b80971203d2c0c52",
                "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e",
            ),
        ] {
            let derived = hex(&x963_kdf(&unhex(secret), &unhex(shared_info))[..]);
            assert!(derived.starts_with(key), "{derived}");
        }
    }

    #[test]
    fn the_shared_info_is_as_rfc_5753_encodes_it() {
        let expected = "3015300b060960864801650304012da206040400000100";
        assert_eq!(hex(&shared_info().encode()), expected);
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<_> =
            text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
        digits.into_iter().map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }
}
