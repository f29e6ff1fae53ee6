//! The malware scanner: clamd, asked by its command INSTREAM (clamd(8)) while an attachment streams.
//!
//! In: an attachment, piece by piece. Out: a [`Verdict`], or a [`ScanFault`] when there is none. Each
//! attachment has a connection of its own, and what was handed over is not kept here: memory stays flat.
//! Only a plain `OK` after the last piece counts as clean. Whatever else there is, silence, a broken
//! connection, words that are not known, is no verdict, and then nothing is accepted.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::config::{self, ScannerAddress};

/// What clamd says about an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It knows nothing against it.
    Clean,
    /// It objects; the name of its signature, fit to be shown.
    Found(String),
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanFault {
    /// Nobody listens, or may be reached.
    #[error("clamd at {address} cannot be reached: is it running, and may the gateway's user connect?")]
    Connect {
        /// Where it should be.
        address: ScannerAddress,
        /// What the operating system says.
        source: io::Error,
    },
    /// It took longer than `scanner.timeout`.
    #[error("clamd did not answer in time: it is too busy, or `scanner.timeout` is too short")]
    Timeout,
    /// The connection ended before the verdict.
    #[error("clamd broke off")]
    Broken(#[source] io::Error),
    /// The attachment is longer than clamd takes.
    #[error(
        "clamd takes no file of this size: set its StreamMaxLength to at least `limits.attachment_bytes`"
    )]
    TooLarge,
    /// It reports an error of its own, or says what we do not know.
    #[error("clamd gave no verdict: its own log tells why")]
    NoVerdict,
}

/// The scanner as configured.
#[derive(Debug, Clone)]
pub struct Scanner {
    address: ScannerAddress,
    timeout: Duration,
}

impl Scanner {
    /// The one that the settings name, if they name one. Nothing is dialled yet.
    pub fn new(config: &config::Scanner) -> Option<Self> {
        Some(Self { address: config.address.clone()?, timeout: config.timeout })
    }

    /// Begins to show an attachment.
    ///
    /// # Errors
    /// If clamd cannot be reached.
    pub async fn begin(&self) -> Result<Scan, ScanFault> {
        let mut scan = Scan { stream: self.dial().await?, timeout: self.timeout };
        scan.write(b"zINSTREAM\0").await?;
        Ok(scan)
    }

    /// Whether clamd is there and answers.
    ///
    /// # Errors
    /// If it is not, or does not.
    pub async fn ping(&self) -> Result<(), ScanFault> {
        let timeout = self.timeout.min(PING_TIMEOUT);
        let mut scan = Scan { stream: self.dial().await?, timeout };
        scan.write(b"zPING\0").await?;
        if scan.answer().await? == b"PONG" { Ok(()) } else { Err(ScanFault::NoVerdict) }
    }

    async fn dial(&self) -> Result<Box<dyn Stream>, ScanFault> {
        let dial = async {
            Ok(match &self.address {
                ScannerAddress::Unix(path) => Box::new(UnixStream::connect(path).await?) as Box<dyn Stream>,
                ScannerAddress::Tcp(address) => {
                    let stream = TcpStream::connect(address).await?;
                    // Lengths are small and go before their pieces.
                    let _ = stream.set_nodelay(true);
                    Box::new(stream)
                }
            })
        };
        let dialled = timeout(self.timeout, dial).await.map_err(|_| ScanFault::Timeout)?;
        dialled.map_err(|source| ScanFault::Connect { address: self.address.clone(), source })
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// An attachment on its way through the scanner. Dropped, it breaks off.
pub struct Scan {
    stream: Box<dyn Stream>,
    timeout: Duration,
}

impl Scan {
    /// Hands over the next bytes.
    ///
    /// # Errors
    /// If clamd does not take them.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), ScanFault> {
        // An empty piece would be the end.
        for piece in bytes.chunks(PIECE_BYTES_MAX) {
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            if let Err(fault) = self.piece(length, piece).await {
                return Err(self.why(fault).await);
            }
        }
        Ok(())
    }

    /// Ends the attachment and waits for the verdict.
    ///
    /// # Errors
    /// If there is none.
    pub async fn finish(mut self) -> Result<Verdict, ScanFault> {
        if let Err(fault) = self.piece(0, b"").await {
            return Err(self.why(fault).await);
        }
        verdict(&self.answer().await?)
    }

    async fn piece(&mut self, length: u32, piece: &[u8]) -> Result<(), ScanFault> {
        self.write(&length.to_be_bytes()).await?;
        self.write(piece).await
    }

    /// clamd says what it does not like before it hangs up: only then is it worth listening.
    async fn why(&mut self, fault: ScanFault) -> ScanFault {
        if !matches!(fault, ScanFault::Broken(_)) {
            return fault;
        }
        match self.answer().await {
            Ok(answer) if is_too_large(&answer) => ScanFault::TooLarge,
            _ => fault,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ScanFault> {
        let written = timeout(self.timeout, self.stream.write_all(bytes)).await;
        written.map_err(|_| ScanFault::Timeout)?.map_err(ScanFault::Broken)
    }

    /// One answer, without the NUL that ends it.
    async fn answer(&mut self) -> Result<Vec<u8>, ScanFault> {
        let mut answer = Vec::new();
        let read = async {
            while answer.len() < ANSWER_BYTES_MAX {
                match self.stream.read_u8().await? {
                    0 => return Ok(()),
                    byte => answer.push(byte),
                }
            }
            Err(io::Error::from(io::ErrorKind::InvalidData))
        };
        let read = timeout(self.timeout, read).await;
        read.map_err(|_| ScanFault::Timeout)?.map_err(ScanFault::Broken)?;
        Ok(answer)
    }
}

fn verdict(answer: &[u8]) -> Result<Verdict, ScanFault> {
    if is_too_large(answer) {
        return Err(ScanFault::TooLarge);
    }
    let told = answer.strip_prefix(b"stream: ").ok_or(ScanFault::NoVerdict)?;
    match (told, told.strip_suffix(b" FOUND")) {
        (b"OK", _) => Ok(Verdict::Clean),
        (_, Some(name)) => Ok(Verdict::Found(shown(name))),
        _ => Err(ScanFault::NoVerdict),
    }
}

fn is_too_large(answer: &[u8]) -> bool {
    answer.starts_with(b"INSTREAM size limit exceeded")
}

/// A signature's name as far as it consists of what such names consist of. With ExtendedDetectionInfo
/// clamd adds the file's digest and length in brackets, which are the sender's.
fn shown(name: &[u8]) -> String {
    let plain = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._-:/+".contains(byte);
    let name: String =
        name.iter().take_while(plain).take(SIGNATURE_CHARS_MAX).map(|byte| char::from(*byte)).collect();
    if name.is_empty() { "unnamed".into() } else { name }
}

/// Below the 4 GiB that a length can tell, and small enough for `scanner.timeout`.
const PIECE_BYTES_MAX: usize = 1 << 20;
const ANSWER_BYTES_MAX: usize = 4096;
const SIGNATURE_CHARS_MAX: usize = 100;
/// Whoever asks for readiness does not wait for long.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_ok_is_clean() {
        assert!(matches!(verdict(b"stream: OK"), Ok(Verdict::Clean)));
        for answer in [
            "",
            "OK",
            "stream: ",
            "stream: OK ",
            "stream: ok",
            "other: OK",
            "stream: OK\nstream: OK",
            "stream: Can't allocate memory ERROR",
            "UNKNOWN COMMAND",
            "INSTREAM: no file ERROR",
        ] {
            assert!(matches!(verdict(answer.as_bytes()), Err(ScanFault::NoVerdict)), "{answer}");
        }
        assert!(matches!(verdict(b"INSTREAM size limit exceeded. ERROR"), Err(ScanFault::TooLarge)));
    }

    #[test]
    fn a_signature_is_shown_without_what_the_file_adds() {
        for (told, name) in [
            ("Win.Test.EICAR_HDB-1", "Win.Test.EICAR_HDB-1"),
            ("Eicar(44d88612fea8a8f36de82e1278abb02f:68)", "Eicar"),
            ("<script>", "unnamed"),
            ("", "unnamed"),
        ] {
            let answer = format!("stream: {told} FOUND");
            assert_eq!(verdict(answer.as_bytes()).unwrap(), Verdict::Found(name.into()));
        }
    }
}
