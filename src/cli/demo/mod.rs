//! `portcullis demo`: a whole area in one process. It posts, collects, opens and checks through the
//! same doors as everyone, and ends with an error if anything did not go as promised.

mod collected;
pub mod drafts;
mod evidence;
mod loopback;
pub mod mail_sink;
mod recipients;
mod report;
mod story;
pub mod webhook_receiver;
mod world;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use clap::Args;

pub use collected::TooFew;

use self::{evidence::Evidence, report::Outcome, story::Story, world::World};
use super::{client::Tracking, terminal::Terminal};
use crate::ledger::{Bundle, VerifierKey};

/// Arguments of `portcullis demo`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// End when the story is told, instead of staying up until Ctrl-C
    #[arg(long)]
    pub once: bool,
    /// Keep the evidence in this folder, which must be empty or absent
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Give some agencies encryption keys of the other kinds: X25519, and X-Wing, which resists quantum
    /// computers
    #[arg(long)]
    pub all_key_kinds: bool,
}

/// Runs the demonstration.
pub async fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    if let Ok(filter) = std::env::var("RUST_LOG") {
        crate::telemetry::log(&filter, false);
    }
    let temporary = TemporaryFolder::unless(arguments.dir.is_some())?;
    let dir = match (&arguments.dir, &temporary) {
        (Some(dir), _) => dir.clone(),
        (None, Some(temporary)) => temporary.0.join("demo"),
        (None, None) => anyhow::bail!("no folder for the demonstration"),
    };
    terminal.say("Portcullis demonstration: invented agencies, invented people.\n");
    terminal.say("  building an area: authority, keys, certificates, agencies …");
    let world = World::build(&dir, arguments.all_key_kinds).await?;
    let mut evidence = Evidence::begin(&dir)?;
    let outcome = tell(&world, &mut evidence, terminal).await?;
    if terminal.json() {
        terminal.value(&outcome.to_json())?;
    } else {
        terminal.data(&outcome.rendered(&world, arguments.dir.as_deref(), !arguments.once))?;
    }
    if !arguments.once {
        terminal.say(&report::where_to_look(&world));
        tokio::signal::ctrl_c().await?;
    }
    world.stop().await
}

async fn tell(world: &World, evidence: &mut Evidence, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let started = std::time::Instant::now();
    let mut story = Story::begin(world, evidence)?;
    terminal.say("  kent-police notifies the co-ordination unit and refers the case …");
    story.refer().await?;
    terminal.say("  kent-mappa calls a meeting and sends the referral on to six agencies …");
    story.invite().await?;
    terminal.say("  kent-mappa sends the meeting pack, two PDFs with it …");
    story.send_pack().await?;
    terminal.say("  kent-mappa sends the minutes …");
    story.send_minutes().await?;
    terminal.say("  and some requests that must be refused …");
    story.be_refused().await?;
    story.repeat().await?;
    let (posted, refused) = (story.posted, story.refused);
    terminal.say("  every recipient collects, opens, verifies and acknowledges …");
    let mut tracked = Vec::new();
    for message in &posted {
        tracked.push(world.client(message.sender)?.track(message.message_id).await?.value);
    }
    let by =
        |channel: &str| tracked.iter().flat_map(|t| &t.deliveries).filter(|d| d.channel == channel).count();
    let arrived = recipients::receive(world, evidence, by("webhook"), by("email")).await?;
    terminal.say("  the ledger proves what happened …");
    let mut tracked = Vec::new();
    for message in &posted {
        let tracking = settled(world, message.sender, message.message_id).await?;
        let proof = tracking.proof.as_ref().context("a message has no proof")?;
        evidence.keep_proof(message.message_id, proof)?;
        tracked.push(tracking);
    }
    let leaves = evidence.keep_ledger(world).await?;
    Ok(Outcome { posted, refused, arrived, tracked, leaves, took: started.elapsed() })
}

/// The state of a message once every delivery has arrived and the ledger has its event; the proof is
/// verified here as an outsider would, with the published key alone.
async fn settled(
    world: &World,
    sender: &str,
    message: crate::message::MessageId,
) -> anyhow::Result<Tracking> {
    let key: VerifierKey = crate::journey::prove::verifier_key(&world.running.gateway)
        .context("the gateway's name is no log name")?;
    for _ in 0..100 {
        let tracking = world.client(sender)?.track(message).await?.value;
        let arrived = |state: &str| matches!(state, "acknowledged" | "delivered");
        if let Some(proof) =
            tracking.proof.as_ref().filter(|_| tracking.deliveries.iter().all(|d| arrived(&d.state)))
        {
            let bundle: Bundle = serde_json::from_value(proof.clone())?;
            bundle.verify(&key).context("a proof does not verify")?;
            return Ok(tracking);
        }
        world.clock.sleep_until(world.clock.now().saturating_add(Duration::from_millis(100))?).await;
    }
    ensure!(false, "message {message} did not settle in ten seconds");
    unreachable!("ensure returned")
}

/// A folder that goes when the demonstration ends.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn unless(kept: bool) -> anyhow::Result<Option<Self>> {
        if kept {
            return Ok(None);
        }
        let random: [u8; 8] = crate::crypto::random::Random::system().bytes()?;
        let dir = std::env::temp_dir().join(format!("portcullis-demo-{}", crate::crypto::hex(&random)));
        std::fs::create_dir(&dir).with_context(|| dir.display().to_string())?;
        Ok(Some(Self(dir)))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
