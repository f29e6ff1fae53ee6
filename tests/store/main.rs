//! The store's contract: what every engine must keep. `support` builds a store for each of them;
//! each test is written against `Arc<dyn Store>` and runs on all. `sqlite` holds what only that
//! engine can be asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod accept;
mod agency_keys;
mod caseless;
mod deliver;
mod erase;
mod facts;
mod history;
mod inbox;
mod keys;
mod ledger;
mod look;
mod random;
mod sqlite;
mod support;
mod watch;
