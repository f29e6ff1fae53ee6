//! A short text of ASCII letters, digits and signs that lives on the stack.

use std::fmt;

/// Longer than any identifier, in any form.
const LENGTH_MAX: usize = 40;

/// At most forty ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text {
    // INVARIANT: the first `length` bytes are ASCII, the others are 0, so that equal texts are equal.
    bytes: [u8; LENGTH_MAX],
    length: usize,
}

impl Text {
    /// The bytes as a text. `None` if they are too many, or not ASCII.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        Self::joined(&[bytes])
    }

    /// Several pieces, one after another. `None` as above.
    pub(super) fn joined(pieces: &[&[u8]]) -> Option<Self> {
        let mut text = Self { bytes: [0; LENGTH_MAX], length: 0 };
        for byte in pieces.iter().copied().flatten() {
            let free = text.bytes.get_mut(text.length)?;
            *free = if byte.is_ascii() { *byte } else { return None };
            text.length += 1;
        }
        Some(text)
    }

    /// Without the bytes that people write between groups.
    pub(super) fn without(&self, signs: &[u8]) -> Self {
        let mut text = Self { bytes: [0; LENGTH_MAX], length: 0 };
        let kept = self.as_bytes().iter().filter(|byte| !signs.contains(byte));
        for (free, byte) in text.bytes.iter_mut().zip(kept) {
            *free = *byte;
            text.length += 1;
        }
        text
    }

    pub(super) fn to_upper_case(self) -> Self {
        let mut folded = self;
        folded.bytes.make_ascii_uppercase();
        folded
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// As a string.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// What it holds is personal, so it is not shown where a program is looked at.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.length)
    }
}

/// Whether all bytes are decimal digits, and how many there may be.
pub(super) fn digits(bytes: &[u8], count: std::ops::RangeInclusive<usize>) -> bool {
    count.contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit)
}

/// `width` zeros, less one for each byte that stands there already.
pub(super) fn zeros_before(bytes: &[u8], width: usize) -> &'static [u8] {
    b"0000000".get(..width.saturating_sub(bytes.len())).unwrap_or_default()
}
