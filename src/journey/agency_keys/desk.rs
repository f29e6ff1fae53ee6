//! What the operator does for an agency that cannot help itself: vouch for a key when none in force could, and
//! revoke one when its TLS key is in other hands.
//!
//! In: which key, who acts, and why, after contact by another channel. Out: the same steps as the agency's own
//! calls, in a store that a gateway in another process may hold open, with the person and the reason sealed for
//! the area's auditors.

use std::time::Duration;

use serde_json::{Value, json};

use super::{announce, change, list_of, put_out, step};
use crate::{
    clock::Clock,
    config::Areas,
    crypto::random::Random,
    journey::{Fault, seal},
    ledger::event::{Entry, Event},
    message::{Agency, AgencyId, AgencyKey, KeyState},
    store::Store,
};

/// What the operator's command has at hand, beside a gateway that may run in another process.
pub struct Desk<'a> {
    /// What lasts.
    pub store: &'a dyn Store,
    /// Time.
    pub clock: &'a Clock,
    /// Randomness.
    pub random: &'a Random,
    /// The areas with their audit keys.
    pub areas: &'a Areas,
    /// The gateway's name.
    pub name: &'a str,
    /// See [`Gateway::key_delay`].
    pub delay: Duration,
}

/// Who acts for the operator, and why: a name and a text, for the auditors alone.
pub struct Person<'a> {
    /// Who.
    pub by: &'a str,
    /// Why, and how the agency was reached.
    pub why: &'a str,
}

/// Why nothing was done to a key.
#[derive(Debug, thiserror::Error)]
pub enum DeskFault {
    /// The directory has no such agency, or it has no such key.
    #[error("there is no such agency, or it has no key of this name")]
    Unknown,
    /// It was not shown that the agency can open with the key.
    #[error("the key is `{0}`: only one that is `proven` can be approved (portcullis key prove)")]
    State(KeyState),
    /// The wanted key is another one.
    #[error("the key has another SHA-256 than the one given: compare it with the agency once more")]
    OtherKey,
    /// It would end before it could be used.
    #[error("the key would end before it could be in force: the agency has to publish another")]
    Over,
    /// Nobody could read who approved.
    #[error("no area of the agency has an audit key, to which who approves and why could be sealed")]
    NoAuditor,
    /// The store, the ledger or the sealing.
    #[error(transparent)]
    Failed(#[from] Fault),
}

impl From<crate::store::StoreFault> for DeskFault {
    fn from(fault: crate::store::StoreFault) -> Self {
        Self::Failed(fault.into())
    }
}

/// The operator vouches for a proven key whose SHA-256 it has compared with the agency by another channel.
/// Gives the key as it was announced.
///
/// # Errors
/// See [`DeskFault`]; nothing has changed.
pub async fn approve(
    desk: &Desk<'_>,
    agency: &AgencyId,
    kid: &str,
    sha256: &str,
    person: &Person<'_>,
) -> Result<AgencyKey, DeskFault> {
    let (now, directory) = (desk.clock.now(), desk.store.directory().await?);
    let entry = directory.agency(agency).ok_or(DeskFault::Unknown)?;
    let keys = desk.store.agency_keys(agency).await?;
    let before = keys.into_iter().find(|known| known.key.kid == kid).ok_or(DeskFault::Unknown)?;
    if before.state(now) != KeyState::Proven {
        return Err(DeskFault::State(before.state(now)));
    }
    if before.sha256 != sha256 {
        return Err(DeskFault::OtherKey);
    }
    let mut after = before.clone();
    let valid_from = announce(&mut after, desk.delay, now).ok_or(DeskFault::Over)?;
    let audit = Some(audited(desk, entry, kid, person)?);
    let event = Event::KeyAnnounced { step: step(agency, &after), valid_from, vouched_by: None, audit };
    let entry = Entry::new(&event, now, None, desk.random).map_err(Fault::from)?;
    change(desk.store, agency, Some(before), after.clone(), vec![entry]).await?;
    Ok(after)
}

fn audited(desk: &Desk<'_>, agency: &Agency, kid: &str, person: &Person<'_>) -> Result<Value, DeskFault> {
    let keys = agency.areas.iter().filter_map(|area| desk.areas.get(*area)?.audit_key.as_ref());
    let key = keys.into_iter().next().ok_or(DeskFault::NoAuditor)?;
    let aad = json!({ "agency_id": agency.agency_id, "kid": kid }).to_string();
    let told = json!({ "by": person.by, "why": person.why });
    Ok(seal::seal_for_auditors(key, desk.name, &aad, &told, desk.random)?)
}

/// The operator revokes a key of an agency. On return nothing can be recorded any more that was sealed to it.
/// Repeatable.
///
/// # Errors
/// There is no such key; the ledger could not be told who did it.
pub async fn revoke_for(
    desk: &Desk<'_>,
    agency: &AgencyId,
    kid: &str,
    person: &Person<'_>,
) -> Result<AgencyKey, DeskFault> {
    let directory = desk.store.directory().await?;
    let entry = directory.agency(agency).ok_or(DeskFault::Unknown)?;
    let keys = list_of(desk.store, &directory, agency).await?;
    let known = keys.into_iter().find(|known| known.key.kid == kid).ok_or(DeskFault::Unknown)?;
    if known.revoked_at.is_some() {
        return Ok(known);
    }
    let audit = Some(audited(desk, entry, kid, person)?);
    Ok(put_out(desk.store, desk.random, agency, known, audit, desk.clock.now()).await?)
}
