//! The story: one case from its notification to its minutes, through the public door with client
//! certificates, and what is refused on the way.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use super::{
    drafts::{Draft, PAPERS, Sample},
    evidence::Evidence,
    world::World,
};
use crate::{
    cli::client::{ClientFault, Upload},
    message::{AgencyId, CaseRef, InviteReason, Invitee, MeetingFacts, MeetingId, MessageId},
};

/// Who is invited to the meeting, and why (P8).
const INVITED: [(&str, Option<InviteReason>); 6] = [
    ("kent-police", None),
    ("kent-probation", None),
    ("kent-council-csc", Some(InviteReason::StatutoryInvolvement)),
    ("kent-council-housing", Some(InviteReason::CommitResources)),
    ("kent-mh-trust", Some(InviteReason::SignificantContribution)),
    ("kent-jobcentre", Some(InviteReason::SignificantContribution)),
];

/// One message of the story, accepted.
pub struct Posted {
    /// What happened, for the table.
    pub what: String,
    /// Who sent.
    pub sender: &'static str,
    /// Which message.
    pub message_id: MessageId,
    /// Who got a copy without victim data.
    pub without_victims: BTreeSet<AgencyId>,
}

/// One request of the story, refused.
pub struct Refused {
    /// What was tried.
    pub what: &'static str,
    /// The problem's code.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// What the first fault, or the problem itself, says.
    pub says: String,
}

/// The story as it goes.
pub struct Story<'w> {
    world: &'w World,
    evidence: &'w mut Evidence,
    case_ref: CaseRef,
    meeting: MeetingFacts,
    /// What was accepted, in order.
    pub posted: Vec<Posted>,
    /// What was refused, in order.
    pub refused: Vec<Refused>,
}

impl<'w> Story<'w> {
    /// A new case.
    pub fn begin(world: &'w World, evidence: &'w mut Evidence) -> anyhow::Result<Self> {
        let now = world.clock.now();
        let case_ref = CaseRef::new("46".parse()?, 2026, world.random.bytes()?);
        let invited =
            INVITED.into_iter().map(|(agency, reason)| Ok(Invitee { agency_id: agency.parse()?, reason }));
        let meeting = MeetingFacts {
            meeting_id: MeetingId::new(now, world.random.bytes()?),
            date: Some(now.to_zoned(jiff::tz::TimeZone::UTC).date()),
            level: Some(2),
            invited: invited.collect::<anyhow::Result<_>>()?,
            confirmed: BTreeSet::new(),
            attended: BTreeSet::new(),
            action_owners: BTreeSet::new(),
        };
        Ok(Self { world, evidence, case_ref, meeting, posted: Vec::new(), refused: Vec::new() })
    }

    /// The police notify the co-ordination unit, and refer the case to it.
    pub async fn refer(&mut self) -> anyhow::Result<()> {
        let notification = self.draft(Sample::Notification)?;
        self.post("kent-police", "notification to the co-ordination unit", notification, false).await?;
        let referral = self.draft(Sample::Referral)?;
        self.post("kent-police", "referral to the co-ordination unit", referral, false).await
    }

    /// The co-ordination unit calls a meeting and sends the referral on to the six invitees.
    pub async fn invite(&mut self) -> anyhow::Result<()> {
        self.record_meeting().await?;
        let six = INVITED.map(|(agency, _)| agency);
        let why = "Invited to the level 2 meeting on this case; needs the referral to prepare its part of the plan.";
        let referral = self
            .draft(Sample::Referral)?
            .from("kent-mappa", coordinator())
            .to(&six, Some(why))
            .with_necessity();
        self.post("kent-mappa", "referral sent on to six invitees", referral, false).await
    }

    /// All six confirm; the pack with its papers goes to them.
    pub async fn send_pack(&mut self) -> anyhow::Result<()> {
        self.meeting.confirmed =
            self.meeting.invited.iter().map(|invitee| invitee.agency_id.clone()).collect();
        self.record_meeting().await?;
        let pack = self.draft(Sample::MeetingPack)?.of_meeting(self.meeting.meeting_id);
        let pack = pack.with_necessity();
        self.post("kent-mappa", "meeting pack with two PDFs, 2.7 MB", pack, true).await
    }

    /// The meeting was held; minutes go to those present and to the youth offending team, which was
    /// not there and holds an action.
    pub async fn send_minutes(&mut self) -> anyhow::Result<()> {
        self.meeting.attended = self.meeting.confirmed.clone();
        self.meeting.action_owners = BTreeSet::from(["kent-yot".parse()?, "kent-probation".parse()?]);
        self.record_meeting().await?;
        let seven = [&INVITED.map(|(agency, _)| agency)[..], &["kent-yot"]].concat();
        let minutes = self.draft(Sample::Minutes)?.of_meeting(self.meeting.meeting_id).to(&seven, None);
        let minutes = minutes.with_necessity();
        self.post("kent-mappa", "minutes to six present and one with an action", minutes, false).await
    }

    /// What does not go through, and what a repeat gets.
    pub async fn be_refused(&mut self) -> anyhow::Result<()> {
        let faulty = self.draft(Sample::SevenFaults)?;
        self.expect("a referral with seven faults", "kent-police", faulty.bytes(), vec![], "schema").await?;
        let accused = self.draft(Sample::NobodyFoundGuilty)?;
        let what = "a notification of one never convicted";
        self.expect(what, "kent-probation", accused.bytes(), vec![], "rules").await?;

        let minutes = || -> anyhow::Result<Draft> {
            Ok(self.draft(Sample::Minutes)?.of_meeting(self.meeting.meeting_id))
        };
        let board = minutes()?.to(&["kent-police", "kent-smb"], None).with_necessity().bytes();
        let absent = minutes()?.to(&["kent-police", "kent-homes"], None).with_necessity().bytes();
        let court = minutes()?.to(&["kent-crown-court"], None).with_necessity().bytes();
        let why = "Supervises the same person.";
        let to_prison = self.draft(Sample::Referral)?.to(&["hmp-thornfield"], Some(why)).bytes();
        self.expect("minutes to the management board", "kent-mappa", board, vec![], "not_permitted").await?;
        self.expect("minutes to a landlord who was absent", "kent-mappa", absent, vec![], "not_permitted")
            .await?;
        self.expect("minutes to a court", "kent-mappa", court, vec![], "not_permitted").await?;
        self.expect("a referral past the co-ordinator", "kent-police", to_prison, vec![], "not_permitted")
            .await?;

        let borrowed = self.draft(Sample::Referral)?.bytes();
        self.expect("a referral under another's name", "kent-probation", borrowed, vec![], "sender_mismatch")
            .await?;

        let pack = self.draft(Sample::MeetingPack)?.of_meeting(self.meeting.meeting_id);
        let pack = pack.with_necessity().bytes();
        let swapped = papers().into_iter().rev().collect();
        self.expect("a pack whose papers are swapped", "kent-mappa", pack, swapped, "attachment_digest")
            .await?;

        let twice = String::from_utf8(self.draft(Sample::Referral)?.bytes())?.replacen(
            '{',
            r#"{"type":"minutes","#,
            1,
        );
        self.expect(
            "a message with a member twice",
            "kent-police",
            twice.into_bytes(),
            vec![],
            "duplicate_member",
        )
        .await
    }

    /// The same bytes again get the same receipt; other bytes under the same id are a conflict.
    pub async fn repeat(&mut self) -> anyhow::Result<()> {
        let (path, first) = self.evidence.first_sent()?;
        let client = self.world.client("kent-police")?;
        let again =
            client.submit(first.clone(), vec![]).await.with_context(|| format!("posting {path} again"))?;
        let receipt = self.evidence.receipt(again.value.message_id)?;
        ensure!(again.replayed() && *again.bytes == *receipt, "a repeat did not get the first receipt");
        let mut changed = first;
        changed.push(b'\n');
        self.expect("other bytes under a used id", "kent-police", changed, vec![], "id_conflict").await
    }

    fn draft(&self, sample: Sample) -> anyhow::Result<Draft> {
        let now = self.world.clock.now();
        Draft::new(sample, MessageId::new(now, self.world.random.bytes()?), &self.case_ref, now)
    }

    async fn record_meeting(&self) -> anyhow::Result<()> {
        let recorded = self.world.client("kent-mappa")?.put_meeting(&self.case_ref, &self.meeting).await;
        recorded.map(drop).context("the meeting could not be recorded")
    }

    async fn post(
        &mut self,
        sender: &'static str,
        what: &str,
        draft: Draft,
        with_papers: bool,
    ) -> anyhow::Result<()> {
        let bytes = draft.bytes();
        let uploads = if with_papers { papers() } else { Vec::new() };
        let answer = self.world.client(sender)?.submit(bytes.clone(), uploads).await;
        let answer = answer.map_err(told).with_context(|| format!("{what} was not accepted"))?;
        self.evidence.keep_sent(draft.message_type(), &bytes)?;
        self.evidence.keep_receipt(answer.value.message_id, &answer.bytes)?;
        let message_id = answer.value.message_id;
        let views = answer.value.recipients.into_iter().filter(|to| !to.withheld.is_empty());
        let without_victims = views.map(|to| to.agency_id).collect();
        self.posted.push(Posted { what: what.to_owned(), sender, message_id, without_victims });
        Ok(())
    }

    async fn expect(
        &mut self,
        what: &'static str,
        sender: &str,
        bytes: Vec<u8>,
        uploads: Vec<Upload>,
        code: &str,
    ) -> anyhow::Result<()> {
        let fault = match self.world.client(sender)?.submit(bytes, uploads).await {
            Ok(_) => bail!("{what} was accepted"),
            Err(fault) => fault,
        };
        let Some(problem) = fault.problem() else { return Err(fault).context(what) };
        ensure!(
            problem.document.code() == code,
            "{what}: refused as {} and not {code}",
            problem.document.code()
        );
        self.evidence.keep_refused(&problem.bytes)?;
        let says = match problem.document.errors.as_slice() {
            [] => problem.document.detail.clone(),
            [one] => one.message.clone(),
            [first, rest @ ..] => format!("{} (and {} more)", first.message, rest.len()),
        };
        self.refused.push(Refused { what, code: code.to_owned(), status: problem.status, says });
        Ok(())
    }
}

fn papers() -> Vec<Upload> {
    let upload = |(_, bytes): (&str, &'static [u8])| Upload::Bytes(bytes.into());
    PAPERS.into_iter().map(upload).collect()
}

fn coordinator() -> serde_json::Value {
    json!({ "name": "Priya Norcott", "role": "MAPPA co-ordinator", "email": "p.norcott@kent-mappa.example" })
}

/// A refusal that the story did not expect, with all it says.
fn told(fault: ClientFault) -> anyhow::Error {
    match fault.problem() {
        Some(problem) => anyhow::anyhow!("{}: {}", problem.status, String::from_utf8_lossy(&problem.bytes)),
        None => fault.into(),
    }
}
