//! What the ledger says of an opened copy: that the event which its statement names stands in the log.
//!
//! In: the statement and a proof, from a file, or from the gateway where the copy itself came from there. Out:
//! one line in words, and the proof, to be kept. No proof is no fault: the log may be a moment behind, and a
//! copy may be opened far from any network. A proof that does not hold is one, and it ends the command like a
//! false signature.

use std::{fs, path::Path};

use anyhow::Context as _;

use crate::{
    cli::{
        Exit,
        client::{Client, ClientFault},
    },
    crypto::{
        hex,
        keyring::{KeyPurpose, PublishedKeys},
    },
    journey::statement::Statement,
    ledger::{Checkpoint, Proof, VerifierKey},
};

/// Where a proof is to be found.
pub(super) enum At<'a> {
    /// A file, as `GET /v1/ledger/proofs/…` gives it.
    File(&'a Path),
    /// The gateway.
    Gateway(&'a Client),
    /// Nowhere.
    None,
}

/// What the ledger says, in words, and the proof where one holds.
///
/// # Errors
/// An unreadable file; a proof that is about something else or does not hold.
pub(super) async fn word(
    statement: &Statement,
    at: At<'_>,
    keys: &PublishedKeys,
) -> anyhow::Result<(String, Option<Proof>)> {
    let Some(named) = statement.ledger.as_ref() else {
        return Ok(("the statement names no event".into(), None));
    };
    let proof = match at {
        At::None => return Ok(("not checked; `--proof FILE` takes the proof of the event".into(), None)),
        At::File(path) => read(path)?,
        At::Gateway(client) => match client.proof(&named.commitment).await {
            Ok(answer) => serde_json::from_value(answer.value).context("the gateway's proof")?,
            Err(fault) => return Ok((unavailable(&fault), None)),
        },
    };
    if hex(&proof.commitment) != named.commitment {
        return Err(Exit::Verification.because("the proof is about another event"));
    }
    let checkpoint = verified(statement, &proof, keys)?;
    let told = format!("event {} of {}, under a signed checkpoint", proof.index + 1, checkpoint.size);
    Ok((told, Some(proof)))
}

fn read(path: &Path) -> anyhow::Result<Proof> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no proof", path.display()))
}

fn unavailable(fault: &ClientFault) -> String {
    match fault.problem().map(|problem| problem.status) {
        Some(404) => "not in a signed checkpoint yet; ask again in a moment".into(),
        _ => format!("not checked: {fault}"),
    }
}

/// The checkpoint that the proof leads to. The log bears the name of the gateway; any key counts that it
/// published for checkpoints, retired ones too, which signed earlier ones.
fn verified(statement: &Statement, proof: &Proof, keys: &PublishedKeys) -> anyhow::Result<Checkpoint> {
    let name = || statement.gateway.parse().ok();
    let of_log = keys.keys.iter().filter(|key| key.purpose == KeyPurpose::Checkpoints);
    let verifiers = of_log.filter_map(|key| Some(VerifierKey::new(name()?, key.ed25519()?)));
    let mut fault = "the gateway publishes no key for checkpoints".to_owned();
    for verifier in verifiers {
        match proof.verify(&verifier) {
            Ok(checkpoint) => return Ok(checkpoint),
            Err(why) => fault = why.to_string(),
        }
    }
    Err(Exit::Verification.because(format!("the proof of the event does not hold: {fault}")))
}
