//! `portcullis explain`: who may receive a message, by which channel, rule and law, asked of the gateway
//! without sending (`POST /v1/messages/check`). A refusal tells what forbids it, and to those who may
//! know what is missing.

use std::path::PathBuf;

use super::{
    client::{Client, Identity, Profile, Verdict, left_out},
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
    let answer = client.check(send::read(&arguments.file)?).await?;
    if terminal.json() {
        terminal.raw(&answer.bytes)?;
    } else {
        terminal.data(&rendered(&answer.value))?;
    }
    for warning in &answer.value.warnings {
        terminal.say(&send::warned(warning));
    }
    terminal.say("it would be accepted; nothing was sent");
    Ok(())
}

fn rendered(verdict: &Verdict) -> String {
    let mut table = Table::new(["recipient", "channel", "rules", "law", "left out of its copy"]);
    for to in &verdict.recipients {
        let (rules, law) = (to.policies.join(", "), to.legal_basis.join("; "));
        table.row([to.agency_id.to_string(), to.channel.clone(), rules, law, left_out(&to.withheld)]);
    }
    table.rendered()
}
