//! The tree and its notes against independent implementations: `ct-merkle` for roots and proofs,
//! `signed_note` for checkpoints, the test vectors of Certificate Transparency for RFC 6962.

use std::collections::HashMap;

use ct_merkle::{
    ConsistencyProof, InclusionProof, RootHash,
    digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update, consts::U32},
    mem_backed_tree::MemoryBackedTree,
};
use proptest::prelude::*;
use ring::digest::{Context, SHA256};

use super::*;

/// SHA-256 for the oracle.
#[derive(Clone)]
struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl HashMarker for Sha256 {}

impl OutputSizeUser for Sha256 {
    type OutputSize = U32;
}

impl Update for Sha256 {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

impl FixedOutput for Sha256 {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(self.0.finish().as_ref());
    }
}

type TileMap = HashMap<TileId, Vec<u8>>;

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

fn data(index: u64) -> Vec<u8> {
    index.to_be_bytes().to_vec()
}

fn oracle(size: u64) -> Oracle {
    let mut tree = Oracle::new();
    (0..size).for_each(|index| tree.push(data(index)));
    tree
}

fn leaves(range: std::ops::Range<u64>) -> Vec<Hash> {
    range.map(|index| leaf_hash(&data(index))).collect()
}

/// A log of `size` leaves: its edge and all its tiles.
fn log(size: u64) -> (Edge, TileMap) {
    let mut edge = Edge::empty();
    let tiles = edge.append(&leaves(0..size)).into_iter().collect();
    (edge, tiles)
}

fn root_hash(root: &Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new((*root).into(), size)
}

/// Only the tiles that were announced, so that an unannounced one shows.
fn announced(tiles: &TileMap, ids: &[TileId]) -> TileMap {
    ids.iter().map(|id| (*id, tiles[id].clone())).collect()
}

fn assert_inclusion(tiles: &TileMap, index: u64, size: u64, oracle: &Oracle) {
    let root = root_at(size, &announced(tiles, &tiles_for_root(size))).unwrap();
    let path = inclusion_proof(index, size, &announced(tiles, &tiles_for_inclusion(index, size))).unwrap();
    assert_eq!(root.as_slice(), oracle.root().as_bytes().as_slice());
    assert_eq!(path.concat(), oracle.prove_inclusion(index as usize).as_bytes());
    let proof = InclusionProof::try_from_bytes(path.concat()).unwrap();
    root_hash(&root, size).verify_inclusion(&data(index), index, &proof).unwrap();
    verify_inclusion(&leaf_hash(&data(index)), index, size, &path, &root).unwrap();
}

fn assert_consistency(tiles: &TileMap, old: u64, size: u64, oracle: &Oracle) {
    let (old_root, root) = (root_at(old, tiles).unwrap(), root_at(size, tiles).unwrap());
    let path = consistency_proof(old, size, &announced(tiles, &tiles_for_consistency(old, size))).unwrap();
    verify_consistency(old, &old_root, size, &root, &path).unwrap();
    if (1..size).contains(&old) {
        assert_eq!(path.concat(), oracle.prove_consistency((size - old) as usize).as_bytes());
        let proof = ConsistencyProof::try_from_bytes(path.concat()).unwrap();
        root_hash(&root, size).verify_consistency(&root_hash(&old_root, old), &proof).unwrap();
    }
}

#[test]
fn roots_are_those_of_the_certificate_transparency_vectors() {
    let inputs: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let (mut edge, mut frontier) = (Edge::empty(), Frontier::default());
    assert_eq!([hex::encode(&edge.root()), hex::encode(&frontier.root())], [roots[0], roots[0]]);
    for (input, root) in inputs.iter().zip(&roots[1..]) {
        edge.append(&[leaf_hash(input)]);
        frontier.push(leaf_hash(input));
        assert_eq!([hex::encode(&edge.root()), hex::encode(&frontier.root())], [*root, *root]);
    }
}

#[test]
fn every_proof_of_every_small_tree_is_the_oracles() {
    // The tiles of the largest tree serve all smaller ones, which see wider tiles than they had.
    let (_, tiles) = log(40);
    for size in 1..=40 {
        let oracle = oracle(size);
        for at in 0..size {
            assert_inclusion(&tiles, at, size, &oracle);
            assert_consistency(&tiles, at, size, &oracle);
        }
        assert_consistency(&tiles, size, size, &oracle);
    }
}

#[test]
fn a_tree_of_70000_leaves_has_the_tiles_of_the_c2sp_example() {
    let (edge, tiles) = log(70_000);
    let count = |level, width: usize| {
        tiles.iter().filter(|(id, content)| id.level == level && content.len() == width * 32).count()
    };
    assert_eq!([count(0, 256), count(0, 112), count(1, 256), count(1, 17), count(2, 1)], [273, 1, 1, 1, 1]);
    assert_eq!(tiles.len(), 277);
    let oracle = oracle(70_000);
    assert_eq!(edge.root().as_slice(), oracle.root().as_bytes().as_slice());
    for at in [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
        assert_inclusion(&tiles, at, 70_000, &oracle);
        assert_consistency(&tiles, at, 70_000, &oracle);
    }
    assert_eq!(Edge::load(70_000, |id| tiles.get(&id).cloned()).unwrap(), edge);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn proofs_at_any_size_are_the_oracles(total in 1u64..1_500, a in any::<u64>(), b in any::<u64>()) {
        let (_, tiles) = log(total);
        let size = 1 + a % total;
        let oracle = oracle(size);
        assert_inclusion(&tiles, b % size, size, &oracle);
        assert_consistency(&tiles, b % (size + 1), size, &oracle);
    }

    #[test]
    fn the_tree_does_not_depend_on_how_appends_are_split(batches in prop::collection::vec(0u64..700, 1..6)) {
        let (mut edge, mut frontier) = (Edge::empty(), Frontier::default());
        let mut kept = HashMap::new();
        for batch in batches {
            let before = edge.size();
            let changed = edge.append(&leaves(before..before + batch));
            prop_assert!(changed.is_sorted_by(|(a, _), (b, _)| a < b));
            for (id, content) in changed {
                prop_assert_eq!(content.len(), usize::from(id.width(edge.size())) * 32);
                kept.insert(id, content);
            }
            leaves(before..before + batch).into_iter().for_each(|leaf| frontier.push(leaf));
            // As after a restart.
            let needed = announced(&kept, &tiles_for_edge(edge.size()));
            prop_assert_eq!(&Edge::load(edge.size(), |id| needed.get(&id).cloned()).unwrap(), &edge);
        }
        let (whole, tiles) = log(edge.size());
        prop_assert_eq!(&kept, &tiles);
        prop_assert_eq!(&edge, &whole);
        prop_assert_eq!(frontier.root(), edge.root());
        prop_assert_eq!(root_at(edge.size(), &kept).unwrap(), edge.root());
    }

    #[test]
    fn a_proof_with_anything_altered_is_refused(
        size in 2u64..600, a in any::<u64>(), b in any::<u64>(), bit in 0usize..256, at in any::<usize>(),
    ) {
        let (_, tiles) = log(size);
        let (index, old) = (a % size, 1 + b % (size - 1));
        let (root, old_root) = (root_at(size, &tiles).unwrap(), root_at(old, &tiles).unwrap());
        let leaf = leaf_hash(&data(index));
        let flip = |mut hash: Hash| { hash[bit / 8] ^= 1 << (bit % 8); hash };
        let flip_one = |mut path: Vec<Hash>| { let i = at % path.len(); path[i] = flip(path[i]); path };

        let path = inclusion_proof(index, size, &tiles).unwrap();
        let included = |leaf: &Hash, index, path: &[Hash], root: &Hash| {
            verify_inclusion(leaf, index, size, path, root).is_ok()
        };
        prop_assert!(included(&leaf, index, &path, &root));
        prop_assert!(!included(&flip(leaf), index, &path, &root));
        prop_assert!(!included(&leaf, index, &path, &flip(root)));
        prop_assert!(!included(&leaf, index, &flip_one(path.clone()), &root));
        prop_assert!(!included(&leaf, index, &path[1..], &root));
        prop_assert!(!included(&leaf, index, &[&path[..], &[leaf]].concat(), &root));
        prop_assert!(!included(&leaf, (index + 1) % size, &path, &root));

        let path = consistency_proof(old, size, &tiles).unwrap();
        let consistent = |old, old_root: &Hash, path: &[Hash], root: &Hash| {
            verify_consistency(old, old_root, size, root, path).is_ok()
        };
        prop_assert!(consistent(old, &old_root, &path, &root));
        prop_assert!(!consistent(old, &flip(old_root), &path, &root));
        prop_assert!(!consistent(old, &old_root, &path, &flip(root)));
        prop_assert!(!consistent(old, &old_root, &flip_one(path.clone()), &root));
        prop_assert!(!consistent(old, &old_root, &path[1..], &root));
        prop_assert!(!consistent(old, &old_root, &[&path[..], &[root]].concat(), &root));
    }

    #[test]
    fn signed_note_opens_the_notes_and_keys_that_are_made_here(size in any::<u64>(), root in any::<[u8; 32]>()) {
        let pkcs8 = crate::crypto::ed25519::generate().unwrap();
        let key = crate::crypto::ed25519::SigningKey::from_pkcs8(&pkcs8).unwrap();
        let checkpoint = Checkpoint { origin: "gateway.example/ledger".parse().unwrap(), size, root };
        let vkey = VerifierKey::of(checkpoint.origin.clone(), &key);
        let note = checkpoint.sign(&key);

        let theirs = signed_note::StandardVerifier::new(&vkey.to_string()).unwrap();
        let read = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        let (verified, others) =
            read.verify(&signed_note::VerifierList::new(vec![Box::new(theirs)])).unwrap();
        prop_assert_eq!((verified.len(), others.len()), (1, 0));
        prop_assert!(read.text() == checkpoint.to_text().as_bytes());
        prop_assert_eq!(Checkpoint::open(&note, &vkey).unwrap(), checkpoint);
    }

    #[test]
    fn opening_any_text_does_not_panic(text in "\\PC{0,40}(\n\\PC{0,40}){0,6}(\n\n\u{2014} \\PC{0,20} [A-Za-z0-9+/=]{0,30}\n)?") {
        let vkey = VerifierKey::new("gateway.example".parse().unwrap(), [7; 32]);
        prop_assert!(Checkpoint::open(&text, &vkey).is_err());
        prop_assert!(text.parse::<VerifierKey>().is_err());
        prop_assert!(TileId::parse(&text).is_none());
    }
}

#[test]
fn an_edge_is_not_loaded_from_tiles_that_do_not_fit() {
    let (_, tiles) = log(70_000);
    let load = |change: &dyn Fn(&mut TileMap)| {
        let mut tiles = tiles.clone();
        change(&mut tiles);
        Edge::load(70_000, |id| tiles.get(&id).cloned()).unwrap_err()
    };
    let open = TileId { level: 0, index: 273 };
    let full = TileId { level: 0, index: 272 };
    let above = TileId { level: 1, index: 0 };
    assert_eq!(load(&|tiles| drop(tiles.remove(&open))), TreeFault::Missing(open));
    assert_eq!(load(&|tiles| tiles.get_mut(&open).unwrap().truncate(111 * 32)), TreeFault::Short(open));
    assert_eq!(load(&|tiles| tiles.get_mut(&open).unwrap().truncate(31)), TreeFault::Malformed(open));
    assert_eq!(load(&|tiles| tiles.get_mut(&open).unwrap().push(0)), TreeFault::Malformed(open));
    assert_eq!(load(&|tiles| tiles.get_mut(&open).unwrap().clear()), TreeFault::Malformed(open));
    assert_eq!(load(&|tiles| tiles.get_mut(&full).unwrap().extend([0; 32])), TreeFault::Malformed(full));
    assert_eq!(load(&|tiles| tiles.get_mut(&full).unwrap()[40] ^= 1), TreeFault::Inconsistent(full));
    assert_eq!(load(&|tiles| tiles.get_mut(&above).unwrap()[40] ^= 1), TreeFault::Inconsistent(above));
}

#[test]
fn questions_beyond_the_tree_are_refused() {
    let (_, tiles) = log(10);
    assert_eq!(inclusion_proof(10, 10, &tiles), Err(TreeFault::IndexBeyondSize));
    assert_eq!(inclusion_proof(0, 0, &tiles), Err(TreeFault::IndexBeyondSize));
    assert_eq!(consistency_proof(11, 10, &tiles), Err(TreeFault::OldBeyondSize));
    assert_eq!(root_at(11, &tiles), Err(TreeFault::Short(TileId { level: 0, index: 0 })));
    assert_eq!(root_at(0, &tiles), Ok(empty_root()));
    assert_eq!(tiles_for_inclusion(10, 10), []);
    assert_eq!(tiles_for_consistency(11, 10), []);
    assert_eq!(tiles_for_root(0), []);
    let nothing = |_: TileId| None;
    assert_eq!(root_at(1, &nothing), Err(TreeFault::Missing(TileId { level: 0, index: 0 })));
    // The largest sizes that the numbers hold are no trap either.
    assert!(inclusion_proof(u64::MAX - 1, u64::MAX, &nothing).is_err());
    assert!(consistency_proof(u64::MAX - 1, u64::MAX, &nothing).is_err());
    assert!(Edge::load(u64::MAX, nothing).is_err());
}
