//! The agencies' own keys: published, proven, vouched for, announced, revoked, while messages flow.
//!
//! In: what an agency says about a key of its own over mutual TLS, and what the operator approves. Out: the
//! directory's entry with the keys that messages are sealed to, and an event for each step. A stolen TLS key
//! must not be enough to take an agency's mail, so a new key needs three things before it is sealed to:
//!
//! 1. its **canary** opened: a secret sealed to the new key, so that nothing is ever sealed to a key that the
//!    agency cannot open with;
//! 2. somebody who vouches for it: the agency by opening the **voucher**, a secret sealed to the key that is in
//!    force (encryption keys cannot sign; to open is what shows that one has them), or the operator after
//!    contact by another channel ([`approve`]);
//! 3. the wait of `keys.delay` after it was announced, in which the agency can revoke what it did not make: the
//!    ledger, the operator's log and every look into the agency's inbox tell of it. No mail goes to its
//!    contacts yet.
//!
//! A revocation needs the TLS key alone and holds at once: it is asked for when a private key is lost or in
//! other hands, so the agency may have nothing else to show. Whoever stole the TLS key can stop an agency's
//! mail by it, as by acknowledging, and the senders are told; it cannot be read by it.

mod challenge;
mod check;
mod desk;
mod withdraw;

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use serde_json::Value;

use super::{Caller, Code, Fault, Gateway, Refusal, Stop, acknowledge::nothing_here, refusal};
use crate::{
    crypto::{jwk::RecipientKey, random::Random},
    directory::Directory,
    ledger::event::{Entry, Event, KeyStep},
    message::{AgencyId, AgencyKey, EncryptionKey, KeyState},
    store::{KeyChange, Store, StoreFault},
};

pub use challenge::{Asked, Proof, TYP};
pub use desk::{Desk, DeskFault, Person, approve, revoke_for};
pub use withdraw::withdraw;

/// How many keys of an agency may be open at once: published, announced or in force.
pub const OPEN_MAX: usize = 8;

/// A published key and what the agency is asked about it; nothing where it was announced before.
pub struct Published {
    /// The key.
    pub key: AgencyKey,
    /// The challenge.
    pub asked: Option<Asked>,
}

/// Every key of an agency, in the order of the directory, and after them those that do not stand there.
///
/// # Errors
/// The store.
pub async fn list(gateway: &Gateway, agency: &AgencyId) -> Result<Vec<AgencyKey>, Fault> {
    Ok(list_of(&*gateway.store, &gateway.store.directory().await?, agency).await?)
}

async fn list_of(
    store: &dyn Store,
    directory: &Directory,
    agency: &AgencyId,
) -> Result<Vec<AgencyKey>, StoreFault> {
    let own = store.agency_keys(agency).await?;
    let listed = directory.agency(agency).map(|entry| entry.encryption_keys.as_slice()).unwrap_or_default();
    let named: BTreeSet<&str> = own.iter().map(|key| key.key.kid.as_str()).collect();
    let mut keys: Vec<AgencyKey> =
        listed.iter().filter(|key| !named.contains(key.kid.as_str())).map(registered).collect();
    keys.extend(own);
    Ok(keys)
}

fn registered(key: &EncryptionKey) -> AgencyKey {
    let sha256 = RecipientKey::new(key).map(|key| key.fingerprint()).unwrap_or_default();
    AgencyKey::registered(key.clone(), sha256)
}

/// One key of the caller's.
///
/// # Errors
/// There is none of this name.
pub async fn show(gateway: &Gateway, caller: &Caller, kid: &str) -> Result<AgencyKey, Stop> {
    let keys = list(gateway, &caller.agency.agency_id).await?;
    keys.into_iter().find(|key| key.key.kid == kid).ok_or_else(|| nothing_here().into())
}

/// The caller publishes a key. It is asked to open what is sealed to it; each call asks anew.
///
/// # Errors
/// The key is no good, it or its name is taken, or too many are open.
pub async fn publish(gateway: &Gateway, caller: &Caller, key: EncryptionKey) -> Result<Published, Stop> {
    let (now, agency) = (gateway.clock.now(), &caller.agency.agency_id);
    let checked = check::usable(gateway, &key, now)?;
    let keys = list(gateway, agency).await?;
    let before = keys.iter().find(|known| known.key.kid == key.kid);
    if let Some(known) = before.filter(|known| known.stands_in_directory() && known.key.is_same_as(&key)) {
        return Ok(Published { key: known.clone(), asked: None });
    }
    check::free(gateway, agency, &key, &keys, now)?;
    let in_force = gateway.store.directory().await?.agency(agency).cloned();
    let in_force = in_force.as_ref().and_then(|agency| agency.sealing_key(now));
    let (challenge, asked) = challenge::ask(gateway, agency, &checked, in_force, now)?;
    let after = AgencyKey {
        key,
        sha256: checked.fingerprint(),
        published_at: Some(now),
        challenge: Some(challenge),
        proven_at: None,
        announced_at: None,
        vouched_by: None,
        revoked_at: None,
    };
    let event = Event::KeyPublished(step(agency, &after));
    change(&*gateway.store, agency, before.cloned(), after.clone(), vec![entry(gateway, &event, now)?])
        .await?;
    gateway.signals.unsequenced.notify_one();
    Ok(Published { key: after, asked: Some(asked) })
}

/// The caller gives the challenge back opened. With the voucher the key is announced; without it, it waits
/// for the operator's approval.
///
/// # Errors
/// There is no such key, nothing is asked about it (any more), or it was not opened.
pub async fn prove(gateway: &Gateway, caller: &Caller, kid: &str, proof: &Proof) -> Result<AgencyKey, Stop> {
    let (now, agency) = (gateway.clock.now(), &caller.agency.agency_id);
    let keys = list(gateway, agency).await?;
    let before = keys.iter().find(|known| known.key.kid == kid).ok_or_else(nothing_here)?;
    let in_force =
        |name: &str| keys.iter().any(|known| known.key.kid == name && known.state(now) == KeyState::InForce);
    let vouched_by = challenge::answered(before, proof, in_force, now)?;
    let mut proven = AgencyKey { proven_at: Some(now), ..before.clone() };
    let entries = match vouched_by {
        Some(kid) => {
            let valid_from = announce(&mut proven, gateway.key_delay, now).ok_or_else(over)?;
            proven.vouched_by = Some(kid.clone());
            let step = step(agency, &proven);
            let event = Event::KeyAnnounced { step, valid_from, vouched_by: Some(kid), audit: None };
            vec![entry(gateway, &event, now)?]
        }
        None => vec![entry(gateway, &Event::KeyProven(step(agency, &proven)), now)?],
    };
    change(&*gateway.store, agency, Some(before.clone()), proven.clone(), entries).await?;
    if let Some(from) = proven.key.valid_from.filter(|_| proven.announced_at.is_some()) {
        tracing::warn!(%agency, %from, "a new key of an agency was announced");
    }
    gateway.refresh_directory().await?;
    gateway.signals.unsequenced.notify_one();
    Ok(proven)
}

/// The caller revokes a key of its own. On return nothing can be recorded any more that was sealed to it. A key
/// that it vouched for and that is not in force yet needs somebody else's word from then on: who stole the one
/// may have published the other. Repeatable.
///
/// # Errors
/// There is no such key.
pub async fn revoke(gateway: &Gateway, caller: &Caller, kid: &str) -> Result<AgencyKey, Stop> {
    let (now, agency) = (gateway.clock.now(), &caller.agency.agency_id);
    let known = show(gateway, caller, kid).await?;
    if known.revoked_at.is_some() {
        return Ok(known);
    }
    let revoked = put_out(&*gateway.store, &gateway.random, agency, known, None, now).await?;
    gateway.refresh_directory().await?;
    gateway.signals.withdrawable.notify_one();
    gateway.signals.unsequenced.notify_one();
    tracing::info!(agency = %agency, "an agency revoked a key of its own");
    Ok(revoked)
}

/// Takes a key out of the directory for good, and before it what only it vouched for: the store does not take the
/// one while there is the other. `audit`: who did so and why, where it was the operator.
async fn put_out(
    store: &dyn Store,
    random: &Random,
    agency: &AgencyId,
    known: AgencyKey,
    audit: Option<Value>,
    now: Timestamp,
) -> Result<AgencyKey, Fault> {
    for heir in store.agency_keys(agency).await? {
        let Some(alone) = heir.without_word_of(&known.key.kid, now) else { continue };
        let told = Entry::new(&Event::KeyProven(step(agency, &alone)), now, None, random)?;
        change(store, agency, Some(heir), alone, vec![told]).await?;
    }
    let revoked = AgencyKey { revoked_at: Some(now), challenge: None, ..known.clone() };
    let told = Event::KeyRevoked { step: step(agency, &revoked), audit };
    // A key that the operator registered has no record of its own yet.
    let before = known.published_at.is_some().then_some(known);
    change(store, agency, before, revoked.clone(), vec![Entry::new(&told, now, None, random)?]).await?;
    Ok(revoked)
}

/// A call about keys was refused: its event, in the measure of all refusals.
pub async fn refused(gateway: &Gateway, caller: &Caller, stop: Stop) -> Stop {
    let Stop::Refused(refused) = stop else { return stop };
    let known = refusal::Known::of(caller);
    let told = refusal::refused_as(gateway, &known, refused, Event::KeyRefused).await;
    told.map_or_else(Stop::Failed, Stop::Refused)
}

/// Marks a key as announced, and says from when on it is sealed to: not before the agency wants it either.
/// `None` where it would be over by then.
fn announce(key: &mut AgencyKey, delay: Duration, now: Timestamp) -> Option<Timestamp> {
    let soonest = now.saturating_add(delay).unwrap_or(Timestamp::MAX);
    let valid_from = key.key.valid_from.map_or(soonest, |wanted| wanted.max(soonest));
    (key.announced_at, key.key.valid_from, key.challenge) = (Some(now), Some(valid_from), None);
    key.key.valid_until.is_none_or(|until| until > valid_from).then_some(valid_from)
}

fn over() -> Refusal {
    let detail = "the key would end before it could be in force; publish another with a later end";
    Refusal::new(Code::KeyConflict, detail)
}

async fn change(
    store: &dyn Store,
    agency: &AgencyId,
    before: Option<AgencyKey>,
    after: AgencyKey,
    entries: Vec<Entry>,
) -> Result<(), Fault> {
    let change = KeyChange { agency: agency.clone(), before, after, entries };
    // Two calls about one key at once: the second is to look again.
    if store.change_key(change).await? { Ok(()) } else { Err(Fault::FactsChanged) }
}

fn step(agency: &AgencyId, key: &AgencyKey) -> KeyStep {
    KeyStep { agency_id: agency.clone(), kid: key.key.kid.clone(), sha256: key.sha256.clone() }
}

fn entry(gateway: &Gateway, event: &Event, at: Timestamp) -> Result<Entry, Fault> {
    Ok(Entry::new(event, at, None, &gateway.random)?)
}

/// A call whose body or name is not of its form.
pub fn malformed(pointer: &str, code: &str, message: &str, fix: &str) -> Refusal {
    let fault = crate::schema::Fault::new(pointer.to_owned(), code, message.to_owned(), fix.to_owned());
    Refusal::with(Code::KeyUnusable, "the key was not taken; see `errors`", vec![fault])
}
