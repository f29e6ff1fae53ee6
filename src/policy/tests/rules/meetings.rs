//! Meetings, their papers and minutes: P8, P9, P15 to P18.

use super::{super::support::*, COORDINATOR};
use crate::{
    directory::Directory,
    message::{
        ApprovalKind, MeetingFacts,
        MessageType::{
            AgencyReport, Attendance, ExecSummary, Invitation, MeetingPack, Minutes, MinutesRequest, Referral,
        },
    },
    policy::Decision,
};

#[test]
fn p8_the_coordinator_records_meetings_with_a_reason_for_each_guest() {
    let mut record = meeting();
    record.invited = vec![
        invitee("kent-police", None),
        invitee("kent-mappa", None),
        invitee("kent-yot", Some("significant_contribution")),
    ];
    allowed(&recorded(&World::of(Referral), "kent-mappa", &record), "P8-coordinator");
    unmet(
        &recorded(&World::of(Referral), "kent-police", &record),
        &[("P8-coordinator", "not the co-ordination unit of the case's area")],
    );
    let mut unreasoned = record.clone();
    unreasoned.invited.push(invitee("kent-housing", None));
    barred(&recorded(&World::of(Referral), "kent-mappa", &unreasoned), "P8-reason");
    record.attended.insert(id("nobody-knows"));
    barred(&recorded(&World::of(Referral), "kent-mappa", &record), "P8-known");
}

#[test]
fn p8_a_coordinator_of_another_area_or_a_suspended_one_records_nothing() {
    let mut world = World::of(Referral);
    world.agency_mut("kent-mappa").areas = vec!["47".parse().unwrap()];
    unmet(
        &recorded(&world, "kent-mappa", &meeting()),
        &[("P8-coordinator", "not the co-ordination unit of the case's area")],
    );
    let mut world = World::of(Referral);
    world.agency_mut("kent-mappa").suspended = true;
    barred(&recorded(&world, "kent-mappa", &meeting()), "P1-suspended");
}

#[test]
fn p9_a_pack_goes_to_those_who_confirmed() {
    let mut world = World::of(MeetingPack);
    allowed(&world.send(), "P9-sender");
    allowed(&world.receive("kent-mappa"), "P9-coordinator");
    world.meeting_mut().confirmed.insert(id("kent-police"));
    world.meeting_mut().attended.insert(id("kent-yot"));
    world.meeting_mut().invited.push(invitee("kent-housing", Some("commit_resources")));
    allowed(&world.receive("kent-police"), "P9-confirmed");
    allowed(&world.receive("kent-yot"), "P9-present");
    unmet(
        &world.receive("kent-housing"),
        &[
            ("P9-confirmed", "has not confirmed attendance"),
            ("P9-coordinator", COORDINATOR),
            ("P9-present", "not recorded as present"),
        ],
    );
    unmet(&world.send_as("kent-probation"), &[("P9-sender", COORDINATOR)]);
}

#[test]
fn p15_p16_minutes_go_to_those_present_or_concerned() {
    let mut world = World::of(Minutes);
    allowed(&world.send(), "P15-sender");
    allowed(&world.receive("kent-mappa"), "P15-coordinator");
    allowed(&world.receive("kent-probation"), "P16-lead-agency");
    world.meeting_mut().attended.insert(id("kent-police"));
    world.meeting_mut().action_owners.insert(id("kent-yot"));
    world.meeting_mut().confirmed.insert(id("kent-housing"));
    allowed(&world.receive("kent-police"), "P15-present");
    allowed(&world.receive("kent-yot"), "P16-action-owner");
    unmet(
        &world.receive("kent-housing"),
        &[
            ("P15-coordinator", COORDINATOR),
            ("P15-present", "not recorded as present"),
            ("P16-action-owner", "holds no action"),
            ("P16-lead-agency", "not the lead agency"),
            ("P17-released", "no release"),
        ],
    );
    unmet(&world.send_as("kent-probation"), &[("P15-sender", COORDINATOR)]);
}

#[test]
fn p9_p15_a_pack_and_minutes_need_a_known_meeting_of_the_case() {
    let bar = "P9-known-meeting";
    for message_type in [MeetingPack, Minutes] {
        let mut world = World::of(message_type);
        world.claims.meeting_id = Some("019ab000-0000-7000-8000-000000000043".parse().unwrap());
        barred(&world.send(), bar);
        barred(&world.receive("kent-mappa"), bar);
        world.claims.meeting_id = None;
        barred(&world.send(), bar);
        let mut world = World::of(message_type);
        world.case = None;
        assert!(!world.send().is_allowed() && !world.receive("kent-mappa").is_allowed());
    }
}

fn recorded(world: &World, caller: &str, record: &MeetingFacts) -> Decision {
    let directory = Directory::new(1, world.agencies.clone());
    let caller = directory.agency(&id(caller)).unwrap();
    shipped().may_record_meeting(&directory, caller, world.case.as_ref().unwrap(), record, now())
}

#[test]
fn p8_an_invitation_goes_to_permanent_members_and_to_guests_with_a_reason() {
    let mut world = World::of(Invitation);
    allowed(&world.send(), "P8-sender");
    assert!(!world.send_as("kent-police").is_allowed());
    allowed(&world.receive("kent-mappa"), "P8-unit");
    allowed(&world.receive("kent-police"), "P8-permanent-member");
    world.meeting_mut().invited.push(invitee("kent-yot", Some("commit_resources")));
    world.meeting_mut().invited.push(invitee("kent-housing", None));
    allowed(&world.receive("kent-yot"), "P8-invited");
    assert!(!world.receive("kent-housing").is_allowed());
    world.meeting_mut().action_owners.insert(id("kent-housing"));
    allowed(&world.receive("kent-housing"), "P8-earlier");
}

#[test]
fn p9_a_report_goes_to_the_unit_which_sends_it_on_to_those_who_attend() {
    let mut world = World::of(AgencyReport);
    world.meeting_mut().invited.push(invitee("kent-yot", Some("commit_resources")));
    world.meeting_mut().confirmed.insert(id("kent-housing"));
    allowed(&world.send_as("kent-yot"), "P9-report-sender");
    allowed(&world.receive("kent-mappa"), "P9-report-coordinator");
    assert!(!world.receive("kent-housing").is_allowed(), "by way of the unit only");
    assert!(!world.send_as("kent-csc").is_allowed());
    allowed(&world.send_as("kent-mappa"), "P9-report-pass-on");
    allowed(&world.receive("kent-housing"), "P9-report-attending");
    assert!(!world.receive("kent-yot").is_allowed(), "invited is not yet confirmed");
}

#[test]
fn p9_attendance_stays_with_the_unit() {
    let mut world = World::of(Attendance);
    world.meeting_mut().attended.insert(id("kent-police"));
    allowed(&world.send(), "P9-attendance-sender");
    allowed(&world.receive("kent-mappa"), "P9-attendance-coordinator");
    assert!(!world.receive("kent-police").is_allowed());
    assert!(!world.send_as("kent-police").is_allowed());
}

#[test]
fn p17_a_written_release_opens_the_minutes_of_its_meeting() {
    let mut world = World::of(Minutes);
    assert!(!world.receive("kent-housing").is_allowed());
    world.approve(ApprovalKind::MinutesRelease, "kent-housing");
    allowed(&world.receive("kent-housing"), "P17-released");
    assert!(!world.receive("kent-yot").is_allowed(), "released to another");
    let released = |world: &mut World| world.case_mut().approvals[0].clone();
    let approval = released(&mut world);
    world.case_mut().approvals[0].until = now();
    assert!(!world.receive("kent-housing").is_allowed(), "it ended");
    world.case_mut().approvals[0] = approval.clone();
    world.case_mut().approvals[0].meeting_id = None;
    assert!(!world.receive("kent-housing").is_allowed(), "of no meeting");
    world.case_mut().approvals[0].meeting_id = Some("019ab000-0000-7000-8000-000000000043".parse().unwrap());
    assert!(!world.receive("kent-housing").is_allowed(), "of another meeting");
    world.case_mut().approvals[0] = approval;
    world.case_mut().approvals[0].message_id = Some("019ab000-0000-7000-8000-000000000002".parse().unwrap());
    assert!(!world.receive("kent-housing").is_allowed(), "of another message");
    world.case_mut().approvals[0].message_id = Some(MESSAGE.parse().unwrap());
    allowed(&world.receive("kent-housing"), "P17-released");
    world.case_mut().approvals[0].kind = ApprovalKind::ExecSummary;
    assert!(!world.receive("kent-housing").is_allowed(), "of another kind");
}

#[test]
fn p18_a_court_receives_a_released_summary_and_nothing_else() {
    let mut world = World::of(ExecSummary);
    allowed(&world.send_as("kent-mappa"), "P18-sender");
    assert!(!world.send_as("kent-probation").is_allowed());
    world.sender = id("kent-mappa");
    allowed(&world.receive("kent-police"), "P18-responsible-authority");
    allowed(&world.receive("kent-mappa"), "P18-coordinator");
    assert!(!world.receive("kent-housing").is_allowed());
    world.meeting_mut().attended.insert(id("kent-housing"));
    allowed(&world.receive("kent-housing"), "P18-present");
    world.claims.released = true;
    assert!(!world.receive("maidstone-crown").is_allowed(), "the release is not recorded");
    world.approve(ApprovalKind::ExecSummary, "maidstone-crown");
    allowed(&world.receive("maidstone-crown"), "P18-released");
    world.claims.released = false;
    assert!(!world.receive("maidstone-crown").is_allowed(), "the summary does not say who released it");
}

#[test]
fn p18_anybody_may_ask_for_minutes_and_only_the_unit_is_asked() {
    let mut world = World::of(MinutesRequest);
    for sender in ["kent-police", "kent-yot", "kent-mappa"] {
        allowed(&world.send_as(sender), "P18-request");
    }
    barred(&world.send_as("maidstone-crown"), "P1-within-325-4A");
    allowed(&world.receive("kent-mappa"), "P18-request-coordinator");
    assert!(!world.receive("kent-police").is_allowed());
}
