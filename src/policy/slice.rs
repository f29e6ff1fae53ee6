//! The slice: the few entities that one request needs, built from compact facts through Cedar's
//! typed interface (no JSON), and the words that the schema has for them.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, ParseErrors, RestrictedExpression as Value};
use jiff::Timestamp;

use super::{Claims, Doubt};
use crate::message::{Agency, AgencyId, ApprovalKind, Area, CaseFacts, Channel, MeetingFacts, MessageType};

/// The names of the entity types, parsed once.
pub(super) struct Words {
    action: EntityTypeName,
    agency: EntityTypeName,
    agency_type: EntityTypeName,
    approval: EntityTypeName,
    area: EntityTypeName,
    case: EntityTypeName,
    meeting: EntityTypeName,
    message: EntityTypeName,
    purpose: EntityTypeName,
    status: EntityTypeName,
}

impl Words {
    pub fn new() -> Result<Self, Box<ParseErrors>> {
        let parse = |name: &str| name.parse().map_err(Box::new);
        Ok(Self {
            action: parse("Action")?,
            agency: parse("Agency")?,
            agency_type: parse("AgencyType")?,
            approval: parse("Approval")?,
            area: parse("Area")?,
            case: parse("Case")?,
            meeting: parse("Meeting")?,
            message: parse("Message")?,
            purpose: parse("Purpose")?,
            status: parse("Status")?,
        })
    }

    pub fn action(&self, name: &str) -> EntityUid {
        uid(&self.action, name)
    }

    pub fn send(&self, message_type: MessageType) -> EntityUid {
        self.action(&format!("send_{message_type}"))
    }

    pub fn receive(&self, message_type: MessageType) -> EntityUid {
        self.action(&format!("receive_{message_type}"))
    }

    pub fn see_victims(&self, message_type: MessageType) -> EntityUid {
        self.action(&format!("see_victims_{message_type}"))
    }

    pub fn agency_uid(&self, id: &AgencyId) -> EntityUid {
        uid(&self.agency, id.as_str())
    }

    pub fn case_uid(&self, case: &CaseFacts) -> EntityUid {
        uid(&self.case, case.case_ref.as_str())
    }

    /// One message is asked about at a time, so it needs no name of its own.
    pub fn message_uid(&self) -> EntityUid {
        uid(&self.message, "message")
    }

    /// An agency, in its areas and in the case if it belongs to its circle.
    pub fn agency(&self, agency: &Agency, case: Option<&CaseFacts>) -> Result<Entity, Doubt> {
        let areas = agency.areas.iter().map(|area| self.area_uid(*area));
        let circle = case.filter(|case| case.in_circle(&agency.agency_id)).map(|case| self.case_uid(case));
        entity(
            self.agency_uid(&agency.agency_id),
            [
                ("type", word(&self.agency_type, agency.agency_type.as_str())),
                ("status", word(&self.status, agency.status.as_str())),
                ("suspended", Value::new_bool(agency.suspended)),
                ("mail_only", Value::new_bool(agency.channels == [Channel::Email])),
                ("has_contact", Value::new_bool(!agency.contacts.is_empty())),
            ],
            areas.chain(circle).collect(),
        )
    }

    /// The case as it stands at a moment: designations come and go with time.
    pub fn case(&self, case: &CaseFacts, now: Timestamp) -> Result<Entity, Doubt> {
        let invitees = case.meetings.iter().flat_map(|meeting| &meeting.invited).map(|i| &i.agency_id);
        let attended = case.meetings.iter().flat_map(|meeting| &meeting.attended);
        let action_owners = case.meetings.iter().flat_map(|meeting| &meeting.action_owners);
        let standing = case.designations.iter().filter(|designation| designation.stands(now));
        let purposes = case.purposes.iter().map(|purpose| word(&self.purpose, purpose.as_str()));
        let attributes = [
            ("area", Value::new_entity_uid(self.area_uid(case.area))),
            ("purposes", Value::new_set(purposes)),
            ("left", Value::new_bool(case.left)),
            ("invitees", self.agencies(invitees)),
            ("attended", self.agencies(attended)),
            ("action_owners", self.agencies(action_owners)),
            ("referrers", self.agencies(&case.referrers)),
            ("associates", self.agencies(standing.map(|designation| &designation.agency_id))),
        ];
        let stated = [
            ("lead", case.lead.as_ref().map(|lead| self.agency_ref(lead))),
            ("category", case.category.map(number)),
            ("level", case.level.map(number)),
            ("convicted", case.convicted.map(Value::new_bool)),
            ("foreign_national", case.foreign_national.map(Value::new_bool)),
        ];
        entity(self.case_uid(case), attributes.into_iter().chain(present(stated)), HashSet::new())
    }

    pub fn meeting(&self, meeting: &MeetingFacts) -> Result<Entity, Doubt> {
        // Permanent members need no reason; the rules know them by what they are (P8).
        let reasoned = meeting.invited.iter().filter(|invitee| invitee.reason.is_some());
        entity(
            self.meeting_uid(meeting),
            [
                ("invited", self.agencies(reasoned.map(|invitee| &invitee.agency_id))),
                ("confirmed", self.agencies(&meeting.confirmed)),
                ("attended", self.agencies(&meeting.attended)),
                ("action_owners", self.agencies(&meeting.action_owners)),
            ],
            HashSet::new(),
        )
    }

    pub fn message(
        &self,
        claims: &Claims,
        sender: &AgencyId,
        case: Option<&CaseFacts>,
        meeting: Option<&MeetingFacts>,
    ) -> Result<Entity, Doubt> {
        let left_out = claims.prior.as_ref().map_or(0, |prior| prior.left_out);
        let attributes = [
            ("area", Value::new_entity_uid(self.area_uid(claims.area))),
            ("sender", self.agency_ref(sender)),
            ("shared_supervision", self.agencies(&claims.shared_supervision)),
            ("justified", Value::new_bool(claims.justified)),
            ("non_mappa", Value::new_bool(claims.non_mappa)),
            ("released", Value::new_bool(claims.released)),
            ("tells_level", Value::new_bool(claims.tells_level)),
            ("victim_data", Value::new_bool(claims.victim_data)),
            ("health_data", Value::new_bool(claims.health_data)),
            ("prior_left_out", Value::new_long(i64::try_from(left_out).unwrap_or(i64::MAX))),
        ];
        let agency = |id: &Option<AgencyId>| id.as_ref().map(|id| self.agency_ref(id));
        let stated = [
            ("purpose", claims.purpose.map(|purpose| word(&self.purpose, purpose.as_str()))),
            ("category", claims.category.map(number)),
            ("lead_agency", agency(&claims.lead_agency)),
            ("receiving_area", claims.receiving_area.map(|to| Value::new_entity_uid(self.area_uid(to)))),
            ("receiving_lead", agency(&claims.receiving_lead)),
            ("jobcentre", agency(&claims.jobcentre)),
            ("prior", claims.prior.as_ref().map(|prior| self.agencies(&prior.recipients))),
            ("case", case.map(|case| Value::new_entity_uid(self.case_uid(case)))),
            ("meeting", meeting.map(|meeting| Value::new_entity_uid(self.meeting_uid(meeting)))),
        ];
        entity(self.message_uid(), attributes.into_iter().chain(present(stated)), HashSet::new())
    }

    /// What was approved, for the context of a recipient.
    pub fn approvals(&self, kinds: impl IntoIterator<Item = ApprovalKind>) -> Value {
        Value::new_set(kinds.into_iter().map(|kind| word(&self.approval, kind.as_str())))
    }

    /// What can be approved, as the schema knows it.
    pub fn approval(&self, kind: ApprovalKind) -> Result<Entity, Doubt> {
        entity(uid(&self.approval, kind.as_str()), [], HashSet::new())
    }

    fn area_uid(&self, area: Area) -> EntityUid {
        uid(&self.area, &area.to_string())
    }

    fn meeting_uid(&self, meeting: &MeetingFacts) -> EntityUid {
        uid(&self.meeting, &meeting.meeting_id.to_string())
    }

    fn agency_ref(&self, id: &AgencyId) -> Value {
        Value::new_entity_uid(self.agency_uid(id))
    }

    fn agencies<'i>(&self, ids: impl IntoIterator<Item = &'i AgencyId>) -> Value {
        Value::new_set(ids.into_iter().map(|id| self.agency_ref(id)))
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn word(kind: &EntityTypeName, id: &str) -> Value {
    Value::new_entity_uid(uid(kind, id))
}

fn number(n: u8) -> Value {
    Value::new_long(n.into())
}

/// The attributes that are there.
fn present<const N: usize>(stated: [(&str, Option<Value>); N]) -> impl Iterator<Item = (&str, Value)> {
    stated.into_iter().filter_map(|(name, value)| Some((name, value?)))
}

fn entity<'n>(
    uid: EntityUid,
    attributes: impl IntoIterator<Item = (&'n str, Value)>,
    parents: HashSet<EntityUid>,
) -> Result<Entity, Doubt> {
    let attributes: HashMap<_, _> =
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Entity::new(uid, attributes, parents).map_err(|_| Doubt::BadEntity)
}
