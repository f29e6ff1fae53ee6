//! `portcullis key approve`: the operator vouches for a key that an agency published and proved, when no key
//! of the agency is in force that could.
//!
//! In: the key's SHA-256 as the agency read it out by another channel, who compared it, and why. Out: the
//! announcement, in the directory of the installation. A gateway that runs notices within seconds.

use std::path::PathBuf;

use crate::{
    cli::{
        Exit, serve,
        terminal::{Terminal, labelled},
    },
    clock::Clock,
    config::{Areas, Config},
    crypto::random::Random,
    journey::agency_keys::{self, Approval, ApprovalFault, Desk},
    message::AgencyId,
};

/// What is approved.
#[derive(clap::Args)]
pub struct Approved {
    /// The key's name
    kid: String,
    /// Whose it is
    #[arg(long)]
    agency: AgencyId,
    /// The key's SHA-256, as the agency read it out to you on a number that you knew before
    #[arg(long, value_name = "HEX")]
    sha256: String,
    /// Who compared it
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why, and how the agency was reached; both go into the ledger alone, sealed for the area's auditors
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// The settings of the installation
    #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
    config: PathBuf,
}

pub(super) async fn approve(
    approved: &Approved,
    clock: &Clock,
    random: &Random,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    if approved.by.trim().is_empty() || approved.why.trim().is_empty() {
        return Err(Exit::Usage.because("say who compared the key, and why: --by NAME --why TEXT"));
    }
    let config = Config::load(&approved.config)?;
    let (store, areas) = (serve::existing_store(&config)?, Areas::load(&config.directory.areas)?);
    let (name, delay) = (config.gateway.name.as_str(), config.keys.delay);
    let desk = Desk { store: &store, clock, random, areas: &areas, name, delay };
    let approval = Approval { by: &approved.by, why: &approved.why };
    let sha256 = approved.sha256.to_ascii_lowercase();
    let outcome = agency_keys::approve(&desk, &approved.agency, &approved.kid, &sha256, &approval).await;
    let key = outcome.map_err(|fault| match fault {
        ApprovalFault::Failed(fault) => fault.into(),
        refused => Exit::Refused.because(refused.to_string()),
    })?;
    if terminal.json() {
        terminal.value(&serde_json::json!({
            "agency_id": approved.agency, "kid": key.key.kid, "sha256": key.sha256,
            "valid_from": key.key.valid_from, "valid_until": key.key.valid_until,
        }))?;
        return Ok(());
    }
    let moment = |at: Option<jiff::Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    terminal.data(&labelled(&[
        ("kid", key.key.kid),
        ("sha256", key.sha256),
        ("valid_from", moment(key.key.valid_from)),
        ("valid_until", moment(key.key.valid_until)),
    ]))?;
    Ok(())
}
