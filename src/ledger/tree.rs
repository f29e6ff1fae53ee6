//! The tree as it grows (RFC 6962 §2.1, SHA-256).
//!
//! [`Edge`] is what the sequencer keeps in memory: leaf hashes go in, changed tiles come out for the store
//! to write in one transaction. [`Frontier`] is the same tree as peaks only, for whoever needs roots and
//! no tiles. Reading proofs is in `prove.rs`.

use ring::digest::{Context, Digest, SHA256, digest};

use super::tile::{LEVELS, TILE_BYTES_MAX, TILE_HEIGHT, TILE_WIDTH, TileId, TreeFault, hashes};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of a leaf, `SHA-256(0x00 ‖ data)` (RFC 6962 §2.1). In this ledger `data` is a commitment.
pub fn leaf_hash(data: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    context.update(data);
    hash_of(context.finish())
}

/// The hash of an inner node, `SHA-256(0x01 ‖ left ‖ right)` (RFC 6962 §2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut input = [1; 65];
    let (_, pair) = input.split_at_mut(1);
    let (first, second) = pair.split_at_mut(32);
    first.copy_from_slice(left);
    second.copy_from_slice(right);
    hash_of(digest(&SHA256, &input))
}

/// The root of a tree without leaves, `SHA-256()` (RFC 6962 §2.1).
pub fn empty_root() -> Hash {
    hash_of(digest(&SHA256, &[]))
}

/// The 32 bytes of a SHA-256 digest.
pub(super) fn hash_of(digest: Digest) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}

/// The root over `hashes`, split as RFC 6962 §2.1 splits leaves. The hashes are those of complete subtrees
/// of one size, but for the last, which may be of a smaller tree: the split falls at the same place.
pub(super) fn fold(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => empty_root(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
            node_hash(&fold(left), &fold(right))
        }
    }
}

/// The right edge of the tree: at each level the hashes of the tile that is not yet full.
///
/// `Clone` is for the sequencer: it appends to a copy and keeps the copy only when the transaction that
/// writes the tiles has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    // INVARIANT: `open[l].len()` is digit `l` of `size` in base 256; levels above the last are empty.
    open: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of a tree without leaves.
    pub fn empty() -> Self {
        Self { size: 0, open: Vec::new() }
    }

    /// The edge of a tree of `size` leaves, from kept tiles; [`tiles_for_edge`] names those it will ask
    /// for. A tile wider than that size calls for is cut.
    ///
    /// Checks that each tile is whole and that the last full tile of each level hashes to what the level
    /// above keeps for it. Older tiles and the root it does not check: compare [`Edge::root`] with the
    /// last checkpoint signed.
    pub fn load(size: u64, tile: impl Fn(TileId) -> Option<Vec<u8>>) -> Result<Self, TreeFault> {
        let mut open = Vec::new();
        // The root over the last full tile of the level below, and which hash of this level it must be.
        let mut below: Option<(TileId, Hash)> = None;
        for level in (0..LEVELS).take_while(|level| size >> (TILE_HEIGHT * u32::from(*level)) > 0) {
            let (full, partial) = last_tiles(level, size);
            let read = |id: TileId| hashes(id, tile(id), usize::from(id.width(size)));
            let last_full = full.map(|id| Ok((id, read(id)?))).transpose()?;
            let last_open = partial.map(|id| Ok((id, read(id)?))).transpose()?;
            if let Some((id, root)) = below {
                // The newest hash of this level stands for the last full tile of the level below.
                let newest = last_open.as_ref().or(last_full.as_ref()).and_then(|(_, kept)| kept.last());
                if newest != Some(&root) {
                    return Err(TreeFault::Inconsistent(id));
                }
            }
            below = last_full.map(|(id, kept)| (id, fold(&kept)));
            open.push(last_open.map(|(_, kept)| kept).unwrap_or_default());
        }
        Ok(Self { size, open })
    }

    /// Adds leaves and returns every tile that changed, each once, with its whole content, ordered by
    /// level and index. They belong in one transaction: a later tile is of no use without an earlier.
    pub fn append(&mut self, leaf_hashes: &[Hash]) -> Vec<(TileId, Vec<u8>)> {
        let mut changed = Vec::new();
        let mut levels_touched = 0;
        for leaf in leaf_hashes {
            levels_touched = levels_touched.max(self.push(*leaf, &mut changed));
        }
        for (level, kept) in (0..levels_touched).zip(&self.open) {
            if let (_, Some(id)) = last_tiles(level, self.size) {
                changed.push((id, kept.concat()));
            }
        }
        changed.sort_unstable_by_key(|(id, _)| *id);
        changed
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root (Merkle Tree Hash).
    pub fn root(&self) -> Hash {
        let mut root = None;
        for kept in &self.open {
            let mut row = kept.clone();
            row.extend(root);
            if !row.is_empty() {
                root = Some(fold(&row));
            }
        }
        root.unwrap_or_else(empty_root)
    }

    /// Adds one leaf, puts the tiles that it filled into `full`, and returns how many levels it touched.
    fn push(&mut self, leaf: Hash, full: &mut Vec<(TileId, Vec<u8>)>) -> u8 {
        self.size += 1; // 2^64 events are out of reach
        let mut hash = leaf;
        for level in 0..LEVELS {
            if self.open.len() <= usize::from(level) {
                self.open.push(Vec::with_capacity(usize::from(TILE_WIDTH)));
            }
            let Some(kept) = self.open.get_mut(usize::from(level)) else { break };
            kept.push(hash);
            if kept.len() < usize::from(TILE_WIDTH) {
                return level + 1;
            }
            hash = fold(kept);
            let content = kept.concat();
            debug_assert_eq!(content.len(), TILE_BYTES_MAX);
            kept.clear();
            if let (Some(id), _) = last_tiles(level, self.size) {
                full.push((id, content));
            }
        }
        LEVELS
    }
}

/// The tiles that [`Edge::load`] asks for: at each level the last full one and the partial one after it.
pub fn tiles_for_edge(size: u64) -> Vec<TileId> {
    (0..LEVELS)
        .flat_map(|level| {
            let (full, partial) = last_tiles(level, size);
            full.into_iter().chain(partial)
        })
        .collect()
}

/// The last full tile of a level and the partial one after it, in a tree of `size` leaves.
fn last_tiles(level: u8, size: u64) -> (Option<TileId>, Option<TileId>) {
    let hashes = size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0);
    let full_tiles = hashes >> TILE_HEIGHT;
    let full = full_tiles.checked_sub(1).map(|index| TileId { level, index });
    let is_partial = !hashes.is_multiple_of(u64::from(TILE_WIDTH));
    (full, is_partial.then_some(TileId { level, index: full_tiles }))
}

/// The tree as its peaks, the roots of its complete subtrees from left to right: at most 64 hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Adds one leaf.
    pub fn push(&mut self, leaf_hash: Hash) {
        let mut hash = leaf_hash;
        // Each trailing one bit of the size is a peak as large as what has been joined so far.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1; // 2^64 events are out of reach
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root (Merkle Tree Hash).
    pub fn root(&self) -> Hash {
        join(&self.peaks)
    }
}

/// The root over peaks of falling size.
pub(super) fn join(peaks: &[Hash]) -> Hash {
    peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
}
