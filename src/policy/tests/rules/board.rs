//! The board and its lay advisers: P25 to P27.

use super::super::support::*;
use crate::message::{
    ApprovalKind,
    MessageType::{AuditForm, ScrReport, SfoNotice, StatsReturn},
};

#[test]
fn p25_p26_audits_and_counts_go_to_the_board_and_its_advisers() {
    let mut world = World::of(AuditForm);
    for author in ["kent-police", "kent-mappa", "kent-smb"] {
        allowed(&world.send_as(author), "P25-auditor");
    }
    assert!(!world.send_as("kent-yot").is_allowed());
    allowed(&world.receive("kent-mappa"), "P25-audit-coordinator");
    allowed(&world.receive("kent-smb"), "P25-audit-board");
    allowed(&world.receive("kent-lay"), "P26-audit-adviser");
    assert!(!world.receive("kent-police").is_allowed());
    world.meeting_mut().attended.insert(id("kent-police"));
    allowed(&world.receive("kent-police"), "P25-audit-present");

    let mut world = World::of(StatsReturn);
    (world.case, world.claims.case_ref, world.claims.purpose) = (None, None, None);
    for author in ["kent-police", "kent-probation", "kent-yot"] {
        allowed(&world.send_as(author), "P25-counts");
    }
    assert!(!world.send_as("hmp-thornfield").is_allowed());
    allowed(&world.receive("kent-mappa"), "P25-counts-agencies");
    assert!(!world.receive("kent-smb").is_allowed(), "by way of the unit only");
    allowed(&world.send_as("kent-mappa"), "P25-counts-unit");
    allowed(&world.receive("kent-smb"), "P25-counts-board");
    allowed(&world.receive("kent-lay"), "P25-counts-board");
}

#[test]
fn p27_a_further_offence_goes_to_the_chair_the_unit_and_the_lead() {
    let mut world = World::of(SfoNotice);
    allowed(&world.send(), "P27-sfo-lead-agency");
    assert!(!world.send_as("kent-police").is_allowed());
    allowed(&world.receive("kent-smb"), "P27-sfo-chair");
    allowed(&world.receive("kent-mappa"), "P27-sfo-coordinator");
    allowed(&world.receive("kent-probation"), "P27-sfo-lead");
    assert!(!world.receive("kent-police").is_allowed());
    assert!(!world.receive("kent-lay").is_allowed());
}

#[test]
fn p27_a_case_review_goes_wider_only_with_the_boards_approval() {
    let mut world = World::of(ScrReport);
    for author in ["kent-police", "kent-mappa", "kent-smb"] {
        allowed(&world.send_as(author), "P27-author");
    }
    assert!(!world.send_as("kent-yot").is_allowed());
    barred(&world.send_as("kent-lay"), "P1-within-325-4A");
    allowed(&world.receive("kent-smb"), "P27-board");
    allowed(&world.receive("kent-mappa"), "P27-coordinator");
    for other in ["kent-lay", "kent-police", "kent-yot"] {
        assert!(!world.receive(other).is_allowed(), "{other}");
        world.meeting_mut().attended.insert(id("kent-yot"));
        world.approve(ApprovalKind::Smb, other);
        allowed(&world.receive(other), "P27-approved");
    }
}
