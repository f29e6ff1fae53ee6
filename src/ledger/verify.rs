//! The whole log, checked leaf by leaf in one pass and flat memory.
//!
//! In come the log's keys, checkpoints that were seen earlier, then each leaf in order and at last
//! the newest checkpoint; out comes a [`Report`]. It goes on after a fault, so that one run shows all of
//! them. It does not judge what events say, nor whether an erasure was right: it counts erased events.

use std::collections::BTreeMap;

use super::{
    handover::LogKeys,
    proof::commitment,
    report::{Fault, Report},
    tree::{Frontier, Hash, empty_root, leaf_hash},
};

/// A run over one log.
pub struct Verifier {
    keys: LogKeys,
    /// Earlier checkpoints by size, each with its place in the list handed in.
    earlier: BTreeMap<u64, Vec<(usize, Hash)>>,
    tree: Frontier,
    /// False once a leaf is missing: there is no root from there on.
    is_whole: bool,
    next: u64,
    report: Report,
}

impl Verifier {
    /// A run over the log of these keys. `earlier` are notes signed before, in any order, as agencies keep
    /// them; they are handed in first because the tree passes each size only once.
    pub fn new(keys: impl Into<LogKeys>, earlier: &[String]) -> Self {
        let keys = keys.into();
        let (tree, report) = (Frontier::default(), Report::default());
        let mut run = Self { keys, earlier: BTreeMap::new(), tree, is_whole: true, next: 0, report };
        for (position, note) in earlier.iter().enumerate() {
            match run.keys.open(note) {
                Ok(seen) => run.earlier.entry(seen.size).or_default().push((position, seen.root)),
                Err(reason) => run.report.add(Fault::Earlier { position, reason }),
            }
        }
        run.compare_earlier();
        run
    }

    /// The next leaf, with its salt and the event's canonical bytes unless the event has been erased.
    pub fn leaf(&mut self, index: u64, committed: &Hash, event: Option<(&[u8; 32], &[u8])>) {
        if index < self.next {
            return self.report.add(Fault::OutOfOrder { index });
        }
        if index > self.next {
            self.report.add(Fault::Gap { from: self.next, to: index });
            self.is_whole = false;
        }
        match event {
            Some((salt, bytes)) => {
                self.report.events += 1;
                if commitment(salt, bytes) != *committed {
                    self.report.add(Fault::EventDiffers { index });
                }
            }
            None => self.report.erased += 1,
        }
        self.next = index.saturating_add(1);
        if self.is_whole {
            self.tree.push(leaf_hash(committed));
            self.compare_earlier();
        }
    }

    /// The newest checkpoint, whose size says how many leaves there ought to have been.
    pub fn finish(mut self, checkpoint: &str) -> Report {
        self.report.size = self.next;
        self.report.root = self.is_whole.then(|| self.tree.root());
        match self.keys.open_newest(checkpoint) {
            Err(reason) => self.report.add(Fault::Checkpoint { reason }),
            Ok(signed) if signed.size != self.next => {
                self.report.add(Fault::SizeDiffers { signed: signed.size, found: self.next });
            }
            Ok(signed) if self.report.root.is_some_and(|root| root != signed.root) => {
                self.report.add(Fault::RootDiffers { size: signed.size });
            }
            Ok(_) => {}
        }
        // What is left here lies beyond the last leaf, or behind a gap that has been reported.
        for (&size, seen) in self.earlier.range(self.next.saturating_add(1)..) {
            for &(position, _) in seen {
                self.report.add(Fault::Shortened { position, size });
            }
        }
        self.report
    }

    /// Compares the earlier checkpoints of the present size with the tree.
    fn compare_earlier(&mut self) {
        let size = self.tree.size();
        // The first key is the next one due: one look per leaf, however many there are.
        if self.earlier.first_key_value().is_none_or(|(due, _)| *due != size) {
            return;
        }
        let root = if size == 0 { empty_root() } else { self.tree.root() };
        for (position, seen) in self.earlier.remove(&size).unwrap_or_default() {
            self.report.earlier += 1;
            if seen != root {
                self.report.add(Fault::Rewritten { position, size });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::ed25519::{SigningKey, generate},
        ledger::{Checkpoint, FAULTS_MAX, NoteFault, VerifierKey, hex},
    };

    const SALT: [u8; 32] = [3; 32];

    struct Log {
        key: SigningKey,
        vkey: VerifierKey,
        size: u64,
    }

    fn log(size: u64) -> Log {
        let key = SigningKey::from_pkcs8(&generate().unwrap()).unwrap();
        let vkey = VerifierKey::of("gateway.example".parse().unwrap(), &key);
        Log { key, vkey, size }
    }

    fn event(index: u64) -> Vec<u8> {
        format!(r#"{{"n":{index},"v":1}}"#).into_bytes()
    }

    fn committed(index: u64) -> Hash {
        commitment(&SALT, &event(index))
    }

    impl Log {
        /// The true checkpoint at `size`.
        fn checkpoint(&self, size: u64) -> String {
            let mut tree = Frontier::default();
            (0..size).for_each(|index| tree.push(leaf_hash(&committed(index))));
            self.signed(size, tree.root())
        }

        fn signed(&self, size: u64, root: Hash) -> String {
            Checkpoint { origin: self.vkey.name().clone(), size, root }.sign(&self.key)
        }

        /// A run over all leaves for which `keep` holds.
        fn run(&self, earlier: &[String], keep: impl Fn(u64) -> bool) -> Report {
            let mut run = Verifier::new(self.vkey.clone(), earlier);
            for index in (0..self.size).filter(|index| keep(*index)) {
                run.leaf(index, &committed(index), Some((&SALT, &event(index))));
            }
            run.finish(&self.checkpoint(self.size))
        }
    }

    #[test]
    fn a_sound_log_has_no_faults() {
        let log = log(300);
        let earlier: Vec<String> = [300, 0, 1, 77, 77, 256].map(|size| log.checkpoint(size)).into();
        let report = log.run(&earlier, |_| true);
        assert!(report.is_sound(), "{:?}", report.faults);
        assert_eq!((report.size, report.events, report.erased, report.earlier), (300, 300, 0, 6));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["root"], hex::encode(&report.root.unwrap()));
    }

    #[test]
    fn an_empty_log_is_sound() {
        let log = log(0);
        let report = log.run(&[log.checkpoint(0)], |_| true);
        assert!(report.is_sound() && report.root == Some(empty_root()) && report.earlier == 1);
    }

    #[test]
    fn erased_events_leave_the_tree_as_it_was() {
        let log = log(5);
        let mut run = Verifier::new(log.vkey.clone(), &[]);
        for index in 0..5 {
            run.leaf(index, &committed(index), None);
        }
        let report = run.finish(&log.checkpoint(5));
        assert!(report.is_sound());
        assert_eq!((report.events, report.erased), (0, 5));
    }

    #[test]
    fn an_altered_event_is_named_and_the_rest_still_checked() {
        let log = log(5);
        let mut run = Verifier::new(log.vkey.clone(), &[]);
        for index in 0..5 {
            let told = if index == 2 { event(7) } else { event(index) };
            run.leaf(index, &committed(index), Some((&SALT, &told)));
        }
        assert_eq!(run.finish(&log.checkpoint(5)).faults, [Fault::EventDiffers { index: 2 }]);
    }

    #[test]
    fn an_event_rewritten_with_its_commitment_is_found_by_every_later_checkpoint() {
        let log = log(5);
        let earlier = [log.checkpoint(2), log.checkpoint(3)];
        let mut run = Verifier::new(log.vkey.clone(), &earlier);
        let altered = |index| if index == 2 { 7 } else { index };
        for index in 0..5 {
            run.leaf(index, &committed(altered(index)), Some((&SALT, &event(altered(index)))));
        }
        let faults = run.finish(&log.checkpoint(5)).faults;
        assert_eq!(faults, [Fault::Rewritten { position: 1, size: 3 }, Fault::RootDiffers { size: 5 }]);
    }

    #[test]
    fn gaps_and_repeats_are_found_and_no_root_is_claimed() {
        let log = log(9);
        let report = log.run(&[log.checkpoint(8)], |index| index != 3 && index != 4);
        assert_eq!((report.size, report.root, report.earlier), (9, None, 0));
        assert_eq!(report.faults, [Fault::Gap { from: 3, to: 5 }]);

        let mut run = Verifier::new(log.vkey.clone(), &[]);
        for index in [0, 1, 1, 0, 2] {
            run.leaf(index, &committed(index), None);
        }
        let report = run.finish(&log.checkpoint(3));
        assert_eq!(report.faults, [Fault::OutOfOrder { index: 1 }, Fault::OutOfOrder { index: 0 }]);
    }

    #[test]
    fn a_log_cut_short_is_found() {
        let log = log(9);
        let earlier = [log.checkpoint(8), log.checkpoint(7)];
        let report = log.run(&earlier, |index| index < 7);
        let differs = Fault::SizeDiffers { signed: 9, found: 7 };
        assert_eq!(report.faults, [differs, Fault::Shortened { position: 0, size: 8 }]);
    }

    #[test]
    fn checkpoints_by_another_key_count_for_nothing() {
        let (log, stranger) = (log(2), log(2));
        let mut run = Verifier::new(log.vkey.clone(), &[stranger.checkpoint(1), log.checkpoint(1)]);
        (0..2).for_each(|index| run.leaf(index, &committed(index), None));
        let report = run.finish(&stranger.checkpoint(2));
        let reason = NoteFault::NotThisKey;
        assert_eq!(report.faults, [Fault::Earlier { position: 0, reason }, Fault::Checkpoint { reason }]);
        assert_eq!(report.earlier, 1);
    }

    #[test]
    fn two_roots_signed_at_one_size_cannot_both_be_true() {
        let log = log(4);
        let report = log.run(&[log.checkpoint(3), log.signed(3, [1; 32])], |_| true);
        assert_eq!(report.faults, [Fault::Rewritten { position: 1, size: 3 }]);
    }

    #[test]
    fn faults_beyond_the_limit_are_counted() {
        let log = log(150);
        let mut run = Verifier::new(log.vkey.clone(), &[]);
        for index in 0..150 {
            run.leaf(index, &committed(index), Some((&SALT, b"{}")));
        }
        let report = run.finish(&log.checkpoint(150));
        assert_eq!((report.faults.len(), report.faults_omitted), (FAULTS_MAX, 50));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["faults"][0], serde_json::json!({ "fault": "event_differs", "index": 0 }));
    }
}
