//! What holds after which facts.

use super::*;
use crate::message::{ApprovalKind, CaseRef};

fn agency(id: &str) -> AgencyId {
    id.parse().unwrap()
}

#[test]
fn a_referral_proposes_and_the_lead_agencys_notification_states() {
    let case_ref: CaseRef = "46-2026-7K3M9Q2F".parse().unwrap();
    let opened = |by: &str, proposed, lead: Option<&str>| Fact::CaseOpened {
        by: agency(by),
        proposed,
        area: "46".parse().unwrap(),
        purpose: Purpose::A,
        category: Some(2),
        lead: lead.map(agency),
        shared_supervision: vec![],
        convicted: None,
        foreign_national: None,
    };
    let facts = [
        (3, opened("kent-police", true, Some("kent-police"))),
        (9, opened("kent-probation", false, Some("kent-probation"))),
    ];
    let case = CaseFacts::fold(&case_ref, facts).unwrap();
    assert_eq!(case.version, 9);
    assert_eq!(case.lead, Some(agency("kent-probation")));
    assert!(case.in_circle(&agency("kent-police")));
    assert!(!case.in_circle(&agency("kent-yot")));
    assert_eq!(CaseFacts::fold(&case_ref, []), None);
}

#[test]
fn the_latest_record_of_a_meeting_replaces_the_one_before() {
    let case_ref: CaseRef = "46-2026-7K3M9Q2F".parse().unwrap();
    let id: MeetingId = "019ab000-0000-7000-8000-000000000042".parse().unwrap();
    let meeting = |confirmed: &[&str]| {
        Fact::Meeting(MeetingFacts {
            meeting_id: id,
            date: None,
            level: Some(2),
            invited: vec![],
            confirmed: confirmed.iter().map(|a| agency(a)).collect(),
            attended: BTreeSet::new(),
            action_owners: BTreeSet::new(),
        })
    };
    let case = CaseFacts::fold(
        &case_ref,
        [(1, meeting(&["kent-yot", "kent-police"])), (2, meeting(&["kent-police"]))],
    )
    .unwrap();
    assert_eq!(case.meetings.len(), 1);
    assert!(!case.in_circle(&agency("kent-yot")));
}

const MEETING: &str = "019ab000-0000-7000-8000-000000000042";

fn meeting(attended: &[&str]) -> Fact {
    Fact::Meeting(MeetingFacts {
        meeting_id: MEETING.parse().unwrap(),
        date: None,
        level: Some(2),
        invited: vec![],
        confirmed: BTreeSet::new(),
        attended: attended.iter().map(|id| agency(id)).collect(),
        action_owners: BTreeSet::new(),
    })
}

fn present(by_minutes: bool, attended: &[&str]) -> Fact {
    Fact::Present {
        meeting_id: MEETING.parse().unwrap(),
        by_minutes,
        attended: attended.iter().map(|id| agency(id)).collect(),
        action_owners: [agency("kent-yot")].into(),
    }
}

fn folded(facts: &[Fact]) -> CaseFacts {
    CaseFacts::with(None, &"46-2026-7K3M9Q2F".parse().unwrap(), facts).unwrap()
}

fn attended(case: &CaseFacts) -> Vec<&str> {
    case.meetings[0].attended.iter().map(AgencyId::as_str).collect()
}

#[test]
fn final_minutes_beat_attendance_told_before_and_after() {
    let (sheet, minutes) = (present(false, &["kent-police"]), present(true, &["kent-probation"]));
    assert_eq!(attended(&folded(&[meeting(&[]), sheet.clone()])), ["kent-police"]);
    for facts in [
        vec![meeting(&[]), sheet.clone(), minutes.clone()],
        vec![meeting(&[]), minutes.clone(), sheet],
        vec![meeting(&[]), minutes.clone(), meeting(&["kent-police"])],
    ] {
        let case = folded(&facts);
        assert_eq!(attended(&case), ["kent-probation"]);
        assert_eq!(case.meetings[0].action_owners, [agency("kent-yot")].into());
    }
    let amended = present(true, &["kent-police", "kent-probation"]);
    assert_eq!(attended(&folded(&[meeting(&[]), minutes, amended])), ["kent-police", "kent-probation"]);
}

#[test]
fn presence_at_a_meeting_that_nobody_recorded_is_nothing() {
    let case = folded(&[Fact::Referred { by: agency("kent-police") }, present(true, &["kent-yot"])]);
    assert!(case.meetings.is_empty() && case.minuted.is_empty());
    assert!(!case.in_circle(&agency("kent-yot")));
}

#[test]
fn a_designation_stands_from_its_start_up_to_its_end_and_its_latest_record_counts() {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let made = |expiry: &str| {
        Fact::Designated(Designation {
            designation_id: "019ab000-0000-7000-8000-0000000000d1".parse().unwrap(),
            agency_id: agency("kent-refuge"),
            ra_agency: agency("kent-police"),
            reason: InviteReason::SignificantContribution,
            start: at("2026-11-20T09:00:00Z"),
            expiry: at(expiry),
        })
    };
    let refuge = agency("kent-refuge");
    let case = folded(&[made("2026-12-20T09:00:00Z")]);
    let stands = |case: &CaseFacts, now: &str| case.designation(&refuge, at(now)).is_some();
    assert!(stands(&case, "2026-11-20T09:00:00Z") && stands(&case, "2026-12-20T08:59:59Z"));
    assert!(!stands(&case, "2026-11-20T08:59:59Z") && !stands(&case, "2026-12-20T09:00:00Z"));
    let ended = folded(&[made("2026-12-20T09:00:00Z"), made("2026-11-21T09:00:00Z")]);
    assert_eq!(ended.designations.len(), 1);
    assert!(!stands(&ended, "2026-11-22T09:00:00Z"));
}

#[test]
fn an_approval_stands_for_its_kind_and_agency_up_to_its_end() {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let case = folded(&[Fact::Approved {
        approval: Approval {
            approval_id: "019ab000-0000-7000-8000-0000000000a1".parse().unwrap(),
            kind: ApprovalKind::MinutesRelease,
            by: agency("kent-mappa"),
            to: agency("kent-yot"),
            meeting_id: None,
            message_id: None,
            until: at("2026-12-20T09:00:00Z"),
        },
    }]);
    let given = |kind, to: &str, now: &str| case.approvals(kind, &agency(to), at(now)).count();
    assert_eq!(given(ApprovalKind::MinutesRelease, "kent-yot", "2026-12-20T08:59:59Z"), 1);
    assert_eq!(given(ApprovalKind::MinutesRelease, "kent-yot", "2026-12-20T09:00:00Z"), 0);
    assert_eq!(given(ApprovalKind::MinutesRelease, "kent-homes", "2026-12-01T09:00:00Z"), 0);
    assert_eq!(given(ApprovalKind::Category4, "kent-yot", "2026-12-01T09:00:00Z"), 0);
}

#[test]
fn level_and_exit_follow_the_latest_word() {
    let by = || agency("kent-mappa");
    let level = |level| Fact::LevelSet { by: by(), level };
    let left = |scope| Fact::Left { by: by(), scope };
    let case = folded(&[level(3), left(ExitScope::MultiAgencyManagement)]);
    assert_eq!((case.level, case.left), (Some(1), false));
    let case = folded(&[level(2), left(ExitScope::Mappa)]);
    assert_eq!((case.level, case.left), (None, true), "the level ended with the management");
    let case = folded(&[left(ExitScope::Mappa), level(2)]);
    assert_eq!((case.level, case.left), (Some(2), false));
}

#[test]
fn p14_who_left_comes_back_by_a_new_notification_of_the_lead_agency() {
    let left = Fact::Left { by: agency("kent-mappa"), scope: ExitScope::Mappa };
    let opened = |proposed| Fact::CaseOpened {
        by: agency("kent-police"),
        proposed,
        area: "46".parse().unwrap(),
        purpose: Purpose::A,
        category: None,
        lead: Some(agency("kent-police")),
        shared_supervision: vec![],
        convicted: None,
        foreign_national: None,
    };
    assert!(!folded(&[left.clone(), opened(false)]).left);
    for gone in [vec![left.clone()], vec![left.clone(), opened(true)], vec![opened(false), left]] {
        assert!(folded(&gone).left, "a referral only proposes");
    }
}

#[test]
fn what_the_unit_states_changes_that_and_leaves_the_rest() {
    let stated = |lead: Option<&str>, convicted| Fact::CaseStated {
        by: agency("kent-mappa"),
        purposes: None,
        category: Some(3),
        lead: lead.map(agency),
        convicted,
        foreign_national: None,
    };
    let case = folded(&[stated(Some("kent-yot"), Some(true)), stated(None, None)]);
    assert_eq!((case.lead, case.convicted, case.category), (Some(agency("kent-yot")), Some(true), Some(3)));
}

#[test]
fn every_fact_that_is_kept_reads_as_it_was_written() {
    let at: jiff::Timestamp = "2026-12-20T09:00:00Z".parse().unwrap();
    let approval = Approval {
        approval_id: "019ab000-0000-7000-8000-0000000000a1".parse().unwrap(),
        kind: ApprovalKind::Category4,
        by: agency("kent-police"),
        to: agency("kent-yot"),
        meeting_id: None,
        message_id: None,
        until: at,
    };
    let designation = Designation {
        designation_id: "019ab000-0000-7000-8000-0000000000d1".parse().unwrap(),
        agency_id: agency("kent-refuge"),
        ra_agency: agency("kent-police"),
        reason: InviteReason::CommitResources,
        start: at,
        expiry: at,
    };
    for fact in [
        meeting(&["kent-yot"]),
        present(true, &[]),
        Fact::Approved { approval },
        Fact::Designated(designation),
        Fact::LevelSet { by: agency("kent-mappa"), level: 3 },
        Fact::Left { by: agency("kent-mappa"), scope: ExitScope::MultiAgencyManagement },
    ] {
        // The ledger's form: it has each member once, which other writers do not look at.
        let written = serde_json_canonicalizer::to_vec(&fact).unwrap();
        let text = String::from_utf8(written.clone()).unwrap();
        assert_eq!(text.matches("\"kind\":\"").count(), 1 + usize::from(text.contains("cat4")), "{text}");
        assert_eq!(serde_json::from_slice::<Fact>(&written).unwrap(), fact);
    }
}

/// The look-up for a stranger rests on it: whom no fact brings in has no relation.
#[test]
fn whoever_is_related_to_a_case_was_brought_in_by_a_fact() {
    let case_ref: CaseRef = "46-2026-7K3M9Q2F".parse().unwrap();
    let at: jiff::Timestamp = "2026-12-20T09:00:00Z".parse().unwrap();
    let opened = |by: &str, proposed, lead: &str, with: &str| Fact::CaseOpened {
        by: agency(by),
        proposed,
        area: "46".parse().unwrap(),
        purpose: Purpose::A,
        category: Some(2),
        lead: Some(agency(lead)),
        shared_supervision: vec![agency(with)],
        convicted: None,
        foreign_national: None,
    };
    let designation = Designation {
        designation_id: "019ab000-0000-7000-8000-0000000000d1".parse().unwrap(),
        agency_id: agency("kent-refuge"),
        ra_agency: agency("kent-police"),
        reason: InviteReason::CommitResources,
        start: at,
        expiry: at,
    };
    let lead = Some(agency("kent-csc"));
    let facts = [
        opened("kent-asc", true, "kent-proposed", "kent-nobody"),
        opened("kent-police", false, "kent-probation", "hmp-thornfield"),
        Fact::Referred { by: agency("kent-icb") },
        Fact::Claimed { by: agency("kent-claims"), as_lead: true },
        meeting(&["kent-yot"]),
        present(true, &["kent-homes"]),
        Fact::Designated(designation),
    ];
    let stated = Fact::CaseStated {
        by: agency("kent-mappa"),
        purposes: None,
        category: None,
        lead,
        convicted: None,
        foreign_national: None,
    };
    for facts in [facts.to_vec(), facts.into_iter().chain([stated]).collect()] {
        let case = CaseFacts::fold(&case_ref, (1..).zip(facts.clone())).unwrap();
        let brought_in: BTreeSet<_> = facts.iter().flat_map(Fact::brings_in).collect();
        let associates = case.designations.iter().map(|made| &made.agency_id);
        let concerned = case.meetings.iter().flat_map(MeetingFacts::agencies);
        let related = associates.chain(concerned).chain(&case.openers).chain(&case.referrers);
        let related = related.chain(&case.shared_supervision).chain(&case.lead).chain(&case.proposed_lead);
        for agency in related {
            assert!(brought_in.contains(agency), "{agency}");
        }
        assert!(case.in_circle(&agency("hmp-thornfield")) && !brought_in.contains(&agency("kent-claims")));
    }
}
