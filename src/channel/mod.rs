//! The ways out. A channel makes one attempt and says how it ended; what follows from that is the
//! journey's to decide.
//!
//! The mailbox is no way out: its recipient comes and collects (`http/mailbox.rs`). The malware scanner is
//! no way out either, but the only other server that is shown a message's parts.

pub mod email;
pub mod scanner;
pub mod webhook;

mod tls;

pub use tls::{ChannelFault, install_tls_provider};

use std::time::Duration;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The recipient's server took the message over.
    Delivered {
        /// Stable code, such as `http_204` or `smtp_250`.
        code: String,
    },
    /// It may work later.
    Later {
        /// Stable code, such as `http_503`, `smtp_451`, `connect`, `tls`, `timeout`.
        code: String,
        /// How long the server asked us to wait.
        retry_after: Option<Duration>,
    },
    /// It will not work, however often it is tried.
    Never {
        /// Stable code, such as `http_410` or `smtp_550`.
        code: String,
    },
}

impl Outcome {
    fn delivered(code: impl Into<String>) -> Self {
        Self::Delivered { code: code.into() }
    }

    fn later(code: impl Into<String>) -> Self {
        Self::Later { code: code.into(), retry_after: None }
    }

    fn never(code: impl Into<String>) -> Self {
        Self::Never { code: code.into() }
    }
}

/// The channels that dial.
pub struct Channels {
    /// Push.
    pub webhook: webhook::WebhookChannel,
    /// Mail; none where no relay is configured.
    pub email: Option<email::EmailChannel>,
}
