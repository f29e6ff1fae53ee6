//! `portcullis key`: the gateway's own signing keys (`show`, `rotate`, `retire`), of which this file is, and
//! the agencies' encryption keys: what an agency does by itself (`key/agency.rs`) and what the operator
//! approves (`key/approve.rs`). A gateway that runs takes a new key of its own up at SIGHUP.
//!
//! In: the settings. Out: a new key file in the place of the old one. The old public key stays published: the
//! store keeps it from the moment that the gateway first signed with it, so what it signed is verified on.

pub mod agency;
mod approve;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use x509_cert::der::pem::{LineEnding, encode_string};
use zeroize::Zeroizing;

use super::{
    Exit,
    client::Identity,
    pki, serve,
    serve::files,
    terminal::{Table, Terminal},
};
use crate::{
    clock::Clock,
    config::Config,
    crypto::{
        ed25519,
        keyring::{KeyPurpose, NamedKey},
        random::Random,
    },
    store::Store as _,
};

/// `portcullis key`
#[derive(clap::Subcommand)]
#[command(after_help = CHECKPOINTS)]
pub enum Arguments {
    /// Show the keys that the gateway publishes, those in force and those before
    Show {
        /// The settings of the installation
        #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
        config: PathBuf,
    },
    /// Put a new key in the place of one. Then send the gateway SIGHUP: from there on it signs with the new key
    Rotate {
        /// Which
        #[arg(value_enum)]
        purpose: Rotated,
        /// The settings of the installation
        #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
        config: PathBuf,
    },
    /// End the time in which pushes are signed with the old key for webhooks too. Then send SIGHUP
    Retire {
        /// The settings of the installation
        #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
        config: PathBuf,
    },
    /// Agencies: list your encryption keys, and how far each has come
    List {
        /// Who calls.
        #[command(flatten)]
        identity: Identity,
    },
    /// Agencies: publish a new encryption key; it is used once it is proven and announced
    Publish(agency::Wanted),
    /// Agencies: show that you can open with a published key, and vouch for it with the one in force
    Prove {
        /// The new private key, JWK; the one in force is that of --enc-key
        file: PathBuf,
        /// Who calls.
        #[command(flatten)]
        identity: Identity,
    },
    /// Agencies: end a key for good; what waits under it is withdrawn and asked for again
    Revoke {
        /// Its name
        kid: String,
        /// Who calls.
        #[command(flatten)]
        identity: Identity,
    },
    /// Operators: vouch for a proven key of an agency that has none in force, after talking to it
    Approve(approve::Approved),
}

/// The keys that can be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Rotated {
    /// The key that signs transfer statements
    Statements,
    /// The key that signs pushes; both sign until `key retire`
    Webhooks,
}

const CHECKPOINTS: &str = "\
The key for checkpoints cannot be replaced: outsiders know the ledger by it (its vkey), and under another
key it is another ledger to them. TLS and S/MIME: put the new certificate and key in place and send SIGHUP.";

pub(super) async fn run(
    arguments: &Arguments,
    terminal: &mut Terminal,
    clock: &Clock,
    random: &Random,
) -> anyhow::Result<()> {
    match arguments {
        Arguments::List { identity } => agency::list(identity, terminal).await,
        Arguments::Publish(wanted) => agency::publish(wanted, random, terminal).await,
        Arguments::Prove { file, identity } => agency::prove(file, identity, terminal).await,
        Arguments::Revoke { kid, identity } => agency::revoke(kid, identity, terminal).await,
        Arguments::Approve(approved) => approve::approve(approved, clock, random, terminal).await,
        Arguments::Show { config } => show(&Config::load(config)?, terminal).await,
        Arguments::Rotate { purpose, config } => {
            let config = Config::load(config)?;
            let fresh = match purpose {
                Rotated::Statements => replace(&config.keys.statements, KeyPurpose::Statements)?,
                Rotated::Webhooks => {
                    keep(&config.keys.webhooks)?;
                    replace(&config.keys.webhooks, KeyPurpose::Webhooks)?
                }
            };
            terminal.data(&fresh.kid)?;
            terminal.say("written; SIGHUP makes the gateway take it up (systemctl reload)");
            Ok(())
        }
        Arguments::Retire { config } => {
            let path = files::before(&Config::load(config)?.keys.webhooks);
            std::fs::remove_file(&path).with_context(|| {
                format!("{}: there is no key for webhooks that is being replaced", path.display())
            })?;
            terminal.say("removed; SIGHUP makes the gateway sign with the new key alone");
            Ok(())
        }
    }
}

/// Keeps the key for webhooks beside the one to come, so that both sign.
fn keep(path: &Path) -> anyhow::Result<()> {
    let before = files::before(path);
    if before.exists() {
        return Err(Exit::Failed.because(format!(
            "{} is there: the last replacement has not ended; portcullis key retire",
            before.display()
        )));
    }
    // Read as `serve` would, so that nothing else is kept as a key.
    files::named(path, KeyPurpose::Webhooks)?;
    write(&before, &files::read_secret(path)?)
}

/// Writes a new key over the old one: whole or not at all.
fn replace(path: &Path, purpose: KeyPurpose) -> anyhow::Result<NamedKey> {
    files::named(path, purpose)?;
    let pem = encode_string("PRIVATE KEY", LineEnding::LF, &ed25519::generate()?);
    let pem = Zeroizing::new(pem.map_err(|_| anyhow::anyhow!("a private key has no PEM"))?);
    let fresh = NamedKey::from_pem(pem.as_bytes(), purpose)?;
    write(path, pem.as_bytes())?;
    Ok(fresh)
}

fn write(path: &Path, pem: &[u8]) -> anyhow::Result<()> {
    pki::write_private(path, pem).with_context(|| {
        format!(
            "{} cannot be written; a credential of systemd is replaced where systemd takes it from",
            path.display()
        )
    })
}

async fn show(config: &Config, terminal: &mut Terminal) -> anyhow::Result<()> {
    let keys = serve::existing_store(config)?.published_keys().await?;
    if terminal.json() {
        terminal.value(&json!({ "keys": keys }))?;
        return Ok(());
    }
    let mut table = Table::new(["purpose", "kid", "retired"]);
    for key in keys {
        let retired = key.retired_at.map_or_else(|| "in force".to_owned(), |at| at.to_string());
        table.row([key.purpose.as_str().to_owned(), key.kid, retired]);
    }
    terminal.data(&table.rendered())?;
    Ok(())
}
