//! A log's name: the origin of its checkpoints and the name of the key that signs them.

use std::{fmt, str::FromStr, sync::Arc};

/// The longest name, in bytes. A limit of our own; C2SP sets none.
const NAME_BYTES_MAX: usize = 255;

/// The name of a log, which is the gateway's. C2SP advises a URL without its scheme, such as
/// `gateway.example/ledger`. Never empty; without spaces, plus signs and control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogName(Arc<str>);

/// The text cannot name a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a log's name is 1 to 255 bytes without spaces, plus signs and control characters")]
pub struct BadName;

impl LogName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let is_barred = |c: char| c == '+' || c.is_whitespace() || c.is_control();
        if text.is_empty() || text.len() > NAME_BYTES_MAX || text.contains(is_barred) {
            return Err(BadName);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for LogName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
