//! Does the schema take what the gateway builds? Asked once at load, with every type, status and
//! purpose and every optional attribute: an entity that did not fit could make a bar compare things
//! that are never equal. Requests then need no such check, which costs more than the decision.

use std::collections::{BTreeSet, HashSet};

use cedar_policy::{Entities, Entity, EntityUid, Request, Schema};
use jiff::Timestamp;

use super::{Addressed, Claims, Doubt, FactAct, PolicyFault, Prior, model, slice::Words};
use crate::message::{
    AgencyId, AgencyType, ApprovalKind, Area, CaseFacts, CaseRef, Designation, DesignationId, InviteReason,
    Invitee, MeetingFacts, MeetingId, MessageId, MessageType, Purpose, Status,
};

/// Every action that the gateway asks about has to be known, and every entity has to fit.
pub(super) fn check(schema: &Schema, words: &Words) -> Result<(), PolicyFault> {
    let known: HashSet<&EntityUid> = schema.actions().collect();
    let verbs = MessageType::ALL.iter().flat_map(|kind| [words.send(*kind), words.receive(*kind)]);
    let sight = MessageType::ALL.iter().filter(|kind| kind.made_by_agencies());
    let verbs = verbs.chain(sight.map(|kind| words.see_victims(*kind)));
    let acts = FactAct::NAMES.iter().copied().chain(["record_meeting"]).map(|name| words.action(name));
    if let Some(action) = verbs.chain(acts).find(|verb| !known.contains(verb)) {
        return Err(PolicyFault::UnknownAction { action: action.to_string() });
    }
    let statuses = Status::ALL.iter().cycle();
    for (agency_type, status) in AgencyType::ALL.iter().zip(statuses) {
        let entities = sample(words, *agency_type, *status).map_err(|_| PolicyFault::Unbuildable)?;
        Entities::from_entities(entities, Some(schema))
            .map_err(|source| PolicyFault::Misfit { source: Box::new(source) })?;
    }
    MessageType::ALL.iter().try_for_each(|kind| check_requests(schema, words, *kind))
}

/// What is asked about a message of this type has to fit too, with everything approved.
fn check_requests(schema: &Schema, words: &Words, kind: MessageType) -> Result<(), PolicyFault> {
    let now = Timestamp::UNIX_EPOCH;
    let id = AgencyId::gateway();
    let area: Area = "46".parse().map_err(|_| PolicyFault::Unbuildable)?;
    let agency = model::agency(&id, area, AgencyType::Police, Status::Ra);
    let to = Addressed { agency: &agency, justified: true, strict_necessity: true, attention: true };
    let sending = || words.sending(now, None);
    let asked = [
        Some((words.send(kind), sending())),
        Some((words.receive(kind), words.receiving(now, &to, ApprovalKind::ALL.iter().copied(), None))),
        kind.made_by_agencies().then(|| (words.see_victims(kind), sending())),
    ];
    for (action, context) in asked.into_iter().flatten() {
        let context = context.map_err(|_| PolicyFault::Unbuildable)?;
        let (principal, resource) = (words.agency_uid(&id), words.message_uid());
        Request::new(principal, action.clone(), resource, context, Some(schema)).map_err(|source| {
            PolicyFault::Unaskable { action: action.to_string(), source: Box::new(source) }
        })?;
    }
    Ok(())
}

/// A message, a case and a meeting in which one agency of this kind has every relation.
fn sample(words: &Words, agency_type: AgencyType, status: Status) -> Result<Vec<Entity>, Doubt> {
    let id = AgencyId::gateway();
    let area: Area = "46".parse().map_err(|_| Doubt::BadEntity)?;
    let agency = model::agency(&id, area, agency_type, status);
    let meeting = meeting(&id);
    let case = case(&id, area, &meeting);
    let claims = claims(&id, &case);
    let mut entities = vec![
        words.agency(&agency, Some(&case))?,
        words.case(&case, Timestamp::UNIX_EPOCH, None)?,
        words.meeting(&meeting, None)?,
        words.message(&claims, &id, (Some(&case), Some(&meeting)), None)?,
    ];
    for kind in ApprovalKind::ALL {
        entities.push(words.approval(*kind)?);
    }
    Ok(entities)
}

fn meeting(id: &AgencyId) -> MeetingFacts {
    let all = BTreeSet::from([id.clone()]);
    MeetingFacts {
        invited: vec![Invitee { agency_id: id.clone(), reason: Some(InviteReason::SignificantContribution) }],
        confirmed: all.clone(),
        attended: all.clone(),
        action_owners: all,
        ..model::meeting(MeetingId::from_bytes([0; 16]))
    }
}

fn case(id: &AgencyId, area: Area, meeting: &MeetingFacts) -> CaseFacts {
    let designation = Designation {
        designation_id: DesignationId::from_bytes([0; 16]),
        agency_id: id.clone(),
        ra_agency: id.clone(),
        reason: InviteReason::SignificantContribution,
        start: Timestamp::MIN,
        expiry: Timestamp::MAX,
    };
    CaseFacts {
        purposes: Purpose::ALL.iter().copied().collect(),
        lead: Some(id.clone()),
        shared_supervision: BTreeSet::from([id.clone()]),
        referrers: BTreeSet::from([id.clone()]),
        designations: vec![designation],
        ..model::case(CaseRef::new(area, 2026, [0; 5]), area, meeting.clone())
    }
}

fn claims(id: &AgencyId, case: &CaseFacts) -> Claims {
    Claims {
        category: Some(1),
        lead_agency: Some(id.clone()),
        shared_supervision: vec![id.clone()],
        receiving_area: Some(case.area),
        receiving_lead: Some(id.clone()),
        jobcentre: Some(id.clone()),
        prior: Some(Prior { recipients: vec![id.clone()], left_out: 0 }),
        ..model::claims(MessageType::Minutes, MessageId::from_bytes([0; 16]), case)
    }
}
