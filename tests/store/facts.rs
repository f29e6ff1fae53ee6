//! Facts and the directory: versions that decisions are tied to.

use portcullis::{
    ledger::event::Event,
    message::{
        Agency, AgencyId, Approval, ApprovalId, ApprovalKind, CaseRef, Channel, Designation, DesignationId,
        Fact, InviteReason, MeetingFacts, MeetingId, MessageType,
    },
    store::{FactChange, Learned, Recorded},
};

use crate::support::{Bed, agency, at, contract, opened};

contract!(
    the_version_of_a_case_is_its_latest_fact,
    a_case_shows_its_facts_to_those_whom_they_bring_in,
    a_claim_is_a_case_of_its_own_under_the_same_reference,
    a_message_belongs_to_the_case_or_to_a_claim,
    a_meeting_belongs_to_one_case,
    an_id_counts_among_those_who_may_know_what_bears_it,
    a_designation_and_an_approval_belong_to_one_case,
    the_directory_is_read_back_with_its_version,
);

fn meeting(id: MeetingId, level: u8) -> Fact {
    Fact::Meeting(MeetingFacts {
        meeting_id: id,
        date: None,
        level: Some(level),
        invited: vec![],
        confirmed: [agency("kent-yot")].into(),
        attended: [].into(),
        action_owners: [].into(),
    })
}

fn change(bed: &Bed, case_ref: &CaseRef, expected: u64, facts: Vec<Fact>) -> FactChange {
    let event = Event::GatewayStarted { policy_set: String::new() };
    let entries = vec![bed.entry(&event)];
    FactChange { case_ref: case_ref.clone(), claimant: None, expected, facts, entries }
}

async fn the_version_of_a_case_is_its_latest_fact(bed: Bed) {
    let draft = bed.draft("kent-police", &[]);
    let (case, other) = (draft.case_ref, bed.draft("kent-police", &[]).case_ref);
    assert_eq!(bed.store.case(&case).await.unwrap(), None);
    let learn = |case: &CaseRef, expected, facts| bed.store.learn(change(&bed, case, expected, facts));
    let facts = vec![opened("kent-police"), Fact::Referred { by: agency("kent-nhs") }];
    assert_eq!(learn(&case, 0, facts).await.unwrap(), Learned::Learned);
    assert_eq!(learn(&other, 0, vec![opened("kent-yot")]).await.unwrap(), Learned::Learned);
    let facts = bed.store.case(&case).await.unwrap().unwrap();
    assert_eq!(facts.version, 2);
    assert_eq!(facts.openers, [agency("kent-police"), agency("kent-nhs")].into());
    assert_eq!(bed.store.case(&other).await.unwrap().unwrap().version, 3);
    let events = bed.events().await;
    for expected in [0, 1, 3] {
        let late = learn(&case, expected, vec![opened("kent-yot")]).await.unwrap();
        assert_eq!(late, Learned::Stale);
    }
    assert_eq!(bed.events().await, events);
    assert_eq!(learn(&case, 2, vec![opened("kent-yot")]).await.unwrap(), Learned::Learned);
    assert_eq!(bed.store.case(&case).await.unwrap().unwrap().version, 4);
}

async fn a_case_shows_its_facts_to_those_whom_they_bring_in(bed: Bed) {
    let case = bed.draft("kent-police", &[]).case_ref;
    let learn = |expected, fact| bed.store.learn(change(&bed, &case, expected, vec![fact]));
    let seen = async |name: &str| {
        let seen = bed.store.case_for(&case, &agency(name)).await.unwrap();
        assert!(seen.facts.iter().all(|facts| facts.version == seen.version && facts.claimant.is_none()));
        (seen.version, !seen.facts.is_empty())
    };
    assert_eq!(seen("kent-police").await, (0, false));
    assert_eq!(learn(0, opened("kent-police")).await.unwrap(), Learned::Learned);
    assert_eq!((seen("kent-police").await, seen("kent-homes").await), ((1, true), (1, false)));
    let claimed = Fact::Claimed { by: agency("kent-homes"), as_lead: true };
    assert_eq!(learn(1, claimed).await.unwrap(), Learned::Learned);
    assert_eq!(seen("kent-homes").await, (2, false));
    let id = MeetingId::new(at(0), bed.random.bytes().unwrap());
    assert_eq!(learn(2, meeting(id, 2)).await.unwrap(), Learned::Learned);
    assert_eq!((seen("kent-yot").await, seen("kent-homes").await), ((3, true), (3, false)));
}

/// Beside the case, and whoever it brings in sees both, the case first.
async fn a_claim_is_a_case_of_its_own_under_the_same_reference(bed: Bed) {
    let case = bed.draft("kent-police", &[]).case_ref;
    let (stranger, yot) = (agency("hmp-thornfield"), agency("kent-yot"));
    let change = |expected, claimant: Option<&AgencyId>, fact| {
        let change = change(&bed, &case, expected, vec![fact]);
        bed.store.learn(FactChange { claimant: claimant.cloned(), ..change })
    };
    assert_eq!(change(0, None, opened("kent-police")).await.unwrap(), Learned::Learned);
    let itself = bed.store.case(&case).await.unwrap();
    assert_eq!(change(1, Some(&stranger), opened("hmp-thornfield")).await.unwrap(), Learned::Stale);
    assert_eq!(change(0, Some(&stranger), opened("hmp-thornfield")).await.unwrap(), Learned::Learned);
    let id = MeetingId::new(at(0), bed.random.bytes().unwrap());
    assert_eq!(change(2, Some(&stranger), meeting(id, 2)).await.unwrap(), Learned::Learned);
    assert_eq!(bed.store.case(&case).await.unwrap(), itself, "untouched, its version too");
    assert_eq!(change(1, None, meeting(id, 2)).await.unwrap(), Learned::Learned, "no id of another case");

    let seen = async |who: &AgencyId| {
        let seen = bed.store.case_for(&case, who).await.unwrap();
        let whose = seen.facts.into_iter().map(|case| (case.claimant, case.version)).collect::<Vec<_>>();
        (seen.version, whose)
    };
    assert_eq!(seen(&stranger).await, (4, vec![(Some(stranger.clone()), 3)]));
    assert_eq!(seen(&agency("kent-police")).await, (4, vec![(None, 4)]));
    assert_eq!(seen(&yot).await, (4, vec![(None, 4), (Some(stranger.clone()), 3)]));
    assert_eq!(bed.store.claimed(&case, &yot).await.unwrap(), None);
    let claimed = bed.store.claimed(&case, &stranger).await.unwrap().unwrap();
    assert_eq!((claimed.openers.clone(), claimed.version), ([stranger.clone()].into(), 3));
    assert_eq!(bed.store.claimants(&case).await.unwrap(), std::slice::from_ref(&stranger));
    // Which of them a decision looked at shows by the version alone.
    assert_eq!(bed.store.case_at(&case, 3).await.unwrap(), Some(claimed));
    let then = bed.store.case_at(&case, 2).await.unwrap().unwrap();
    assert_eq!((then.claimant, then.meetings.len()), (Some(stranger), 0));
    assert_eq!(bed.store.case_at(&case, 1).await.unwrap(), itself);
}

/// What was sent within a claim stays with it: the facts, the question to others, the report to the sender.
async fn a_message_belongs_to_the_case_or_to_a_claim(bed: Bed) {
    let draft = bed.draft("kent-police", &[]);
    let case = draft.case_ref;
    let stranger = agency("hmp-thornfield");
    let learn = bed.store.learn(change(&bed, &case, 0, vec![opened("kent-police")]));
    assert_eq!(learn.await.unwrap(), Learned::Learned);
    let mut claim = bed.draft("hmp-thornfield", &[("kent-yot", Channel::Mailbox)]);
    claim.case_ref = case.clone();
    (claim.facts, claim.claimant) = (vec![opened("hmp-thornfield")], Some(stranger.clone()));
    claim.message_type = MessageType::InfoRequest;
    assert_eq!(bed.store.record(claim.sealed(&bed).await).await.unwrap(), Recorded::Recorded);
    assert_eq!(bed.store.case(&case).await.unwrap().unwrap().version, 1);
    let tracked = bed.store.track(&stranger, claim.message_id).await.unwrap().unwrap();
    assert_eq!((tracked.sent.case_ref.as_ref(), tracked.claimant), (Some(&case), Some(stranger.clone())));
    let askers = [stranger.clone()];
    for (who, claimant) in [("kent-yot", Some(&stranger)), ("kent-mappa", None)] {
        let asked = bed.store.asked_about(&agency(who), &askers, claim.message_id, &case).await.unwrap();
        assert_eq!(asked.and_then(|case| case.claimant).as_ref(), claimant);
    }
    let overdue = bed.store.overdue(at(1_000_000_000), 10).await.unwrap();
    assert_eq!(overdue.iter().map(|late| late.claimant.clone()).collect::<Vec<_>>(), [Some(stranger)]);
}

async fn an_id_counts_among_those_who_may_know_what_bears_it(bed: Bed) {
    let kent = bed.draft("kent-police", &[]).case_ref;
    let sussex = CaseRef::new("47".parse().unwrap(), 2026, bed.random.bytes().unwrap());
    let id = MeetingId::new(at(0), bed.random.bytes().unwrap());
    let approved = |by: &str| Fact::Approved {
        approval: Approval {
            approval_id: ApprovalId::from_bytes([2; 16]),
            kind: ApprovalKind::Category4,
            by: agency(by),
            to: agency("kent-yot"),
            meeting_id: None,
            message_id: None,
            until: at(60),
        },
    };
    for (case, by) in [(&kent, "kent-police"), (&sussex, "sussex-police")] {
        let change = change(&bed, case, 0, vec![meeting(id, 2), approved(by)]);
        assert_eq!(bed.store.learn(change).await.unwrap(), Learned::Learned);
        let owner = bed.store.case_of_meeting(case.area(), id).await.unwrap();
        assert_eq!(owner.as_ref(), Some(case));
    }
}

async fn a_meeting_belongs_to_one_case(bed: Bed) {
    let (one, other) = (bed.draft("kent-police", &[]).case_ref, bed.draft("kent-police", &[]).case_ref);
    let id = MeetingId::new(at(0), bed.random.bytes().unwrap());
    let learn = |case: &CaseRef, expected, facts| bed.store.learn(change(&bed, case, expected, facts));
    assert_eq!(bed.store.case_of_meeting(one.area(), id).await.unwrap(), None);
    assert_eq!(learn(&one, 0, vec![meeting(id, 2)]).await.unwrap(), Learned::Learned);
    assert_eq!(learn(&one, 1, vec![meeting(id, 3)]).await.unwrap(), Learned::Learned);
    assert_eq!(bed.store.case_of_meeting(one.area(), id).await.unwrap(), Some(one.clone()));
    assert_eq!(bed.store.case(&one).await.unwrap().unwrap().meetings[0].level, Some(3));

    assert_eq!(learn(&other, 0, vec![opened("kent-yot"), meeting(id, 2)]).await.unwrap(), Learned::OtherCase);
    assert_eq!(bed.store.case(&other).await.unwrap(), None);
    let mut message = bed.draft("kent-mappa", &[("kent-yot", Channel::Mailbox)]);
    message.case_ref = other;
    message.facts = vec![meeting(id, 2)];
    assert_eq!(bed.store.record(message.sealed(&bed).await).await.unwrap(), Recorded::Stale);
}

async fn a_designation_and_an_approval_belong_to_one_case(bed: Bed) {
    let (one, other) = (bed.draft("kent-police", &[]).case_ref, bed.draft("kent-police", &[]).case_ref);
    let learn = |case: &CaseRef, expected, facts| bed.store.learn(change(&bed, case, expected, facts));
    let designation = |expiry| Designation {
        designation_id: DesignationId::from_bytes([1; 16]),
        agency_id: agency("kent-homes"),
        ra_agency: agency("kent-police"),
        reason: InviteReason::SignificantContribution,
        start: at(0),
        expiry: at(expiry),
    };
    let approval = Approval {
        approval_id: ApprovalId::from_bytes([2; 16]),
        kind: ApprovalKind::Category4,
        by: agency("kent-police"),
        to: agency("kent-yot"),
        meeting_id: None,
        message_id: None,
        until: at(60),
    };
    let designated = |expiry| Fact::Designated(designation(expiry));
    let approved = || Fact::Approved { approval: approval.clone() };
    assert_eq!(learn(&one, 0, vec![designated(60), approved()]).await.unwrap(), Learned::Learned);
    assert_eq!(learn(&one, 2, vec![designated(30)]).await.unwrap(), Learned::Learned);
    for fact in [designated(90), approved()] {
        assert_eq!(learn(&other, 0, vec![fact]).await.unwrap(), Learned::OtherCase);
    }
    assert_eq!(bed.store.case(&other).await.unwrap(), None);
    let bed = bed.reopen();
    let facts = bed.store.case(&one).await.unwrap().unwrap();
    assert_eq!((facts.designations, facts.approvals), (vec![designation(30)], vec![approval.clone()]));
}

async fn the_directory_is_read_back_with_its_version(bed: Bed) {
    assert_eq!(bed.store.directory().await.unwrap().version(), 0);
    // An agency that has sent before it was listed, or after it left, is no entry.
    bed.one(Channel::Mailbox).await;
    assert_eq!(bed.store.directory().await.unwrap().agencies().count(), 0);
    let mut entry: Agency = serde_json::from_value(serde_json::json!({
        "agency_id": "kent-police", "name": "Kent Police", "organisation": "Kent Police", "type": "POLICE",
        "status": "ra", "areas": ["46"], "channels": ["mailbox"],
    }))
    .unwrap();
    let event = || vec![bed.entry(&Event::GatewayStarted { policy_set: String::new() })];
    assert_eq!(bed.store.put_agencies(vec![entry.clone()], event()).await.unwrap(), 1);
    entry.suspended = true;
    assert_eq!(bed.store.put_agencies(vec![entry.clone()], event()).await.unwrap(), 2);
    let bed = bed.reopen();
    let directory = bed.store.directory().await.unwrap();
    assert_eq!((directory.version(), directory.agencies().count()), (2, 1));
    assert_eq!(directory.agency(&agency("kent-police")), Some(&entry));
}
