//! The form of encryption keys in `agencies.toml` and `areas.toml`.
//!
//! In: a key as written. Out: whether its members are those of its kind and of their lengths, or what is
//! wanted instead. That a P-256 point lies on its curve, or that an X-Wing key is one, is tested by
//! `crypto`, before anything is sealed to it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::fault::ConfigFault;
use crate::message::EncryptionKey;

/// Gives the private member of a key the answer that it deserves: not a misspelling, but the private half.
pub(super) fn name_private_half(fault: ConfigFault) -> ConfigFault {
    match fault {
        ConfigFault::UnknownKey { key, place, known }
            if (key == "d" || key == "priv") && known.iter().any(|k| k == "crv") =>
        {
            let wanted = format!(
                "this is a private key, which must not be on the gateway: take `{key}` out, and make a new \
                 key pair if anyone else could read this file"
            );
            ConfigFault::BadValue { key, place, wanted }
        }
        other => other,
    }
}

/// Whether it is a P-256 public key with a name.
pub(super) fn is_p256(key: &EncryptionKey) -> Result<(), &'static str> {
    if key.kty != "EC" || key.crv != "P-256" || !key.alg.is_empty() || !key.public.is_empty() {
        Err("want a P-256 key: `kty` is \"EC\" and `crv` is \"P-256\"")
    } else if !has_name(key) {
        Err("want a `kid` of 1 to 64 characters")
    } else if !is_bytes(&key.x, 32) || !is_bytes(&key.y, 32) {
        Err("want `x` and `y` of 32 bytes each in base64url without padding")
    } else {
        Ok(())
    }
}

/// Whether it is a public key of one of the kinds that copies can be sealed to, with a name.
pub(super) fn can_be_sealed_to(key: &EncryptionKey) -> bool {
    let absent = |members: &[&String]| members.iter().all(|member| member.is_empty());
    match (key.kty.as_str(), key.crv.as_str()) {
        ("EC", _) => is_p256(key).is_ok(),
        ("OKP", "X25519") => {
            has_name(key) && is_bytes(&key.x, 32) && absent(&[&key.y, &key.alg, &key.public])
        }
        ("AKP", "") => {
            let named = has_name(key) && is_algorithm_name(&key.alg);
            named && is_bytes(&key.public, X_WING_BYTES) && absent(&[&key.x, &key.y])
        }
        _ => false,
    }
}

/// ML-KEM-768 (1,184 bytes) and X25519 (32 bytes).
const X_WING_BYTES: usize = 1216;

/// Names in the registry of JOSE algorithms are short and printable; ours go into headers.
pub(super) fn is_algorithm_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-+._".contains(&byte);
    !text.is_empty() && text.len() <= 32 && text.bytes().all(plain)
}

fn has_name(key: &EncryptionKey) -> bool {
    !key.kid.is_empty() && key.kid.len() <= 64
}

fn is_bytes(text: &str, length: usize) -> bool {
    BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == length)
}
