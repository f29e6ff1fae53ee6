//! The end of a payload: what goes, when, and what stays.

use jiff::Timestamp;
use portcullis::{
    message::Channel,
    store::{Acknowledged, AttemptEnd, DeliveryState},
};

use crate::support::{Bed, DAY, agency, at, contract};

contract!(
    the_last_acknowledgement_takes_the_files_along,
    an_acknowledgement_is_final_and_repeatable,
    expiry_is_final,
    delivered_mail_is_erased_and_stays_delivered,
    perishable_is_what_is_old_and_still_there,
    a_sender_that_was_never_told_stays_to_be_told,
    orphans_are_tidied_away_and_nothing_else,
);

async fn the_last_acknowledgement_takes_the_files_along(bed: Bed) {
    let mut draft =
        bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox), ("kent-yot", Channel::Webhook)]);
    draft.attachments = 2;
    let ids = bed.accepted(&draft).await;
    assert_eq!(bed.acknowledged(&draft, ids[0], "kent-mappa", 1).await, Acknowledged::Now);
    assert!(bed.inbox("kent-mappa").await.is_empty());
    let copy = bed.store.copy(&agency("kent-yot"), ids[1]).await.unwrap().unwrap();
    assert_eq!(copy.ciphertext.ciphertext(), draft.bytes, "the other still needs it");
    assert_eq!(bed.file_count(), 2);
    assert_eq!(bed.acknowledged(&draft, ids[1], "kent-yot", 2).await, Acknowledged::Now);
    assert_eq!(bed.file_count(), 0);
    // The message stays, and so does its receipt.
    let bed = bed.reopen();
    assert_eq!(bed.tracked(&draft).await.sent.states, [0, 0, 0, 0, 2, 0, 0]);
    assert!(bed.store.submission(&draft.sender, draft.message_id).await.unwrap().is_some());
}

async fn an_acknowledgement_is_final_and_repeatable(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Mailbox).await;
    assert_eq!(bed.acknowledged(&draft, delivery, "kent-mappa", 1).await, Acknowledged::Now);
    let events = bed.events().await;
    assert_eq!(bed.acknowledged(&draft, delivery, "kent-mappa", 9).await, Acknowledged::Before(at(1)));
    assert!(!bed.store.erase(bed.mark(&draft, delivery, "kent-mappa", 9), true).await.unwrap());
    assert_eq!(bed.events().await, events);
    assert_eq!(bed.tracked(&draft).await.deliveries[0].state, DeliveryState::Acknowledged);
}

async fn expiry_is_final(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Webhook).await;
    let mark = || bed.mark(&draft, delivery, "kent-mappa", 35 * DAY);
    assert!(bed.store.erase(mark(), true).await.unwrap());
    let events = bed.events().await;
    assert!(!bed.store.erase(mark(), true).await.unwrap());
    assert_eq!(bed.acknowledged(&draft, delivery, "kent-mappa", 36 * DAY).await, Acknowledged::Unknown);
    assert!(!bed.store.collected(mark()).await.unwrap());
    assert!(bed.store.due(at(99 * DAY), 9).await.unwrap().is_empty());
    assert_eq!(bed.events().await, events);
    assert_eq!(bed.tracked(&draft).await.deliveries[0].state, DeliveryState::Expired);
}

async fn delivered_mail_is_erased_and_stays_delivered(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Email).await;
    assert_eq!(bed.file_count(), 1);
    assert!(bed.claimed(&draft, delivery, 0, 0).await);
    assert!(bed.settled(&draft, delivery, 1, 1, AttemptEnd::Delivered).await);
    let perishable = |mailed_before| bed.store.perishable(Timestamp::UNIX_EPOCH, at(mailed_before), 9);
    assert!(perishable(1).await.unwrap().is_empty());
    assert_eq!(perishable(2).await.unwrap()[0].delivery_id, delivery);
    assert!(bed.store.erase(bed.mark(&draft, delivery, "kent-mappa", 5 * DAY), false).await.unwrap());
    assert!(perishable(2).await.unwrap().is_empty());
    assert_eq!(bed.file_count(), 0);
    assert_eq!(bed.tracked(&draft).await.deliveries[0].state, DeliveryState::Delivered);
    // A late delivery report still confirms it.
    assert_eq!(bed.acknowledged(&draft, delivery, "kent-mappa", 6 * DAY).await, Acknowledged::Now);
}

async fn perishable_is_what_is_old_and_still_there(bed: Bed) {
    let draft = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox), ("kent-nhs", Channel::Email)]);
    let ids = bed.accepted(&draft).await;
    let perishable = |accepted_before| bed.store.perishable(at(accepted_before), at(-1), 9);
    assert!(perishable(0).await.unwrap().is_empty());
    let found = perishable(1).await.unwrap();
    assert_eq!(found.iter().map(|found| found.delivery_id).collect::<Vec<_>>(), ids);
    assert_eq!((found[0].case_ref.as_ref(), &found[0].sender), (Some(&draft.case_ref), &draft.sender));
    bed.acknowledged(&draft, ids[0], "kent-mappa", 1).await;
    assert_eq!(perishable(1).await.unwrap().len(), 1);
    assert_eq!(bed.store.perishable(at(1), at(-1), 0).await.unwrap().len(), 0);
}

async fn a_sender_that_was_never_told_stays_to_be_told(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Mailbox).await;
    assert!(bed.store.erase(bed.mark(&draft, delivery, "kent-mappa", 35 * DAY), true).await.unwrap());
    let overdue = bed.store.overdue(at(30 * DAY), 9).await.unwrap();
    assert_eq!((overdue[0].delivery_id, overdue[0].state), (delivery, DeliveryState::Expired));
}

async fn orphans_are_tidied_away_and_nothing_else(bed: Bed) {
    let mut draft =
        bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox), ("kent-nhs", Channel::Email)]);
    draft.attachments = 1;
    bed.accepted(&draft).await;
    for _ in 0..3 {
        bed.file(b"a crash came before the record").await;
    }
    assert_eq!(bed.store.tidy(Timestamp::UNIX_EPOCH, 9).await.unwrap(), 0, "too young");
    assert_eq!(bed.store.tidy(Timestamp::MAX, 2).await.unwrap(), 2);
    assert_eq!(bed.store.tidy(Timestamp::MAX, 9).await.unwrap(), 1);
    assert_eq!(bed.store.tidy(Timestamp::MAX, 9).await.unwrap(), 0);
    assert_eq!(bed.file_count(), 2);
}
