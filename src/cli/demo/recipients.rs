//! Every recipient's side: collect, open, check, acknowledge; wait for what is pushed and mailed.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use tokio::process::Command;

use super::{drafts::PAPERS, evidence::Evidence, world::World};
use crate::{
    cli::client::{Client, InboxPage, Profile},
    crypto::{hex, jwe, segments, sha256},
    journey::statement::{self, Statement},
    message::{AgencyId, DeliveryId},
};

/// How long the demonstration waits for something to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many copies arrived, by their way.
#[derive(Default)]
pub struct Arrived {
    /// Collected from inboxes, opened and acknowledged.
    pub collected: usize,
    /// Pushed, opened.
    pub pushed: usize,
    /// Taken over by the mail server over TLS.
    pub mailed: usize,
    /// Of those, decrypted and verified with the `openssl` of this machine, if it has one.
    pub mails_opened: Option<usize>,
    /// Attachments opened.
    pub attachments: usize,
}

/// Collects everything, as each recipient.
pub async fn receive(
    world: &World,
    evidence: &Evidence,
    pushes: usize,
    mails: usize,
) -> anyhow::Result<Arrived> {
    let mut arrived = Arrived::default();
    let pushed = world.webhook.wait_for(pushes, PATIENCE).await.context("waiting for pushes")?;
    for push in &pushed {
        ensure!(push.signature_ok, "a push was not signed by the gateway");
    }
    arrived.pushed = pushed.len();
    for agency in world.agencies_with_systems() {
        empty_inbox(world, evidence, agency, &mut arrived).await?;
    }
    let received = world.mail.wait_for(mails, PATIENCE).await.context("waiting for mail")?;
    ensure!(received.iter().all(|mail| mail.over_tls), "a mail came in clear");
    arrived.mailed = received.len();
    arrived.mails_opened = open_mails(world).await?;
    Ok(arrived)
}

async fn empty_inbox(
    world: &World,
    evidence: &Evidence,
    agency: &AgencyId,
    arrived: &mut Arrived,
) -> anyhow::Result<()> {
    let (client, profile) = (world.client(agency.as_str())?, world.profile(agency.as_str())?);
    let inbox = client.inbox(InboxPage::default()).await?.value;
    for item in inbox.items {
        let delivery = item.delivery_id;
        let copy = client.collect(delivery).await?;
        evidence.keep_copy(agency, delivery, &copy)?;
        let (statement, content) = open(profile, &copy, delivery)
            .with_context(|| format!("{agency} could not open what it collected"))?;
        for (number, attachment) in content.attachments.iter().enumerate() {
            let sealed = client.collect_attachment(delivery, number).await?;
            evidence.keep_attachment(agency, delivery, number, &sealed)?;
            let key = segments::AttachmentKey::from_k(&attachment.key.k)
                .context("an attachment key is malformed")?;
            let paper = segments::open(number, &sealed, &key)?;
            ensure!(hex(&sha256(&paper)) == attachment.sha256, "an attachment is another one");
            ensure!(PAPERS.iter().any(|(_, sent)| *sent == paper.as_slice()), "an attachment was changed");
            arrived.attachments += 1;
        }
        ensure!(statement.message_id == item.message_id, "the statement is about another message");
        acknowledge(client, delivery).await?;
        arrived.collected += 1;
    }
    Ok(())
}

async fn acknowledge(client: &Client, delivery: DeliveryId) -> anyhow::Result<()> {
    let first = client.acknowledge(delivery).await?.value.acknowledged_at;
    let again = client.acknowledge(delivery).await?.value.acknowledged_at;
    ensure!(first == again, "a second acknowledgement moved the first");
    Ok(())
}

fn open(
    profile: &Profile,
    copy: &[u8],
    delivery: DeliveryId,
) -> anyhow::Result<(Statement, statement::Content)> {
    let key = profile.private_jwk.as_ref().context("no private key")?;
    let jwks = profile.jwks.as_ref().context("no gateway keys")?;
    let plaintext = jwe::open(copy, key)?;
    Ok(statement::check_content(&plaintext, jwks, &profile.agency_id, delivery)?)
}

/// Decrypts and verifies each mail with OpenSSL, as a stranger to our code. `None` where there is no
/// `openssl` on this machine.
async fn open_mails(world: &World) -> anyhow::Result<Option<usize>> {
    let mut opened = 0;
    for number in 1.. {
        let mail = world.dir.join(format!("mail/{number}.eml"));
        let Ok(text) = std::fs::read_to_string(&mail) else { break };
        let to = text.lines().find_map(|line| line.strip_prefix("To: ")).unwrap_or_default().trim();
        let agency =
            world.agencies.iter().find(|agency| agency.mail.as_ref().is_some_and(|mail| mail.address == to));
        let agency = agency.with_context(|| format!("mail {number} is addressed to nobody"))?;
        let own = world.dir.join("agencies").join(agency.agency_id.as_str());
        let mut decrypt = Command::new("openssl");
        decrypt.args(["cms", "-decrypt", "-in"]).arg(&mail);
        decrypt.arg("-recip").arg(own.join("smime.crt")).arg("-inkey").arg(own.join("smime.key"));
        let decrypted = match decrypt.stdin(Stdio::null()).output().await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        ensure!(decrypted.status.success(), "openssl could not decrypt mail {number}");
        verify(world, decrypted.stdout).await.with_context(|| format!("mail {number}"))?;
        opened += 1;
    }
    Ok(Some(opened))
}

async fn verify(world: &World, signed: Vec<u8>) -> anyhow::Result<()> {
    use tokio::io::AsyncWriteExt as _;
    let mut verify = Command::new("openssl");
    verify.args(["cms", "-verify", "-purpose", "any", "-CAfile"]).arg(world.dir.join("ca.crt"));
    let mut child = verify.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut input = child.stdin.take().context("openssl has no input")?;
    let (written, output) =
        tokio::join!(async move { input.write_all(&signed).await }, child.wait_with_output(),);
    written?;
    let output = output?;
    let inside = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "openssl could not verify the signature");
    ensure!(inside.contains("message.json") && inside.contains("statement.jws"), "the mail lacks its parts");
    Ok(())
}
