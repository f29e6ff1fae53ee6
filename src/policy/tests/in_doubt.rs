//! Cedar skips a policy that it cannot evaluate, a bar too. Everything in doubt is a refusal here.

mod broken;
mod taken_away;

use cedar_policy::Entities;

use super::support::*;
use crate::{
    directory::Directory,
    message::{AgencyType, MessageType, Status},
    policy::{Addressed, Ask, Decision, Doubt, Policies, evaluate::Asked},
};

/// One permit for everybody and one more policy, made of `effect` and `when`.
fn set(effect: &str, when: &str) -> Policies {
    let schema = std::fs::read_to_string(folder().join("schema.cedarschema")).unwrap();
    let notes = r#"@legal_basis("x") @source("x") @text("No.") @missing("x")"#;
    let text = format!(
        r#"@id("P0-all") {notes} permit(principal, action in [Action::"send"], resource);
           @id("P0-more") {notes} {effect}(principal, action in [Action::"send"], resource) when {{ {when} }};"#
    );
    Policies::from_sources(&schema, &[("a.cedar".into(), text)]).unwrap()
}

/// Asks whether Kent Police may send a referral, with exactly these entities loaded.
fn ask(policies: &Policies, action: &str, entities: &Entities) -> Result<Decision, Doubt> {
    let words = &policies.words;
    let asked = Asked {
        principal: words.agency_uid(&id("kent-police")),
        action: words.action(action),
        resource: words.message_uid(),
        context: words.sending(now(), None).unwrap(),
        needs: &[],
        clear: None,
        record: None,
    };
    policies.evaluate(asked, entities)
}

/// Police, and a message whose sender, probation, is loaded or not.
fn entities(policies: &Policies, with_sender: bool) -> Entities {
    let world = World::of(MessageType::Referral);
    let words = &policies.words;
    let mut all = vec![
        words.agency(&agency("kent-police", AgencyType::Police, Status::Ra), None).unwrap(),
        words.message(&world.claims, &id("kent-probation"), (None, None), None).unwrap(),
    ];
    if with_sender {
        all.push(words.agency(&agency("kent-probation", AgencyType::Probation, Status::Ra), None).unwrap());
    }
    Entities::from_entities(all, Some(&policies.schema)).unwrap()
}

fn in_doubt(decision: &Decision, doubt: Doubt) {
    assert!(!decision.is_allowed(), "{decision:?}");
    assert_eq!(decision.doubt, Some(doubt));
    assert_eq!(decision.grounds[0].rule, "policy_error");
}

#[test]
fn a_bar_that_errors_refuses() {
    let policies = set("forbid", "resource.sender.suspended");
    let sound = ask(&policies, "send_referral", &entities(&policies, true)).unwrap();
    allowed(&sound, "P0-all");
    let decision = ask(&policies, "send_referral", &entities(&policies, false)).unwrap();
    in_doubt(&decision, Doubt::Evaluation);
    assert_eq!(decision.grounds[1].id, "P0-more");
}

#[test]
fn a_permit_that_errors_refuses_although_another_applies() {
    let policies = set("permit", "resource.sender.suspended");
    allowed(&ask(&policies, "send_referral", &entities(&policies, true)).unwrap(), "P0-all");
    let decision = ask(&policies, "send_referral", &entities(&policies, false)).unwrap();
    in_doubt(&decision, Doubt::Evaluation);
    assert_eq!(decision.grounds[1].id, "P0-more");
}

#[test]
fn an_overflow_in_a_bar_refuses_too() {
    let policies = set("forbid", "9223372036854775807 + (if principal.suspended then 0 else 1) == 0");
    let decision = ask(&policies, "send_referral", &entities(&policies, true)).unwrap();
    in_doubt(&decision, Doubt::Evaluation);
}

#[test]
fn an_entity_that_is_not_loaded_refuses_even_if_no_policy_looks_at_it() {
    let policies = set("permit", "true");
    let all = entities(&policies, true);
    for absent in [policies.words.agency_uid(&id("kent-police")), policies.words.message_uid()] {
        let rest = all.clone().remove_entities([absent]).unwrap();
        assert_eq!(ask(&policies, "send_referral", &rest), Err(Doubt::MissingEntity));
    }
}

#[test]
fn an_unknown_action_refuses() {
    let policies = set("permit", "true");
    let all = entities(&policies, true);
    assert_eq!(ask(&policies, "send_gossip", &all), Err(Doubt::UnknownType));
    assert_eq!(ask(&policies, "record_meeting", &all), Err(Doubt::UnknownType));
}

#[test]
fn an_agency_outside_the_directory_neither_sends_nor_receives() {
    let world = World::of(MessageType::Referral);
    let stranger = agency("kent-stranger", AgencyType::Police, Status::Ra);
    let directory = Directory::new(1, world.agencies.clone());
    let sender = directory.agency(&world.sender).unwrap();
    let question =
        |sender| Ask { now: now(), directory: &directory, sender, message: &world.claims, case: None };
    let addressed = world.addressed(&stranger);
    in_doubt(&shipped().may_receive(&question(sender), &addressed), Doubt::UnknownAgency);
    in_doubt(&shipped().may_send(&question(&stranger)), Doubt::UnknownAgency);
    let recorded = shipped().may_record_meeting(&directory, &stranger, &case(), &meeting(), now());
    in_doubt(&recorded, Doubt::UnknownAgency);
}

#[test]
fn the_directory_decides_and_not_the_record_that_was_handed_in() {
    let mut world = World::of(MessageType::Referral);
    world.agency_mut("kent-mappa").suspended = true;
    world.with(|ask| {
        let mut stale = ask.directory.agency(&id("kent-mappa")).unwrap().clone();
        stale.suspended = false;
        let addressed =
            Addressed { agency: &stale, justified: true, strict_necessity: true, attention: true };
        barred(&shipped().may_receive(ask, &addressed), "P2-suspended");
    });
}

#[test]
fn the_facts_of_another_case_are_not_taken() {
    let mut world = World::of(MessageType::Minutes);
    for other in [Some("46-2026-00000000".parse().unwrap()), None] {
        world.claims.case_ref = other;
        in_doubt(&world.send(), Doubt::OtherCase);
        in_doubt(&world.receive("kent-mappa"), Doubt::OtherCase);
    }
}

#[test]
fn a_record_that_contradicts_itself_refuses() {
    for (agency_type, status) in [
        (AgencyType::Yot, Status::Ra),
        (AgencyType::Police, Status::Dtc),
        (AgencyType::Police, Status::Coord),
        (AgencyType::Coord, Status::Dtc),
        (AgencyType::Court, Status::Dtc),
    ] {
        let mut world = World::of(MessageType::Minutes);
        world.meeting_mut().attended.insert(id("kent-odd"));
        world.agencies.push(agency("kent-odd", agency_type, status));
        let decision = world.receive("kent-odd");
        assert!(!decision.is_allowed());
        assert!(decision.grounds.iter().any(|ground| ground.id == "RECORD-consistent"), "{decision:?}");
    }
}
