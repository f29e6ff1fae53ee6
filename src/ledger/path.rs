//! Checking a proof's path from hashes only (RFC 9162 §2.1.3.2 and §2.1.4.2).
//!
//! Sizes, roots and the path come in, yes or the fault goes out. Where the roots come from, and whether
//! they are signed, is not asked here. Paths are made in `prove.rs`.

use super::{
    proof::ProofFault,
    tree::{Hash, empty_root, node_hash},
};

/// Whether the leaf stands at `index` in the tree of `size` leaves with that `root` (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofFault> {
    let last = size.checked_sub(1).filter(|last| index <= *last).ok_or(ProofFault::IndexBeyondSize)?;
    let mut climb = Climb { node: index, last };
    let mut hash = *leaf;
    for sibling in path {
        hash = match climb.step()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    climb.ended()?;
    if hash == *root { Ok(()) } else { Err(ProofFault::RootDiffers) }
}

/// Whether the tree of `old` leaves with `old_root` is the beginning of the tree of `size` leaves with
/// `root` (RFC 9162 §2.1.4.2). For equal sizes, and for an old tree without leaves, the path is empty.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    size: u64,
    root: &Hash,
    path: &[Hash],
) -> Result<(), ProofFault> {
    if old > size {
        return Err(ProofFault::OldBeyondSize);
    }
    if old == 0 || old == size {
        let known = if old == 0 { empty_root() } else { *root };
        return match path {
            [] if *old_root == known => Ok(()),
            [] => Err(ProofFault::OldRootDiffers),
            _ => Err(ProofFault::PathTooLong),
        };
    }
    // Where the old tree is one complete subtree, its root begins the path and is left out of it.
    let (first, rest) = match path {
        _ if old.is_power_of_two() => (old_root, path),
        [first, rest @ ..] => (first, rest),
        [] => return Err(ProofFault::PathTooShort),
    };
    let skipped = (old - 1).trailing_ones();
    let mut climb = Climb { node: (old - 1) >> skipped, last: (size - 1) >> skipped };
    let (mut old_hash, mut hash) = (*first, *first);
    for sibling in rest {
        match climb.step()? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                hash = node_hash(sibling, &hash);
            }
            Side::Right => hash = node_hash(&hash, sibling),
        }
    }
    climb.ended()?;
    match (old_hash == *old_root, hash == *root) {
        (false, _) => Err(ProofFault::OldRootDiffers),
        (true, false) => Err(ProofFault::RootDiffers),
        (true, true) => Ok(()),
    }
}

/// The way from a node to the root: `fn` and `sn` of RFC 9162.
struct Climb {
    node: u64,
    last: u64,
}

/// On which side the path's next hash stands.
enum Side {
    Left,
    Right,
}

impl Climb {
    fn step(&mut self) -> Result<Side, ProofFault> {
        if self.last == 0 {
            return Err(ProofFault::PathTooLong);
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            // The last node of a level may have no sibling there; it rises until it has one on the left.
            while self.node & 1 == 0 && self.node != 0 {
                self.node >>= 1;
                self.last >>= 1;
            }
            Side::Left
        } else {
            Side::Right
        };
        self.node >>= 1;
        self.last >>= 1;
        Ok(side)
    }

    fn ended(&self) -> Result<(), ProofFault> {
        if self.last == 0 { Ok(()) } else { Err(ProofFault::PathTooShort) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::leaf_hash;

    #[test]
    fn consistency_faults_are_named() {
        let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
        let root = node_hash(&a, &b);
        let verify = |old, old_root: &Hash, path: &[Hash]| verify_consistency(old, old_root, 2, &root, path);
        assert_eq!(verify(1, &a, &[b]), Ok(()));
        assert_eq!(verify(1, &b, &[a]), Err(ProofFault::RootDiffers));
        assert_eq!(verify(1, &a, &[]), Err(ProofFault::PathTooShort));
        assert_eq!(verify(1, &a, &[b, b]), Err(ProofFault::PathTooLong));
        assert_eq!(verify(3, &a, &[b]), Err(ProofFault::OldBeyondSize));
        assert_eq!(verify(2, &root, &[]), Ok(()));
        assert_eq!(verify(2, &a, &[]), Err(ProofFault::OldRootDiffers));
        assert_eq!(verify(2, &root, &[a]), Err(ProofFault::PathTooLong));
        assert_eq!(verify(0, &empty_root(), &[]), Ok(()));
        assert_eq!(verify(0, &a, &[]), Err(ProofFault::OldRootDiffers));
        assert_eq!(verify(0, &empty_root(), &[a]), Err(ProofFault::PathTooLong));
        // Three leaves to four: the path begins with a hash that both roots hang on.
        let (c, d) = (leaf_hash(b"c"), leaf_hash(b"d"));
        let (old, new) = (node_hash(&root, &c), node_hash(&root, &node_hash(&c, &d)));
        assert_eq!(verify_consistency(3, &old, 4, &new, &[c, d, root]), Ok(()));
        assert_eq!(verify_consistency(3, &new, 4, &new, &[c, d, root]), Err(ProofFault::OldRootDiffers));
        assert_eq!(verify_consistency(3, &old, 4, &old, &[c, d, root]), Err(ProofFault::RootDiffers));
        assert_eq!(verify_consistency(3, &old, 4, &new, &[]), Err(ProofFault::PathTooShort));
    }
}
