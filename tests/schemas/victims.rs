//! What is told about victims bears the mark by which it is cut from the copies of those who may not
//! have it (P29); and it stands nowhere else.

use std::collections::BTreeSet;

use portcullis::schema::{Schemas, strict};

use crate::{
    faults, samples,
    walk::{Place, places, root},
};

const MARKS: [&str; 5] = ["identity", "address", "contact", "text", "none"];

/// What every recipient may see. A new member stands here only after somebody has thought about it.
const STAYS: [&str; 5] = ["no_victim_issues_reason", "owner_agency", "potential_victims", "ref", "victims"];

/// The members of a block that are wrong by their marks, each with why. What hangs under a cut
/// member goes with it; it bears a mark all the same, so that it can be moved.
fn unmarked(block: &Place) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![block.clone()];
    let mut seen = BTreeSet::new();
    while let Some(place) = left.pop() {
        if !seen.insert(place.name()) {
            continue;
        }
        for (name, member) in place.members() {
            let mark = member.schema.get("x-victim").and_then(|mark| mark.as_str()).unwrap_or("not at all");
            if !MARKS.contains(&mark) {
                found.push(format!("{name} is marked {mark}"));
            }
            if mark == "none" && !STAYS.contains(&name) {
                found.push(format!("{name} stays in every copy"));
            }
            left.extend(
                inside(&member).into_iter().filter(|inner| mark == "none" || inner.path == block.path),
            );
        }
    }
    found
}

/// The objects that stand in a member, through lists and references.
fn inside(member: &Place) -> Vec<Place> {
    let mut left = vec![member.clone()];
    let mut objects = Vec::new();
    while let Some(place) = left.pop() {
        left.extend(place.target().flatten());
        left.extend(place.within().into_iter().filter(|inner| inner.pointer.ends_with("/items")));
        if place.has("properties") {
            objects.push(place);
        }
    }
    objects
}

#[test]
fn every_member_under_victims_is_marked() {
    assert_eq!(unmarked(&root("common/victims.json")), Vec::<String>::new());
}

#[test]
fn a_new_member_without_a_mark_is_found_wherever_it_stands() {
    let block = root("common/victims.json");
    for pointer in ["/properties", "/$defs/victim/properties", "/$defs/victim_contact/properties"] {
        for (mark, wanted) in [
            (None, "nickname is marked not at all"),
            (Some("some"), "nickname is marked some"),
            (Some("none"), "nickname stays in every copy"),
        ] {
            let mut schema = block.schema.clone();
            let members = schema.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            let mut nickname = serde_json::json!({ "type": "string" });
            if let Some(mark) = mark {
                nickname["x-victim"] = mark.into();
            }
            members.insert("nickname".into(), nickname);
            let planted = Box::leak(Box::new(schema));
            let inner = pointer.trim_end_matches("/properties");
            let schema = planted.pointer(inner).unwrap();
            let place = Place { pointer: inner.to_owned(), schema, ..block.clone() };
            assert!(unmarked(&place).contains(&wanted.to_owned()), "{pointer} {mark:?}");
        }
    }
}

/// A view would break its schema if it took out what must be there.
#[test]
fn nothing_that_is_cut_is_required_of_what_stays() {
    let block = root("common/victims.json");
    for pointer in ["", "/$defs/victim", "/$defs/potential_victim"] {
        let schema = block.schema.pointer(pointer).unwrap();
        for name in schema.get("required").and_then(|names| names.as_array()).into_iter().flatten() {
            let mark = &schema["properties"][name.as_str().unwrap()]["x-victim"];
            assert_eq!(mark, "none", "{pointer}: {name}");
        }
    }
}

/// Outside the block a victim is a reference, such as `V1`: no schema has room for more that a view
/// would not cut.
#[test]
fn victims_stand_in_their_block_and_nowhere_else() {
    let mut blocks = 0;
    for place in places().iter().filter(|place| place.path != "common/victims.json") {
        assert!(!place.has("x-victim"), "{}", place.name());
        for (name, member) in place.members().filter(|(name, _)| name.contains("victim")) {
            let target = member.target().flatten().map(|target| target.name()).unwrap_or_default();
            let flag = member.has("enum") || member.may_be("boolean");
            blocks += usize::from(target == "common/victims.json#");
            match name {
                "victims" => assert_eq!(target, "common/victims.json#", "{}", member.name()),
                "victim_ref" => {
                    assert_eq!(target, "common/identifiers.json#/$defs/victim_ref", "{}", member.name());
                }
                // The pillar of the plan. Its items speak of victims by their reference.
                "victim_safety" => assert!(member.may_be("array"), "{}", member.name()),
                _ => assert!(flag, "{}", member.name()),
            }
        }
    }
    assert!(blocks >= 6, "{blocks}");
}

#[test]
fn a_victim_who_is_named_elsewhere_is_refused_and_the_answer_says_what_to_leave_out() {
    let schemas = Schemas::embedded().unwrap();
    for (name, pointer) in [
        ("transfer-victim-named-among-relationships.json", "/body/offender/relationships/1/name"),
        ("third-party-disclosure-potential-victim-by-name.json", "/body/disclosed_to/person"),
    ] {
        let (_, bytes) = samples("refused").into_iter().find(|(known, _)| known == name).unwrap();
        let found = faults(&schemas, name, &strict::parse(&bytes, 64).unwrap());
        let [fault] = &*found else { panic!("{name}: {found:#?}") };
        assert_eq!((&*fault.pointer, &*fault.code), (pointer, "not_allowed"), "{name}");
        assert_eq!(fault.fix, "leave the member out", "{name}");
    }
}
