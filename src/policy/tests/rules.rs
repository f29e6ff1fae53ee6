//! Each rule of domain §3.4 that permission decides: once allowed, once refused, with the ground. Here
//! those that hold for everything, and how messages begin; the others by family.

mod board;
mod content;
mod exchange;
mod meetings;
mod mending;
mod notices;

use super::support::*;
use crate::{
    message::{
        AgencyType,
        MessageType::{
            AuditForm, MeetingPack, Minutes, NonDelivery, Notification, Referral, ReferralDecision,
            Screening, StatsReturn,
        },
        Purpose, Status,
    },
    policy::Decision,
};

const COORDINATOR: &str = "not the area's co-ordination unit";

#[test]
fn p1_only_agencies_within_section_325_4a_send() {
    allowed(&World::of(Referral).send_as("kent-police"), "P6-refer");
    allowed(&World::of(Referral).send_as("kent-yot"), "P6-refer");
    for outside in ["kent-smb", "kent-lay", "maidstone-crown"] {
        barred(&World::of(Referral).send_as(outside), "P1-within-325-4A");
    }
    // A body that the Act does not name has no duty to co-operate, whatever the directory says.
    let mut world = World::of(Referral);
    world.agency_mut("kent-refuge").status = Status::Dtc;
    barred(&world.send_as("kent-refuge"), "P1-within-325-4A");
}

#[test]
fn p1_p2_a_suspended_agency_neither_sends_nor_receives() {
    let mut world = World::of(Referral);
    world.agency_mut("kent-probation").suspended = true;
    barred(&world.send(), "P1-suspended");
    allowed(&world.receive("kent-mappa"), "P6-coordinator");
    world.agency_mut("kent-mappa").suspended = true;
    barred(&world.receive("kent-mappa"), "P2-suspended");
}

#[test]
fn p2_a_body_that_the_act_does_not_name_receives_only_as_an_associate() {
    let mut world = World::of(Minutes);
    world.meeting_mut().attended.extend([id("kent-refuge"), id("kent-yot")]);
    allowed(&world.receive("kent-yot"), "P15-present");
    world.agency_mut("kent-refuge").status = Status::Dtc;
    let decision = world.receive("kent-refuge");
    assert!(!decision.is_allowed());
    let bars: Vec<_> = decision.grounds.iter().map(|ground| ground.id.as_str()).collect();
    assert_eq!(bars, ["P11-listed", "P2-within-325-4A"]);
}

#[test]
fn p3_the_purpose_is_one_of_the_cases() {
    let mut world = World::of(Referral);
    world.claims.purpose = Some(Purpose::B);
    barred(&world.send(), "P3-purpose");
    barred(&world.receive("kent-mappa"), "P3-purpose");
    world.case.as_mut().unwrap().purposes.insert(Purpose::B);
    allowed(&world.send(), "P6-refer");
    world.claims.purpose = Some(Purpose::Aa);
    world.case = None;
    allowed(&world.send(), "P6-refer");
    world.claims.purpose = None;
    barred(&world.send(), "P3-stated");
}

#[test]
fn p3_an_audit_and_counts_state_no_purpose() {
    for message_type in [AuditForm, StatsReturn] {
        let mut world = World::of(message_type);
        world.claims.purpose = None;
        assert!(world.send_as("kent-police").is_allowed(), "{message_type}");
        assert!(world.receive("kent-mappa").is_allowed(), "{message_type}");
        // Another purpose than the case's is none.
        world.claims.purpose = Some(Purpose::C);
        barred(&world.send_as("kent-police"), "P3-purpose");
    }
}

#[test]
fn p11_p34_every_type_of_agency_is_listed() {
    for agency_type in AgencyType::ALL {
        let mut world = World::of(StatsReturn);
        for status in Status::ALL {
            world.agencies.push(agency(&format!("listed-{status}"), *agency_type, *status));
            let decision = world.receive(&format!("listed-{status}"));
            let bars: Vec<_> = decision.grounds.iter().map(|ground| ground.rule.as_str()).collect();
            // A body of no listed kind is an associate or nothing.
            let listed = *agency_type != AgencyType::Other || *status == Status::Associate;
            assert_eq!(!bars.contains(&"P11"), listed, "{agency_type} {status}");
        }
    }
}

#[test]
fn p4_each_recipient_is_justified_but_a_pack_and_minutes_once() {
    let mut world = World::of(Referral);
    allowed(&world.receive("kent-mappa"), "P6-coordinator");
    world.justified = false;
    barred(&world.receive("kent-mappa"), "P4-each-recipient");

    for message_type in [MeetingPack, Minutes] {
        let mut world = World::of(message_type);
        world.justified = false;
        assert!(world.receive("kent-mappa").is_allowed());
        assert!(world.send().is_allowed());
        (world.justified, world.claims.justified) = (true, false);
        barred(&world.receive("kent-mappa"), "P4-once");
        barred(&world.send(), "P4-once");
    }
}

#[test]
fn p5_the_lead_agency_notifies() {
    let mut world = World::of(Notification);
    allowed(&world.send(), "P5-lead-agency");
    let lacks = [("P5-lead-agency", "not the lead agency")];
    unmet(&world.send_as("kent-police"), &lacks);
    // Saying so is not enough once the case has another lead.
    world.claims.lead_agency = Some(id("kent-police"));
    unmet(&world.send(), &lacks);
    world.case.as_mut().unwrap().lead = None;
    allowed(&world.send(), "P5-lead-agency");
    world.case = None;
    allowed(&world.send(), "P5-lead-agency");
    world.claims.lead_agency = None;
    unmet(&world.send(), &lacks);
    world.claims.lead_agency = Some(id("kent-mappa"));
    unmet(&world.send_as("kent-mappa"), &lacks);
}

#[test]
fn p5_a_notification_goes_to_the_coordinator_and_to_those_who_share_supervision() {
    let mut world = World::of(Notification);
    let lacks = [
        ("P5-coordinator", COORDINATOR),
        ("P5-shared-supervision", "not named as a responsible authority agency that shares supervision"),
    ];
    allowed(&world.receive("kent-mappa"), "P5-coordinator");
    unmet(&world.receive("kent-police"), &lacks);
    world.claims.shared_supervision = vec![id("kent-police"), id("kent-yot")];
    allowed(&world.receive("kent-police"), "P5-shared-supervision");
    unmet(&world.receive("kent-yot"), &lacks);
}

#[test]
fn p6_anyone_refers_to_the_coordinator_who_passes_it_on_to_invitees() {
    let lacks = [
        ("P6-coordinator", COORDINATOR),
        (
            "P6-invitee",
            "not an invitee of a meeting of the case to whom the area's co-ordination unit passes it on",
        ),
    ];
    let mut world = World::of(Referral);
    world.meeting_mut().invited.push(invitee("kent-yot", Some("statutory_involvement")));
    allowed(&world.send(), "P6-refer");
    allowed(&world.receive("kent-mappa"), "P6-coordinator");
    unmet(&world.receive("kent-yot"), &lacks);

    allowed(&world.send_as("kent-mappa"), "P6-pass-on");
    allowed(&world.receive("kent-yot"), "P6-invitee");
    // A responsible authority agency that is no invitee gets none either.
    unmet(&world.receive("kent-police"), &lacks);
    world.meeting_mut().attended.insert(id("kent-police"));
    unmet(&world.receive("kent-police"), &lacks);
}

#[test]
fn p6_the_coordinator_passes_on_only_what_belongs_to_a_known_case() {
    let mut world = World::of(Referral);
    world.case = None;
    let lacks = [
        ("P6-pass-on", "not the area's co-ordination unit passing on the referral of a known case"),
        ("P6-refer", "neither a responsible authority nor a duty to co-operate body"),
    ];
    unmet(&world.send_as("kent-mappa"), &lacks);
}

#[test]
fn p18_p25_courts_and_boards_are_told_their_own_way() {
    let mut world = World::of(Minutes);
    world.meeting_mut().attended.extend(["maidstone-crown", "kent-smb", "kent-lay", "kent-police"].map(id));
    allowed(&world.receive("kent-police"), "P15-present");
    let court = world.receive("maidstone-crown");
    barred(&court, "P18-court");
    assert!(court.grounds[0].text.as_deref().unwrap().contains("executive summary"));
    barred(&world.receive("kent-smb"), "P25-board");
    barred(&world.receive("kent-lay"), "P25-board");
}

#[test]
fn the_area_binds_sender_and_recipient() {
    let sussex = "47".parse().unwrap();
    let mut world = World::of(Referral);
    world.agency_mut("kent-mappa").areas = vec![sussex];
    barred(&world.receive("kent-mappa"), "AREA-recipient");
    world.agency_mut("kent-probation").areas = vec![sussex];
    barred(&world.send(), "AREA-sender");
    world.agency_mut("kent-probation").areas.push(kent());
    allowed(&world.send(), "P6-refer");
    world.case.as_mut().unwrap().area = sussex;
    barred(&world.send(), "AREA-case");
}

#[test]
fn p33_a_prison_sends_to_any_area_and_receives_once_in_the_circle() {
    let elsewhere = vec!["13".parse().unwrap()];
    let mut world = World::of(Referral);
    world.agency_mut("hmp-thornfield").areas = elsewhere.clone();
    allowed(&world.send_as("hmp-thornfield"), "P6-refer");

    let mut world = World::of(MeetingPack);
    world.agency_mut("hmp-thornfield").areas = elsewhere.clone();
    barred(&world.receive("hmp-thornfield"), "AREA-recipient");
    world.meeting_mut().confirmed.insert(id("hmp-thornfield"));
    allowed(&world.receive("hmp-thornfield"), "P9-confirmed");

    // A notification that opens the case names the supervising prison itself.
    let mut world = World::of(Notification);
    world.agency_mut("hmp-thornfield").areas = elsewhere;
    world.case = None;
    barred(&world.receive("hmp-thornfield"), "AREA-recipient");
    world.claims.shared_supervision = vec![id("hmp-thornfield")];
    allowed(&world.receive("hmp-thornfield"), "P5-shared-supervision");
}

#[test]
fn d25_nobody_sends_or_receives_a_non_delivery_report_by_the_rules() {
    let mut world = World::of(NonDelivery);
    for agency in ["kent-police", "kent-yot", "kent-mappa"] {
        barred(&world.send_as(agency), "D25-gateway-only");
        barred(&world.receive(agency), "D25-gateway-only");
    }
}

#[test]
fn every_bar_that_fires_is_told() {
    let mut world = World::of(Referral);
    world.agency_mut("maidstone-crown").suspended = true;
    world.justified = false;
    let decision = world.receive("maidstone-crown");
    let rules: Vec<_> = decision.grounds.iter().map(|ground| ground.rule.as_str()).collect();
    assert_eq!(rules, ["P18", "P2", "P4"]);
}

#[test]
fn a_decision_is_read_back_as_it_was_written() {
    let mut world = World::of(Minutes);
    for decision in [world.send(), world.receive("kent-housing"), world.send_as("kent-smb")] {
        let text = serde_json::to_string(&decision).unwrap();
        assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), decision);
    }
    let refused = serde_json::to_value(world.receive("kent-housing")).unwrap();
    assert_eq!(refused["verdict"], "refused");
    assert_eq!(refused["missing"][1]["rule"], "P15");
    assert_eq!(refused["missing"][1]["lacks"], "not recorded as present");
}

#[test]
fn p5_a_screening_goes_to_the_unit_and_to_the_case_owners_own_manager() {
    let mut world = World::of(Screening);
    allowed(&world.send(), "P5-lead-agency");
    allowed(&world.receive("kent-mappa"), "P5-coordinator");
    allowed(&world.receive("kent-probation"), "P5-own-agency");
    assert!(!world.receive("kent-police").is_allowed());
    assert!(!world.send_as("kent-police").is_allowed());
}

#[test]
fn p6_the_decision_goes_to_who_referred_even_if_absent() {
    let mut world = World::of(ReferralDecision);
    assert!(!world.send_as("kent-probation").is_allowed());
    allowed(&world.send_as("kent-mappa"), "P6-decision");
    allowed(&world.receive("kent-mappa"), "P6-decision-coordinator");
    world.case_mut().referrers.insert(id("kent-housing"));
    allowed(&world.receive("kent-housing"), "P6-decision-referrer");
    assert!(!world.receive("kent-probation").is_allowed(), "it notified and did not refer");
}

#[test]
fn p7_what_opens_no_case_belongs_to_a_known_one() {
    let mut world = World::of(Screening);
    world.case = None;
    barred(&world.send(), "P7-named-case");
    barred(&world.receive("kent-mappa"), "P7-named-case");
}
