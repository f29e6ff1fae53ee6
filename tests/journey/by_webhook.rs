//! A referral is pushed to an agency's own server: at once, later, or never.

use std::time::Duration;

use portcullis::{
    cli::{client::Tracking, demo::webhook_receiver::Answer},
    message::DeliveryId,
};
use reqwest::StatusCode;

use crate::support::{Builder, CO_ORDINATOR, Message, PATIENCE, TestGateway};

const TRUST: &str = "kent-mh-trust";

/// The unit passes a referral on to the trust.
async fn post(gateway: &TestGateway) -> (Message, DeliveryId) {
    let case = gateway.case(&[TRUST]).await;
    let referral = case.passed_on(gateway, &[TRUST]);
    let receipt = gateway.post(CO_ORDINATOR, &referral).await;
    assert_eq!(receipt.recipients[0].channel, "webhook");
    (referral, receipt.recipients[0].delivery_id)
}

fn attempts(tracking: &Tracking) -> Vec<&str> {
    tracking.deliveries[0].attempts.iter().map(|attempt| attempt.code.as_deref().unwrap_or("-")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_is_pushed_signed_and_opens() {
    let gateway = Builder::default().webhook().start().await;
    let (referral, delivery) = post(&gateway).await;
    let pushes = gateway.webhook().wait_for(1, PATIENCE).await.unwrap();
    let push = &pushes[0];
    assert!(push.signature_ok);
    assert!(push.headers["webhook-signature"].to_str().unwrap().starts_with("v1a,"));
    assert_eq!(push.id.as_deref(), Some(delivery.to_string().as_str()));
    assert_eq!(push.headers["content-type"], "application/jose+json");
    assert_eq!(gateway.open(TRUST, delivery, &push.body).content.message.as_bytes(), referral.bytes());

    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    assert_eq!((tracked.deliveries[0].state.as_str(), attempts(&tracked)), ("delivered", vec!["http_204"]));
    assert_eq!(gateway.events_of("delivery.attempted").await.len(), 1);
    assert_eq!(gateway.events_of("delivery.delivered").await.len(), 1);
    // Delivered is not acknowledged: the copy waits in the mailbox, and is the same.
    let sealed = gateway.client(TRUST).collect(delivery).await.unwrap();
    assert_eq!(sealed, push.body);
    gateway.client(TRUST).acknowledge(delivery).await.unwrap();
    assert_eq!(gateway.states(CO_ORDINATOR, referral.id()).await[TRUST], "acknowledged");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_time_gets_it() {
    let gateway = Builder::default().webhook().start().await;
    let busy = Answer::RetryAfter(StatusCode::SERVICE_UNAVAILABLE, 3600);
    gateway.webhook().change(|behaviour| behaviour.next.push_back(busy));
    let (referral, delivery) = post(&gateway).await;
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    let (state, attempt) = (&tracked.deliveries[0], &tracked.deliveries[0].attempts[0]);
    assert_eq!((state.state.as_str(), attempts(&tracked)), ("waiting", vec!["http_503"]));
    // Its hour and not the schedule's five seconds.
    let asked_for = attempt.ended_at.unwrap() + Duration::from_secs(3600);
    assert_eq!(state.next_attempt_at, Some(asked_for));

    gateway.advance(Duration::from_secs(3600));
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 2).await;
    assert_eq!(attempts(&tracked), ["http_503", "http_204"]);
    let pushes = gateway.webhook().pushes();
    assert_eq!(pushes.len(), 2);
    assert!(pushes.iter().all(|push| push.id.as_deref() == Some(delivery.to_string().as_str())));
    assert_eq!(pushes[0].body, pushes[1].body, "a repeat is the same bytes under the same id");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_fails_at_once_and_the_sender_is_told() {
    let gateway = Builder::default().webhook().start().await;
    gateway.webhook().change(|behaviour| behaviour.always = Some(Answer::Status(StatusCode::GONE)));
    let (referral, delivery) = post(&gateway).await;
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    assert_eq!(attempts(&tracked), ["http_410"]);
    assert_eq!(tracked.deliveries[0].state, "failed");

    let report = crate::undelivered::report(&gateway, CO_ORDINATOR).await;
    assert_eq!(report["in_reply_to"], referral.id().to_string());
    assert_eq!(report["body"]["delivery_id"], delivery.to_string());
    assert_eq!(report["body"]["recipient"], TRUST);
    assert_eq!(report["body"]["reason_code"], "http_410");
    assert_eq!(report["body"]["still_collectable"], true);
    // And so it is.
    assert_eq!(gateway.only_item(TRUST).await.delivery_id, delivery);
    assert_eq!(gateway.collect(TRUST, delivery).await.content.message.as_bytes(), referral.bytes());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_last_attempt_the_copy_stays_in_the_mailbox() {
    let gateway = Builder::default()
        .webhook()
        .config(|config| config.delivery.schedule = [0, 5, 300].map(Duration::from_secs).into())
        .start()
        .await;
    gateway.webhook().change(|behaviour| behaviour.always = Some(Answer::Close));
    let (referral, delivery) = post(&gateway).await;
    for attempt in 1..=3 {
        gateway.attempted(CO_ORDINATOR, referral.id(), attempt).await;
        gateway.advance(Duration::from_secs(600));
    }
    let tracked = gateway.track(CO_ORDINATOR, referral.id()).await;
    assert_eq!((tracked.deliveries[0].state.as_str(), attempts(&tracked).len()), ("failed", 3));
    // Its server was given every chance; the sender hears of it when five days have passed.
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
    assert_eq!(gateway.only_item(TRUST).await.delivery_id, delivery);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_before_the_next_attempt_ends_the_pushing() {
    let gateway = Builder::default().webhook().start().await;
    gateway.webhook().change(|behaviour| {
        behaviour.always = Some(Answer::Status(StatusCode::INTERNAL_SERVER_ERROR));
    });
    let (referral, delivery) = post(&gateway).await;
    gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    gateway.collect(TRUST, delivery).await;
    gateway.client(TRUST).acknowledge(delivery).await.unwrap();
    let tracked = gateway.track(CO_ORDINATOR, referral.id()).await;
    assert_eq!(tracked.deliveries[0].state, "acknowledged");
    assert_eq!(tracked.deliveries[0].next_attempt_at, None);
    assert_eq!(gateway.gateway().store.next_due().await.unwrap(), None);
    gateway.stop().await;
}
