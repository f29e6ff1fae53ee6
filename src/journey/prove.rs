//! Prove: what the ledger can show about a message, to those who may see it.

use serde_json::Value;

use super::{Fault, Gateway};
use crate::{
    ledger::{self, Bundle, LogKeys, LogName, Proof, TileId, VerifierKey},
    message::{AgencyId, MessageId},
    store::{Leaf, StoreFault},
};

/// The proof bundle of one message of this sender, with event, salt and receipt. `None` until it is
/// sequenced. Outside the agencies an event is opened to nobody but the Information Commissioner, who asks
/// the operator (P40, DPA 2018 s.62(5)); no call of the API leads there.
pub async fn bundle(
    gateway: &Gateway,
    sender: &AgencyId,
    message: MessageId,
    receipt: &[u8],
) -> Result<Option<Bundle>, Fault> {
    let Some(leaf) = gateway.store.acceptance(sender, message).await? else { return Ok(None) };
    let Some(proof) = prove(gateway, &leaf).await? else { return Ok(None) };
    let Some((salt, event)) = leaf.opened else { return Ok(None) };
    let event =
        serde_json::from_slice(&event).map_err(|_| StoreFault::Corrupt("an event that is not JSON"))?;
    let receipt: Option<Value> = serde_json::from_slice(receipt).ok();
    Ok(Some(Bundle { proof, event, salt, receipt }))
}

/// The proof that a commitment stands in the log, for whoever knows the commitment.
pub async fn proof(gateway: &Gateway, commitment: [u8; 32]) -> Result<Option<Proof>, Fault> {
    match gateway.store.leaf(commitment).await? {
        Some(leaf) => prove(gateway, &leaf).await,
        None => Ok(None),
    }
}

async fn prove(gateway: &Gateway, leaf: &Leaf) -> Result<Option<Proof>, Fault> {
    let Some(index) = leaf.index else { return Ok(None) };
    let Some(checkpoint) = gateway.store.checkpoint().await? else { return Ok(None) };
    let mut tiles = std::collections::HashMap::<TileId, Vec<u8>>::new();
    for id in ledger::tiles_for_inclusion(index, checkpoint.size) {
        let tile = gateway.store.tile(id).await?.ok_or(StoreFault::Corrupt("a tile is missing"))?;
        tiles.insert(id, tile);
    }
    let inclusion_path = ledger::inclusion_proof(index, checkpoint.size, &tiles)
        .map_err(|_| StoreFault::Corrupt("the tiles do not hold the log"))?;
    Ok(Some(Proof { commitment: leaf.commitment, index, inclusion_path, checkpoint: checkpoint.note }))
}

/// The tile of a C2SP path, cut to the width that the path names.
pub async fn tile(gateway: &Gateway, path: &str) -> Result<Option<Vec<u8>>, Fault> {
    let Some((id, width)) = TileId::parse(path) else { return Ok(None) };
    let width = usize::from(width) * 32;
    let tile = gateway.store.tile(id).await?;
    Ok(tile.and_then(|tile| tile.get(..width).map(<[u8]>::to_vec)))
}

/// The keys that sign this gateway's checkpoints now.
pub fn signing_keys(gateway: &Gateway) -> Option<LogKeys> {
    let keys = gateway.keys();
    let name = gateway.name.parse().ok()?;
    Some(keys.for_checkpoints().map(|key| VerifierKey::of(LogName::clone(&name), &key.key)).collect())
}

/// The key that verifies this gateway's checkpoints, the new one while one is replaced.
pub fn verifier_key(gateway: &Gateway) -> Option<VerifierKey> {
    let name = gateway.name.parse().ok()?;
    Some(VerifierKey::of(name, &gateway.keys().checkpoints.key))
}
