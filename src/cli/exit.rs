//! How a command ends: the exit codes of design §9, and which fault means which.

use std::process::ExitCode;

use super::{
    client::{ClientFault, ProfileFault},
    inbox::{AttachmentFault, CopyFault},
    send::ReceiptFault,
};
use crate::{
    config::ConfigFault,
    crypto::{jwe::OpenFault, key_file::KeyFileFault},
    policy::PolicyFault,
};

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Not done, for a reason that has no code of its own.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A file of settings or keys is missing or wrong.
    Config = 3,
    /// The gateway refused: the caller's doing.
    Refused = 4,
    /// A signature, digest or proof does not hold.
    Verification = 5,
    /// The gateway cannot be reached or does not accept now (`EX_UNAVAILABLE` of sysexits.h).
    Unavailable = 69,
}

/// A command's end under a code that it chose.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Ended {
    /// The code.
    pub exit: Exit,
    message: String,
}

impl Exit {
    /// An error that ends the command with this code.
    pub fn because(self, message: impl Into<String>) -> anyhow::Error {
        Ended { exit: self, message: message.into() }.into()
    }

    /// The code for an error: that of the first cause that has one.
    pub fn of(error: &anyhow::Error) -> Self {
        error.chain().find_map(code).unwrap_or(Self::Failed)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

fn code(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if let Some(ended) = cause.downcast_ref::<Ended>() {
        return Some(ended.exit);
    }
    if let Some(fault) = cause.downcast_ref::<ClientFault>() {
        return Some(fault.exit());
    }
    if let Some(fault) = cause.downcast_ref::<ProfileFault>() {
        return Some(fault.exit());
    }
    match cause.downcast_ref::<CopyFault>() {
        Some(CopyFault::Unopened(OpenFault::Key(_))) => return Some(Exit::Config),
        Some(CopyFault::Unopened(_) | CopyFault::Statement(_)) => return Some(Exit::Verification),
        None => {}
    }
    if cause.is::<ConfigFault>() || cause.is::<PolicyFault>() || cause.is::<KeyFileFault>() {
        Some(Exit::Config)
    } else if cause.is::<ReceiptFault>() || cause.is::<AttachmentFault>() {
        Some(Exit::Verification)
    } else {
        None
    }
}
