//! Attachments as they stream: newline-separated compact JWEs (`dir`, `A256GCM`) of one mebibyte of
//! plaintext each, under a key of the attachment's own that only the sealed copies carry (design §5).
//!
//! `kid` is `<attachment>/<segment>`, counted from 0, and `<attachment>/<segment>/last` for the final
//! one: order and end are authenticated with registered header names only, and any stock JOSE library
//! opens each line.
//!
//! In: plaintext in pieces of any size, or a sealed attachment and its key. Out: whole [`Lines`], or the
//! plaintext. It holds one segment while it seals; [`open`], the reading side, holds all.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use zeroize::Zeroizing;

use super::{
    jwe::{self, ENC, SealFault},
    random::Random,
};

/// How much plaintext one segment holds.
pub const SEGMENT_BYTES: usize = 1 << 20;

/// The key of one attachment. It has no `Debug`.
#[derive(Clone)]
pub struct AttachmentKey(Zeroizing<[u8; 32]>);

impl AttachmentKey {
    /// As the member `k` of a symmetric JWK (RFC 7518 §6.4).
    pub fn to_k(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// From the member `k` of a symmetric JWK.
    pub fn from_k(k: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(k).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }
}

/// One or more whole lines of ciphertext: all that a file of the store may be given.
pub struct Lines(Vec<u8>);

impl Lines {
    /// The bytes, not secret.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Encrypts one attachment as it passes.
pub struct Sealer {
    key: AttachmentKey,
    attachment: usize,
    segment: u64,
    pending: Zeroizing<Vec<u8>>,
    random: Random,
}

impl Sealer {
    /// For the `attachment`th of its message, counted from 0.
    pub fn new(attachment: usize, random: &Random) -> Result<Self, SealFault> {
        let key = AttachmentKey(Zeroizing::new(random.bytes().map_err(|_| SealFault)?));
        // The buffer never grows: growing would leave plaintext behind in freed memory.
        let pending = Zeroizing::new(Vec::with_capacity(SEGMENT_BYTES));
        Ok(Self { key, attachment, segment: 0, pending, random: random.clone() })
    }

    /// Takes the next bytes and gives the segments that they complete.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Lines, SealFault> {
        let mut lines = Vec::new();
        while !bytes.is_empty() {
            // A full segment waits until more follows: the final one is marked as such.
            if self.pending.len() == SEGMENT_BYTES {
                self.line(&mut lines, false)?;
            }
            let room = (SEGMENT_BYTES - self.pending.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.pending.extend_from_slice(now);
            bytes = later;
        }
        Ok(Lines(lines))
    }

    /// The final segment, and the key to all of them.
    pub fn finish(mut self) -> Result<(Lines, AttachmentKey), SealFault> {
        let mut lines = Vec::new();
        self.line(&mut lines, true)?;
        Ok((Lines(lines), self.key))
    }

    fn line(&mut self, lines: &mut Vec<u8>, last: bool) -> Result<(), SealFault> {
        let header = Place { attachment: self.attachment, segment: self.segment, last }.header();
        let header = BASE64_URL_SAFE_NO_PAD.encode(header);
        let iv = self.random.bytes::<12>().map_err(|_| SealFault)?;
        let plaintext = std::mem::take(&mut self.pending);
        let (ciphertext, tag) = jwe::encrypt(&self.key.0, iv, header.as_bytes(), plaintext)?;
        lines.reserve_exact(header.len() + ciphertext.len().div_ceil(3) * 4 + 48);
        lines.extend_from_slice(header.as_bytes());
        lines.push(b'.');
        for part in [&iv[..], &ciphertext, &tag] {
            lines.push(b'.');
            append(lines, part)?;
        }
        lines.push(b'\n');
        // Its ciphertext has taken the place of the plaintext: the same memory serves again, unwiped.
        self.pending = Zeroizing::new(ciphertext);
        self.pending.truncate(0);
        self.segment += 1;
        Ok(())
    }
}

/// Encodes straight to where it belongs: a copy of each mebibyte costs as much as encrypting it.
fn append(lines: &mut Vec<u8>, bytes: &[u8]) -> Result<(), SealFault> {
    let start = lines.len();
    lines.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let room = lines.get_mut(start..).unwrap_or_default();
    let written = BASE64_URL_SAFE_NO_PAD.encode_slice(bytes, room).map_err(|_| SealFault)?;
    lines.truncate(start + written);
    Ok(())
}

/// Where a segment belongs, as its `kid` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    attachment: usize,
    segment: u64,
    last: bool,
}

impl Place {
    /// The header of the segment that belongs here, byte for byte.
    fn header(self) -> String {
        let end = if self.last { "/last" } else { "" };
        format!(r#"{{"alg":"dir","enc":"{ENC}","kid":"{}/{}{end}"}}"#, self.attachment, self.segment)
    }

    /// Reads a header that [`Self::header`] wrote, and no other.
    fn read(header: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(header).ok()?;
        let kid =
            text.strip_prefix(&format!(r#"{{"alg":"dir","enc":"{ENC}","kid":""#))?.strip_suffix(r#""}"#)?;
        let (kid, last) = kid.strip_suffix("/last").map_or((kid, false), |kid| (kid, true));
        let (attachment, segment) = kid.split_once('/')?;
        let place = Self { attachment: attachment.parse().ok()?, segment: segment.parse().ok()?, last };
        (place.header() == text).then_some(place)
    }
}

/// Why an attachment does not open. What can be read without the key has an error of its own; which of
/// the cryptographic checks failed is not told (RFC 7516 §11.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SegmentFault {
    /// Not lines of compact JWEs of the form that [`Sealer`] writes.
    #[error("it is not of the form that this gateway seals attachments in")]
    Form,
    /// A segment stands where another belongs: repeated, left out, swapped, or of another attachment.
    #[error("a segment stands where another belongs: repeated, left out, swapped, or of another attachment")]
    Misplaced,
    /// The end is missing.
    #[error("its end is missing")]
    Truncated,
    /// Encrypted under another key, or changed on the way.
    #[error("it is sealed with another key, or was changed on the way")]
    Unopened,
}

/// Opens a whole attachment, the `attachment`th of its message: checks that each segment stands in its
/// place and that the last one is there.
///
/// # Errors
/// The first thing that is not as it should be. Nothing is given out of an attachment that is not whole.
pub fn open(
    attachment: usize,
    sealed: &[u8],
    key: &AttachmentKey,
) -> Result<Zeroizing<Vec<u8>>, SegmentFault> {
    let text = std::str::from_utf8(sealed).map_err(|_| SegmentFault::Form)?;
    let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let mut ended = false;
    for (segment, line) in (0..).zip(text.split_inclusive('\n')) {
        let line = line.strip_suffix('\n').ok_or(SegmentFault::Truncated)?;
        let read = Segment::read(line).ok_or(SegmentFault::Form)?;
        let due = Place { attachment, segment, last: read.place.last };
        if ended || read.place != due {
            return Err(SegmentFault::Misplaced);
        }
        ended = read.place.last;
        plaintext.extend_from_slice(&read.open(key)?);
    }
    if ended { Ok(plaintext) } else { Err(SegmentFault::Truncated) }
}

/// A line whose form is sound: what anyone can read without the key.
struct Segment<'a> {
    place: Place,
    header: &'a str,
    iv: [u8; 12],
    ciphertext: Vec<u8>,
    tag: [u8; 16],
}

impl<'a> Segment<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let parts: Vec<&str> = line.split('.').collect();
        let &[header, "", iv, ciphertext, tag] = parts.as_slice() else { return None };
        let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        Some(Self {
            place: Place::read(&bytes(header)?)?,
            header,
            iv: bytes(iv)?.try_into().ok()?,
            ciphertext: bytes(ciphertext)?,
            tag: bytes(tag)?.try_into().ok()?,
        })
    }

    fn open(self, key: &AttachmentKey) -> Result<Zeroizing<Vec<u8>>, SegmentFault> {
        let opened = jwe::decrypt(&key.0, &self.iv, self.header.as_bytes(), self.ciphertext, &self.tag);
        opened.map_err(|_| SegmentFault::Unopened)
    }
}

#[cfg(test)]
mod tests;
