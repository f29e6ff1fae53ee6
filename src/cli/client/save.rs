//! A sealed attachment into a file, as it comes. What came before a connection broke is kept, and asked for
//! no more: neither in the same call nor in a later one (RFC 9110 §14).
//!
//! Beside the file stand, until all is there, `<file>.partial` and `<file>.partial.etag`, the gateway's mark of
//! what it is a part of.

use std::{
    io,
    path::{Path, PathBuf},
};

use reqwest::{Response, StatusCode, header};
use tokio::{
    fs,
    io::{AsyncSeekExt as _, AsyncWriteExt as _},
};

use super::{Client, ClientFault, send};
use crate::message::DeliveryId;

impl Client {
    /// `GET /v1/inbox/{delivery}/attachments/{number}`, counted from 0, into a file. Gives the length in bytes.
    ///
    /// # Errors
    /// Those of the call and of writing. After [`ClientFault::Unreachable`] the same call goes on with what came.
    pub async fn save_attachment(
        &self,
        delivery: DeliveryId,
        number: usize,
        path: &Path,
    ) -> Result<u64, ClientFault> {
        let mut partial = Partial::open(path).await.map_err(file(path))?;
        let mut tries = 1;
        loop {
            let before = partial.length;
            let came = self.go_on(delivery, number, &mut partial).await;
            partial.file.flush().await.map_err(file(path))?;
            match came {
                Ok(()) => return partial.finish().await.map_err(file(path)),
                // Only while more comes: a gateway that is gone is not asked again and again.
                Err(ClientFault::Unreachable(_)) if partial.length > before && tries < TRIES_MAX => {
                    tries += 1
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Asks for what is missing, and writes it as it comes.
    async fn go_on(
        &self,
        delivery: DeliveryId,
        number: usize,
        partial: &mut Partial,
    ) -> Result<(), ClientFault> {
        let mut request = self.attachment(delivery, number);
        if let Some((first, etag)) = partial.goes_on() {
            request = request.header(header::RANGE, format!("bytes={first}-")).header(header::IF_RANGE, etag);
        }
        let mut response = match send(request).await {
            // More is here than there: this is something else.
            Err(ClientFault::Refused(problem)) if problem.status == StatusCode::RANGE_NOT_SATISFIABLE => {
                send(self.attachment(delivery, number)).await?
            }
            answered => answered?,
        };
        let path = partial.path.clone();
        partial.follow(&response).await?;
        while let Some(chunk) = response.chunk().await.map_err(ClientFault::Unreachable)? {
            partial.append(&chunk).await.map_err(file(&path))?;
        }
        Ok(())
    }
}

/// How often a connection may break on the way to one file.
const TRIES_MAX: usize = 16;

fn file(path: &Path) -> impl Fn(io::Error) -> ClientFault {
    let path = path.to_owned();
    move |source| ClientFault::File { path: path.clone(), source }
}

/// What has come so far.
struct Partial {
    file: fs::File,
    length: u64,
    etag: Option<String>,
    path: PathBuf,
}

impl Partial {
    async fn open(path: &Path) -> io::Result<Self> {
        let options = || fs::OpenOptions::new().write(true).create(true).truncate(false).to_owned();
        let mut file = options().open(beside(path, ".partial")).await?;
        let length = file.seek(io::SeekFrom::End(0)).await?;
        let etag = fs::read_to_string(beside(path, ETAG)).await.ok().filter(|etag| !etag.is_empty());
        Ok(Self { file, length, etag, path: path.to_owned() })
    }

    /// From which byte to go on, and of what. The last one that is here is asked for again: then there is always
    /// one to ask for, also where all came and only the end of it was missed.
    fn goes_on(&self) -> Option<(u64, &str)> {
        Some((self.length.checked_sub(1)?, self.etag.as_deref()?))
    }

    /// Puts the file to where this answer goes on, or to its beginning.
    async fn follow(&mut self, response: &Response) -> Result<(), ClientFault> {
        let field = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let status = response.status().as_u16();
        let start = match (response.status(), self.goes_on()) {
            (StatusCode::PARTIAL_CONTENT, Some((first, _))) => {
                let told = field(header::CONTENT_RANGE)
                    .is_some_and(|told| told.starts_with(&format!("bytes {first}-")));
                Some(first).filter(|_| told).ok_or(ClientFault::Foreign { status })?
            }
            (StatusCode::PARTIAL_CONTENT, None) => return Err(ClientFault::Foreign { status }),
            _ => 0,
        };
        let etag = field(header::ETAG).map(ToOwned::to_owned);
        self.go_to(start, etag).await.map_err(file(&self.path))
    }

    async fn go_to(&mut self, start: u64, etag: Option<String>) -> io::Result<()> {
        self.file.set_len(start).await?;
        self.length = self.file.seek(io::SeekFrom::Start(start)).await?;
        // The mark comes after the cut: it never stands beside what it is not the mark of.
        if start == 0 {
            fs::write(beside(&self.path, ETAG), etag.as_deref().unwrap_or_default()).await?;
            self.etag = etag;
        }
        Ok(())
    }

    async fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Acknowledging destroys the gateway's copy, so this one has to be there.
    async fn finish(self) -> io::Result<u64> {
        self.file.sync_all().await?;
        fs::rename(beside(&self.path, ".partial"), &self.path).await?;
        fs::remove_file(beside(&self.path, ETAG)).await?;
        Ok(self.length)
    }
}

const ETAG: &str = ".partial.etag";

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
