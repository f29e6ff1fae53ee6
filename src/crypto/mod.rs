//! Cryptography: envelopes, signatures, keys, the S/MIME form. It knows no permissions.
//!
//! aws-lc-rs does key agreement, key wrap, content encryption, CMS and TLS; ring does SHA-256,
//! Ed25519 and random; hpke does X-Wing; pkcs8 opens key files. No other room names them, but for the hashing
//! in `ledger/`.

pub mod certificate;
pub mod digest;
pub mod ed25519;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod key_file;
pub mod keyring;
pub mod random;
pub mod segments;
pub mod smime;

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    hash
}

/// Lower-case hex, as digests stand in every answer.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
