//! The world of one question: agencies, a case with a meeting, and a message, as the words of the scene
//! say. It knows no rule.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Party, Relation, Scene, When};
use crate::{
    config::usual_status,
    directory::Directory,
    message::{
        Agency, AgencyId, AgencyType, Approval, ApprovalId, ApprovalKind, Area, CaseFacts, CaseRef, Channel,
        Designation, DesignationId, InviteReason, Invitee, MeetingId, MessageId, MessageType, Purpose,
        Status,
    },
    policy::{Addressed, Ask, Claims, Doubt, Prior, model},
};

/// Everything that one question needs.
pub struct World {
    /// Whom the question is about; the sender of what it is to receive may stand beside it.
    agencies: Vec<Agency>,
    sender: AgencyId,
    claims: Claims,
    case: CaseFacts,
    case_known: bool,
}

impl World {
    /// `from`: who sends; without it the agency sends itself.
    pub fn of(
        scene: &Scene,
        party: Party,
        relation: Relation,
        from: Option<AgencyType>,
    ) -> Result<Self, Doubt> {
        let (area, subject) = (area("46")?, id("subject")?);
        let case = case(scene, area)?;
        let claims = claims(scene, &case, from.is_some())?;
        let agency = |id: &AgencyId, kind| model::agency(id, area, kind, usual_status(kind));
        let mut agencies = vec![agency(&subject, party.agency_type)];
        let mut sender = subject.clone();
        if let Some(from) = from.filter(|_| relation != Relation::OwnAgency) {
            sender = id("sender")?;
            agencies.push(agency(&sender, from));
        }
        let mut world = Self { agencies, sender, claims, case, case_known: true };
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
            When::NotOutsideMappa => claims.non_mappa = true,
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

    /// Asks about it.
    pub fn ask<T>(&self, scene: &Scene, question: impl FnOnce(&Ask, &Addressed) -> T) -> T
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

fn case(scene: &Scene, area: Area) -> Result<CaseFacts, Doubt> {
    let meeting = model::meeting(MeetingId::from_bytes([1; 16]));
    let purpose = if scene.category == 4 { Purpose::Aa } else { Purpose::A };
    Ok(CaseFacts {
        level: Some(scene.level),
        category: Some(scene.category),
        purposes: BTreeSet::from([purpose]),
        lead: Some(id("lead")?),
        ..model::case(CaseRef::new(area, 2026, [0; 5]), area, meeting)
    })
}

/// `received`: somebody else sends it, and of what it corrects or recalls the gateway knows.
fn claims(scene: &Scene, case: &CaseFacts, received: bool) -> Result<Claims, Doubt> {
    let transfer = scene.message_type == MessageType::Transfer;
    let mends = matches!(scene.message_type, MessageType::Correction | MessageType::Recall);
    Ok(Claims {
        purpose: case.purposes.first().copied(),
        receiving_area: transfer.then(|| area("47")).transpose()?,
        prior: (received && mends).then(|| Prior { recipients: vec![], left_out: 0 }),
        ..model::claims(scene.message_type, MessageId::from_bytes([2; 16]), case)
    })
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
