//! `portcullis explain`: who may receive a message, by which channel, rule and law, asked of the gateway
//! without sending (`POST /v1/messages/check`). Every recipient stands in one table, whether the message
//! would be accepted or not; below it the policies and, for those who may know, the facts that were looked
//! at and what would make it allowed.

use std::{fmt::Write as _, path::PathBuf};

use super::{
    client::{Client, Explained, Identity, Profile, left_out},
    send,
    terminal::{Table, Terminal},
};

/// `portcullis explain`
#[derive(clap::Args)]
pub struct Arguments {
    /// The message, JSON; `-` for standard input
    file: PathBuf,
    #[command(flatten)]
    identity: Identity,
}

pub(super) async fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    let client = Client::new(&Profile::load(&arguments.identity)?)?;
    let answer = match client.check(send::read(&arguments.file)?).await {
        Ok(answer) => answer,
        Err(fault) => {
            // As JSON the problem document itself tells all of it.
            if let Some(problem) = fault.problem().filter(|_| !terminal.json()) {
                let told = &problem.document;
                terminal.data(&rendered(told.sender.as_ref(), &told.recipients))?;
            }
            return Err(fault.into());
        }
    };
    if terminal.json() {
        terminal.raw(&answer.bytes)?;
    } else {
        terminal.data(&rendered(answer.value.sender.as_ref(), &answer.value.recipients))?;
    }
    for warning in &answer.value.warnings {
        terminal.say(&send::warned(warning));
    }
    terminal.say("it would be accepted; nothing was sent");
    Ok(())
}

/// The table and the reasons below it; nothing where the message never came to be decided.
fn rendered(sender: Option<&Explained>, recipients: &[Explained]) -> String {
    let Some(sender) = sender else { return String::new() };
    let mut table = Table::new(["agency", "part", "answer", "channel", "rules", "law"]);
    let parties = || std::iter::once(("sender", sender)).chain(recipients.iter().map(|to| ("recipient", to)));
    for (part, told) in parties() {
        let (rules, law) = (told.policies.join(", "), told.legal_basis.join("; "));
        let channel = told.channel.clone().unwrap_or_default();
        table.row([name(told), part.to_owned(), told.verdict.clone(), channel, rules, law]);
    }
    let mut text = table.rendered();
    for (part, told) in parties() {
        let _ = write!(text, "\n{}, {part}: {}\n{}", name(told), told.verdict, reasons(told));
    }
    text
}

fn name(told: &Explained) -> String {
    // Who is not in the directory is told by its place.
    told.agency_id.as_ref().map_or_else(|| told.pointer.clone(), ToString::to_string)
}

fn reasons(told: &Explained) -> String {
    let mut text = String::new();
    for policy in &told.grounds {
        let _ = writeln!(text, "  {}: {}", policy.id, policy.text.as_deref().unwrap_or_default());
    }
    if told.grounds.is_empty() {
        let why = if told.agency_id.is_some() { "no rule permits it" } else { "no agency of the directory" };
        let _ = writeln!(text, "  {why}");
    }
    for fact in &told.facts {
        let _ = writeln!(text, "  recorded: {}", fact.text);
    }
    if !told.withheld.is_empty() {
        let _ = writeln!(text, "  left out of its copy: {}", left_out(&told.withheld));
    }
    for policy in &told.would_allow {
        let (lacks, law) = (policy.lacks.as_deref().unwrap_or_default(), &policy.legal_basis);
        let _ = writeln!(text, "  {} would allow it, but: {lacks} ({law})", policy.id);
    }
    text
}
