//! From one key for checkpoints to the next, without the gateway's word for it.
//!
//! While a key is replaced, both sign every checkpoint. The last one that the old key signed is published with
//! it: who knows the log by the old key checks its signature there, finds the signature of the new one over
//! the same tree, and goes on with that. In: keys that the reader trusts, and the published set. Out: the keys
//! that its checkpoints may be signed with. Whether the tree still holds what a handover signed, `verify.rs`
//! finds out.

use super::{
    checkpoint::{Checkpoint, NoteFault},
    key::VerifierKey,
    name::LogName,
};
use crate::crypto::keyring::{KeyPurpose, PublishedKeys};

/// The keys of one log, those in force and those before.
#[derive(Debug, Clone)]
pub struct LogKeys {
    current: Vec<VerifierKey>,
    past: Vec<VerifierKey>,
}

impl From<VerifierKey> for LogKeys {
    fn from(key: VerifierKey) -> Self {
        Self::from_iter([key])
    }
}

impl FromIterator<VerifierKey> for LogKeys {
    /// All in force.
    fn from_iter<I: IntoIterator<Item = VerifierKey>>(keys: I) -> Self {
        Self { current: keys.into_iter().collect(), past: Vec::new() }
    }
}

impl LogKeys {
    /// Those that `trusted` leads to, by handovers of the published keys and by `newest`, which both sign while
    /// one is replaced. Keys for other purposes count for nothing, nor does a note that is not signed by a key
    /// reached before.
    pub fn follow(
        trusted: Vec<VerifierKey>,
        name: &LogName,
        published: &PublishedKeys,
        newest: &str,
    ) -> Self {
        let known: Vec<Known<'_>> = known(name, published).collect();
        let mut reached = trusted;
        loop {
            let notes = known.iter().filter_map(|key| key.handover).chain([newest]);
            let links = notes.filter(|note| any(note, &reached).is_ok());
            let next: Vec<_> = links
                .flat_map(|note| known.iter().filter(|key| Checkpoint::open(note, &key.verifier).is_ok()))
                .filter(|key| !reached.contains(&key.verifier))
                .map(|key| key.verifier.clone())
                .collect();
            if next.is_empty() {
                break;
            }
            reached.extend(next);
        }
        let ended = |key: &VerifierKey| known.iter().any(|known| &known.verifier == key && known.has_ended());
        let (past, current) = reached.into_iter().partition(ended);
        Self { current, past }
    }

    /// The checkpoint in `note`, if one of the keys signed it, in force or not.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteFault> {
        any(note, self.current.iter().chain(&self.past))
    }

    /// The newest checkpoint of the log: a key that has handed over signs no more, so that whoever steals it
    /// cannot go on in its name.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn open_newest(&self, note: &str) -> Result<Checkpoint, NoteFault> {
        any(note, &self.current)
    }
}

/// The checkpoints that were handed over with, oldest first: the log must still contain them.
pub fn handovers(published: &PublishedKeys) -> Vec<String> {
    published
        .keys
        .iter()
        .filter(|key| key.purpose == KeyPurpose::Checkpoints)
        .filter_map(|key| key.handover.clone())
        .collect()
}

struct Known<'a> {
    verifier: VerifierKey,
    handover: Option<&'a str>,
}

impl Known<'_> {
    /// Only its own signature ends a key.
    fn has_ended(&self) -> bool {
        self.handover.is_some_and(|note| Checkpoint::open(note, &self.verifier).is_ok())
    }
}

fn known<'a>(name: &'a LogName, published: &'a PublishedKeys) -> impl Iterator<Item = Known<'a>> {
    let of_log = published.keys.iter().filter(|key| key.purpose == KeyPurpose::Checkpoints);
    of_log.filter_map(|key| {
        let verifier = VerifierKey::new(name.clone(), key.ed25519()?);
        Some(Known { verifier, handover: key.handover.as_deref().filter(|_| key.retired_at.is_some()) })
    })
}

/// Signatures of other keys do not matter; a wrong one of any of these does (C2SP signed-note).
fn any<'a>(note: &str, keys: impl IntoIterator<Item = &'a VerifierKey>) -> Result<Checkpoint, NoteFault> {
    let mut outcome = Err(NoteFault::NotThisKey);
    for key in keys {
        match Checkpoint::open(note, key) {
            Err(NoteFault::NotThisKey) => {}
            Err(fault) => return Err(fault),
            Ok(checkpoint) => outcome = Ok(checkpoint),
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{
        ed25519::{SigningKey, generate},
        keyring::PublishedKey,
    };

    const NAME: &str = "gateway.example";

    fn name() -> LogName {
        NAME.parse().unwrap()
    }

    fn key() -> (SigningKey, VerifierKey) {
        let key = SigningKey::from_pkcs8(&generate().unwrap()).unwrap();
        let vkey = VerifierKey::of(name(), &key);
        (key, vkey)
    }

    fn note(size: u64, keys: &[&SigningKey]) -> String {
        Checkpoint { origin: name(), size, root: [7; 32] }.sign_by(keys.iter().copied())
    }

    fn published(key: &VerifierKey, handover: Option<String>) -> PublishedKey {
        let retired = handover.is_some().then_some(jiff::Timestamp::UNIX_EPOCH);
        let kid = key.to_string();
        PublishedKey { handover, ..PublishedKey::new(kid, KeyPurpose::Checkpoints, key.public(), retired) }
    }

    fn set(keys: Vec<PublishedKey>) -> PublishedKeys {
        PublishedKeys { keys }
    }

    #[test]
    fn who_knows_the_first_key_follows_to_the_last_and_the_other_way_round() {
        let ((a, first), (b, second), (c, third)) = (key(), key(), key());
        let chain = set(vec![
            published(&first, Some(note(3, &[&a, &b]))),
            published(&second, Some(note(5, &[&c, &b]))),
            published(&third, None),
        ]);
        assert_eq!(handovers(&chain).len(), 2);
        for trusted in [&first, &second, &third] {
            let keys = LogKeys::follow(vec![trusted.clone()], &name(), &chain, "");
            assert!([&a, &b, &c].into_iter().all(|key| keys.open(&note(9, &[key])).is_ok()));
            assert!(keys.open_newest(&note(9, &[&c])).is_ok());
            for old in [&a, &b] {
                assert_eq!(keys.open_newest(&note(9, &[old])), Err(NoteFault::NotThisKey));
            }
        }
    }

    #[test]
    fn while_both_sign_either_is_enough() {
        let ((a, first), (b, second)) = (key(), key());
        let both = set(vec![published(&second, None), published(&first, None)]);
        for trusted in [&first, &second] {
            let newest = note(4, &[&b, &a]);
            let keys = LogKeys::follow(vec![trusted.clone()], &name(), &both, &newest);
            assert!([&a, &b].into_iter().all(|key| keys.open_newest(&note(4, &[key])).is_ok()));
        }
    }

    #[test]
    fn nobody_is_led_to_a_stranger() {
        let ((a, first), (s, stranger)) = (key(), key());
        let to_stranger = |handover: String, purpose| {
            let mut chain = set(vec![published(&first, Some(handover)), published(&stranger, None)]);
            chain.keys[1].purpose = purpose;
            LogKeys::follow(vec![first.clone()], &name(), &chain, "").open(&note(9, &[&s]))
        };
        use KeyPurpose::{Checkpoints, Statements};
        assert!(to_stranger(note(3, &[&a, &s]), Checkpoints).is_ok());
        // Signed by the stranger alone, or not for this purpose.
        assert_eq!(to_stranger(note(3, &[&s]), Checkpoints), Err(NoteFault::NotThisKey));
        assert_eq!(to_stranger(note(3, &[&a, &s]), Statements), Err(NoteFault::NotThisKey));
        // One signature moved to another tree.
        let mixed = note(4, &[&a]) + note(3, &[&s]).lines().last().unwrap() + "\n";
        assert_eq!(to_stranger(mixed, Checkpoints), Err(NoteFault::NotThisKey));
    }

    #[test]
    fn a_wrong_signature_of_a_known_key_refuses_the_note() {
        let ((a, first), (b, second)) = (key(), key());
        let keys = LogKeys { current: vec![first, second], past: Vec::new() };
        let mixed = note(4, &[&a]) + note(3, &[&b]).lines().last().unwrap() + "\n";
        assert_eq!(keys.open(&mixed), Err(NoteFault::WrongSignature));
    }
}
