//! The exchange at level 1, plans, actions and changes of level: P7, P16, P20, P35.

use super::super::support::*;
use crate::message::MessageType::{ActionUpdate, Exit, InfoRequest, InfoResponse, LevelChange, Rmp};

#[test]
fn p7_any_body_of_section_325_4a_asks_and_answers() {
    for message_type in [InfoRequest, InfoResponse] {
        let mut world = World::of(message_type);
        for agency in ["kent-police", "kent-housing", "kent-mappa"] {
            allowed(&world.send_as(agency), "P7-exchange");
            allowed(&world.receive(agency), "P7-exchange");
        }
        barred(&world.receive("kent-smb"), "P25-board");
        barred(&world.receive("maidstone-crown"), "P18-court");
        world.justified = false;
        barred(&world.receive("kent-housing"), "P4-each-recipient");
    }
}

#[test]
fn p16_who_holds_an_action_tells_how_it_stands() {
    let mut world = World::of(ActionUpdate);
    assert!(!world.send_as("kent-yot").is_allowed());
    world.meeting_mut().action_owners.insert(id("kent-yot"));
    allowed(&world.send_as("kent-yot"), "P16-owner-reports");
    allowed(&world.receive("kent-mappa"), "P16-update-coordinator");
    allowed(&world.receive("kent-police"), "P16-update-responsible-authority");
    allowed(&world.receive("kent-yot"), "P16-update-concerned");
    assert!(!world.receive("kent-housing").is_allowed());
    world.case_mut().lead = Some(id("kent-housing"));
    allowed(&world.receive("kent-housing"), "P16-update-concerned");
}

#[test]
fn p20_the_plan_goes_to_all_relevant_agencies() {
    let mut world = World::of(Rmp);
    allowed(&world.send(), "P20-lead-agency");
    assert!(!world.send_as("kent-police").is_allowed());
    allowed(&world.receive("kent-mappa"), "P20-coordinator");
    allowed(&world.receive("kent-police"), "P20-responsible-authority");
    assert!(!world.receive("kent-housing").is_allowed());
    world.meeting_mut().invited.push(invitee("kent-housing", None));
    allowed(&world.receive("kent-housing"), "P20-relevant");
}

#[test]
fn p35_levels_are_told_where_there_is_an_open_relation() {
    for message_type in [LevelChange, Exit] {
        let mut world = World::of(message_type);
        allowed(&world.send(), "P35-lead-agency");
        allowed(&world.send_as("kent-mappa"), "P35-unit");
        assert!(!world.send_as("kent-police").is_allowed());
        allowed(&world.receive("kent-mappa"), "P35-coordinator");
        allowed(&world.receive("kent-police"), "P35-responsible-authority");
        assert!(!world.receive("kent-housing").is_allowed());
        world.case_mut().openers.insert(id("kent-housing"));
        allowed(&world.receive("kent-housing"), "P35-related");
    }
    let mut world = World::of(InfoResponse);
    world.claims.tells_level = true;
    barred(&world.receive("kent-housing"), "P35-open-relation");
    allowed(&world.receive("kent-police"), "P7-exchange");
    world.case_mut().openers.insert(id("kent-housing"));
    allowed(&world.receive("kent-housing"), "P7-exchange");
}
