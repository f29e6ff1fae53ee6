//! The rules asked about a world that is made up for one question: an agency of some type, in some
//! relation to a case, and one message about it. What the matrix of permission is printed from.
//!
//! In: a [`Scene`] and who sends or receives. Out: the [`Decision`] that the same code gives about a real
//! message. It reads neither store nor directory, and a real case may be less tidy than these.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Addressed, Ask, Claims, Decision, Doubt, Policies, Prior, model};
use crate::{
    config::usual_status,
    directory::Directory,
    message::{
        Agency, AgencyId, AgencyType, Approval, ApprovalId, ApprovalKind, Area, CaseFacts, CaseRef, Channel,
        Designation, DesignationId, InviteReason, Invitee, MeetingId, MessageId, MessageType, Purpose,
        Status,
    },
};

pub use words::{Relation, When};

mod words;

/// One message and its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// What is sent.
    pub message_type: MessageType,
    /// The level of the case.
    pub level: u8,
    /// The category of the case. Category 4 serves purpose (aa) alone.
    pub category: u8,
    /// Whether the police approved category 4 for the recipient, and a person there is named (P32).
    pub approved: bool,
    /// What is out of the ordinary.
    pub when: When,
    /// The moment that is asked about.
    pub now: Timestamp,
}

/// An agency that the matrix has a row for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Party {
    /// What kind of body. Its status is the one that this kind usually has.
    pub agency_type: AgencyType,
    /// Whether it is designated for the case (P22, P23).
    pub designated: bool,
}

/// What a recipient is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// May it receive the message?
    pub decision: Decision,
    /// May its copy keep victim data (P29)? Not asked about what the gateway makes itself.
    pub victims: Option<Decision>,
}

impl Scene {
    /// May this agency send the message, standing so towards the case?
    pub fn may_send(&self, policies: &Policies, sender: Party, relation: Relation) -> Decision {
        let world = World::of(self, sender, relation, None);
        world.map_or_else(Decision::in_doubt, |world| world.ask(self, |ask, _| policies.may_send(ask)))
    }

    /// May this agency receive it from an agency of another kind?
    pub fn may_receive(
        &self,
        policies: &Policies,
        sender: AgencyType,
        recipient: Party,
        relation: Relation,
    ) -> Received {
        let asked = World::of(self, recipient, relation, Some(sender)).map(|world| {
            world.ask(self, |ask, addressed| {
                let prepared = policies.prepare(ask);
                let victims = self.message_type.made_by_agencies();
                Received {
                    decision: prepared.may_receive(addressed),
                    victims: victims.then(|| prepared.may_see_victims(addressed)),
                }
            })
        });
        asked.unwrap_or_else(|doubt| Received { decision: Decision::in_doubt(doubt), victims: None })
    }
}

/// Everything that one question needs.
struct World {
    /// Whom the question is about; the sender of what it is to receive may stand beside it.
    agencies: Vec<Agency>,
    sender: AgencyId,
    claims: Claims,
    case: CaseFacts,
    case_known: bool,
}

impl World {
    /// `from`: who sends; without it the agency sends itself.
    fn of(scene: &Scene, party: Party, relation: Relation, from: Option<AgencyType>) -> Result<Self, Doubt> {
        let (area, subject) = (area("46")?, id("subject")?);
        let meeting = model::meeting(MeetingId::from_bytes([1; 16]));
        let mut case = model::case(CaseRef::new(area, 2026, [0; 5]), area, meeting);
        (case.level, case.category, case.lead) = (Some(scene.level), Some(scene.category), Some(id("lead")?));
        let mut claims = model::claims(scene.message_type, MessageId::from_bytes([2; 16]), &case);
        if scene.message_type == MessageType::Transfer {
            claims.receiving_area = Some(self::area("47")?);
        }
        if scene.category == 4 {
            case.purposes = BTreeSet::from([Purpose::Aa]);
            claims.purpose = Some(Purpose::Aa);
        }
        let mut agencies =
            vec![model::agency(&subject, area, party.agency_type, usual_status(party.agency_type))];
        let mut sender = subject.clone();
        if let Some(from) = from.filter(|_| relation != Relation::OwnAgency) {
            sender = id("sender")?;
            agencies.push(model::agency(&sender, area, from, usual_status(from)));
        }
        let mut world = Self { agencies, sender, claims, case, case_known: true };
        if from.is_some() && matches!(scene.message_type, MessageType::Correction | MessageType::Recall) {
            world.claims.prior = Some(Prior { recipients: vec![], left_out: 0 });
        }
        world.relate(&subject, party, relation)?;
        if scene.approved {
            world.approve(ApprovalKind::Category4, &subject);
        }
        world.alter(scene.when)?;
        Ok(world)
    }

    fn relate(&mut self, subject: &AgencyId, party: Party, relation: Relation) -> Result<(), Doubt> {
        if party.designated {
            self.case.designations.push(designation(subject));
        }
        let (case, claims) = (&mut self.case, &mut self.claims);
        let set = BTreeSet::from([subject.clone()]);
        let meeting = case.meetings.first_mut().ok_or(Doubt::BadEntity)?;
        match relation {
            Relation::None | Relation::OwnAgency => {}
            Relation::SharesSupervision => claims.shared_supervision = vec![subject.clone()],
            Relation::Notifier => case.openers = set,
            Relation::Referrer => (case.openers, case.referrers) = (set.clone(), set),
            Relation::Invited => meeting.invited = vec![invitee(subject)],
            Relation::Confirmed => meeting.confirmed = set,
            Relation::Attended | Relation::AttendedReleased => meeting.attended = set,
            Relation::ActionOwner => meeting.action_owners = set,
            Relation::Lead => {
                case.lead = Some(subject.clone());
                claims.lead_agency = Some(subject.clone());
            }
            Relation::ReceivingLead => {
                claims.receiving_lead = Some(subject.clone());
                self.move_subject(area("47")?);
            }
            Relation::GotIt => claims.prior = Some(Prior { recipients: vec![subject.clone()], left_out: 0 }),
            Relation::Released => {}
        }
        if matches!(relation, Relation::Released | Relation::AttendedReleased) {
            self.claims.released = true;
            for kind in [ApprovalKind::MinutesRelease, ApprovalKind::ExecSummary, ApprovalKind::Smb] {
                self.approve(kind, subject);
            }
        }
        Ok(())
    }

    fn alter(&mut self, when: When) -> Result<(), Doubt> {
        let (case, claims) = (&mut self.case, &mut self.claims);
        let subject = self.agencies.first_mut().ok_or(Doubt::BadEntity)?;
        match when {
            When::Ordinary => {}
            When::Suspended => subject.suspended = true,
            When::OtherArea => subject.areas = vec![area("47")?],
            When::RecordContradicts => {
                let by_right = matches!(subject.status, Status::Ra | Status::Associate);
                subject.status = if by_right { Status::Dtc } else { Status::Ra };
            }
            When::MailWithoutContact => subject.channels = vec![Channel::Email],
            When::CaseUnknown => self.case_known = false,
            When::CaseOfOtherArea => case.area = area("47")?,
            When::MeetingUnknown => case.meetings.clear(),
            When::NotConvicted => case.convicted = Some(false),
            When::CaseLeft => case.left = true,
            When::NoForeignNational => case.foreign_national = Some(false),
            When::OutsideMappa => {
                self.case_known = false;
                (claims.case_ref, claims.purpose, claims.non_mappa) = (None, None, true);
            }
            When::PurposeUnstated => claims.purpose = None,
            When::OtherPurpose => claims.purpose = Some(Purpose::B),
            When::Unjustified => claims.justified = false,
            When::HealthData => claims.health_data = true,
            When::TellsLevel => claims.tells_level = true,
            When::NoReceivingArea => claims.receiving_area = None,
            When::RecipientsLeftOut => {
                let recipients = claims.prior.take().map_or_else(Vec::new, |prior| prior.recipients);
                claims.prior = Some(Prior { recipients, left_out: 1 });
            }
        }
        Ok(())
    }

    fn ask<T>(&self, scene: &Scene, question: impl FnOnce(&Ask, &Addressed) -> T) -> T
    where
        T: From<Doubt>,
    {
        let directory = Directory::new(1, self.agencies.clone());
        let (Some(sender), Some(agency)) = (
            directory.agency(&self.sender),
            self.agencies.first().and_then(|subject| directory.agency(&subject.agency_id)),
        ) else {
            return Doubt::UnknownAgency.into();
        };
        let case = self.case_known.then_some(&self.case);
        let ask = Ask { now: scene.now, directory: &directory, sender, message: &self.claims, case };
        let justified = scene.when != When::Unjustified;
        let addressed = Addressed { agency, justified, strict_necessity: false, attention: scene.approved };
        question(&ask, &addressed)
    }

    fn move_subject(&mut self, area: Area) {
        if let Some(subject) = self.agencies.first_mut() {
            subject.areas = vec![area];
        }
    }

    fn approve(&mut self, kind: ApprovalKind, to: &AgencyId) {
        self.case.approvals.push(Approval {
            approval_id: ApprovalId::from_bytes([3; 16]),
            kind,
            by: to.clone(),
            to: to.clone(),
            meeting_id: self.case.meetings.first().map(|meeting| meeting.meeting_id),
            message_id: None,
            until: Timestamp::MAX,
        });
    }
}

impl From<Doubt> for Decision {
    fn from(doubt: Doubt) -> Self {
        Self::in_doubt(doubt)
    }
}

impl From<Doubt> for Received {
    fn from(doubt: Doubt) -> Self {
        Self { decision: Decision::in_doubt(doubt), victims: None }
    }
}

fn designation(agency_id: &AgencyId) -> Designation {
    Designation {
        designation_id: DesignationId::from_bytes([4; 16]),
        agency_id: agency_id.clone(),
        ra_agency: agency_id.clone(),
        reason: InviteReason::SignificantContribution,
        start: Timestamp::MIN,
        expiry: Timestamp::MAX,
    }
}

fn invitee(agency_id: &AgencyId) -> Invitee {
    Invitee { agency_id: agency_id.clone(), reason: Some(InviteReason::SignificantContribution) }
}

fn id(text: &str) -> Result<AgencyId, Doubt> {
    text.parse().map_err(|_| Doubt::BadEntity)
}

fn area(code: &str) -> Result<Area, Doubt> {
    code.parse().map_err(|_| Doubt::BadEntity)
}
