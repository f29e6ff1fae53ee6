//! Microseconds for each part of the journey, called by itself: processor time for what computes, time
//! on the clock for what waits for the store.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use portcullis::store::Recorded;
use tokio::task::JoinSet;

use crate::{measure::thread_time, place::Place, work::Work};

/// How long each part is repeated.
const LENGTH: Duration = Duration::from_millis(400);
/// Commits that are measured one after the other.
const ALONE: usize = 200;
/// Commits that are measured together, and how many wait at once.
const TOGETHER: (usize, usize) = (1920, 64);

/// Name and mean of each stage.
pub async fn measure(place: &Place) -> Vec<(&'static str, f64)> {
    let work = Work::new(place).await;
    let id = place.fresh_id();
    let decisions = work.policy();
    let statement = work.state(&decisions, id);
    let signed = work.sign(&statement);
    let audit = work.audit(id);
    let mut stages = vec![
        ("parse: strict JSON, envelope", mean_us(|| work.parse())),
        ("validate: JSON Schema", mean_us(|| work.schema())),
        ("authorise: send, 6 × receive", mean_us(|| work.policy())),
        ("seal: statement, JWS", mean_us(|| work.sign(&work.state(&decisions, id)))),
        ("seal: content, 6 × key wrap", mean_us(|| work.seal(&signed, id))),
        ("seal: audit", mean_us(|| work.audit(id))),
        ("seal: event, commitment", mean_us(|| work.event(&statement, audit.clone()))),
    ];
    let sum = stages.iter().map(|(_, micros)| micros).sum();
    stages.push(("all of these", sum));
    let reads = async || {
        let begun = Instant::now();
        for _ in 0..ALONE {
            place.running.gateway.store.submission(&place.profile.agency_id, id).await.unwrap();
            place.running.gateway.store.case(&place.case_ref).await.unwrap();
        }
        begun.elapsed().as_secs_f64() * 1e6 / ALONE as f64
    };
    stages.push(("look up: submission, case", reads().await));
    stages.push(("record: one at a time", record(place, &work, ALONE, 1).await));
    stages.push(("record: 64 at a time, each", record(place, &work, TOGETHER.0, TOGETHER.1).await));
    stages
}

fn mean_us<T>(part: impl Fn() -> T) -> f64 {
    black_box(part());
    let (begun, used, mut times) = (Instant::now(), thread_time(), 0u32);
    while begun.elapsed() < LENGTH {
        black_box(part());
        times += 1;
    }
    (thread_time() - used).as_secs_f64() * 1e6 / f64::from(times)
}

/// Commits messages that were sealed before the clock starts: mean time for each.
async fn record(place: &Place, work: &Work, messages: usize, at_once: usize) -> f64 {
    let mut lots: Vec<Vec<_>> = (0..at_once).map(|_| Vec::new()).collect();
    for number in 0..messages {
        lots[number % at_once].push(work.sealed(place.fresh_id()));
    }
    let store = Arc::clone(&place.running.gateway.store);
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for lot in lots {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for sealed in lot {
                assert_eq!(store.record(sealed).await.unwrap(), Recorded::Recorded);
            }
        });
    }
    tasks.join_all().await;
    begun.elapsed().as_secs_f64() * 1e6 / messages as f64
}
