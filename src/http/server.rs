//! The listeners: mutual TLS for agencies, plain loopback HTTP for the operator. Every wait has its
//! limit, and both drain when told to stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::Peer;

/// What a listener keeps to.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Connections at once.
    pub connections: usize,
    /// For the TLS handshake.
    pub handshake_timeout: Duration,
    /// For the head of a request.
    pub header_timeout: Duration,
    /// HTTP/2 streams of a connection at once.
    pub streams: u32,
    /// For what is under way when the listener stops.
    pub drain: Duration,
}

/// The TLS files cannot be used. The source names what is wrong with which.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// No certificate, or no key, in PEM.
    #[error("{0} holds no usable PEM")]
    Pem(&'static str),
    /// rustls refused them.
    #[error("the TLS certificate, key or client CA cannot be used")]
    Rustls(#[from] rustls::Error),
    /// The client CA cannot be used.
    #[error("the client CA cannot be used")]
    ClientCa(#[from] rustls::server::VerifierBuilderError),
}

/// TLS 1.3 or 1.2 with AEAD suites only, X25519MLKEM768 preferred, a client certificate of the given
/// CA required. Nothing is resumed: a certificate that was withdrawn must not live on in a ticket.
pub fn tls(certificate: &[u8], key: &[u8], client_ca: &[u8]) -> Result<Arc<ServerConfig>, TlsFault> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(client_ca) {
        roots.add(ca.map_err(|_| TlsFault::Pem("tls.client_ca"))?)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsFault::Pem("tls.certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsFault::Pem("tls.key"))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// Serves agencies until `stop`, then lets what is under way end, for at most `rules.drain`.
pub async fn serve_agencies(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    router: Router,
    rules: Rules,
    stop: CancellationToken,
) {
    let acceptor = TlsAcceptor::from(tls);
    let shutdown = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(rules.connections));
    while let Some((stream, _address, slot)) = next_connection(&listener, &slots, &stop).await {
        let (acceptor, router, rules) = (acceptor.clone(), router.clone(), rules.clone());
        let watcher = shutdown.watcher();
        tokio::spawn(async move {
            let _slot = slot;
            let handshake = timeout(rules.handshake_timeout, acceptor.accept(stream)).await;
            let stream = match handshake {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return tracing::info!(%error, "TLS handshake refused"),
                Err(_) => return tracing::info!("TLS handshake took too long"),
            };
            let peer =
                stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).map(|c| Peer::of(c));
            let router = match peer {
                Some(peer) => router.layer(Extension(peer)),
                None => router,
            };
            let server = http(&rules);
            let connection = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
            let _ = watcher.watch(connection.into_owned()).await;
        });
    }
    drop(listener);
    if timeout(rules.drain, shutdown.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}

/// Serves the operator on loopback until `stop`.
pub async fn serve_admin(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

type Slot = tokio::sync::OwnedSemaphorePermit;

/// The next connection for which there is room; none once the listener is to stop.
async fn next_connection(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, Slot)> {
    loop {
        let slot = tokio::select! {
            slot = slots.clone().acquire_owned() => slot.ok()?,
            () = stop.cancelled() => return None,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return None,
        };
        match accepted {
            Ok((stream, address)) => {
                // Small answers leave at once.
                let _ = stream.set_nodelay(true);
                return Some((stream, address, slot));
            }
            Err(error) => {
                // Out of file descriptors, mostly: give those who hold some the time to end.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn http(rules: &Rules) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(rules.header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(rules.streams)
        .max_header_list_size(16 * 1024)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(rules.header_timeout);
    builder
}
