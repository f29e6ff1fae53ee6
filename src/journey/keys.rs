//! The gateway's own keys: the store keeps the public half of every one that ever signed, so that what was
//! signed with a key that has been replaced can be verified for decades, wherever the key files went.
//!
//! In: keys as they stand in their files. Out: the same ring with the past keys to publish; store and ledger
//! know it before anything is signed with it. The checkpoints' key is not replaced here: it is the `vkey` by
//! which outsiders know the log, and a log under another key is another log to them (C2SP signed-note). Only
//! they can take another one up, so that needs signatures of both for as long as they need.

use super::{Fault, Gateway};
use crate::{
    clock::Clock,
    crypto::{
        keyring::{KeyPurpose, Keyring, PublishedKey, SharedKey},
        random::Random,
    },
    ledger::event::{Entry, Event},
    store::Store,
};

/// Why the keys in force stay.
#[derive(Debug, thiserror::Error)]
pub enum KeysFault {
    /// One purpose, one key.
    #[error(transparent)]
    Shared(#[from] SharedKey),
    /// Another key for checkpoints.
    #[error(
        "the key for checkpoints is another one than the ledger's; put `{0}` back: outsiders know the log by it"
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
/// before, and fills in the past ones. Gives those purposes. The first keys of all are no change.
///
/// # Errors
/// Nothing was written, or it was written and the answer was lost: then the same call again finishes it.
pub async fn record(
    store: &dyn Store,
    keys: &mut Keyring,
    clock: &Clock,
    random: &Random,
) -> Result<Vec<KeyPurpose>, KeysFault> {
    keys.check()?;
    let (known, signing) = (store.published_keys().await?, keys.in_force());
    let before: Vec<_> = known.iter().filter(|key| key.retired_at.is_none()).collect();
    if let Some(vkey) = before.iter().find(|key| key.purpose == KeyPurpose::Checkpoints)
        && vkey.kid != keys.checkpoints.kid
    {
        return Err(KeysFault::Checkpoints(vkey.kid.clone()));
    }
    let changes: Vec<_> =
        KeyPurpose::ALL.into_iter().filter_map(|purpose| change(purpose, &signing, &before)).collect();
    if !changes.is_empty() || before.is_empty() {
        let now = clock.now();
        let entries = changes.iter().map(|(_, event)| Entry::new(event, now, None, random));
        store.keys_in_force(signing, now, entries.collect::<Result<_, _>>()?).await?;
    }
    let known = store.published_keys().await?;
    keys.past = known.into_iter().filter(|key| key.retired_at.is_some()).collect();
    Ok(changes.into_iter().map(|(purpose, _)| purpose).collect())
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
        let (kid, x) = (first.kid.clone(), first.x.clone());
        (purpose, Event::KeyRotated { purpose: purpose.as_str(), kid, x, ended })
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
    let changed = record(&*gateway.store, &mut keys, &gateway.clock, &gateway.random).await?;
    gateway.replace_keys(keys);
    gateway.signals.unsequenced.notify_one();
    Ok(changed)
}
