//! Every refusal that a post can meet: its answer, its event, and that nothing else is left of it.

use portcullis::{
    cli::pki::{DevelopmentCa, Issued},
    journey::Code,
    message::MessageId,
};
use reqwest::{Method, multipart::Form};
use serde_json::{Value, json};

use crate::support::{Builder, CO_ORDINATOR, Door, Message, PACK, REFERRAL, Reply, TestGateway, set};

/// A text that stands in many a submitted value, and may stand in no answer and no event.
const CANARY: &str = "Quillfeather";

/// A referral full of values that nobody should read again.
fn referral(gateway: &TestGateway) -> Message {
    gateway
        .referral()
        .with("/body/offender/family_name", json!(CANARY))
        .with("/sender/person/name", json!(CANARY))
        .with("/recipients/0/justification", json!(CANARY))
}

/// What is expected of a refusal.
struct Expected<'a> {
    code: Code,
    status: u16,
    /// Who the ledger says it was.
    sender: &'a str,
    /// The message's id, where it could be read.
    message: Option<MessageId>,
}

/// Checks the answer, the event with its reference, and that nothing was stored or delivered.
async fn check(gateway: &TestGateway, reply: &Reply, expected: Expected<'_>) -> Value {
    let problem = reply.problem(expected.code, expected.status);
    assert!(!String::from_utf8_lossy(&reply.body).contains(CANARY), "a submitted value came back");
    let events = gateway.events().await;
    let refusals: Vec<&Value> = events.iter().filter(|event| event["type"] == "message.refused").collect();
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0]["id"], problem["reference"]);
    assert_eq!(refusals[0]["code"], expected.code.as_str());
    assert_eq!(refusals[0]["sender"], expected.sender);
    let message_id = expected.message.map(|id| id.to_string());
    assert_eq!(refusals[0]["message_id"].as_str(), message_id.as_deref());
    let places = |faults: &Value| faults.as_array().map_or(0, Vec::len);
    assert_eq!(places(&refusals[0]["faults"]), places(&problem["errors"]), "every fault is in the event");
    assert!(events.iter().all(|event| !event.to_string().contains(CANARY)), "a submitted value was kept");
    if let Some(message) = expected.message {
        let store = &gateway.gateway().store;
        let sender = expected.sender.parse().unwrap();
        assert!(store.track(&sender, message).await.unwrap().is_none(), "nothing was stored");
    }
    assert_eq!(gateway.sealed_files(), 0);
    let accepted = events.iter().filter(|event| event["type"] == "message.accepted");
    assert!(accepted.clone().all(|event| event["message_id"].as_str() != message_id.as_deref()));
    problem
}

/// Posts bytes as the police and expects this refusal.
async fn post(body: Vec<u8>, message: Option<MessageId>, code: Code, status: u16) -> Value {
    let gateway = TestGateway::start().await;
    let reply = gateway.door("kent-police").post(body).await;
    let problem = check(&gateway, &reply, Expected { code, status, sender: "kent-police", message }).await;
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
    gateway.stop().await;
    problem
}

/// The same for a referral that was changed.
async fn changed(change: impl FnOnce(&mut Message), code: Code, status: u16) -> Reply {
    let gateway = TestGateway::start().await;
    let mut message = referral(&gateway);
    change(&mut message);
    let reply = gateway.door("kent-police").post(message.bytes()).await;
    let id = message.id();
    check(&gateway, &reply, Expected { code, status, sender: "kent-police", message: Some(id) }).await;
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
    gateway.door("kent-police").get(&format!("/v1/messages/{id}")).await.problem(Code::NotFound, 404);
    gateway.stop().await;
    reply
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/messages/refused/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_not_utf8() {
    post(sample("not-utf8"), None, Code::NotUtf8, 400).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_not_json() {
    for name in ["not-json", "cut-short", "trailing-garbage", "byte-order-mark"] {
        post(sample(name), None, Code::NotJson, 400).await;
    }
    post(Vec::new(), None, Code::NotJson, 400).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_twice() {
    post(sample("duplicate-key"), None, Code::DuplicateMember, 400).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_too_deep() {
    post(sample("too-deep"), None, Code::TooDeep, 400).await;
    post("[".repeat(1 << 20).into_bytes(), None, Code::TooDeep, 400).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large() {
    post(vec![b' '; (1 << 20) + 1], None, Code::TooLarge, 413).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_media_type() {
    let gateway = TestGateway::start().await;
    let door = gateway.door("kent-police");
    let request = door.request(Method::POST, "/v1/messages").header("content-type", "text/plain");
    let reply = Door::send(request.body(referral(&gateway).bytes())).await.unwrap();
    let expected = Expected { code: Code::WrongMediaType, status: 415, sender: "kent-police", message: None };
    check(&gateway, &reply, expected).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_its_message() {
    let gateway = TestGateway::start().await;
    let form = Form::new().text("attachment", CANARY);
    let reply = gateway.door("kent-police").post_form(form).await;
    let expected = Expected { code: Code::BadRequest, status: 400, sender: "kent-police", message: None };
    check(&gateway, &reply, expected).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_that_cannot_be_read_with_all_that_is_missing() {
    let problem = post(b"{}".to_vec(), None, Code::Envelope, 400).await;
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/message_id", "/sender/agency_id", "/type", "/schema_version"]);
    let gateway = TestGateway::start().await;
    let message = referral(&gateway).with("/message_id", json!(CANARY));
    let reply = gateway.door("kent-police").post(message.bytes()).await;
    let expected = Expected { code: Code::Envelope, status: 400, sender: "kent-police", message: None };
    check(&gateway, &reply, expected).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_is_unknown_or_the_gateways_own() {
    for kind in ["gossip", "non_delivery"] {
        changed(|message| message.set("/type", json!(kind)), Code::UnknownType, 422).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_version() {
    changed(|message| message.set("/schema_version", json!("9.9")), Code::UnknownVersion, 422).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_that_the_schema_finds() {
    let faults: Value = serde_json::from_slice(&sample("referral-seven-faults")).unwrap();
    let message = Message(faults);
    let problem = post(message.bytes(), Some(message.id()), Code::Schema, 422).await;
    let errors = problem["errors"].as_array().unwrap();
    assert!(errors.len() >= 7, "{problem:#}");
    for error in errors {
        for member in ["code", "message", "fix"] {
            assert!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_values_than_a_message_has() {
    let bait = format!("[{}0]", "0,".repeat(500_000));
    post(bait.into_bytes(), None, Code::TooManyValues, 400).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rules_find() {
    let rules = |reply: Reply| {
        let errors = reply.json()["errors"].as_array().unwrap().clone();
        let texts =
            |error: &Value| ["rule", "code", "pointer"].map(|m| error[m].as_str().unwrap().to_owned());
        errors.iter().map(texts).collect::<Vec<_>>()
    };
    let twice =
        changed(|message| *message = message.clone().to(&[CO_ORDINATOR, CO_ORDINATOR]), Code::Rules, 422);
    assert_eq!(rules(twice.await), [["E1", "recipient_twice", "/recipients/1/agency_id"]]);
    let other = changed(|message| message.set("/case_ref", json!("47-2026-7K3M9Q2F")), Code::Rules, 422);
    assert_eq!(rules(other.await), [["E2", "case_of_another_area", "/case_ref"]]);
    let secret = changed(|message| message.set("/marking/tier", json!("SECRET")), Code::Rules, 422);
    assert_eq!(rules(secret.await), [["V72", "marking_tier", "/marking/tier"]]);
    let intercepted = changed(
        |message| {
            let quality = json!({ "fact_or_assessment": "fact", "investigatory_powers_material": true });
            message.set("/body/offender/data_quality", quality);
        },
        Code::Rules,
        422,
    );
    let place = "/body/offender/data_quality/investigatory_powers_material";
    assert_eq!(rules(intercepted.await), [["P10", "investigatory_powers_material", place]]);
}

/// A client certificate of the installation's own authority.
pub fn issued(gateway: &TestGateway, agency: &str) -> Issued {
    gateway.installation.ca.issue_client(&agency.parse().unwrap()).unwrap()
}

/// The door for whoever holds this certificate.
pub fn door_of(gateway: &TestGateway, own: &Issued) -> Door {
    let pair = (own.certificate_pem.as_bytes(), own.key_pem.as_bytes());
    Door::new(gateway.url(""), Door::tls(&gateway.read("ca.crt"), Some(pair)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_no_agency_has() {
    for claimed in ["kent-nobody", "kent-police"] {
        let gateway = TestGateway::start().await;
        // For the police: our own authority signed it, and the directory does not list its key.
        let stranger = door_of(&gateway, &issued(&gateway, claimed));
        let reply = stranger.post(referral(&gateway).bytes()).await;
        let expected = Expected { code: Code::UnknownAgency, status: 403, sender: "unknown", message: None };
        check(&gateway, &reply, expected).await;
        assert_eq!(gateway.events_of("message.refused").await[0]["claimed"], claimed);
        assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
        gateway.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_agency() {
    let gateway = TestGateway::start().await;
    gateway.change_agency("kent-police", |agency| agency.suspended = true).await;
    let reply = gateway.door("kent-police").post(referral(&gateway).bytes()).await;
    let expected = Expected { code: Code::Suspended, status: 403, sender: "kent-police", message: None };
    check(&gateway, &reply, expected).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_is_not_the_certificates_agency() {
    let reply = changed(
        |message| message.set("/sender/agency_id", json!("kent-probation")),
        Code::SenderMismatch,
        403,
    );
    assert_eq!(reply.await.faults(), [("/sender/agency_id".into(), "sender_mismatch".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_that_is_not_served() {
    let elsewhere = |message: &mut Message| {
        message.set("/area", json!("01"));
        message.set("/case_ref", json!("01-2026-7K3M9Q2F"));
        message.set("/body/mappa/mappa_area", json!("01"));
    };
    changed(elsewhere, Code::AreaNotServed, 422).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_not_known() {
    let gateway = TestGateway::start().await;
    let pack = gateway.unknown_case().message(&gateway, PACK).with("/attachments", json!([]));
    let reply = gateway.door(CO_ORDINATOR).post(pack.bytes()).await;
    let message = Some(pack.id());
    let expected = Expected { code: Code::CaseNotKnown, status: 404, sender: CO_ORDINATOR, message };
    check(&gateway, &reply, expected).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_that_no_rule_permits() {
    let reply =
        changed(|message| *message = message.clone().to(&["hmp-thornfield"]), Code::NotPermitted, 403).await;
    assert_eq!(reply.faults(), [("/recipients/0/agency_id".into(), "default_deny".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_that_is_not_in_the_directory() {
    let reply =
        changed(|message| *message = message.clone().to(&["kent-nobody"]), Code::UnknownRecipient, 422).await;
    assert_eq!(reply.faults(), [("/recipients/0/agency_id".into(), "unknown_recipient".into())]);
    assert!(!String::from_utf8_lossy(&reply.body).contains("kent-nobody"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_without_a_key() {
    let gateway = TestGateway::start().await;
    gateway.change_agency(CO_ORDINATOR, |agency| agency.encryption_keys.clear()).await;
    let referral = referral(&gateway);
    let reply = gateway.door("kent-police").post(referral.bytes()).await;
    let message = Some(referral.id());
    let expected = Expected { code: Code::NoChannelFits, status: 422, sender: "kent-police", message };
    check(&gateway, &reply, expected).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_could_not_be_told_of_a_failure() {
    let gateway = TestGateway::start().await;
    gateway.change_agency("kent-police", |agency| agency.encryption_keys.clear()).await;
    let referral = referral(&gateway);
    let reply = gateway.door("kent-police").post(referral.bytes()).await;
    let message = Some(referral.id());
    let expected = Expected { code: Code::SenderWithoutKey, status: 422, sender: "kent-police", message };
    check(&gateway, &reply, expected).await;
    gateway.stop().await;
}

fn listed(bytes: u64) -> Value {
    json!([{ "name": "report.pdf", "media_type": "application/pdf", "bytes": bytes, "sha256": "0".repeat(64),
             "owner_agency": "kent-police", "contains_victim_data": false }])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_that_does_not_come() {
    let reply = changed(|message| message.set("/attachments", listed(20)), Code::AttachmentCount, 422).await;
    assert_eq!(reply.faults(), [("/attachments/0".into(), "attachment_missing".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_that_is_another_one() {
    let gateway = TestGateway::start().await;
    let referral = referral(&gateway).with("/attachments", listed(CANARY.len() as u64));
    let text = String::from_utf8(referral.bytes()).unwrap();
    let form = Form::new().text("message", text).text("attachment", CANARY);
    let reply = gateway.door("kent-police").post_form(form).await;
    let message = Some(referral.id());
    let expected = Expected { code: Code::AttachmentDigest, status: 422, sender: "kent-police", message };
    check(&gateway, &reply, expected).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_that_is_too_large() {
    let gateway = Builder::default()
        .config(|config| (config.limits.attachment_bytes, config.limits.pack_bytes) = (1024, 2048))
        .start()
        .await;
    let referral = referral(&gateway).with("/attachments", listed(1025));
    let reply = gateway.door("kent-police").post(referral.bytes()).await;
    let message = Some(referral.id());
    let expected = Expected { code: Code::AttachmentTooLarge, status: 413, sender: "kent-police", message };
    let problem = check(&gateway, &reply, expected).await;
    assert!(problem["detail"].as_str().unwrap().contains("1024"), "the limit is shown");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_under_a_used_id() {
    let gateway = TestGateway::start().await;
    let first = gateway.referral();
    gateway.post("kent-police", &first).await;
    let other = first.clone().with("/body/offender/family_name", json!(CANARY));
    let reply = gateway.door("kent-police").post(other.bytes()).await;
    let problem = reply.problem(Code::IdConflict, 409);
    let refusals = gateway.events_of("message.refused").await;
    assert_eq!((refusals.len(), &refusals[0]["id"]), (1, &problem["reference"]));
    let item = gateway.only_item(CO_ORDINATOR).await;
    let opened = gateway.collect(CO_ORDINATOR, item.delivery_id).await;
    assert_eq!(opened.content.message.as_bytes(), first.bytes(), "the first one stands");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_checks_in_a_minute() {
    let gateway = Builder::default().config(|config| config.limits.checks_per_minute = 2).start().await;
    let door = gateway.door("kent-police");
    let check = async || door.check(referral(&gateway).bytes()).await;
    for _ in 0..2 {
        assert_eq!(check().await.status.as_u16(), 200);
    }
    let reply = check().await;
    reply.problem(Code::TooManyChecks, 429);
    assert_eq!(reply.headers["retry-after"], "60");
    assert_eq!(gateway.events_of("message.checked").await.len(), 2, "beyond the limit not even an event");
    gateway.advance(std::time::Duration::from_secs(60));
    assert_eq!(check().await.status.as_u16(), 200);
    assert!(gateway.events_of("message.accepted").await.is_empty(), "a check sends nothing");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_meeting_that_does_not_meet_the_rules() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let put = async |agency: &str, body: Value| {
        let path = format!("/v1/meetings/{}", case.meeting.meeting_id);
        Door::send(gateway.door(agency).request(Method::PUT, &path).json(&body)).await.unwrap()
    };
    let named = |agency: &str| json!({ "case_ref": case.case_ref, "invited": [{ "agency_id": agency }] });
    put("kent-police", named("kent-police")).await.problem(Code::Facts, 422);
    put(CO_ORDINATOR, named("kent-nobody")).await.problem(Code::Facts, 422);
    let unreasoned = put(CO_ORDINATOR, named("kent-yot")).await;
    unreasoned.problem(Code::Facts, 422);
    assert_eq!(unreasoned.faults(), [(String::new(), "P8".into())]);
    put(CO_ORDINATOR, json!({ "case_ref": case.case_ref, "invted": [] })).await.problem(Code::Facts, 422);
    put("kent-yot", named("kent-yot")).await.problem(Code::Facts, 422);
    put("kent-immigration", named("kent-yot")).await.problem(Code::CaseNotKnown, 404);
    assert_eq!(gateway.events_of("fact.refused").await.len(), 6);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_beyond_the_rate_are_told_in_one_event() {
    let gateway =
        Builder::default().config(|config| config.limits.refusal_events_per_minute = 2).start().await;
    for _ in 0..5 {
        gateway.door("kent-police").post("nonsense").await.problem(Code::NotJson, 400);
    }
    assert_eq!(gateway.events_of("message.refused").await.len(), 2);
    let minute = std::time::Duration::from_secs(60);
    let counted = crate::undelivered::janitor(&gateway, minute, async || {
        let events = gateway.events_of("message.refused").await;
        events.into_iter().find(|event| event["code"] == "beyond_rate")
    })
    .await;
    assert_eq!((&counted["uncounted"], &counted["sender"]), (&json!(3), &json!("kent-police")));
    gateway.stop().await;
}

/// A foreign authority, for others.
pub fn foreign_authority(gateway: &TestGateway) -> DevelopmentCa {
    DevelopmentCa::new(gateway.clock.clock(), gateway.random.clone()).unwrap()
}

/// Which test above meets which code.
const MET: &[(Code, &str)] = &[
    (Code::NotUtf8, "text_that_is_not_utf8"),
    (Code::NotJson, "text_that_is_not_json"),
    (Code::DuplicateMember, "a_member_twice"),
    (Code::TooDeep, "nested_too_deep"),
    (Code::TooLarge, "too_large"),
    (Code::WrongMediaType, "another_media_type"),
    (Code::BadRequest, "a_form_without_its_message"),
    (Code::Envelope, "an_envelope_that_cannot_be_read_with_all_that_is_missing"),
    (Code::UnknownType, "a_type_that_is_unknown_or_the_gateways_own"),
    (Code::UnknownVersion, "an_unknown_version"),
    (Code::TooManyValues, "more_values_than_a_message_has"),
    (Code::Schema, "every_fault_that_the_schema_finds"),
    (Code::Rules, "what_the_rules_find"),
    (Code::UnknownAgency, "a_certificate_that_no_agency_has"),
    (Code::Suspended, "a_suspended_agency"),
    (Code::SenderMismatch, "a_sender_that_is_not_the_certificates_agency"),
    (Code::AreaNotServed, "an_area_that_is_not_served"),
    (Code::CaseNotKnown, "a_case_that_is_not_known"),
    (Code::NotPermitted, "a_recipient_that_no_rule_permits"),
    (Code::UnknownRecipient, "a_recipient_that_is_not_in_the_directory"),
    (Code::NoChannelFits, "a_recipient_without_a_key"),
    (Code::SenderWithoutKey, "a_sender_that_could_not_be_told_of_a_failure"),
    (Code::AttachmentCount, "an_attachment_that_does_not_come"),
    (Code::AttachmentDigest, "an_attachment_that_is_another_one"),
    (Code::AttachmentTooLarge, "an_attachment_that_is_too_large"),
    (Code::AttachmentType, "a_file_of_another_type_is_refused_without_saying_of_which"),
    (Code::AttachmentInfected, "a_file_that_the_scanner_objects_to_is_refused_and_a_clean_one_arrives"),
    (Code::IdConflict, "other_bytes_under_a_used_id"),
    (Code::TooManyChecks, "too_many_checks_in_a_minute"),
    (Code::Facts, "a_record_of_a_meeting_that_does_not_meet_the_rules"),
];

/// Codes that no post can meet, and why.
const NOT_MET: &[(Code, &str)] = &[
    (Code::NotFound, "answers a look, not a post: by_mailbox.rs, the same for all that is not there"),
    (Code::WrongMethod, "answers what is no post: door.rs"),
    (Code::KeyUnusable, "answers a key: agency_keys.rs"),
    (Code::KeyConflict, "answers a key: agency_keys.rs"),
    (Code::TooManyKeys, "answers a key: agency_keys.rs"),
    (Code::ProofWrong, "answers a proof: agency_keys.rs"),
];

const TESTS: &str = concat!(include_str!("refused.rs"), include_str!("scanned.rs"));

#[test]
fn every_code_is_met_by_a_test() {
    for code in Code::ALL {
        let met = MET.iter().find(|(met, _)| met == code);
        let there = |test: &str| TESTS.contains(&format!("async fn {test}("));
        let excused = NOT_MET.iter().any(|(not_met, _)| not_met == code);
        assert!(met.is_some_and(|(_, test)| there(test)) || excused, "no test meets {}", code.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_id_can_be_used_again() {
    let gateway = TestGateway::start().await;
    let referral = referral(&gateway);
    let faulty = referral.clone().with("/body/offender", json!({}));
    gateway.door("kent-police").post(faulty.bytes()).await.problem(Code::Schema, 422);
    gateway.post("kent-police", &referral).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_recipient_refuses_all() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot", "kent-police"]).await;
    case.meeting.confirmed = set(&["kent-yot"]);
    case.record(&gateway).await;
    let both = case.message(&gateway, REFERRAL).from(CO_ORDINATOR).to(&["kent-yot", "kent-probation"]);
    let reply = gateway.door(CO_ORDINATOR).post(both.bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    assert_eq!(reply.faults(), [("/recipients/1/agency_id".into(), "default_deny".into())]);
    for agency in ["kent-yot", "kent-probation"] {
        assert!(gateway.inbox(agency).await.is_empty(), "{agency}");
    }
    gateway.stop().await;
}
