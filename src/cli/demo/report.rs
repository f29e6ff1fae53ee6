//! What the demonstration shows at its end: something to show a colleague.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use super::{
    recipients::Arrived,
    story::{Posted, Refused},
    world::World,
};
use crate::cli::{client::Tracking, terminal::Table};

/// How it went.
pub struct Outcome {
    /// What was accepted.
    pub posted: Vec<Posted>,
    /// What was refused.
    pub refused: Vec<Refused>,
    /// What arrived.
    pub arrived: Arrived,
    /// Where each accepted message stands, in the order of `posted`.
    pub tracked: Vec<Tracking>,
    /// Leaves in the ledger.
    pub leaves: u64,
    /// From the first post to the last proof.
    pub took: Duration,
}

impl Outcome {
    /// For people.
    pub fn rendered(&self, world: &World, kept: Option<&Path>, stays_up: bool) -> String {
        let mut text = String::from("\nAccepted, delivered and proved\n\n");
        text.push_str(&indented(&self.accepted()));
        text.push_str("\nRefused, nothing stored, nothing sent\n\n");
        text.push_str(&indented(&self.refusals()));
        text.push_str(&format!("\n{}\n", self.summary()));
        match kept {
            Some(dir) => text.push_str(&format!("\nEvidence  {}\n", dir.display())),
            None => text.push_str("\nTo keep the evidence of all this, give --dir DIR.\n"),
        }
        if kept.is_some() || stays_up {
            let settings = world.dir.join("portcullis.toml");
            text.push_str(&format!("Check it  portcullis ledger verify --config {}\n", settings.display()));
        }
        text
    }

    fn accepted(&self) -> String {
        let mut table = Table::new(["from", "what", "to", "by", "copy", "state"]);
        for (posted, tracking) in self.posted.iter().zip(&self.tracked) {
            for (row, delivery) in tracking.deliveries.iter().enumerate() {
                let (from, what) = if row == 0 { (posted.sender, posted.what.as_str()) } else { ("", "") };
                let is_view = posted.without_victims.contains(&delivery.recipient);
                table.row([
                    from.to_owned(),
                    what.to_owned(),
                    delivery.recipient.to_string(),
                    delivery.channel.clone(),
                    if is_view { "no victim data" } else { "full text" }.into(),
                    delivery.state.clone(),
                ]);
            }
        }
        table.rendered()
    }

    fn refusals(&self) -> String {
        let mut table = Table::new(["what was tried", "answer", "because"]);
        for refused in &self.refused {
            let answer = format!("{} {}", refused.status, refused.code);
            table.row([refused.what.to_owned(), answer, shortened(&refused.says)]);
        }
        table.rendered()
    }

    fn summary(&self) -> String {
        let arrived = &self.arrived;
        let opened = match arrived.mails_opened {
            Some(opened) => format!("{opened} of them decrypted and verified with openssl"),
            None => "no openssl on this machine to open them with".into(),
        };
        format!(
            "{} messages to {} recipients in {:.1} s. {} copies collected, opened and acknowledged, {} of them pushed \
             before,\n{} attachments; {} S/MIME mails over TLS, {opened}.\n{} refusals, each with its rule. The ledger \
             has {} leaves; {} proofs verified.",
            self.posted.len(),
            self.tracked.iter().map(|tracking| tracking.deliveries.len()).sum::<usize>(),
            self.took.as_secs_f64(),
            arrived.collected,
            arrived.pushed,
            arrived.attachments,
            arrived.mailed,
            self.refused.len(),
            self.leaves,
            self.tracked.len(),
        )
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({
            "accepted": self.posted.iter().zip(&self.tracked).map(|(posted, tracking)| json!({
                "message_id": posted.message_id, "sender": posted.sender, "what": posted.what,
                "deliveries": tracking.deliveries.iter().map(|delivery| json!({
                    "recipient": delivery.recipient, "channel": delivery.channel, "state": delivery.state,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "refused": self.refused.iter().map(|refused| json!({
                "what": refused.what, "status": refused.status, "code": refused.code,
            })).collect::<Vec<_>>(),
            "collected": self.arrived.collected,
            "pushed": self.arrived.pushed,
            "mailed": self.arrived.mailed,
            "mails_opened": self.arrived.mails_opened,
            "attachments": self.arrived.attachments,
            "ledger_leaves": self.leaves,
            "seconds": self.took.as_secs_f64(),
        })
    }
}

/// Where to go on, while the demonstration stays up.
pub fn where_to_look(world: &World) -> String {
    let dir = world.dir.display();
    format!(
        "\nThe gateway stays up until Ctrl-C.\n\n  agencies  https://localhost:{}   metrics  http://{}/metrics\n\n\
         In another terminal, as an agency:\n\n  portcullis --help\n  portcullis track --dir {dir} --as kent-police\n  \
         portcullis inbox list --dir {dir} --as kent-mappa\n",
        world.running.agencies.port(),
        world.running.admin,
    )
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn shortened(text: &str) -> String {
    const WIDTH: usize = 72;
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    let cut: String = text.chars().take(WIDTH - 1).collect();
    format!("{}…", cut.trim_end())
}
