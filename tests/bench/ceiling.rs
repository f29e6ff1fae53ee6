//! The ceiling: the same crypto, schema, rules and commits, called directly on all processors.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use portcullis::{message::MessageId, store::Recorded};
use tokio::task::JoinSet;

use crate::{place::Place, work::Work};

/// As many as the most connections of the load.
const AT_ONCE: usize = 64;

/// Messages in a second.
pub async fn measure(place: &Place, length: Duration) -> f64 {
    let work = Arc::new(Work::new(place).await);
    let done = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (work, done, gateway) = (work.clone(), done.clone(), place.running.gateway.clone());
        tasks.spawn(async move {
            while begun.elapsed() < length {
                let id = MessageId::new(gateway.clock.now(), gateway.random.bytes().unwrap());
                assert_eq!(gateway.store.record(work.sealed(id)).await.unwrap(), Recorded::Recorded);
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tasks.join_all().await;
    done.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64()
}
