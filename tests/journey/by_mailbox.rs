//! A referral goes into an inbox, is collected, opened and acknowledged; and what others see of it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use portcullis::{
    cli::client::InboxPage,
    journey::Code,
    message::{DeliveryId, MessageId},
};
use reqwest::Method;

use crate::support::{CO_ORDINATOR, Door, PACK, PAPERS, TestGateway, papers, set, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_is_collected_opened_byte_for_byte_and_acknowledged() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    let receipt = gateway.post("kent-police", &referral).await;
    assert_eq!(receipt.message_id, referral.id());
    assert_eq!(receipt.recipients.len(), 1);

    let item = gateway.only_item(CO_ORDINATOR).await;
    assert_eq!((item.message_id, item.sender.as_str()), (referral.id(), "kent-police"));
    assert_eq!(item.delivery_id, receipt.recipients[0].delivery_id);
    assert_eq!((item.message_type.as_str(), item.attachments, item.collected_at), ("referral", 0, None));

    let opened = gateway.collect(CO_ORDINATOR, item.delivery_id).await;
    assert_eq!(opened.content.message.as_bytes(), referral.bytes());
    assert!(gateway.only_item(CO_ORDINATOR).await.collected_at.is_some());
    assert_eq!(gateway.states("kent-police", referral.id()).await[CO_ORDINATOR], "collected");

    let unit = gateway.client(CO_ORDINATOR);
    let first = unit.acknowledge(item.delivery_id).await.unwrap().value;
    gateway.advance(Duration::from_secs(60));
    assert_eq!(unit.acknowledge(item.delivery_id).await.unwrap().value, first, "the first one counts");
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
    let gone = gateway.door(CO_ORDINATOR).get(&format!("/v1/inbox/{}", item.delivery_id)).await;
    gone.problem(Code::NotFound, 404);

    let tracked = gateway.track("kent-police", referral.id()).await;
    let delivery = &tracked.deliveries[0];
    assert_eq!((delivery.state.as_str(), delivery.channel.as_str()), ("acknowledged", "mailbox"));
    assert_eq!(delivery.acknowledged_at, Some(first.acknowledged_at));
    for kind in ["message.accepted", "delivery.collected", "delivery.acknowledged", "payload.erased"] {
        let events = gateway.events_of(kind).await;
        assert_eq!(events.len(), 1, "{kind}");
        assert_eq!(events[0]["message_id"], referral.id().to_string(), "{kind}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_ends_as_soon_as_something_arrives() {
    let gateway = TestGateway::start().await;
    let unit = gateway.client(CO_ORDINATOR);
    let polls = tokio::spawn(async move {
        unit.inbox(InboxPage { wait_s: 30, ..InboxPage::default() }).await.unwrap().value.items
    });
    polling(&gateway).await;
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    // The clock stands still: only the arrival can have ended it.
    assert_eq!(polls.await.unwrap()[0].message_id, referral.id());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_ends_empty_when_its_time_is_up() {
    let gateway = TestGateway::start().await;
    let unit = gateway.client(CO_ORDINATOR);
    let polls =
        tokio::spawn(async move { unit.inbox(InboxPage { wait_s: 30, ..InboxPage::default() }).await });
    polling(&gateway).await;
    gateway.advance(Duration::from_secs(30));
    assert!(polls.await.unwrap().unwrap().value.items.is_empty());
    gateway.stop().await;
}

/// Waits until somebody waits for something to arrive.
async fn polling(gateway: &TestGateway) {
    let waiting = || gateway.gateway().signals.inbox.receiver_count() > 0;
    until("somebody polls", async || waiting().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_agency_cannot_tell_a_delivery_from_one_that_does_not_exist() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    let theirs = gateway.only_item(CO_ORDINATOR).await.delivery_id;
    let nobodys = DeliveryId::new(gateway.gateway().clock.now(), gateway.random.bytes().unwrap());
    // Not the sender's either: what is in an inbox is its recipient's.
    for agency in ["kent-probation", "kent-police"] {
        assert!(gateway.inbox(agency).await.is_empty());
        let door = gateway.door(agency);
        for (method, rest) in
            [(Method::GET, ""), (Method::GET, "/attachments/0"), (Method::POST, "/acknowledge")]
        {
            let ask = async |delivery: DeliveryId| {
                let path = format!("/v1/inbox/{delivery}{rest}");
                Door::send(door.request(method.clone(), &path)).await.unwrap()
            };
            let (one, other) = (ask(theirs).await, ask(nobodys).await);
            one.problem(Code::NotFound, 404);
            assert_eq!(one.distinguishable(), other.distinguishable(), "{agency} {rest}");
        }
    }
    let message =
        async |id: MessageId| gateway.door("kent-probation").get(&format!("/v1/messages/{id}")).await;
    let (one, other) = (message(referral.id()).await, message(gateway.new_message_id()).await);
    one.problem(Code::NotFound, 404);
    assert_eq!(one.distinguishable(), other.distinguishable());
    // Nothing of it touched the copy.
    assert_eq!(gateway.only_item(CO_ORDINATOR).await.collected_at, None);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_agency_gets_nothing_and_finds_everything_when_it_is_back() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    let delivery = gateway.only_item(CO_ORDINATOR).await.delivery_id;
    gateway.change_agency(CO_ORDINATOR, |agency| agency.suspended = true).await;
    let door = gateway.door(CO_ORDINATOR);
    for path in ["/v1/inbox", "/v1/whoami", &format!("/v1/inbox/{delivery}"), "/v1/messages", "/v1/nothing"] {
        door.get(path).await.problem(Code::Suspended, 403);
    }
    gateway.change_agency(CO_ORDINATOR, |agency| agency.suspended = false).await;
    assert_eq!(gateway.collect(CO_ORDINATOR, delivery).await.content.message.as_bytes(), referral.bytes());
    gateway.stop().await;
}

/// Every file of the data folder, with its content.
fn on_disk(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => on_disk(&path),
            false => vec![(path.clone(), std::fs::read(path).unwrap())],
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_message_can_be_read_on_disk() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot"]).await;
    case.meeting.confirmed = set(&["kent-yot"]);
    case.record(&gateway).await;
    let pack = case.message(&gateway, PACK).for_all(&["kent-yot"]);
    gateway.post_with(CO_ORDINATOR, &pack, papers()).await;
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    gateway.door("kent-police").post("a text called Quillfeather").await;
    gateway.events().await;
    let secrets: [&[u8]; 7] = [
        b"Tamworth",
        b"Larkspur",
        b"Amira Sholto",
        b"The co-ordination unit decides on the level",
        b"previous-minutes-scan",
        b"Quillfeather",
        &PAPERS[1][1000..1040],
    ];
    let files = on_disk(&gateway.config.store.path);
    assert!(files.iter().any(|(path, _)| path.ends_with("portcullis.db-wal")), "the log is looked into too");
    for (path, bytes) in &files {
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{} holds {:?}", path.display(), String::from_utf8_lossy(secret));
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_the_head_of_a_copy_collects_nothing() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    let item = gateway.only_item(CO_ORDINATOR).await;
    let path = format!("/v1/inbox/{}", item.delivery_id);
    let reply = Door::send(gateway.door(CO_ORDINATOR).request(Method::HEAD, &path)).await.unwrap();
    assert_eq!(reply.status.as_u16(), 405);
    assert!(gateway.only_item(CO_ORDINATOR).await.collected_at.is_none());
    assert!(gateway.events_of("delivery.collected").await.is_empty());
    gateway.stop().await;
}
