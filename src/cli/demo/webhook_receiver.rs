//! A real HTTPS server on loopback that takes what is pushed to an agency: the webhook side of the
//! demonstration and of the story tests.
//!
//! In: `POST` requests over mutual TLS, signed as Standard Webhooks lays down. Out: what came, with the
//! verdict on its signature, and files of it where asked for. It opens no sealed copy and drops no
//! repeats: each attempt is shown.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode, header::HeaderValue, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{
    collected::{Collected, TooFew},
    loopback::LoopbackServer,
};
use crate::clock::Clock;

mod exchange;
mod signature;

/// A push as it came in. It has no `Debug`.
#[derive(Clone)]
pub struct ReceivedPush {
    /// The `webhook-id`, the same on every attempt; `None` if absent, repeated or not an id.
    pub id: Option<String>,
    /// The `webhook-timestamp`; `None` if absent, repeated or not a time.
    pub timestamp: Option<Timestamp>,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whether the signature is the gateway's over this id, time and body, and the time is within
    /// five minutes of the receiver's.
    pub signature_ok: bool,
}

/// How the receiver behaves; it can be changed while it runs. By default it answers 204 to what is
/// rightly signed and 401 to the rest.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Answers to the next requests, whatever their signature. Each is given once.
    pub next: VecDeque<Answer>,
    /// The answer to all requests after those, instead of the default.
    pub always: Option<Answer>,
}

impl Behaviour {
    /// The same answer to the next `count` requests, then the default again.
    pub fn next(count: usize, answer: Answer) -> Self {
        Self { next: std::iter::repeat_n(answer, count).collect(), always: None }
    }
}

/// An answer on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Only a status.
    Status(StatusCode),
    /// A status with `Retry-After` in seconds (RFC 9110 section 10.2.3).
    RetryAfter(StatusCode, u32),
    /// 307 to another address.
    Redirect(HeaderValue),
    /// None: the connection breaks, though the push was taken.
    Close,
}

/// The running server. Dropping it ends it.
pub struct WebhookReceiver {
    server: LoopbackServer,
    shared: Arc<Shared>,
}

impl WebhookReceiver {
    /// Listens on `address`, which must be on loopback (port 0: any free one). `server_config` asks
    /// for client certificates ([`server_config`](crate::cli::pki::server_config) with an authority);
    /// which agency they name is not looked at. `public_key` is the gateway's Ed25519 key for webhooks.
    ///
    /// With `save_to`, an existing folder, each push that is rightly signed and taken is written there
    /// as `<webhook-id>.http`: request line, headers (names in lower case) and body, a repeat in place
    /// of the one before.
    pub async fn start(
        address: SocketAddr,
        server_config: Arc<rustls::ServerConfig>,
        public_key: [u8; 32],
        clock: Clock,
        save_to: Option<PathBuf>,
    ) -> io::Result<Self> {
        let mut config = rustls::ServerConfig::clone(&server_config);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let shared = Arc::new(Shared {
            public_key,
            clock,
            save_to,
            behaviour: Mutex::default(),
            pushes: Collected::new(KEPT_BYTES_MAX),
        });
        let (tls, served) = (TlsAcceptor::from(Arc::new(config)), shared.clone());
        let server =
            LoopbackServer::start(address, move |stream| serve(stream, tls.clone(), served.clone())).await?;
        Ok(Self { server, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// All pushes so far, in the order in which they came.
    pub fn pushes(&self) -> Vec<ReceivedPush> {
        self.shared.pushes.all()
    }

    /// Waits until at least `wanted` pushes have come and returns all of them.
    pub async fn wait_for(&self, wanted: usize, timeout: Duration) -> Result<Vec<ReceivedPush>, TooFew> {
        self.shared.pushes.wait_for(wanted, timeout).await
    }

    /// Changes how it behaves from the next request on.
    pub fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        self.shared.behave(change);
    }

    /// Stops it; what it has received stays readable.
    pub async fn stop(&self) {
        self.server.stop().await;
    }
}

/// What all requests work on.
struct Shared {
    public_key: [u8; 32],
    clock: Clock,
    save_to: Option<PathBuf>,
    behaviour: Mutex<Behaviour>,
    pushes: Collected<ReceivedPush>,
}

impl Shared {
    fn behave<T>(&self, with: impl FnOnce(&mut Behaviour) -> T) -> T {
        with(&mut self.behaviour.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) {
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await else {
        return;
    };
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { exchange::answer(request, &shared).await }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new());
    // A connection that breaks is the client's affair; what it sent whole has been kept.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

const HANDSHAKE: Duration = Duration::from_secs(10);
/// The sandbox caps itself: beyond this, pushes are answered 507.
const KEPT_BYTES_MAX: usize = 256 << 20;

#[cfg(test)]
mod tests;
