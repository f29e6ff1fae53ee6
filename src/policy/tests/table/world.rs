//! The world of one row.

use super::{super::support::*, Circumstance, Circumstance::*, Relation};
use crate::{
    message::{ApprovalKind, Purpose},
    policy::Prior,
};

/// The agency that a row is about.
pub const SUBJECT: &str = "kent-subject";

pub fn relate(world: &mut World, relation: Relation) {
    let subject = id(SUBJECT);
    world.claims.lead_agency = Some(subject.clone());
    world.case_mut().lead = None;
    match relation {
        Relation::None => world.claims.lead_agency = None,
        Relation::NamedAsSharingSupervision => {
            world.claims.lead_agency = None;
            world.claims.shared_supervision = vec![subject];
        }
        Relation::Notifier => _ = world.case_mut().openers.insert(subject),
        Relation::Referrer => {
            world.case_mut().openers.insert(subject.clone());
            world.case_mut().referrers.insert(subject);
        }
        Relation::Invited => {
            world.meeting_mut().invited.push(invitee(SUBJECT, Some("significant_contribution")));
        }
        Relation::Confirmed => _ = world.meeting_mut().confirmed.insert(subject),
        Relation::Attended => _ = world.meeting_mut().attended.insert(subject),
        Relation::ActionOwner => _ = world.meeting_mut().action_owners.insert(subject),
        Relation::Lead => world.case_mut().lead = Some(subject),
    }
}

pub fn alter(world: &mut World, circumstance: Circumstance) {
    let terrorism = |world: &mut World| {
        world.case_mut().purposes = [Purpose::Aa].into();
        world.claims.purpose = Some(Purpose::Aa);
    };
    match circumstance {
        Plain | OtherArea | Suspended => {}
        Designated => world.designate(SUBJECT, "2026-11-01", "2027-05-01"),
        CaseUnknown => world.case = None,
        OutsideMappa => {
            (world.case, world.claims.case_ref, world.claims.purpose) = (None, None, None);
            world.claims.non_mappa = true;
        }
        Unjustified => world.claims.justified = false,
        NotConvicted => world.case_mut().convicted = Some(false),
        Left => world.case_mut().left = true,
        NoForeignNational => world.case_mut().foreign_national = Some(false),
        VictimData => world.claims.victim_data = true,
        HealthData | HealthDataWithNote => world.claims.health_data = true,
        Terrorism | TerrorismUnnamed => {
            terrorism(world);
            world.approve(ApprovalKind::Category4, SUBJECT);
        }
        TerrorismDesignated => {
            terrorism(world);
            world.approve(ApprovalKind::Category4, SUBJECT);
            world.designate(SUBJECT, "2026-11-01", "2027-05-01");
        }
        TerrorismUnapproved => terrorism(world),
        TerrorismBeside => _ = world.case_mut().purposes.insert(Purpose::C),
        MinutesReleased => world.approve(ApprovalKind::MinutesRelease, SUBJECT),
        BoardApproved => world.approve(ApprovalKind::Smb, SUBJECT),
        SummaryReleased => {
            world.claims.released = true;
            world.approve(ApprovalKind::ExecSummary, SUBJECT);
        }
        GotTheOriginal => world.claims.prior = Some(Prior { recipients: vec![id(SUBJECT)], left_out: 0 }),
    }
}
