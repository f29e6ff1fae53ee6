//! A message about no case is kept, tracked, reported and erased like any other.

use portcullis::{
    message::{Channel, DeliveryId, MessageType},
    store::{DeliveryState, Recorded, StoreFault},
};

use crate::support::{Bed, DAY, Draft, agency, at, contract, opened};

contract!(
    it_is_recorded_whatever_becomes_of_cases,
    it_waits_in_the_inbox_and_stands_in_the_outbox,
    it_is_reported_once,
    it_is_erased_at_its_end,
    it_carries_no_fact,
);

fn statistics(bed: &Bed, channel: Channel) -> Draft {
    let draft = bed.draft("kent-police", &[("kent-mappa", channel)]);
    Draft { message_type: MessageType::StatsReturn, about_case: false, ..draft }
}

async fn accepted(bed: &Bed, channel: Channel) -> (Draft, DeliveryId) {
    let draft = statistics(bed, channel);
    let ids = bed.accepted(&draft).await;
    (draft, ids[0])
}

async fn it_is_recorded_whatever_becomes_of_cases(bed: Bed) {
    let mut referral = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
    referral.facts = vec![opened("kent-police")];
    bed.accepted(&referral).await;
    let (draft, _) = accepted(&bed, Channel::Mailbox).await;
    let repeated = bed.store.record(draft.sealed(&bed).await).await.unwrap();
    assert_eq!(repeated, Recorded::Repeat(draft.receipt()));
    assert_eq!(bed.store.case(&draft.case_ref).await.unwrap(), None);
    // The directory still binds the decision.
    let mut late = statistics(&bed, Channel::Mailbox);
    late.decided_on.directory = 99;
    assert_eq!(bed.store.record(late.sealed(&bed).await).await.unwrap(), Recorded::Stale);
}

async fn it_waits_in_the_inbox_and_stands_in_the_outbox(bed: Bed) {
    let (other, _) = bed.one(Channel::Mailbox).await;
    let (draft, delivery) = accepted(&bed, Channel::Mailbox).await;
    let bed = bed.reopen();
    assert!(bed.inbox("kent-mappa").await.contains(&delivery));
    let tracked = bed.tracked(&draft).await;
    assert_eq!((tracked.sent.message_type, &tracked.sent.case_ref), (MessageType::StatsReturn, &None));
    assert_eq!(tracked.deliveries[0].state, DeliveryState::Waiting);
    let outbox = bed.store.outbox(&draft.sender, None, 9).await.unwrap();
    let cases: Vec<_> = outbox.into_iter().map(|sent| (sent.message_id, sent.case_ref)).collect();
    assert_eq!(cases, [(draft.message_id, None), (other.message_id, Some(other.case_ref))]);
    assert!(bed.store.copy(&agency("kent-mappa"), delivery).await.unwrap().is_some());
}

async fn it_is_reported_once(bed: Bed) {
    let (_, delivery) = accepted(&bed, Channel::Mailbox).await;
    let overdue = bed.store.overdue(at(1), 9).await.unwrap();
    assert_eq!((overdue[0].delivery_id, &overdue[0].case_ref), (delivery, &None));
    let report = bed.draft("gateway", &[("kent-police", Channel::Mailbox)]);
    let report = Draft {
        message_type: MessageType::NonDelivery,
        about_case: false,
        reports: Some(delivery),
        ..report
    };
    bed.accepted(&report).await;
    assert!(bed.store.overdue(at(99 * DAY), 9).await.unwrap().is_empty());
    let again = bed.draft("gateway", &[("kent-police", Channel::Mailbox)]);
    let again = Draft { about_case: false, reports: Some(delivery), ..again };
    assert_eq!(bed.store.record(again.sealed(&bed).await).await.unwrap(), Recorded::Stale);
}

async fn it_is_erased_at_its_end(bed: Bed) {
    let (draft, delivery) = accepted(&bed, Channel::Email).await;
    let found = bed.store.perishable(at(1), at(-1), 9).await.unwrap();
    assert_eq!((found[0].delivery_id, &found[0].case_ref), (delivery, &None));
    assert!(bed.store.erase(bed.mark(&draft, delivery, "kent-mappa", 35 * DAY), true).await.unwrap());
    assert_eq!(bed.file_count(), 0);
    assert_eq!(bed.tracked(&draft).await.deliveries[0].state, DeliveryState::Expired);
}

async fn it_carries_no_fact(bed: Bed) {
    let draft = Draft { facts: vec![opened("kent-police")], ..statistics(&bed, Channel::Mailbox) };
    let outcome = bed.store.record(draft.sealed(&bed).await).await;
    assert!(matches!(outcome, Err(StoreFault::Corrupt(_))), "{outcome:?}");
    assert_eq!(bed.events().await, 0);
}
