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
    config::{Config, Keys},
    crypto::{
        ed25519,
        key_file::{KeyFiles, read_secret},
        keyring::{KeyPurpose, NamedKey, PublishedKey},
        random::Random,
    },
    ledger::{Checkpoint, VerifierKey},
    store::Store as _,
};

/// `portcullis key`
#[derive(clap::Subcommand)]
#[command(after_help = OTHERS)]
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
    /// End the time in which the old key signs beside the new one. Then send SIGHUP
    Retire {
        /// Which
        #[arg(value_enum)]
        purpose: Overlapping,
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
    /// Operators: revoke a key of an agency that cannot, as its TLS key is in other hands
    RevokeFor(approve::Revoked),
}

/// The keys that a command replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Rotated {
    /// The key that signs transfer statements
    Statements,
    /// The key that signs pushes; both sign until `key retire webhooks`
    Webhooks,
    /// The key that signs the ledger's checkpoints; both sign until `key retire checkpoints`
    Checkpoints,
}

/// The keys that sign beside their successors for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Overlapping {
    /// The key that signs pushes
    Webhooks,
    /// The key that signs the ledger's checkpoints
    Checkpoints,
}

const OTHERS: &str = "\
Checkpoints: outsiders know the ledger by this key (its vkey). While both sign, give them the new vkey, which
`key show` prints; who misses that follows from the last checkpoint that both signed, in /v1/keys.
TLS and S/MIME: put the new certificate and key in place and send SIGHUP.
With `keys.passphrase` set, new keys are written encrypted.";

impl Rotated {
    fn of(self, keys: &Keys) -> (&Path, KeyPurpose) {
        match self {
            Self::Statements => (&keys.statements, KeyPurpose::Statements),
            Self::Webhooks => (&keys.webhooks, KeyPurpose::Webhooks),
            Self::Checkpoints => (&keys.checkpoints, KeyPurpose::Checkpoints),
        }
    }
}

impl From<Overlapping> for Rotated {
    fn from(purpose: Overlapping) -> Self {
        match purpose {
            Overlapping::Webhooks => Self::Webhooks,
            Overlapping::Checkpoints => Self::Checkpoints,
        }
    }
}

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
        Arguments::RevokeFor(revoked) => approve::revoke_for(revoked, clock, random, terminal).await,
        Arguments::Show { config } => show(&Config::load(config)?, terminal).await,
        Arguments::Rotate { purpose, config } => {
            let fresh = rotate(*purpose, &Config::load(config)?)?;
            terminal.data(&fresh.kid)?;
            terminal.say("written; SIGHUP makes the gateway take it up (systemctl reload)");
            Ok(())
        }
        Arguments::Retire { purpose, config } => {
            let config = Config::load(config)?;
            if *purpose == Overlapping::Checkpoints {
                handed_over(&config).await?;
            }
            let (path, purpose) = Rotated::from(*purpose).of(&config.keys);
            let path = files::before(path);
            std::fs::remove_file(&path).with_context(|| {
                format!("{}: there is no key for {} that is being replaced", path.display(), purpose.as_str())
            })?;
            terminal.say("removed; SIGHUP makes the gateway sign with the new key alone");
            Ok(())
        }
    }
}

/// Checks that the new key has signed the log's last checkpoint. Without the old one the log could not go on
/// otherwise: outsiders know it by that.
///
/// # Errors
/// It has not.
async fn handed_over(config: &Config) -> anyhow::Result<()> {
    let Some(last) = serve::existing_store(config)?.checkpoint().await? else { return Ok(()) };
    let key = files::named(&files::key_files(config)?, &config.keys.checkpoints, KeyPurpose::Checkpoints)?;
    let verifier = VerifierKey::of(config.gateway.name.parse()?, &key.key);
    Checkpoint::open(&last.note, &verifier).map(drop).map_err(|_| {
        Exit::Failed.because(
            "the new key has not signed the log's last checkpoint yet, and without the old one the log could not \
             go on: send SIGHUP to the gateway (systemctl reload), wait a minute, and try again",
        )
    })
}

/// Writes a new key over the old one, which is kept beside it where both are to sign.
fn rotate(purpose: Rotated, config: &Config) -> anyhow::Result<NamedKey> {
    let (path, purpose_of_key) = purpose.of(&config.keys);
    let files = files::key_files(config)?;
    // Read as `serve` would, so that nothing else is replaced or kept as a key.
    files::named(&files, path, purpose_of_key)?;
    if purpose != Rotated::Statements {
        keep(path, purpose_of_key)?;
    }
    replace(&files, path, purpose_of_key)
}

/// Keeps the key beside the one to come, as it is written.
fn keep(path: &Path, purpose: KeyPurpose) -> anyhow::Result<()> {
    let before = files::before(path);
    if before.exists() {
        return Err(Exit::Failed.because(format!(
            "{} is there: the last replacement has not ended; portcullis key retire {}",
            before.display(),
            purpose.as_str()
        )));
    }
    write(&before, &read_secret(path)?)
}

/// Writes a new key over the old one: whole or not at all.
fn replace(files: &KeyFiles, path: &Path, purpose: KeyPurpose) -> anyhow::Result<NamedKey> {
    let pem = encode_string("PRIVATE KEY", LineEnding::LF, &ed25519::generate()?);
    let pem = Zeroizing::new(pem.map_err(|_| anyhow::anyhow!("a private key has no PEM"))?.into_bytes());
    let fresh = NamedKey::from_pem(&pem, purpose)?;
    write(path, &files.sealed(pem, &Random::system())?)?;
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
    let mut table = Table::new(["purpose", "kid", "retired", "vkey"]);
    for key in keys {
        let retired = key.retired_at.map_or_else(|| "in force".to_owned(), |at| at.to_string());
        let vkey = vkey(&key, &config.gateway.name).unwrap_or_default();
        table.row([key.purpose.as_str().to_owned(), key.kid, retired, vkey]);
    }
    terminal.data(&table.rendered())?;
    Ok(())
}

/// What outsiders verify checkpoints with.
fn vkey(key: &PublishedKey, gateway: &str) -> Option<String> {
    let public = key.ed25519().filter(|_| key.purpose == KeyPurpose::Checkpoints)?;
    Some(VerifierKey::new(gateway.parse().ok()?, public).to_string())
}
