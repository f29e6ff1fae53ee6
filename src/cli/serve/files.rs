//! The files behind keys and TLS, as `serve` reads them: at the start, at SIGHUP, and `[tls]` when they change.
//!
//! In: paths. Out: a ring of keys, the bytes of `[tls]`, the gateway's own certificates. Private keys are read by
//! `crypto/key_file.rs`, which refuses one that others can read.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use crate::{
    config::{self, Config},
    crypto::{
        certificate,
        key_file::{KeyFileFault, KeyFiles},
        keyring::{KeyPurpose, Keyring, NamedKey},
        smime::{CertificateFault, SigningIdentity},
    },
    http::trust::TlsFiles,
    journey::certificates::{AUTHORITY, MAIL, Own, TLS, TLS_CLIENT},
};

/// Whether `serve` could use every key and certificate of this configuration.
///
/// # Errors
/// Names the first file that it could not use.
pub fn keys_are_usable(config: &Config) -> anyhow::Result<()> {
    keyring(config)?.check()?;
    crate::http::trust::Trust::new(&tls(config)?, Default::default())?;
    // Of the connections to agencies' servers: not the listener's where the settings name another.
    key_files(config)?.read(&config.webhook.client_key)?;
    Ok(())
}

/// What reads the private keys of this configuration.
///
/// # Errors
/// The passphrase is not where `keys.passphrase` says.
pub fn key_files(config: &Config) -> Result<KeyFiles, KeyFileFault> {
    KeyFiles::new(config.keys.passphrase.as_ref())
}

/// The keys as they stand in their files; the past ones are the store's. Each one that is encrypted takes some
/// tens of milliseconds.
///
/// # Errors
/// Names the first file that cannot be used.
pub fn keyring(config: &Config) -> anyhow::Result<Keyring> {
    let (keys, files) = (&config.keys, key_files(config)?);
    mail_has_its_own_key(config)?;
    let of_before = |path: &Path, purpose| {
        let before = before(path);
        before.exists().then(|| named(&files, &before, purpose)).transpose()
    };
    let certificate = String::from_utf8(read(&keys.smime_certificate)?)?;
    let key = files.read(&keys.smime_key)?;
    let smime = std::str::from_utf8(&key).map_err(|_| CertificateFault::UnreadableKey);
    let smime = smime.and_then(|key| SigningIdentity::from_pem(&certificate, key));
    Ok(Keyring {
        statements: named(&files, &keys.statements, KeyPurpose::Statements)?,
        webhooks: named(&files, &keys.webhooks, KeyPurpose::Webhooks)?,
        webhooks_before: of_before(&keys.webhooks, KeyPurpose::Webhooks)?,
        checkpoints: named(&files, &keys.checkpoints, KeyPurpose::Checkpoints)?,
        checkpoints_before: of_before(&keys.checkpoints, KeyPurpose::Checkpoints)?,
        smime: smime.context("keys.smime_certificate and keys.smime_key")?,
        past: Vec::new(),
    })
}

/// Each purpose has its own key; of the plain ones [`Keyring::check`] finds out.
fn mail_has_its_own_key(config: &Config) -> anyhow::Result<()> {
    let own = own_certificates(config);
    let for_mail = own.iter().filter(|(purpose, _)| *purpose == MAIL);
    for (_, mail) in for_mail {
        let for_tls = own.iter().filter(|(purpose, _)| [TLS, TLS_CLIENT].contains(purpose));
        if let Some((purpose, _)) = for_tls.into_iter().find(|(_, tls)| tls.spki_sha256 == mail.spki_sha256) {
            bail!("one key for both mail and {purpose}; each purpose needs its own: keys.smime_certificate");
        }
    }
    Ok(())
}

/// One key from its file.
///
/// # Errors
/// The file cannot be read, others can read it, its passphrase is another one, or it holds no such key.
pub fn named(files: &KeyFiles, path: &Path, purpose: KeyPurpose) -> anyhow::Result<NamedKey> {
    NamedKey::from_pem(&files.read(path)?, purpose).with_context(|| path.display().to_string())
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
pub fn tls(config: &Config) -> anyhow::Result<TlsFiles> {
    let tls = &config.tls;
    Ok(TlsFiles {
        certificate: read(&tls.certificate)?,
        key: key_files(config)?.read(&tls.key)?,
        client_ca: read(&tls.client_ca)?,
        crls: tls.crls.as_deref().map(read).transpose()?,
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

/// The gateway's own certificates and the authorities behind them and behind others, for the forecast. A file
/// that cannot be read is told elsewhere.
pub(super) fn own_certificates(config: &Config) -> Vec<Own> {
    let own = [
        (TLS, &config.tls.certificate),
        (TLS_CLIENT, &config.webhook.client_certificate),
        (MAIL, &config.keys.smime_certificate),
    ];
    let authorities = [&config.tls.client_ca, &config.webhook.ca].into_iter().chain(&config.mail.ca);
    let files = own.into_iter().chain(authorities.map(|path| (AUTHORITY, path)));
    let described = |(purpose, path): (&'static str, &PathBuf)| {
        let found = certificate::describe_all_pem(&fs::read(path).unwrap_or_default());
        // After a certificate of its own come those that lead to its root.
        let purposes = std::iter::once(purpose).chain(std::iter::repeat(AUTHORITY));
        purposes.zip(found).collect::<Vec<_>>()
    };
    files.flat_map(described).collect()
}

pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
