//! Learn: what a message or a call of the API may set as fact (design §4). One place for both, so that
//! who may set what is written once: here what a message carries, in [`record`] what a call sets, and
//! the rules about both in `config/policies/facts.cedar` and `meetings.cedar`.

mod read;
mod record;

use jiff::civil::Date;
use serde_json::Value;

use super::{Code, Fault, Gateway, Refusal, Stop, accept::Caller, decide};
use crate::{
    directory::Directory,
    ledger::event::{Basis, Entry, Event},
    message::{AgencyId, CaseFacts, CaseRef, Envelope, Fact, MessageType},
    schema,
};

pub(super) use read::{lead_agency, shared_supervision};
pub use record::{approve, designate, read_case, record_meeting, state_case, unknown_case};

/// What the sender of this message may state about its case by sending it.
///
/// A notification from the lead agency opens the case or states it anew; a referral to an unknown
/// case proposes it, and to a known one adds the referrer to its circle. The co-ordination unit of the
/// case's area sets level and exit, the meeting by its invitation, and who was present by the
/// attendance record or the final minutes. All else carries nothing.
///
/// Where the sender may not know the case, this is what it would carry if nobody had opened it, and stays a
/// claim of its own ([`super::relation`]). A member that names itself the lead agency of a case that names
/// another only *claims* that, which changes nothing until the co-ordination unit states it.
///
/// `known`: the case as the sender may know it, `None` if for all that it is told nobody opened it.
pub fn carried_by(
    directory: &Directory,
    envelope: &Envelope,
    body: Option<&Value>,
    known: Option<&CaseFacts>,
    today: Date,
) -> Vec<Fact> {
    let by = &envelope.sender.agency_id;
    let Some(body) = body else { return Vec::new() };
    let opened = |proposed| read::opened(envelope, body, proposed, today).into_iter().collect();
    match known {
        // The unit passes referrals on and opens no case by that.
        None if directory.coordinates(by, envelope.area) => Vec::new(),
        None => match envelope.message_type {
            MessageType::Notification if names_itself(by, body) => opened(false),
            MessageType::Referral => opened(true),
            _ => Vec::new(),
        },
        Some(case) if directory.coordinates(by, case.area) => read::by_coordinator(envelope, body, case),
        Some(case) => from_a_member(envelope, body, case, today),
    }
}

fn from_a_member(envelope: &Envelope, body: &Value, case: &CaseFacts, today: Date) -> Vec<Fact> {
    let by = &envelope.sender.agency_id;
    match envelope.message_type {
        MessageType::Notification if names_itself(by, body) => {
            if may_lead(by, case) {
                read::opened(envelope, body, false, today).into_iter().collect()
            } else {
                vec![Fact::Claimed { by: by.clone(), as_lead: true }]
            }
        }
        MessageType::Referral if !case.referrers.contains(by) => vec![Fact::Referred { by: by.clone() }],
        _ => Vec::new(),
    }
}

/// What the notification of an agency states of a case that it may not know yet, if it names itself the lead:
/// the agency that the opening referral named as lead may be a stranger to the case until it notifies.
pub(super) fn as_lead(envelope: &Envelope, body: Option<&Value>, today: Date) -> Option<Fact> {
    let body = body.filter(|_| envelope.message_type == MessageType::Notification)?;
    let named = names_itself(&envelope.sender.agency_id, body);
    named.then(|| read::opened(envelope, body, false, today)).flatten()
}

fn names_itself(by: &AgencyId, body: &Value) -> bool {
    lead_agency(body.get("mappa")).as_ref() == Some(by)
}

/// Whether an agency may state by its own notification that it leads a known case: it leads it, or no
/// agency does and the case was opened with this one as its lead. Else any member of the circle could
/// make itself the lead, and see and decide what only the lead may; the co-ordination unit settles it.
pub(super) fn may_lead(by: &AgencyId, case: &CaseFacts) -> bool {
    case.lead.as_ref().or(case.proposed_lead.as_ref()) == Some(by)
}

/// Holds the meeting that an invitation carries against the rules for its record, as
/// `PUT /v1/meetings/{id}` does.
pub(super) async fn hold(
    gateway: &Gateway,
    caller: &Caller,
    directory: &Directory,
    case: &CaseFacts,
    facts: &[Fact],
) -> Result<(), Stop> {
    for fact in facts {
        let Fact::Meeting(meeting) = fact else { continue };
        let now = gateway.clock.now();
        let decision = gateway.policies().may_record_meeting(directory, &caller.agency, case, meeting, now);
        if !decision.is_allowed() {
            let faults = decide::faults_of(&decision, "/body/invitees", true);
            let detail = "invite agencies of the directory, each guest with a reason";
            return Err(Refusal::with(Code::NotPermitted, detail, faults).into());
        }
        // `record` would only say that the facts moved on, and say so at each attempt.
        let owner = gateway.store.case_of_meeting(case.case_ref.area(), meeting.meeting_id).await?;
        if owner.is_some_and(|owner| owner != case.case_ref) {
            return Err(belongs_elsewhere(Code::NotPermitted, "/body/meeting/meeting_id").into());
        }
    }
    Ok(())
}

fn belongs_elsewhere(code: Code, pointer: &str) -> Refusal {
    let fix = "give this one an id of its own";
    let fault = schema::Fault::new(pointer, "unique", "this id belongs to another case", fix);
    Refusal::with(code, fix, vec![fault])
}

/// The event that a fact leaves behind. `claimant`: whose claim it belongs to, if it is not about the case
/// itself. `basis`: what permitted the call that set it, if a call did.
pub(super) fn changed(
    gateway: &Gateway,
    case_ref: &CaseRef,
    claimant: Option<&AgencyId>,
    by: &AgencyId,
    carrier: Option<&Envelope>,
    fact: &Fact,
    basis: Basis,
) -> Result<Entry, Fault> {
    let event = Event::FactChanged {
        case_ref: case_ref.clone(),
        claimant: claimant.cloned(),
        by: by.clone(),
        message_id: carrier.map(|envelope| envelope.message_id),
        fact: fact.clone(),
        basis,
    };
    Ok(Entry::new(&event, gateway.clock.now(), Some(case_ref.area()), &gateway.random)?)
}
