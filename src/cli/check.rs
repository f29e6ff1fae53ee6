//! `portcullis check`: tries configuration, policies, schemas and keys without starting anything, and
//! `portcullis check message FILE`: what schema and rules find in a message.

pub mod message;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::{Exit, terminal::Terminal};
use crate::{
    clock::Clock,
    config::{Areas, Config, load_agencies},
    directory,
    journey::validate,
    message::MessageType,
    schema::{Schemas, rules},
};

/// `portcullis check`
#[derive(clap::Args)]
pub struct Arguments {
    /// The settings
    #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Hold a message against its schema and the rules; nothing is sent
    Message {
        /// The message, JSON
        file: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments, clock: &Clock, terminal: &mut Terminal) -> anyhow::Result<()> {
    match &arguments.what {
        None => {
            let checked = installation(&arguments.config, clock)?;
            for warning in &checked.warnings {
                terminal.say(&format!("warning: {warning}"));
            }
            if terminal.json() {
                terminal.value(&json!({ "sound": checked.sound, "warnings": checked.warnings }))?;
            } else {
                terminal.data(&checked.sound.join("\n"))?;
            }
            Ok(())
        }
        Some(What::Message { file }) => {
            let today = validate::day_in_the_united_kingdom(clock.now());
            message::run(file, &arguments.config, today, terminal)
        }
    }
}

/// What `check` found out about an installation.
pub struct Checked {
    /// One line for each part that is in order.
    pub sound: Vec<String>,
    /// What works and yet will disappoint someone.
    pub warnings: Vec<String>,
}

/// Reads everything that `serve` would read; the first thing that is broken is the error.
pub fn installation(path: &Path, clock: &Clock) -> anyhow::Result<Checked> {
    let config = Config::load(path)?;
    let schemas = Schemas::embedded()?;
    let policies = super::policy::load(&config.directory.policies)?;
    let areas = Areas::load(&config.directory.areas)?;
    severities_are_known(&areas)?;
    let agencies = load_agencies(&config.directory.agencies)?;
    for agency in &agencies {
        directory::mail_certificate_fits(agency, clock.now())
            .with_context(|| format!("the S/MIME certificate of {}", agency.agency_id))?;
    }
    super::serve::keys_are_usable(&config)?;
    let types = MessageType::ALL.iter().filter(|t| schemas.versions(**t).next().is_some()).count();
    let keyless = agencies
        .iter()
        .filter(|agency| agency.sealing_key(clock.now()).is_none() && agency.mail.is_none())
        .count();
    let mut warnings = Vec::new();
    let silent = areas.without_audit_key().count();
    if silent > 0 {
        warnings.push(format!("{silent} of 42 areas have no audit_key: messages for them are refused"));
    }
    if keyless > 0 {
        warnings.push(format!(
            "{keyless} agencies have neither encryption key nor mail: nothing can be sent to them"
        ));
    }
    if config.scanner.address.is_none() {
        warnings.push("`scanner.address` is not set: attachments are not scanned for malware".to_owned());
    }
    let sound = vec![
        format!("configuration  {}", path.display()),
        format!("policies       set {}", &policies.sha256_hex()[..16]),
        format!("schemas        {types} message types"),
        format!("areas          {}", areas.iter().count()),
        format!("agencies       {} in the sample directory", agencies.len()),
        "keys           statements, webhooks, checkpoints, S/MIME, TLS".to_owned(),
    ];
    Ok(Checked { sound, warnings })
}

/// Every code whose severity an area raises is some rule's.
///
/// # Errors
/// Names the area and the code.
pub fn severities_are_known(areas: &Areas) -> anyhow::Result<()> {
    for area in areas.iter() {
        if let Some(code) = rules::unknown_codes(&area.severities).first() {
            return Err(Exit::Config.because(format!(
                "areas.toml, area {}: `severities` names `{code}`, which is no code of a rule; \
                 `portcullis schema docs` lists them",
                area.area
            )));
        }
    }
    Ok(())
}
