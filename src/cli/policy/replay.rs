//! `portcullis policy replay`: what a draft of the rules would have changed, before anybody publishes it.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};

use super::super::{
    Exit, serve,
    terminal::{Table, Terminal, labelled},
};
use crate::{
    config::Config,
    journey::{
        replay::{Change, Question, Rules, Summary, Told, What, replay},
        validate::day_begins,
    },
    ledger::asked::Said,
    message::MessageType,
    policy::Policies,
    store::{Span, Store},
};

/// `portcullis policy replay`
#[derive(clap::Args)]
#[command(after_help = EXIT_CODES)]
pub struct Arguments {
    /// The folder of the draft: *.cedar and schema.cedarschema, as in config/policies
    #[arg(long, value_name = "DIR")]
    pub draft: PathBuf,
    /// The settings of the installation whose ledger is read. It may be running
    #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
    pub config: PathBuf,
    /// The first day, such as 2026-11-01; by the clocks of the United Kingdom
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// The last day
    #[arg(long, value_name = "DATE")]
    pub to: Option<Date>,
    /// How many messages to name for each kind of change; --json names all
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub examples: usize,
}

const EXIT_CODES: &str = "Exit codes: 0 the draft changes no answer, 1 it changes some, 3 it does not load \
                          (file and policy are named), 5 a past decision cannot be reproduced, so that the \
                          comparison is not to be relied on";

pub(super) async fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    let draft = Policies::load(&arguments.draft)
        .with_context(|| format!("the draft in {}", arguments.draft.display()))?;
    let config = Config::load(&arguments.config)?;
    let in_force = in_force(&config.directory.policies, terminal);
    let rules = Rules { draft: &draft, in_force: in_force.as_ref() };
    let store = serve::existing_store(&config)?;
    let summary = report(&store, &rules, span(arguments)?, arguments.examples, terminal).await?;
    if summary.not_reproducible > 0 {
        let text = format!("{} past decisions cannot be reproduced", summary.not_reproducible);
        return Err(Exit::Verification.because(text));
    }
    match summary.changes() {
        0 => Ok(()),
        changes => Err(Exit::Failed.because(format!("the draft changes {changes} answers"))),
    }
}

/// The rules in force prove the replay. Without them it still compares, and says that it is unproved.
fn in_force(dir: &Path, terminal: &mut Terminal) -> Option<Policies> {
    Policies::load(dir)
        .inspect_err(|fault| {
            terminal
                .say(&format!("the rules in force do not load, so that nothing proves the replay: {fault}"));
        })
        .ok()
}

fn span(arguments: &Arguments) -> anyhow::Result<Span> {
    let from = arguments.from.map_or(Some(Timestamp::MIN), day_begins).context("--from: no such day")?;
    let after = |day: Date| day.tomorrow().ok().and_then(day_begins);
    let until = arguments.to.map_or(Some(Timestamp::MAX), after).context("--to: no such day")?;
    Ok(Span { from, until })
}

/// Replays, and prints what changes: with `--json` each change as it is found, and the counts last.
async fn report(
    store: &dyn Store,
    rules: &Rules<'_>,
    span: Span,
    examples: usize,
    terminal: &mut Terminal,
) -> anyhow::Result<Summary> {
    let mut written: io::Result<()> = Ok(());
    let mut groups = Groups { examples, ..Groups::default() };
    let summary = replay(store, rules, span, &mut |told| {
        if !terminal.json() {
            groups.add(told);
        } else if written.is_ok() {
            written = terminal.value(&line(told));
        }
    })
    .await?;
    written?;
    if terminal.json() {
        terminal.value(&json!({ "summary": summary }))?;
    } else {
        terminal.data(&format!("{}\n{}", counts(&summary), groups.rendered()))?;
    }
    Ok(summary)
}

fn line(told: Told) -> Value {
    match told {
        Told::Change(change) => json!({ "change": change }),
        Told::NotReproducible { event_id, message_id, why } => {
            json!({ "not_reproducible": { "event_id": event_id, "message_id": message_id, "why": why } })
        }
    }
}

fn counts(summary: &Summary) -> String {
    let Summary { erased, undecided, uncounted, .. } = summary;
    labelled(&[
        (
            "decisions",
            format!(
                "{} asked again, {} of them by other rules than those in force",
                summary.decisions, summary.unproved
            ),
        ),
        ("unchanged", summary.unchanged.to_string()),
        ("newly refused", summary.newly_refused.to_string()),
        ("newly allowed", summary.newly_allowed.to_string()),
        ("other rule", summary.rule_changed.to_string()),
        ("not reproducible", summary.not_reproducible.to_string()),
        (
            "skipped",
            format!(
                "{erased} erased, {undecided} refused before the rules were asked, {uncounted} only counted"
            ),
        ),
    ])
}

/// What is the same about many changes.
type Kind = (What, Question, MessageType, String, Said, Said);

/// The changes by kind: as many as there are kinds of message and agency, however long the ledger is.
#[derive(Default)]
struct Groups {
    examples: usize,
    changes: BTreeMap<Kind, (u64, Vec<String>)>,
    /// By reason.
    not_reproducible: BTreeMap<String, (u64, Vec<String>)>,
}

impl Groups {
    fn add(&mut self, told: Told) {
        let (entry, message, event) = match told {
            Told::Change(change) => {
                let (message, event) = (change.message_id, change.event_id);
                (self.changes.entry(kind(change)).or_default(), message, event)
            }
            Told::NotReproducible { event_id, message_id, why } => {
                let why = json!(why).as_str().unwrap_or_default().to_owned();
                (self.not_reproducible.entry(why).or_default(), message_id, event_id)
            }
        };
        let (count, named) = entry;
        *count += 1;
        let name = message.map_or_else(|| format!("event {event}"), |message| message.to_string());
        // A message to many recipients of one type is one example.
        if named.len() < self.examples && named.last() != Some(&name) {
            named.push(name);
        }
    }

    fn rendered(&self) -> String {
        let mut text = String::new();
        if !self.changes.is_empty() {
            let mut table =
                Table::new(["change", "type", "from → to", "old rule → new rule", "count", "messages"]);
            for ((what, question, message_type, between, old, new), (count, named)) in &self.changes {
                table.row([
                    changed(*what, *question).to_owned(),
                    message_type.to_string(),
                    between.clone(),
                    format!("{} → {}", rule(old), rule(new)),
                    count.to_string(),
                    named.join(" "),
                ]);
            }
            text.push_str(&table.rendered());
        }
        if !self.not_reproducible.is_empty() {
            let mut table = Table::new(["not reproducible", "count", "messages"]);
            for (why, (count, named)) in &self.not_reproducible {
                table.row([why.clone(), count.to_string(), named.join(" ")]);
            }
            text.push_str(&table.rendered());
        }
        text
    }
}

fn kind(change: Change) -> Kind {
    let to = change.recipient_type.map_or("nobody named", |to| to.as_str());
    let between = format!("{} → {to}", change.sender_type);
    (change.what, change.question, change.message_type, between, change.old, change.new)
}

fn changed(what: What, question: Question) -> &'static str {
    match (question, what) {
        (Question::Transfer, What::NewlyRefused) => "newly refused",
        (Question::Transfer, What::NewlyAllowed) => "newly allowed",
        (Question::Transfer, What::RuleChanged) => "other rule",
        (Question::VictimData, What::NewlyRefused) => "victim data newly withheld",
        (Question::VictimData, What::NewlyAllowed) => "victim data newly given",
        (Question::VictimData, What::RuleChanged) => "victim data by other rule",
    }
}

/// The policies that decide; where none applies, nothing permits it.
fn rule(said: &Said) -> String {
    match (said.allowed, said.by.is_empty()) {
        (true, _) => said.by.join(" "),
        (false, true) => "refused (no permit)".into(),
        (false, false) => format!("refused ({})", said.by.join(" ")),
    }
}
