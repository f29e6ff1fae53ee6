//! What the operator sees: logs and metrics. Agency ids, codes and counts; never a message id as a
//! label, never a submitted value, a name or a key anywhere.

use jiff::Timestamp;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use tracing_subscriber::EnvFilter;

/// One word as label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Word {
    /// A type, code or channel of a closed list.
    pub word: &'static str,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Attempt {
    /// `webhook` or `email`.
    pub channel: &'static str,
    /// `delivered`, `later` or `failed`.
    pub outcome: &'static str,
}

/// The policy set in force.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PolicySet {
    /// Its digest, lower-case hex.
    pub sha256: String,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Certificate {
    /// An agency, or `gateway`.
    pub holder: String,
    /// `tls`, `tls_client` or `mail`.
    pub purpose: &'static str,
    /// The beginning of the SHA-256 of its public key, lower-case hex.
    pub key: String,
}

/// The gateway's counters, in the Prometheus text format on the admin listener.
pub struct Metrics {
    registry: Registry,
    /// Accepted messages by type.
    pub accepted: Family<Word, Counter>,
    /// Refusals by code.
    pub refused: Family<Word, Counter>,
    /// Attempts by channel and outcome.
    pub attempts: Family<Attempt, Counter>,
    /// Scanned attachments by verdict: `clean`, `infected`, or `failed` where there was none.
    pub scans: Family<Word, Counter>,
    /// Leaves in the ledger.
    pub ledger_size: Gauge,
    /// 1 under the digest of the policy set in force; no other digest is there.
    policy_set: Family<PolicySet, Gauge>,
    /// When that set was loaded.
    policies_loaded: Gauge,
    /// Whether the policies could be read when they were read last: 1 or 0.
    policies_readable: Gauge,
    /// Refused client certificates, by the check that they failed.
    pub handshakes_refused: Family<Word, Counter>,
    /// Whether the keys and the TLS files could be used when they were read last: 1 or 0.
    readable: Family<Word, Gauge>,
    /// The last moment of each certificate in use.
    certificates: Family<Certificate, Gauge>,
    /// When the first of the lists of revoked certificates wants to be replaced; 0 without one.
    pub crls_next_update: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("portcullis");
        let accepted = Family::<Word, Counter>::default();
        registry.register("messages_accepted", "Messages accepted, by type", accepted.clone());
        let refused = Family::<Word, Counter>::default();
        registry.register("requests_refused", "Requests refused, by code", refused.clone());
        let attempts = Family::<Attempt, Counter>::default();
        registry.register("delivery_attempts", "Delivery attempts, by channel and outcome", attempts.clone());
        let scans = Family::<Word, Counter>::default();
        registry.register(
            "attachment_scans",
            "Attachments shown to the malware scanner, by verdict",
            scans.clone(),
        );
        let ledger_size = Gauge::default();
        registry.register("ledger_leaves", "Leaves under the latest checkpoint", ledger_size.clone());
        let policy_set = Family::<PolicySet, Gauge>::default();
        registry.register("policy_set_info", "The policy set in force, by SHA-256", policy_set.clone());
        let policies_loaded = Gauge::default();
        registry.register(
            "policies_loaded_timestamp_seconds",
            "When the policy set in force was loaded, in seconds since 1970",
            policies_loaded.clone(),
        );
        let policies_readable = Gauge::default();
        registry.register(
            "policies_last_reload_successful",
            "Whether the policies could be used when they were read last; 0 leaves the set in force",
            policies_readable.clone(),
        );
        let handshakes_refused = Family::<Word, Counter>::default();
        registry.register(
            "client_certificates_refused",
            "Client certificates refused in the TLS handshake, by the check",
            handshakes_refused.clone(),
        );
        let readable = Family::<Word, Gauge>::default();
        registry.register(
            "last_reload_successful",
            "Whether `keys` and `tls` could be used when they were read last; 0 leaves those in force",
            readable.clone(),
        );
        let certificates = Family::<Certificate, Gauge>::default();
        registry.register(
            "certificate_not_after_timestamp_seconds",
            "The end of each certificate in use, the gateway's and the agencies', in seconds since 1970",
            certificates.clone(),
        );
        let crls_next_update = Gauge::default();
        registry.register(
            "crls_next_update_timestamp_seconds",
            "When the first of the lists in tls.crls should have been replaced; 0 without one",
            crls_next_update.clone(),
        );
        Self {
            registry,
            accepted,
            refused,
            attempts,
            scans,
            ledger_size,
            policy_set,
            policies_loaded,
            policies_readable,
            handshakes_refused,
            readable,
            certificates,
            crls_next_update,
        }
    }
}

impl Metrics {
    /// Another policy set is in force.
    pub fn policies_in_force(&self, sha256_hex: &str, since: Timestamp) {
        // A scrape in between finds none rather than two.
        self.policy_set.clear();
        self.policy_set.get_or_create_owned(&PolicySet { sha256: sha256_hex.to_owned() }).set(1);
        self.policies_loaded.set(since.as_second());
    }

    /// The policies were read again, and could be used or not.
    pub fn policies_read(&self, usable: bool) {
        self.policies_readable.set(usable.into());
    }

    /// `keys` or `tls` were read again, and could be used or not.
    pub fn read_again(&self, word: &'static str, usable: bool) {
        self.readable.get_or_create_owned(&Word { word }).set(usable.into());
    }

    /// The certificates in use: holder, purpose, the beginning of the key's digest, the end.
    pub fn certificates(&self, in_use: impl Iterator<Item = (String, &'static str, String, Timestamp)>) {
        // One that was replaced or withdrawn is not shown any more.
        self.certificates.clear();
        for (holder, purpose, key, not_after) in in_use {
            let labels = Certificate { holder, purpose, key };
            self.certificates.get_or_create_owned(&labels).set(not_after.as_second());
        }
    }

    /// The text that is scraped.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = encode(&mut out, &self.registry);
        out
    }
}

/// Starts logging to standard error. A second call changes nothing.
pub fn log(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}

/// Has panics logged by their place alone. What a panic says may hold a piece of what was being worked on:
/// slicing a text inside a character tells the text. Only words that stand in the program itself are shown.
pub fn panics_without_values() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let words = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
        tracing::error!(%place, words, "a panic; what it was about has ended");
    }));
}
