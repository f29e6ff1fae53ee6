//! `portcullis ledger verify`: recomputes the whole log from the store and compares it with the signed
//! checkpoint, with those that one key handed over to the next with, and with any earlier ones that an auditor or
//! agency kept.

use std::{fs, path::Path, path::PathBuf};

use anyhow::Context as _;

use super::{
    Exit, serve,
    serve::files,
    terminal::{Terminal, labelled},
};
use crate::{
    config::Config,
    crypto::{
        hex,
        keyring::{KeyPurpose, PublishedKeys},
    },
    ledger::{LogKeys, LogName, Report, Verifier, VerifierKey, handovers},
    store::Store as _,
};

/// How many leaves are read at once.
const ROUND: usize = 2_000;

/// `portcullis ledger`
#[derive(clap::Subcommand)]
pub enum Arguments {
    /// Recompute the whole log and compare it with the signed checkpoint
    Verify {
        /// The settings of the installation
        #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
        config: PathBuf,
        /// The verifier key, where it is not to be taken from the installation itself
        #[arg(long)]
        vkey: Option<String>,
        /// An earlier checkpoint that the log must still contain; may be given more than once
        #[arg(long, value_name = "FILE")]
        since: Vec<PathBuf>,
    },
}

pub(super) async fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    let Arguments::Verify { config, vkey, since } = arguments;
    let report = verify(config, vkey.as_deref(), since).await?;
    if terminal.json() {
        terminal.value(&serde_json::to_value(&report)?)?;
    } else {
        terminal.data(&rendered(&report))?;
    }
    if report.is_sound() { Ok(()) } else { Err(Exit::Verification.because("the ledger is not sound")) }
}

fn rendered(report: &Report) -> String {
    let root = report.root.map_or_else(|| "not known".to_owned(), |root| hex(&root));
    let mut lines = vec![
        ("leaves", report.size.to_string()),
        ("root", root),
        ("events", format!("{} compared with their commitments, {} erased", report.events, report.erased)),
        ("earlier", format!("{} checkpoints compared", report.earlier)),
    ];
    lines.extend(report.faults.iter().map(|fault| ("FAULT", fault.to_string())));
    if report.faults_omitted > 0 {
        lines.push(("FAULT", format!("and {} more", report.faults_omitted)));
    }
    lines.push(("verdict", if report.is_sound() { "sound" } else { "NOT SOUND" }.to_owned()));
    labelled(&lines)
}

/// Verifies the log of an installation. `vkey` overrides the keys that the installation itself names,
/// for auditors who bring their own, also one that has been replaced since; `since` are files with earlier
/// checkpoints.
pub async fn verify(config: &Path, vkey: Option<&str>, since: &[PathBuf]) -> anyhow::Result<Report> {
    let config = Config::load(config)?;
    let name = config.gateway.name.parse()?;
    let trusted = match vkey {
        Some(text) => vec![text.parse().context("--vkey")?],
        None => own_keys(&config, &name)?,
    };
    let store = serve::existing_store(&config)?;
    let published = PublishedKeys { keys: store.published_keys().await? };
    let read = |path: &PathBuf| fs::read_to_string(path).with_context(|| path.display().to_string());
    let mut earlier = since.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    earlier.extend(handovers(&published));
    let checkpoint = store.checkpoint().await?.context("the ledger has no checkpoint yet")?;
    let keys = LogKeys::follow(trusted, &name, &published, &checkpoint.note);
    let mut verifier = Verifier::new(keys, &earlier);
    let mut next = 0;
    while next < checkpoint.size {
        let most = usize::try_from(checkpoint.size - next).unwrap_or(ROUND).min(ROUND);
        let leaves = store.leaves(next, most).await?;
        let Some(last) = leaves.last().and_then(|leaf| leaf.index) else { break };
        for leaf in &leaves {
            let opened = leaf.opened.as_ref().map(|(salt, event)| (salt, event.as_slice()));
            verifier.leaf(leaf.index.unwrap_or(u64::MAX), &leaf.commitment, opened);
        }
        next = last + 1;
    }
    Ok(verifier.finish(&checkpoint.note))
}

/// The keys that the installation's own key files give: two while one is replaced.
fn own_keys(config: &Config, name: &LogName) -> anyhow::Result<Vec<VerifierKey>> {
    let (path, keys) = (&config.keys.checkpoints, files::key_files(config)?);
    let before = files::before(path);
    let paths = [path].into_iter().chain(Some(&before).filter(|path| path.exists()));
    let key = |path: &PathBuf| {
        let key = files::named(&keys, path, KeyPurpose::Checkpoints)?;
        Ok(VerifierKey::of(name.clone(), &key.key))
    };
    paths.map(key).collect()
}
