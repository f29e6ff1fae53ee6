//! Never silence: the sender is told of what nobody collected, once; the end of its life erases it.

use std::time::Duration;

use portcullis::{journey::Code, message::MessageType, worker};
use serde_json::Value;

use crate::support::{CO_ORDINATOR, Message, TestGateway, until};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Lets time pass until the janitor's round has done its work. Each further look is a minute later, so
/// that a round that was under way when the time passed is followed by another one.
pub async fn janitor<T>(gateway: &TestGateway, by: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    gateway.advance(by);
    until("the janitor's round", async || {
        let seen = look().await;
        if seen.is_none() {
            gateway.advance(MINUTE);
        }
        seen
    })
    .await
}

/// The one report in an agency's inbox, opened and checked against its schema.
pub async fn report(gateway: &TestGateway, agency: &str) -> Value {
    let recipient = agency.parse().unwrap();
    until("a report", async || {
        let items = gateway.gateway().store.inbox(&recipient, 0, 10).await.unwrap();
        items.iter().any(|item| item.message_type == MessageType::NonDelivery).then_some(())
    })
    .await;
    let item = gateway.only_item(agency).await;
    assert_eq!((item.message_type.as_str(), item.sender.as_str()), ("non_delivery", "gateway"));
    let opened = gateway.collect(agency, item.delivery_id).await;
    let report: Value = serde_json::from_str(&opened.content.message).unwrap();
    let faults = gateway.gateway().schemas.faults(MessageType::NonDelivery, "1.0", &report);
    assert!(faults.is_some_and(|faults| faults.is_empty()), "{report:#}");
    report
}

/// A few rounds of the janitor, beside its own.
async fn rounds(gateway: &TestGateway) {
    for _ in 0..3 {
        worker::tidy(gateway.gateway(), &gateway.config.delivery).await;
    }
}

async fn posted(gateway: &TestGateway) -> Message {
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    referral
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_collects_for_five_days_is_reported_once_and_stays_collectable() {
    let gateway = TestGateway::start().await;
    let referral = posted(&gateway).await;
    gateway.advance(5 * DAY - MINUTE);
    rounds(&gateway).await;
    assert!(gateway.inbox("kent-police").await.is_empty(), "not yet");

    gateway.advance(2 * MINUTE);
    rounds(&gateway).await;
    let told = report(&gateway, "kent-police").await;
    assert_eq!(told["in_reply_to"], referral.id().to_string());
    assert_eq!(told["body"]["recipient"], CO_ORDINATOR);
    assert_eq!(told["body"]["reason_code"], "uncollected");
    assert_eq!(told["body"]["still_collectable"], true);

    gateway.advance(3 * DAY);
    rounds(&gateway).await;
    assert_eq!(gateway.inbox("kent-police").await.len(), 1, "exactly one");
    let item = gateway.only_item(CO_ORDINATOR).await;
    let opened = gateway.collect(CO_ORDINATOR, item.delivery_id).await;
    assert_eq!(opened.content.message.as_bytes(), referral.bytes());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_collected_in_time_is_not_reported() {
    let gateway = TestGateway::start().await;
    posted(&gateway).await;
    let item = gateway.only_item(CO_ORDINATOR).await;
    gateway.collect(CO_ORDINATOR, item.delivery_id).await;
    gateway.advance(6 * DAY);
    rounds(&gateway).await;
    assert!(gateway.inbox("kent-police").await.is_empty());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_five_days_a_copy_expires_and_the_ledger_says_so() {
    let gateway = TestGateway::start().await;
    let referral = posted(&gateway).await;
    let delivery = gateway.only_item(CO_ORDINATOR).await.delivery_id;
    janitor(&gateway, 35 * DAY + MINUTE, async || {
        let states = gateway.states("kent-police", referral.id()).await;
        (states[CO_ORDINATOR] == "expired").then_some(())
    })
    .await;
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
    let door = gateway.door(CO_ORDINATOR);
    door.get(&format!("/v1/inbox/{delivery}")).await.problem(Code::NotFound, 404);
    assert_eq!(gateway.track("kent-police", referral.id()).await.deliveries[0].state, "expired");
    for kind in ["delivery.expired", "payload.erased"] {
        let events = gateway.events_of(kind).await;
        assert_eq!(events.len(), 1, "{kind}");
        assert_eq!(events[0]["delivery_id"], delivery.to_string(), "{kind}");
    }
    // What ends untold is told all the same.
    rounds(&gateway).await;
    let told = report(&gateway, "kent-police").await;
    assert_eq!(told["in_reply_to"], referral.id().to_string());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_about_a_report() {
    let gateway = TestGateway::start().await;
    posted(&gateway).await;
    gateway.advance(5 * DAY + MINUTE);
    rounds(&gateway).await;
    assert_eq!(gateway.inbox("kent-police").await.len(), 1);
    gateway.advance(6 * DAY);
    rounds(&gateway).await;
    assert_eq!(gateway.inbox("kent-police").await.len(), 1, "the report is uncollected too");
    gateway.advance(36 * DAY);
    rounds(&gateway).await;
    rounds(&gateway).await;
    assert!(gateway.inbox("kent-police").await.is_empty(), "both have expired, and no report follows");
    let accepted = gateway.events_of("message.accepted").await;
    let of_type = |kind: &str| accepted.iter().filter(|event| event["message_type"] == kind).count();
    assert_eq!((of_type("referral"), of_type("non_delivery")), (1, 1));
    gateway.stop().await;
}
