//! `portcullis send`: posts a message and checks the receipt.

use std::{fmt::Write as _, io::Read as _, path::PathBuf};

use anyhow::Context as _;
use bytes::Bytes;

use super::{
    client::{Client, Identity, Profile, Receipt, ReceiptRecipient, Upload, left_out},
    terminal::{Table, Terminal, labelled},
};
use crate::{
    crypto::{hex, keyring::PublishedKeys, sha256},
    journey::statement::{self, Statement, StatementFault},
    message::AgencyId,
    schema::Fault,
};

/// `portcullis send`
#[derive(clap::Args)]
pub struct Arguments {
    /// The message, JSON; `-` for standard input
    file: PathBuf,
    /// An attachment, in the order in which the message lists them; may be repeated
    #[arg(long = "attach", value_name = "FILE")]
    attachments: Vec<PathBuf>,
    #[command(flatten)]
    identity: Identity,
}

pub(super) async fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    let profile = Profile::load(&arguments.identity)?;
    let client = Client::new(&profile)?;
    let message = read(&arguments.file)?;
    let attachments = arguments.attachments.iter().cloned().map(Upload::File).collect();
    let answer = client.submit(message.clone(), attachments).await?;
    if terminal.json() {
        terminal.raw(&answer.bytes)?;
    } else {
        terminal.data(&rendered(&answer.value))?;
    }
    for warning in &answer.value.warnings {
        terminal.say(&warned(warning));
    }
    terminal.say(if answer.replayed() {
        "accepted before: this is the receipt that was given then"
    } else {
        "accepted: sealed for each recipient and on disk"
    });
    let keys = match profile.jwks {
        Some(keys) => keys,
        None => client.keys().await.context("the gateway's keys, to check the receipt with")?.value,
    };
    check_receipt(&answer.value, &message, client.agency_id(), &keys)
        .context("accepted, but the receipt does not hold")?;
    terminal.say("the receipt is signed by the gateway and is about this very message");
    Ok(())
}

/// The bytes of a message, from a file or from standard input.
pub(super) fn read(file: &PathBuf) -> anyhow::Result<Bytes> {
    if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("standard input")?;
        return Ok(bytes.into());
    }
    Ok(std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?.into())
}

/// Why a receipt is none for what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    /// The statement in it.
    #[error(transparent)]
    Statement(#[from] StatementFault),
    /// It is about another message, other bytes or another sender.
    #[error("its statement is not about the message that was sent")]
    OtherMessage,
}

/// The statement in a receipt, if the gateway signed it and it is about these very bytes of this
/// sender.
///
/// # Errors
/// What does not hold.
pub fn check_receipt(
    receipt: &Receipt,
    message: &[u8],
    sender: &AgencyId,
    keys: &PublishedKeys,
) -> Result<Statement, ReceiptFault> {
    let stated = statement::verify(&receipt.statement, keys)?;
    let about_it = stated.message_id == receipt.message_id
        && stated.accepted_at == receipt.accepted_at
        && stated.sha256 == hex(&sha256(message))
        && &stated.sender.agency_id == sender;
    if about_it { Ok(stated) } else { Err(ReceiptFault::OtherMessage) }
}

/// One line for a warning in the receipt.
pub(super) fn warned(warning: &Fault) -> String {
    let rule = warning.rule.as_deref().unwrap_or("-");
    format!("warning {rule} {}: {}; {}", warning.pointer, warning.message, warning.fix)
}

fn rendered(receipt: &Receipt) -> String {
    let head = labelled(&[
        ("message", receipt.message_id.to_string()),
        ("accepted", receipt.accepted_at.to_string()),
    ]);
    let row =
        |to: &ReceiptRecipient| [to.agency_id.to_string(), to.channel.clone(), to.delivery_id.to_string()];
    let mut table = Table::new(["recipient", "channel", "delivery"]);
    receipt.recipients.iter().for_each(|to| table.row(row(to)));
    let mut text = format!("{head}\n{}", table.rendered());
    for to in receipt.recipients.iter().filter(|to| !to.withheld.is_empty()) {
        let _ = writeln!(text, "left out of the copy for {}: {}", to.agency_id, left_out(&to.withheld));
    }
    text
}

#[cfg(test)]
mod tests;
