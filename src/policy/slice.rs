//! The slice: the few entities that one request needs, built from compact facts through Cedar's
//! typed interface (no JSON), and the words that the schema has for them.

use std::collections::HashSet;

use cedar_policy::{
    Context, Entity, EntityId, EntityTypeName, EntityUid, ParseErrors, RestrictedExpression as Value,
};
use jiff::Timestamp;

use super::{
    Addressed, Claims, Doubt,
    looked_at::{Attributes, LookedAt},
};
use crate::message::{
    Agency, AgencyId, AgencyType, ApprovalKind, Area, CaseFacts, Channel, MeetingFacts, MessageType, Status,
};

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

/// All attributes of an agency. Answers are kept by it (`short.rs`), so an agency's entity has no attribute
/// that does not stand here, and none that leads to an entity with attributes of its own. Besides, an
/// agency has its name and its parents.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Record {
    agency_type: AgencyType,
    status: Status,
    suspended: bool,
    mail_only: bool,
    has_contact: bool,
}

impl Record {
    pub fn of(agency: &Agency) -> Self {
        Self {
            agency_type: agency.agency_type,
            status: agency.status,
            suspended: agency.suspended,
            mail_only: agency.channels == [Channel::Email],
            has_contact: !agency.contacts.is_empty(),
        }
    }
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
        let record = Record::of(agency);
        let attributes = Attributes::new(None)
            .with("type", || word(&self.agency_type, record.agency_type.as_str()))
            .with("status", || word(&self.status, record.status.as_str()))
            .with("suspended", || Value::new_bool(record.suspended))
            .with("mail_only", || Value::new_bool(record.mail_only))
            .with("has_contact", || Value::new_bool(record.has_contact));
        entity(self.agency_uid(&agency.agency_id), attributes, areas.chain(circle).collect())
    }

    /// The case as it stands at a moment: designations come and go with time. Here and below: with the
    /// attributes that are looked at, or with all.
    pub fn case(
        &self,
        case: &CaseFacts,
        now: Timestamp,
        looked_at: Option<&LookedAt>,
    ) -> Result<Entity, Doubt> {
        let invitees = || case.meetings.iter().flat_map(|meeting| &meeting.invited).map(|i| &i.agency_id);
        let attended = || case.meetings.iter().flat_map(|meeting| &meeting.attended);
        let action_owners = || case.meetings.iter().flat_map(|meeting| &meeting.action_owners);
        let standing = || case.designations.iter().filter(|designation| designation.stands(now));
        let purposes = || case.purposes.iter().map(|purpose| word(&self.purpose, purpose.as_str()));
        let attributes = Attributes::new(looked_at)
            .with("area", || self.area_ref(case.area))
            .with("purposes", || Value::new_set(purposes()))
            .with("left", || Value::new_bool(case.left))
            .with("invitees", || self.agencies(invitees()))
            .with("attended", || self.agencies(attended()))
            .with("action_owners", || self.agencies(action_owners()))
            .with("referrers", || self.agencies(&case.referrers))
            .with("associates", || self.agencies(standing().map(|designation| &designation.agency_id)))
            .with_stated("lead", case.lead.as_ref().map(|lead| || self.agency_ref(lead)))
            .with_stated("category", case.category.map(|category| move || number(category)))
            .with_stated("level", case.level.map(|level| move || number(level)))
            .with_stated("convicted", case.convicted.map(|yes| move || Value::new_bool(yes)))
            .with_stated("foreign_national", case.foreign_national.map(|yes| move || Value::new_bool(yes)));
        entity(self.case_uid(case), attributes, HashSet::new())
    }

    pub fn meeting(&self, meeting: &MeetingFacts, looked_at: Option<&LookedAt>) -> Result<Entity, Doubt> {
        // Permanent members need no reason; the rules know them by what they are (P8).
        let reasoned = || meeting.invited.iter().filter(|invitee| invitee.reason.is_some());
        let attributes = Attributes::new(looked_at)
            .with("invited", || self.agencies(reasoned().map(|invitee| &invitee.agency_id)))
            .with("confirmed", || self.agencies(&meeting.confirmed))
            .with("attended", || self.agencies(&meeting.attended))
            .with("action_owners", || self.agencies(&meeting.action_owners));
        entity(self.meeting_uid(meeting), attributes, HashSet::new())
    }

    pub fn message(
        &self,
        claims: &Claims,
        sender: &AgencyId,
        (case, meeting): (Option<&CaseFacts>, Option<&MeetingFacts>),
        looked_at: Option<&LookedAt>,
    ) -> Result<Entity, Doubt> {
        let left_out = claims.prior.as_ref().map_or(0, |prior| prior.left_out);
        let attributes = Attributes::new(looked_at)
            .with("area", || self.area_ref(claims.area))
            .with("sender", || self.agency_ref(sender))
            .with("shared_supervision", || self.agencies(&claims.shared_supervision))
            .with("justified", || Value::new_bool(claims.justified))
            .with("non_mappa", || Value::new_bool(claims.non_mappa))
            .with("released", || Value::new_bool(claims.released))
            .with("tells_level", || Value::new_bool(claims.tells_level))
            .with("victim_data", || Value::new_bool(claims.victim_data))
            .with("health_data", || Value::new_bool(claims.health_data))
            .with("prior_left_out", || Value::new_long(i64::try_from(left_out).unwrap_or(i64::MAX)))
            .with_stated("purpose", claims.purpose.map(|p| move || word(&self.purpose, p.as_str())))
            .with_stated("category", claims.category.map(|category| move || number(category)))
            .with_stated("lead_agency", claims.lead_agency.as_ref().map(|id| || self.agency_ref(id)))
            .with_stated("receiving_area", claims.receiving_area.map(|to| move || self.area_ref(to)))
            .with_stated("receiving_lead", claims.receiving_lead.as_ref().map(|id| || self.agency_ref(id)))
            .with_stated("jobcentre", claims.jobcentre.as_ref().map(|id| || self.agency_ref(id)))
            .with_stated("prior", claims.prior.as_ref().map(|prior| || self.agencies(&prior.recipients)))
            .with_stated("case", case.map(|case| || Value::new_entity_uid(self.case_uid(case))))
            .with_stated("meeting", meeting.map(|m| || Value::new_entity_uid(self.meeting_uid(m))));
        entity(self.message_uid(), attributes, HashSet::new())
    }

    /// What can be approved, as the schema knows it.
    pub fn approval(&self, kind: ApprovalKind) -> Result<Entity, Doubt> {
        entity(uid(&self.approval, kind.as_str()), Attributes::new(None), HashSet::new())
    }

    /// The sending of a message, and the having of its victim data. The moment is a number: building
    /// Cedar's `datetime` costs more than evaluating a rule.
    pub fn sending(&self, now: Timestamp, looked_at: Option<&LookedAt>) -> Result<Context, Doubt> {
        let context = Attributes::new(looked_at).with("now_ms", || Value::new_long(now.as_millisecond()));
        Context::from_pairs(context.taken()).map_err(|_| Doubt::BadEntity)
    }

    /// The receiving of a message; `approved`: what stands for this recipient.
    pub fn receiving(
        &self,
        now: Timestamp,
        to: &Addressed,
        approved: impl Iterator<Item = ApprovalKind>,
        looked_at: Option<&LookedAt>,
    ) -> Result<Context, Doubt> {
        let approved = || Value::new_set(approved.map(|kind| word(&self.approval, kind.as_str())));
        let context = Attributes::new(looked_at)
            .with("now_ms", || Value::new_long(now.as_millisecond()))
            .with("justified", || Value::new_bool(to.justified))
            .with("strict_necessity", || Value::new_bool(to.strict_necessity))
            .with("attention", || Value::new_bool(to.attention))
            .with("approvals", approved);
        Context::from_pairs(context.taken()).map_err(|_| Doubt::BadEntity)
    }

    fn area_uid(&self, area: Area) -> EntityUid {
        uid(&self.area, &area.to_string())
    }

    fn area_ref(&self, area: Area) -> Value {
        Value::new_entity_uid(self.area_uid(area))
    }

    pub fn meeting_uid(&self, meeting: &MeetingFacts) -> EntityUid {
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

fn entity(uid: EntityUid, attributes: Attributes<'_>, parents: HashSet<EntityUid>) -> Result<Entity, Doubt> {
    Entity::new_with_tags(uid, attributes.taken(), parents, []).map_err(|_| Doubt::BadEntity)
}
