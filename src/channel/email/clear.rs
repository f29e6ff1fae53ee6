//! The stream below an SMTP connection, careful while it is in clear.
//!
//! In: a TCP stream. Out: the same, but until TLS begins not a byte is read ahead, and never more than
//! a bounded amount between two writes.
//!
//! Without the first, what an attacker appends in clear to the reply to STARTTLS would wait in lettre's
//! buffer and pass for the relay's replies after the handshake, up to a forged 250: a mail lost in
//! silence (RFC 3207 section 6, the kind of fault of CVE-2011-0411). So it stays in the socket, where
//! TLS takes it for a broken record. Without the second, a line without an end would fill the memory.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A TCP stream that carries SMTP, first in clear and then under TLS.
#[derive(Debug)]
pub(super) struct ClearThenTls<S = TcpStream> {
    stream: S,
    in_clear: bool,
    /// What may still be read before something is written.
    bytes_left: usize,
}

impl<S> ClearThenTls<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, in_clear: true, bytes_left: READ_BYTES_MAX }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClearThenTls<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.bytes_left == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "the reply is too long")));
        }
        let before = into.filled().len();
        if self.in_clear && into.remaining() > 1 {
            let mut byte = [0];
            let mut one = ReadBuf::new(&mut byte);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut one))?;
            into.put_slice(one.filled());
        } else {
            ready!(Pin::new(&mut self.stream).poll_read(context, into))?;
        }
        let read = into.filled().len().saturating_sub(before);
        self.bytes_left = self.bytes_left.saturating_sub(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ClearThenTls<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // The first record of TLS; no command begins with this byte.
        if bytes.first() == Some(&TLS_HANDSHAKE) {
            self.in_clear = false;
        }
        self.bytes_left = READ_BYTES_MAX;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl AsyncTokioStream for ClearThenTls {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

/// Content type `handshake` (RFC 8446 section 5.1).
const TLS_HANDSHAKE: u8 = 22;
/// Twice what lettre allows a reply, and enough for the longest chain of certificates in use.
const READ_BYTES_MAX: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn in_clear_nothing_is_read_ahead() {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut stream = ClearThenTls::new(near);
        far.write_all(b"220 go ahead\r\n250 forged").await.unwrap();
        let mut buffer = [0; 64];
        for expected in b"220 go" {
            assert_eq!(stream.read(&mut buffer).await.unwrap(), 1);
            assert_eq!(buffer[0], *expected);
        }
        stream.write_all(b"EHLO a\r\n").await.unwrap();
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 1);
        stream.write_all(&[TLS_HANDSHAKE, 3, 1]).await.unwrap();
        assert!(stream.read(&mut buffer).await.unwrap() > 1);
    }

    #[tokio::test]
    async fn a_reply_without_an_end_is_broken_off_and_a_new_one_may_follow() {
        let (near, mut far) = tokio::io::duplex(READ_BYTES_MAX * 3);
        let mut stream = ClearThenTls::new(near);
        far.write_all(&vec![b'2'; READ_BYTES_MAX * 2]).await.unwrap();
        let mut read = vec![0; READ_BYTES_MAX];
        stream.read_exact(&mut read).await.unwrap();
        let too_long = stream.read(&mut read).await.unwrap_err();
        assert_eq!(too_long.kind(), io::ErrorKind::InvalidData);
        stream.write_all(b"NOOP\r\n").await.unwrap();
        assert_eq!(stream.read(&mut read).await.unwrap(), 1);
    }
}
