//! `[scanner]`: the malware scanner that attachments are shown to.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer};

use super::value;

/// `[scanner]`: none, unless an address is given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scanner {
    /// Where clamd listens. `None`: attachments are not scanned.
    #[serde(deserialize_with = "address")]
    pub address: Option<ScannerAddress>,
    /// For each step: to connect, to hand over one piece, to answer after the last.
    #[serde(deserialize_with = "value::duration::<_, 100, 600_000>")]
    pub timeout: Duration,
}

/// Where clamd listens on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerAddress {
    /// A port on loopback.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Default for Scanner {
    fn default() -> Self {
        Self { address: None, timeout: Duration::from_secs(60) }
    }
}

impl fmt::Display for ScannerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// What an address looks like. clamd speaks in clear, so it must be on this machine.
const WANTED: &str = "\"unix:\" and the absolute path of clamd's socket, or a loopback address and port such as \
                      \"127.0.0.1:3310\"; clamd does not encrypt";

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ScannerAddress>, D::Error> {
    value::checked(from, WANTED, |text| parse(text).map(Some))
}

fn parse(text: &str) -> Option<ScannerAddress> {
    if let Some(path) = text.strip_prefix("unix:") {
        let usable = path.starts_with('/') && !path.contains('\0');
        return usable.then(|| ScannerAddress::Unix(path.into()));
    }
    let address: SocketAddr = text.parse().ok()?;
    address.ip().to_canonical().is_loopback().then_some(ScannerAddress::Tcp(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scanner_is_on_this_machine() {
        for good in ["unix:/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310"] {
            assert_eq!(parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "unix:",
            "unix:clamd.ctl",
            "/run/clamd",
            "10.0.0.1:3310",
            "0.0.0.0:3310",
            "localhost:3310",
            "127.0.0.1",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
