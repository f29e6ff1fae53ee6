//! `[mail]`: the relay that takes S/MIME mail from the gateway.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{Gateway, value};

/// `[mail]`, with what was left out filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The relay's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name that its certificate must bear.
    pub server_name: String,
    /// The authorities that sign the relay's certificate, PEM; none for the public ones.
    pub ca: Option<PathBuf>,
    /// The address that mail comes from and that reports go back to.
    pub from: String,
    /// The name that the gateway gives in EHLO.
    pub helo: String,
    /// For the whole attempt, from the connection to the answer after the last byte.
    pub timeout: Duration,
    /// Connections to the relay at once.
    pub connections: u32,
}

/// `[mail]` as written.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    #[serde(deserialize_with = "value::host")]
    host: String,
    #[serde(deserialize_with = "value::number::<_, _, 1, 65_535>")]
    port: u16,
    #[serde(deserialize_with = "value::optional_host")]
    server_name: Option<String>,
    #[serde(deserialize_with = "value::optional_path")]
    ca: Option<PathBuf>,
    #[serde(deserialize_with = "value::optional_mail_address")]
    from: Option<String>,
    #[serde(deserialize_with = "value::optional_host")]
    helo: Option<String>,
    #[serde(deserialize_with = "value::duration::<_, 100, 600_000>")]
    timeout: Duration,
    #[serde(deserialize_with = "value::number::<_, _, 1, 64>")]
    connections: u32,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: 587,
            server_name: None,
            ca: None,
            from: None,
            helo: None,
            timeout: Duration::from_secs(60),
            connections: 4,
        }
    }
}

impl Written {
    /// Fills in what was left out from the gateway's name and the relay's.
    pub fn finish(self, gateway: &Gateway) -> Mail {
        Mail {
            server_name: self.server_name.unwrap_or_else(|| self.host.clone()),
            from: self.from.unwrap_or_else(|| format!("portcullis@{}", gateway.name)),
            helo: self.helo.unwrap_or_else(|| gateway.name.clone()),
            host: self.host,
            port: self.port,
            ca: self.ca,
            timeout: self.timeout,
            connections: self.connections,
        }
    }
}
