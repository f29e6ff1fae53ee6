//! Tracking and outbox: the sender sees its own messages, nobody else does.

use portcullis::{
    message::Channel,
    store::{AttemptEnd, DeliveryState},
};

use crate::support::{Bed, agency, at, contract};

contract!(
    only_the_sender_tracks_a_message,
    an_outbox_is_read_newest_first_page_by_page,
    a_tracked_delivery_tells_its_whole_story,
);

async fn only_the_sender_tracks_a_message(bed: Bed) {
    let (draft, _) = bed.one(Channel::Mailbox).await;
    assert_eq!(bed.tracked(&draft).await.receipt, draft.receipt());
    for stranger in ["kent-mappa", "kent-yot", "unheard-of"] {
        assert!(bed.store.track(&agency(stranger), draft.message_id).await.unwrap().is_none());
        assert!(bed.store.outbox(&agency(stranger), None, 9).await.unwrap().is_empty());
    }
}

async fn an_outbox_is_read_newest_first_page_by_page(bed: Bed) {
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, bed.one(Channel::Mailbox).await.0.message_id);
    }
    bed.accepted(&bed.draft("kent-yot", &[("kent-mappa", Channel::Mailbox)])).await;
    let (mut read, mut before) = (Vec::new(), None);
    loop {
        let page = bed.store.outbox(&agency("kent-police"), before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.cursor);
        read.extend(page.iter().map(|sent| sent.message_id));
    }
    assert_eq!(read, expected);
}

async fn a_tracked_delivery_tells_its_whole_story(bed: Bed) {
    let to = [("kent-mappa", Channel::Webhook), ("kent-yot", Channel::Mailbox)];
    let draft = bed.draft("kent-police", &to);
    let ids = bed.accepted(&draft).await;
    assert!(bed.claimed(&draft, ids[0], 0, 0).await);
    assert!(bed.settled(&draft, ids[0], 1, 2, AttemptEnd::Later { not_before: at(5) }).await);
    assert!(bed.claimed(&draft, ids[0], 1, 5).await);
    assert!(bed.settled(&draft, ids[0], 2, 6, AttemptEnd::Delivered).await);
    assert!(bed.store.collected(bed.mark(&draft, ids[0], "kent-mappa", 7)).await.unwrap());
    bed.acknowledged(&draft, ids[0], "kent-mappa", 8).await;
    let tracked = bed.tracked(&draft).await;
    assert_eq!(tracked.sent.states, [1, 0, 0, 0, 1, 0, 0]);
    assert_eq!((tracked.sent.case_ref.as_ref(), tracked.sent.accepted_at), (Some(&draft.case_ref), at(0)));
    let [pushed, other] = &tracked.deliveries[..] else { panic!("two deliveries") };
    assert_eq!((pushed.delivery_id, &pushed.recipient), (ids[0], &agency("kent-mappa")));
    assert_eq!(pushed.state, DeliveryState::Acknowledged);
    let times = (pushed.delivered_at, pushed.collected_at, pushed.acknowledged_at);
    assert_eq!(times, (Some(at(6)), Some(at(7)), Some(at(8))));
    let attempts: Vec<_> =
        pushed.attempts.iter().map(|a| (a.number, a.started_at, a.ended_at, a.code.as_deref())).collect();
    assert_eq!(
        attempts,
        [(1, at(0), Some(at(2)), Some("http_503")), (2, at(5), Some(at(6)), Some("http_204"))]
    );
    assert_eq!((other.channel, other.state), (Channel::Mailbox, DeliveryState::Waiting));
    assert!(other.attempts.is_empty());
}
