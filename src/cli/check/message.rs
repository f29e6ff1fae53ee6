//! `portcullis check message FILE`: what schema and rules find in a message, in the same words as the
//! gateway's answer. Nothing is sent.

use std::{fs, path::Path};

use anyhow::Context as _;
use jiff::civil::Date;
use serde_json::json;

use crate::{
    cli::{
        Exit,
        terminal::{Table, Terminal},
    },
    config::{Areas, Config, Limits, load_agencies},
    directory::Directory,
    journey::{accept, validate},
    schema::{
        Fault, Head, Schemas, Verdict,
        rules::{Raised, Subject},
        strict,
    },
};

/// What a message is held against, besides its schema.
#[derive(Default)]
pub struct Surroundings {
    areas: Option<Areas>,
    directory: Directory,
    limits: Limits,
}

impl Surroundings {
    /// Areas and agencies of an installation; without one the defaults, and no agencies.
    pub fn of(config: &Path) -> anyhow::Result<Self> {
        if !config.exists() {
            return Ok(Self::default());
        }
        let config = Config::load(config)?;
        let agencies = load_agencies(&config.directory.agencies)?;
        Ok(Self {
            areas: Some(Areas::load(&config.directory.areas)?),
            directory: Directory::new(0, agencies),
            limits: config.limits,
        })
    }
}

pub(super) fn run(file: &Path, config: &Path, today: Date, terminal: &mut Terminal) -> anyhow::Result<()> {
    let surroundings = Surroundings::of(config)?;
    if surroundings.areas.is_none() {
        terminal.say(&format!(
            "{} is not there: held against the default thresholds, and without a directory of agencies",
            config.display()
        ));
    }
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let verdict = judge(&bytes, &surroundings, today)?;
    if terminal.json() {
        terminal.value(&json!({ "errors": verdict.faults, "warnings": verdict.warnings }))?;
    } else {
        for (heading, list) in [("refused for", &verdict.faults), ("warned about", &verdict.warnings)] {
            if !list.is_empty() {
                terminal.data(&format!("{heading}\n{}", rendered(list)))?;
            }
        }
    }
    match verdict.faults.len() {
        0 => terminal.say("the message meets its schema and the rules"),
        1 => return Err(Exit::Refused.because("the message has 1 fault".to_owned())),
        count => return Err(Exit::Refused.because(format!("the message has {count} faults"))),
    }
    Ok(())
}

/// What is wrong with the bytes of a message, whatever they are.
pub fn judge(bytes: &[u8], surroundings: &Surroundings, today: Date) -> anyhow::Result<Verdict> {
    let schemas = Schemas::embedded()?;
    let refused = |faults| Verdict { faults, warnings: Vec::new() };
    let limits = &surroundings.limits;
    if bytes.len() > limits.message_bytes {
        return Ok(refused(vec![accept::too_long(limits.message_bytes)]));
    }
    let json = match strict::parse(bytes, limits.message_depth) {
        Ok(json) => json,
        Err(fault) => return Ok(refused(vec![fault.into()])),
    };
    let head = Head::read(&json);
    let (Some(message_type), Some(version), []) = (head.message_type, head.version, head.faults.as_slice())
    else {
        return Ok(refused(head.faults));
    };
    let none = Raised::new();
    let profile = head.area.and_then(|area| surroundings.areas.as_ref()?.get(area));
    let thresholds = profile.map(|profile| profile.thresholds).unwrap_or_default();
    let subject = Subject {
        message_type,
        message: &json,
        thresholds: &thresholds,
        today,
        agencies: &surroundings.directory,
    };
    let raised = profile.map_or(&none, |profile| &profile.severities);
    // After its last day a version is as unknown as one that never was.
    let live = schemas.live(message_type, today);
    let judged = live.contains(&version).then(|| schemas.judge(&subject, version, raised)).flatten();
    let Some(mut verdict) = judged else { return Ok(refused(vec![Fault::unknown_version(&live)])) };
    let many = validate::too_many_recipients(&json, limits.recipients, &verdict.faults);
    verdict.faults.extend(many);
    Ok(verdict)
}

fn rendered(faults: &[Fault]) -> String {
    let mut table = Table::new(["rule", "where", "what", "fix"]);
    for fault in faults {
        let rule = fault.rule.as_deref().unwrap_or("-").to_owned();
        table.row([rule, fault.pointer.clone(), fault.message.clone(), fault.fix.clone()]);
    }
    table.rendered()
}
