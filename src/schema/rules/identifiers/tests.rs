//! What the samples do not show: several persons, several wrong numbers, hostile lists.

use serde_json::{Value, json};

use crate::{
    message::MessageType,
    schema::{Fault, rules::tests},
};

/// What the rules of identifiers say about a body: refusals and warnings, each with its place.
fn said(body: &Value) -> (Vec<Fault>, Vec<Fault>) {
    let (faults, warnings) = tests::said(MessageType::Minutes, body);
    let ours = |fault: &Fault| fault.pointer.contains("identifiers/");
    let of_list = |faults: Vec<Fault>| faults.into_iter().filter(ours).collect();
    (of_list(faults), of_list(warnings))
}

fn codes(faults: &[Fault]) -> Vec<&str> {
    faults.iter().map(|fault| fault.code.as_str()).collect()
}

#[test]
fn two_wrong_numbers_and_none_sound_are_both_told() {
    let identifiers =
        json!([{ "scheme": "PNC", "value": "1930/1234567C" }, { "scheme": "CRN", "value": "X1" }]);
    let (faults, warnings) = said(&json!({ "offender": { "identifiers": identifiers } }));
    assert_eq!(codes(&faults), ["pnc_wrong", "crn_wrong"]);
    assert_eq!(codes(&warnings), [""; 0]);
    let place = "/body/offender/identifiers/0/value";
    assert_eq!((&*faults[0].pointer, faults[0].rule.as_deref()), (place, Some("I1")));
}

#[test]
fn a_number_is_sound_for_its_own_person_only() {
    let (wrong, sound) = (
        json!([{ "scheme": "NHS", "value": "9990000019" }]),
        json!([{ "scheme": "CRN", "value": "X123456" }]),
    );
    let body = json!({ "offender": { "identifiers": wrong }, "offender_summary": { "identifiers": sound } });
    assert_eq!(codes(&said(&body).0), ["nhs_wrong"]);
}

#[test]
fn the_words_tell_what_is_wrong_and_repeat_nothing() {
    let identifiers = json!([{ "scheme": "PNC", "value": "1930/1234576B" }]);
    let (faults, _) = said(&json!({ "offender": { "identifiers": identifiers } }));
    assert!(faults[0].message.ends_with("its check letter does not fit its digits"), "{faults:?}");
    assert!(!format!("{faults:?}").contains("1234576"));
}

#[test]
fn a_blank_number_and_an_unknown_scheme_are_left_to_the_schema() {
    let identifiers =
        json!([{ "scheme": "PNC", "value": " " }, { "scheme": "ABC", "value": "?" }, { "value": 1 }, 7]);
    let (faults, warnings) = said(&json!({ "offender": { "identifiers": identifiers } }));
    assert_eq!((codes(&faults), codes(&warnings)), (vec![], vec![]));
}

#[test]
fn two_writings_of_one_number_agree() {
    let pair = |one: &str, other: &str| {
        let identifiers = json!([{ "scheme": "PNC", "value": one }, { "scheme": "PNC", "value": other }]);
        said(&json!({ "offender": { "identifiers": identifiers } })).1
    };
    assert_eq!(codes(&pair("1930/1234567B", "30/1234567b")), [""; 0]);
    assert_eq!(codes(&pair("1930/1234567B", "1912/0000042C")), ["identifiers_disagree"]);
    assert_eq!(codes(&pair("1930/1234567B", "1930/1234567C")), ["pnc_wrong_beside_sound"], "told once");
}

#[test]
fn every_youth_offending_team_has_its_own_reference_for_somebody() {
    let identifiers = json!([{ "scheme": "YOT", "value": "KY/1" }, { "scheme": "YOT", "value": "SX/2" }]);
    assert_eq!(codes(&said(&json!({ "offender": { "identifiers": identifiers } })).1), [""; 0]);
}

#[test]
fn a_list_as_long_as_a_message_can_hold_is_judged_in_linear_time() {
    let wrong = json!({ "scheme": "PNC", "value": "1930/1234567C" });
    let identifiers = vec![wrong; 30_000];
    let (faults, _) = said(&json!({ "offender": { "identifiers": identifiers } }));
    assert_eq!(faults.len(), crate::schema::FAULTS_MAX);
}
