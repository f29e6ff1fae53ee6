//! How many referrals the gateway accepts in a second, what each stage of the journey costs, and how
//! far from the ceiling of this machine that is. `cargo bench --bench accept`
//!
//! The job: a referral of 23 KB that the co-ordination unit sends on to the six invitees of a
//! meeting, each with a mailbox, over mutual TLS on connections that stay open. Gateway, store (SQLite
//! on a folder under `target/`) and load generator share this process and its processors; nothing
//! leaves loopback. An accepted message is durable: the store commits with `synchronous=FULL`.
//!
//! The ceiling is the work that no gateway can leave out, called directly on all processors: schema,
//! rules for sender and recipients, statement, sealing, event and commit; no HTTP, no TLS, no parsing.
//!
//! Out: three tables on standard output. Any answer but 202 ends the run with a failing exit code.
//! `PORTCULLIS_BENCH_SECONDS` is the length of each measurement, 4 unless told. The log is off.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where something fails"
)]

mod ceiling;
mod load;
mod measure;
mod place;
mod stages;
mod work;

use std::time::Duration;

use measure::{Disk, cpu_time, peak_rss_mib};
use place::Place;

/// How many connections post at once.
const CONNECTIONS: [usize; 3] = [1, 16, 64];

fn main() {
    let seconds =
        std::env::var("PORTCULLIS_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    let length = Duration::from_secs(u64::clamp(seconds, 1, 60));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(length));
}

async fn run(length: Duration) {
    let place = Place::new().await;
    let processors = std::thread::available_parallelism().unwrap();
    println!(
        "message of {} bytes to {} mailboxes, {processors} processors",
        place.message.len(),
        place::INVITED.len()
    );
    println!(
        "\nconnections  accepted/s  p50 ms  p99 ms  errors  cpu µs  disk bytes/message  database bytes/message"
    );
    let (mut best, mut errors) = (0.0, 0);
    for connections in CONNECTIONS {
        load::run(&place, connections, length / 8).await;
        let (disk, cpu) = (Disk::now(&place.data()), cpu_time());
        let mut loaded = load::run(&place, connections, length).await;
        let written = Disk::now(&place.data()).since(&disk, loaded.accepted);
        let cpu_us = (cpu_time() - cpu).as_secs_f64() * 1e6 / loaded.accepted.max(1) as f64;
        let rate = loaded.rate();
        best = f64::max(best, rate);
        errors += loaded.errors;
        println!(
            "{connections:>11}  {rate:>10.0}  {:>6.2}  {:>6.2}  {:>6}  {cpu_us:>6.0}  {:>18}  {:>22}",
            loaded.percentile_ms(50),
            loaded.percentile_ms(99),
            loaded.errors,
            written.process,
            written.database,
        );
    }
    println!(
        "disk: `write_bytes` of /proc/self/io; database: growth of portcullis.db and its write-ahead log"
    );
    println!("rows, mean bytes: {}", place.rows());
    println!("peak resident memory {} MiB, load generator included", peak_rss_mib());

    println!("\nstage                                         µs");
    for (name, micros) in stages::measure(&place).await {
        println!("{name:<42} {micros:>6.0}");
    }

    let ceiling = ceiling::measure(&place, length).await;
    println!("\nceiling {ceiling:.0}/s; accepted/s ÷ ceiling = {:.2}", best / ceiling);
    place.stop().await;
    assert_eq!(errors, 0, "some messages were not accepted");
}
