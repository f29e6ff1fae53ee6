//! What the operator sees: logs and metrics. Agency ids, codes and counts; never a message id as a
//! label, never a submitted value, a name or a key anywhere.

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
        Self { registry, accepted, refused, attempts, scans, ledger_size }
    }
}

impl Metrics {
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
