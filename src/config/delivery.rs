//! `[delivery]` and `[ledger]`: when the workers do what.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::{Config, document::Document, fault::ConfigFault, value};

/// `[delivery]`: a delivery's life (design §10).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// The wait before each attempt; the first is counted from acceptance.
    #[serde(deserialize_with = "schedule")]
    pub schedule: Vec<Duration>,
    /// How far a wait may differ from the schedule, up or down, in percent of it.
    #[serde(deserialize_with = "value::number::<_, _, 0, 50>")]
    pub jitter_percent: u8,
    /// How long a worker may hold a delivery before another takes it over.
    #[serde(deserialize_with = "value::duration::<_, 1_000, 3_600_000>")]
    pub lease: Duration,
    /// Deliveries attempted at once by this node.
    #[serde(deserialize_with = "value::number::<_, _, 1, 256>")]
    pub workers: usize,
    /// How often due deliveries are looked for when no signal came.
    #[serde(deserialize_with = "value::duration::<_, 10, 60_000>")]
    pub poll: Duration,
    /// Uncollected for so long, the sender gets a non-delivery report.
    #[serde(deserialize_with = "value::duration::<_, 1_000, 31_536_000_000>")]
    pub uncollected_after: Duration,
    /// After so long, what was not acknowledged is erased. Nothing comes after that.
    #[serde(deserialize_with = "value::duration::<_, 1_000, 31_536_000_000>")]
    pub lifetime: Duration,
    /// A mail that was handed over counts as received so long after, if no report came back.
    #[serde(deserialize_with = "value::duration::<_, 1_000, 31_536_000_000>")]
    pub mail_confirmed_after: Duration,
}

impl Default for Delivery {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        let waits = [0, 5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
        Self {
            schedule: waits.map(Duration::from_secs).to_vec(),
            jitter_percent: 20,
            lease: Duration::from_secs(120),
            workers: 8,
            poll: Duration::from_secs(1),
            uncollected_after: Duration::from_secs(5 * 24 * HOUR),
            lifetime: Duration::from_secs(35 * 24 * HOUR),
            mail_confirmed_after: Duration::from_secs(5 * 24 * HOUR),
        }
    }
}

impl Delivery {
    /// What no single setting can say.
    pub(super) fn check(&self, config: &Config, document: &Document<'_>) -> Result<(), ConfigFault> {
        let wrong = |key, wanted| Err(document.bad_value(&["delivery", key], wanted));
        // The attempt is begun under the lease: another worker must not dial while this one waits.
        if self.lease <= config.webhook.timeout || self.lease <= config.mail.timeout {
            return wrong(
                "lease",
                "want more than `webhook.timeout` and `mail.timeout`, or two workers dial",
            );
        }
        if self.uncollected_after >= self.lifetime {
            return wrong(
                "uncollected_after",
                "want less than `delivery.lifetime`, or the report comes too late",
            );
        }
        if self.mail_confirmed_after >= self.lifetime {
            return wrong("mail_confirmed_after", "want less than `delivery.lifetime`");
        }
        if self.longest_schedule() >= self.lifetime {
            return wrong("schedule", "want all waits with their jitter within `delivery.lifetime`");
        }
        Ok(())
    }

    /// All waits together, each as long as jitter can make it.
    fn longest_schedule(&self) -> Duration {
        let waits: Duration = self.schedule.iter().sum();
        waits * (100 + u32::from(self.jitter_percent)) / 100
    }
}

/// `[ledger]`: how often the ledger shows what it holds (design §7).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ledger {
    /// Between checkpoints while there are new events. At most a second, since inclusion is promised
    /// within two.
    #[serde(deserialize_with = "value::duration::<_, 10, 1_000>")]
    pub checkpoint_interval: Duration,
    /// Between checkpoints while there are none, so that outsiders see that the ledger lives.
    #[serde(deserialize_with = "value::duration::<_, 1_000, 3_600_000>")]
    pub idle_checkpoint: Duration,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { checkpoint_interval: Duration::from_secs(1), idle_checkpoint: Duration::from_secs(60) }
    }
}

/// One wait of the schedule.
#[derive(Deserialize)]
struct Wait(#[serde(deserialize_with = "value::duration::<_, 0, 2_592_000_000>")] Duration);

fn schedule<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Duration>, D::Error> {
    let waits = Vec::<Wait>::deserialize(from)?;
    if (1..=32).contains(&waits.len()) {
        Ok(waits.into_iter().map(|wait| wait.0).collect())
    } else {
        Err(serde::de::Error::custom("want a list of 1 to 32 waits such as [\"0s\", \"5m\"]"))
    }
}
