//! Who may see and set facts by a call: each rule of `facts.cedar` once allowed, once refused.

use super::support::*;
use crate::{
    directory::Directory,
    message::{AgencyType, Approval, ApprovalKind, Designation, InviteReason, MessageType::Minutes, Status},
    policy::{Decision, Doubt, FactAct},
};

fn act(world: &World, caller: &str, act: FactAct<'_>) -> Decision {
    let directory = Directory::new(1, world.agencies.clone());
    let caller = directory.agency(&id(caller)).unwrap();
    shipped().may_act(&directory, caller, world.case.as_ref().unwrap(), act, now())
}

fn world() -> World {
    let mut world = World::of(Minutes);
    world.agencies.push(agency("kent-homes", AgencyType::Rsl, Status::Dtc));
    let mut sussex = agency("sussex-police", AgencyType::Police, Status::Ra);
    sussex.areas = vec!["47".parse().unwrap()];
    world.agencies.push(sussex);
    world
}

fn designation(of: &str) -> Designation {
    Designation {
        designation_id: "019ab000-0000-7000-8000-0000000000d1".parse().unwrap(),
        agency_id: id(of),
        ra_agency: id("kent-police"),
        reason: InviteReason::SignificantContribution,
        start: now(),
        expiry: now() + jiff::SignedDuration::from_hours(24 * 366),
    }
}

fn approval(kind: ApprovalKind, to: &str) -> Approval {
    Approval {
        approval_id: "019ab000-0000-7000-8000-0000000000a1".parse().unwrap(),
        kind,
        by: id("kent-mappa"),
        to: id(to),
        meeting_id: Some(MEETING.parse().unwrap()),
        message_id: None,
        until: now(),
    }
}

const NOT_THE_UNIT: &str = "not the co-ordination unit of the case's area";

#[test]
fn the_unit_and_the_circle_see_what_holds() {
    let world = world();
    allowed(&act(&world, "kent-mappa", FactAct::Read), "P37-coordinator");
    allowed(&act(&world, "kent-probation", FactAct::Read), "P35-circle");
    for stranger in ["kent-yot", "kent-smb", "maidstone-crown", "kent-refuge"] {
        let decision = act(&world, stranger, FactAct::Read);
        assert!(!decision.is_allowed() && decision.doubt.is_none(), "{stranger}");
    }
}

#[test]
fn only_the_unit_states_a_case_and_only_a_fitting_lead() {
    let mut world = world();
    let state =
        |world: &World, by: &str, lead: &str| act(world, by, FactAct::State { lead: Some(&id(lead)) });
    allowed(&act(&world, "kent-mappa", FactAct::State { lead: None }), "CASE-state");
    allowed(&state(&world, "kent-mappa", "kent-yot"), "CASE-state");
    unmet(&state(&world, "kent-probation", "kent-probation"), &[("CASE-state", NOT_THE_UNIT)]);
    for unfit in ["kent-smb", "kent-refuge", "kent-mappa", "sussex-police"] {
        barred(&state(&world, "kent-mappa", unfit), "CASE-lead");
    }
    assert_eq!(state(&world, "kent-mappa", "nobody").doubt, Some(Doubt::UnknownAgency));
    world.agency_mut("kent-mappa").suspended = true;
    barred(&state(&world, "kent-mappa", "kent-yot"), "P1-facts-suspended");
}

#[test]
fn p22_a_designation_names_an_associate_an_officers_agency_and_an_end() {
    let mut world = world();
    let made = designation("kent-refuge");
    allowed(&act(&world, "kent-mappa", FactAct::Designate(&made)), "P22-designate");
    allowed(&act(&world, "kent-mappa", FactAct::Designate(&designation("kent-homes"))), "P22-designate");
    unmet(&act(&world, "kent-police", FactAct::Designate(&made)), &[("P22-designate", NOT_THE_UNIT)]);
    for no_associate in ["kent-yot", "kent-police", "kent-smb"] {
        let made = designation(no_associate);
        barred(&act(&world, "kent-mappa", FactAct::Designate(&made)), "P22-body");
    }
    for no_officer in ["kent-yot", "kent-mappa", "sussex-police"] {
        let made = Designation { ra_agency: id(no_officer), ..made.clone() };
        barred(&act(&world, "kent-mappa", FactAct::Designate(&made)), "P22-officer");
    }
    let second = jiff::SignedDuration::from_secs(1);
    for expiry in [made.expiry + second, made.start, made.start - second] {
        let made = Designation { expiry, ..made.clone() };
        barred(&act(&world, "kent-mappa", FactAct::Designate(&made)), "P22-term");
    }
    world.agency_mut("kent-police").suspended = true;
    barred(&act(&world, "kent-mappa", FactAct::Designate(&made)), "P22-officer");
}

#[test]
fn p17_p18_the_unit_releases_minutes_of_a_known_meeting_and_summaries() {
    let world = world();
    let release = approval(ApprovalKind::MinutesRelease, "kent-yot");
    allowed(&act(&world, "kent-mappa", FactAct::Approve(&release)), "P17-release");
    unmet(&act(&world, "kent-probation", FactAct::Approve(&release)), &[("P17-release", NOT_THE_UNIT)]);
    let unscoped = Approval { meeting_id: None, ..release };
    barred(&act(&world, "kent-mappa", FactAct::Approve(&unscoped)), "P17-meeting");
    let summary = approval(ApprovalKind::ExecSummary, "maidstone-crown");
    allowed(&act(&world, "kent-mappa", FactAct::Approve(&summary)), "P18-release");
    unmet(&act(&world, "maidstone-crown", FactAct::Approve(&summary)), &[("P18-release", NOT_THE_UNIT)]);
}

#[test]
fn p32_police_of_the_circle_and_the_area_approve_category_4() {
    let mut world = world();
    let given = approval(ApprovalKind::Category4, "kent-yot");
    let lacks = [("P32-police", "no police of the case's area with an open relation to the case")];
    unmet(&act(&world, "kent-police", FactAct::Approve(&given)), &lacks);
    world.case.as_mut().unwrap().openers.extend([id("kent-police"), id("sussex-police")]);
    allowed(&act(&world, "kent-police", FactAct::Approve(&given)), "P32-police");
    for other in ["kent-mappa", "kent-probation", "sussex-police"] {
        unmet(&act(&world, other, FactAct::Approve(&given)), &lacks);
    }
}

#[test]
fn p27_the_board_approves_for_itself() {
    let world = world();
    let given = approval(ApprovalKind::Smb, "kent-lay");
    allowed(&act(&world, "kent-smb", FactAct::Approve(&given)), "P27-board-approves");
    let lacks = [("P27-board-approves", "not the strategic management board of the case's area")];
    for other in ["kent-mappa", "kent-lay", "kent-police"] {
        unmet(&act(&world, other, FactAct::Approve(&given)), &lacks);
    }
}
