//! Verifier keys: what an outsider needs to check a checkpoint (C2SP signed-note, "vkey").

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{Context, SHA256};

use super::{checkpoint::decode, name::LogName};
use crate::crypto::ed25519::SigningKey;

/// The signature type of plain Ed25519 (C2SP signed-note, "Signature types").
const ED25519: u8 = 1;

/// A log's public key with its name. As text `name+hash+base64`: the hash is the key id in eight
/// hexadecimal digits, the base64 is the signature type and the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: LogName,
    id: [u8; 4],
    public: [u8; 32],
}

/// Why a text is no verifier key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not three parts joined by plus signs, a wrong number of digits, or base64 that is not canonical.
    #[error("a verifier key has the form `name+hash+base64`")]
    Form,
    /// The name is empty or contains a space or control character.
    #[error("the verifier key's name is not a log's name")]
    Name,
    /// Another signature type than Ed25519.
    #[error("the verifier key is not an Ed25519 key")]
    Algorithm,
    /// The hash is not that of this name and key: one of the three has been mistyped.
    #[error("the verifier key's hash does not fit its name and key")]
    Hash,
}

impl VerifierKey {
    /// The key with this name.
    pub fn new(name: LogName, public: [u8; 32]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in [name.as_str().as_bytes(), &[b'\n', ED25519], &public] {
            context.update(part);
        }
        let mut id = [0; 4];
        for (byte, hashed) in id.iter_mut().zip(context.finish().as_ref()) {
            *byte = *hashed;
        }
        Self { name, id, public }
    }

    /// The public half of `key` under this name.
    pub fn of(name: LogName, key: &SigningKey) -> Self {
        Self::new(name, key.public())
    }

    /// The log's name.
    pub fn name(&self) -> &LogName {
        &self.name
    }

    /// The first four bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)`.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The Ed25519 public key.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }
}

impl FromStr for VerifierKey {
    type Err = KeyFault;

    fn from_str(text: &str) -> Result<Self, KeyFault> {
        let (name, rest) = text.split_once('+').ok_or(KeyFault::Form)?;
        let (hash, encoded) = rest.split_once('+').ok_or(KeyFault::Form)?;
        let typed = decode(encoded).map_err(|_| KeyFault::Form)?;
        let is_hash = hash.len() == 8 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let (kind, public) = typed.split_first().filter(|_| is_hash).ok_or(KeyFault::Form)?;
        let public = match *kind {
            ED25519 => public.try_into().map_err(|_| KeyFault::Form)?,
            _ => return Err(KeyFault::Algorithm),
        };
        let key = Self::new(name.parse().map_err(|_| KeyFault::Name)?, public);
        // One key has one spelling.
        if key.to_string() == text { Ok(key) } else { Err(KeyFault::Hash) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id);
        let typed = [&[ED25519][..], &self.public].concat();
        write!(f, "{}+{id:08x}+{}", self.name, STANDARD.encode(typed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Keys that other logs publish; see the documentation of golang.org/x/mod/sumdb/note and of Go's
    // GONOSUMDB setting.
    const KNOWN: [&str; 2] = [
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    ];

    #[test]
    fn keys_published_by_others_are_read_and_printed_unchanged() {
        for text in KNOWN {
            assert_eq!(text.parse::<VerifierKey>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn each_fault_in_a_key_is_named() {
        let fault = |text: &str| text.parse::<VerifierKey>().unwrap_err();
        let [good, _] = KNOWN;
        assert_eq!(fault(""), KeyFault::Form);
        assert_eq!(fault("PeterNeumann+c74f20a3"), KeyFault::Form);
        assert_eq!(fault(&good.replace("c74f20a3", "C74F20A3")), KeyFault::Form);
        assert_eq!(fault(&good.replace("c74f20a3", "74f20a3")), KeyFault::Form);
        assert_eq!(fault(&good.replace("10TW", "10")), KeyFault::Form);
        assert_eq!(fault(&format!("{good}=")), KeyFault::Form);
        assert_eq!(fault(&good.replace("PeterNeumann", "")), KeyFault::Name);
        assert_eq!(fault(&good.replace("PeterNeumann", "Peter Neumann")), KeyFault::Name);
        assert_eq!(fault(&good.replace("+ARpc", "+AhpC")), KeyFault::Algorithm);
        assert_eq!(fault(&good.replace("c74f20a3", "c74f20a4")), KeyFault::Hash);
        assert_eq!(fault(&good.replace("PeterNeumann", "PeterNeuman")), KeyFault::Hash);
    }
}
