//! Choices that repeat: SplitMix64 from a seed that is printed.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Shared by all; which task draws which number is up to the scheduler, as the kills' effects are.
#[derive(Clone)]
pub struct Chance(Arc<AtomicU64>);

impl Chance {
    /// From `PORTCULLIS_SEED`, or from the time.
    pub fn seeded() -> Self {
        let told = std::env::var("PORTCULLIS_SEED").ok().and_then(|text| text.parse().ok());
        let now = portcullis::clock::Clock::system().now().as_millisecond();
        let seed = told.unwrap_or(now.unsigned_abs());
        println!("PORTCULLIS_SEED={seed}");
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// A number below `limit`.
    pub fn below(&self, limit: u64) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}
