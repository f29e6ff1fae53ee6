//! What an agency is asked about a key that it published, and whether it answered.
//!
//! In: the new key and the one in force. Out: two sealed secrets, of which only digests stay here. Both say
//! for which key of which agency they are, so that a program that opens a voucher can see what it vouches for.

use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::{Code, Fault, Gateway, Refusal};
use crate::{
    crypto::{
        hex,
        jwe::{self, Form, SealFault},
        jwk::RecipientKey,
        sha256,
    },
    message::{AgencyId, AgencyKey, Challenge, EncryptionKey, Voucher},
};

/// `typ` of a sealed challenge.
pub const TYP: &str = "portcullis-challenge+jwe";

/// How long a challenge can be answered.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The challenge as the agency gets it.
pub struct Asked {
    /// Sealed to the new key: a flattened JWE.
    pub canary: Value,
    /// The key in force and what is sealed to it; none where none is in force.
    pub voucher: Option<(String, Value)>,
    /// The last moment to answer.
    pub until: Timestamp,
}

/// The answer: the member `secret` of what was opened.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Of the canary.
    pub canary: String,
    /// Of the voucher; left out, the operator has to approve the key.
    #[serde(default)]
    pub voucher: Option<String>,
}

pub(super) fn ask(
    gateway: &Gateway,
    agency: &AgencyId,
    key: &RecipientKey,
    in_force: Option<&EncryptionKey>,
    now: Timestamp,
) -> Result<(Challenge, Asked), Fault> {
    let until = now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
    let asking = Asking { gateway, agency, key, until };
    let (canary_sha256, canary) = asking.seal("canary", key)?;
    let in_force = in_force.map(|key| RecipientKey::new(key).map_err(|_| SealFault)).transpose()?;
    let sealed = in_force.map(|key| Ok::<_, Fault>((key.kid().to_owned(), asking.seal("voucher", &key)?)));
    let (kept, voucher) = match sealed.transpose()? {
        Some((kid, (secret_sha256, sealed))) => {
            (Some(Voucher { kid: kid.clone(), secret_sha256 }), Some((kid, sealed)))
        }
        None => (None, None),
    };
    Ok((Challenge { canary_sha256, voucher: kept, until }, Asked { canary, voucher, until }))
}

struct Asking<'a> {
    gateway: &'a Gateway,
    agency: &'a AgencyId,
    key: &'a RecipientKey,
    until: Timestamp,
}

impl Asking<'_> {
    /// A fresh secret sealed to one key: its digest, and the JWE.
    fn seal(&self, part: &str, to: &RecipientKey) -> Result<(String, Value), Fault> {
        let random = &self.gateway.random;
        let secret = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(random.bytes::<32>()?));
        let content = json!({
            "part": part, "secret": &*secret, "gateway": self.gateway.name, "agency_id": self.agency,
            "kid": self.key.kid(), "sha256": self.key.fingerprint(), "until": self.until,
        });
        let content = Zeroizing::new(content.to_string().into_bytes());
        let aad = json!({ "kid": self.key.kid() }).to_string();
        let form = Form { typ: TYP, cty: "application/json", aad: &aad, apu: &self.gateway.name };
        let (shared, wraps) = jwe::seal(content, &form, &[to], random)?;
        let wrap = wraps.first().ok_or(Fault::Impossible("one key, one wrap"))?;
        let sealed = serde_json::from_str(&shared.flattened(wrap));
        Ok((digest(&secret), sealed.map_err(|_| Fault::Impossible("a flattened JWE is JSON"))?))
    }
}

/// Whether the proof answers what was asked. Gives the key in force that vouches, if one does.
///
/// # Errors
/// Nothing is asked (any more), or something was not opened: then nothing of the proof counts.
pub(super) fn answered(
    key: &AgencyKey,
    proof: &Proof,
    in_force: impl Fn(&str) -> bool,
    now: Timestamp,
) -> Result<Option<String>, Refusal> {
    let asked = key.challenge.as_ref().filter(|asked| now <= asked.until && key.revoked_at.is_none());
    let asked = asked.ok_or_else(|| wrong("nothing is asked about this key now; publish it again"))?;
    // Digests are compared: how long that takes tells nothing about the secret.
    if digest(&proof.canary) != asked.canary_sha256 {
        return Err(wrong("`canary` is not the `secret` that was sealed to the new key"));
    }
    let Some(told) = &proof.voucher else { return Ok(None) };
    let voucher = asked.voucher.as_ref().filter(|voucher| in_force(&voucher.kid));
    match voucher {
        Some(voucher) if digest(told) == voucher.secret_sha256 => Ok(Some(voucher.kid.clone())),
        Some(_) => Err(wrong("`voucher` is not the `secret` that was sealed to the key in force")),
        None => Err(wrong("no key that is in force was asked to vouch; publish the key again")),
    }
}

fn digest(secret: &str) -> String {
    hex(&sha256(secret.as_bytes()))
}

fn wrong(detail: &str) -> Refusal {
    Refusal::new(Code::ProofWrong, detail)
}
