//! Proofs that anyone can check offline: hashes in, yes or no out.
//!
//! [`Proof`] is for a recipient, who knows the commitment from the transfer statement. [`Bundle`] also
//! opens the event and is only for those who may see it. Both need nothing but the log's verifier key.
//! The paths are checked in `path.rs` and made
//! in `prove.rs`. A bundle's `receipt` is carried and not checked here: its signature
//! is by another key.

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    checkpoint::{Checkpoint, NoteFault},
    hex,
    key::VerifierKey,
    path::verify_inclusion,
    strict,
    tree::{Hash, hash_of, leaf_hash},
};

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// The checkpoint is not that log's.
    #[error("the checkpoint does not hold: {0}")]
    Checkpoint(#[from] NoteFault),
    /// The leaf is not in a tree of that size.
    #[error("the index lies beyond the tree's size")]
    IndexBeyondSize,
    /// The path ends before it reaches the root.
    #[error("the path is too short for this index and size")]
    PathTooShort,
    /// The path goes on after it has reached the root.
    #[error("the path is too long for this index and size")]
    PathTooLong,
    /// The path leads to another root: index, leaf, path or root are not of one tree.
    #[error("the path does not lead to the signed root")]
    RootDiffers,
    /// The older tree is larger than the newer.
    #[error("the older size is larger than the newer")]
    OldBeyondSize,
    /// The path does not lead to the older root: the log has been rewritten, or the path is wrong.
    #[error("the path does not lead to the older root")]
    OldRootDiffers,
    /// The event has no canonical form (RFC 8785).
    #[error("the event cannot be written as canonical json")]
    NotCanonical,
    /// The event or the salt is another than the one committed to.
    #[error("the event does not fit the commitment")]
    CommitmentDiffers,
}

/// The commitment to an event: `SHA-256(salt ‖ canonical_event)`, the data of its leaf. Without the salt
/// nobody can try out what the event may have said. `canonical_event` is JSON as RFC 8785 writes it.
pub fn commitment(salt: &[u8; 32], canonical_event: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(salt);
    context.update(canonical_event);
    hash_of(context.finish())
}

/// What a recipient needs to see that its transfer is in the ledger. It tells nothing of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The leaf's data, in lower-case hex; the transfer statement names the same.
    #[serde(with = "hex::one")]
    pub commitment: Hash,
    /// The leaf's place in the log, from 0.
    pub index: u64,
    /// Hashes from the leaf's sibling up to the root's child, in lower-case hex; at most 64.
    #[serde(with = "hex::many")]
    pub inclusion_path: Vec<Hash>,
    /// The signed checkpoint that the path leads to, as a note.
    pub checkpoint: String,
}

/// A proof with the event opened, for the sender, the area's co-ordinator and auditors. No `Debug`: an
/// event is nothing for a log.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// The proof.
    #[serde(flatten)]
    pub proof: Proof,
    /// The event. No member may stand twice; numbers are whole, as a fraction may not survive reading.
    #[serde(deserialize_with = "strict::object")]
    pub event: Map<String, Value>,
    /// The event's salt, in lower-case hex.
    #[serde(with = "hex::one")]
    pub salt: [u8; 32],
    /// The sender's receipt, where there is one. Not checked here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Value>,
}

impl Proof {
    /// Checks the checkpoint's signature and the path; gives the checkpoint. Which commitment it ought to
    /// be, the caller must know.
    pub fn verify(&self, key: &VerifierKey) -> Result<Checkpoint, ProofFault> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let leaf = leaf_hash(&self.commitment);
        verify_inclusion(&leaf, self.index, checkpoint.size, &self.inclusion_path, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl Bundle {
    /// Checks that the event is the one committed to, then the proof.
    pub fn verify(&self, key: &VerifierKey) -> Result<Checkpoint, ProofFault> {
        let canonical =
            serde_json_canonicalizer::to_vec(&self.event).map_err(|_| ProofFault::NotCanonical)?;
        if commitment(&self.salt, &canonical) != self.proof.commitment {
            return Err(ProofFault::CommitmentDiffers);
        }
        self.proof.verify(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::ed25519::{SigningKey, generate},
        ledger::Frontier,
    };

    const SALT: [u8; 32] = [9; 32];

    /// A log of two leaves, the second of them the event's, and its bundle.
    fn bundle() -> (Bundle, VerifierKey) {
        let key = SigningKey::from_pkcs8(&generate().unwrap()).unwrap();
        let vkey = VerifierKey::of("gateway.example".parse().unwrap(), &key);
        let committed = commitment(&SALT, br#"{"a":[1,{"b":null}],"at":"2026-11-20T09:30:00Z","v":1}"#);
        let mut tree = Frontier::default();
        [leaf_hash(&[1; 32]), leaf_hash(&committed)].into_iter().for_each(|leaf| tree.push(leaf));
        let checkpoint = Checkpoint { origin: vkey.name().clone(), size: 2, root: tree.root() }.sign(&key);
        let proof =
            Proof { commitment: committed, index: 1, inclusion_path: vec![leaf_hash(&[1; 32])], checkpoint };
        let event = br#"{"v":1,"at":"2026-11-20T09:30:00Z","a":[1,{"b":null}]}"#;
        let event = serde_json::from_slice(event).unwrap();
        (Bundle { proof, event, salt: SALT, receipt: None }, vkey)
    }

    fn fault(bundle: &Bundle, vkey: &VerifierKey) -> Option<ProofFault> {
        bundle.verify(vkey).err()
    }

    #[test]
    fn a_commitment_is_the_hash_of_salt_and_event() {
        // printf of 32 bytes 0x09 and `{"v":1}` into sha256sum.
        let expected = "a58cc1c82770cbb9d1840fd61e9d49c13ff401e0198c71b60a4b0b9ce069c63b";
        assert_eq!(hex::encode(&commitment(&SALT, br#"{"v":1}"#)), expected);
    }

    #[test]
    fn a_bundle_survives_json_and_verifies_whatever_the_order_of_its_events_members() {
        let (bundle, vkey) = bundle();
        let text = serde_json::to_string(&bundle).unwrap();
        let read: Bundle = serde_json::from_str(&text).unwrap();
        assert!(read == bundle);
        assert_eq!(read.verify(&vkey).unwrap().size, 2);
        let proof: Proof = serde_json::from_str(&text).unwrap();
        assert_eq!(proof.verify(&vkey).unwrap().size, 2);
        let json: Value = serde_json::from_str(&text).unwrap();
        let members: std::collections::BTreeSet<&str> =
            json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            Vec::from_iter(members),
            ["checkpoint", "commitment", "event", "inclusion_path", "index", "salt"]
        );
        assert_eq!(json["salt"], "09".repeat(32));
    }

    #[test]
    fn each_fault_in_a_bundle_is_named() {
        let (good, vkey) = bundle();
        let with = |change: &dyn Fn(&mut Bundle)| {
            let mut bundle = good.clone();
            change(&mut bundle);
            fault(&bundle, &vkey)
        };
        assert_eq!(with(&|_| {}), None);
        assert_eq!(with(&|b| b.salt[0] = 0), Some(ProofFault::CommitmentDiffers));
        assert_eq!(with(&|b| drop(b.event.remove("at"))), Some(ProofFault::CommitmentDiffers));
        assert_eq!(with(&|b| b.proof.commitment[0] ^= 1), Some(ProofFault::CommitmentDiffers));
        assert_eq!(with(&|b| b.proof.index = 0), Some(ProofFault::RootDiffers));
        assert_eq!(with(&|b| b.proof.index = 2), Some(ProofFault::IndexBeyondSize));
        assert_eq!(with(&|b| b.proof.inclusion_path.clear()), Some(ProofFault::PathTooShort));
        assert_eq!(with(&|b| b.proof.inclusion_path.push([0; 32])), Some(ProofFault::PathTooLong));
        assert_eq!(with(&|b| b.proof.inclusion_path[0][0] ^= 1), Some(ProofFault::RootDiffers));
        let wrong = ProofFault::Checkpoint(NoteFault::WrongSignature);
        assert_eq!(with(&|b| b.proof.checkpoint = b.proof.checkpoint.replace("\n2\n", "\n3\n")), Some(wrong));
        let (_, other) = bundle();
        assert_eq!(fault(&good, &other), Some(ProofFault::Checkpoint(NoteFault::NotThisKey)));
    }

    #[test]
    fn an_event_with_a_member_twice_is_not_read() {
        let (good, _) = bundle();
        let text = serde_json::to_string(&good).unwrap();
        for (once, twice) in [
            (r#""v":1"#, r#""v":2,"v":1"#),
            (r#""b":null"#, r#""b":true,"b":null"#),
            (r#""b":null"#, r#""b":true,"\u0062":null"#),
            (r#""index":1"#, r#""index":0,"index":1"#),
            (r#""salt":"#, r#""salt":"00","salt":"#),
        ] {
            let altered = text.replace(once, twice);
            assert_ne!(altered, text);
            assert!(serde_json::from_str::<Bundle>(&altered).is_err(), "{twice}");
        }
        assert!(serde_json::from_str::<Bundle>(&text.replace("0909", "0A09")).is_err());
    }
}
