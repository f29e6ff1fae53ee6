//! A referral goes as sealed mail to an agency without a system.

use std::time::Duration;

use portcullis::{
    cli::{client::Tracking, demo::mail_sink::StartTls},
    journey::Code,
};

use reqwest::Method;

use crate::support::{Builder, CO_ORDINATOR, Door, Message, PATIENCE, TestGateway, message_json};

const HOUSING: &str = "kent-council-housing";
const ADDRESS: &str = "mappa.housing@council.kent.example";

async fn post(gateway: &TestGateway) -> Message {
    let case = gateway.case(&[HOUSING]).await;
    let referral = case.passed_on(gateway, &[HOUSING]);
    let receipt = gateway.post(CO_ORDINATOR, &referral).await;
    assert_eq!(receipt.recipients[0].channel, "email");
    referral
}

fn attempts(tracking: &Tracking) -> Vec<&str> {
    tracking.deliveries[0].attempts.iter().map(|attempt| attempt.code.as_deref().unwrap_or("-")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_mail_arrives_over_tls_and_opens_with_openssl() {
    let gateway = Builder::default().mail().start().await;
    let referral = post(&gateway).await;
    let mails = gateway.mail().wait_for(1, PATIENCE).await.unwrap();
    assert!(mails[0].over_tls);
    assert_eq!(mails[0].to, [ADDRESS]);
    assert_eq!(message_json(&gateway, HOUSING, &mails[0].bytes).await, referral.bytes());
    // Nothing of it shows outside: neither the case nor a name.
    let text = String::from_utf8_lossy(&mails[0].bytes).into_owned();
    for inside in ["Tamworth", "Larkspur", referral.0["case_ref"].as_str().unwrap(), "referral-"] {
        assert!(!text.contains(inside), "{inside}");
    }
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    assert_eq!((tracked.deliveries[0].state.as_str(), attempts(&tracked)), ("delivered", vec!["smtp_250"]));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_handed_over_is_erased_here_after_five_days() {
    let gateway = Builder::default().mail().start().await;
    let referral = post(&gateway).await;
    gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    assert_eq!(gateway.sealed_files(), 1);
    let day = Duration::from_secs(24 * 3600);
    crate::undelivered::janitor(&gateway, 5 * day + day, async || {
        (gateway.sealed_files() == 0).then_some(())
    })
    .await;
    assert_eq!(gateway.states(CO_ORDINATOR, referral.id()).await[HOUSING], "delivered");
    assert_eq!(gateway.events_of("payload.erased").await.last().unwrap()["recipient"], HOUSING);
    assert!(gateway.events_of("delivery.expired").await.is_empty());
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty(), "it was delivered: nothing to report");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_is_asked_again() {
    let gateway = Builder::default().mail().start().await;
    gateway.mail().change(|behaviour| behaviour.next_rcpts_451 = 1);
    let referral = post(&gateway).await;
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    assert_eq!((tracked.deliveries[0].state.as_str(), attempts(&tracked)), ("waiting", vec!["smtp_451"]));
    assert!(gateway.mail().mails().is_empty());
    gateway.advance(Duration::from_secs(6));
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 2).await;
    assert_eq!(attempts(&tracked), ["smtp_451", "smtp_250"]);
    assert_eq!(gateway.mail().mails().len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_mailbox_fails_and_the_sender_is_told() {
    let gateway = Builder::default().mail().start().await;
    gateway.mail().change(|behaviour| {
        behaviour.unknown_recipients.insert(ADDRESS.to_owned());
    });
    let referral = post(&gateway).await;
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    assert_eq!((tracked.deliveries[0].state.as_str(), attempts(&tracked)), ("failed", vec!["smtp_550"]));
    let report = crate::undelivered::report(&gateway, CO_ORDINATOR).await;
    assert_eq!(report["in_reply_to"], referral.id().to_string());
    assert_eq!(report["body"]["reason_code"], "smtp_550");
    assert_eq!(report["body"]["still_collectable"], false);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_nothing_is_sent_at_all() {
    let gateway = Builder::default().mail().start().await;
    gateway.mail().change(|behaviour| behaviour.starttls = StartTls::Absent);
    let referral = post(&gateway).await;
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    assert_eq!(attempts(&tracked), ["starttls_missing"]);
    assert!(gateway.mail().mails().is_empty(), "the sink takes mail in clear: none came");
    gateway.mail().change(|behaviour| behaviour.starttls = StartTls::Required);
    gateway.advance(Duration::from_secs(6));
    gateway.attempted(CO_ORDINATOR, referral.id(), 2).await;
    let mails = gateway.mail().mails();
    assert!(mails.len() == 1 && mails[0].over_tls);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_to_an_agency_without_a_certificate_is_refused_and_never_sent_otherwise() {
    let gateway = Builder::default().mail().start().await;
    let case = gateway.case(&[HOUSING]).await;
    gateway.change_agency(HOUSING, |agency| agency.mail.as_mut().unwrap().certificate = String::new()).await;
    let referral = case.passed_on(&gateway, &[HOUSING]);
    let reply = gateway.door(CO_ORDINATOR).post(referral.bytes()).await;
    reply.problem(Code::NoChannelFits, 422);
    assert!(gateway.mail().mails().is_empty() && gateway.sealed_files() == 0);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_not_acknowledged_over_the_api_which_would_erase_it_unseen() {
    let gateway = Builder::default().mail().config(|c| c.mail.port = 1).start().await;
    let referral = post(&gateway).await;
    let tracked = gateway.attempted(CO_ORDINATOR, referral.id(), 1).await;
    let path = format!("/v1/inbox/{}/acknowledge", tracked.deliveries[0].delivery_id);
    let reply = Door::send(gateway.door(HOUSING).request(Method::POST, &path)).await.unwrap();
    reply.problem(Code::NotFound, 404);
    assert_eq!(gateway.states(CO_ORDINATOR, referral.id()).await[HOUSING], "waiting");
    assert_eq!(gateway.sealed_files(), 1, "the mail is still there to be tried");
    gateway.stop().await;
}
