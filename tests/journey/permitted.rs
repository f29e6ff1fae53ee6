//! Nothing reaches an agency that the rules do not allow, and each permission carries its law.

use portcullis::{
    journey::{Code, statement},
    message::AgencyId,
};
use serde_json::json;

use crate::support::{
    CO_ORDINATOR, Case, MINUTES, Message, NOTIFICATION, PACK, REFERRAL, Reply, TestGateway, set,
};

/// The rules by which each recipient gets an accepted message, as the receipt's statement says.
async fn accepted(gateway: &TestGateway, sender: &str, message: &Message) -> Vec<(AgencyId, Vec<String>)> {
    let receipt = gateway.post(sender, message).await;
    let keys = gateway.client(sender).keys().await.unwrap().value;
    let statement = statement::verify(&receipt.statement, &keys).unwrap();
    let rules = statement.recipients.into_iter().map(|to| {
        assert!(!to.legal_basis.is_empty(), "no permission without its law");
        (to.agency_id, to.policies)
    });
    rules.collect()
}

async fn refused(gateway: &TestGateway, sender: &str, message: &Message) -> Reply {
    let reply = gateway.door(sender).post(message.bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    reply
}

/// What the answer says about the first fault.
fn says(reply: &Reply) -> String {
    reply.json()["errors"][0]["message"].as_str().unwrap().to_owned()
}

/// A draft: what it says about who was there sets nothing, so that the meeting's record decides.
fn minutes(gateway: &TestGateway, case: &Case, to: &[&str]) -> Message {
    case.message(gateway, MINUTES).with("/body/minutes_status", json!("draft")).for_all(to)
}

fn pack(gateway: &TestGateway, case: &Case, to: &[&str]) -> Message {
    case.message(gateway, PACK).for_all(to).with("/attachments", json!([]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_goes_to_the_co_ordination_unit_and_to_nobody_else() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    let rules = accepted(&gateway, "kent-police", &referral).await;
    assert_eq!(rules, [(CO_ORDINATOR.parse().unwrap(), vec!["P29".to_owned(), "P6".to_owned()])]);
    for other in ["kent-probation", "hmp-thornfield", "kent-yot", "sussex-mappa"] {
        let reply = refused(&gateway, "kent-police", &gateway.referral().to(&[other])).await;
        assert!(!says(&reply).contains("not the area's co-ordination unit"), "{other}: {}", says(&reply));
        assert!(gateway.inbox(other).await.is_empty());
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unit_passes_a_referral_on_to_invitees_only() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot", "kent-police"]).await;
    let rules =
        accepted(&gateway, CO_ORDINATOR, &case.passed_on(&gateway, &["kent-yot", "kent-police"])).await;
    assert!(rules.iter().all(|(_, rules)| rules == &["P6"]), "{rules:?}");
    let reply = refused(&gateway, CO_ORDINATOR, &case.passed_on(&gateway, &["kent-probation"])).await;
    assert!(says(&reply).contains("P6: not an invitee of a meeting of the case"), "{}", says(&reply));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_goes_to_those_who_confirmed() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot", "kent-police"]).await;
    case.meeting.confirmed = set(&["kent-yot"]);
    case.record(&gateway).await;
    let rules = accepted(&gateway, CO_ORDINATOR, &pack(&gateway, &case, &["kent-yot", CO_ORDINATOR])).await;
    assert!(rules.iter().all(|(_, rules)| rules == &["P9"]), "{rules:?}");
    // Invited, even in the lead, and not confirmed.
    let reply = refused(&gateway, CO_ORDINATOR, &pack(&gateway, &case, &["kent-police"])).await;
    assert!(says(&reply).contains("P9: has not confirmed attendance"), "{}", says(&reply));
    // Another meeting of another case is no meeting of this one.
    let stranger = pack(&gateway, &case, &["kent-yot"]).of(gateway.unknown_case().meeting.meeting_id);
    let reply = refused(&gateway, CO_ORDINATOR, &stranger).await;
    assert_eq!(reply.faults()[0].1, "P9");
    // Only the unit sends it.
    refused(&gateway, "kent-police", &pack(&gateway, &case, &["kent-yot"]).from("kent-police")).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_go_to_those_present_with_an_action_or_in_the_lead() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-probation", "kent-tagging"]).await;
    case.meeting.confirmed = set(&["kent-probation", "kent-tagging"]);
    case.meeting.attended = set(&["kent-probation"]);
    case.meeting.action_owners = set(&["kent-yot"]);
    case.record(&gateway).await;
    let all = ["kent-probation", "kent-yot", "kent-police", CO_ORDINATOR];
    let rules = accepted(&gateway, CO_ORDINATOR, &minutes(&gateway, &case, &all)).await;
    let rules: Vec<_> = rules.iter().map(|(_, rules)| rules.join(" ")).collect();
    assert_eq!(rules, ["P15", "P15 P16", "P15 P16", "P15"], "who sends (P15) and why each receives");

    let absent = refused(&gateway, CO_ORDINATOR, &minutes(&gateway, &case, &["kent-tagging"])).await;
    for lacks in [
        "P15: not recorded as present",
        "P16: holds no action",
        "P16: not the lead agency",
        "P17: no release",
    ] {
        assert!(says(&absent).contains(lacks), "{}", says(&absent));
    }
    for (never, rule) in [("kent-crown-court", "P18"), ("kent-smb", "P25")] {
        let reply = refused(&gateway, CO_ORDINATOR, &minutes(&gateway, &case, &[never])).await;
        let fault = &reply.json()["errors"][0];
        assert_eq!(fault["code"], rule);
        assert!(fault["fix"].as_str().unwrap().contains("rests on"), "the law stands beside the rule");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_confirmed_and_stayed_away_leave_the_others_without_minutes_too() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-probation", "kent-yot"]).await;
    case.meeting.attended = set(&["kent-probation"]);
    case.record(&gateway).await;
    let both = minutes(&gateway, &case, &["kent-probation", "kent-yot"]);
    let reply = refused(&gateway, CO_ORDINATOR, &both).await;
    assert_eq!(reply.faults(), [("/recipients/1/agency_id".into(), "default_deny".into())]);
    assert!(gateway.inbox("kent-probation").await.is_empty(), "all or nothing");
    // Its own id is free for the message that is right.
    gateway.post(CO_ORDINATOR, &both.for_all(&["kent-probation"])).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_unit_and_the_lead_agency_are_told_what_is_missing() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot", "kent-probation"]).await;
    let referral = |sender: &str| case.message(&gateway, REFERRAL).from(sender).to(&["hmp-thornfield"]);
    let lead = refused(&gateway, "kent-police", &referral("kent-police")).await;
    assert!(says(&lead).contains("P6: "), "{}", says(&lead));
    let other = refused(&gateway, "kent-probation", &referral("kent-probation")).await;
    assert_eq!(says(&other), "no rule permits it");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_the_sender_may_not_know_answers_as_one_that_does_not_exist() {
    let gateway = TestGateway::start().await;
    let known = gateway.case(&["kent-yot"]).await;
    let nobodys = gateway.unknown_case();
    for sample in [PACK, MINUTES] {
        let ask = async |case: &Case| {
            let message = case.message(&gateway, sample).from("kent-tagging").for_all(&["kent-yot"]);
            let message = message.with("/attachments", json!([]));
            gateway.door("kent-tagging").post(message.bytes()).await
        };
        let (one, other) = (ask(&known).await, ask(&nobodys).await);
        one.problem(Code::CaseNotKnown, 404);
        assert_eq!(one.distinguishable(), other.distinguishable());
    }
    // The same at the other door to a case.
    let put = async |case: &Case| {
        let client = gateway.client("kent-tagging");
        client
            .put_meeting(&case.case_ref, &case.meeting)
            .await
            .err()
            .unwrap()
            .problem()
            .unwrap()
            .document
            .clone()
    };
    let (mut one, mut other) = (put(&known).await, put(&nobodys).await);
    (one.reference, other.reference) = (None, None);
    assert_eq!(one, other);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_that_decided_is_the_one_that_counts() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    gateway.change_agency("kent-yot", |agency| agency.suspended = true).await;
    let reply = refused(&gateway, CO_ORDINATOR, &case.passed_on(&gateway, &["kent-yot"])).await;
    assert_eq!(reply.faults()[0].1, "P2");
    gateway.stop().await;
}

/// Who has no relation to a case is told the same whether it is open or not, and by posting gains none.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_to_a_case_cannot_notify_itself_into_it() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let claim = case.message(&gateway, NOTIFICATION).from("hmp-thornfield");
    let claim = claim.with("/body/mappa/lead_agency", json!("hmp-thornfield"));
    gateway.post("hmp-thornfield", &claim).await;
    let facts = gateway.gateway().store.case(&case.case_ref).await.unwrap().unwrap();
    assert_eq!(facts.lead.unwrap().as_str(), "kent-police");
    assert!(!facts.openers.iter().any(|opener| opener.as_str() == "hmp-thornfield"));
    let changed = gateway.events_of("fact.changed").await;
    assert_eq!(changed.last().unwrap()["claimant"], "hmp-thornfield");
    gateway.stop().await;
}
