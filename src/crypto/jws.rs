//! Compact JWS with Ed25519 (RFC 7515, RFC 8037): the transfer statement's form.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Deserialize;

use super::ed25519::{self, SigningKey};

/// Why a statement is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsFault {
    /// Not three parts of base64url, or a header of another form.
    #[error("not a compact JWS with `alg` `EdDSA`")]
    Form,
    /// Signed for another purpose.
    #[error("the JWS bears another `typ`")]
    Type,
    /// Signed by another key.
    #[error("the signature is not this key's")]
    Signature,
}

/// The members that we look at. Others may be added later (RFC 7515 §4), unless `crit` says that they
/// must be understood.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
    crit: Option<serde::de::IgnoredAny>,
}

/// Signs `payload` under a type, so that a signature made for one purpose is good for no other.
pub fn sign(payload: &[u8], typ: &str, kid: &str, key: &SigningKey) -> String {
    let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"{typ}"}}"#);
    let mut jws = BASE64_URL_SAFE_NO_PAD.encode(header);
    jws.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(payload, &mut jws);
    let signature = key.sign(jws.as_bytes());
    jws.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
    jws
}

/// The name of the key that a JWS claims to be signed with. Nothing is verified.
pub fn kid(jws: &str) -> Result<String, JwsFault> {
    let (header, _) = jws.split_once('.').ok_or(JwsFault::Form)?;
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).map_err(|_| JwsFault::Form)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| JwsFault::Form)?;
    Ok(header.kid)
}

/// The payload, if `public` signed it under `typ`.
pub fn verify(jws: &str, typ: &str, public: &[u8; 32]) -> Result<Vec<u8>, JwsFault> {
    let (signed, signature) = jws.rsplit_once('.').ok_or(JwsFault::Form)?;
    let (header, payload) = signed.split_once('.').ok_or(JwsFault::Form)?;
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| JwsFault::Form);
    let header = bytes(header)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| JwsFault::Form)?;
    if header.alg != "EdDSA" || header.crit.is_some() {
        return Err(JwsFault::Form);
    }
    if header.typ != typ {
        return Err(JwsFault::Type);
    }
    if !ed25519::verify(public, signed.as_bytes(), &bytes(signature)?) {
        return Err(JwsFault::Signature);
    }
    bytes(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_own_key_type_and_payload_only() {
        let key = || SigningKey::from_pkcs8(&ed25519::generate().unwrap()).unwrap();
        let (ours, other) = (key(), key());
        let jws = sign(b"{}", "statement", "kid-1", &ours);
        assert_eq!(verify(&jws, "statement", &ours.public()).unwrap(), b"{}");
        assert_eq!(verify(&jws, "receipt", &ours.public()), Err(JwsFault::Type));
        assert_eq!(verify(&jws, "statement", &other.public()), Err(JwsFault::Signature));
        let mut parts: Vec<&str> = jws.split('.').collect();
        let changed = BASE64_URL_SAFE_NO_PAD.encode("[]");
        parts[1] = &changed;
        assert_eq!(verify(&parts.join("."), "statement", &ours.public()), Err(JwsFault::Signature));
    }
}
