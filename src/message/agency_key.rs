//! A key that an agency looks after by itself, and how far it has come: published, proven, announced, in
//! force, revoked. What holds follows from the moments alone; nothing else says which state it is in.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EncryptionKey, agency::text_enum};

/// One key of an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyKey {
    /// The public key, with the times within which it is sealed to.
    pub key: EncryptionKey,
    /// SHA-256 of the public key, hex: which key it is, whatever its name.
    pub sha256: String,
    /// When the agency published it; none for a key that the operator registered.
    pub published_at: Option<Timestamp>,
    /// What the agency has been asked last, while it has not been answered in full.
    pub challenge: Option<Challenge>,
    /// When its canary came back opened.
    pub proven_at: Option<Timestamp>,
    /// When the agency's key in force or the operator vouched for it: it was announced then.
    pub announced_at: Option<Timestamp>,
    /// The name of the agency's key that vouched for it; none where the operator did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched_by: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What an agency is asked, so that nothing is sealed to a key that it cannot open with or did not choose.
/// Only digests of the secrets are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// SHA-256 of the secret in the canary, hex: sealed to the new key.
    pub canary_sha256: String,
    /// The voucher: sealed to the key that is in force.
    pub voucher: Option<Voucher>,
    /// Its last moment.
    pub until: Timestamp,
}

/// A secret sealed to the key in force. Whoever opens it holds more than a TLS key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voucher {
    /// The name of the key that it was sealed to.
    pub kid: String,
    /// SHA-256 of the secret, hex.
    pub secret_sha256: String,
}

text_enum!(
    /// How far a key has come.
    KeyState {
        /// Published; its canary has not come back.
        Published = "published",
        /// The agency can open with it; nobody has vouched for it yet.
        Proven = "proven",
        /// Vouched for and announced; it takes effect later.
        Announced = "announced",
        /// Messages may be sealed to it.
        InForce = "in_force",
        /// Its validity is over.
        Ended = "ended",
        /// Revoked, for good.
        Revoked = "revoked",
    }
);

impl AgencyKey {
    /// A key that stands in the directory because the operator registered it.
    pub fn registered(key: EncryptionKey, sha256: String) -> Self {
        Self {
            key,
            sha256,
            published_at: None,
            challenge: None,
            proven_at: None,
            announced_at: None,
            vouched_by: None,
            revoked_at: None,
        }
    }

    /// The key without the word of one that cannot be relied on any more: proven, and no further. Only one that
    /// was not sealed to yet can be put back; who vouched for another is past.
    pub fn without_word_of(&self, kid: &str, at: Timestamp) -> Option<Self> {
        let concerned = self.vouched_by.as_deref() == Some(kid) && self.state(at) == KeyState::Announced;
        concerned.then(|| Self { announced_at: None, vouched_by: None, ..self.clone() })
    }

    /// How far it has come at a moment.
    pub fn state(&self, at: Timestamp) -> KeyState {
        if self.revoked_at.is_some() {
            KeyState::Revoked
        } else if !self.stands_in_directory() {
            self.proven_at.map_or(KeyState::Published, |_| KeyState::Proven)
        } else if self.key.valid_until.is_some_and(|until| at >= until) {
            KeyState::Ended
        } else if self.key.is_valid(at) {
            KeyState::InForce
        } else {
            KeyState::Announced
        }
    }

    /// Whether the directory lists it, from which sealing chooses.
    pub fn stands_in_directory(&self) -> bool {
        self.revoked_at.is_none() && (self.announced_at.is_some() || self.published_at.is_none())
    }

    /// Brings a list of the directory into agreement with what the agency did by itself: its announced keys
    /// stand there after the others, in their order, its revoked ones under no name, and those that nobody
    /// vouches for not at all. So an older file of
    /// the operator's neither takes a key away nor brings one back.
    pub fn settle(own: &[Self], listed: &mut Vec<EncryptionKey>) {
        for known in own {
            if known.revoked_at.is_some() {
                listed.retain(|key| !key.is_same_as(&known.key) && key.kid != known.key.kid);
            } else if known.stands_in_directory() {
                match listed.iter_mut().find(|key| key.kid == known.key.kid) {
                    Some(place) => *place = known.key.clone(),
                    None => listed.push(known.key.clone()),
                }
            } else {
                listed.retain(|key| key.kid != known.key.kid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kid: &str, x: &str) -> EncryptionKey {
        EncryptionKey {
            kid: kid.into(),
            kty: "OKP".into(),
            alg: String::new(),
            crv: "X25519".into(),
            x: x.into(),
            y: String::new(),
            public: String::new(),
            valid_from: None,
            valid_until: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_key_is_in_force_between_its_times_and_never_before_somebody_vouched_for_it() {
        let mut own = AgencyKey::registered(key("a", "1"), "1".into());
        assert_eq!(own.state(at(0)), KeyState::InForce);
        own.published_at = Some(at(0));
        assert_eq!(own.state(at(99)), KeyState::Published);
        own.proven_at = Some(at(1));
        assert_eq!(own.state(at(99)), KeyState::Proven);
        own.announced_at = Some(at(2));
        (own.key.valid_from, own.key.valid_until) = (Some(at(10)), Some(at(20)));
        let states = [9, 10, 19, 20].map(|second| own.state(at(second)));
        assert_eq!(states, [KeyState::Announced, KeyState::InForce, KeyState::InForce, KeyState::Ended]);
        own.revoked_at = Some(at(3));
        assert_eq!(own.state(at(15)), KeyState::Revoked);
    }

    #[test]
    fn an_older_list_neither_takes_an_own_key_away_nor_brings_a_revoked_one_back() {
        let mut kept = AgencyKey::registered(key("new", "2"), "2".into());
        (kept.published_at, kept.announced_at) = (Some(at(0)), Some(at(1)));
        let waiting = AgencyKey { announced_at: None, key: key("later", "3"), ..kept.clone() };
        let mut gone = AgencyKey::registered(key("old", "1"), "1".into());
        gone.revoked_at = Some(at(2));
        let mut listed = vec![key("old", "1"), key("old under another name", "1"), key("other", "4")];
        AgencyKey::settle(&[gone, kept, waiting], &mut listed);
        let names: Vec<&str> = listed.iter().map(|key| key.kid.as_str()).collect();
        assert_eq!(names, ["other", "new"]);
    }
}
