//! Attachments as they stream: newline-separated compact JWEs (`dir`, `A256GCM`) of one mebibyte of
//! plaintext each, under a key of the attachment's own that only the sealed copies carry (design §5).
//!
//! `kid` is `<attachment>/<segment>`, counted from 0, and `<attachment>/<segment>/last` for the final
//! one: order and end are authenticated with registered header names only, and any stock JOSE library
//! opens each line.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use zeroize::{Zeroize, Zeroizing};

use super::{
    jwe::{self, ENC, OpenFault, SealFault},
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
        let end = if last { "/last" } else { "" };
        let kid = format!("{}/{}{end}", self.attachment, self.segment);
        let header = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"dir","enc":"{ENC}","kid":"{kid}"}}"#));
        let iv = self.random.bytes::<12>().map_err(|_| SealFault)?;
        let plaintext = Zeroizing::new(self.pending.to_vec());
        let (ciphertext, tag) = jwe::encrypt(&self.key.0, iv, header.as_bytes(), plaintext)?;
        self.pending.zeroize();
        self.segment += 1;
        let b64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let line = format!("{header}..{}.{}.{}\n", b64(&iv), b64(&ciphertext), b64(&tag));
        lines.extend_from_slice(line.as_bytes());
        Ok(())
    }
}

/// Opens a whole attachment: checks the order of its segments and that the last one is there.
pub fn open(attachment: usize, sealed: &[u8], key: &AttachmentKey) -> Result<Zeroizing<Vec<u8>>, OpenFault> {
    let text = std::str::from_utf8(sealed).map_err(|_| OpenFault::Form)?;
    let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let mut lines = text.lines().enumerate().peekable();
    while let Some((segment, line)) = lines.next() {
        let end = if lines.peek().is_none() { "/last" } else { "" };
        let expected = format!(r#"{{"alg":"dir","enc":"{ENC}","kid":"{attachment}/{segment}{end}"}}"#);
        let parts: Vec<&str> = line.split('.').collect();
        let &[header, "", iv, ciphertext, tag] = parts.as_slice() else { return Err(OpenFault::Form) };
        let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| OpenFault::Form);
        if bytes(header)? != expected.as_bytes() {
            return Err(OpenFault::Unopened);
        }
        plaintext.extend_from_slice(&jwe::decrypt(
            &key.0,
            &bytes(iv)?,
            header.as_bytes(),
            bytes(ciphertext)?,
            &bytes(tag)?,
        )?);
    }
    if text.is_empty() { Err(OpenFault::Form) } else { Ok(plaintext) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(bytes: &[u8], chunk: usize) -> (Vec<u8>, AttachmentKey) {
        let mut sealer = Sealer::new(3, &Random::system()).unwrap();
        let mut file = Vec::new();
        for piece in bytes.chunks(chunk.max(1)) {
            file.extend_from_slice(sealer.push(piece).unwrap().as_bytes());
        }
        let (last, key) = sealer.finish().unwrap();
        file.extend_from_slice(last.as_bytes());
        (file, key)
    }

    #[test]
    fn what_streams_in_comes_out_whatever_the_pieces() {
        for (length, chunk) in [
            (0, 1),
            (1, 1),
            (SEGMENT_BYTES, 1000),
            (SEGMENT_BYTES + 1, SEGMENT_BYTES),
            (5 * SEGMENT_BYTES / 2, 70_001),
        ] {
            let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let (file, key) = sealed(&bytes, chunk);
            assert_eq!(file.iter().filter(|b| **b == b'\n').count(), length.div_ceil(SEGMENT_BYTES).max(1));
            assert_eq!(*open(3, &file, &key).unwrap(), bytes);
        }
    }

    #[test]
    fn a_segment_dropped_swapped_or_of_another_attachment_is_refused() {
        let (file, key) = sealed(&vec![7; 3 * SEGMENT_BYTES], 1 << 16);
        let lines: Vec<&[u8]> = file.split_inclusive(|b| *b == b'\n').collect();
        assert_eq!(lines.len(), 3);
        for forged in [
            [lines[0], lines[1]].concat(),
            [lines[1], lines[0], lines[2]].concat(),
            [lines[0], lines[2]].concat(),
        ] {
            assert_eq!(open(3, &forged, &key).unwrap_err(), OpenFault::Unopened);
        }
        assert_eq!(open(2, &file, &key).unwrap_err(), OpenFault::Unopened);
    }
}
