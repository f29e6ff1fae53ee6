//! Cryptography: envelopes, signatures, keys, the S/MIME form. It knows no permissions.
//!
//! aws-lc-rs does key agreement, key wrap, content encryption, CMS and TLS; ring does SHA-256,
//! Ed25519 and random. No other room names them, but for the hashing in `ledger/`.

pub mod ed25519;
pub mod random;
