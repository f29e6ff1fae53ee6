//! What a message weighs on disk, and what attachments cost: through the front door, in a process of its own.

use std::time::Instant;

use portcullis::cli::client::Client;

use crate::{
    gateway::{Gateway, Usage},
    meeting::{Meeting, Paper, UNIT},
};

const MESSAGES: u64 = 600;
const RECIPIENTS: usize = 6;
const POSTERS: u64 = 8;
const MIB: u64 = 1 << 20;

/// Messages of 20 KB to six: bytes on disk for each, when all is folded into the database, and bytes that
/// were written on the way there.
pub async fn weight(gateway: &mut Gateway, meeting: &Meeting) {
    gateway.stop();
    let before = gateway.database();
    gateway.start().await;
    let begun = gateway.usage();
    let mut posters = tokio::task::JoinSet::new();
    for _ in 0..POSTERS {
        let messages: Vec<_> = (0..MESSAGES / POSTERS).map(|_| meeting.referral(RECIPIENTS, &[])).collect();
        let client = gateway.client(UNIT);
        posters.spawn(async move {
            let lengths: u64 = messages.iter().map(|message| message.len() as u64).sum();
            for message in messages {
                client.submit(message, vec![]).await.unwrap();
            }
            lengths
        });
    }
    let lengths: u64 = posters.join_all().await.into_iter().sum();
    let written = gateway.usage().written - begun.written;
    gateway.stop();
    let on_disk = gateway.database() - before;
    gateway.start().await;
    println!(
        "message of {} bytes to {RECIPIENTS}: {} bytes on disk (goal ≤ 32768), ledger included; \
         {} written by the process, write-ahead log included",
        lengths / MESSAGES,
        on_disk / MESSAGES,
        written / MESSAGES
    );
}

/// One attachment of 100 MiB to twelve, then four at once.
pub async fn attachments(gateway: &Gateway, meeting: &Meeting) {
    let paper = Paper::of(100 << 20);
    let client = gateway.client(UNIT);
    // What is loaded at the first use of anything is not counted as memory of uploads.
    post(&client, meeting, &Paper::of(1 << 20), 12).await;
    for at_once in [1, 4] {
        let idle = gateway.usage();
        let (files, bytes) = gateway.sealed();
        gateway.forget_peak();
        let begun = Instant::now();
        let posts = (0..at_once).map(|_| post(&client, meeting, &paper, 12));
        futures_util::future::join_all(posts).await;
        let took = begun.elapsed().as_secs_f64();
        told(at_once, took, idle, gateway.usage());
        let (files, bytes) = (gateway.sealed().0 - files, gateway.sealed().1 - bytes);
        println!(
            "    {files} files of ciphertext for {} copies, {} bytes each",
            at_once * 12,
            bytes / files as u64
        );
    }
}

fn told(at_once: usize, took: f64, idle: Usage, after: Usage) {
    let megabytes = (at_once * (100 << 20)) as f64 / 1e6;
    let cpu = (after.cpu - idle.cpu).as_secs_f64();
    println!(
        "{at_once} of 100 MiB to 12 at once: {:.0} MB/s, {:.0} MB/s per core (goal ≥ 300), {:.1} MiB above idle \
         at its most (goal ≤ 64), idle {:.1} MiB",
        megabytes / took,
        megabytes / cpu,
        (after.peak.saturating_sub(idle.resident)) as f64 / MIB as f64,
        idle.resident as f64 / MIB as f64,
    );
}

async fn post(client: &Client, meeting: &Meeting, paper: &Paper, recipients: usize) {
    let message = meeting.referral(recipients, &[paper]);
    client.submit(message, vec![paper.upload()]).await.unwrap();
}
