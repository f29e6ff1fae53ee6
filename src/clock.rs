//! Time, handed in. Nothing else in the crate asks the operating system what time it is.
//!
//! In: nothing. Out: the present moment and a way to wait for a later one. A test hands in a clock
//! that it moves by hand, so that thirty-five days pass in a millisecond and no test sleeps.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::watch;

/// The clock that every room is given.
#[derive(Clone)]
pub struct Clock(Arc<dyn Source>);

trait Source: Send + Sync {
    fn now(&self) -> Timestamp;
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(Arc::new(System))
    }

    /// The present moment, cut to whole milliseconds: what is stored and what is signed is then the
    /// same text everywhere.
    pub fn now(&self) -> Timestamp {
        let now = self.0.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// Waits until the clock shows `at` or later.
    pub async fn sleep_until(&self, at: Timestamp) {
        self.0.sleep_until(at).await;
    }
}

struct System;

impl Source for System {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let wait = Duration::try_from(at.duration_since(self.now())).unwrap_or(Duration::ZERO);
        Box::pin(tokio::time::sleep(wait))
    }
}

/// A clock that stands still until it is moved: for tests and for the sandbox.
#[derive(Clone)]
pub struct ManualClock(Arc<watch::Sender<Timestamp>>);

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(watch::Sender::new(start)))
    }

    /// Moves the clock forward and wakes everyone whose time has come.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now = now.saturating_add(by).unwrap_or(*now));
    }

    /// The handle that the rooms take.
    pub fn clock(&self) -> Clock {
        Clock(Arc::new(self.clone()))
    }
}

impl Source for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut shown = self.0.subscribe();
        Box::pin(async move {
            // The sender lives as long as `self`, so `wait_for` ends only when the time has come.
            let _ = shown.wait_for(|now| *now >= at).await;
        })
    }
}
