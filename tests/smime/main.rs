//! S/MIME mail as others see it: opened by `openssl cms`, read by an independent CMS parser.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where its means fail")]

mod certificates;
mod opens;
mod parses;
mod pki;
