//! What goes into a mail, written piece by piece: a pack passes through its encodings without a copy of
//! the whole at each of them.
//!
//! In: whatever knows its own length. Out: its bytes, handed to whoever takes them. It encodes and
//! encrypts nothing itself.

use ring::digest::{Context, Digest, SHA256};
use zeroize::Zeroizing;

/// Takes bytes as they are made.
pub trait Sink {
    /// The next bytes.
    fn take(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn take(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Sink for Context {
    fn take(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

/// Something that can be written as often as wanted, always the same bytes.
pub trait Content {
    /// Exactly how many bytes `write` hands over.
    fn bytes(&self) -> usize;

    /// Hands the bytes over, in pieces of any size.
    fn write(&self, out: &mut dyn Sink);

    /// All of it in one buffer of the exact size, erased when it is dropped.
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(self.bytes()));
        self.write(&mut *out);
        out
    }
}

impl Content for &[u8] {
    fn bytes(&self) -> usize {
        self.len()
    }

    fn write(&self, out: &mut dyn Sink) {
        out.take(self);
    }
}

/// SHA-256 of the content.
pub(super) fn sha256(content: &dyn Content) -> Digest {
    let mut digest = Context::new(&SHA256);
    content.write(&mut digest);
    digest.finish()
}
