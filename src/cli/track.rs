//! `portcullis track`: what became of what was sent.

use jiff::Timestamp;

use super::{
    client::{Client, Delivery, Identity, Outbox, Profile, Tracking},
    terminal::{Table, Terminal, labelled},
};
use crate::message::{CaseRef, MessageId};

/// `portcullis track`
#[derive(clap::Args)]
pub struct Arguments {
    /// One message; without it, what was sent, newest first
    message: Option<MessageId>,
    /// The cursor that an earlier list ended with
    #[arg(long, conflicts_with = "message")]
    before: Option<u64>,
    /// Entries at most
    #[arg(long, conflicts_with = "message")]
    limit: Option<usize>,
    #[command(flatten)]
    identity: Identity,
}

pub(super) async fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    let client = Client::new(&Profile::load(&arguments.identity)?)?;
    let (bytes, text, talk) = match arguments.message {
        Some(message) => {
            let answer = client.track(message).await?;
            (answer.bytes, one(&answer.value), None)
        }
        None => {
            let answer = client.outbox(arguments.before, arguments.limit).await?;
            (answer.bytes, list(&answer.value), more(&answer.value))
        }
    };
    if terminal.json() {
        terminal.raw(&bytes)?;
    } else {
        terminal.data(&text)?;
    }
    if let Some(talk) = talk {
        terminal.say(&talk);
    }
    Ok(())
}

fn one(tracking: &Tracking) -> String {
    let proof =
        if tracking.proof.is_some() { "in the ledger, with its proof" } else { "not yet in the ledger" };
    let head = labelled(&[
        ("message", format!("{} {}", tracking.message_type, tracking.message_id)),
        ("case", case(tracking.case_ref.as_ref())),
        ("accepted", tracking.accepted_at.to_string()),
        ("proof", proof.to_owned()),
    ]);
    let mut table = Table::new(["recipient", "channel", "state", "since", "next attempt", "delivery"]);
    for delivery in &tracking.deliveries {
        table.row([
            delivery.recipient.to_string(),
            delivery.channel.clone(),
            delivery.state.clone(),
            moment(since(delivery)),
            moment(delivery.next_attempt_at),
            delivery.delivery_id.to_string(),
        ]);
    }
    format!("{head}\n{}{}", table.rendered(), attempts(&tracking.deliveries))
}

fn attempts(deliveries: &[Delivery]) -> String {
    let mut table = Table::new(["attempt at", "number", "started", "ended", "outcome"]);
    for delivery in deliveries {
        for attempt in &delivery.attempts {
            table.row([
                delivery.recipient.to_string(),
                attempt.number.to_string(),
                attempt.started_at.to_string(),
                moment(attempt.ended_at),
                attempt.code.clone().unwrap_or_else(|| "under way".into()),
            ]);
        }
    }
    if deliveries.iter().all(|delivery| delivery.attempts.is_empty()) {
        String::new()
    } else {
        format!("\n{}", table.rendered())
    }
}

/// The last of the moments that a delivery has come to.
fn since(delivery: &Delivery) -> Option<Timestamp> {
    delivery.acknowledged_at.or(delivery.collected_at).or(delivery.delivered_at)
}

fn case(case_ref: Option<&CaseRef>) -> String {
    case_ref.map_or_else(|| "-".into(), ToString::to_string)
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".into(), |at| at.to_string())
}

fn list(outbox: &Outbox) -> String {
    if outbox.messages.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["message", "type", "case", "accepted", "deliveries"]);
    for message in &outbox.messages {
        let states: Vec<String> =
            message.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
        table.row([
            message.message_id.to_string(),
            message.message_type.clone(),
            case(message.case_ref.as_ref()),
            message.accepted_at.to_string(),
            states.join(", "),
        ]);
    }
    table.rendered()
}

fn more(outbox: &Outbox) -> Option<String> {
    match outbox.next {
        Some(cursor) => Some(format!("older ones: --before {cursor}")),
        None => Some("nothing, or nothing older".into()),
    }
}
