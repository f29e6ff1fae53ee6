//! What policies look at is read off them.

use super::support::*;
use crate::message::MessageType::{InfoRequest, Minutes};

fn looks_at(decision: &crate::policy::Decision) -> Vec<String> {
    shipped().looks_at(decision).into_iter().collect()
}

#[test]
fn a_permission_looks_at_what_its_policy_names() {
    let mut world = World::of(Minutes);
    world.meeting_mut().attended.insert(id("kent-police"));
    assert_eq!(looks_at(&world.receive("kent-police")), ["meeting.attended", "resource.meeting"]);
}

#[test]
fn a_default_deny_looks_at_what_every_permit_names() {
    let looked = looks_at(&World::of(Minutes).receive("kent-police"));
    for word in ["approval.minutes_release", "case.lead", "in.area", "meeting.action_owners"] {
        assert!(looked.iter().any(|found| found == word), "{word}: {looked:?}");
    }
}

#[test]
fn a_bar_looks_at_designations_and_approvals() {
    let world = World::of(InfoRequest);
    assert!(looks_at(&world.receive("kent-refuge")).contains(&"case.associates".to_owned()));
}
