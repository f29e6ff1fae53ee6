//! `[gateway]`, `[listen]` and `[log]`: who this gateway is, where it listens, how it speaks.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde::{Deserialize, Deserializer};

use super::value;

/// `[gateway]`: who this gateway is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Its name in statements, sealed copies and the ledger's origin, in the form of a DNS name. It
    /// has no default: once a checkpoint is signed under it, it cannot change.
    #[serde(deserialize_with = "gateway_name")]
    pub name: String,
    /// What it is run for.
    #[serde(default)]
    pub profile: Profile,
}

/// What a gateway is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Real cases.
    #[default]
    Production,
    /// Trials with invented people, and the demo: only here may a part relax a check.
    Development,
}

/// `[listen]`: where callers find it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// For agency systems, mutual TLS.
    #[serde(deserialize_with = "value::address")]
    pub agencies: SocketAddr,
    /// For health checks and metrics, without TLS or sign-in.
    #[serde(deserialize_with = "value::address")]
    pub admin: SocketAddr,
    /// How long begun requests may take after the signal to stop.
    #[serde(deserialize_with = "value::duration::<_, 0, 600_000>")]
    pub drain: Duration,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            agencies: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8443)),
            admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
            drain: Duration::from_secs(30),
        }
    }
}

/// `[log]`: what it says about itself on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
    /// What is said, in the directives of `tracing_subscriber::EnvFilter`, already tried.
    #[serde(deserialize_with = "filter")]
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

fn gateway_name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    // A signed note's name must not hold white space or `+` (C2SP signed-note); a DNS name never
    // does, and two authorities cannot pick the same one by chance.
    value::checked(from, "a lower-case DNS name such as \"portcullis.kent.police.uk\"", |text| {
        value::is_host_name(text).then(|| text.to_owned())
    })
}

fn filter<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    value::checked(from, "log directives such as \"info\" or \"warn,portcullis::worker=debug\"", |text| {
        tracing_subscriber::EnvFilter::try_new(text).ok()?;
        Some(text.to_owned())
    })
}
