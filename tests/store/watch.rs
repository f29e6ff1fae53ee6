//! Overdue: never silence, never twice, never too early.

use portcullis::{
    message::{Channel, MessageType},
    store::{AttemptEnd, DeliveryState},
};

use crate::support::{Bed, DAY, at, contract};

contract!(
    what_waits_too_long_is_overdue_until_it_is_reported,
    what_was_handed_over_is_not_overdue,
    what_failed_for_good_is_overdue_at_once,
    waits_that_ran_out_are_overdue_in_their_time,
    there_is_no_report_about_a_report,
);

async fn what_waits_too_long_is_overdue_until_it_is_reported(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Mailbox).await;
    assert!(bed.store.overdue(at(0), 9).await.unwrap().is_empty());
    let overdue = bed.store.overdue(at(1), 9).await.unwrap();
    assert_eq!((overdue[0].delivery_id, overdue[0].state), (delivery, DeliveryState::Waiting));
    assert_eq!(overdue[0].last_code, None);
    let mut report = bed.draft("gateway", &[("kent-police", Channel::Mailbox)]);
    report.message_type = MessageType::NonDelivery;
    report.case_ref = draft.case_ref;
    report.reports = Some(delivery);
    bed.accepted(&report).await;
    assert!(bed.store.overdue(at(99 * DAY), 9).await.unwrap().is_empty());
    assert_eq!(bed.inbox("kent-mappa").await, [delivery], "still collectable");
}

async fn what_was_handed_over_is_not_overdue(bed: Bed) {
    let to = ["kent-mappa", "kent-yot", "kent-nhs"].map(|name| (name, Channel::Webhook));
    let draft = bed.draft("kent-police", &to);
    let ids = bed.accepted(&draft).await;
    assert_eq!(bed.store.overdue(at(1), 9).await.unwrap().len(), 3);
    assert!(bed.claimed(&draft, ids[0], 0, 0).await);
    assert!(bed.settled(&draft, ids[0], 1, 1, AttemptEnd::Delivered).await);
    assert!(bed.store.collected(bed.mark(&draft, ids[1], "kent-yot", 1)).await.unwrap());
    bed.acknowledged(&draft, ids[2], "kent-nhs", 1).await;
    assert!(bed.store.overdue(at(99 * DAY), 9).await.unwrap().is_empty());
}

async fn what_failed_for_good_is_overdue_at_once(bed: Bed) {
    let draft = bed.draft("kent-police", &[("kent-mappa", Channel::Webhook), ("kent-nhs", Channel::Email)]);
    let ids = bed.accepted(&draft).await;
    assert!(bed.claimed(&draft, ids[0], 0, 0).await);
    assert!(bed.claimed(&draft, ids[1], 0, 0).await);
    assert!(bed.settled(&draft, ids[0], 1, 1, AttemptEnd::Failed { permanent: true }).await);
    // Nobody can collect a mail: why it failed makes no difference.
    assert!(bed.settled(&draft, ids[1], 1, 1, AttemptEnd::Failed { permanent: false }).await);
    let overdue = bed.store.overdue(at(-5 * DAY), 9).await.unwrap();
    assert_eq!(overdue.iter().map(|o| o.delivery_id).collect::<Vec<_>>(), ids);
    assert_eq!(overdue[0].last_code.as_deref(), Some("http_410"));
    assert_eq!(overdue[0].state, DeliveryState::Failed);
}

async fn waits_that_ran_out_are_overdue_in_their_time(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Webhook).await;
    assert!(bed.claimed(&draft, delivery, 0, 0).await);
    assert!(bed.settled(&draft, delivery, 1, 1, AttemptEnd::Failed { permanent: false }).await);
    assert!(bed.store.overdue(at(0), 9).await.unwrap().is_empty());
    assert_eq!(bed.store.overdue(at(1), 9).await.unwrap().len(), 1);
}

async fn there_is_no_report_about_a_report(bed: Bed) {
    let mut report = bed.draft("gateway", &[("kent-police", Channel::Webhook)]);
    report.message_type = MessageType::NonDelivery;
    let ids = bed.accepted(&report).await;
    assert!(bed.claimed(&report, ids[0], 0, 0).await);
    assert!(bed.settled(&report, ids[0], 1, 1, AttemptEnd::Failed { permanent: true }).await);
    assert!(bed.store.overdue(at(99 * DAY), 9).await.unwrap().is_empty());
}
