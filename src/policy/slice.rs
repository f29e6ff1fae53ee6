//! The slice: the few entities that one request needs, built from compact facts through Cedar's
//! typed interface (no JSON), and the words that the schema has for them.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, ParseErrors, RestrictedExpression as Value};

use super::{Claims, Doubt};
use crate::message::{Agency, AgencyId, Area, CaseFacts, MeetingFacts, MessageType};

/// The names of the entity types, parsed once.
pub(super) struct Words {
    action: EntityTypeName,
    agency: EntityTypeName,
    agency_type: EntityTypeName,
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
            ],
            areas.chain(circle).collect(),
        )
    }

    pub fn case(&self, case: &CaseFacts) -> Result<Entity, Doubt> {
        let invitees = case.meetings.iter().flat_map(|meeting| &meeting.invited).map(|i| &i.agency_id);
        let purposes = case.purposes.iter().map(|purpose| word(&self.purpose, purpose.as_str()));
        let attributes = [
            ("area", Value::new_entity_uid(self.area_uid(case.area))),
            ("purposes", Value::new_set(purposes)),
            ("invitees", self.agencies(invitees)),
        ];
        let lead = case.lead.iter().map(|lead| ("lead", self.agency_ref(lead)));
        entity(self.case_uid(case), attributes.into_iter().chain(lead), HashSet::new())
    }

    pub fn meeting(&self, meeting: &MeetingFacts) -> Result<Entity, Doubt> {
        entity(
            self.meeting_uid(meeting),
            [
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
        let attributes = [
            ("area", Value::new_entity_uid(self.area_uid(claims.area))),
            ("sender", self.agency_ref(sender)),
            ("shared_supervision", self.agencies(&claims.shared_supervision)),
            ("justified", Value::new_bool(claims.justified)),
        ];
        let purpose = claims.purpose.map(|purpose| ("purpose", word(&self.purpose, purpose.as_str())));
        let lead = claims.lead_agency.iter().map(|lead| ("lead_agency", self.agency_ref(lead)));
        let case = case.map(|case| ("case", Value::new_entity_uid(self.case_uid(case))));
        let meeting = meeting.map(|meeting| ("meeting", Value::new_entity_uid(self.meeting_uid(meeting))));
        entity(
            self.message_uid(),
            attributes.into_iter().chain(purpose).chain(lead).chain(case).chain(meeting),
            HashSet::new(),
        )
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

fn entity<'n>(
    uid: EntityUid,
    attributes: impl IntoIterator<Item = (&'n str, Value)>,
    parents: HashSet<EntityUid>,
) -> Result<Entity, Doubt> {
    let attributes: HashMap<_, _> =
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Entity::new(uid, attributes, parents).map_err(|_| Doubt::BadEntity)
}
