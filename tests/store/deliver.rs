//! Delivering: each attempt belongs to one worker and counts once.

use portcullis::{
    message::Channel,
    store::{Acknowledged, AttemptEnd, DeliveryState},
};

use crate::support::{Bed, LEASE, agency, at, contract};

contract!(
    a_delivery_is_claimed_by_one_worker,
    a_lease_that_ran_out_makes_it_due_again,
    a_mailbox_is_never_due,
    an_attempt_is_settled_once,
    an_older_attempt_settles_nothing,
    later_means_not_before_then,
    an_acknowledgement_counts_for_more_than_the_attempt_that_overlaps_it,
    a_collection_counts_for_more_than_the_attempt_that_overlaps_it,
    the_oldest_is_due_first,
);

async fn a_delivery_is_claimed_by_one_worker(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Webhook).await;
    let due = bed.store.due(at(5), 10).await.unwrap();
    assert_eq!((due.len(), due[0].delivery_id, due[0].attempts), (1, delivery, 0));
    let events = bed.events().await;
    let claims = vec![bed.claim(&draft, delivery, 0, 5), bed.claim(&draft, delivery, 0, 5)];
    assert_eq!(bed.store.claim(claims).await.unwrap(), [true, false]);
    assert!(!bed.claimed(&draft, delivery, 1, 5).await, "the lease holds");
    assert_eq!(bed.events().await, events + 1);
    assert!(bed.store.due(at(5), 10).await.unwrap().is_empty());
    let tracked = bed.tracked(&draft).await;
    assert_eq!(tracked.deliveries[0].attempts.len(), 1);
    assert_eq!(tracked.deliveries[0].attempts[0].started_at, at(5));
    assert_eq!(tracked.deliveries[0].next_attempt_at, None);
}

async fn a_lease_that_ran_out_makes_it_due_again(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Email).await;
    assert!(bed.claimed(&draft, delivery, 0, 0).await);
    let bed = bed.reopen();
    assert!(bed.store.due(at(LEASE - 1), 10).await.unwrap().is_empty());
    assert_eq!(bed.store.next_due().await.unwrap(), Some(at(LEASE)));
    let due = bed.store.due(at(LEASE), 10).await.unwrap();
    assert_eq!(due[0].attempts, 1, "the attempt that a crash cut off counts");
    assert!(bed.claimed(&draft, delivery, 1, LEASE).await);
    let attempts = &bed.tracked(&draft).await.deliveries[0].attempts;
    assert_eq!((attempts.len(), attempts[0].ended_at), (2, None));
}

async fn a_mailbox_is_never_due(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Mailbox).await;
    assert_eq!(bed.store.next_due().await.unwrap(), None);
    assert!(bed.store.due(at(1_000_000), 10).await.unwrap().is_empty());
    assert!(!bed.claimed(&draft, delivery, 0, 1_000_000).await);
}

async fn an_attempt_is_settled_once(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Webhook).await;
    assert!(!bed.settled(&draft, delivery, 0, 1, AttemptEnd::Delivered).await, "none was begun");
    assert!(bed.claimed(&draft, delivery, 0, 0).await);
    let events = bed.events().await;
    assert!(bed.settled(&draft, delivery, 1, 1, AttemptEnd::Delivered).await);
    assert!(!bed.settled(&draft, delivery, 1, 2, AttemptEnd::Failed { permanent: true }).await);
    assert_eq!(bed.events().await, events + 1);
    let tracked = bed.tracked(&draft).await;
    assert_eq!(tracked.deliveries[0].state, DeliveryState::Delivered);
    assert_eq!(tracked.deliveries[0].delivered_at, Some(at(1)));
    assert_eq!(tracked.deliveries[0].attempts[0].code.as_deref(), Some("http_204"));
    assert_eq!(bed.store.next_due().await.unwrap(), None);
    assert_eq!(bed.inbox("kent-mappa").await, [delivery], "delivered is not acknowledged");
}

async fn an_older_attempt_settles_nothing(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Webhook).await;
    assert!(bed.claimed(&draft, delivery, 0, 0).await);
    assert!(bed.claimed(&draft, delivery, 1, LEASE).await);
    assert!(!bed.settled(&draft, delivery, 1, LEASE + 1, AttemptEnd::Failed { permanent: true }).await);
    assert_eq!(bed.tracked(&draft).await.deliveries[0].state, DeliveryState::Waiting);
    assert!(bed.settled(&draft, delivery, 2, LEASE + 2, AttemptEnd::Delivered).await);
}

async fn later_means_not_before_then(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Webhook).await;
    assert!(bed.claimed(&draft, delivery, 0, 0).await);
    assert!(bed.settled(&draft, delivery, 1, 1, AttemptEnd::Later { not_before: at(300) }).await);
    assert!(bed.store.due(at(299), 10).await.unwrap().is_empty());
    assert!(!bed.claimed(&draft, delivery, 1, 299).await);
    assert_eq!(bed.tracked(&draft).await.deliveries[0].next_attempt_at, Some(at(300)));
    assert_eq!(bed.store.due(at(300), 10).await.unwrap()[0].attempts, 1);
    assert!(bed.claimed(&draft, delivery, 1, 300).await);
    assert!(bed.settled(&draft, delivery, 2, 301, AttemptEnd::Failed { permanent: false }).await);
    assert_eq!(bed.store.next_due().await.unwrap(), None);
    assert_eq!(bed.inbox("kent-mappa").await, [delivery], "failed is still collectable");
}

async fn an_acknowledgement_counts_for_more_than_the_attempt_that_overlaps_it(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Webhook).await;
    assert!(bed.claimed(&draft, delivery, 0, 0).await);
    assert_eq!(bed.acknowledged(&draft, delivery, "kent-mappa", 1).await, Acknowledged::Now);
    assert!(bed.settled(&draft, delivery, 1, 2, AttemptEnd::Later { not_before: at(10) }).await);
    let delivery = &bed.tracked(&draft).await.deliveries[0];
    assert_eq!(delivery.state, DeliveryState::Acknowledged);
    assert_eq!(delivery.attempts[0].ended_at, Some(at(2)));
    assert_eq!(bed.store.next_due().await.unwrap(), None);
}

async fn a_collection_counts_for_more_than_the_attempt_that_overlaps_it(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Webhook).await;
    assert!(bed.claimed(&draft, delivery, 0, 0).await);
    assert!(bed.store.collected(bed.mark(&draft, delivery, "kent-mappa", 1)).await.unwrap());
    assert!(bed.settled(&draft, delivery, 1, 2, AttemptEnd::Failed { permanent: true }).await);
    assert_eq!(bed.tracked(&draft).await.deliveries[0].state, DeliveryState::Collected);
    assert!(bed.store.due(at(1_000_000), 10).await.unwrap().is_empty(), "whoever collected needs no push");
    assert!(bed.store.overdue(at(1_000_000), 10).await.unwrap().is_empty());
}

async fn the_oldest_is_due_first(bed: Bed) {
    let mut late = bed.draft("kent-police", &[("kent-mappa", Channel::Webhook)]);
    late.accepted_at = at(9);
    let late = bed.accepted(&late).await;
    let early = bed.accepted(&bed.draft("kent-police", &[("kent-yot", Channel::Email)])).await;
    let due = bed.store.due(at(9), 10).await.unwrap();
    assert_eq!([due[0].delivery_id, due[1].delivery_id], [early[0], late[0]]);
    assert_eq!((due[1].recipient.clone(), due[1].accepted_at), (agency("kent-mappa"), at(9)));
    assert_eq!(bed.store.due(at(9), 1).await.unwrap().len(), 1);
    assert_eq!(bed.store.next_due().await.unwrap(), Some(at(0)));
}
