//! Portcullis, the secure messaging gateway between the agencies that protect the public under MAPPA.

pub mod cli;

pub mod http;

pub mod worker;

pub mod journey;

pub mod channel;

pub mod store;

pub mod ledger;

pub mod policy;

pub mod directory;

pub mod schema;

pub mod crypto;

pub mod config;

pub mod message;

pub mod clock;
pub mod telemetry;
