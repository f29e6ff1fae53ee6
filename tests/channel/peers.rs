//! Servers that misbehave in ways that a sound one cannot be made to.

use std::{io, net::SocketAddr, sync::Arc};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Listens on loopback, takes one connection and gives it to `serve`. What that gives back is there
/// when the task has ended.
pub async fn serve_one<T, F>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<T>)
where
    T: Send + 'static,
    F: Future<Output = T> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await });
    (address, task)
}

/// An address at which nobody listens.
pub async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

pub async fn tls(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<TlsStream<TcpStream>> {
    TlsAcceptor::from(config).accept(stream).await
}

/// Answers each line that comes with the next reply and gives all lines, also those beyond the replies,
/// up to the end of the connection.
pub async fn converse(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), replies: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = line(stream).await {
        let reply = replies.get(lines.len()).copied().unwrap_or_default();
        lines.push(line);
        if stream.write_all(reply.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            break;
        }
    }
    lines
}

/// The next line with its end; nothing is read ahead.
pub async fn line(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        line.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(line).unwrap())
}

/// Reads an HTTP/1.1 request with `Content-Length` to its end; `None` if the connection ends before.
pub async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<()> {
    let mut length = 0;
    loop {
        let line = line(stream).await?.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    stream.read_exact(&mut vec![0; length]).await.ok().map(|_| ())
}
