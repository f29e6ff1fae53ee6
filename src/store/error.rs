//! Why the store did not do what it was asked.

use rusqlite::ErrorCode;

/// A fault of ours. The caller answers 503 and the sender tries again.
///
/// Nothing was written, with one exception that no program can rule out: a write that the disk
/// reported as failed may turn out to be there after a restart. The idempotency key covers it.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// The disk is full, or the store has reached its configured size.
    #[error("the disk is full; free some space or raise the store's size limit")]
    Full,
    /// The database engine failed.
    #[error("the database failed")]
    Engine(#[source] rusqlite::Error),
    /// A file could not be written or read.
    #[error("a file of the store failed")]
    File(#[source] std::io::Error),
    /// What is stored is not what was written, or what is to be stored does not fit together.
    #[error("the store holds or was given something unreadable: {0}")]
    Corrupt(&'static str),
    /// Written by another version of the program.
    #[error("the store has schema version {found}, this program knows up to {known}; run the newer program")]
    Version {
        /// What the file says.
        found: i64,
        /// What this program knows.
        known: i64,
    },
    /// No randomness for a file's name.
    #[error(transparent)]
    Random(#[from] crate::crypto::random::NoRandom),
    /// An operation panicked: a bug of ours. It was rolled back.
    #[error("an operation of the store broke off")]
    Panicked,
    /// The writer has stopped.
    #[error("the store has been closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreFault {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(cause, _) if cause.code == ErrorCode::DiskFull => Self::Full,
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Corrupt("a column of the database"),
            other => Self::Engine(other),
        }
    }
}

impl From<std::io::Error> for StoreFault {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::File(error),
        }
    }
}
