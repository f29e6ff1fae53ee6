//! What a message holds or whom it is about: P14, P29, P31, P32, P36, P39; and associates: P22, P23.

use super::super::support::*;
use crate::message::{
    AgencyType, ApprovalKind, Channel, Contact,
    MessageType::{
        self, AgencyReport, DwpNotice, Exit, InfoRequest, InfoResponse, MeetingPack, Minutes, Notification,
        Referral, ReferralDecision, Rmp, StatsReturn,
    },
    Purpose, Status,
};

#[test]
fn p14_a_case_without_conviction_is_turned_away_but_can_be_ended() {
    let mut world = World::of(Referral);
    allowed(&world.send(), "P6-refer");
    world.case_mut().convicted = Some(false);
    barred(&world.send(), "P14-convicted");
    barred(&world.receive("kent-mappa"), "P14-convicted");
    assert!(world.send().grounds[0].text.as_deref().unwrap().contains("MARAC"));
    for exempt in [ReferralDecision, Exit] {
        world.claims.message_type = exempt;
        assert!(world.send_as("kent-mappa").is_allowed(), "{exempt}");
        assert!(world.receive("kent-mappa").is_allowed(), "{exempt}");
    }
    world.claims.message_type = Notification;
    world.case_mut().convicted = None;
    allowed(&world.send_as("kent-probation"), "P5-lead-agency");
}

#[test]
fn p14_a_case_that_left_is_not_managed_any_more() {
    let mut world = World::of(Rmp);
    allowed(&world.send(), "P20-lead-agency");
    world.case_mut().left = true;
    barred(&world.send(), "P14-left");
    world.claims.message_type = Referral;
    allowed(&world.send(), "P6-refer");
    world.claims.message_type = Minutes;
    allowed(&world.send_as("kent-mappa"), "P15-sender");
}

#[test]
fn p22_an_associate_has_one_case_and_an_end() {
    let mut world = World::of(InfoRequest);
    barred(&world.receive("kent-refuge"), "P22-designated");
    world.designate("kent-refuge", "2026-11-01", "2027-05-01");
    allowed(&world.receive("kent-refuge"), "P7-exchange");
    allowed(&world.send_as("kent-refuge"), "P7-exchange");
    for (start, expiry) in [("2026-11-21", "2027-01-01"), ("2026-01-01", "2026-11-20")] {
        world.case_mut().designations.clear();
        world.designate("kent-refuge", start, expiry);
        barred(&world.receive("kent-refuge"), "P22-designated");
    }
    // It ends with the moment, and begins with it.
    world.case_mut().designations[0].expiry = now();
    barred(&world.receive("kent-refuge"), "P22-designated");
    world.case_mut().designations[0].start = now();
    world.case_mut().designations[0].expiry = jiff::Timestamp::MAX;
    allowed(&world.receive("kent-refuge"), "P7-exchange");
}

#[test]
fn p22_an_associate_neither_notifies_nor_refers_and_needs_the_ground_of_a_pack_or_minutes() {
    for barred_type in [Notification, Referral] {
        let mut world = World::of(barred_type);
        world.designate("kent-refuge", "2026-11-01", "2027-05-01");
        world.claims.lead_agency = Some(id("kent-refuge"));
        barred(&world.send_as("kent-refuge"), "P22-type");
        barred(&world.receive("kent-refuge"), "P22-type");
    }
    let mut world = World::of(Minutes);
    world.designate("kent-refuge", "2026-11-01", "2027-05-01");
    assert!(!world.receive("kent-refuge").is_allowed());
    world.meeting_mut().attended.insert(id("kent-refuge"));
    allowed(&world.receive("kent-refuge"), "P15-present");
    world.claims.message_type = MeetingPack;
    allowed(&world.receive("kent-refuge"), "P9-present");
    world.claims.message_type = Rmp;
    allowed(&world.receive("kent-refuge"), "P22-associate");
}

#[test]
fn p23_a_landlord_is_an_associate_in_a_terrorism_case() {
    let mut world = World::of(Referral);
    allowed(&world.send_as("kent-homes"), "P6-refer");
    world.case_mut().purposes = [Purpose::Aa].into();
    world.claims.purpose = Some(Purpose::Aa);
    let rules: Vec<_> = world.send().grounds.iter().map(|ground| ground.id.clone()).collect();
    assert_eq!(rules, ["P23-designated", "P23-type"]);
    let mut world = World::of(InfoRequest);
    (world.attention, world.case_mut().purposes) = (true, [Purpose::C].into());
    world.claims.purpose = Some(Purpose::C);
    world.approve(ApprovalKind::Category4, "kent-homes");
    barred(&world.receive("kent-homes"), "P23-designated");
    world.designate("kent-homes", "2026-11-01", "2027-05-01");
    allowed(&world.receive("kent-homes"), "P7-exchange");
    world.case_mut().designations.clear();
    world.case_mut().purposes.insert(Purpose::B);
    allowed(&world.receive("kent-homes"), "P7-exchange");
}

#[test]
fn p29_victim_data_stays_with_the_responsible_authority_and_social_care() {
    let mut world = World::of(Minutes);
    let present = ["kent-police", "kent-csc", "kent-yot", "kent-housing"];
    world.meeting_mut().attended.extend(present.map(id));
    for recipient in present {
        allowed(&world.receive(recipient), "P15-present");
    }
    world.claims.victim_data = true;
    for recipient in present {
        allowed(&world.receive(recipient), "P15-present");
    }
    let social_care_adults = agency("kent-asc", AgencyType::LaAsc, Status::Dtc);
    world.agencies.push(social_care_adults);
    for recipient in ["kent-mappa", "kent-police", "kent-csc", "kent-asc"] {
        allowed(&world.see_victims(recipient), "P29-victims");
    }
    let lacks = "neither of the responsible authority nor social care, or a type of message that never carries \
                 victim data";
    for recipient in ["kent-yot", "kent-housing", "kent-refuge", "kent-smb"] {
        unmet(&world.see_victims(recipient), &[("P29-victims", lacks)]);
    }
}

#[test]
fn p29_only_five_types_of_message_carry_victim_data_to_anybody() {
    for message_type in MessageType::ALL.iter().filter(|kind| kind.made_by_agencies()) {
        let carries = matches!(message_type, Referral | AgencyReport | MeetingPack | Minutes | Rmp);
        let world = World::of(*message_type);
        assert_eq!(world.see_victims("kent-police").is_allowed(), carries, "{message_type}");
        assert_eq!(world.see_victims("kent-mappa").is_allowed(), carries, "{message_type}");
    }
}

#[test]
fn p31_health_data_needs_a_note_for_each_recipient() {
    let mut world = World::of(Referral);
    world.claims.health_data = true;
    barred(&world.receive("kent-mappa"), "P31-necessity");
    world.strict_necessity = true;
    allowed(&world.receive("kent-mappa"), "P6-coordinator");
}

#[test]
fn p32_category_4_needs_a_name_and_the_police_outside_the_responsible_authority() {
    let mut world = World::of(InfoRequest);
    for category4 in [
        |world: &mut World| world.case_mut().category = Some(4),
        |world: &mut World| world.claims.category = Some(4),
        |world: &mut World| {
            world.claims.purpose = Some(Purpose::Aa);
            world.case_mut().purposes.insert(Purpose::Aa);
        },
        // The sender names the other purpose that the case serves.
        |world: &mut World| _ = world.case_mut().purposes.insert(Purpose::C),
    ] {
        let mut world = world.clone();
        category4(&mut world);
        allowed(&world.receive("kent-police"), "P7-exchange");
        allowed(&world.receive("kent-mappa"), "P7-exchange");
        assert!(!world.receive("kent-yot").is_allowed());
        world.attention = true;
        barred(&world.receive("kent-yot"), "P32-approved");
        world.approve(ApprovalKind::Category4, "kent-yot");
        allowed(&world.receive("kent-yot"), "P7-exchange");
        world.attention = false;
        barred(&world.receive("kent-yot"), "P32-named");
    }
    allowed(&world.receive("kent-yot"), "P7-exchange");
    world.case_mut().category = Some(4);
    world.claims.message_type = StatsReturn;
    allowed(&world.receive("kent-yot"), "P25-counts-agencies");
}

#[test]
fn p36_immigration_bodies_hear_of_foreign_nationals_only() {
    let mut world = World::of(InfoRequest);
    allowed(&world.receive("kent-immigration"), "P7-exchange");
    for unknown in [None, Some(false)] {
        world.case_mut().foreign_national = unknown;
        barred(&world.receive("kent-immigration"), "P36-foreign-nationals");
    }
    allowed(&world.receive("kent-yot"), "P7-exchange");
    allowed(&world.send_as("kent-immigration"), "P7-exchange");
}

#[test]
fn p39_mail_goes_to_a_registered_person() {
    let mut world = World::of(InfoResponse);
    world.agency_mut("kent-yot").channels = vec![Channel::Email];
    barred(&world.receive("kent-yot"), "P39-registered");
    let contact = Contact { name: "A".into(), role: "spoc".into(), email: "a@yot.example".into() };
    world.agency_mut("kent-yot").contacts.push(contact);
    allowed(&world.receive("kent-yot"), "P7-exchange");
}

#[test]
fn p14_p21_a_notice_about_somebody_outside_mappa_needs_no_conviction() {
    let mut world = World::of(DwpNotice);
    (world.claims.non_mappa, world.claims.purpose) = (true, None);
    (world.case, world.claims.case_ref) = (None, None);
    allowed(&world.send_as("kent-police"), "P21-non-mappa");
    for recipient in ["kent-jobcentre", "kent-police", "kent-mappa"] {
        allowed(&world.receive(recipient), "P21-outside");
    }
    assert!(!world.receive("kent-yot").is_allowed());
    let decision = world.receive("kent-jobcentre");
    assert!(!decision.grounds[0].legal_basis.contains("s.325"), "that power is about MAPPA offenders");
}

#[test]
fn p21_nobody_calls_a_managed_case_one_outside_mappa() {
    let mut world = World::of(DwpNotice);
    world.claims.non_mappa = true;
    for told in [Some(true), None] {
        world.case_mut().convicted = told;
        barred(&world.send_as("kent-probation"), "P21-in-mappa");
        barred(&world.receive("kent-jobcentre"), "P21-in-mappa");
    }
    world.case_mut().left = true;
    allowed(&world.send_as("kent-probation"), "P21-non-mappa");
    allowed(&world.receive("kent-jobcentre"), "P21-outside");
}
