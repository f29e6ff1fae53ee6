//! The files behind keys and TLS, as `serve` reads them: at the start, at SIGHUP, and `[tls]` when they change.
//!
//! In: paths. Out: a ring of keys, the bytes of `[tls]`, the gateway's own certificates. A private key that
//! others can read is refused.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

use crate::{
    config::{self, Config},
    crypto::{
        certificate,
        keyring::{KeyPurpose, Keyring, NamedKey},
        smime::SigningIdentity,
    },
    http::trust::TlsFiles,
    journey::certificates::{MAIL, Own, TLS, TLS_CLIENT},
};

/// Whether `serve` could use every key and certificate of this configuration.
///
/// # Errors
/// Names the first file that it could not use.
pub fn keys_are_usable(config: &Config) -> anyhow::Result<()> {
    keyring(config)?.check()?;
    crate::http::trust::Trust::new(&tls(&config.tls)?, Default::default())?;
    Ok(())
}

/// The keys as they stand in their files; the past ones are the store's.
pub fn keyring(config: &Config) -> anyhow::Result<Keyring> {
    let keys = &config.keys;
    let before = before(&keys.webhooks);
    let webhooks_before = before.exists().then(|| named(&before, KeyPurpose::Webhooks)).transpose()?;
    let certificate = String::from_utf8(read(&keys.smime_certificate)?)?;
    let key = Zeroizing::new(String::from_utf8(read_secret(&keys.smime_key)?.to_vec())?);
    Ok(Keyring {
        statements: named(&keys.statements, KeyPurpose::Statements)?,
        webhooks: named(&keys.webhooks, KeyPurpose::Webhooks)?,
        webhooks_before,
        checkpoints: named(&keys.checkpoints, KeyPurpose::Checkpoints)?,
        smime: SigningIdentity::from_pem(&certificate, &key)
            .context("keys.smime_certificate and keys.smime_key")?,
        past: Vec::new(),
    })
}

/// One key from its file.
///
/// # Errors
/// The file cannot be read, others can read it, or it holds no such key.
pub fn named(path: &Path, purpose: KeyPurpose) -> anyhow::Result<NamedKey> {
    NamedKey::from_pem(&read_secret(path)?, purpose).with_context(|| path.display().to_string())
}

/// Where the key before this one is kept while both sign.
pub fn before(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".before");
    name.into()
}

/// The files of `[tls]`.
///
/// # Errors
/// One cannot be read, or others can read the key.
pub fn tls(config: &config::Tls) -> anyhow::Result<TlsFiles> {
    Ok(TlsFiles {
        certificate: read(&config.certificate)?,
        key: read_secret(&config.key)?,
        client_ca: read(&config.client_ca)?,
        crls: config.crls.as_deref().map(read).transpose()?,
    })
}

/// What changes when one of the files of `[tls]` is replaced or written.
#[derive(PartialEq, Eq)]
pub(super) struct Stamps(Vec<Option<(u64, i64, i64, u64)>>);

impl Stamps {
    pub(super) fn of(config: &config::Tls) -> Self {
        let paths = [&config.certificate, &config.key, &config.client_ca].into_iter().chain(&config.crls);
        let stamp = |path: &PathBuf| {
            let found = fs::metadata(path).ok()?;
            Some((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
        };
        Self(paths.map(stamp).collect())
    }
}

/// The gateway's own certificates, for the forecast. One that cannot be read is told elsewhere.
pub(super) fn own_certificates(config: &Config) -> Vec<Own> {
    let files = [
        (TLS, &config.tls.certificate),
        (TLS_CLIENT, &config.webhook.client_certificate),
        (MAIL, &config.keys.smime_certificate),
    ];
    let described = |(purpose, path): (&'static str, &PathBuf)| {
        Some((purpose, certificate::describe_pem(&fs::read(path).ok()?).ok()?))
    };
    files.into_iter().filter_map(described).collect()
}

pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// A private key's file, which nobody else may read.
///
/// # Errors
/// It cannot be read, or others can read it too.
pub fn read_secret(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    let found = fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if is_open_to_others(path, found.permissions().mode(), credentials.as_deref()) {
        bail!("{} can be read by others: chmod 600 {}", path.display(), path.display());
    }
    Ok(Zeroizing::new(read(path)?))
}

/// Where a unit runs as another user, systemd opens its credentials to that user by an access control list,
/// whose mask stands in the place of the group's bits: 0440, though no group can read them.
fn is_open_to_others(path: &Path, mode: u32, credentials: Option<&OsStr>) -> bool {
    let is_credential = credentials.is_some_and(|folder| !folder.is_empty() && path.starts_with(folder));
    let closed = if is_credential { 0o037 } else { 0o077 };
    mode & closed != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        fs::write(&path, "secret").unwrap();
        for (mode, refused) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o660, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = read_secret(&path);
            assert_eq!(read.is_err(), refused, "{mode:o}");
            let told = read.err().map(|fault| fault.to_string()).unwrap_or_default();
            assert!(!refused || told.contains("chmod 600"), "{told}");
        }
    }

    #[test]
    fn a_credential_of_systemd_may_show_the_mask_of_its_access_list() {
        let credentials = Some(OsStr::new("/run/credentials/portcullis.service"));
        let path = Path::new("/run/credentials/portcullis.service/statements");
        assert!(!is_open_to_others(path, 0o440, credentials));
        for mode in [0o460, 0o444, 0o442] {
            assert!(is_open_to_others(path, mode, credentials), "{mode:o}");
        }
        assert!(is_open_to_others(Path::new("/etc/portcullis/statements.pem"), 0o440, credentials));
        assert!(is_open_to_others(path, 0o440, None));
        assert!(is_open_to_others(path, 0o440, Some(OsStr::new(""))));
    }
}
