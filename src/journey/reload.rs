//! Reading the policies again while the gateway runs.
//!
//! In: their folder. Out: another set in force, known to the ledger before it decides anything; or a
//! fault, and everything stays as it was. A refused set leaves no event: nothing about who gets what has
//! changed, and the operator who asked is told. A message that is under way is asked to be posted again, and
//! the new set decides about it.

use std::{path::PathBuf, sync::Arc};

use super::{Fault, Gateway};
use crate::{
    ledger::event::{Entry, Event},
    policy::{Policies, PolicyFault},
};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reloaded {
    /// Another set is in force.
    Changed {
        /// Its SHA-256, hex.
        policy_set: String,
        /// That of the set before it.
        previous: String,
    },
    /// The files are those of the set in force.
    Unchanged,
}

/// Why the set in force stays.
#[derive(Debug, thiserror::Error)]
pub enum ReloadFault {
    /// The files hold no sound set.
    #[error("the policies are refused")]
    Refused(#[source] PolicyFault),
    /// The ledger could not be told.
    #[error(transparent)]
    Unrecorded(Fault),
}

/// Reads the folder again and puts a sound set into force.
///
/// # Errors
/// See [`ReloadFault`]; the set in force stays.
pub async fn policies(gateway: &Gateway, folder: PathBuf) -> Result<Reloaded, ReloadFault> {
    let _alone = gateway.reloading.lock().await;
    let fresh = read(folder).await;
    gateway.metrics.policies_read(fresh.is_ok());
    let fresh = fresh?;
    let previous = gateway.policies().sha256_hex().to_owned();
    let policy_set = fresh.sha256_hex().to_owned();
    if policy_set == previous {
        return Ok(Reloaded::Unchanged);
    }
    let _in_force = gateway.in_force.write().await;
    // The event first. After a crash between the two the ledger announces a set that decided nothing, and
    // the `gateway.started` that follows names the one in force. The other way round a set could decide
    // that the ledger has never heard of. The same holds where the write fails and is durable after all.
    let event = Event::PoliciesChanged { policy_set: policy_set.clone(), previous: previous.clone() };
    note(gateway, &event).await.map_err(ReloadFault::Unrecorded)?;
    gateway.replace_policies(Arc::new(fresh));
    gateway.signals.unsequenced.notify_one();
    Ok(Reloaded::Changed { policy_set, previous })
}

/// Reading and validating take a good part of a second, which no other request should wait for.
async fn read(folder: PathBuf) -> Result<Policies, ReloadFault> {
    let read = tokio::task::spawn_blocking(move || Policies::load(&folder)).await;
    // What panics, reads nothing: the set in force stays.
    read.unwrap_or(Err(PolicyFault::Unbuildable)).map_err(ReloadFault::Refused)
}

async fn note(gateway: &Gateway, event: &Event) -> Result<(), Fault> {
    let entry = Entry::new(event, gateway.clock.now(), None, &gateway.random)?;
    gateway.store.note(vec![entry]).await?;
    Ok(())
}
