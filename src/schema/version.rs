//! The version of a schema: `1.0`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Major and minor, compared as numbers: 1.10 is newer than 1.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    major: u16,
    minor: u16,
}

/// The text is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two whole numbers with a point between them, such as 1.0")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let (major, minor) = text.split_once('.').ok_or(NoVersion)?;
        let number = |part: &str| part.parse().map_err(|_| NoVersion);
        let version = Self { major: number(major)?, minor: number(minor)? };
        // One version has one spelling: not `1.00`, not `+1.0`.
        if version.to_string() == text { Ok(version) } else { Err(NoVersion) }
    }
}

impl TryFrom<String> for Version {
    type Error = NoVersion;

    fn try_from(text: String) -> Result<Self, NoVersion> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers_and_have_one_spelling() {
        let version = |text: &str| text.parse::<Version>();
        assert!(version("1.10").unwrap() > version("1.9").unwrap());
        assert!(version("2.0").unwrap() > version("1.10").unwrap());
        for wrong in ["1", "1.00", "+1.0", "1.0.0", "", ".", "1.-1", "01.0", "1.99999"] {
            assert_eq!(version(wrong), Err(NoVersion), "{wrong}");
        }
    }
}
