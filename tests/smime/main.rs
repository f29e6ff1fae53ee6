//! S/MIME mail as others see it: opened by `openssl cms`, NSS and GnuPG, read by an independent CMS
//! parser.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where its means fail"
)]

mod certificates;
mod gnupg;
mod nss;
mod opens;
mod parses;
mod pki;
mod post;
mod readers;
