//! A check tells who may have a message and why: for every recipient in one answer, whether the message
//! would be accepted or not, and what is recorded only to those who may know it.

use portcullis::{
    journey::Code,
    message::{Approval, ApprovalId, ApprovalKind},
};
use serde_json::{Value, json};

use crate::support::{CO_ORDINATOR, Case, Message, REFERRAL, SMALL_MINUTES, TestGateway, set};

/// A case whose meeting of 3 November the youth offending team attended; housing was only invited.
async fn met(gateway: &TestGateway) -> Case {
    let mut case = gateway.case(&["kent-yot", "kent-tagging"]).await;
    case.meeting.date = Some("2026-11-03".parse().unwrap());
    case.meeting.attended = set(&["kent-yot"]);
    case.record(gateway).await;
    case
}

fn minutes(gateway: &TestGateway, case: &Case, to: &[&str]) -> Message {
    case.message(gateway, SMALL_MINUTES).with("/body/minutes_status", json!("draft")).for_all(to)
}

async fn checked(gateway: &TestGateway, sender: &str, message: &Message) -> Value {
    gateway.door(sender).check(message.bytes()).await.json()
}

fn texts(answered: &Value) -> Vec<&str> {
    let facts = answered["facts"].as_array().map(Vec::as_slice).unwrap_or_default();
    facts.iter().map(|fact| fact["text"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unit_is_told_the_policies_their_law_and_the_facts_that_they_looked_at() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    let answer =
        checked(&gateway, CO_ORDINATOR, &minutes(&gateway, &case, &["kent-yot", "kent-police"])).await;
    assert_eq!(answer["verdict"], "accepted");
    assert_eq!(answer["sender"]["grounds"][0]["id"], "P15-sender");
    let yot = &answer["recipients"][0];
    assert_eq!(
        (&yot["agency_id"], &yot["verdict"], &yot["channel"]),
        (&json!("kent-yot"), &json!("allowed"), &json!("mailbox"))
    );
    let ground = &yot["grounds"][0];
    assert_eq!((&ground["id"], &ground["legal_basis"]), (&json!("P15-present"), &json!("CJA 2003 s.325(4)")));
    assert_eq!(ground["text"], "Minutes go to the agencies recorded as present.");
    assert_eq!(texts(yot), ["recorded as present at the meeting of 3 November 2026"]);
    assert_eq!(
        (&yot["facts"][0]["fact"], &yot["facts"][0]["date"]),
        (&json!("attended"), &json!("2026-11-03"))
    );
    assert_eq!(texts(&answer["recipients"][1]), ["the lead agency of the case"]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_recipient_leaves_the_answer_about_the_others() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    let message = minutes(&gateway, &case, &["kent-yot", "kent-tagging", "kent-smb"]);
    let answer = checked(&gateway, CO_ORDINATOR, &message).await;
    assert_eq!(answer["status"], 403);
    let answered = answer["recipients"].as_array().unwrap();
    let verdicts: Vec<_> = answered.iter().map(|one| one["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["allowed", "refused", "refused"]);
    // What would allow it, and what is recorded of what was looked at: it was invited, which is not enough.
    let lacks: Vec<_> =
        answered[1]["would_allow"].as_array().unwrap().iter().map(|one| &one["lacks"]).collect();
    assert!(
        lacks.contains(&&json!("not recorded as present")) && lacks.contains(&&json!("no release")),
        "{lacks:?}"
    );
    assert!(answered[1]["grounds"].as_array().unwrap().is_empty() && texts(&answered[1]).is_empty());
    assert_eq!(answered[2]["grounds"][0]["id"], "P25-board");
    assert!(answered[2].get("would_allow").is_none(), "a bar is told by its own sentence");

    // A release is told with its end.
    let approval = Approval {
        approval_id: ApprovalId::new(gateway.gateway().clock.now(), gateway.random.bytes().unwrap()),
        kind: ApprovalKind::MinutesRelease,
        by: CO_ORDINATOR.parse().unwrap(),
        to: "kent-tagging".parse().unwrap(),
        meeting_id: Some(case.meeting.meeting_id),
        message_id: None,
        until: "2099-01-01T00:00:00Z".parse().unwrap(),
    };
    gateway.client(CO_ORDINATOR).put_approval(&case.case_ref, &approval, "Agreed.").await.unwrap();
    let answer = checked(&gateway, CO_ORDINATOR, &minutes(&gateway, &case, &["kent-tagging"])).await;
    let told = &answer["recipients"][0];
    assert_eq!(texts(told), ["minutes released to it by `kent-mappa` until 1 January 2099"]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_may_not_know_is_told_neither_facts_nor_what_is_missing() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    let referral =
        |from: &str| case.message(&gateway, REFERRAL).from(from).to(&[CO_ORDINATOR, "hmp-thornfield"]);
    let answer = checked(&gateway, "kent-yot", &referral("kent-yot")).await;
    let text = answer.to_string();
    assert_eq!(answer["recipients"][0]["verdict"], "allowed");
    assert_eq!(answer["recipients"][1]["verdict"], "refused");
    assert!(!text.contains("facts") && !text.contains("would_allow") && !text.contains("lacks"), "{text}");
    // The lead agency is told.
    let answer = checked(&gateway, "kent-police", &referral("kent-police")).await;
    assert_eq!(answer["recipients"][1]["would_allow"][0]["id"], "P6-coordinator", "{answer}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_send_hears_of_no_recipient_and_no_unknown_name_is_repeated() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    let answer =
        checked(&gateway, "kent-yot", &minutes(&gateway, &case, &["kent-tagging"]).from("kent-yot")).await;
    assert_eq!((&answer["sender"]["verdict"], &answer["recipients"]), (&json!("refused"), &json!([])));
    let reply = gateway
        .door(CO_ORDINATOR)
        .check(case.passed_on(&gateway, &["kent-yot", "kent-nobody"]).bytes())
        .await;
    reply.problem(Code::UnknownRecipient, 422);
    let answer = reply.json();
    assert_eq!(answer["recipients"][0]["verdict"], "allowed");
    assert_eq!(answer["recipients"][1]["pointer"], "/recipients/1/agency_id");
    assert!(!answer.to_string().contains("kent-nobody"));
    // A post tells the faults and no more.
    let posted = gateway.door(CO_ORDINATOR).post(case.passed_on(&gateway, &["kent-nobody"]).bytes()).await;
    assert!(posted.json().get("recipients").is_none());
    gateway.stop().await;
}

/// Nothing in the answer tells a case that one may not know from one that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_about_a_hidden_case_explains_nothing() {
    let gateway = TestGateway::start().await;
    let (case, nobodys) = (met(&gateway).await, gateway.unknown_case());
    let ask = async |case: &Case, sample: &str| {
        let message = case.message(&gateway, sample).from("kent-immigration");
        let message =
            if sample == REFERRAL { message.to(&[CO_ORDINATOR]) } else { message.for_all(&["kent-yot"]) };
        let reply = gateway.door("kent-immigration").check(message.bytes()).await;
        let mut answer = reply.json();
        for own in ["reference", "message_id"] {
            answer.as_object_mut().unwrap().remove(own);
        }
        (reply.status, answer)
    };
    for sample in [SMALL_MINUTES, REFERRAL] {
        assert_eq!(ask(&case, sample).await, ask(&nobodys, sample).await);
    }
    gateway.stop().await;
}
