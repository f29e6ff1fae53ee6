//! Randomness, handed in.

use std::sync::Arc;

use ring::rand::SecureRandom;

/// The source of every salt, nonce, key and identifier that the gateway makes. Ephemeral keys of key
/// agreements come from aws-lc-rs itself.
#[derive(Clone)]
pub struct Random(Arc<dyn SecureRandom + Send + Sync>);

/// The operating system gave no random bytes. The gateway stops accepting (promise 6).
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system's random source failed")]
pub struct NoRandom;

impl Random {
    /// The operating system's.
    pub fn system() -> Self {
        Self(Arc::new(ring::rand::SystemRandom::new()))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], NoRandom> {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes).map_err(|_| NoRandom)?;
        Ok(bytes)
    }
}
