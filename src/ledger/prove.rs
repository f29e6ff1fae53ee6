//! Proofs and roots, read from tiles (RFC 6962 §2.1.1 and §2.1.2) at any size that the tree ever had.
//!
//! Each hash of a proof is the root over a range of leaves, each range is a row of complete subtrees, and
//! each subtree lies in one tile. So the tiles that a proof needs are known before any is read, and an
//! asynchronous caller fetches them at once: `tiles_for_…` first, then the proof from what it got.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    tile::{TILE_HEIGHT, TILE_WIDTH, TileId, Tiles, TreeFault, hashes},
    tree::{Hash, fold, join},
};

/// The tiles that [`inclusion_proof`] needs; none where it would refuse.
pub fn tiles_for_inclusion(index: u64, size: u64) -> Vec<TileId> {
    tiles_of(&inclusion_ranges(index, size).unwrap_or_default())
}

/// The tiles that [`consistency_proof`] needs; none where it would refuse.
pub fn tiles_for_consistency(old: u64, size: u64) -> Vec<TileId> {
    tiles_of(&consistency_ranges(old, size).unwrap_or_default())
}

/// The tiles that [`root_at`] needs.
pub fn tiles_for_root(size: u64) -> Vec<TileId> {
    tiles_of(std::slice::from_ref(&(0..size)))
}

/// The proof that leaf `index` is in the tree of `size` leaves (`PATH`, RFC 6962 §2.1.1), leaf end first.
pub fn inclusion_proof<T: Tiles + ?Sized>(index: u64, size: u64, tiles: &T) -> Result<Vec<Hash>, TreeFault> {
    roots(&inclusion_ranges(index, size)?, tiles)
}

/// The proof that the tree of `old` leaves is the beginning of the tree of `size` (`PROOF`, RFC 6962
/// §2.1.2). Empty where `old` is nothing or everything.
pub fn consistency_proof<T: Tiles + ?Sized>(old: u64, size: u64, tiles: &T) -> Result<Vec<Hash>, TreeFault> {
    roots(&consistency_ranges(old, size)?, tiles)
}

/// The root of the tree as it was at `size` leaves.
pub fn root_at<T: Tiles + ?Sized>(size: u64, tiles: &T) -> Result<Hash, TreeFault> {
    let found = roots(std::slice::from_ref(&(0..size)), tiles)?;
    Ok(join(&found))
}

fn inclusion_ranges(index: u64, size: u64) -> Result<Vec<Range<u64>>, TreeFault> {
    if index >= size {
        return Err(TreeFault::IndexBeyondSize);
    }
    let (mut low, mut high) = (0, size);
    let mut ranges = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            ranges.push(middle..high);
            high = middle;
        } else {
            ranges.push(low..middle);
            low = middle;
        }
    }
    ranges.reverse();
    Ok(ranges)
}

fn consistency_ranges(old: u64, size: u64) -> Result<Vec<Range<u64>>, TreeFault> {
    if old > size {
        return Err(TreeFault::OldBeyondSize);
    }
    let mut ranges = Vec::new();
    if old == 0 || old == size {
        return Ok(ranges);
    }
    let (mut low, mut high) = (0, size);
    while old < high {
        let middle = low + split(high - low);
        if old <= middle {
            ranges.push(middle..high);
            high = middle;
        } else {
            ranges.push(low..middle);
            low = middle;
        }
    }
    // The verifier knows the old root, so it is left out where the old tree is one complete subtree.
    if low > 0 {
        ranges.push(low..high);
    }
    ranges.reverse();
    Ok(ranges)
}

/// The largest power of two below `leaves`, which are two or more (`k` in RFC 6962 §2.1).
fn split(leaves: u64) -> u64 {
    1 << (leaves.max(2) - 1).ilog2()
}

/// A complete subtree by where its hashes stand: the root over `count` hashes of `tile` from `first`.
struct Subtree {
    tile: TileId,
    first: usize,
    count: usize,
}

/// The complete subtrees of a range, from left to right and of falling size.
fn subtrees(range: &Range<u64>) -> Vec<Subtree> {
    let mut at = range.start;
    let mut row = Vec::new();
    while at < range.end {
        let height = (range.end - at).ilog2();
        // A tile holds eight levels; its subtree is found by the hashes at the level that is kept.
        let (level, within) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
        let hash = at >> (TILE_HEIGHT * level);
        row.push(Subtree {
            tile: TileId { level: level as u8, index: hash >> TILE_HEIGHT },
            first: (hash % u64::from(TILE_WIDTH)) as usize,
            count: 1 << within,
        });
        at += 1 << height;
    }
    row
}

fn tiles_of(ranges: &[Range<u64>]) -> Vec<TileId> {
    let ids: BTreeSet<TileId> = ranges.iter().flat_map(subtrees).map(|subtree| subtree.tile).collect();
    ids.into_iter().collect()
}

/// The root over each range. Each tile is read once.
fn roots<T: Tiles + ?Sized>(ranges: &[Range<u64>], tiles: &T) -> Result<Vec<Hash>, TreeFault> {
    let rows: Vec<Vec<Subtree>> = ranges.iter().filter(|range| !range.is_empty()).map(subtrees).collect();
    let mut widths: BTreeMap<TileId, usize> = BTreeMap::new();
    for subtree in rows.iter().flatten() {
        let width = widths.entry(subtree.tile).or_default();
        *width = (*width).max(subtree.first + subtree.count);
    }
    let mut kept: BTreeMap<TileId, Vec<Hash>> = BTreeMap::new();
    for (id, width) in widths {
        kept.insert(id, hashes(id, tiles.tile(id), width)?);
    }
    rows.iter()
        .map(|row| {
            let peaks: Result<Vec<Hash>, TreeFault> = row.iter().map(|subtree| subtree.root(&kept)).collect();
            Ok(join(&peaks?))
        })
        .collect()
}

impl Subtree {
    fn root(&self, kept: &BTreeMap<TileId, Vec<Hash>>) -> Result<Hash, TreeFault> {
        let tile = kept.get(&self.tile).ok_or(TreeFault::Missing(self.tile))?;
        let row = tile.get(self.first..self.first + self.count).ok_or(TreeFault::Short(self.tile))?;
        Ok(fold(row))
    }
}
