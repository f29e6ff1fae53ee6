//! `portcullis init DIR`: a development installation that `serve` can run, and that the demonstration
//! and the story tests start from.
//!
//! In: an empty folder, a directory without keys (the sample of `config/agencies.toml` unless told
//! otherwise), addresses. Out, beside the [`Installation`]:
//!
//! ```text
//! DIR/portcullis.toml  areas.toml  agencies.toml  policies/     settings, the directory with all public keys
//! DIR/ca.crt  ca/ca.key                                         the development authority of all certificates
//! DIR/tls/gateway.{crt,key}  gateway-client.{crt,key}           as a server; as a client of agencies' servers
//! DIR/keys/{statements,webhooks,checkpoints}.pem  smime.{crt,key}
//! DIR/gateway.jwks  gateway.url                                 what agencies are given
//! DIR/agencies/<id>/tls.{crt,key}  enc.jwk  smime.{crt,key}     what each agency keeps for itself
//! DIR/audit/<area>.jwk                                          what the area's auditors keep for themselves
//! ```
//!
//! In earnest the last two lines would never stand on the gateway's machine, and no authority would
//! sign for both sides. Nothing is started here and no store is made.

mod embedded;
mod folder;
mod installation;
mod parties;
mod settings;

use std::{net::SocketAddr, path::PathBuf};

use serde_json::json;

pub use installation::{Addresses, Installation, Options, Relay, WebhookAddress, install};

use super::{pki::PkiError, terminal::Terminal};
use crate::{
    clock::Clock,
    config::ConfigFault,
    crypto::{
        ed25519::NotAKey,
        key_file::KeyFileFault,
        random::{NoRandom, Random},
    },
    message::AgencyId,
};

/// `portcullis init`
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder; it must be empty, or not there yet
    dir: PathBuf,
    /// The gateway's name in statements and in the ledger
    #[arg(long, default_value = DEFAULT_NAME)]
    name: String,
    /// Where agencies will call
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Where health checks and metrics will be
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    admin: SocketAddr,
    /// Encrypt the gateway's private keys under the passphrase in the first line of this file (mode 0600)
    #[arg(long, value_name = "FILE")]
    passphrase: Option<PathBuf>,
}

/// Why there is no installation. What was written up to then stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum InstallFault {
    /// Keys that are in use are never written over.
    #[error("{} is not empty: choose another folder", .0.display())]
    NotEmpty(PathBuf),
    /// The folder or a file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// No certificate.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// No key.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// A key that was just made cannot be read.
    #[error(transparent)]
    Key(#[from] NotAKey),
    /// The passphrase cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileFault),
    /// A value has no form in its file.
    #[error("cannot write down {0}")]
    Form(&'static str),
    /// What was written is not what `serve` would read: a name or address that cannot stand there.
    #[error(transparent)]
    Settings(#[from] ConfigFault),
    /// A webhook is addressed to an agency that is not in the directory.
    #[error("there is no agency `{0}`")]
    NoSuchAgency(AgencyId),
}

pub(super) fn run(
    arguments: Arguments,
    terminal: &mut Terminal,
    clock: &Clock,
    random: &Random,
) -> anyhow::Result<()> {
    let mut options = Options { gateway_name: arguments.name, ..Options::default() };
    // The settings lie elsewhere than who starts this may stand.
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    options.passphrase = arguments.passphrase.map(absolute);
    options.addresses.agencies = arguments.listen;
    options.addresses.admin = arguments.admin;
    let made = install(&arguments.dir, clock, random, options)?;
    let settings = made.settings();
    if terminal.json() {
        let agencies: Vec<_> = made.agencies.iter().map(|agency| &agency.agency_id).collect();
        terminal.value(
            &json!({ "settings": settings.display().to_string(), "url": made.url, "agencies": agencies }),
        )?;
    } else {
        terminal.data(&settings.display().to_string())?;
    }
    terminal.say(&format!(
        "a development installation with {} agencies, for trials with invented people only\n\
         every private key is in it, those of the agencies too\n\
         \n\
         next:  portcullis serve --config {}\n\
         then:  portcullis send MESSAGE.json --dir {} --as kent-police",
        made.agencies.len(),
        settings.display(),
        made.dir.display(),
    ));
    Ok(())
}

/// A name under a domain that leads nowhere (RFC 2606).
const DEFAULT_NAME: &str = "kent.portcullis.example";

#[cfg(test)]
mod tests;
