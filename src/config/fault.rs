//! What can be wrong with a file of settings, in words that tell the operator where to look and
//! what to write instead.
//!
//! In: what the readers of this room found. Out: one sentence that names the file, the line, the key
//! and the remedy. A value that was written is never repeated: it may have been pasted from
//! somewhere else.

use std::{fmt, io, path::PathBuf};

use super::nearest::nearest;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFault {
    /// The file is not there, or may not be read, or is not UTF-8.
    #[error("cannot read {}: check that the file is there and that the gateway's user may read it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The text is not TOML.
    #[error("{place} is not TOML: {what}")]
    Syntax {
        /// Where it stops being TOML.
        place: Place,
        /// What the parser wanted there.
        what: String,
    },
    /// A key that no setting bears. Keys are never skipped: a misspelt limit would silently be no
    /// limit.
    #[error("unknown key `{key}` in {place}; {}", advice(key, known))]
    UnknownKey {
        /// The key as written.
        key: String,
        /// Where it stands.
        place: Place,
        /// Every key that may stand there.
        known: Vec<String>,
    },
    /// A setting without a default is not there.
    #[error("`{key}` is missing in {place}: add it")]
    Missing {
        /// The key that is wanted, with the table that it belongs to.
        key: String,
        /// The table that lacks it.
        place: Place,
    },
    /// A value that cannot stand there, by itself or beside others.
    #[error("`{key}` in {place}: {wanted}")]
    BadValue {
        /// The key, with the tables that it stands in.
        key: String,
        /// Where the value stands.
        place: Place,
        /// What is wanted instead.
        wanted: String,
    },
}

impl ConfigFault {
    /// The known key that an unknown one was probably meant to be.
    pub fn nearest(&self) -> Option<&str> {
        match self {
            Self::UnknownKey { key, known, .. } => nearest(key, known),
            _ => None,
        }
    }

    /// The line of the file that the fault is about, counted from 1.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Syntax { place, .. }
            | Self::UnknownKey { place, .. }
            | Self::Missing { place, .. }
            | Self::BadValue { place, .. } => match place {
                Place::Line { line, .. } => Some(*line),
                Place::Variable(_) => None,
            },
            Self::Unreadable { .. } => None,
        }
    }
}

fn advice(key: &str, known: &[String]) -> String {
    match nearest(key, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "no key may stand there".to_owned(),
        None => format!("known there: `{}`", known.join("`, `")),
    }
}

/// Where a setting was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// In an environment variable of this name.
    Variable(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Variable(name) => write!(f, "the environment variable `{name}`"),
        }
    }
}
