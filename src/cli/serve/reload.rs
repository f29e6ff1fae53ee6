//! What `serve` reads again while it runs, each time it is asked to: the policies. Whatever else can be
//! read again one day (certificates) gets its line in [`Reloader::reload`]; one that fails leaves the
//! others alone.
//!
//! In: a signal, or a call. Out: another set in force and its event in the ledger, or a warning for the
//! operator. It does not read the settings again.

use std::{path::PathBuf, sync::Arc};

use tokio::signal::unix::Signal;

use crate::{
    config::Config,
    journey::{
        Gateway,
        reload::{self, ReloadFault, Reloaded},
    },
};

/// Reads again what may change while the gateway runs.
#[derive(Clone)]
pub struct Reloader {
    gateway: Arc<Gateway>,
    policies: PathBuf,
}

impl Reloader {
    pub(super) fn new(gateway: Arc<Gateway>, config: &Config) -> Self {
        Self { gateway, policies: config.directory.policies.clone() }
    }

    /// Reads everything again, and tells the operator what came of it.
    ///
    /// # Errors
    /// Why what is in force stays as it is; it has been logged.
    pub async fn reload(&self) -> Result<Reloaded, ReloadFault> {
        let policies = reload::policies(&self.gateway, self.policies.clone()).await;
        match &policies {
            Ok(Reloaded::Changed { policy_set, previous }) => {
                tracing::info!(%policy_set, %previous, "policies: another set is in force");
            }
            Ok(Reloaded::Unchanged) => tracing::info!("policies: read again, nothing has changed"),
            Err(ReloadFault::Refused(fault)) => {
                let policy_set = self.gateway.policies().sha256_hex().to_owned();
                tracing::warn!(fault = fault.told(), %policy_set, "policies: refused, the old set stays in force");
            }
            Err(ReloadFault::Unrecorded(fault)) => {
                tracing::warn!(%fault, "policies: not recorded in the ledger, the old set stays in force");
            }
        }
        policies
    }

    /// Reloads at each signal, one after another, without end.
    pub(super) async fn at_each(self, mut signals: Signal) {
        while signals.recv().await.is_some() {
            let _ = self.reload().await; // It has been logged.
        }
    }
}
