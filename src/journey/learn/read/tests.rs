//! What the sample messages carry.

use serde::Deserialize as _;
use serde_json::json;

use super::*;

#[test]
fn the_flag_and_then_the_nationality_tell_who_is_a_foreign_national() {
    let told = |offender: Value| foreign_national(&offender);
    assert_eq!(told(json!({ "foreign_national": true, "nationality": "British" })), Some(true));
    for home in ["British", "Irish", "British and Polish", "UK", "United Kingdom", "Northern Irish", "Welsh"]
    {
        assert_eq!(told(json!({ "nationality": home })), Some(false), "{home}");
    }
    for foreign in ["Polish", "Stateless", "Saint Lucian"] {
        assert_eq!(told(json!({ "nationality": foreign })), Some(true), "{foreign}");
    }
    for open in [json!({}), json!({ "nationality": "Not known" }), json!({ "nationality": "?" })] {
        assert_eq!(told(open), None);
    }
}

#[test]
fn every_reason_of_the_form_has_a_ground() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../schemas/invitation/1.0.json")).unwrap();
    let codes = schema.pointer("/$defs/invitee/properties/reason_code/enum").unwrap().as_array().unwrap();
    assert!(codes.iter().all(|code| reason(code.as_str().unwrap()).is_some()));
}

const MEETING: &str = "019ab000-0000-7000-8000-000000000042";

/// What the co-ordination unit of Kent sets by a sample message about a case that knows its meeting.
fn set_by(sample: &str, known: &[Fact]) -> Vec<Fact> {
    let path = format!("{}/tests/messages/accepted/{sample}.json", env!("CARGO_MANIFEST_DIR"));
    let mut json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    if let Some(id) = json.pointer_mut("/body/meeting/meeting_id") {
        *id = MEETING.into();
    }
    let envelope = Envelope::deserialize(&json).unwrap();
    let case = CaseFacts::with(None, &"46-2026-7K3M9Q2F".parse().unwrap(), known).unwrap();
    by_coordinator(&envelope, json.get("body").unwrap(), &case)
}

fn meeting_with(owner: &str) -> Fact {
    Fact::Meeting(MeetingFacts {
        meeting_id: MEETING.parse().unwrap(),
        date: None,
        level: None,
        invited: vec![],
        confirmed: [owner.parse().unwrap()].into(),
        attended: BTreeSet::new(),
        action_owners: [owner.parse().unwrap()].into(),
    })
}

fn ids(agencies: &BTreeSet<AgencyId>) -> Vec<&str> {
    agencies.iter().map(AgencyId::as_str).collect()
}

#[test]
fn decisions_set_the_level_and_an_exit_ends_it() {
    let (fresh, by) = (meeting_with("kent-yot"), || "kent-mappa".parse().unwrap());
    let level = |sample: &str| set_by(sample, std::slice::from_ref(&fresh));
    assert_eq!(level("referral-decision-accepted-level2"), [Fact::LevelSet { by: by(), level: 2 }]);
    assert_eq!(level("referral-decision-accepted-level3"), [Fact::LevelSet { by: by(), level: 3 }]);
    assert_eq!(level("level-change-2-to-1"), [Fact::LevelSet { by: by(), level: 1 }]);
    for undecided in ["referral-decision-rejected", "referral-decision-more-information"] {
        assert_eq!(level(undecided), [], "{undecided}");
    }
    let scope = ExitScope::MultiAgencyManagement;
    assert_eq!(level("exit-from-multi-agency-management"), [Fact::Left { by: by(), scope }]);
}

#[test]
fn to_hold_at_level_1_lowers_no_case_that_is_managed_higher() {
    let held = serde_json::json!({ "decision": "level_1_exchange" });
    let by = "kent-mappa".parse().unwrap();
    let case_ref = "46-2026-7K3M9Q2F".parse().unwrap();
    let case = |fact| CaseFacts::with(None, &case_ref, &[fact]).unwrap();
    assert_eq!(level_decided(&held, &case(meeting_with("kent-yot"))), Some(1));
    assert_eq!(level_decided(&held, &case(Fact::LevelSet { by, level: 3 })), None);
}

#[test]
fn an_invitation_is_the_meetings_record_but_for_who_confirmed_and_came() {
    let facts = set_by("invitation-level2-review", &[meeting_with("kent-homes")]);
    let [Fact::Meeting(meeting)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!(meeting.level, Some(2));
    assert!(meeting.date.is_some());
    let reasons: Vec<_> = meeting.invited.iter().map(|i| (i.agency_id.as_str(), i.reason)).collect();
    assert_eq!(reasons.first(), Some(&("kent-police", None)));
    assert!(reasons.contains(&("kent-council-housing", Some(InviteReason::CommitResources))));
    assert_eq!(ids(&meeting.confirmed), ["kent-homes"]);
    assert_eq!(ids(&meeting.action_owners), ["kent-homes"]);
}

#[test]
fn attendance_and_final_minutes_tell_who_was_present() {
    let facts = set_by("attendance-level2-review", &[meeting_with("kent-homes")]);
    let [Fact::Present { by_minutes: false, attended, action_owners, .. }] = facts.as_slice() else {
        panic!("{facts:?}")
    };
    assert!(ids(attended).contains(&"kent-jobcentre") && !ids(attended).contains(&"kent-yot"));
    assert_eq!(ids(action_owners), ["kent-homes"], "an attendance record knows no actions");

    let facts = set_by("minutes-level2-review", &[meeting_with("kent-homes")]);
    let [Fact::Present { by_minutes: true, attended, action_owners, .. }] = facts.as_slice() else {
        panic!("{facts:?}")
    };
    assert!(ids(attended).contains(&"kent-mh-trust") && !ids(attended).contains(&"kent-yot"));
    assert!(ids(action_owners).contains(&"kent-yot") && !ids(action_owners).contains(&"kent-homes"));
    let unknown = Fact::Referred { by: "kent-police".parse().unwrap() };
    assert_eq!(set_by("minutes-level2-review", &[unknown]), [], "nobody recorded that meeting");
}
