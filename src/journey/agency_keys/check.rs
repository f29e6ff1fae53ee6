//! Whether a published key can be taken: a key that can be sealed to, under a name and with a public key that
//! nobody has. A fault names its place and what is wanted there, never a value.

use jiff::Timestamp;

use super::{
    super::{Code, Gateway, Refusal},
    OPEN_MAX, malformed,
};
use crate::{
    crypto::jwk::{KeyFault, RecipientKey},
    message::{AgencyId, AgencyKey, EncryptionKey, KeyState},
};

const KINDS: &str =
    "publish a P-256 key (`EC`), an X25519 key (`OKP`) or, quantum-safe, an X-Wing key (`AKP`)";

/// The key, ready to be sealed to.
pub(super) fn usable(
    gateway: &Gateway,
    key: &EncryptionKey,
    now: Timestamp,
) -> Result<RecipientKey, Refusal> {
    match (key.kty.as_str(), key.crv.as_str()) {
        ("EC", "P-256") | ("OKP", "X25519") | ("AKP", "") => {}
        ("EC" | "OKP" | "AKP", _) => {
            return Err(malformed("/key/crv", "curve", "not the curve of a key of this kind", KINDS));
        }
        _ => return Err(malformed("/key/kty", "kind", "not a kind of key that copies are sealed to", KINDS)),
    }
    let checked = RecipientKey::new(key).and_then(|key| key.check().map(|()| key)).map_err(|fault| {
        let code = match fault {
            KeyFault::Kind | KeyFault::Coordinate => "format",
            KeyFault::NotOnCurve | KeyFault::Mismatch => "not_a_public_key",
        };
        malformed("/key", code, &fault.to_string(), KINDS)
    })?;
    if checked.post_quantum_alg().is_some_and(|alg| alg != gateway.post_quantum_alg) {
        let fix = format!("use `alg` `{}`", gateway.post_quantum_alg);
        return Err(malformed("/key/alg", "profile", "not the algorithm of this gateway's profile", &fix));
    }
    let soonest = now.saturating_add(gateway.key_delay).unwrap_or(Timestamp::MAX);
    let first = key.valid_from.map_or(soonest, |from| from.max(soonest));
    if key.valid_until.is_some_and(|until| until <= first) {
        let message = "the key would end before it could be in force";
        return Err(malformed("/valid_until", "too_early", message, "name a later end, or none"));
    }
    Ok(checked)
}

/// Whether name and public key are free and there is room for one more.
pub(super) fn free(
    gateway: &Gateway,
    agency: &AgencyId,
    key: &EncryptionKey,
    own: &[AgencyKey],
    now: Timestamp,
) -> Result<(), Refusal> {
    let named = own.iter().find(|known| known.key.kid == key.kid);
    if named.is_some_and(|known| known.revoked_at.is_some() || !known.key.is_same_as(key)) {
        let detail = "you have, or had, another key of this name; a name is used once, so choose a new one";
        return Err(Refusal::new(Code::KeyConflict, detail));
    }
    if own.iter().any(|known| known.key.kid != key.kid && known.key.is_same_as(key)) {
        let detail = "you have, or had, this public key under another name; make a new key pair";
        return Err(Refusal::new(Code::KeyConflict, detail));
    }
    let directory = gateway.directory();
    let mut others = directory.agencies().filter(|other| other.agency_id != *agency);
    let taken = |other: &EncryptionKey| other.kid == key.kid || other.is_same_as(key);
    if others.any(|other| other.encryption_keys.iter().any(taken)) {
        let detail =
            "another agency has a key of this name, or this very key; make your own, under a new name";
        return Err(Refusal::new(Code::KeyConflict, detail));
    }
    let is_open = |known: &&AgencyKey| !matches!(known.state(now), KeyState::Revoked | KeyState::Ended);
    if named.is_none() && own.iter().filter(is_open).count() >= OPEN_MAX {
        let detail = format!("revoke keys that you no longer need: at most {OPEN_MAX} may be open at once");
        return Err(Refusal::new(Code::TooManyKeys, detail));
    }
    Ok(())
}
