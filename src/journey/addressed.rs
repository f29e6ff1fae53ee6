//! Addressed: who is to receive a meeting pack or minutes whose sender left the recipients out (design
//! §4). In: the message and the facts of its case. Out: the same message with its recipients, as if
//! the sender had named them.
//!
//! Nobody is permitted here: every computed recipient is asked for like a named one, and if one may not
//! receive, the message is refused and says which. To leave an agency out in silence would have its
//! colleagues believe that it knows.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Code, Refusal, validate::Validated};
use crate::{
    config::Limits,
    message::{AgencyId, ApprovalKind, CaseFacts, MeetingFacts, MeetingId, MessageType, Recipient},
    schema::{self, rules},
};

/// Fills in the recipients if the message leaves them out. Nothing happens to a message that names
/// its own.
pub(super) fn complete(
    validated: &mut Validated,
    meeting: Option<MeetingId>,
    case: Option<&CaseFacts>,
    now: Timestamp,
    limits: &Limits,
) -> Result<(), Refusal> {
    if !left_out(validated) {
        return Ok(());
    }
    let message_type = validated.envelope.message_type;
    let meeting = case.zip(meeting).and_then(|(case, id)| Some((case, case.meeting(id)?)));
    let mut agencies = meeting.map_or_else(BTreeSet::new, |(case, meeting)| match message_type {
        MessageType::MeetingPack => meeting.confirmed.clone(),
        MessageType::Minutes => concerned(case, meeting, now),
        // Every other type has to name its recipients: its schema says so.
        _ => BTreeSet::new(),
    });
    agencies.remove(&validated.envelope.sender.agency_id);
    if agencies.is_empty() {
        return Err(nobody(message_type));
    }
    if agencies.len() > limits.recipients {
        return Err(too_many(limits.recipients));
    }
    within(validated, &agencies)?;
    validated.envelope.recipients = agencies.into_iter().map(named).collect();
    Ok(())
}

/// Where an answer points to when it speaks of a recipient: to its place in the message, or to the
/// member that would name it.
pub(super) fn place(validated: &Validated, index: usize) -> String {
    if left_out(validated) { "/recipients".into() } else { format!("/recipients/{index}/agency_id") }
}

/// The same fault, which names the agency itself where the message has no place to point to. It is one
/// of the gateway's own facts and no value that was submitted.
pub(super) fn naming(validated: &Validated, agency: &AgencyId, mut fault: schema::Fault) -> schema::Fault {
    if left_out(validated) {
        fault.message = format!("`{agency}`: {}", fault.message);
    }
    fault
}

fn left_out(validated: &Validated) -> bool {
    validated.accepted.json.get("recipients").is_none()
}

/// Who has the minutes of a meeting by P15 to P17: those present, those who hold an action, the lead
/// agency, and those whom a written authority names that stands now.
fn concerned(case: &CaseFacts, meeting: &MeetingFacts, now: Timestamp) -> BTreeSet<AgencyId> {
    let released = case.approvals.iter().filter(|approval| {
        approval.kind == ApprovalKind::MinutesRelease
            && approval.meeting_id == Some(meeting.meeting_id)
            && approval.stands(now)
    });
    let recorded = meeting.attended.iter().chain(&meeting.action_owners).chain(&case.lead);
    recorded.chain(released.map(|approval| &approval.to)).cloned().collect()
}

/// The one justification of the message stands for all of them (domain §10 on P4).
fn named(agency_id: AgencyId) -> Recipient {
    Recipient { agency_id, justification: None, strict_necessity: None, attention: None }
}

fn nobody(message_type: MessageType) -> Refusal {
    let (text, fix) = match message_type {
        MessageType::MeetingPack => (
            "recipients are left out, and no other agency is recorded as having confirmed for this meeting",
            "record who confirmed with PUT /v1/meetings/{id}, or name the recipients",
        ),
        _ => (
            "recipients are left out, and no other agency is recorded as present, with an action, in the lead \
             or with a release",
            "record who was present with PUT /v1/meetings/{id}, or name the recipients",
        ),
    };
    Refusal::with(Code::Rules, fix, vec![schema::Fault::new("/recipients", "nobody_recorded", text, fix)])
}

fn too_many(most: usize) -> Refusal {
    let fix = format!("name at most {most} recipients, and send another message to the others");
    let text = "recipients are left out, and more agencies are recorded than one message may go to";
    Refusal::with(Code::Rules, fix.clone(), vec![schema::Fault::new("/recipients", "max_items", text, fix)])
}

/// V51: the distribution list of minutes lies within those who get them. The rule itself cannot look
/// before they are computed.
fn within(validated: &Validated, agencies: &BTreeSet<AgencyId>) -> Result<(), Refusal> {
    let receives = |listed: &str| agencies.iter().any(|agency| agency.as_str() == listed);
    let faults = rules::distribution_beyond(&validated.accepted.json, receives);
    if faults.is_empty() {
        return Ok(());
    }
    let detail = "the distribution list names an agency that is not recorded as present, with an action, in the \
                  lead or with a release";
    Err(Refusal::with(Code::Rules, detail, faults))
}
