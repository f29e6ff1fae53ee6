//! The gateway's own keys: the store keeps the public half of every one that ever signed, so that what was
//! signed with a key that has been replaced can be verified for decades, wherever the key files went.
//!
//! In: keys as they stand in their files. Out: the same ring with the past keys to publish; store and ledger
//! know it before anything is signed with it. The key for checkpoints is the one by which outsiders know the
//! log, and a log under another key is another log to them (C2SP signed-note): a new one is taken up only
//! beside the old one, and the old one ends only after a checkpoint that both have signed, which is published
//! with it for good.

use jiff::Timestamp;

use super::{Fault, Gateway};
use crate::{
    clock::Clock,
    crypto::{
        keyring::{KeyPurpose, Keyring, PublishedKey, SharedKey},
        random::Random,
    },
    ledger::{
        Checkpoint, VerifierKey,
        event::{Entry, Event},
    },
    store::Store,
};

/// Why the keys in force stay.
#[derive(Debug, thiserror::Error)]
pub enum KeysFault {
    /// One purpose, one key.
    #[error(transparent)]
    Shared(#[from] SharedKey),
    /// None of the keys for checkpoints signed the last one.
    #[error(
        "no key for checkpoints has signed the ledger's last one; put `{0}` back, beside a new one as the file \
         `.before`, until both have signed: outsiders know the log by it"
    )]
    Checkpoints(String),
    /// The store or the ledger could not be told.
    #[error(transparent)]
    Unrecorded(Fault),
}

impl<F: Into<Fault>> From<F> for KeysFault {
    fn from(fault: F) -> Self {
        Self::Unrecorded(fault.into())
    }
}

/// Writes down which keys sign from now on, with an event for each purpose whose keys are others than
/// before, and fills in the past ones. Gives those purposes. The first keys of all are no change. `name` is the
/// gateway's.
///
/// # Errors
/// Nothing was written, or it was written and the answer was lost: then the same call again finishes it.
pub async fn record(
    store: &dyn Store,
    name: &str,
    keys: &mut Keyring,
    clock: &Clock,
    random: &Random,
) -> Result<Vec<KeyPurpose>, KeysFault> {
    keys.check()?;
    let (known, signing) = (store.published_keys().await?, keys.in_force());
    let before: Vec<_> = known.iter().filter(|key| key.retired_at.is_none()).collect();
    let last = store.checkpoint().await?.map(|stored| stored.note);
    let log = Log { name, last: last.as_deref() };
    log.goes_on(&signing, &before)?;
    let changes: Vec<_> =
        KeyPurpose::ALL.into_iter().filter_map(|purpose| change(purpose, &signing, &before)).collect();
    if !changes.is_empty() || before.is_empty() {
        let now = clock.now();
        let entries = changes.iter().map(|(_, event)| Entry::new(event, now, None, random));
        let entries = entries.collect::<Result<_, _>>()?;
        let ended = log.handed_over(&signing, &before, now);
        store.keys_in_force(signing.into_iter().chain(ended).collect(), now, entries).await?;
    }
    let known = store.published_keys().await?;
    keys.past = known.into_iter().filter(|key| key.retired_at.is_some()).collect();
    Ok(changes.into_iter().map(|(purpose, _)| purpose).collect())
}

/// The log as it stands when keys change.
struct Log<'a> {
    name: &'a str,
    /// The last checkpoint; none before the first.
    last: Option<&'a str>,
}

impl Log<'_> {
    /// Whether one of the new keys for checkpoints is known by what it signed. Before the first checkpoint
    /// nobody knows any.
    fn goes_on(&self, signing: &[PublishedKey], before: &[&PublishedKey]) -> Result<(), KeysFault> {
        let is_one = |key: &&PublishedKey| key.purpose == KeyPurpose::Checkpoints;
        let Some(known) = before.iter().copied().find(is_one) else { return Ok(()) };
        let mut now = signing.iter().filter(is_one);
        let goes_on = match self.last {
            Some(_) => now.any(|key| self.has_signed(key)),
            None => now.any(|key| before.iter().any(|known| known.kid == key.kid)),
        };
        if goes_on { Ok(()) } else { Err(KeysFault::Checkpoints(known.kid.clone())) }
    }

    /// The keys for checkpoints that end now, each with the last checkpoint that it signed.
    fn handed_over(
        &self,
        signing: &[PublishedKey],
        before: &[&PublishedKey],
        now: Timestamp,
    ) -> Vec<PublishedKey> {
        let ends = |key: &&&PublishedKey| !signing.iter().any(|other| other.kid == key.kid);
        let handed_over = |key: &&PublishedKey| {
            let note = self.last.filter(|_| self.has_signed(key))?;
            let (retired_at, handover) = (Some(now), Some(note.to_owned()));
            Some(PublishedKey { retired_at, handover, ..(*key).clone() })
        };
        before.iter().filter(ends).filter_map(handed_over).collect()
    }

    fn has_signed(&self, key: &PublishedKey) -> bool {
        let verifier = |name| Some(VerifierKey::new(name, key.ed25519()?));
        let verifier = self.name.parse().ok().and_then(verifier);
        key.purpose == KeyPurpose::Checkpoints
            && verifier.zip(self.last).is_some_and(|(key, note)| Checkpoint::open(note, &key).is_ok())
    }
}

/// What is different for one purpose.
fn change(
    purpose: KeyPurpose,
    signing: &[PublishedKey],
    before: &[&PublishedKey],
) -> Option<(KeyPurpose, Event)> {
    let of = |key: &&PublishedKey| key.purpose == purpose;
    let now: Vec<_> = signing.iter().filter(of).collect();
    let then: Vec<_> = before.iter().copied().filter(of).collect();
    let first = now.first()?;
    let missing = |key: &PublishedKey, from: &[&PublishedKey]| !from.iter().any(|other| other.kid == key.kid);
    let begun = now.iter().any(|key| missing(key, &then));
    let ended: Vec<String> =
        then.iter().filter(|key| missing(key, &now)).map(|key| key.kid.clone()).collect();
    (!then.is_empty() && (begun || !ended.is_empty())).then(|| {
        let beside = now.iter().skip(1).map(|key| key.kid.clone()).collect();
        let (kid, key) = (first.kid.clone(), first.numbers().to_owned());
        (purpose, Event::KeyRotated { purpose: purpose.as_str(), kid, key, beside, ended })
    })
}

/// Puts other keys in force while the gateway runs. What is under way ends with those that it began with.
/// Gives the purposes whose keys are others than before.
///
/// # Errors
/// See [`KeysFault`]; those in force stay.
pub async fn take_up(gateway: &Gateway, mut keys: Keyring) -> Result<Vec<KeyPurpose>, KeysFault> {
    let _alone = gateway.reloading.lock().await;
    // The store first: once a statement is out, its key is in the published set for good.
    let changed = record(&*gateway.store, &gateway.name, &mut keys, &gateway.clock, &gateway.random).await?;
    gateway.replace_keys(keys);
    gateway.signals.unsequenced.notify_one();
    Ok(changed)
}
