//! `portcullis approve`: a written authority (P17, P18, P27, P32).

use jiff::Timestamp;

use super::{
    client::{Client, Identity, Profile},
    terminal::{Terminal, labelled},
};
use crate::{
    clock::Clock,
    crypto::random::Random,
    message::{AgencyId, Approval, ApprovalId, ApprovalKind, CaseRef, MeetingId, MessageId},
};

/// `portcullis approve`
#[derive(clap::Args)]
pub struct Arguments {
    /// What for: minutes_release, exec_summary, cat4 or smb
    kind: ApprovalKind,
    /// The case
    case_ref: CaseRef,
    /// To whom
    #[arg(long, value_name = "AGENCY")]
    to: AgencyId,
    /// The meeting whose minutes or summary are released
    #[arg(long, conflicts_with = "message")]
    meeting: Option<MeetingId>,
    /// The one message that is released
    #[arg(long)]
    message: Option<MessageId>,
    /// Why; it goes into the ledger alone, sealed for the area's auditors
    #[arg(long)]
    reason: String,
    /// Until when
    #[arg(long, value_name = "TIME")]
    until: Timestamp,
    /// An approval to change or take back [default: a new one]
    #[arg(long)]
    id: Option<ApprovalId>,
    #[command(flatten)]
    identity: Identity,
}

pub(super) async fn run(
    arguments: &Arguments,
    terminal: &mut Terminal,
    clock: &Clock,
    random: &Random,
) -> anyhow::Result<()> {
    let profile = Profile::load(&arguments.identity)?;
    let client = Client::new(&profile)?;
    let approval_id = match arguments.id {
        Some(id) => id,
        None => ApprovalId::new(clock.now(), random.bytes()?),
    };
    let approval = Approval {
        approval_id,
        kind: arguments.kind,
        by: client.agency_id().clone(),
        to: arguments.to.clone(),
        meeting_id: arguments.meeting,
        message_id: arguments.message,
        until: arguments.until,
    };
    let answer = client.put_approval(&arguments.case_ref, &approval, &arguments.reason).await?;
    if terminal.json() {
        terminal.raw(&answer.bytes)?;
    } else {
        terminal.data(&labelled(&[
            ("approval", answer.value.approval_id.to_string()),
            ("case", answer.value.case_ref.to_string()),
            ("until", approval.until.to_string()),
        ]))?;
    }
    Ok(())
}
