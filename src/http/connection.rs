//! One connection of an agency: from the handshake to its end, which comes at the latest when its
//! certificate is withdrawn.
//!
//! In: a stream. Out: requests, each with the [`Peer`] that the handshake proved. A certificate that lands on
//! a list of revoked ones, whose authority is no longer trusted, or that the directory no longer lists ends
//! the connection with all that is under way on it, long polls and downloads too.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use rustls::pki_types::CertificateDer;
use tokio::{net::TcpStream, sync::watch, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use super::{
    Peer,
    server::Rules,
    trust::{InForce, Trust},
    verifier::explain,
};
use crate::journey::Gateway;

/// What answers under way may take to end when the certificate is withdrawn. With the rounds in which
/// directory and files are read (`worker::directory`, `cli::serve`) it stays below five seconds.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Everything that a connection needs.
#[derive(Clone)]
pub(super) struct Host {
    pub trust: Arc<Trust>,
    pub gateway: Arc<Gateway>,
    pub router: Router,
    pub rules: Rules,
    pub stop: CancellationToken,
}

/// Shakes hands and answers until the connection ends.
pub(super) async fn serve(host: Host, stream: TcpStream) {
    // Watched from before the handshake, so that no change falls between.
    let (mut trust, directory) = (host.trust.watch(), host.gateway.signals.directory.subscribe());
    let tls = trust.borrow_and_update().tls.clone();
    let handshake = timeout(host.rules.handshake_timeout, TlsAcceptor::from(tls).accept(stream)).await;
    let stream = match handshake {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::info!(%error, "TLS handshake refused"),
        Err(_) => return tracing::info!("TLS handshake took too long"),
    };
    let guest = Guest::of(&stream);
    guest.note(&host.gateway);
    let router = host.router.clone().layer(Extension(guest.peer.clone()));
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(http(&host.rules).serve_connection(TokioIo::new(stream), service).into_owned());
    tokio::select! {
        _ = connection.as_mut() => {}
        () = host.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
        () = guest.withdrawn(&host.gateway, trust, directory) => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(LAST_WORDS, connection).await;
        }
    }
}

/// Who is at the other end.
struct Guest {
    peer: Peer,
    chain: Vec<CertificateDer<'static>>,
}

impl Guest {
    fn of(stream: &TlsStream<TcpStream>) -> Self {
        let chain = stream.get_ref().1.peer_certificates().map(<[_]>::to_vec).unwrap_or_default();
        Self { peer: chain.first().map(|own| Peer::of(own)).unwrap_or_default(), chain }
    }

    /// Remembers until when the certificate of a listed agency is valid, for the forecast.
    fn note(&self, gateway: &Gateway) {
        if let (Some(agency), Some(not_after)) = (self.peer.listed(&gateway.directory()), self.peer.not_after)
        {
            gateway.seen.note(&agency.agency_id, &self.peer.spki_sha256, not_after);
        }
    }

    /// Returns once the certificate is good for nothing any more.
    async fn withdrawn(
        &self,
        gateway: &Gateway,
        mut trust: watch::Receiver<Arc<InForce>>,
        mut directory: watch::Receiver<u64>,
    ) {
        loop {
            // Both senders live as long as the gateway: an error never ends this loop.
            tokio::select! {
                Ok(()) = trust.changed() => {
                    let verdict = trust.borrow_and_update().check(&self.chain);
                    if let (Err(error), Some(own)) = (verdict, self.chain.first()) {
                        return explain(&error, own, "a connection is ended: its certificate is refused now");
                    }
                }
                Ok(()) = directory.changed() => {
                    let listed = gateway.directory();
                    if self.peer.listed(&listed).is_none_or(|agency| agency.suspended) {
                        let spki_sha256 = &*self.peer.spki_sha256;
                        return tracing::info!(spki_sha256, "a connection is ended: the directory does not list it");
                    }
                }
                else => std::future::pending().await,
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
