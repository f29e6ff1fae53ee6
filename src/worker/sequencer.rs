//! The sequencer: gives each event exactly one gap-free index, in the order of the transactions that
//! wrote them, extends the tree and signs a checkpoint.
//!
//! The step that a crash can interrupt is one transaction: indexes, tiles and checkpoint are there
//! together or not at all. The checkpoint is durable before anyone can see it, and it is written only
//! if the last one is still that on which the step was built: a log never forks.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::{
    config,
    crypto::keyring::Keyring,
    journey::{Fault, Gateway, prove},
    ledger::{self, Checkpoint, Edge, TileId},
    store::{Sequenced, StoreFault},
};

/// How long to wait after a fault of the store.
const BACKOFF: Duration = Duration::from_secs(1);

/// How often to look for events that nobody announced.
const LOOK: Duration = Duration::from_secs(1);

/// How many events one step takes.
const STEP: usize = 4096;

/// The tree's edge in memory, as the store has it.
pub struct Sequencer {
    gateway: Arc<Gateway>,
    edge: Edge,
    signed_at: Option<Timestamp>,
    /// The keys that signed the last checkpoint; none before the first of this process.
    signed_by: Option<Arc<Keyring>>,
}

impl Sequencer {
    /// Takes up the log where the store has it, and refuses one whose tiles do not match its own
    /// checkpoint.
    pub async fn load(gateway: Arc<Gateway>) -> Result<Self, Fault> {
        let Some(stored) = gateway.store.checkpoint().await? else {
            return Ok(Self { gateway, edge: Edge::empty(), signed_at: None, signed_by: None });
        };
        let keys =
            prove::signing_keys(&gateway).ok_or(Fault::Impossible("the gateway's name is no log name"))?;
        let signed = keys
            .open_newest(&stored.note)
            .map_err(|_| StoreFault::Corrupt("the last checkpoint was not signed by this gateway's key"))?;
        let mut tiles = HashMap::<TileId, Vec<u8>>::new();
        for id in ledger::tiles_for_edge(stored.size) {
            if let Some(tile) = gateway.store.tile(id).await? {
                tiles.insert(id, tile);
            }
        }
        let edge = Edge::load(stored.size, |id| tiles.get(&id).cloned())
            .map_err(|_| StoreFault::Corrupt("the ledger's tiles are incomplete"))?;
        if edge.root() != signed.root || edge.size() != signed.size {
            return Err(StoreFault::Corrupt("the ledger's tiles do not match its checkpoint").into());
        }
        Ok(Self { gateway, edge, signed_at: Some(stored.at), signed_by: None })
    }

    /// Sequences what waits. Gives how many events got their index.
    pub async fn step(&mut self) -> Result<usize, Fault> {
        let waiting = self.gateway.store.unsequenced(STEP).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let events = waiting.iter().map(|event| event.event_id).collect();
        let leaves: Vec<_> = waiting.iter().map(|event| ledger::leaf_hash(&event.commitment)).collect();
        let after = self.edge.size();
        let mut edge = self.edge.clone();
        let tiles = edge.append(&leaves);
        self.write(after, edge, events, tiles).await?;
        Ok(leaves.len())
    }

    /// Signs the same tree again, so that readers see that the log is alive.
    pub async fn sign_again(&mut self) -> Result<(), Fault> {
        let (after, edge) = (self.edge.size(), self.edge.clone());
        self.write(after, edge, Vec::new(), Vec::new()).await
    }

    async fn write(
        &mut self,
        after: u64,
        edge: Edge,
        events: Vec<crate::message::EventId>,
        tiles: Vec<(TileId, Vec<u8>)>,
    ) -> Result<(), Fault> {
        let origin =
            self.gateway.name.parse().map_err(|_| Fault::Impossible("the gateway's name is no log name"))?;
        let checkpoint = Checkpoint { origin, size: edge.size(), root: edge.root() };
        let keys = self.gateway.keys();
        let checkpoint = checkpoint.sign_by(keys.for_checkpoints().map(|key| &key.key));
        let at = self.gateway.clock.now();
        let batch = Sequenced { after, events, tiles, checkpoint, at };
        if !self.gateway.store.sequence(batch).await? {
            return Err(StoreFault::Corrupt("another sequencer writes this log").into());
        }
        self.gateway.metrics.ledger_size.set(i64::try_from(edge.size()).unwrap_or(i64::MAX));
        (self.edge, self.signed_at, self.signed_by) = (edge, Some(at), Some(keys));
        Ok(())
    }

    /// Whether other keys are in force than those that signed last: outsiders are to see them soon, and an old
    /// one can end only after both have signed.
    fn has_other_keys(&self) -> bool {
        self.signed_by.as_ref().is_some_and(|keys| !Arc::ptr_eq(keys, &self.gateway.keys()))
    }

    fn idle_since(&self, now: Timestamp) -> Duration {
        self.signed_at
            .map_or(Duration::MAX, |at| Duration::try_from(now.duration_since(at)).unwrap_or_default())
    }
}

/// Sequences until `stop`, then once more, so that a clean stop leaves nothing waiting. It ends with a
/// fault when the log cannot be continued: the process must not go on without its ledger.
pub async fn run(
    mut sequencer: Sequencer,
    plan: config::Ledger,
    stop: CancellationToken,
) -> Result<(), Fault> {
    let clock = sequencer.gateway.clock.clone();
    let gateway = sequencer.gateway.clone();
    loop {
        let sequenced = match sequencer.step().await {
            Ok(sequenced) => sequenced,
            // A log that is not what it was must not be continued. Anything else may pass: a full disk
            // stops acceptance by itself, and readiness tells the operator meanwhile.
            Err(fault @ Fault::Store(StoreFault::Corrupt(_))) => return Err(fault),
            Err(fault) if stop.is_cancelled() => return Err(fault),
            Err(fault) => {
                tracing::error!(%fault, "events could not be sequenced; trying again");
                gateway.sequencing.store(false, Ordering::Relaxed);
                let again = clock
                    .now()
                    .saturating_add(plan.checkpoint_interval.max(BACKOFF))
                    .unwrap_or(Timestamp::MAX);
                tokio::select! {
                    () = clock.sleep_until(again) => {}
                    () = stop.cancelled() => {}
                }
                continue;
            }
        };
        gateway.sequencing.store(true, Ordering::Relaxed);
        if sequenced == 0 && stop.is_cancelled() {
            return Ok(());
        }
        let now = clock.now();
        if sequenced == 0
            && (sequencer.has_other_keys() || sequencer.idle_since(now) >= plan.idle_checkpoint)
            && let Err(fault) = sequencer.sign_again().await
        {
            tracing::error!(%fault, "the checkpoint could not be signed again");
        }
        let pause = |wait: Duration| now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        if sequenced == STEP || stop.is_cancelled() {
            continue;
        }
        if sequenced > 0 {
            // Many events share one checkpoint.
            tokio::select! {
                () = clock.sleep_until(pause(plan.checkpoint_interval)) => {}
                () = stop.cancelled() => {}
            }
        } else {
            tokio::select! {
                () = gateway.signals.unsequenced.notified() => {}
                // A post that was cut off while it was recorded wakes nobody.
                () = clock.sleep_until(pause(LOOK)) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}
