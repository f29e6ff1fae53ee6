//! Accepting: all or nothing, once.

use std::sync::Arc;

use futures_util::future::join_all;
use portcullis::{
    message::{Channel, MessageType},
    store::{NewCopy, Recorded, StoreFault},
};

use crate::support::{Bed, agency, at, contract, opened};

contract!(
    a_repeat_gets_the_first_receipt_and_other_bytes_a_conflict,
    ids_belong_to_their_sender,
    a_decision_on_an_older_directory_is_stale,
    a_decision_on_older_facts_is_stale,
    a_delivery_is_reported_once,
    a_record_that_fails_leaves_nothing,
    everything_is_found_after_a_restart,
    of_many_posts_of_one_id_at_once_one_is_recorded,
    a_full_queue_of_different_messages_is_recorded_whole,
);

async fn a_repeat_gets_the_first_receipt_and_other_bytes_a_conflict(bed: Bed) {
    let (mut draft, _) = bed.one(Channel::Mailbox).await;
    let events = bed.events().await;
    let receipt = draft.receipt();
    // The facts and the directory have moved on since: a repeat is still a repeat.
    draft.decided_on.directory = 99;
    let repeated = bed.store.record(draft.sealed(&bed).await).await.unwrap();
    assert_eq!(repeated, Recorded::Repeat(receipt.clone()));
    draft.bytes.push(0);
    assert_eq!(bed.store.record(draft.sealed(&bed).await).await.unwrap(), Recorded::Conflict);
    assert_eq!(bed.events().await, events);
    let submission = bed.store.submission(&draft.sender, draft.message_id).await.unwrap().unwrap();
    assert_eq!(submission.receipt, receipt);
}

async fn ids_belong_to_their_sender(bed: Bed) {
    let (draft, _) = bed.one(Channel::Mailbox).await;
    let mut other = bed.draft("kent-probation", &[("kent-mappa", Channel::Mailbox)]);
    other.message_id = draft.message_id;
    bed.accepted(&other).await;
    assert_eq!(bed.store.submission(&agency("kent-yot"), draft.message_id).await.unwrap(), None);
}

async fn a_decision_on_an_older_directory_is_stale(bed: Bed) {
    let mut draft = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
    assert_eq!(bed.store.put_agencies(vec![], vec![]).await.unwrap(), 1);
    assert_eq!(bed.store.record(draft.sealed(&bed).await).await.unwrap(), Recorded::Stale);
    draft.decided_on.directory = bed.store.directory().await.unwrap().version();
    bed.accepted(&draft).await;
}

async fn a_decision_on_older_facts_is_stale(bed: Bed) {
    let mut first = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
    first.facts = vec![opened("kent-police")];
    bed.accepted(&first).await;
    let mut second = bed.draft("kent-mappa", &[("kent-police", Channel::Mailbox)]);
    second.case_ref = first.case_ref.clone();
    assert_eq!(bed.store.record(second.sealed(&bed).await).await.unwrap(), Recorded::Stale);
    second.decided_on.case_facts = bed.store.case(&first.case_ref).await.unwrap().unwrap().version;
    bed.accepted(&second).await;
    // A case that is thought to exist and does not is as wrong.
    let mut third = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
    third.decided_on.case_facts = second.decided_on.case_facts;
    assert_eq!(bed.store.record(third.sealed(&bed).await).await.unwrap(), Recorded::Stale);
}

async fn a_delivery_is_reported_once(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Mailbox).await;
    let mut report = bed.draft("gateway", &[("kent-police", Channel::Mailbox)]);
    report.message_type = MessageType::NonDelivery;
    report.case_ref = draft.case_ref.clone();
    report.reports = Some(delivery);
    let again = Clone::clone(&report);
    bed.accepted(&report).await;
    let again = crate::support::Draft {
        message_id: bed.draft("gateway", &[]).message_id,
        to: bed.draft("gateway", &[("kent-police", Channel::Mailbox)]).to,
        ..again
    };
    assert_eq!(bed.store.record(again.sealed(&bed).await).await.unwrap(), Recorded::Stale);
    let unknown = crate::support::Draft {
        reports: Some(bed.draft("x-y", &[("a-b", Channel::Mailbox)]).to[0].0),
        ..again
    };
    assert_eq!(bed.store.record(unknown.sealed(&bed).await).await.unwrap(), Recorded::Stale);
}

async fn a_record_that_fails_leaves_nothing(bed: Bed) {
    let mut draft =
        bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox), ("kent-yot", Channel::Mailbox)]);
    draft.facts = vec![opened("kent-police")];
    let mut sealed = draft.sealed(&bed).await;
    if let NewCopy::Jwe { view, .. } = &mut sealed.deliveries[1].copy {
        *view = 7;
    }
    // Everything but the last delivery was written when this comes to light.
    assert!(matches!(bed.store.record(sealed).await, Err(StoreFault::Corrupt(_))));
    assert_eq!(bed.store.submission(&draft.sender, draft.message_id).await.unwrap(), None);
    assert_eq!(bed.store.case(&draft.case_ref).await.unwrap(), None);
    assert_eq!(bed.events().await, 0);
    assert!(bed.inbox("kent-mappa").await.is_empty());
    assert!(bed.store.outbox(&draft.sender, None, 10).await.unwrap().is_empty());
    // Its id is not used up.
    bed.accepted(&draft).await;
}

async fn everything_is_found_after_a_restart(bed: Bed) {
    let to = [("kent-mappa", Channel::Mailbox), ("kent-yot", Channel::Webhook), ("kent-nhs", Channel::Email)];
    let mut draft = bed.draft("kent-police", &to);
    draft.facts = vec![opened("kent-police")];
    draft.attachments = 2;
    let ids = bed.accepted(&draft).await;
    let before = bed.store.acceptance(&draft.sender, draft.message_id).await.unwrap().unwrap();
    let bed = bed.reopen();

    let submission = bed.store.submission(&draft.sender, draft.message_id).await.unwrap().unwrap();
    assert_eq!(submission.receipt, draft.receipt());
    let copy = bed.store.copy(&agency("kent-mappa"), ids[0]).await.unwrap().unwrap();
    assert_eq!(copy.ciphertext.ciphertext(), draft.bytes);
    assert_eq!((copy.ciphertext.iv, copy.ciphertext.tag), ([1; 12], [2; 16]));
    assert_eq!(copy.wrap.header, r#"{"kid":"kent-mappa"}"#);
    assert_eq!(copy.wrap.encrypted_key, [9; 40]);
    assert_eq!((copy.item.attachments, copy.attachments.len()), (2, 2));
    for file in &copy.attachments {
        bed.files.read(file).await.unwrap();
    }
    let due = bed.store.due(at(0), 10).await.unwrap();
    assert_eq!(due.iter().map(|due| due.delivery_id).collect::<Vec<_>>(), ids[1..]);
    bed.files.read(due[1].mail.as_ref().unwrap()).await.unwrap();
    assert_eq!(due[0].mail, None);
    assert_eq!(bed.store.case(&draft.case_ref).await.unwrap().unwrap().version, 1);
    assert_eq!(bed.store.acceptance(&draft.sender, draft.message_id).await.unwrap(), Some(before));
}

async fn of_many_posts_of_one_id_at_once_one_is_recorded(bed: Bed) {
    let mut draft =
        bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox), ("kent-nhs", Channel::Email)]);
    draft.attachments = 1;
    let mut sealed = Vec::new();
    for _ in 0..16 {
        sealed.push(draft.sealed(&bed).await);
    }
    assert_eq!(bed.file_count(), 32);
    let posts = sealed.into_iter().map(|sealed| {
        let store = Arc::clone(&bed.store);
        tokio::spawn(async move { store.record(sealed).await.unwrap() })
    });
    let answers: Vec<Recorded> = join_all(posts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Recorded::Recorded).count(), 1);
    assert_eq!(answers.iter().filter(|a| **a == Recorded::Repeat(draft.receipt())).count(), 15);
    assert_eq!(bed.inbox("kent-mappa").await.len(), 1);
    assert_eq!(bed.events().await, 1);
    // What the losers had written is gone.
    assert_eq!(bed.file_count(), 2);
}

async fn a_full_queue_of_different_messages_is_recorded_whole(bed: Bed) {
    let mut posts = Vec::new();
    for _ in 0..300 {
        let draft = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
        let (store, sealed) = (Arc::clone(&bed.store), draft.sealed(&bed).await);
        posts.push(tokio::spawn(async move { store.record(sealed).await.unwrap() }));
    }
    assert!(join_all(posts).await.into_iter().all(|answer| answer.unwrap() == Recorded::Recorded));
    assert_eq!(bed.store.inbox(&agency("kent-mappa"), 0, 1_000).await.unwrap().len(), 300);
}
