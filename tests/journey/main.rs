//! Stories through the public door: a gateway as `serve` runs it, agencies with their certificates, a
//! mail server, an agency's own server, and a clock that is moved by hand. One file for each story.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it should be")]

mod addressed;
mod agency_keys;
#[path = "../attachments/archive.rs"]
mod archive;
mod attachments;
mod by_email;
mod by_mailbox;
mod by_webhook;
mod calls;
mod caseless;
mod certificates;
mod checked;
mod claimed;
#[path = "../attachments/clamd.rs"]
mod clamd;
mod door;
mod explained;
mod facts;
mod guessed;
mod handover;
mod hidden;
mod lawful;
mod mail_profiles;
mod mended;
mod nameless;
mod permitted;
mod post_quantum;
mod proved;
mod ranges;
mod refused;
mod reloaded;
mod repeated;
mod replayed;
mod restarted;
mod rotated;
mod rotations;
mod scanned;
mod secrets;
mod store_failure;
mod support;
mod undelivered;
mod versions;
mod views;
mod warned;
