//! Waiting without sleeping: look again and again until it is so.

use std::time::Duration;

/// How long anything may take on a busy machine. It guards, it paces nothing.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until there is something to see, and gives it.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}
