//! The folder of large ciphertexts: encrypted attachments and sealed mails.
//!
//! In come [`Lines`] and [`SealedMail`], that are sealed by their types; out goes a [`StoredFile`],
//! durable under a random name that the gateway made. Nothing from outside ever becomes a path. What
//! a crash leaves behind is found by [`Files::older_than`] and removed by [`super::Store::tidy`].

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use jiff::Timestamp;
use tokio::{io::AsyncWriteExt as _, task::spawn_blocking};

use super::StoreFault;
use crate::crypto::{hex, random::Random, segments::Lines};

/// The folder. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    dir: Arc<Path>,
    random: Random,
}

/// A file that is durable and not yet, or no longer, known to be needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name in the folder: 32 hexadecimal digits.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// An encrypted mail, ready to be handed to a mail server. Only what makes such mail in `crypto` may
/// call [`SealedMail::new`].
pub struct SealedMail(Vec<u8>);

impl SealedMail {
    /// `mail` must be encrypted: for the recipient, or under the spool key.
    pub fn new(mail: Vec<u8>) -> Self {
        Self(mail)
    }

    /// The bytes, not secret.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Files {
    /// Opens the folder and makes it (mode 0700) where it is missing. Blocks.
    pub fn open(dir: impl Into<PathBuf>, random: Random) -> Result<Self, StoreFault> {
        let dir = dir.into();
        create_dir(&dir)?;
        Ok(Self { dir: dir.into(), random })
    }

    /// Begins a file, mode 0600.
    pub async fn create(&self) -> Result<NewFile, StoreFault> {
        let name = hex(&self.random.bytes::<16>()?);
        let part = self.dir.join(format!("{name}{PART}"));
        let path = part.clone();
        let file = blocking(move || {
            fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .map_err(StoreFault::from)
        })
        .await?;
        Ok(NewFile {
            file: tokio::fs::File::from_std(file),
            files: self.clone(),
            name,
            part,
            bytes: 0,
            settled: 0,
            done: false,
        })
    }

    /// Opens a file for reading, of any range.
    pub async fn read(&self, name: &str) -> Result<tokio::fs::File, StoreFault> {
        Ok(tokio::fs::File::open(self.path(name)?).await?)
    }

    /// Removes a file. One that is not there is no fault.
    pub async fn remove(&self, name: &str) -> Result<(), StoreFault> {
        match tokio::fs::remove_file(self.path(name)?).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Removes files whose records are gone. What fails is left to [`super::Store::tidy`].
    pub(super) async fn remove_all(&self, names: &[String]) {
        for name in names {
            if let Err(fault) = self.remove(name).await {
                tracing::warn!(error = %fault, "a file that nobody needs could not be removed yet");
            }
        }
    }

    /// Names last written before `moment`, finished or not. The whole folder is read.
    pub(super) async fn older_than(&self, moment: Timestamp) -> Result<Vec<String>, StoreFault> {
        let dir = Arc::clone(&self.dir);
        blocking(move || {
            let mut names = Vec::new();
            for entry in fs::read_dir(&dir)? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                if is_name(name.trim_end_matches(PART)) && is_older(&entry, moment.into())? {
                    names.push(name);
                }
            }
            Ok(names)
        })
        .await
    }

    /// Only names of our own making lead to a path: a damaged record cannot point out of the folder.
    fn path(&self, name: &str) -> Result<PathBuf, StoreFault> {
        let stem = name.strip_suffix(PART).unwrap_or(name);
        if is_name(stem) { Ok(self.dir.join(name)) } else { Err(StoreFault::Corrupt("a file name")) }
    }
}

/// A file in the making. Dropped unfinished, it is removed.
pub struct NewFile {
    file: tokio::fs::File,
    files: Files,
    name: String,
    part: PathBuf,
    bytes: u64,
    /// How many of them are on disk already.
    settled: u64,
    done: bool,
}

impl NewFile {
    /// Appends the next lines of an attachment. The write happens off the async threads.
    pub async fn append(&mut self, lines: &Lines) -> Result<(), StoreFault> {
        self.write(lines.as_bytes()).await
    }

    /// Writes a sealed mail.
    pub async fn write_mail(&mut self, mail: &SealedMail) -> Result<(), StoreFault> {
        self.write(mail.as_bytes()).await
    }

    /// Makes it durable under its final name: when this returns, a power cut loses nothing.
    pub async fn finish(mut self) -> Result<StoredFile, StoreFault> {
        // The order matters: content first, then the name, then the folder that holds the name.
        // After a crash in between there is a whole file or none under the final name.
        self.file.flush().await?;
        self.file.sync_all().await?;
        let (dir, part) = (Arc::clone(&self.files.dir), self.part.clone());
        let path = self.files.path(&self.name)?;
        blocking(move || {
            fs::rename(part, path)?;
            Ok(fs::File::open(&dir)?.sync_all()?)
        })
        .await?;
        self.done = true;
        Ok(StoredFile { name: std::mem::take(&mut self.name), bytes: self.bytes })
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreFault> {
        self.file.write_all(bytes).await?;
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.bytes - self.settled >= SETTLE_BYTES {
            self.settle().await?;
        }
        Ok(())
    }

    /// Has what was written so far brought to disk and forgotten by the page cache. Uploads then keep to the
    /// memory that they have already, where each page that is touched for the first time costs more than the
    /// encryption of what goes into it; they do not push the database out; and the end waits for little.
    async fn settle(&mut self) -> Result<(), StoreFault> {
        self.file.flush().await?;
        self.file.sync_data().await?;
        let length = std::num::NonZeroU64::new(self.bytes - self.settled);
        // Advice: a file system that does not follow it loses nothing.
        let _ = rustix::fs::fadvise(&self.file, self.settled, length, rustix::fs::Advice::DontNeed);
        self.settled = self.bytes;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.done {
            // Nothing to be done about a failure here; the sweep finds the file by its age.
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// Makes a folder that nobody else may read, with those above it.
pub(super) fn create_dir(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Runs file work where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreFault> + Send + 'static,
) -> Result<T, StoreFault> {
    spawn_blocking(work).await.map_err(|_| StoreFault::Panicked)?
}

fn is_older(entry: &fs::DirEntry, moment: SystemTime) -> Result<bool, StoreFault> {
    match entry.metadata().and_then(|metadata| metadata.modified()) {
        Ok(modified) => Ok(modified < moment),
        // Removed since the folder was read.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn is_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// How much of a file in the making is in memory only.
const SETTLE_BYTES: u64 = 16 << 20;

/// The suffix of files that are not finished.
const PART: &str = ".part";

#[cfg(test)]
mod tests;
