//! What `serve` reads again while it runs, each time it is asked to: the policies, the keys, the files of
//! `[tls]` and those of the connections to agencies' servers. Each is a line of [`Reloader::reload`]; one that
//! fails leaves the others alone.
//!
//! In: a signal, a call, or a file of `[tls]` that changed. Out: others in force and their event in the
//! ledger, or a warning for the operator. It does not read the settings again.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use super::files::{self, Stamps};
use crate::{
    channel::Channels,
    config::Config,
    crypto::keyring::KeyPurpose,
    http::trust::Trust,
    journey::{
        Gateway, keys,
        reload::{self, ReloadFault, Reloaded},
    },
};

/// How often the files of `[tls]` are looked at: a list of revoked certificates is to be in force within five
/// seconds, connections that are open included.
const LOOK: Duration = Duration::from_secs(2);

/// Reads again what may change while the gateway runs.
#[derive(Clone)]
pub struct Reloader {
    gateway: Arc<Gateway>,
    config: Arc<Config>,
    trust: Arc<Trust>,
    channels: Arc<Channels>,
}

impl Reloader {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        config: &Config,
        trust: Arc<Trust>,
        channels: Arc<Channels>,
    ) -> Self {
        Self { gateway, config: Arc::new(config.clone()), trust, channels }
    }

    /// Reads everything again, and tells the operator what came of it. Gives what came of the policies.
    ///
    /// # Errors
    /// Why the policies in force stay as they are; it has been logged.
    pub async fn reload(&self) -> Result<Reloaded, ReloadFault> {
        // What fails has been logged.
        let again = self.clone();
        let _ = tokio::task::spawn_blocking(move || again.connections()).await;
        let _ = self.keys().await;
        self.policies().await
    }

    /// Takes up the files of the connections, both ways.
    fn connections(&self) {
        let _ = self.trust();
        if let Err(fault) = self.channels.webhook.reload() {
            tracing::warn!(%fault, "webhook: a file is refused, the old certificate and authorities stay");
        }
    }

    async fn policies(&self) -> Result<Reloaded, ReloadFault> {
        let policies = reload::policies(&self.gateway, self.config.directory.policies.clone()).await;
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

    /// Takes up the gateway's keys as they stand in their files. Gives the purposes whose keys are others
    /// than before.
    ///
    /// # Errors
    /// Why those in force stay; it has been logged.
    pub async fn keys(&self) -> anyhow::Result<Vec<KeyPurpose>> {
        let taken_up = self.take_up_keys().await;
        self.gateway.metrics.read_again("keys", taken_up.is_ok());
        match &taken_up {
            Ok(changed) => {
                for purpose in changed.iter().map(|purpose| purpose.as_str()) {
                    tracing::info!(purpose, "keys: others are in force");
                }
            }
            Err(fault) => tracing::warn!(fault = format!("{fault:#}"), "keys: refused, those in force stay"),
        }
        taken_up
    }

    async fn take_up_keys(&self) -> anyhow::Result<Vec<KeyPurpose>> {
        let config = self.config.clone();
        // Keys under a passphrase take their time, on purpose.
        let fresh = tokio::task::spawn_blocking(move || files::keyring(&config)).await??;
        fresh.smime.fits(&self.config.mail.from, self.gateway.clock.now())?;
        Ok(keys::take_up(&self.gateway, fresh).await?)
    }

    /// Takes up the files of `[tls]`. Connections that are open are held against them.
    ///
    /// # Errors
    /// Why those in force stay; it has been logged.
    pub fn trust(&self) -> anyhow::Result<()> {
        let replaced = files::tls(&self.config)
            .and_then(|files| self.trust.replace(&files).map_err(anyhow::Error::from));
        self.gateway.metrics.read_again("tls", replaced.is_ok());
        match &replaced {
            Ok(()) => tracing::info!("tls: certificate and authorities read again"),
            Err(fault) => tracing::warn!(fault = format!("{fault:#}"), "tls: refused, those in force stay"),
        }
        self.warn_of_late_crls();
        replaced
    }

    /// A list of revoked certificates past its date still counts, and hides what was revoked since.
    pub(super) fn warn_of_late_crls(&self) {
        let next = self.trust.in_force().crls_next_update;
        self.gateway.metrics.crls_next_update.set(next.map_or(0, Timestamp::as_second));
        if let Some(next_update) = next.filter(|next| *next < self.gateway.clock.now()) {
            tracing::warn!(%next_update, "tls.crls: a list should have been replaced; it still counts");
        }
    }

    /// Reloads at each signal, one after another, without end.
    pub(super) async fn at_each(self, mut signals: Signal) {
        while signals.recv().await.is_some() {
            let _ = self.reload().await; // It has been logged.
        }
    }

    /// Takes up the files of `[tls]` whenever one of them changes, until `stop`. `known` are those in force.
    pub(super) async fn watch_tls(self, mut known: Stamps, stop: CancellationToken) {
        loop {
            let next = self.gateway.clock.now().saturating_add(LOOK).unwrap_or(Timestamp::MAX);
            tokio::select! {
                () = self.gateway.clock.sleep_until(next) => {}
                () = stop.cancelled() => return,
            }
            // Before they are read: what changes meanwhile is read once more.
            let stamps = Stamps::of(&self.config.tls);
            if stamps != known {
                known = stamps;
                let again = self.clone();
                let _ = tokio::task::spawn_blocking(move || again.trust()).await; // It has been logged.
            }
        }
    }
}
