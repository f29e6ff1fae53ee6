//! A few connections that only read, so that reads never wait for the writer nor it for them.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::schema;
use crate::store::StoreFault;

/// The pool. Each read sees one state of the database.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    /// Opens `count` connections.
    pub(super) fn open(path: &Path, count: usize) -> Result<Self, StoreFault> {
        let count = count.max(1);
        let idle = (0..count).map(|_| schema::open_reader(path)).collect::<Result<_, _>>()?;
        Ok(Self { idle: Arc::new(Mutex::new(idle)), permits: Arc::new(Semaphore::new(count)) })
    }

    /// Runs `work` off the async threads, as one read transaction.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreFault> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreFault::Closed)?;
        let idle = Arc::clone(&self.idle);
        let read = spawn_blocking(move || {
            let lent = Lent::take(&idle).ok_or(StoreFault::Closed)?;
            let conn = lent.conn.as_ref().ok_or(StoreFault::Closed)?;
            let snapshot = conn.unchecked_transaction()?;
            let answer = work(&snapshot);
            drop(snapshot);
            // The connection is back before the next caller may look for it.
            drop(lent);
            drop(permit);
            answer
        });
        read.await.map_err(|_| StoreFault::Panicked)?
    }
}

/// A connection that goes back to the pool whatever happens.
struct Lent<'a> {
    conn: Option<Connection>,
    idle: &'a Mutex<Vec<Connection>>,
}

impl<'a> Lent<'a> {
    fn take(idle: &'a Mutex<Vec<Connection>>) -> Option<Self> {
        let conn = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        conn.map(|conn| Self { conn: Some(conn), idle })
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(self.conn.take());
    }
}
