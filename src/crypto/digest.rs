//! SHA-256 as bytes pass by.

use ring::digest::{Context, SHA256};

/// A running SHA-256.
pub struct Digest(Context);

impl Default for Digest {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Digest {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest in lower-case hex.
    pub fn finish_hex(self) -> String {
        super::hex(self.0.finish().as_ref())
    }
}
