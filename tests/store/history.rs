//! The past: decisions, and the directory and the cases as they stood.

use portcullis::{
    directory::Directory,
    ledger::event::{Entry, Event, Judged},
    message::{Agency, Channel},
    store::{FactChange, Learned, Span},
};

use crate::support::{Bed, agency, at, contract, opened};

contract![
    the_directory_is_restored_at_each_version_without_its_people_and_keys,
    a_case_is_restored_at_each_version,
    decisions_are_read_in_order_and_within_a_span,
];

fn judged(sender: &str) -> Judged {
    Judged {
        sender: agency(sender),
        claimed: None,
        message_id: None,
        message_type: None,
        code: "rules",
        faults: Vec::new(),
        asked: None,
        uncounted: 0,
    }
}

async fn the_directory_is_restored_at_each_version_without_its_people_and_keys(bed: Bed) {
    let sample = include_str!("../../config/agencies.toml");
    let mut agencies =
        portcullis::config::read_agencies(sample, std::path::Path::new("agencies.toml")).unwrap();
    agencies.sort_by_key(|agency| agency.contacts.is_empty());
    let (first, second) = (agencies[0].clone(), agencies[1].clone());
    assert!(!first.contacts.is_empty(), "the sample has an agency with contacts");
    let put = async |agency: &Agency| bed.store.put_agencies(vec![agency.clone()], vec![]).await.unwrap();
    let then = async |version| bed.store.directory_at(version).await.unwrap();
    let one = put(&first).await;
    let two = put(&second).await;
    let mut suspended = first.clone();
    (suspended.suspended, suspended.channels) = (true, vec![Channel::Email]);
    suspended.contacts.clear();
    let three = put(&suspended).await;
    let again = put(&suspended).await;
    let stood = |directory: &Option<Directory>, id| directory.as_ref().unwrap().agency(id).cloned();

    let (id, other) = (&first.agency_id, &second.agency_id);
    let restored = stood(&then(one).await, id).unwrap();
    assert_eq!((restored.agency_type, restored.status), (first.agency_type, first.status));
    assert_eq!((restored.suspended, &restored.areas), (false, &first.areas));
    assert!(!restored.contacts.is_empty() && restored.contacts.iter().all(|who| who.name.is_empty()));
    assert!(restored.encryption_keys.is_empty() && restored.name.is_empty());
    assert!(stood(&then(one).await, other).is_none() && stood(&then(two).await, other).is_some());
    assert!(!stood(&then(two).await, id).unwrap().suspended);
    for version in [three, again] {
        let restored = stood(&then(version).await, id).unwrap();
        assert!(restored.suspended && restored.contacts.is_empty());
        assert_eq!(restored.channels, [Channel::Email]);
    }
    assert_eq!(then(again).await.unwrap().version(), again);
    assert!(then(again + 1).await.is_none());
}

async fn a_case_is_restored_at_each_version(bed: Bed) {
    let draft = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
    let mut versions = Vec::new();
    for by in ["kent-police", "kent-yot"] {
        let expected = versions.last().copied().unwrap_or(0);
        let entries = vec![bed.entry(&Event::MessageRefused(judged(by)))];
        let facts = vec![opened(by)];
        let change =
            FactChange { case_ref: draft.case_ref.clone(), claimant: None, expected, facts, entries };
        assert_eq!(bed.store.learn(change).await.unwrap(), Learned::Learned);
        versions.push(bed.store.case(&draft.case_ref).await.unwrap().unwrap().version);
    }
    for (count, version) in versions.iter().enumerate() {
        let case = bed.store.case_at(&draft.case_ref, *version).await.unwrap().unwrap();
        assert_eq!((case.version, case.openers.len()), (*version, count + 1));
    }
    // One that never was, and one of a case that nobody knows.
    assert_eq!(bed.store.case_at(&draft.case_ref, 99).await.unwrap(), None);
    let other = bed.draft("kent-police", &[]).case_ref;
    assert_eq!(bed.store.case_at(&other, versions[0]).await.unwrap(), None);
}

async fn decisions_are_read_in_order_and_within_a_span(bed: Bed) {
    let started = Event::GatewayStarted { policy_set: "0".into() };
    let entry = |event: &Event, second| Entry::new(event, at(second), None, &bed.random).unwrap();
    let mut entries = Vec::new();
    for second in 0..5 {
        entries.push(entry(&Event::MessageRefused(judged("kent-police")), second));
        entries.push(entry(&started, second));
        entries.push(entry(&Event::MessageChecked(judged("kent-police")), second));
    }
    bed.store.note(entries).await.unwrap();
    let span = Span { from: at(1), until: at(4) };
    let (mut after, mut kinds) = (0, Vec::new());
    loop {
        let round = bed.store.decisions(after, span, 4).await.unwrap();
        let Some(last) = round.last() else { break };
        assert!(last.key > after && round.len() <= 4);
        after = last.key;
        for decided in round {
            let event: serde_json::Value = serde_json::from_slice(&decided.event.unwrap()).unwrap();
            kinds.push(event["type"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(kinds, ["message.refused", "message.checked"].repeat(3));
}
