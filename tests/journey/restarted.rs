//! A 202 outlives the process: what was accepted is delivered after a restart, and the ledger goes on.

use std::time::Duration;

use portcullis::{
    cli::{demo::webhook_receiver::Answer, ledger},
    ledger::event::{Entry, Event, Step},
    message::Channel,
    store::Claim,
};
use reqwest::StatusCode;

use crate::support::{Builder, CO_ORDINATOR, Message, PATIENCE, TestGateway};

const TRUST: &str = "kent-mh-trust";

async fn pushed(gateway: &TestGateway) -> Message {
    let case = gateway.case(&[TRUST]).await;
    let referral = case.passed_on(gateway, &[TRUST]);
    gateway.post(CO_ORDINATOR, &referral).await;
    referral
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_and_not_delivered_is_delivered_after_the_restart() {
    let mut gateway = Builder::default().webhook().start().await;
    let broken = Answer::Status(StatusCode::BAD_GATEWAY);
    gateway.webhook().change(|behaviour| behaviour.next.push_back(broken));
    let referral = pushed(&gateway).await;
    gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    gateway.restart().await;
    gateway.advance(Duration::from_secs(6));
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 2).await;
    assert_eq!(tracked.deliveries[0].state, "delivered");
    let pushes = gateway.webhook().wait_for(2, PATIENCE).await.unwrap();
    let delivery = tracked.deliveries[0].delivery_id;
    assert_eq!(gateway.open(TRUST, delivery, &pushes[1].body).content.message.as_bytes(), referral.bytes());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_while_nobody_could_push_is_pushed_when_the_gateway_is_back() {
    let mut gateway = Builder::default().webhook().config(|config| config.delivery.workers = 1).start().await;
    gateway.webhook().change(|behaviour| behaviour.always = Some(Answer::Close));
    let referral = pushed(&gateway).await;
    // Stopped at once: perhaps before the first attempt, perhaps after it.
    gateway.halt().await;
    gateway.webhook().change(|behaviour| behaviour.always = None);
    gateway.clock.advance(Duration::from_secs(6));
    gateway.begin().await;
    crate::support::until("it is delivered", async || {
        (gateway.states(CO_ORDINATOR, referral.id()).await[TRUST] == "delivered").then_some(())
    })
    .await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_claimed_and_never_settled_comes_back_when_its_lease_runs_out() {
    let mut gateway = Builder::default().webhook().start().await;
    let broken = Answer::Status(StatusCode::BAD_GATEWAY);
    gateway.webhook().change(|behaviour| behaviour.next.push_back(broken));
    let referral = pushed(&gateway).await;
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    let delivery = &tracked.deliveries[0];

    // A worker takes it when it falls due, and dies.
    let due = delivery.next_attempt_at.unwrap();
    let lease = gateway.config.delivery.lease;
    let step = Step {
        delivery_id: delivery.delivery_id,
        message_id: referral.id(),
        sender: CO_ORDINATOR.parse().unwrap(),
        recipient: TRUST.parse().unwrap(),
        channel: Channel::Webhook,
        attempt: Some(2),
        code: None,
    };
    let entry = Entry::new(&Event::DeliveryAttempted(step), due, None, &gateway.random).unwrap();
    let claim =
        Claim { delivery_id: delivery.delivery_id, attempts: 1, now: due, lease_until: due + lease, entry };
    assert_eq!(gateway.gateway().store.claim(vec![claim]).await.unwrap(), [true]);
    gateway.restart().await;

    let tracked = gateway.track(CO_ORDINATOR, referral.id()).await;
    assert_eq!(tracked.deliveries[0].attempts[1].ended_at, None, "nobody knows how it ended");
    let store = &gateway.gateway().store;
    assert_eq!(store.next_due().await.unwrap(), Some(due + lease), "not before the lease runs out");
    gateway.advance(lease + Duration::from_secs(6));
    // The second never ends; the third does.
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 2).await;
    let attempts = &tracked.deliveries[0].attempts;
    assert_eq!((attempts.len(), attempts[2].code.as_deref()), (3, Some("http_204")));
    assert_eq!(tracked.deliveries[0].state, "delivered");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inbox_receipt_and_tracking_are_the_same_after_a_restart() {
    let mut gateway = TestGateway::start().await;
    let referral = gateway.referral();
    let first = gateway.door("kent-police").post(referral.bytes()).await;
    let item = gateway.only_item(CO_ORDINATOR).await;
    gateway.events().await;
    let tracked = gateway.track("kent-police", referral.id()).await;
    gateway.restart().await;

    assert_eq!(gateway.only_item(CO_ORDINATOR).await, item);
    let after = gateway.track("kent-police", referral.id()).await;
    assert_eq!((after.deliveries, after.receipt), (tracked.deliveries, tracked.receipt));
    let again = gateway.door("kent-police").post(referral.bytes()).await;
    assert_eq!((again.status.as_u16(), &again.body), (202, &first.body));
    let opened = gateway.collect(CO_ORDINATOR, item.delivery_id).await;
    assert_eq!(opened.content.message.as_bytes(), referral.bytes());
    // What the case's facts are is known too: the unit passes the referral on.
    gateway.client(CO_ORDINATOR).acknowledge(item.delivery_id).await.unwrap();
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_goes_on_without_a_gap() {
    let mut gateway = TestGateway::start().await;
    let mut checkpoints = Vec::new();
    for round in 0..3 {
        for _ in 0..3 {
            let referral = gateway.referral();
            gateway.post("kent-police", &referral).await;
        }
        gateway.door("kent-police").post("nonsense").await;
        gateway.events().await;
        let note = gateway.client("kent-police").document("ledger/checkpoint").await.unwrap();
        let file = gateway.dir.join(format!("checkpoint-{round}"));
        std::fs::write(&file, note).unwrap();
        checkpoints.push(file);
        gateway.restart().await;
    }
    let accepted = gateway.events_of("message.accepted").await.len();
    assert_eq!((accepted, gateway.events_of("message.refused").await.len()), (9, 3));
    let vkey = gateway.verifier_key("kent-police").await.to_string();
    gateway.halt().await;
    let settings = gateway.installation.settings();
    let report = ledger::verify(&settings, Some(&vkey), &checkpoints).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.events, report.erased, report.earlier), (report.size, 0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_another_log_is_found_out() {
    let mut gateway = TestGateway::start().await;
    gateway.events().await;
    let other = TestGateway::start().await;
    let referral = other.referral();
    other.post("kent-police", &referral).await;
    other.events().await;
    let note = other.client("kent-police").document("ledger/checkpoint").await.unwrap();
    other.stop().await;
    let file = gateway.dir.join("checkpoint-of-another");
    std::fs::write(&file, note).unwrap();
    gateway.halt().await;
    let report = ledger::verify(&gateway.installation.settings(), None, &[file]).await.unwrap();
    assert!(!report.is_sound());
}
