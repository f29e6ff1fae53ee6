//! `portcullis check`: tries configuration, policies, schemas and keys without starting anything, and
//! `portcullis check message FILE`: what the schema finds in a message.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Exit, terminal::Terminal};
use crate::{
    config::{Areas, Config, load_agencies},
    message::MessageType,
    policy::Policies,
    schema::{Fault, Schemas, strict},
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
    /// Hold a message against its schema; nothing is sent
    Message {
        /// The message, JSON
        file: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    match &arguments.what {
        None => {
            let checked = installation(&arguments.config)?;
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
            let faults = message(file)?;
            if terminal.json() {
                terminal.value(&json!({ "errors": faults }))?;
            } else {
                for fault in &faults {
                    terminal.data(&format!("{}  {} → {}", fault.pointer, fault.message, fault.fix))?;
                }
            }
            match faults.len() {
                0 => terminal.say("the message meets its schema"),
                count => return Err(Exit::Refused.because(format!("the message has {count} faults"))),
            }
            Ok(())
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
pub fn installation(path: &Path) -> anyhow::Result<Checked> {
    let config = Config::load(path)?;
    let schemas = Schemas::embedded()?;
    let policies = Policies::load(&config.directory.policies)?;
    let areas = Areas::load(&config.directory.areas)?;
    let agencies = load_agencies(&config.directory.agencies)?;
    super::serve::keys_are_usable(&config)?;
    let types = MessageType::ALL.iter().filter(|t| schemas.versions(**t).next().is_some()).count();
    let keyless =
        agencies.iter().filter(|agency| agency.sealing_key().is_none() && agency.mail.is_none()).count();
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

/// What is wrong with the message in a file. Nothing is sent.
pub fn message(path: &Path) -> anyhow::Result<Vec<Fault>> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let schemas = Schemas::embedded()?;
    let json = match strict::parse(&bytes, crate::config::Limits::default().message_depth) {
        Ok(json) => json,
        Err(fault) => return Ok(vec![Fault::new("", "not_json", fault.to_string(), "mend the JSON")]),
    };
    let text = |member: &str| json.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let Ok(message_type) = text("type").parse::<MessageType>() else {
        return Ok(vec![Fault::new(
            "/type",
            "unknown_type",
            "not a known message type",
            "give the message type",
        )]);
    };
    let version = text("schema_version");
    Ok(schemas.faults(message_type, &version, &json).unwrap_or_else(|| {
        let known: Vec<&str> = schemas.versions(message_type).collect();
        let fix = format!("use one of: {}", known.join(", "));
        vec![Fault::new("/schema_version", "unknown_version", "not a version of this type", fix)]
    }))
}
