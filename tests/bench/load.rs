//! The load generator: connections that each post, wait for the answer, and post again. Requests are
//! made before the clock starts; only the id is written anew, in place.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::place::Place;

/// What came of it.
pub struct Loaded {
    /// Answers with 202.
    pub accepted: u64,
    /// All others.
    pub errors: u64,
    took: Duration,
    latencies_us: Vec<u32>,
}

impl Loaded {
    /// Accepted messages in a second.
    pub fn rate(&self) -> f64 {
        self.accepted as f64 / self.took.as_secs_f64()
    }

    /// The latency that `percent` of the posts did not exceed.
    pub fn percentile_ms(&mut self, percent: usize) -> f64 {
        self.latencies_us.sort_unstable();
        let at = (self.latencies_us.len() * percent / 100).min(self.latencies_us.len().saturating_sub(1));
        f64::from(self.latencies_us.get(at).copied().unwrap_or(0)) / 1000.0
    }
}

/// Posts on `connections` connections for so long.
pub async fn run(place: &Place, connections: usize, length: Duration) -> Loaded {
    let tls = TlsConnector::from(Arc::new(tls(place)));
    let mut posters = Vec::new();
    for _ in 0..connections {
        posters.push(Poster::connect(place, &tls).await);
    }
    let start = Instant::now();
    let tasks: Vec<_> =
        posters.into_iter().map(|poster| tokio::spawn(poster.post_until(start + length))).collect();
    let mut all = Loaded { accepted: 0, errors: 0, took: length, latencies_us: Vec::new() };
    for task in tasks {
        let (errors, latencies_us) = task.await.unwrap();
        all.errors += errors;
        all.accepted += latencies_us.len() as u64;
        all.latencies_us.extend(latencies_us);
    }
    all.took = start.elapsed();
    all
}

struct Poster {
    stream: TlsStream<TcpStream>,
    request: Vec<u8>,
    id_at: usize,
    ids: Box<dyn Fn() -> String + Send>,
    answer: Vec<u8>,
}

impl Poster {
    async fn connect(place: &Place, tls: &TlsConnector) -> Self {
        let stream = TcpStream::connect(place.running.agencies).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        let head = format!(
            "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            place.message.len()
        );
        let id_at = head.len() + place.id_at;
        let request = [head.as_bytes(), &place.message].concat();
        let (clock, random) = (place.clock.clone(), place.random.clone());
        let ids = Box::new(move || {
            portcullis::message::MessageId::new(clock.now(), random.bytes().unwrap()).to_string()
        });
        Self { stream, request, id_at, ids, answer: Vec::with_capacity(16 << 10) }
    }

    /// How many were not accepted, and how long each of the others took.
    async fn post_until(mut self, end: Instant) -> (u64, Vec<u32>) {
        let (mut errors, mut latencies_us) = (0, Vec::with_capacity(1 << 16));
        while Instant::now() < end {
            let id = (self.ids)();
            self.request[self.id_at..self.id_at + id.len()].copy_from_slice(id.as_bytes());
            let begun = Instant::now();
            self.stream.write_all(&self.request).await.unwrap();
            self.stream.flush().await.unwrap();
            match self.read_answer().await {
                202 => latencies_us.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX)),
                status => {
                    errors += 1;
                    println!("status {status}: {}", String::from_utf8_lossy(&self.answer));
                }
            }
        }
        (errors, latencies_us)
    }

    /// Reads one answer with a `content-length`, as the gateway's are, and gives its status.
    async fn read_answer(&mut self) -> u16 {
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
}

fn tls(place: &Place) -> rustls::ClientConfig {
    let profile = &place.profile;
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
