//! What a run over the whole log reports: counts, the root, and faults from a closed list.

use serde::Serialize;

use super::{checkpoint::NoteFault, hex, tree::Hash};

/// Faults that a report lists; the rest are counted.
pub const FAULTS_MAX: usize = 100;

/// What is wrong with a log. Indexes count leaves from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// Leaves are missing. No root can be computed from here on.
    #[error("leaves {from} to {to} are missing, without the last")]
    Gap {
        /// The first that is missing.
        from: u64,
        /// The next that is there.
        to: u64,
    },
    /// A leaf came again or too late; it was left out.
    #[error("leaf {index} came again or out of order")]
    OutOfOrder {
        /// Its index.
        index: u64,
    },
    /// An event has been altered, or its salt.
    #[error("the event of leaf {index} does not fit its commitment")]
    EventDiffers {
        /// The leaf.
        index: u64,
    },
    /// The newest checkpoint is not this log's.
    #[error("the checkpoint does not hold: {reason}")]
    Checkpoint {
        /// Why.
        reason: NoteFault,
    },
    /// The newest checkpoint speaks of more or fewer leaves than there are.
    #[error("the checkpoint is over {signed} leaves, the log has {found}")]
    SizeDiffers {
        /// Leaves in the checkpoint.
        signed: u64,
        /// Leaves in the log, missing ones included.
        found: u64,
    },
    /// The leaves do not make the tree that was signed.
    #[error("the leaves do not make the root that was signed at size {size}")]
    RootDiffers {
        /// The checkpoint's size.
        size: u64,
    },
    /// An earlier checkpoint is not this log's.
    #[error("earlier checkpoint {position} does not hold: {reason}")]
    Earlier {
        /// Its place in the list handed in, from 0.
        position: usize,
        /// Why.
        reason: NoteFault,
    },
    /// The log has become shorter than it was.
    #[error("earlier checkpoint {position} is over {size} leaves, more than the log has")]
    Shortened {
        /// Its place in the list handed in, from 0.
        position: usize,
        /// Its size.
        size: u64,
    },
    /// The log has been rewritten: it does not begin with the tree of an earlier checkpoint.
    #[error("the log does not begin with what earlier checkpoint {position} signed at size {size}")]
    Rewritten {
        /// Its place in the list handed in, from 0.
        position: usize,
        /// Its size.
        size: u64,
    },
}

/// What a run over a log has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Leaves in the log, missing ones included.
    pub size: u64,
    /// The root over them, where none is missing.
    #[serde(serialize_with = "hex::optional")]
    pub root: Option<Hash>,
    /// Events that were there and compared with their commitment.
    pub events: u64,
    /// Events that have been erased; their commitments still count.
    pub erased: u64,
    /// Earlier checkpoints that were compared with the tree.
    pub earlier: usize,
    /// What is wrong, in the order found; at most [`FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// Faults beyond those listed.
    pub faults_omitted: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Lists the fault, or counts it where the list is full.
    pub(super) fn add(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        } else {
            self.faults_omitted += 1;
        }
    }
}
