//! One connection of one agency to the gateway: HTTP/1.1 over mutual TLS, kept open, and a clock on it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use portcullis::cli::client::Profile;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A connection.
pub struct Line {
    stream: TlsStream<TcpStream>,
    answer: Vec<u8>,
}

impl Line {
    /// Connects as this agency.
    pub async fn open(address: std::net::SocketAddr, profile: &Profile) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(tls(profile))).connect(name, stream).await.unwrap();
        Self { stream, answer: Vec::with_capacity(64 << 10) }
    }

    /// Asks once: status, and time from the first byte sent to the last one read.
    pub async fn ask(&mut self, request: &[u8]) -> (u16, Duration) {
        let begun = Instant::now();
        self.stream.write_all(request).await.unwrap();
        self.stream.flush().await.unwrap();
        let status = self.read().await;
        (status, begun.elapsed())
    }

    async fn read(&mut self) -> u16 {
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await.unwrap();
            assert_ne!(read, 0, "the gateway closed the connection");
            let Some(head) = self.answer.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let text = std::str::from_utf8(&self.answer[..head]).unwrap();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if self.answer.len() >= head + 4 + length.parse::<usize>().unwrap() {
                return text[9..12].parse().unwrap();
            }
        }
    }

    /// The last answer, head and body.
    pub fn answer(&self) -> String {
        String::from_utf8_lossy(&self.answer).into_owned()
    }
}

/// A request as it goes over the line.
pub fn request(method: &str, path: &str, body: Option<&str>) -> Vec<u8> {
    let body = body.unwrap_or_default();
    let (kind, length) = ("content-type: application/json", body.len());
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{kind}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn tls(profile: &Profile) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&profile.ca).unwrap()).unwrap();
    let own = CertificateDer::pem_slice_iter(&profile.certificate).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(&profile.key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(own, key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}
