//! Kills the gateway with SIGKILL again and again while agencies post, and then counts: nothing that
//! was accepted is lost, and everything is delivered at least once.
//!
//! In: the real binary, in a folder of its own, with a mail server and an agency's webhook receiver in
//! this process. The driver kills it in the middle of traffic, after some answers or some milliseconds,
//! now and then while it is still starting. The agencies post the very same bytes again until they are
//! answered.
//!
//! What counts as failure: an id that was answered 202 and is not there; a second receipt that differs
//! from the first; a copy that does not come, does not open or holds other bytes; a copy of what was
//! not accepted; a webhook or mail under an id that is not its delivery's; a file that a record names
//! and that is not there; a file that nothing names and the sweep leaves; a ledger that does not hold,
//! or that does not contain every checkpoint seen on the way.
//!
//! What does not: a webhook or mail that comes twice, and files that a kill left behind until the
//! sweep; both are counted and printed. A power cut is not tried here: the kernel survives a SIGKILL.
//!
//! Kills: 20, or 60 with `PORTCULLIS_SLOW=1`. The random choices repeat with `PORTCULLIS_SEED`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be, and tells what it counted"
)]

mod agencies;
mod chance;
mod driver;
mod place;
mod reckoning;

use std::time::Duration;

use agencies::Traffic;
use chance::Chance;
use place::Place;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_accepted_is_lost_and_everything_is_delivered() {
    let slow = std::env::var("PORTCULLIS_SLOW").is_ok_and(|value| value == "1");
    let kills = if slow { 60 } else { 20 };
    let limit = Duration::from_secs(if slow { 480 } else { 240 });
    tokio::time::timeout(limit, run(kills)).await.expect("it takes too long");
}

async fn run(kills: usize) {
    let chance = Chance::seeded();
    let mut place = Place::new().await;
    let traffic = Traffic::start(&place, &chance).await;
    let seen = driver::kill_again_and_again(&mut place, &traffic, &chance, kills).await;
    let posted = traffic.finish().await;
    println!("{} messages accepted, {} sent more than once, {kills} kills", posted.len(), traffic.repeated());
    reckoning::settle(place, posted, seen).await;
}
