//! How the tree is kept: C2SP tlog-tiles, tiles of height 8.
//!
//! A tile is up to 256 consecutive hashes of one level, concatenated. A hash at level 0 is a leaf hash; a
//! hash at level *l* + 1 is the root over one *full* tile of level *l*. This file knows names and bytes;
//! it fetches nothing.

use std::collections::HashMap;

use super::tree::Hash;

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Bytes of a full tile.
pub const TILE_BYTES_MAX: usize = 8_192;

/// log2 of [`TILE_WIDTH`].
pub(super) const TILE_HEIGHT: u32 = 8;

/// Levels that a tree with a 64-bit size can have.
pub(super) const LEVELS: u8 = 8;

/// Which tile: its level, and its place within that level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 for leaf hashes.
    pub level: u8,
    /// The tile's place within its level, from 0.
    pub index: u64,
}

/// Why the tiles do not make the tree that they should. Each is the keeper's fault or a wrong question,
/// never a sender's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeFault {
    /// A tile is not there.
    #[error("tile `{0}` is missing")]
    Missing(TileId),
    /// A tile is not one to 256 whole hashes.
    #[error("tile `{0}` is not one to 256 hashes of 32 bytes")]
    Malformed(TileId),
    /// A tile holds fewer hashes than a tree of that size has there.
    #[error("tile `{0}` has fewer hashes than the tree's size calls for")]
    Short(TileId),
    /// The root over a full tile is not the hash that the tile above keeps for it.
    #[error("tile `{0}` does not hash to what the level above keeps for it")]
    Inconsistent(TileId),
    /// The leaf asked for is not in a tree of that size.
    #[error("the index lies beyond the tree's size")]
    IndexBeyondSize,
    /// The older tree would be larger than the newer.
    #[error("the older size is larger than the newer")]
    OldBeyondSize,
}

/// Where tiles are read from. A tile may hold more hashes than asked for: a later, wider form of a partial
/// tile begins with the earlier one.
pub trait Tiles {
    /// The whole content of a tile, as it is kept now.
    fn tile(&self, id: TileId) -> Option<Vec<u8>>;
}

impl TileId {
    /// The C2SP path, without a leading slash: `tile/0/x001/x234/067` for a `width` of 256, else with the
    /// suffix `.p/<width>`.
    pub fn path(self, width: u16) -> String {
        let mut groups = vec![format!("{:03}", self.index % 1_000)];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1_000));
            rest /= 1_000;
        }
        groups.reverse();
        let suffix = if width < TILE_WIDTH { format!(".p/{width}") } else { String::new() };
        format!("tile/{}/{}{suffix}", self.level, groups.join("/"))
    }

    /// The tile and width that a path of [`TileId::path`]'s form names; `None` for any other text, other
    /// spellings of the same number among them.
    pub fn parse(path: &str) -> Option<(Self, u16)> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, width.parse().ok().filter(|w| (1..TILE_WIDTH).contains(w))?),
            None => (rest, TILE_WIDTH),
        };
        let mut index = 0u64;
        for group in groups.split('/') {
            let digits: u64 = group.trim_start_matches('x').parse().ok()?;
            index = index.checked_mul(1_000)?.checked_add(digits)?;
        }
        let id = Self { level: level.parse().ok().filter(|level| *level < 64)?, index };
        // Numbers have many spellings, a tile has one path.
        (id.path(width) == path).then_some((id, width))
    }

    /// Hashes that this tile has in a tree of `size` leaves: 0 to 256.
    pub fn width(self, size: u64) -> u16 {
        let shift = TILE_HEIGHT * u32::from(self.level);
        let hashes = size.checked_shr(shift).unwrap_or(0);
        let before = self.index.saturating_mul(u64::from(TILE_WIDTH));
        let width = hashes.saturating_sub(before).min(u64::from(TILE_WIDTH));
        u16::try_from(width).unwrap_or(TILE_WIDTH)
    }
}

impl std::fmt::Display for TileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path(TILE_WIDTH))
    }
}

impl<F: Fn(TileId) -> Option<Vec<u8>>> Tiles for F {
    fn tile(&self, id: TileId) -> Option<Vec<u8>> {
        self(id)
    }
}

impl<S: std::hash::BuildHasher> Tiles for HashMap<TileId, Vec<u8>, S> {
    fn tile(&self, id: TileId) -> Option<Vec<u8>> {
        self.get(&id).cloned()
    }
}

/// The first `width` hashes of a tile's content.
pub(super) fn hashes(id: TileId, content: Option<Vec<u8>>, width: usize) -> Result<Vec<Hash>, TreeFault> {
    let content = content.ok_or(TreeFault::Missing(id))?;
    let (hashes, rest) = content.as_chunks::<32>();
    if hashes.is_empty() || !rest.is_empty() || content.len() > TILE_BYTES_MAX {
        return Err(TreeFault::Malformed(id));
    }
    hashes.get(..width).map(<[Hash]>::to_vec).ok_or(TreeFault::Short(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_c2sp_specification() {
        let id = |level, index| TileId { level, index };
        assert_eq!(id(0, 1_234_067).path(256), "tile/0/x001/x234/067");
        assert_eq!(id(1, 17).path(9), "tile/1/017.p/9");
        assert_eq!(id(0, 0).path(256), "tile/0/000");
        assert_eq!(id(7, 1_000).path(255), "tile/7/x001/000.p/255");
        for (index, width) in [(0, 1), (999, 256), (1_000, 255), (1_234_067, 256), (u64::MAX, 17)] {
            assert_eq!(TileId::parse(&id(3, index).path(width)), Some((id(3, index), width)));
        }
    }

    #[test]
    fn other_spellings_of_a_path_name_no_tile() {
        for path in [
            "tile/0/1",
            "tile/00/001",
            "tile/64/001",
            "tile/+1/001",
            "tile/0/x000/001",
            "tile/0/001/x002",
            "tile/0/x001/x234",
            "tile/0/xx001/234",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/01",
            "tile/0/001.p/",
            "tile/0/+01",
            "tile/0/../001",
            "/tile/0/001",
            "tile/0/001/",
            "tile/entries/001",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "",
        ] {
            assert_eq!(TileId::parse(path), None, "{path}");
        }
    }

    #[test]
    fn widths_are_those_of_the_c2sp_example_of_70000_leaves() {
        let width = |level, index, size| TileId { level, index }.width(size);
        assert_eq!([width(0, 272, 70_000), width(0, 273, 70_000), width(0, 274, 70_000)], [256, 112, 0]);
        assert_eq!([width(1, 0, 70_000), width(1, 1, 70_000), width(1, 2, 70_000)], [256, 17, 0]);
        assert_eq!([width(2, 0, 70_000), width(3, 0, 70_000), width(63, 0, 70_000)], [1, 0, 0]);
        assert_eq!([width(0, 0, 256), width(1, 0, 256)], [256, 1]);
    }
}
