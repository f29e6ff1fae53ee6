//! What the demonstration leaves behind (design §9), so that anyone can check it with other tools.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde_json::json;

use crate::{
    crypto::hex,
    journey::prove,
    ledger::{TILE_WIDTH, TileId, VerifierKey},
    message::{AgencyId, DeliveryId, MessageId},
};

use super::world::World;

/// How many leaves are read at once.
const ROUND: usize = 1_000;

/// The folder of the evidence.
pub struct Evidence {
    dir: PathBuf,
    sent: usize,
    refused: usize,
}

impl Evidence {
    /// Begins in an installation's folder.
    pub fn begin(dir: &Path) -> anyhow::Result<Self> {
        for folder in ["sent", "receipts", "inbox", "refused", "ledger/proofs"] {
            fs::create_dir_all(dir.join(folder))?;
        }
        Ok(Self { dir: dir.to_owned(), sent: 0, refused: 0 })
    }

    /// The exact bytes that were posted.
    pub fn keep_sent(&mut self, message_type: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.sent += 1;
        Ok(fs::write(self.dir.join(format!("sent/{}-{message_type}.json", self.sent)), bytes)?)
    }

    /// The first message that was posted, with its name.
    pub fn first_sent(&self) -> anyhow::Result<(String, Vec<u8>)> {
        let name = "sent/1-notification.json";
        Ok((name.to_owned(), fs::read(self.dir.join(name)).context(name)?))
    }

    /// The receipt of a message.
    pub fn keep_receipt(&self, message: MessageId, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(fs::write(self.receipt_path(message), bytes)?)
    }

    /// A receipt that was kept.
    pub fn receipt(&self, message: MessageId) -> anyhow::Result<Vec<u8>> {
        Ok(fs::read(self.receipt_path(message))?)
    }

    fn receipt_path(&self, message: MessageId) -> PathBuf {
        self.dir.join(format!("receipts/{message}.json"))
    }

    /// A problem document.
    pub fn keep_refused(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.refused += 1;
        Ok(fs::write(self.dir.join(format!("refused/{}.json", self.refused)), bytes)?)
    }

    /// A sealed copy as it was collected.
    pub fn keep_copy(&self, agency: &AgencyId, delivery: DeliveryId, bytes: &[u8]) -> anyhow::Result<()> {
        let folder = self.dir.join(format!("inbox/{agency}"));
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(format!("{delivery}.jwe")), bytes)?)
    }

    /// A sealed attachment as it was collected.
    pub fn keep_attachment(
        &self,
        agency: &AgencyId,
        delivery: DeliveryId,
        number: usize,
        bytes: &[u8],
    ) -> anyhow::Result<()> {
        Ok(fs::write(self.dir.join(format!("inbox/{agency}/{delivery}.att{number}")), bytes)?)
    }

    /// A proof bundle, as its sender may fetch it.
    pub fn keep_proof(&self, message: MessageId, bundle: &serde_json::Value) -> anyhow::Result<()> {
        let path = self.dir.join(format!("ledger/proofs/{message}.json"));
        Ok(fs::write(path, serde_json::to_vec_pretty(bundle)?)?)
    }

    /// Checkpoint, verifier key, every entry and every tile: all that an auditor needs. Gives the
    /// number of leaves.
    pub async fn keep_ledger(&self, world: &World) -> anyhow::Result<u64> {
        let gateway = &world.running.gateway;
        let folder = self.dir.join("ledger");
        let checkpoint = gateway.store.checkpoint().await?.context("the ledger has no checkpoint")?;
        let key: VerifierKey = prove::verifier_key(gateway).context("the gateway's name is no log name")?;
        fs::write(folder.join("checkpoint"), &checkpoint.note)?;
        fs::write(folder.join("vkey"), format!("{key}\n"))?;
        fs::write(folder.join("entries.ndjson"), self.entries(world, checkpoint.size).await?)?;
        self.tiles(world, &folder, checkpoint.size).await?;
        Ok(checkpoint.size)
    }

    async fn entries(&self, world: &World, size: u64) -> anyhow::Result<Vec<u8>> {
        let mut lines = Vec::new();
        let mut next = 0;
        while next < size {
            for leaf in world.running.gateway.store.leaves(next, ROUND).await? {
                let index = leaf.index.context("a leaf without place")?;
                next = index + 1;
                if index >= size {
                    break;
                }
                let (salt, event) = match &leaf.opened {
                    Some((salt, event)) => {
                        (Some(hex(salt)), Some(serde_json::from_slice::<serde_json::Value>(event)?))
                    }
                    None => (None, None),
                };
                let line = json!({ "index": index, "commitment": hex(&leaf.commitment), "salt": salt, "event": event });
                serde_json::to_writer(&mut lines, &line)?;
                lines.push(b'\n');
            }
        }
        Ok(lines)
    }

    async fn tiles(&self, world: &World, folder: &Path, size: u64) -> anyhow::Result<()> {
        let mut width = size;
        for level in 0.. {
            if width == 0 {
                break;
            }
            for index in 0..width.div_ceil(u64::from(TILE_WIDTH)) {
                let id = TileId { level, index };
                let tile = world.running.gateway.store.tile(id).await?.context("a tile is missing")?;
                let hashes = id.width(size);
                let path = folder.join(id.path(hashes));
                fs::create_dir_all(path.parent().context("a tile's path has a folder")?)?;
                fs::write(path, tile.get(..usize::from(hashes) * 32).context("a tile is too short")?)?;
            }
            width /= u64::from(TILE_WIDTH);
        }
        Ok(())
    }
}
