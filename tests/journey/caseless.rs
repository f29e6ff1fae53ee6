//! A message about no case travels like any other, from its 202 to the end of its life.

use std::time::Duration;

use portcullis::{journey::statement, worker};
use serde_json::Value;

use crate::support::{
    Builder, CO_ORDINATOR, Message, PATIENCE, STATISTICS, TestGateway, message_json, opened_mail,
};

const HOUSING: &str = "kent-council-housing";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Statistics to anybody in the area: the story is about the way and not about who may.
const POLICY: &str = r#"
@id("D23-story-send") @legal_basis("CJA 2003 s.326(1)") @source("domain D23")
@text("The police send their statistics.") @missing("not the police")
permit(principal, action == Action::"send_stats_return", resource)
when { principal.type == AgencyType::"POLICE" };

@id("D23-story-receive") @legal_basis("CJA 2003 s.326(1)") @source("domain D23")
@text("Statistics stay in their area.") @missing("not of the area")
permit(principal, action == Action::"receive_stats_return", resource)
when { principal in resource.area };
"#;

fn statistics(gateway: &TestGateway, to: &str) -> Message {
    Message::about_no_case(gateway, STATISTICS).to(&[to])
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_are_accepted_collected_tracked_and_acknowledged() {
    let gateway = Builder::default().policy(POLICY).start().await;
    let message = statistics(&gateway, CO_ORDINATOR);
    let receipt = gateway.post("kent-police", &message).await;
    let keys = gateway.client("kent-police").keys().await.unwrap().value;
    let stated = statement::verify(&receipt.statement, &keys).unwrap();
    assert!(stated.recipients[0].policies.contains(&"D23".to_owned()), "{:?}", stated.recipients);

    let item = gateway.only_item(CO_ORDINATOR).await;
    assert_eq!((item.message_type.as_str(), item.sender.as_str()), ("stats_return", "kent-police"));
    let opened = gateway.collect(CO_ORDINATOR, item.delivery_id).await;
    assert_eq!(opened.content.message.as_bytes(), message.bytes());
    gateway.client(CO_ORDINATOR).acknowledge(item.delivery_id).await.unwrap();

    let tracked = gateway.track("kent-police", message.id()).await;
    assert_eq!((tracked.case_ref, tracked.deliveries[0].state.as_str()), (None, "acknowledged"));
    let outbox = gateway.client("kent-police").outbox(None, None).await.unwrap().value;
    assert_eq!((outbox.messages[0].message_id, &outbox.messages[0].case_ref), (message.id(), &None));

    let accepted = gateway.events_of("message.accepted").await;
    assert_eq!(accepted[0]["asked"]["decided_on"]["case_facts"], 0);
    assert_eq!((accepted[0].get("case_ref"), &accepted[0]["area"]), (None, &Value::from("46")));
    assert!(gateway.events_of("fact.changed").await.is_empty());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_opens_meanwhile_makes_no_difference() {
    let gateway = Builder::default().policy(POLICY).start().await;
    let message = statistics(&gateway, CO_ORDINATOR);
    let receipt = gateway.post("kent-police", &message).await;
    gateway.post("kent-police", &gateway.referral()).await;
    assert_eq!(gateway.post("kent-police", &message).await, receipt, "a repeat is a repeat");
    gateway.post("kent-police", &statistics(&gateway, CO_ORDINATOR)).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn they_go_by_mail_too() {
    let gateway = Builder::default().mail().policy(POLICY).start().await;
    let message = statistics(&gateway, HOUSING);
    let receipt = gateway.post("kent-police", &message).await;
    assert_eq!(receipt.recipients[0].channel, "email");
    let mails = gateway.mail().wait_for(1, PATIENCE).await.unwrap();
    assert_eq!(message_json(&gateway, HOUSING, &mails[0].bytes).await, message.bytes());
    let note = opened_mail(&gateway, HOUSING, &mails[0].bytes).await;
    let says = |label: &str| note.lines().any(|line| line.starts_with(label));
    assert!(says("Sent by ") && says("Reference ") && !says("Case "), "{note}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_collects_is_reported_and_erased_in_the_end() {
    let gateway = Builder::default().policy(POLICY).start().await;
    let message = statistics(&gateway, CO_ORDINATOR);
    gateway.post("kent-police", &message).await;
    let delivery = gateway.only_item(CO_ORDINATOR).await.delivery_id;
    gateway.advance(6 * DAY);
    worker::tidy(gateway.gateway(), &gateway.config.delivery).await;
    // Its schema is checked there.
    let told = crate::undelivered::report(&gateway, "kent-police").await;
    assert_eq!(told["in_reply_to"], message.id().to_string());
    for absent in [told.get("case_ref"), told.get("purpose"), told["body"].get("case_ref")] {
        assert_eq!(absent, None);
    }
    crate::undelivered::janitor(&gateway, 30 * DAY, async || {
        let states = gateway.states("kent-police", message.id()).await;
        (states[CO_ORDINATOR] == "expired").then_some(())
    })
    .await;
    let erased = gateway.events_of("payload.erased").await;
    assert!(erased.iter().any(|event| event["delivery_id"] == delivery.to_string()));
    gateway.stop().await;
}
