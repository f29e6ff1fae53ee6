//! A real SMTP server on loopback that keeps what it is sent: the mail side of the demonstration and
//! of the story tests.
//!
//! In: connections of SMTP clients (RFC 5321, STARTTLS of RFC 3207). Out: the mails, byte for byte, and
//! files of them where asked for. It relays nothing, checks no sender and reads no mail. It is as
//! strict as the strictest server in the field: what passes here passes elsewhere.

use std::{
    collections::BTreeSet,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{
    collected::{Collected, NotKept, TooFew},
    loopback::LoopbackServer,
};
use crate::cli::pki::write_private;

mod command;
mod session;
mod wire;

/// A mail as it came in. It has no `Debug`.
#[derive(Clone)]
pub struct ReceivedMail {
    /// The reverse path; empty for a report (RFC 5321 section 4.5.5).
    pub from: String,
    /// The recipients that were accepted, in their order.
    pub to: Vec<String>,
    /// The mail, dots unstuffed, up to and with the line end before the final dot (RFC 5321 section
    /// 4.1.1.4).
    pub bytes: Bytes,
    /// Whether it came over TLS.
    pub over_tls: bool,
}

/// How the sink behaves; it can be changed while the sink runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// What it does about encryption.
    pub starttls: StartTls,
    /// How many of the next `RCPT` commands are answered 451. Each one counts down by one.
    pub next_rcpts_451: u32,
    /// Recipients that are answered 550, compared without regard to case.
    pub unknown_recipients: BTreeSet<String>,
    /// What it does when a mail has come in whole.
    pub after_data: AfterData,
    /// The largest mail, in bytes; announced by `SIZE` (RFC 1870).
    pub mail_bytes_max: usize,
}

impl Default for Behaviour {
    /// A sound server: TLS or nothing, all recipients, mails of up to 25 MiB.
    fn default() -> Self {
        Self {
            starttls: StartTls::Required,
            next_rcpts_451: 0,
            unknown_recipients: BTreeSet::new(),
            after_data: AfterData::Reply,
            mail_bytes_max: 25 << 20,
        }
    }
}

/// What the sink does about encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartTls {
    /// Offered, and `MAIL` without it is answered 530.
    Required,
    /// Not offered, and mail is taken in clear: a client that sends all the same is found out by
    /// [`ReceivedMail::over_tls`].
    Absent,
}

/// What the sink does when a mail has come in whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterData {
    /// Keeps it and answers 250.
    Reply,
    /// Keeps it and closes without an answer: done, though the client cannot know.
    KeepAndClose,
    /// Drops it and closes without an answer: not done.
    DropAndClose,
}

/// The running server. Dropping it ends it.
pub struct MailSink {
    server: LoopbackServer,
    shared: Arc<Shared>,
}

impl MailSink {
    /// Listens on `address`, which must be on loopback (port 0: any free one). With `save_to`, an
    /// existing folder, each mail is written there as `<n>.eml`, counted from 1, before it is
    /// answered.
    pub async fn start(
        address: SocketAddr,
        server_config: Arc<rustls::ServerConfig>,
        behaviour: Behaviour,
        save_to: Option<PathBuf>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(behaviour),
            mails: Collected::new(KEPT_BYTES_MAX),
            save_to,
            tls: TlsAcceptor::from(server_config),
        });
        let served = shared.clone();
        let server = LoopbackServer::start(address, move |stream| serve(stream, served.clone())).await?;
        Ok(Self { server, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// All mails so far, in the order in which they came.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.shared.mails.all()
    }

    /// Waits until at least `wanted` mails have come and returns all of them.
    pub async fn wait_for(&self, wanted: usize, timeout: Duration) -> Result<Vec<ReceivedMail>, TooFew> {
        self.shared.mails.wait_for(wanted, timeout).await
    }

    /// Changes how it behaves from the next command on.
    pub fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        self.shared.behave(change);
    }

    /// Stops it; what it has received stays readable.
    pub async fn stop(&self) {
        self.server.stop().await;
    }
}

/// What all sessions work on.
struct Shared {
    behaviour: Mutex<Behaviour>,
    mails: Collected<ReceivedMail>,
    save_to: Option<PathBuf>,
    tls: TlsAcceptor,
}

impl Shared {
    fn behave<T>(&self, with: impl FnOnce(&mut Behaviour) -> T) -> T {
        with(&mut self.behaviour.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn keep(&self, mail: ReceivedMail) -> Result<(), NotKept> {
        let (folder, bytes) = (self.save_to.clone(), mail.bytes.clone());
        let save = move |number: usize| match folder {
            Some(folder) => write_private(&folder.join(format!("{number}.eml")), &bytes),
            None => Ok(()),
        };
        let size = mail.bytes.len();
        self.mails.keep(mail, size, save).await
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // A connection that breaks is the client's affair; what it sent whole has been kept.
    let _ = session::serve(stream, &shared).await;
}

/// The sandbox caps itself: beyond this, mail is answered 452.
const KEPT_BYTES_MAX: usize = 512 << 20;

#[cfg(test)]
mod tests;
