//! The ledger: an RFC 6962 tree over salted commitments, which outsiders can check without trusting
//! the gateway.
//!
//! Each event is canonical JSON (RFC 8785). The tree's leaf is the 32 bytes `SHA-256(salt ‖ event)`, its
//! [`commitment`], so an event can be erased while every proof still holds, and the tree can be shown to
//! anyone. The tree's size and root are signed as a C2SP checkpoint, its hashes are kept as C2SP tiles.
//!
//! - [`leaf_hash`], [`node_hash`], [`Edge`]: the tree as it grows; [`TileId`], [`Tiles`]: how it is kept.
//! - [`inclusion_proof`], [`consistency_proof`], [`root_at`]: read from tiles, with [`tiles_for_inclusion`]
//!   and its sisters to fetch those tiles beforehand.
//! - [`Checkpoint`], [`VerifierKey`]: the signed note; [`LogKeys`]: from one key to the next.
//! - [`Proof`], [`Bundle`]: what is handed out, and its check offline.
//! - [`Verifier`]: the whole log, leaf by leaf.
//!
//! - [`event`], [`asked`]: what the events hold.
//!
//! In come hashes, tiles and notes as values; out go the same. This room does no I/O, keeps no time and
//! gives no event its index: the loop that does is `worker/sequencer.rs`.

pub mod asked;

mod checkpoint;

pub mod event;

mod handover;

mod hex;

mod key;

mod name;

mod path;

mod proof;

mod prove;

mod report;

mod strict;

mod tile;

mod tree;

mod verify;

#[cfg(test)]
mod oracle;

pub use checkpoint::{Checkpoint, NOTE_BYTES_MAX, NoteFault, SIGNATURES_MAX};
pub use handover::{LogKeys, handovers};
pub use key::{KeyFault, VerifierKey};
pub use name::{BadName, LogName};
pub use path::{verify_consistency, verify_inclusion};
pub use proof::{Bundle, Proof, ProofFault, commitment};
pub use prove::{
    consistency_proof, inclusion_proof, root_at, tiles_for_consistency, tiles_for_inclusion, tiles_for_root,
};
pub use report::{FAULTS_MAX, Fault, Report};
pub use tile::{TILE_BYTES_MAX, TILE_WIDTH, TileId, Tiles, TreeFault};
pub use tree::{Edge, Frontier, Hash, empty_root, leaf_hash, node_hash, tiles_for_edge};
pub use verify::Verifier;
