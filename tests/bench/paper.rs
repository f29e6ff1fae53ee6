//! What of an attachment's cost is digest and encryption, and what AES-256-GCM alone would take.

use std::{hint::black_box, time::Duration};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use portcullis::crypto::{
    digest::Digest,
    random::Random,
    segments::{SEGMENT_BYTES, Sealer},
};

use crate::{measure::thread_time, meeting::Paper};

/// What one TLS record brings at most.
const CHUNK_BYTES: usize = 16 << 10;

/// Prints the rates, each of one thread's own processor time.
pub fn measure() {
    let paper = Paper::of(100 << 20);
    let rate = |took: Duration| paper.bytes().len() as f64 / 1e6 / took.as_secs_f64();
    println!("one attachment of 100 MiB, MB/s per core");
    println!("    AES-256-GCM alone      {:>6.0}", rate(timed(|| bare(paper.bytes()))));
    println!("    SHA-256 alone          {:>6.0}", rate(timed(|| digest(paper.bytes()))));
    println!("    segments               {:>6.0}", rate(timed(|| segments(paper.bytes()))));
    println!(
        "    digest and segments    {:>6.0}",
        rate(timed(|| {
            digest(paper.bytes());
            segments(paper.bytes());
        }))
    );
}

/// The least of five runs.
fn timed(run: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let begun = thread_time();
            run();
            thread_time() - begun
        })
        .collect();
    times.sort_unstable();
    times[0]
}

fn bare(bytes: &[u8]) {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let mut segment = Vec::with_capacity(SEGMENT_BYTES);
    for (count, plaintext) in (0_u64..).zip(bytes.chunks(SEGMENT_BYTES)) {
        segment.clear();
        segment.extend_from_slice(plaintext);
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&count.to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        drop(black_box(key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut segment).unwrap()));
    }
}

fn digest(bytes: &[u8]) {
    let mut digest = Digest::default();
    bytes.chunks(CHUNK_BYTES).for_each(|chunk| digest.update(chunk));
    black_box(digest.finish_hex());
}

fn segments(bytes: &[u8]) {
    let mut sealer = Sealer::new(0, &Random::system()).unwrap();
    for chunk in bytes.chunks(CHUNK_BYTES) {
        drop(black_box(sealer.push(chunk).unwrap()));
    }
    drop(black_box(sealer.finish().unwrap()));
}
