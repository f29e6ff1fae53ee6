//! The ways out, against real servers on loopback: what arrives, what is refused, and what an attempt
//! is told to have been.

#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a fault in a helper fails the test that called it")]

#[path = "../attachments/archive.rs"]
mod archive;
#[path = "../attachments/clamd.rs"]
mod clamd;
mod email;
mod peers;
mod scanner;
mod webhook;

use std::{path::PathBuf, time::Duration};

use jiff::Timestamp;
use portcullis::{
    channel::Outcome,
    cli::pki::DevelopmentCa,
    clock::{Clock, ManualClock},
    crypto::random::Random,
    message::DeliveryId,
};

/// Longer than anything here takes: only a fault waits for it.
const LONG: Duration = Duration::from_secs(30);
/// Shorter than a silent server's silence.
const SHORT: Duration = Duration::from_millis(200);

fn delivered(code: &str) -> Outcome {
    Outcome::Delivered { code: code.into() }
}

fn later(code: &str) -> Outcome {
    Outcome::Later { code: code.into(), retry_after: None }
}

fn never(code: &str) -> Outcome {
    Outcome::Never { code: code.into() }
}

fn delivery(number: u8) -> DeliveryId {
    DeliveryId::new(Timestamp::UNIX_EPOCH, [number; 10])
}

fn authority() -> DevelopmentCa {
    DevelopmentCa::new(Clock::system(), Random::system()).unwrap()
}

/// An authority whose certificates ran out long ago.
fn expired_authority() -> DevelopmentCa {
    let past = Clock::system().now() - Duration::from_hours(60 * 24);
    DevelopmentCa::new(ManualClock::new(past).clock(), Random::system()).unwrap()
}

/// A folder of PEM files for the settings to name.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        portcullis::cli::pki::write_private(&path, text.as_bytes()).unwrap();
        path
    }
}
