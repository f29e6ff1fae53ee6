//! Views: each recipient gets what it may have, cut out of the very bytes that were posted, and nobody
//! learns from a copy what was left out of it or, where that matters, who else got one.

use std::time::Duration;

use portcullis::{
    cli::client::{Receipt, Upload},
    crypto::{hex, sha256},
    journey::{Code, statement},
    message::AgencyId,
};
use serde_json::{Value, json};

use crate::support::{
    Builder, CO_ORDINATOR, Case, Message, PACK, PAPERS, REFERRAL, TestGateway, opened_mail, part, set,
};

const CORRECTION: &str = include_str!("../messages/accepted/correction-referral.json");

const POLICE: &str = "kent-police";
const YOT: &str = "kent-yot";

const TOLD: [(&str, &str); 3] = [
    ("/body/victims/victims/0/relationship", "victim_identity"),
    ("/body/victims/victims/0/address", "victim_address"),
    ("/body/victims/victim_issues_text", "victim_text"),
];

/// The referral as the unit passes it on, with all that it tells of its victim.
fn telling(gateway: &TestGateway, case: &Case, to: &[&str]) -> Message {
    Message::new(gateway, REFERRAL, &case.case_ref).from(CO_ORDINATOR).to(to)
}

/// What the receipt says was kept back from an agency.
fn withheld(receipt: &Receipt, agency: &str) -> Vec<(String, String)> {
    let to = receipt.recipients.iter().find(|to| to.agency_id.as_str() == agency).unwrap();
    to.withheld.iter().map(|gap| (gap.pointer.clone(), gap.reason.clone())).collect()
}

fn told() -> Vec<(String, String)> {
    TOLD.map(|(pointer, reason)| (pointer.to_owned(), reason.to_owned())).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_have_victim_data_gets_the_same_bytes_without_it() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&[YOT, POLICE]).await;
    let referral = telling(&gateway, &case, &[YOT, POLICE]);
    let receipt = gateway.post(CO_ORDINATOR, &referral).await;

    let whole = gateway.only_item(POLICE).await;
    let whole = gateway.collect(POLICE, whole.delivery_id).await;
    assert_eq!(whole.content.message.as_bytes(), referral.bytes());
    assert_eq!(whole.statement.view, None);

    let item = gateway.only_item(YOT).await;
    let view = gateway.collect(YOT, item.delivery_id).await;
    let mut wanted = referral.clone();
    let victims = &mut wanted.0["body"]["victims"];
    victims.as_object_mut().unwrap().shift_remove("victim_issues_text");
    victims["victims"][0] = json!({ "ref": "V1" });
    // Byte for byte but for the gaps: as if the sender itself had written nothing there.
    assert_eq!(String::from_utf8(wanted.bytes()).unwrap(), *view.content.message);
    let gaps = view.statement.view.as_ref().unwrap().removed.iter();
    let gaps: Vec<_> = gaps.map(|gap| (gap.pointer.clone(), gap.reason.clone())).collect();
    assert_eq!(gaps, told());
    let words = view.told("not checked".into());
    assert!(words.contains("3 places were left out"), "{words}");

    assert_eq!((withheld(&receipt, YOT), withheld(&receipt, POLICE)), (told(), vec![]));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_tells_of_its_own_view_alone() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&[YOT, POLICE]).await;
    let referral = telling(&gateway, &case, &[YOT, POLICE]);
    let receipt = gateway.post(CO_ORDINATOR, &referral).await;
    let keys = gateway.client(CO_ORDINATOR).keys().await.unwrap().value;
    let full = statement::verify(&receipt.statement, &keys).unwrap();
    let item = gateway.only_item(YOT).await;
    let view = gateway.collect(YOT, item.delivery_id).await;
    let names = |stated: &statement::Statement| -> Vec<AgencyId> {
        stated.recipients.iter().map(|to| to.agency_id.clone()).collect()
    };
    assert_eq!(names(&full), ["kent-police".parse().unwrap()]);
    assert_eq!(names(&view.statement), ["kent-yot".parse().unwrap()]);
    assert_eq!(full.sha256, hex(&sha256(&referral.bytes())));
    assert_eq!(view.statement.sha256, hex(&sha256(view.content.message.as_bytes())));
    assert_eq!(view.statement.bytes, view.content.message.len() as u64);
    // The law of what was left out, and of what each has to do with the rest.
    let duties = |stated: &statement::Statement| -> Vec<String> {
        stated.obligations.iter().map(|duty| duty.rule.clone()).collect()
    };
    assert_eq!(
        (duties(&full), duties(&view.statement)),
        (vec!["P28".into()], vec!["P28".into(), "P29".into()])
    );
    assert!(view.statement.obligations.iter().all(|duty| !duty.legal_basis.is_empty()));
    assert!(full.recipients[0].policies.contains(&"P29".to_owned()), "{:?}", full.recipients);
    // The receipt leads from each recipient to the statement that it got.
    for (agency, jws) in [(POLICE, receipt.statement.as_str()), (YOT, view.content.statement.as_str())] {
        let to = receipt.recipients.iter().find(|to| to.agency_id.as_str() == agency).unwrap();
        assert_eq!(to.statement_sha256, hex(&sha256(jws.as_bytes())), "{agency}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_knows_each_gap_and_the_auditors_alone_its_salt() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&[YOT, POLICE]).await;
    let referral = telling(&gateway, &case, &[YOT, POLICE]);
    gateway.post(CO_ORDINATOR, &referral).await;
    let item = gateway.only_item(YOT).await;
    let view = gateway.collect(YOT, item.delivery_id).await;
    let accepted = gateway.events_of("message.accepted").await.pop().unwrap();
    assert_eq!(accepted["statements"].as_array().unwrap().len(), 2);
    let made = gateway.events_of("view.made").await;
    let [made] = &*made else { panic!("{made:?}") };
    assert_eq!(made["message_id"], json!(referral.id()));
    assert_eq!(made["statement_sha256"], hex(&sha256(view.content.statement.as_bytes())));
    let salts = gateway.audited(&made["audit"]);
    for (gap, salt) in view.statement.view.unwrap().removed.iter().zip(salts["salts"].as_array().unwrap()) {
        assert_eq!(salt["pointer"], json!(gap.pointer));
        let stood = serde_json::to_string_pretty(referral.0.pointer(&gap.pointer).unwrap()).unwrap();
        // As it was written: the sample is posted with this indent.
        let depth = gap.pointer.matches('/').count();
        let stood = stood.replace('\n', &format!("\n{}", "  ".repeat(depth)));
        let salt: Vec<u8> = unhex(salt["salt"].as_str().unwrap());
        assert_eq!(gap.hash, hex(&sha256(&[salt.as_slice(), stood.as_bytes()].concat())), "{}", gap.pointer);
        assert!(made["removed"].as_array().unwrap().iter().any(|known| known["hash"] == json!(gap.hash)));
    }
    gateway.stop().await;
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A pack with two papers of which the first tells of a victim, to the police and to a youth offending
/// team.
async fn pack(gateway: &TestGateway, number: Value) -> Message {
    let mut case = gateway.case(&[POLICE, YOT]).await;
    case.meeting.confirmed = set(&[POLICE, YOT]);
    case.record(gateway).await;
    let pack = case.message(gateway, PACK).for_all(&[POLICE, YOT]);
    let pack = pack.with("/attachments/0/contains_victim_data", json!(true));
    // JSON has more than one way to write a number.
    let pack = pack.with("/body/documents/1/attachment", number);
    let papers = PAPERS.iter().map(|paper| Upload::Bytes((*paper).into())).collect();
    let receipt = gateway.post_with(CO_ORDINATOR, &pack, papers).await;
    let kept = withheld(&receipt, YOT);
    for place in ["/attachments/0", "/body/documents/1"] {
        assert!(kept.contains(&(place.to_owned(), "victim_attachment".to_owned())), "{kept:?}");
    }
    assert_eq!((kept.len(), withheld(&receipt, POLICE)), (2, vec![]));
    pack
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_about_a_victim_is_kept_back_and_the_others_still_open() {
    let gateway = TestGateway::start().await;
    let pack = pack(&gateway, json!(0)).await;
    for (agency, papers) in [(POLICE, &PAPERS[..]), (YOT, &PAPERS[1..])] {
        let item = gateway.only_item(agency).await;
        assert_eq!(item.attachments, papers.len(), "{agency}");
        let opened = gateway.collect(agency, item.delivery_id).await;
        assert_eq!(opened.attachments(), papers.len());
        let message: Value = serde_json::from_str(&opened.content.message).unwrap();
        assert_eq!(message["attachments"].as_array().unwrap().len(), papers.len());
        for (number, paper) in papers.iter().enumerate() {
            let sealed = gateway.client(agency).collect_attachment(item.delivery_id, number).await.unwrap();
            assert_eq!(opened.open_attachment(number, &sealed).unwrap().as_slice(), *paper);
        }
        let beyond = gateway.client(agency).collect_attachment(item.delivery_id, papers.len()).await;
        assert_eq!(beyond.unwrap_err().problem().unwrap().document.code(), "not_found");
    }
    // Neither its name nor its digest reaches those who do not get it, nor what the list of papers says of it.
    let item = gateway.only_item(YOT).await;
    let opened = gateway.collect(YOT, item.delivery_id).await;
    for member in ["name", "sha256"] {
        let told = pack.0["attachments"][0][member].as_str().unwrap();
        assert!(!opened.content.message.contains(told) && !opened.content.statement.contains(told));
    }
    let listed = |place: &str| pack.0.pointer(place).unwrap().as_str().unwrap();
    for (document, stays) in [("1", false), ("2", true)] {
        for member in ["title", "note"] {
            let told = listed(&format!("/body/documents/{document}/{member}"));
            assert_eq!(opened.content.message.contains(told), stays, "{told}");
        }
    }
    assert_eq!(
        opened.attachment_name(0),
        format!("0-{}", pack.0["attachments"][1]["name"].as_str().unwrap())
    );
    gateway.stop().await;
}

/// In a correction nothing is marked for cutting: all who got the pack read every change.
#[tokio::test(flavor = "multi_thread")]
async fn a_paper_that_was_kept_back_from_a_reader_is_not_described_in_a_correction() {
    let gateway = TestGateway::start().await;
    let pack = pack(&gateway, json!(0)).await;
    let case_ref = pack.0["case_ref"].as_str().unwrap().parse().unwrap();
    let correction = |changes: Value| {
        let message = Message::new(&gateway, CORRECTION, &case_ref).from(CO_ORDINATOR).to(&[POLICE, YOT]);
        let message = message.with("/body/type", json!("meeting_pack")).with("/body/changes", changes);
        message.with("/body/message_id", json!(pack.id())).with("/supersedes", json!(pack.id()))
    };
    let new =
        |pointer: &str| json!({ "pointer": pointer, "action": "replace", "text": "Statement of the victim" });
    let telling = ["/attachments/0/name", "/body/documents/1/title", "/body/documents/1", "/body/documents"];
    let refused = correction(telling.map(new).into_iter().collect());
    let reply = gateway.door(CO_ORDINATOR).post(refused.bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    let codes =
        (0..4).map(|at| (format!("/body/changes/{at}/text"), "correction_of_withheld_part".to_owned()));
    assert_eq!(reply.faults(), codes.collect::<Vec<_>>());
    let removed = json!({ "pointer": "/body/documents/1", "action": "remove" });
    gateway.post(CO_ORDINATOR, &correction(json!([new("/body/documents/10/title"), removed]))).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_papers_is_cut_however_it_writes_their_numbers() {
    let gateway = TestGateway::start().await;
    let pack = pack(&gateway, json!(0.0)).await;
    let item = gateway.only_item(YOT).await;
    let opened = gateway.collect(YOT, item.delivery_id).await;
    let title = pack.0["body"]["documents"][1]["title"].as_str().unwrap();
    assert!(!opened.content.message.contains(title));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_made_from_the_view() {
    let gateway = Builder::default().mail().start().await;
    let housing = "kent-council-housing";
    let case = gateway.case(&[housing]).await;
    let referral = telling(&gateway, &case, &[housing]);
    gateway.post(CO_ORDINATOR, &referral).await;
    let mails = gateway.mail().wait_for(1, Duration::from_secs(30)).await.unwrap();
    let mail = opened_mail(&gateway, housing, &mails[0].bytes).await;
    assert!(mail.contains("Not in your copy"), "{mail}");
    for (name, stays) in [("message.json", "\"V1\""), ("message.txt", "V1")] {
        let text = String::from_utf8(part(&mail, name)).unwrap();
        assert!(text.contains(stays), "{text}");
        for told in ["Tollhouse", "Former partner", "no longer covers"] {
            assert!(!text.contains(told), "{name}: {told}");
            assert!(String::from_utf8(referral.bytes()).unwrap().contains(told));
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_from_a_request_for_information_who_else_is_asked() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&[YOT, "kent-council-education"]).await;
    let sample = include_str!("../messages/accepted/info-request-housing.json");
    let asked = [YOT, "kent-council-education"];
    let request = case.message(&gateway, sample).from(CO_ORDINATOR).to(&asked);
    let receipt = gateway.post(CO_ORDINATOR, &request).await;
    assert_eq!(receipt.recipients.len(), 2);
    for (agency, other, gap) in [(asked[0], asked[1], "/recipients/1"), (asked[1], asked[0], "/recipients/0")]
    {
        let item = gateway.only_item(agency).await;
        let opened = gateway.collect(agency, item.delivery_id).await;
        assert!(opened.content.message.contains(agency) && !opened.content.message.contains(other));
        let stated = serde_json::to_string(&opened.statement).unwrap();
        assert!(stated.contains(agency) && !stated.contains(other), "{stated}");
        assert_eq!(withheld(&receipt, agency), [(gap.to_owned(), "other_recipient".to_owned())]);
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_what_would_be_kept_back() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&[YOT, POLICE]).await;
    let referral = telling(&gateway, &case, &[YOT, POLICE]);
    let told = gateway.door(CO_ORDINATOR).check(referral.bytes()).await.json();
    let kept: Vec<Value> =
        TOLD.iter().map(|(pointer, reason)| json!({ "pointer": pointer, "reason": reason })).collect();
    assert_eq!(told["recipients"][0]["withheld"], json!(kept));
    assert_eq!(told["recipients"][1].get("withheld"), None, "{told}");
    gateway.stop().await;
}
