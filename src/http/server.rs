//! The listeners: mutual TLS for agencies, plain loopback HTTP for the operator. Every wait has its
//! limit, and both drain when told to stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    connection::{self, Host},
    trust::Trust,
};
use crate::journey::Gateway;

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

/// Serves agencies until `stop`, then lets what is under way end, for at most `rules.drain`.
pub async fn serve_agencies(
    listener: TcpListener,
    trust: Arc<Trust>,
    gateway: Arc<Gateway>,
    router: Router,
    rules: Rules,
    stop: CancellationToken,
) {
    let (drain, slots) = (rules.drain, Arc::new(Semaphore::new(rules.connections)));
    let host = Host { trust, gateway, router, rules, stop: stop.clone() };
    let connections = TaskTracker::new();
    while let Some((stream, _address, slot)) = next_connection(&listener, &slots, &stop).await {
        let host = host.clone();
        connections.spawn(async move {
            let _slot = slot;
            connection::serve(host, stream).await;
        });
    }
    drop(listener);
    connections.close();
    if timeout(drain, connections.wait()).await.is_err() {
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
