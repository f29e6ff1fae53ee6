//! What every stage is handed.

use std::{
    sync::{Arc, RwLock, atomic::AtomicBool},
    time::Duration,
};

use tokio::sync::{Notify, Semaphore, watch};

use super::{Fault, certificates::Seen, refusal_rate::RefusalRate};
use crate::{
    channel::scanner::Scanner,
    clock::Clock,
    config::{Areas, Limits},
    crypto::{keyring::Keyring, random::Random},
    directory::Directory,
    policy::Policies,
    schema::Schemas,
    store::{Files, Store},
    telemetry::Metrics,
};

/// The gateway: its parts, wired by `cli::serve`.
pub struct Gateway {
    /// Its name in statements, key agreements and checkpoints.
    pub name: String,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// What lasts.
    pub store: Arc<dyn Store>,
    /// Large ciphertext.
    pub files: Files,
    /// The message types.
    pub schemas: Schemas,
    /// The areas with their audit keys.
    pub areas: Areas,
    /// The JOSE name of the post-quantum profile; agencies' keys must be for it.
    pub post_quantum_alg: String,
    /// How long after its announcement an agency's new key is first sealed to.
    pub key_delay: Duration,
    /// The address that mail comes from: the one that our S/MIME certificate names.
    pub mail_from: String,
    /// Our limits.
    pub limits: Limits,
    /// Who looks at attachments; none where none is configured.
    pub scanner: Option<Scanner>,
    /// Who waits for what.
    pub signals: Signals,
    /// What the operator counts.
    pub metrics: Metrics,
    /// Whether events get their place in the log now.
    pub sequencing: AtomicBool,
    /// Refusals beyond the rate that is recorded one by one.
    pub(super) refusals: RefusalRate,
    /// How many packs may be sealed as mail at once: each is held in memory.
    pub(super) mail_slots: Semaphore,
    /// One reload at a time, or two would name the same predecessor.
    pub(super) reloading: tokio::sync::Mutex<()>,
    /// Read by who records what the rules decided, written by who puts other rules into force.
    pub(super) in_force: tokio::sync::RwLock<()>,
    /// The agencies' TLS certificates as they were shown.
    pub seen: Seen,
    directory: RwLock<Arc<Directory>>,
    policies: RwLock<Arc<Policies>>,
    keys: RwLock<Arc<Keyring>>,
}

/// Wakes those who wait, so that they need not poll quickly.
#[derive(Default)]
pub struct Signals {
    /// A delivery may be due.
    pub due: Notify,
    /// An event waits for its index.
    pub unsequenced: Notify,
    /// Copies are to be withdrawn, and their senders told.
    pub withdrawable: Notify,
    /// Something new stands in an inbox: the number only grows.
    pub inbox: watch::Sender<u64>,
    /// Another directory is in force: the number only grows.
    pub directory: watch::Sender<u64>,
}

/// The parts of a [`Gateway`].
pub struct Parts {
    /// See [`Gateway::name`].
    pub name: String,
    /// See [`Gateway::clock`].
    pub clock: Clock,
    /// See [`Gateway::random`].
    pub random: Random,
    /// See [`Gateway::store`].
    pub store: Arc<dyn Store>,
    /// See [`Gateway::files`].
    pub files: Files,
    /// See [`Gateway::schemas`].
    pub schemas: Schemas,
    /// The rules to begin with; see [`Gateway::policies`].
    pub policies: Policies,
    /// See [`Gateway::areas`].
    pub areas: Areas,
    /// The keys to begin with; see [`Gateway::keys`].
    pub keys: Keyring,
    /// See [`Gateway::post_quantum_alg`].
    pub post_quantum_alg: String,
    /// See [`Gateway::key_delay`].
    pub key_delay: Duration,
    /// See [`Gateway::mail_from`].
    pub mail_from: String,
    /// See [`Gateway::limits`].
    pub limits: Limits,
    /// See [`Gateway::scanner`].
    pub scanner: Option<Scanner>,
}

impl Gateway {
    /// Puts the parts together and reads the directory.
    pub async fn new(parts: Parts) -> Result<Self, Fault> {
        let directory = RwLock::new(Arc::new(parts.store.directory().await?));
        let metrics = Metrics::default();
        metrics.policies_in_force(parts.policies.sha256_hex(), parts.clock.now());
        metrics.policies_read(true);
        Ok(Self {
            name: parts.name,
            clock: parts.clock,
            random: parts.random,
            store: parts.store,
            files: parts.files,
            schemas: parts.schemas,
            areas: parts.areas,
            post_quantum_alg: parts.post_quantum_alg,
            key_delay: parts.key_delay,
            mail_from: parts.mail_from,
            refusals: RefusalRate::new(
                parts.limits.refusal_events_per_minute,
                parts.limits.checks_per_minute,
            ),
            limits: parts.limits,
            scanner: parts.scanner,
            signals: Signals::default(),
            metrics,
            sequencing: AtomicBool::new(true),
            mail_slots: Semaphore::new(2),
            reloading: tokio::sync::Mutex::default(),
            in_force: tokio::sync::RwLock::default(),
            directory,
            policies: RwLock::new(Arc::new(parts.policies)),
            keys: RwLock::new(Arc::new(parts.keys)),
            seen: Seen::default(),
        })
    }

    /// The directory as this process last read it. A decision on an older one is refused by
    /// `record`, and the directory is read again.
    pub fn directory(&self) -> Arc<Directory> {
        // A poisoned lock still holds a whole snapshot: it is only ever replaced.
        self.directory.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The rules in force. One decision asks one set: whoever decides holds on to it until the end.
    pub fn policies(&self) -> Arc<Policies> {
        self.policies.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Puts another set in the place of the one in force. Only [`super::reload`] does, after the ledger
    /// knows; whoever holds the old one keeps it.
    pub(super) fn replace_policies(&self, policies: Arc<Policies>) {
        self.metrics.policies_in_force(policies.sha256_hex(), self.clock.now());
        *self.policies.write().unwrap_or_else(std::sync::PoisonError::into_inner) = policies;
    }

    /// Our keys in force. Who signs several things that belong together holds on to one ring.
    pub fn keys(&self) -> Arc<Keyring> {
        self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Puts other keys in the place of those in force. Only [`super::keys`] does, after the ledger knows.
    pub(super) fn replace_keys(&self, keys: Keyring) {
        *self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(keys);
    }

    /// Reads the directory again, and tells those who watch it if it is another.
    pub async fn refresh_directory(&self) -> Result<(), Fault> {
        let fresh = Arc::new(self.store.directory().await?);
        let mut held = self.directory.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if fresh.version() >= held.version() {
            let changed = fresh.version() > held.version();
            *held = fresh;
            drop(held);
            if changed {
                self.signals.directory.send_modify(|count| *count += 1);
            }
        }
        Ok(())
    }

    /// Tells everyone who waits that something was recorded.
    pub(super) fn wake(&self) {
        self.signals.due.notify_one();
        self.signals.unsequenced.notify_one();
        self.signals.inbox.send_modify(|count| *count += 1);
    }
}
