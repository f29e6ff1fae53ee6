//! Lines in and replies out, over any stream.
//!
//! A line ends with CR LF and with nothing else (RFC 5321 section 2.3.8): what takes a bare LF for a
//! line end can be made to see two mails where others see one.

use std::{future::Future, io, time::Duration};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// One line without its line end.
#[cfg_attr(test, derive(Debug, PartialEq, Eq))]
pub(super) enum Line {
    /// All of it. It may hold a bare CR or LF.
    Whole(BytesMut),
    /// It was longer than allowed; it has been read to its end and dropped.
    TooLong,
}

/// What came at the end of `DATA`.
#[cfg_attr(test, derive(Debug, PartialEq, Eq))]
pub(super) enum Mail {
    /// A mail, dots unstuffed.
    Whole(Vec<u8>),
    /// It broke a rule; it has been read to its end and dropped.
    Refused(&'static str),
}

/// A stream with what has been read of it ahead of time.
pub(super) struct Wire<S> {
    stream: S,
    ahead: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, ahead: BytesMut::new() }
    }

    /// The next line, at most `bytes_max` long with its line end; `None` when the stream has ended.
    pub(super) async fn line(&mut self, bytes_max: usize) -> io::Result<Option<Line>> {
        let mut dropped = false;
        loop {
            if let Some(at) = self.ahead.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.ahead.split_to(at);
                self.ahead.advance(2);
                let whole = !dropped && at + 2 <= bytes_max;
                return Ok(Some(if whole { Line::Whole(line) } else { Line::TooLong }));
            }
            if self.ahead.len() >= bytes_max {
                dropped = true;
                // The last byte may be the CR of the line end.
                self.ahead.advance(self.ahead.len() - 1);
            }
            self.ahead.reserve(READ_BYTES);
            if in_time(self.stream.read_buf(&mut self.ahead)).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// All of a mail up to the line that holds a single dot (RFC 5321 sections 4.1.1.4 and 4.5.2);
    /// `None` when the stream ends before.
    pub(super) async fn mail(&mut self, bytes_max: usize) -> io::Result<Option<Mail>> {
        let mut bytes = Vec::new();
        let mut refused = None;
        while let Some(line) = self.line(TEXT_LINE_BYTES_MAX + 1).await? {
            let Line::Whole(line) = line else {
                refused = refused.or(Some(LINE_TOO_LONG));
                continue;
            };
            if *line == *b"." {
                return Ok(Some(refused.map_or(Mail::Whole(bytes), Mail::Refused)));
            }
            let text = line.strip_prefix(b".").unwrap_or(&line);
            refused = refused.or_else(|| fault(text, bytes.len(), bytes_max));
            if refused.is_some() {
                bytes = Vec::new();
            } else {
                bytes.extend_from_slice(text);
                bytes.extend_from_slice(b"\r\n");
            }
        }
        Ok(None)
    }

    /// Sends a reply of one or more lines, without its last line end.
    pub(super) async fn reply(&mut self, text: &str) -> io::Result<()> {
        in_time(self.stream.write_all(format!("{text}\r\n").as_bytes())).await?;
        in_time(self.stream.flush()).await
    }

    /// Ends the stream in good order.
    pub(super) async fn close(&mut self) -> io::Result<()> {
        in_time(self.stream.shutdown()).await
    }

    /// Whether the client has sent more than what was read so far.
    pub(super) fn has_more(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// The stream, without what was read ahead.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }
}

/// Why a line of a mail cannot be taken, if so.
fn fault(text: &[u8], bytes_before: usize, bytes_max: usize) -> Option<&'static str> {
    if text.len() + 2 > TEXT_LINE_BYTES_MAX {
        return Some(LINE_TOO_LONG);
    }
    if text.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return Some("554 5.6.0 CR and LF occur only together");
    }
    (bytes_before + text.len() + 2 > bytes_max).then_some("552 5.3.4 mail larger than SIZE allows")
}

async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(STEP, step).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
}

const LINE_TOO_LONG: &str = "554 5.6.0 line longer than 998 characters";
/// With CR LF, without a stuffed dot (RFC 5321 section 4.5.3.1.6).
const TEXT_LINE_BYTES_MAX: usize = 1000;
const READ_BYTES: usize = 8 << 10;
/// RFC 5321 section 4.5.3.2.7: a server waits at least five minutes for its client.
const STEP: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the wire makes of bytes that come in pieces of the given size.
    fn mail(sent: &[u8], piece: usize) -> Option<Mail> {
        let pieces = sent.chunks(piece).map(|piece| Ok::<_, io::Error>(bytes::Bytes::copy_from_slice(piece)));
        let reader =
            tokio_util::io::StreamReader::new(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
        let mut wire = Wire::new(tokio::io::join(reader, tokio::io::sink()));
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(wire.mail(5000))
            .unwrap()
    }

    fn refused(sent: &[u8]) -> bool {
        matches!(mail(sent, 7), Some(Mail::Refused(_)))
    }

    #[test]
    fn only_a_dot_between_two_whole_line_ends_ends_a_mail() {
        for never in
            [&b"a\n.\nb\r\n"[..], b"a\n.\r\nb\r\n", b"a\r\n.\nb\r\n", b"a\r\n.\rb\r\n", b"a\r.\r\nb\r\n"]
        {
            assert_eq!(mail(never, 1), None);
            assert!(refused(&[never, b".\r\n"].concat()));
        }
        assert_eq!(mail(b".\r\n", 1), Some(Mail::Whole(vec![])));
    }

    #[test]
    fn lines_of_998_characters_pass_and_longer_ones_do_not() {
        for stuffed in ["", "."] {
            let line = |length: usize| {
                let text = if stuffed.is_empty() {
                    "x".repeat(length)
                } else {
                    format!(".{}", "x".repeat(length - 1))
                };
                format!("{stuffed}{text}\r\n.\r\n").into_bytes()
            };
            assert!(!refused(&line(998)));
            assert!(refused(&line(999)));
            assert!(refused(&line(20_000)));
        }
    }

    #[test]
    fn a_mail_of_the_largest_size_passes_and_one_byte_more_does_not() {
        let lines = format!("{}\r\n", "x".repeat(98)).repeat(50);
        assert!(!refused(format!("{lines}.\r\n").as_bytes()));
        assert!(refused(format!("{lines}\r\n.\r\n").as_bytes()));
    }

    proptest! {
        #[test]
        fn stuffed_dots_are_taken_out_again(lines in proptest::collection::vec("[.a]{0,4}", 0..20), piece in 1usize..9) {
            let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let stuffed: String = lines.iter().map(|line| match line.strip_prefix('.') {
                Some(_) => format!(".{line}\r\n"),
                None => format!("{line}\r\n"),
            }).collect();
            let got = mail(format!("{stuffed}.\r\nQUIT\r\n").as_bytes(), piece);
            prop_assert_eq!(got, Some(Mail::Whole(text.into_bytes())));
        }

        #[test]
        fn no_bytes_make_it_fail(sent: Vec<u8>, piece in 1usize..9) {
            let _ = mail(&sent, piece);
        }
    }
}
