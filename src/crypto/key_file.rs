//! Private keys as they lie in files: readable by nobody else, and if the operator wants it encrypted under a
//! passphrase, which the settings name the place of.
//!
//! In: paths, and where the passphrase is. Out: PEM in buffers that are erased, or a fault that names the file
//! and the mending. What kind of key it is, its reader judges.
//!
//! The encrypted form is PKCS#8 (RFC 5958 §3) with PBES2, scrypt and AES-256-CBC (RFC 8018, RFC 7914), since
//! every kind of key here can have it, TLS and S/MIME included, and operators make, read and change it with
//! `openssl pkcs8 -topk8 -scrypt`. Crate `pkcs8` of RustCrypto does it: neither aws-lc-rs nor ring has scrypt.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, Metadata},
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use pkcs8::{
    EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef,
    pkcs5::pbes2::{self, Kdf, ScryptParams},
};
use x509_cert::der::pem::{self, LineEnding};
use zeroize::Zeroizing;

use super::random::{NoRandom, Random};
use crate::config::Passphrase;

/// The longest key file that is read, in bytes. An RSA key of 8192 bits takes 6500.
pub const BYTES_MAX: usize = 65_536;

/// Why a key file, or the passphrase to it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileFault {
    /// It is not there, or not for this user.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Its mode lets others read or change it.
    #[error("{0} can be read by others: chmod 600 {0}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// Longer than [`BYTES_MAX`].
    #[error("{} is longer than any key: 65536 bytes at most", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted, and nothing tells the passphrase.
    #[error("{} is encrypted: say in `keys.passphrase` where its passphrase is", path.display())]
    NoPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted under another passphrase, or damaged.
    #[error(
        "{} does not open with the passphrase in {place}: put the passphrase that it was encrypted under there, \
         or encrypt it under this one (openssl pkcs8 -topk8 -scrypt)",
        path.display()
    )]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
        /// Where the passphrase was.
        place: String,
    },
    /// It is encrypted in a way that is not read.
    #[error("{} is encrypted in another way than PKCS#8 with scrypt or PBKDF2: openssl pkcs8 -topk8 -scrypt", path.display())]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase is empty, not UTF-8, or its variable is not set.
    #[error("{place} holds no passphrase, though `keys.passphrase` says so")]
    EmptyPassphrase {
        /// Where it should be.
        place: String,
    },
    /// A new key could not be encrypted.
    #[error("the new key could not be encrypted")]
    Unsealed,
    /// No salt.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// Reads and writes the gateway's private keys, with the passphrase if there is one. It has no `Debug`.
pub struct KeyFiles {
    passphrase: Option<Known>,
}

/// A passphrase and where it was found.
struct Known {
    text: Zeroizing<Vec<u8>>,
    place: String,
}

impl KeyFiles {
    /// Fetches the passphrase, if the settings name one.
    ///
    /// # Errors
    /// It is not where they say.
    pub fn new(passphrase: Option<&Passphrase>) -> Result<Self, KeyFileFault> {
        let found = passphrase.map(|place| match place {
            Passphrase::File(path) => (path.display().to_string(), in_file(path)),
            Passphrase::Variable(name) => (format!("${name}"), Ok(in_variable(name))),
        });
        let known = found.map(|(place, text)| match text?.filter(|text| !text.is_empty()) {
            Some(text) => Ok(Known { text, place }),
            None => Err(KeyFileFault::EmptyPassphrase { place }),
        });
        Ok(Self { passphrase: known.transpose()? })
    }

    /// The PEM of a private key, in clear.
    ///
    /// # Errors
    /// It cannot be read, others can read it, or it does not open.
    pub fn read(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileFault> {
        let bytes = read_secret(path)?;
        match encrypted_part(&bytes) {
            None => Ok(bytes),
            Some(pem) => self.decrypt(pem, path),
        }
    }

    /// The PEM of a private key in PKCS#8, as it is to be written: encrypted where there is a passphrase.
    ///
    /// # Errors
    /// It is no such key, or there is no randomness.
    pub fn sealed(
        &self,
        pem: Zeroizing<Vec<u8>>,
        random: &Random,
    ) -> Result<Zeroizing<Vec<u8>>, KeyFileFault> {
        let Some(known) = &self.passphrase else { return Ok(pem) };
        let clear = decoded(&pem, CLEAR).ok_or(KeyFileFault::Unsealed)?;
        let parameters = parameters(&random.bytes()?, random.bytes()?).ok_or(KeyFileFault::Unsealed)?;
        let key = PrivateKeyInfoRef::try_from(clear.as_slice()).map_err(|_| KeyFileFault::Unsealed)?;
        let sealed = key.encrypt_with_params(parameters, &known.text).map_err(|_| KeyFileFault::Unsealed)?;
        encoded(ENCRYPTED, sealed.as_bytes()).ok_or(KeyFileFault::Unsealed)
    }

    fn decrypt(&self, pem: &[u8], path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileFault> {
        use pkcs8::{Error, pkcs5::Error::DecryptFailed};
        let path = path.to_owned();
        let Some(known) = &self.passphrase else { return Err(KeyFileFault::NoPassphrase { path }) };
        let Some(der) = decoded(pem, ENCRYPTED) else { return Err(KeyFileFault::Form { path }) };
        let Ok(encrypted) = EncryptedPrivateKeyInfoRef::try_from(der.as_slice()) else {
            return Err(KeyFileFault::Form { path });
        };
        let wrong = |path| KeyFileFault::WrongPassphrase { path, place: known.place.clone() };
        let clear = match encrypted.decrypt(&known.text) {
            Ok(clear) => clear,
            Err(Error::EncryptedPrivateKey(fault)) if fault != DecryptFailed => {
                return Err(KeyFileFault::Form { path });
            }
            Err(_) => return Err(wrong(path)),
        };
        // One wrong passphrase in some two hundred leaves something that looks padded.
        match PrivateKeyInfoRef::try_from(clear.as_bytes()) {
            Ok(_) => encoded(CLEAR, clear.as_bytes()).ok_or(KeyFileFault::Form { path }),
            Err(_) => Err(wrong(path)),
        }
    }
}

/// The bytes of a file that nobody else may read.
///
/// # Errors
/// It cannot be read, or others can read it too.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileFault> {
    let unreadable = |source| KeyFileFault::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    // Of the file that is open, not of one that takes its place meanwhile.
    let found = file.metadata().map_err(unreadable)?;
    if is_open_to_others(path, &found, std::env::var_os("CREDENTIALS_DIRECTORY")) {
        return Err(KeyFileFault::Open { path: path.to_owned() });
    }
    // All the room at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_MAX + 2));
    file.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > BYTES_MAX {
        return Err(KeyFileFault::TooLong { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Where a unit runs as another user, systemd opens its credentials to that user by an access control list,
/// whose mask stands in the place of the group's bits: 0440, though no group can read them.
fn is_open_to_others(path: &Path, found: &Metadata, credentials: Option<OsString>) -> bool {
    mode_is_open(path, found.permissions().mode(), credentials.as_deref())
}

fn mode_is_open(path: &Path, mode: u32, credentials: Option<&OsStr>) -> bool {
    let is_credential = credentials.is_some_and(|folder| !folder.is_empty() && path.starts_with(folder));
    let closed = if is_credential { 0o037 } else { 0o077 };
    mode & closed != 0
}

/// The first line: editors end the last one.
fn in_file(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, KeyFileFault> {
    let bytes = read_secret(path)?;
    Ok(bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().map(|line| Zeroizing::new(line.to_vec())))
}

fn in_variable(name: &str) -> Option<Zeroizing<Vec<u8>>> {
    std::env::var(name).ok().map(|text| Zeroizing::new(text.into_bytes()))
}

const CLEAR: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const BEGIN: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// From the first line of an encrypted key on: tools write remarks before it.
fn encrypted_part(file: &[u8]) -> Option<&[u8]> {
    let start = file.windows(BEGIN.len()).position(|window| window == BEGIN)?;
    file.get(start..)
}

fn decoded(pem: &[u8], wanted: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (label, der) = pem::decode_vec(pem).ok()?;
    let der = Zeroizing::new(der);
    (label == wanted).then_some(der)
}

fn encoded(label: &'static str, der: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    pem::encode_string(label, LineEnding::LF, der).ok().map(|pem| Zeroizing::new(pem.into_bytes()))
}

/// scrypt with N 16384, r 8, p 1, which takes 16 MiB: what OpenSSL 3 writes, and with its memory limit about
/// the most that it reads.
fn parameters(salt: &[u8; 16], iv: [u8; 16]) -> Option<pbes2::Parameters> {
    let kdf = ScryptParams {
        salt: salt.as_slice().try_into().ok()?,
        cost_parameter: 16_384,
        block_size: 8,
        parallelization: 1,
        key_length: None,
    };
    Some(pbes2::Parameters { kdf: Kdf::Scrypt(kdf), encryption: pbes2::EncryptionScheme::Aes256Cbc { iv } })
}

#[cfg(test)]
mod tests;
