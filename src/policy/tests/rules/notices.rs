//! Disclosures, notices and transfers: P19, P21, P24.

use super::super::support::*;
use crate::message::MessageType::{DwpNotice, HousingBenefitNotice, ThirdPartyDisclosure, Transfer};

#[test]
fn p19_a_disclosure_is_recorded_by_the_lead_agency() {
    let mut world = World::of(ThirdPartyDisclosure);
    allowed(&world.send(), "P19-lead-agency");
    assert!(!world.send_as("kent-police").is_allowed());
    allowed(&world.receive("kent-mappa"), "P19-coordinator");
    allowed(&world.receive("kent-police"), "P19-responsible-authority");
    assert!(!world.receive("kent-csc").is_allowed());
    world.meeting_mut().attended.insert(id("kent-csc"));
    allowed(&world.receive("kent-csc"), "P19-present");
}

#[test]
fn p21_a_jobcentre_hears_by_way_of_the_unit() {
    let mut world = World::of(DwpNotice);
    world.claims.jobcentre = Some(id("kent-jobcentre"));
    allowed(&world.send(), "P21-lead-agency");
    allowed(&world.receive("kent-mappa"), "P21-coordinator");
    allowed(&world.receive("kent-police"), "P21-responsible-authority");
    assert!(!world.receive("kent-jobcentre").is_allowed());
    allowed(&world.send_as("kent-mappa"), "P21-unit");
    allowed(&world.receive("kent-jobcentre"), "P21-jobcentre");
    assert!(!world.receive("kent-housing").is_allowed());
    world.claims.jobcentre = Some(id("kent-housing"));
    assert!(!world.receive("kent-jobcentre").is_allowed(), "another jobcentre is named");
}

#[test]
fn p21_housing_benefit_hears_of_level_2_and_3_only() {
    let mut world = World::of(HousingBenefitNotice);
    allowed(&world.send(), "P21-housing-lead-agency");
    allowed(&world.send_as("kent-mappa"), "P21-housing-unit");
    allowed(&world.receive("kent-housing"), "P21-housing-benefit");
    allowed(&world.receive("kent-mappa"), "P21-housing-coordinator");
    assert!(!world.receive("kent-police").is_allowed());
    for level in [Some(1), None] {
        world.case_mut().level = level;
        barred(&world.receive("kent-housing"), "P21-level");
        barred(&world.send(), "P21-level");
    }
}

#[test]
fn p24_a_transfer_goes_between_two_areas() {
    let mut world = World::of(Transfer);
    barred(&world.send(), "P24-areas");
    world.claims.receiving_area = Some("47".parse().unwrap());
    allowed(&world.send(), "P24-lead-agency");
    allowed(&world.send_as("kent-mappa"), "P24-unit");
    assert!(!world.send_as("kent-police").is_allowed());
    barred(&world.send_as("sussex-mappa"), "AREA-sender");
    allowed(&world.receive("kent-mappa"), "P24-coordinator");
    allowed(&world.receive("sussex-mappa"), "P24-coordinator");
    allowed(&world.receive("kent-probation"), "P24-losing-lead");
    assert!(!world.receive("kent-police").is_allowed());
    assert!(!world.receive("sussex-police").is_allowed());
    world.claims.receiving_lead = Some(id("sussex-police"));
    allowed(&world.receive("sussex-police"), "P24-receiving-lead");
    world.claims.receiving_area = Some("13".parse().unwrap());
    barred(&world.receive("sussex-mappa"), "AREA-recipient");
    world.claims.receiving_area = Some(kent());
    barred(&world.send_as("kent-probation"), "P24-areas");
}
