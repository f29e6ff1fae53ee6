//! `portcullis inbox`: list, collect, open and acknowledge, in the words of NHS MESH.
//!
//! In: an identity and a delivery. Out: files of what was sealed, files of what it holds, and what the
//! gateway states about it. Nothing is acknowledged on its own: that destroys the gateway's copy.

mod ledger;
mod open;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde_json::json;

pub use open::{AttachmentFault, CopyFault, OpenedCopy, open_copy};

use super::{
    Exit,
    client::{Client, Identity, Inbox, InboxPage, Profile},
    pki::write_private,
    terminal::{Table, Terminal, printable},
};
use crate::message::DeliveryId;

/// `portcullis inbox …`
#[derive(clap::Subcommand)]
#[expect(missing_docs, reason = "a doc comment on the flattened identity would become help text")]
pub enum Arguments {
    /// List what waits for you, oldest first
    List {
        /// Wait so many seconds for something to come
        #[arg(long, value_name = "SECONDS", default_value_t = 0)]
        wait: u64,
        /// The cursor that an earlier list ended with
        #[arg(long, value_name = "CURSOR", default_value_t = 0)]
        after: u64,
        /// Entries at most
        #[arg(long)]
        limit: Option<usize>,
        #[command(flatten)]
        identity: Identity,
    },
    /// Save a sealed copy and its sealed attachments, unopened
    Collect {
        /// Which, as `inbox list` shows it
        delivery: DeliveryId,
        /// The folder to save into
        #[arg(long, value_name = "DIR", default_value = ".")]
        out: PathBuf,
        #[command(flatten)]
        identity: Identity,
    },
    /// Open a sealed copy and check what the gateway states about it
    Open {
        /// A file that `inbox collect` saved, or a delivery to collect first
        #[arg(value_name = "FILE|DELIVERY")]
        copy: String,
        /// The folder to write the message and its attachments to [default: one named like the delivery]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// The ledger's proof of the event that the statement names [default: asked for where the copy is]
        #[arg(long, value_name = "FILE")]
        proof: Option<PathBuf>,
        #[command(flatten)]
        identity: Identity,
    },
    /// Confirm that you have a message; the gateway then destroys its copy
    Ack {
        /// Which, as `inbox list` shows it
        delivery: DeliveryId,
        #[command(flatten)]
        identity: Identity,
    },
}

pub(super) async fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    match arguments {
        Arguments::List { wait, after, limit, identity } => {
            let page = InboxPage { wait_s: *wait, after: *after, limit: *limit };
            list(&client(identity)?, page, terminal).await
        }
        Arguments::Collect { delivery, out, identity } => {
            let client = client(identity)?;
            let attachments = attachments_of(&client, *delivery).await?;
            let files = collect(&client, *delivery, attachments, out).await?;
            tell_files(&files, json!({ "delivery_id": delivery }), terminal)
        }
        Arguments::Open { copy, out, proof, identity } => {
            open::run(copy, (out.as_deref(), proof.as_deref()), identity, terminal).await
        }
        Arguments::Ack { delivery, identity } => {
            let answer = client(identity)?.acknowledge(*delivery).await?;
            if terminal.json() {
                terminal.raw(&answer.bytes)?;
            } else {
                terminal.data(&format!("acknowledged {}", answer.value.acknowledged_at))?;
            }
            Ok(())
        }
    }
}

fn client(identity: &Identity) -> anyhow::Result<Client> {
    Ok(Client::new(&Profile::load(identity)?)?)
}

async fn list(client: &Client, page: InboxPage, terminal: &mut Terminal) -> anyhow::Result<()> {
    let answer = client.inbox(page).await?;
    if terminal.json() {
        terminal.raw(&answer.bytes)?;
    } else {
        terminal.data(&rendered(&answer.value))?;
    }
    for notice in &answer.value.notices {
        let (kid, from) = (printable(&notice.kid), notice.valid_from);
        terminal.say(&format!("note: key {kid} from {from} on: {}", printable(&notice.detail)));
    }
    terminal.say(&match answer.value.next {
        Some(cursor) => format!("newer ones: --after {cursor}"),
        None => "nothing waits for you".into(),
    });
    Ok(())
}

fn rendered(inbox: &Inbox) -> String {
    if inbox.items.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["delivery", "type", "sender", "accepted", "collected", "attachments"]);
    for item in &inbox.items {
        table.row([
            item.delivery_id.to_string(),
            item.message_type.clone(),
            item.sender.to_string(),
            item.accepted_at.to_string(),
            item.collected_at.map_or_else(|| "-".into(), |at| at.to_string()),
            item.attachments.to_string(),
        ]);
    }
    table.rendered()
}

/// How many attachments a waiting delivery has: the list tells it, and only the list.
async fn attachments_of(client: &Client, delivery: DeliveryId) -> anyhow::Result<usize> {
    let mut page = InboxPage::default();
    loop {
        let inbox = client.inbox(page).await?.value;
        if let Some(item) = inbox.items.iter().find(|item| item.delivery_id == delivery) {
            return Ok(item.attachments);
        }
        match inbox.next {
            // A cursor that does not grow would never end.
            Some(next) if next > page.after => page.after = next,
            _ => {
                return Err(
                    Exit::Refused.because("no such delivery waits for you: see `portcullis inbox list`")
                );
            }
        }
    }
}

/// Saves `<delivery>.jwe` and `<delivery>.att<n>` for each attachment, counted from 0, into a folder,
/// which is made if it is not there. Gives the paths.
///
/// # Errors
/// Those of the calls, and of writing.
pub async fn collect(
    client: &Client,
    delivery: DeliveryId,
    attachments: usize,
    out: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let sealed = out.join(format!("{delivery}.jwe"));
    let copy = client.collect(delivery).await?;
    write_private(&sealed, &copy).with_context(|| sealed.display().to_string())?;
    let mut files = vec![sealed];
    for number in 0..attachments {
        let path = out.join(format!("{delivery}.att{number}"));
        client.save_attachment(delivery, number, &path).await?;
        files.push(path);
    }
    Ok(files)
}

/// Prints which files were written.
fn tell_files(
    files: &[PathBuf],
    mut value: serde_json::Value,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    if terminal.json() {
        value["files"] = json!(names);
        terminal.value(&value)?;
    } else {
        terminal.data(&names.join("\n"))?;
    }
    Ok(())
}
