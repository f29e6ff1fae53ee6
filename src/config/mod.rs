//! The settings: one file per section, finished types, nothing left to parse later.
//!
//! In: `portcullis.toml` with the environment laid over it, `areas.toml`, `agencies.toml`. Out:
//! [`Config`], [`Areas`] and the directory to begin with, or a [`ConfigFault`] that names the file,
//! the line, the key and what to write instead. Unknown keys are faults. The files that the
//! settings point to are opened by the rooms that need them; `portcullis check` tries them all.
//!
//! What each setting does, its default, and what goes wrong if it is set badly stand in
//! `config/portcullis.toml`; a test keeps that file and the defaults in the code the same.

use std::path::{Path, PathBuf};

use serde::Deserialize;

mod agencies;
mod areas;
mod delivery;
mod document;
mod environment;
mod fault;
mod files;
mod gateway;
mod jwk;
mod limits;
mod mail;
mod nearest;
mod network;
mod scanner;
mod value;
mod webhook;

#[cfg(test)]
mod tests;

pub use agencies::{load_agencies, read_agencies, usual_status};
pub use areas::{AreaProfile, Areas, Severity, Thresholds};
pub use delivery::{Delivery, Ledger};
pub use environment::Environment;
pub use fault::{ConfigFault, Place};
pub use files::{Directory, Keys, Passphrase, Store, Tls};
pub use gateway::{Gateway, Listen, Log, LogFormat, Profile};
pub use limits::Limits;
pub use mail::Mail;
pub use network::Network;
pub use scanner::{Scanner, ScannerAddress};
pub use webhook::Webhook;

use document::Document;

/// All settings of a gateway. Paths can be opened as they are, and are all that `Debug` shows of a
/// secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each section's type says what it is")]
pub struct Config {
    pub gateway: Gateway,
    pub listen: Listen,
    pub tls: Tls,
    pub keys: Keys,
    pub store: Store,
    pub directory: Directory,
    pub limits: Limits,
    pub delivery: Delivery,
    pub webhook: Webhook,
    pub mail: Mail,
    pub scanner: Scanner,
    pub ledger: Ledger,
    pub log: Log,
}

/// The file as written. A section that is left out has its defaults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    gateway: Gateway,
    #[serde(default)]
    listen: Listen,
    #[serde(default)]
    tls: Tls,
    #[serde(default)]
    keys: Keys,
    #[serde(default)]
    store: Store,
    #[serde(default)]
    directory: Directory,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    delivery: Delivery,
    #[serde(default)]
    webhook: webhook::Written,
    #[serde(default)]
    mail: mail::Written,
    #[serde(default)]
    scanner: Scanner,
    #[serde(default)]
    ledger: Ledger,
    #[serde(default)]
    log: Log,
}

impl Config {
    /// Reads the settings from a file and from the variables of this process.
    ///
    /// # Errors
    /// The first fault found, in words for the operator.
    pub fn load(path: &Path) -> Result<Self, ConfigFault> {
        Self::read(&document::read_file(path)?, path, &Environment::of_process())
    }

    /// Reads the settings from a text that stands, or might stand, in the file `path`: its folder
    /// is where relative paths begin. Nothing is opened.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn read(text: &str, path: &Path, environment: &Environment) -> Result<Self, ConfigFault> {
        // One past the end, since a fault at the end of the file is not yet the first variable's.
        let settings = environment.settings(text.len() + 1);
        let mut document = Document::parse(text, path)?;
        document.override_with(&settings)?;
        let mut config = Self::finish(document.read()?, &document)?;
        config.resolve(path, environment, &document)?;
        config.limits.check(&document)?;
        config.delivery.check(&config, &document)?;
        Ok(config)
    }

    fn finish(written: Written, document: &Document<'_>) -> Result<Self, ConfigFault> {
        Ok(Self {
            webhook: written.webhook.finish(&written.tls, &written.keys, document)?,
            mail: written.mail.finish(&written.gateway),
            scanner: written.scanner,
            gateway: written.gateway,
            listen: written.listen,
            tls: written.tls,
            keys: written.keys,
            store: written.store,
            directory: written.directory,
            limits: written.limits,
            delivery: written.delivery,
            ledger: written.ledger,
            log: written.log,
        })
    }

    fn resolve(
        &mut self,
        file: &Path,
        environment: &Environment,
        document: &Document<'_>,
    ) -> Result<(), ConfigFault> {
        let folder = file.parent().unwrap_or(Path::new(""));
        for (key, path) in self.paths() {
            files::resolve(path, folder, environment).map_err(|wanted| document.bad_value(&key, wanted))?;
        }
        Ok(())
    }

    fn paths(&mut self) -> Vec<([&'static str; 2], &mut PathBuf)> {
        let mut paths = vec![
            (["tls", "certificate"], &mut self.tls.certificate),
            (["tls", "key"], &mut self.tls.key),
            (["tls", "client_ca"], &mut self.tls.client_ca),
            (["keys", "statements"], &mut self.keys.statements),
            (["keys", "webhooks"], &mut self.keys.webhooks),
            (["keys", "checkpoints"], &mut self.keys.checkpoints),
            (["keys", "smime_certificate"], &mut self.keys.smime_certificate),
            (["keys", "smime_key"], &mut self.keys.smime_key),
            (["store", "path"], &mut self.store.path),
            (["directory", "agencies"], &mut self.directory.agencies),
            (["directory", "areas"], &mut self.directory.areas),
            (["directory", "policies"], &mut self.directory.policies),
            (["webhook", "ca"], &mut self.webhook.ca),
            (["webhook", "client_certificate"], &mut self.webhook.client_certificate),
            (["webhook", "client_key"], &mut self.webhook.client_key),
        ];
        paths.extend(self.tls.crls.as_mut().map(|path| (["tls", "crls"], path)));
        for passphrase in [&mut self.keys.passphrase, &mut self.webhook.passphrase] {
            if let Some(Passphrase::File(path)) = passphrase {
                paths.push((["keys", "passphrase"], path));
            }
        }
        paths.extend(self.mail.ca.as_mut().map(|path| (["mail", "ca"], path)));
        paths
    }
}
