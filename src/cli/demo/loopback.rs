//! A TCP listener on the loopback interface with an orderly end.
//!
//! In: connections. Out: each one to the function that serves it, a bounded number at a time. It
//! speaks no protocol. It listens on loopback only, because what stands behind it takes whatever it
//! is sent.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A running listener. Dropping it ends it too, without waiting.
pub(super) struct LoopbackServer {
    address: SocketAddr,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl LoopbackServer {
    /// Listens on `address` (port 0: any free one) and gives each connection to `serve`.
    ///
    /// Fails with [`io::ErrorKind::InvalidInput`] for an address that other machines can reach.
    pub(super) async fn start<F, S>(address: SocketAddr, serve: F) -> io::Result<Self>
    where
        F: Fn(TcpStream) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "demonstration servers listen on loopback only",
            ));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(accept(listener, stopping.clone(), tasks.clone(), serve));
        Ok(Self { address, stopping, tasks })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening, breaks what is open and returns when all of it has ended. The address is free
    /// again then.
    pub(super) async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for LoopbackServer {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

async fn accept<F, S>(listener: TcpListener, stopping: CancellationToken, tasks: TaskTracker, serve: F)
where
    F: Fn(TcpStream) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    let hands = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let next = async || {
        let hand = hands.clone().acquire_owned().await;
        (hand, listener.accept().await)
    };
    while let Some((hand, accepted)) = stopping.run_until_cancelled(next()).await {
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: some must be given back first.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Replies are small and the other side waits for them.
        let _ = stream.set_nodelay(true);
        let (served, stopping) = (serve(stream), stopping.clone());
        tasks.spawn(async move {
            let _hand = hand;
            let _ = stopping.run_until_cancelled(served).await;
        });
    }
}

const CONNECTIONS_MAX: usize = 100;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_others_can_reach_is_refused() {
        let everywhere = "0.0.0.0:0".parse().unwrap();
        let refused = LoopbackServer::start(everywhere, |_| async {}).await.err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
    }

    #[tokio::test]
    async fn after_a_stop_the_address_is_free_again() {
        let first = LoopbackServer::start("127.0.0.1:0".parse().unwrap(), |stream| async move {
            let _held = stream;
            std::future::pending::<()>().await;
        })
        .await
        .unwrap();
        let _client = TcpStream::connect(first.address()).await.unwrap();
        first.stop().await;
        let again = LoopbackServer::start(first.address(), |_| async {}).await.unwrap();
        assert_eq!(again.address(), first.address());
    }
}
