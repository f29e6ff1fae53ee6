//! What is wrong is put right towards everyone who got it; and who is asked about a case may answer.

use portcullis::{
    crypto::{hex, sha256},
    journey::{Code, statement},
};
use serde_json::json;

use crate::support::{CO_ORDINATOR, Case, Message, TestGateway};

const CORRECTION: &str = include_str!("../messages/accepted/correction-referral.json");
const LEVEL_CHANGE: &str = include_str!("../messages/accepted/level-change-2-to-3.json");
const REQUEST: &str = include_str!("../messages/accepted/info-request-housing.json");
const RESPONSE: &str = include_str!("../messages/accepted/info-response-housing.json");

/// The correction of this message by the unit.
fn correction(gateway: &TestGateway, case: &Case, of: &Message, to: &[&str]) -> Message {
    let correction = case.message(gateway, CORRECTION).from(CO_ORDINATOR).to(to);
    correction.with("/body/message_id", json!(of.id())).with("/supersedes", json!(of.id()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_goes_to_everyone_who_got_the_message_and_a_bar_stops_one_alone() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot", "kent-probation"]).await;
    let referral = case.passed_on(&gateway, &["kent-yot", "kent-probation"]);
    gateway.post(CO_ORDINATOR, &referral).await;

    let incomplete = correction(&gateway, &case, &referral, &["kent-yot"]);
    let reply = gateway.door(CO_ORDINATOR).post(incomplete.bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    let codes: Vec<_> = reply.faults().into_iter().map(|fault| fault.1).collect();
    assert_eq!(codes, ["P30", "recipients_missing"]);
    assert!(reply.json()["errors"][1]["message"].as_str().unwrap().starts_with("1 of those"));

    // The relation of one ended since, and the other is suspended.
    let mut later = case.clone();
    later.meeting.invited.clear();
    later.record(&gateway).await;
    gateway.change_agency("kent-probation", |agency| agency.suspended = true).await;
    let complete = correction(&gateway, &case, &referral, &["kent-yot", "kent-probation"]);
    let receipt = gateway.post(CO_ORDINATOR, &complete).await;
    let reached: Vec<_> = receipt.recipients.iter().map(|to| to.agency_id.as_str()).collect();
    assert_eq!(reached, ["kent-yot"]);
    let told: Vec<_> = receipt.warnings.iter().map(|fault| (&*fault.pointer, &*fault.code)).collect();
    assert!(told.contains(&("/recipients/1/agency_id", "P2")), "{told:?}");
    // That another agency is barred is for the sender alone.
    for item in gateway.inbox("kent-yot").await {
        let opened = gateway.collect("kent-yot", item.delivery_id).await;
        let warned: Vec<_> = opened.statement.warnings.iter().map(|warning| &*warning.rule).collect();
        assert!(!warned.contains(&"P2"), "{warned:?}");
    }
    gateway.stop().await;
}

/// A request to two agencies, and its correction.
async fn corrected_request(gateway: &TestGateway) -> (Case, Message) {
    let case = gateway.case(&ASKED).await;
    let request = case.message(gateway, REQUEST).from(CO_ORDINATOR).to(&ASKED);
    gateway.post(CO_ORDINATOR, &request).await;
    let mended = correction(gateway, &case, &request, &ASKED).with("/body/type", json!("info_request"));
    (case, mended)
}

const ASKED: [&str; 2] = ["kent-yot", "kent-council-education"];

#[tokio::test(flavor = "multi_thread")]
async fn what_mends_a_request_for_information_tells_nobody_who_else_was_asked() {
    let gateway = TestGateway::start().await;
    let (case, mended) = corrected_request(&gateway).await;
    gateway.post(CO_ORDINATOR, &mended).await;
    let again = correction(&gateway, &case, &mended, &ASKED).with("/body/type", json!("correction"));
    gateway.post(CO_ORDINATOR, &again).await;
    for (agency, other) in [(ASKED[0], ASKED[1]), (ASKED[1], ASKED[0])] {
        let items = gateway.inbox(agency).await;
        assert_eq!(items.len(), 3);
        for item in items {
            let opened = gateway.collect(agency, item.delivery_id).await;
            let stated = serde_json::to_string(&opened.statement).unwrap();
            assert!(opened.content.message.contains(agency) && stated.contains(agency));
            assert!(!opened.content.message.contains(other) && !stated.contains(other), "{stated}");
        }
    }
    gateway.stop().await;
}

/// The case is of category 2, and so is what mends the slip: only the message itself said 4.
#[tokio::test(flavor = "multi_thread")]
async fn what_mends_a_message_that_called_itself_category_4_goes_apart_as_it_did() {
    const BOTH: [&str; 2] = ["kent-probation", "kent-police"];
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-probation"]).await;
    let apart = async |category: u8| {
        let told = case.message(&gateway, LEVEL_CHANGE).from(CO_ORDINATOR).to(&BOTH);
        let told = told.with("/body/mappa/category", json!(category));
        gateway.post(CO_ORDINATOR, &told).await;
        let mended = correction(&gateway, &case, &told, &BOTH).with("/body/type", json!("level_change"));
        gateway.post(CO_ORDINATOR, &mended).await;
        let items = gateway.inbox(BOTH[0]).await;
        let newest = items.last().unwrap();
        let opened = gateway.collect(BOTH[0], newest.delivery_id).await;
        !serde_json::to_string(&opened.statement).unwrap().contains(BOTH[1])
    };
    assert!(apart(4).await);
    assert!(!apart(2).await);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_states_the_full_text_also_where_all_but_one_were_passed_over() {
    let gateway = TestGateway::start().await;
    let (_, mended) = corrected_request(&gateway).await;
    gateway.change_agency(ASKED[1], |agency| agency.suspended = true).await;
    let receipt = gateway.post(CO_ORDINATOR, &mended).await;
    assert_eq!(receipt.recipients.len(), 1);
    let keys = gateway.client(CO_ORDINATOR).keys().await.unwrap().value;
    let stated = statement::verify(&receipt.statement, &keys).unwrap();
    assert_eq!((stated.view, stated.sha256), (None, hex(&sha256(&mended.bytes()))));
    gateway.stop().await;
}

/// Else the sender's slip would keep a correction from one of those who have the wrong text.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_lacks_a_word_for_one_recipient_is_refused_and_passes_over_nobody() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot", "kent-probation"]).await;
    let referral = case.passed_on(&gateway, &["kent-yot", "kent-probation"]);
    gateway.post(CO_ORDINATOR, &referral).await;

    let hospital = json!([{ "name": "a.txt", "media_type": "text/plain", "bytes": 3,
        "sha256": "0".repeat(64), "owner_agency": "kent-mh-trust", "contains_victim_data": false }]);
    let correction = correction(&gateway, &case, &referral, &["kent-yot", "kent-probation"]);
    let mut correction = correction.with("/attachments", hospital);
    correction.0["recipients"][1].as_object_mut().unwrap().shift_remove("strict_necessity").unwrap();
    let reply = gateway.door(CO_ORDINATOR).check(correction.bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    assert_eq!(reply.faults(), [("/recipients/1/agency_id".to_owned(), "P31".to_owned())]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_corrects_what_another_sent() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let referral = case.passed_on(&gateway, &["kent-yot"]);
    gateway.post(CO_ORDINATOR, &referral).await;
    let meddling = correction(&gateway, &case, &referral, &["kent-yot"]).from("kent-police");
    let reply = gateway.door("kent-police").post(meddling.bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_about_a_case_may_answer_and_nobody_else_who_does_not_know_it() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let request = case.message(&gateway, REQUEST).from(CO_ORDINATOR).to(&["kent-tagging"]);
    let answer = |from: &str| {
        let answer = case.message(&gateway, RESPONSE).from(from).to(&[CO_ORDINATOR]);
        answer.with("/in_reply_to", json!(request.id()))
    };
    let early = gateway.door("kent-tagging").post(answer("kent-tagging").bytes()).await;
    early.problem(Code::CaseNotKnown, 404);
    gateway.post(CO_ORDINATOR, &request).await;
    gateway.post("kent-tagging", &answer("kent-tagging")).await;
    let other = answer("kent-council-education").bytes();
    gateway.door("kent-council-education").post(other).await.problem(Code::CaseNotKnown, 404);
    gateway.stop().await;
}
