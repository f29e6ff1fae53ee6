//! What a demonstration server has received, and a way to wait for more of it.
//!
//! In: items, each with its size and a way to save it. Out: all of them in the order in which they
//! came. It knows nothing about what the items are, and it never drops one to make room: a full
//! collection refuses, so that what is shown is what arrived.

use std::{io, time::Duration};

use tokio::sync::{Mutex, watch};

/// Fewer items arrived in time than were waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{received} of {wanted} awaited had arrived when the time was up")]
pub struct TooFew {
    /// How many were waited for.
    pub wanted: usize,
    /// How many there were when the time was up.
    pub received: usize,
}

/// Why an item was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotKept {
    /// The collection holds as much as it may.
    #[error("the collection is full")]
    Full,
    /// The copy on disk could not be written.
    #[error("the copy on disk could not be written")]
    Save(#[source] io::Error),
}

/// A growing list that can be waited on.
pub(super) struct Collected<T> {
    held: watch::Sender<Held<T>>,
    /// Held from the choice of a number to the growth of the list, so that the number in a file's
    /// name is the item's place in the list.
    turn: Mutex<()>,
    bytes_max: usize,
}

struct Held<T> {
    items: Vec<T>,
    bytes: usize,
}

impl<T: Clone + Send + Sync + 'static> Collected<T> {
    /// An empty collection that holds at most `bytes_max`.
    pub(super) fn new(bytes_max: usize) -> Self {
        let held = watch::Sender::new(Held { items: Vec::new(), bytes: 0 });
        Self { held, turn: Mutex::new(()), bytes_max }
    }

    /// Everything received so far.
    pub(super) fn all(&self) -> Vec<T> {
        self.held.borrow().items.clone()
    }

    /// Saves an item of `bytes` with `save`, which is given its number counted from 1, then adds it.
    /// An item that could not be saved is not added.
    pub(super) async fn keep<F>(&self, item: T, bytes: usize, save: F) -> Result<(), NotKept>
    where
        F: FnOnce(usize) -> io::Result<()> + Send + 'static,
    {
        let _turn = self.turn.lock().await;
        let number = {
            let held = self.held.borrow();
            if held.bytes.saturating_add(bytes) > self.bytes_max {
                return Err(NotKept::Full);
            }
            held.items.len() + 1
        };
        let saved = tokio::task::spawn_blocking(move || save(number)).await;
        saved.map_err(io::Error::other).flatten().map_err(NotKept::Save)?;
        self.held.send_modify(|held| {
            held.items.push(item);
            held.bytes = held.bytes.saturating_add(bytes);
        });
        Ok(())
    }

    /// Waits until at least `wanted` items have come and returns all of them.
    pub(super) async fn wait_for(&self, wanted: usize, timeout: Duration) -> Result<Vec<T>, TooFew> {
        let mut watched = self.held.subscribe();
        let enough = tokio::time::timeout(timeout, watched.wait_for(|held| held.items.len() >= wanted)).await;
        match enough {
            Ok(Ok(held)) => Ok(held.items.clone()),
            // The sender lives as long as `self`, so only the time can have run out.
            _ => Err(TooFew { wanted, received: self.held.borrow().items.len() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn waiting_ends_when_the_last_awaited_item_comes() {
        let collected = Collected::new(100);
        let (seen, kept) = tokio::join!(collected.wait_for(2, LONG), async {
            collected.keep('a', 1, |_| Ok(())).await?;
            collected.keep('b', 1, |_| Ok(())).await
        });
        kept.unwrap();
        assert_eq!(seen.unwrap(), ['a', 'b']);
    }

    #[tokio::test]
    async fn waiting_too_long_tells_how_many_there_were() {
        let collected = Collected::new(100);
        collected.keep('a', 1, |_| Ok(())).await.unwrap();
        let few = collected.wait_for(2, Duration::ZERO).await.unwrap_err();
        assert_eq!(few, TooFew { wanted: 2, received: 1 });
    }

    #[tokio::test]
    async fn a_full_collection_refuses_and_loses_nothing() {
        let collected = Collected::new(3);
        collected.keep('a', 2, |_| Ok(())).await.unwrap();
        assert!(matches!(collected.keep('b', 2, |_| Ok(())).await, Err(NotKept::Full)));
        assert_eq!(collected.all(), ['a']);
    }

    #[tokio::test]
    async fn what_cannot_be_saved_is_not_kept_and_uses_up_no_number() {
        let collected = Collected::new(100);
        let broken = collected.keep('a', 1, |_| Err(io::ErrorKind::StorageFull.into())).await;
        assert!(matches!(broken, Err(NotKept::Save(_))));
        let number = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let told = number.clone();
        let save = move |n| {
            told.store(n, std::sync::atomic::Ordering::SeqCst);
            Ok(())
        };
        collected.keep('b', 1, save).await.unwrap();
        assert_eq!(number.load(std::sync::atomic::Ordering::SeqCst), 1);
        assert_eq!(collected.all(), ['b']);
    }
}
