//! `portcullis key approve` and `key revoke-for`: the operator vouches for a key that an agency published and
//! proved, when no key of the agency is in force that could; or revokes one when the agency cannot, as its TLS
//! key is in other hands.
//!
//! In: which key (to approve it, its SHA-256 as the agency read it out by another channel), who acts, and why.
//! Out: the step, in the directory of the installation. A gateway that runs notices within seconds.

use std::path::{Path, PathBuf};

use crate::{
    cli::{
        Exit, serve,
        terminal::{Terminal, labelled},
    },
    clock::Clock,
    config::{Areas, Config},
    crypto::random::Random,
    journey::agency_keys::{self, Desk, DeskFault, Person},
    message::{AgencyId, AgencyKey},
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

/// What is revoked.
#[derive(clap::Args)]
pub struct Revoked {
    /// The key's name
    kid: String,
    /// Whose it is
    #[arg(long)]
    agency: AgencyId,
    /// Who revokes it
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
    let sha256 = approved.sha256.to_ascii_lowercase();
    let (agency, kid) = (&approved.agency, &approved.kid);
    let step = async |desk: &Desk<'_>, person: &Person<'_>| {
        agency_keys::approve(desk, agency, kid, &sha256, person).await
    };
    let key = at_the_desk(&approved.config, (&approved.by, &approved.why), (clock, random), step).await?;
    told(agency, &key, terminal)
}

pub(super) async fn revoke_for(
    revoked: &Revoked,
    clock: &Clock,
    random: &Random,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let (agency, kid) = (&revoked.agency, &revoked.kid);
    let step =
        async |desk: &Desk<'_>, person: &Person<'_>| agency_keys::revoke_for(desk, agency, kid, person).await;
    let key = at_the_desk(&revoked.config, (&revoked.by, &revoked.why), (clock, random), step).await?;
    told(agency, &key, terminal)
}

/// Opens the installation and takes a step in somebody's name.
async fn at_the_desk(
    config: &Path,
    (by, why): (&str, &str),
    (clock, random): (&Clock, &Random),
    step: impl AsyncFnOnce(&Desk<'_>, &Person<'_>) -> Result<AgencyKey, DeskFault>,
) -> anyhow::Result<AgencyKey> {
    if by.trim().is_empty() || why.trim().is_empty() {
        return Err(Exit::Usage.because("say who does this, and why: --by NAME --why TEXT"));
    }
    let config = Config::load(config)?;
    let (store, areas) = (serve::existing_store(&config)?, Areas::load(&config.directory.areas)?);
    let (name, delay) = (config.gateway.name.as_str(), config.keys.delay);
    let desk = Desk { store: &store, clock, random, areas: &areas, name, delay };
    step(&desk, &Person { by, why }).await.map_err(|fault| match fault {
        DeskFault::Failed(fault) => fault.into(),
        refused => Exit::Refused.because(refused.to_string()),
    })
}

fn told(agency: &AgencyId, key: &AgencyKey, terminal: &mut Terminal) -> anyhow::Result<()> {
    if terminal.json() {
        terminal.value(&serde_json::json!({
            "agency_id": agency, "kid": key.key.kid, "sha256": key.sha256,
            "valid_from": key.key.valid_from, "valid_until": key.key.valid_until, "revoked_at": key.revoked_at,
        }))?;
        return Ok(());
    }
    let moment = |at: Option<jiff::Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    terminal.data(&labelled(&[
        ("kid", key.key.kid.clone()),
        ("sha256", key.sha256.clone()),
        ("valid_from", moment(key.key.valid_from)),
        ("valid_until", moment(key.key.valid_until)),
        ("revoked_at", moment(key.revoked_at)),
    ]))?;
    Ok(())
}
