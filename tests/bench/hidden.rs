//! Whether the time of an answer tells that something is there which the caller may not know.
//! `cargo bench --bench hidden`
//!
//! Each question is asked about what is hidden and about what is not there, over one connection with HTTPS
//! as an agency's system has it, in turns: hidden, absent, absent again, in each of their six orders one after
//! the other, so that drift and what the request before left to do meet all three alike. The two medians of
//! what is absent differ by nothing but noise; that is the floor. Refusals are beyond their rate, where no
//! write to the disk drowns a difference; a check, and a referral that is accepted, wait for the disk.
//!
//! Out: one table on standard output. A difference of more than 5 % of the median, or another status than
//! expected, ends the run with a failing exit code. `PORTCULLIS_BENCH_SECONDS` is the length of each
//! question, 8 unless told.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where something fails"
)]

mod line;
mod secrets;

use std::time::{Duration, Instant};

use line::Line;
use secrets::{Question, STRANGER, Secrets};

/// The share of the median by which a hidden thing may differ from none (issue 4, hiding).
const DIFFERENCE_MAX: f64 = 0.05;
/// Enough for a median, however slow the disk.
const ROUNDS_MIN: usize = 120;

/// About what one round asks, in all orders.
const ORDERS: [[About; 3]; 6] = {
    use About::{Absent, Again, Hidden};
    [
        [Hidden, Absent, Again],
        [Again, Hidden, Absent],
        [Absent, Again, Hidden],
        [Hidden, Again, Absent],
        [Absent, Hidden, Again],
        [Again, Absent, Hidden],
    ]
};

#[derive(Clone, Copy, PartialEq)]
enum About {
    Hidden,
    Absent,
    Again,
}

fn main() {
    let seconds =
        std::env::var("PORTCULLIS_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let length = Duration::from_secs(u64::clamp(seconds, 1, 600));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let told = runtime.block_on(run(length));
    assert!(told.is_empty(), "the time tells: {told:?}");
}

/// Gives the questions whose answers tell by their time.
async fn run(length: Duration) -> Vec<&'static str> {
    let place = Secrets::new().await;
    println!(
        "question                                 rounds  absent µs  again µs  hidden µs  floor %  hidden %"
    );
    let mut told = Vec::new();
    for question in place.questions() {
        let mut line = Line::open(place.running.agencies, &place.profile(STRANGER)).await;
        ask(&mut line, &question, length / 8).await;
        let [mut absent, mut again, mut hidden] = ask(&mut line, &question, length).await;
        let rounds = absent.len();
        let (one, two, secret) = (median(&mut absent), median(&mut again), median(&mut hidden));
        absent.append(&mut again);
        let nothing = median(&mut absent);
        let share = |a: f64, b: f64| (a - b) / nothing;
        println!(
            "{:<40} {rounds:>6}  {one:>9.1}  {two:>8.1}  {secret:>9.1}  {:>+7.2}  {:>+8.2}",
            question.name,
            share(two, one) * 100.0,
            share(secret, nothing) * 100.0,
        );
        if share(secret, nothing).abs() > DIFFERENCE_MAX {
            told.push(question.name);
        }
    }
    place.stop().await;
    told
}

/// Asks in turns for so long. Microseconds of each answer: absent, again, hidden.
async fn ask(line: &mut Line, question: &Question<'_>, length: Duration) -> [Vec<f64>; 3] {
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    let begun = Instant::now();
    while begun.elapsed() < length || times[0].len() < ROUNDS_MIN {
        for about in ORDERS[times[0].len() % ORDERS.len()] {
            let request = (question.request)(about == About::Hidden);
            let (status, took) = line.ask(&request).await;
            assert_eq!(status, question.status, "{}: {}", question.name, line.answer());
            let place = match about {
                About::Absent => 0,
                About::Again => 1,
                About::Hidden => 2,
            };
            times[place].push(took.as_secs_f64() * 1e6);
        }
    }
    times
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}
