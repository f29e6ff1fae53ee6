//! Content transfer encodings (RFC 2045 §6): base64 and quoted-printable, with CRLF line ends.
//!
//! In: bytes or text. Out: lines of at most 76 characters, handed on as they are made.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::content::Sink;

/// What one line of 76 characters holds.
const BASE64_LINE_BYTES: usize = 57;
/// One less than RFC 2045 §6.7 allows, for the `=` of a soft break.
const QUOTED_LINE_COLUMNS: usize = 75;

/// How long `bytes` bytes are in base64 with their line ends.
pub(super) const fn base64_bytes(bytes: usize) -> usize {
    let last = bytes % BASE64_LINE_BYTES;
    let last_line = if last == 0 { 0 } else { last.div_ceil(3) * 4 + 2 };
    bytes / BASE64_LINE_BYTES * (BASE64_LINE_BYTES / 3 * 4 + 2) + last_line
}

/// Appends `bytes` in base64, each line ended by CRLF.
pub(super) fn push_base64(out: &mut dyn Sink, bytes: &[u8]) {
    let mut lines = Base64Lines::new(out);
    lines.take(bytes);
    lines.finish();
}

/// Encodes what it takes in base64 and hands it on in lines, each ended by CRLF. Only a begun line is
/// held. The last line is written by [`Base64Lines::finish`], not by dropping it.
pub(super) struct Base64Lines<'a> {
    out: &'a mut dyn Sink,
    begun: Zeroizing<Vec<u8>>,
    encoded: Zeroizing<[u8; BASE64_LINE_BYTES / 3 * 4]>,
}

impl<'a> Base64Lines<'a> {
    pub fn new(out: &'a mut dyn Sink) -> Self {
        let begun = Zeroizing::new(Vec::with_capacity(BASE64_LINE_BYTES));
        Self { out, begun, encoded: Zeroizing::new([0; BASE64_LINE_BYTES / 3 * 4]) }
    }

    /// Writes what stands in the begun line.
    pub fn finish(mut self) {
        let begun = std::mem::take(&mut *self.begun);
        if !begun.is_empty() {
            self.line(&Zeroizing::new(begun));
        }
    }

    fn line(&mut self, bytes: &[u8]) {
        #[expect(clippy::expect_used, reason = "no line is longer than the room for it")]
        let length = STANDARD.encode_slice(bytes, &mut *self.encoded).expect("room for the line");
        self.out.take(self.encoded.get(..length).unwrap_or_default());
        self.out.take(b"\r\n");
    }
}

impl Sink for Base64Lines<'_> {
    fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if !self.begun.is_empty() {
            let missing = BASE64_LINE_BYTES.saturating_sub(self.begun.len());
            let (first, after) = rest.split_at(missing.min(rest.len()));
            self.begun.extend_from_slice(first);
            rest = after;
            if self.begun.len() < BASE64_LINE_BYTES {
                return;
            }
            let full =
                std::mem::replace(&mut self.begun, Zeroizing::new(Vec::with_capacity(BASE64_LINE_BYTES)));
            self.line(&full);
        }
        let mut lines = rest.chunks_exact(BASE64_LINE_BYTES);
        lines.by_ref().for_each(|line| self.line(line));
        self.begun.extend_from_slice(lines.remainder());
    }
}

/// No text of `bytes` bytes is longer in quoted-printable.
pub(super) const fn quoted_printable_bytes_max(bytes: usize) -> usize {
    // Three characters a byte, and three for a soft break after at least 73 of them.
    bytes * 3 + bytes / 8 + 3
}

/// Appends `text` in quoted-printable (RFC 2045 §6.7). Every kind of line end becomes CRLF.
pub(super) fn push_quoted_printable(out: &mut Vec<u8>, text: &str) {
    let mut column = 0;
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if matches!(byte, b'\r' | b'\n') {
            if byte == b'\r' {
                bytes.next_if_eq(&b'\n');
            }
            out.extend_from_slice(b"\r\n");
            column = 0;
            continue;
        }
        let line_ends = matches!(bytes.peek(), None | Some(b'\r' | b'\n'));
        let plain = match byte {
            b'=' => false,
            b' ' | b'\t' => !line_ends,
            _ => byte.is_ascii_graphic(),
        };
        let width = if plain { 1 } else { 3 };
        if column + width > QUOTED_LINE_COLUMNS {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        match plain {
            true => out.push(byte),
            false => push_escape(out, b'=', byte),
        }
        column += width;
    }
}

/// Appends `mark` and two upper-case hexadecimal digits.
pub(super) fn push_escape(out: &mut Vec<u8>, mark: u8, byte: u8) {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'A' + value - 10 };
    out.extend([mark, digit(byte >> 4), digit(byte & 15)]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(text: &str) -> String {
        let mut out = Vec::new();
        push_quoted_printable(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    /// Every line ends in CRLF, or is the last; none is longer than 76; nothing but printable ASCII.
    fn assert_safe_lines(text: &str) {
        for line in text.split("\r\n") {
            assert!(line.len() <= 76);
            assert!(line.bytes().all(|byte| byte == b'\t' || (32..127).contains(&byte)));
        }
    }

    #[test]
    fn quoted_printable_follows_the_rules_for_line_ends_and_trailing_spaces() {
        assert_eq!(quoted("a=b\nTŷ \r\nend\r."), "a=3Db\r\nT=C5=B7=20\r\nend\r\n.");
    }

    proptest! {
        #[test]
        fn base64_is_the_same_in_whatever_pieces_it_comes(
            bytes in proptest::collection::vec(any::<u8>(), 0..500), pieces in 1usize..130,
        ) {
            let (mut whole, mut pieced) = (Vec::new(), Vec::new());
            push_base64(&mut whole, &bytes);
            let mut lines = Base64Lines::new(&mut pieced);
            bytes.chunks(pieces).for_each(|piece| lines.take(piece));
            lines.finish();
            prop_assert_eq!(whole, pieced);
        }

        #[test]
        fn base64_lines_are_short_and_decode_to_the_same(
            bytes in proptest::collection::vec(any::<u8>(), 0..500),
        ) {
            let mut out = Vec::new();
            push_base64(&mut out, &bytes);
            prop_assert_eq!(out.len(), base64_bytes(bytes.len()));
            let text = String::from_utf8(out).unwrap();
            assert_safe_lines(&text);
            prop_assert_eq!(STANDARD.decode(text.replace("\r\n", "")).unwrap(), bytes);
        }

        #[test]
        fn quoted_printable_lines_are_short_and_decode_to_the_same(text in "(?s).{0,400}|[ -~]{0,400}") {
            let out = quoted(&text);
            assert_safe_lines(&out);
            prop_assert!(out.len() <= quoted_printable_bytes_max(text.len()));
            let normal = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
            prop_assert_eq!(decode(&out), normal.as_bytes());
        }
    }

    fn decode(quoted: &str) -> Vec<u8> {
        let joined = quoted.replace("=\r\n", "");
        let mut bytes = joined.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            out.push(match byte {
                b'=' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                _ => byte,
            });
        }
        out
    }
}
