//! How many messages one processor holds against schema and rules in a second, and what a hostile one
//! costs. `cargo bench --bench validate`
//!
//! Parse is the strict reader; `serde_json` alone, in the same run, is the peer that it is told
//! against. Judge is schema and rules together, as the journey calls them. The first table is of
//! sound messages: the referral of 23 KB that the samples have, and minutes grown to 250 KB. The
//! second is of texts of up to 1 MiB that somebody made to hurt; each is read as far as the gateway
//! reads it, and the memory is the most that was allocated at once on top of the text itself.
//!
//! Out: two tables on standard output. One thread, each figure the median of its runs.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where something fails"
)]

mod hostile;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use peak_alloc::PeakAlloc;
use portcullis::{
    config::Thresholds,
    schema::{
        Head, Schemas,
        rules::{Raised, Subject},
        strict,
    },
};
use serde_json::Value;

const REFERRAL: &str = include_str!("../messages/accepted/referral-level2.json");
const MINUTES: &str = include_str!("../messages/accepted/minutes-level2-review.json");
const DEPTH_MAX: usize = 64;

fn main() {
    let schemas = Schemas::embedded().unwrap();
    println!("message              bytes  parse µs  judge µs  messages/s  serde_json µs  ratio");
    for (name, text) in [("referral", REFERRAL.to_owned()), ("minutes", grown(MINUTES, 250_000))] {
        let parse = median(|| drop(black_box(strict::parse(text.as_bytes(), DEPTH_MAX).unwrap())));
        let peer = median(|| drop(black_box(serde_json::from_str::<Value>(&text).unwrap())));
        let json = strict::parse(text.as_bytes(), DEPTH_MAX).unwrap();
        assert_eq!(faults(&schemas, &json), 0, "{name} is sound");
        let judge = median(|| {
            black_box(faults(&schemas, &json));
        });
        let all = parse + judge;
        println!(
            "{name:<18} {:>7} {:>9.0} {:>9.0} {:>11.0} {:>14.0} {:>6.2}",
            text.len(),
            micros(parse),
            micros(judge),
            1.0 / all.as_secs_f64(),
            micros(peer),
            all.as_secs_f64() / peer.as_secs_f64(),
        );
    }
    println!("\nhostile                 bytes    ms  peak MiB  outcome");
    for (name, text) in hostile::texts(REFERRAL) {
        one_hostile(&schemas, name, &text);
    }
}

/// Counts what is allocated, so that a peak can be told.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

fn one_hostile(schemas: &Schemas, name: &str, text: &str) {
    ALLOCATED.reset_peak_usage();
    let before = ALLOCATED.current_usage();
    let outcome = whole(schemas, text.as_bytes());
    let grew = (ALLOCATED.peak_usage() - before) as f64 / f64::from(1 << 20);
    let took = median(|| {
        black_box(whole(schemas, text.as_bytes()));
    });
    println!("{name:<20} {:>8} {:>5.1} {grew:>9.1}  {outcome}", text.len(), took.as_secs_f64() * 1000.0);
}

/// How many faults schema and rules find.
fn faults(schemas: &Schemas, json: &Value) -> usize {
    let head = Head::read(json);
    let thresholds = Thresholds::default();
    let subject = Subject {
        message_type: head.message_type.unwrap(),
        message: json,
        thresholds: &thresholds,
        today: jiff::civil::date(2026, 11, 20),
        agencies: &(),
    };
    schemas.judge(&subject, head.version.unwrap(), &Raised::new()).unwrap().faults.len()
}

/// Reads and judges as the gateway would, and says how far it came.
fn whole(schemas: &Schemas, bytes: &[u8]) -> String {
    match strict::parse(bytes, DEPTH_MAX) {
        Err(fault) => fault.to_string(),
        Ok(json) if Head::read(&json).message_type.is_none() => "no envelope".to_owned(),
        Ok(json) => format!("{} faults", faults(schemas, &json)),
    }
}

/// Minutes with more contributions, decisions and actions, up to some length.
fn grown(text: &str, bytes: usize) -> String {
    let mut minutes: Value = serde_json::from_str(text).unwrap();
    for (list, most) in [("decisions", 60), ("actions", 95), ("information_shared", 100)] {
        let entries = minutes["body"][list].as_array().unwrap().clone();
        for entry in entries.iter().cycle().take(most - entries.len()) {
            if minutes.to_string().len() >= bytes {
                break;
            }
            minutes["body"][list].as_array_mut().unwrap().push(entry.clone());
        }
    }
    minutes.to_string()
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = Vec::new();
    let begun = Instant::now();
    while times.len() < 20 || (begun.elapsed() < Duration::from_secs(1) && times.len() < 5000) {
        let start = Instant::now();
        run();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
