//! The rules once more, written down plainly in Rust and without looking at the policies, walked
//! over every combination of agency, relation and message.

use super::support::*;
use crate::{
    message::{
        Agency,
        AgencyType::{self, Coord, Court, Lay, Police, Prison, Probation, Smb},
        MessageType::{self, MeetingPack, Minutes, Notification, Referral},
        Status,
    },
    policy::{Addressed, Decision},
};

/// How the agency stands towards the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    None,
    NamedAsSharingSupervision,
    Opener,
    Invited,
    Confirmed,
    Attended,
    ActionOwner,
    Lead,
}

const RELATIONS: [Relation; 8] = [
    Relation::None,
    Relation::NamedAsSharingSupervision,
    Relation::Opener,
    Relation::Invited,
    Relation::Confirmed,
    Relation::Attended,
    Relation::ActionOwner,
    Relation::Lead,
];

#[derive(Debug, Clone, Copy)]
struct Row {
    agency_type: AgencyType,
    status: Status,
    suspended: bool,
    serves_area: bool,
    relation: Relation,
    message_type: MessageType,
    case_known: bool,
    by_coordinator: bool,
}

#[test]
fn the_policies_say_what_the_table_says() {
    let (mut asked, mut allowed) = (0, 0);
    for row in rows() {
        let (may_send, may_receive) = decide(row);
        assert!(may_send.doubt.is_none() && may_receive.doubt.is_none(), "{row:?}");
        assert_eq!(may_receive.is_allowed(), expect_receive(row), "receive {row:?} {may_receive:?}");
        assert_eq!(may_send.is_allowed(), expect_send(row), "send {row:?} {may_send:?}");
        asked += 2;
        allowed += usize::from(may_send.is_allowed()) + usize::from(may_receive.is_allowed());
    }
    assert!(asked > 10_000, "{asked}");
    assert!(allowed > 500, "{allowed}");
}

/// Every type with every status for one simple situation, then the sensible pairs in all situations.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for &agency_type in AgencyType::ALL {
        for &status in Status::ALL {
            let sensible = fits(agency_type, status);
            for relation in RELATIONS {
                for &message_type in MessageType::ALL {
                    for bits in 0..16_u8 {
                        let bit = |n: u8| bits & (1 << n) == 0;
                        let row = Row {
                            agency_type,
                            status,
                            serves_area: bit(0),
                            case_known: bit(1),
                            by_coordinator: bit(2),
                            suspended: !bit(3),
                            relation,
                            message_type,
                        };
                        // The others are all refused; a few of each are enough.
                        let told_apart =
                            sensible && !matches!(agency_type, AgencyType::LaEdu | AgencyType::Icb);
                        if told_apart && (bits < 8 || relation == Relation::Attended) || bits == 0 {
                            rows.push(row);
                        }
                    }
                }
            }
        }
    }
    rows
}

fn decide(row: Row) -> (Decision, Decision) {
    let mut subject: Agency = agency("kent-subject", row.agency_type, row.status);
    subject.suspended = row.suspended;
    if !row.serves_area {
        subject.areas = vec!["47".parse().unwrap()];
    }
    let name = subject.agency_id.clone();
    let mut world = World::of(row.message_type);
    world.agencies.push(subject);
    world.claims.lead_agency = Some(name.clone());
    world.case.as_mut().unwrap().lead = None;
    match row.relation {
        Relation::None => world.claims.lead_agency = None,
        Relation::NamedAsSharingSupervision => {
            world.claims.lead_agency = None;
            world.claims.shared_supervision = vec![name.clone()];
        }
        Relation::Opener => {
            world.case.as_mut().unwrap().openers.insert(name.clone());
        }
        Relation::Invited => world.meeting_mut().invited.push(invitee("kent-subject", None)),
        Relation::Confirmed => _ = world.meeting_mut().confirmed.insert(name.clone()),
        Relation::Attended => _ = world.meeting_mut().attended.insert(name.clone()),
        Relation::ActionOwner => _ = world.meeting_mut().action_owners.insert(name.clone()),
        Relation::Lead => world.case.as_mut().unwrap().lead = Some(name.clone()),
    }
    if !row.case_known {
        world.case = None;
    }
    world.sender = id(if row.by_coordinator { "kent-mappa" } else { "kent-probation" });
    let received = world.with(|ask| {
        let agency = ask.directory.agency(&name).unwrap();
        shipped().may_receive(ask, &Addressed { agency, justified: true })
    });
    world.sender = name;
    (world.send(), received)
}

fn expect_receive(row: Row) -> bool {
    let within = matches!(row.status, Status::Ra | Status::Dtc | Status::Coord);
    if !within || !fits(row.agency_type, row.status) || row.suspended {
        return false;
    }
    let prison_in_circle = row.agency_type == Prison && in_circle(row);
    if !row.serves_area && !prison_in_circle {
        return false;
    }
    // A co-ordination unit that gets here serves the area: only a prison may do without.
    let coordinator = row.status == Status::Coord;
    let relation = row.relation;
    match row.message_type {
        Notification => {
            coordinator || row.status == Status::Ra && relation == Relation::NamedAsSharingSupervision
        }
        Referral => coordinator || row.by_coordinator && row.case_known && relation == Relation::Invited,
        MeetingPack => {
            row.case_known && (coordinator || matches!(relation, Relation::Confirmed | Relation::Attended))
        }
        Minutes => {
            let concerned = matches!(relation, Relation::Attended | Relation::ActionOwner | Relation::Lead);
            row.case_known && (coordinator || concerned)
        }
        // No policy permits any other type yet.
        _ => false,
    }
}

fn expect_send(row: Row) -> bool {
    let within = matches!(row.status, Status::Ra | Status::Dtc | Status::Coord);
    let area = row.serves_area || row.agency_type == Prison;
    if !within || !fits(row.agency_type, row.status) || row.suspended || !area {
        return false;
    }
    let coordinator = row.status == Status::Coord;
    match row.message_type {
        // In every relation but the first two the message names the agency as the lead.
        Notification => {
            !coordinator && !matches!(row.relation, Relation::None | Relation::NamedAsSharingSupervision)
        }
        Referral => !coordinator || row.case_known,
        MeetingPack | Minutes => coordinator && row.case_known,
        // No policy permits any other type yet.
        _ => false,
    }
}

fn in_circle(row: Row) -> bool {
    match row.relation {
        Relation::None => false,
        Relation::NamedAsSharingSupervision => row.message_type == Notification,
        _ => row.case_known,
    }
}

/// Which status an agency of a type may have.
fn fits(agency_type: AgencyType, status: Status) -> bool {
    match agency_type {
        Police | Probation | Prison => status == Status::Ra,
        Coord => status == Status::Coord,
        Smb | Lay => status == Status::Board,
        Court => status == Status::Court,
        _ => matches!(status, Status::Dtc | Status::Associate),
    }
}
