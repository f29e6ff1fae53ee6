//! The inbox: each agency sees its own, and only that.

use portcullis::{message::Channel, store::DeliveryState};

use crate::support::{Bed, agency, at, contract};

contract!(
    nobody_reaches_the_copy_of_another,
    the_first_collection_is_kept_and_each_has_its_event,
    an_inbox_is_read_page_by_page,
    mail_is_in_no_inbox,
);

async fn nobody_reaches_the_copy_of_another(bed: Bed) {
    let draft = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox), ("kent-yot", Channel::Webhook)]);
    let ids = bed.accepted(&draft).await;
    let events = bed.events().await;
    assert_eq!(bed.inbox("kent-mappa").await, [ids[0]]);
    assert_eq!(bed.inbox("kent-yot").await, [ids[1]]);
    for stranger in ["kent-yot", "kent-police", "unheard-of"] {
        assert!(!bed.inbox(stranger).await.contains(&ids[0]));
        assert!(bed.store.copy(&agency(stranger), ids[0]).await.unwrap().is_none());
        assert!(!bed.store.collected(bed.mark(&draft, ids[0], stranger, 1)).await.unwrap());
        let answer = bed.acknowledged(&draft, ids[0], stranger, 1).await;
        assert_eq!(answer, portcullis::store::Acknowledged::Unknown);
        assert!(!bed.store.erase(bed.mark(&draft, ids[0], stranger, 1), true).await.unwrap());
    }
    assert_eq!(bed.events().await, events);
    assert_eq!(bed.tracked(&draft).await.sent.states, [2, 0, 0, 0, 0, 0, 0]);
}

async fn the_first_collection_is_kept_and_each_has_its_event(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Mailbox).await;
    let events = bed.events().await;
    assert!(bed.store.collected(bed.mark(&draft, delivery, "kent-mappa", 10)).await.unwrap());
    assert!(bed.store.collected(bed.mark(&draft, delivery, "kent-mappa", 20)).await.unwrap());
    assert_eq!(bed.events().await, events + 2);
    let item = &bed.store.inbox(&agency("kent-mappa"), 0, 10).await.unwrap()[0];
    assert_eq!(item.collected_at, Some(at(10)));
    assert_eq!(item.sender, agency("kent-police"));
    assert_eq!(bed.tracked(&draft).await.deliveries[0].state, DeliveryState::Collected);
    bed.acknowledged(&draft, delivery, "kent-mappa", 30).await;
    assert!(!bed.store.collected(bed.mark(&draft, delivery, "kent-mappa", 40)).await.unwrap());
    assert!(bed.store.copy(&agency("kent-mappa"), delivery).await.unwrap().is_none());
}

async fn an_inbox_is_read_page_by_page(bed: Bed) {
    let mut expected = Vec::new();
    for _ in 0..7 {
        expected.push(bed.one(Channel::Mailbox).await.1);
    }
    let (mut read, mut after) = (Vec::new(), 0);
    loop {
        let page = bed.store.inbox(&agency("kent-mappa"), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = last.cursor;
        read.extend(page.iter().map(|item| item.delivery_id));
    }
    assert_eq!(read, expected);
}

async fn mail_is_in_no_inbox(bed: Bed) {
    let (draft, delivery) = bed.one(Channel::Email).await;
    assert!(bed.inbox("kent-mappa").await.is_empty());
    assert!(bed.store.copy(&agency("kent-mappa"), delivery).await.unwrap().is_none());
    assert!(!bed.store.collected(bed.mark(&draft, delivery, "kent-mappa", 1)).await.unwrap());
}
