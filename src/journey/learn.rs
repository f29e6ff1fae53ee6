//! Learn: what a message or a call of the API may set as fact (design §4). One function for both, so
//! that who may set what is written once.

use serde_json::Value;

use super::{Code, Fault, Gateway, Refusal, Stop, accept::Caller, authorise};
use crate::{
    ledger::event::{Entry, Event},
    message::{AgencyId, CaseFacts, CaseRef, Envelope, Fact, MeetingFacts, MessageType},
    schema,
    store::{FactChange, Learned},
};

/// What the sender of this message may state about its case by sending it.
///
/// A notification from the lead agency opens the case or states it anew; a referral to an unknown
/// case proposes it, and to a known one adds the referrer to its circle. Nothing else carries facts
/// yet.
/// One exception keeps a stranger out: who has no relation to a known case only *claims*, which
/// changes nothing until the co-ordination unit draws it in.
pub fn carried_by(envelope: &Envelope, body: Option<&Value>, case: &Case) -> Vec<Fact> {
    let case = match case {
        Case::Hidden => {
            let mappa = body.and_then(|body| body.get("mappa"));
            let by = envelope.sender.agency_id.clone();
            let as_lead = lead_agency(mappa).as_ref() == Some(&by);
            return vec![Fact::Claimed { by, as_lead }];
        }
        Case::Unknown => None,
        Case::Known(case) => Some(&**case),
    };
    let by = envelope.sender.agency_id.clone();
    let mappa = body.and_then(|body| body.get("mappa"));
    let lead = lead_agency(mappa);
    let opened = |proposed| Fact::CaseOpened {
        by: by.clone(),
        proposed,
        area: envelope.area,
        purpose: envelope.purpose,
        category: mappa
            .and_then(|m| m.get("category"))
            .and_then(Value::as_u64)
            .and_then(|c| u8::try_from(c).ok()),
        lead: lead.clone(),
        shared_supervision: shared_supervision(mappa),
        convicted: None,
        foreign_national: None,
    };
    let leads =
        lead.as_ref() == Some(&by) && case.is_none_or(|case| case.lead.is_none() || case.lead == lead);
    match (envelope.message_type, case) {
        (MessageType::Notification, _) if leads => vec![opened(false)],
        (MessageType::Referral, None) => vec![opened(true)],
        (MessageType::Referral, Some(case)) if !case.referrers.contains(&by) => vec![Fact::Referred { by }],
        _ => Vec::new(),
    }
}

/// A case as one sender may know it.
pub enum Case {
    /// Nobody has opened it.
    Unknown,
    /// It is there, and the sender has no open relation to it: for all that it is told, unknown.
    Hidden,
    /// It is there, and the sender may know it.
    Known(Box<CaseFacts>),
}

/// The lead agency that a `mappa` block names.
pub(super) fn lead_agency(mappa: Option<&Value>) -> Option<AgencyId> {
    mappa?.get("lead_agency")?.as_str()?.parse().ok()
}

/// The agencies that share supervision by a `mappa` block.
pub(super) fn shared_supervision(mappa: Option<&Value>) -> Vec<AgencyId> {
    let listed = mappa.and_then(|mappa| mappa.get("shared_supervision")).and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok()).collect()
}

/// The co-ordination unit records a meeting (`PUT /v1/meetings/{id}`). Repeatable: the same record
/// again changes nothing and writes nothing.
pub async fn record_meeting(
    gateway: &Gateway,
    caller: &Caller,
    case_ref: &CaseRef,
    meeting: MeetingFacts,
) -> Result<(), Stop> {
    let directory = gateway.directory();
    let by = &caller.agency.agency_id;
    let unknown = || Refusal::new(Code::CaseNotKnown, "name a case that your agency has an open relation to");
    let case = gateway.store.case(case_ref).await?.filter(|case| authorise::may_know(&directory, by, case));
    let case = case.ok_or_else(unknown)?;
    let now = gateway.clock.now();
    let decision = gateway.policies.may_record_meeting(&directory, &caller.agency, &case, &meeting, now);
    if !decision.is_allowed() {
        let faults = authorise::explained(&decision, "", true);
        let detail = "only the area's co-ordination unit records meetings; name known agencies, each guest with a reason";
        return Err(Refusal::with(Code::Facts, detail, faults).into());
    }
    if case.meeting(meeting.meeting_id) == Some(&meeting) {
        return Ok(());
    }
    let fact = Fact::Meeting(meeting);
    let entries = vec![changed(gateway, case_ref, by, None, &fact)?];
    let change =
        FactChange { case_ref: case_ref.clone(), expected: case.version, facts: vec![fact], entries };
    match gateway.store.learn(change).await? {
        Learned::Learned => {
            gateway.signals.unsequenced.notify_one();
            Ok(())
        }
        Learned::Stale => Err(Fault::FactsChanged.into()),
        Learned::OtherCase => {
            let fix = "give this meeting a meeting_id of its own";
            let fault =
                schema::Fault::new("/meeting_id", "unique", "this id belongs to another case's meeting", fix);
            Err(Refusal::with(Code::Facts, fix, vec![fault]).into())
        }
    }
}

/// The event that a fact leaves behind.
pub(super) fn changed(
    gateway: &Gateway,
    case_ref: &CaseRef,
    by: &AgencyId,
    carrier: Option<&Envelope>,
    fact: &Fact,
) -> Result<Entry, Fault> {
    let event = Event::FactChanged {
        case_ref: case_ref.clone(),
        by: by.clone(),
        message_id: carrier.map(|envelope| envelope.message_id),
        fact: fact.clone(),
    };
    Ok(Entry::new(&event, gateway.clock.now(), Some(case_ref.area()), &gateway.random)?)
}
