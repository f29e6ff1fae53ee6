//! What stands outside the encryption of a sealed copy, and in the gateway's statement, is neither about a
//! person nor names a case: whoever keeps receipts, sees a copy pass or finds it later learns only that two
//! agencies exchanged a message of some type.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use portcullis::crypto::{self, sha256};
use serde_json::Value;

use crate::support::{
    Builder, CO_ORDINATOR, Message, PACK, PAPERS, PATIENCE, TestGateway, opened_mail, papers, part, set,
};

const MAILBOX: &str = "kent-yot";
const WEBHOOK: &str = "kent-mh-trust";
const MAIL: &str = "kent-council-housing";

/// What statement and copy are there to tell of a message.
const STATED: [&str; 6] = ["message_id", "type", "schema_version", "area", "created_at", "marking"];

/// The subject of a mail says what it is marked, and what it is about in general.
const SUBJECT: [&str; 3] = ["MAPPA", "OFFICIAL", "OFFICIAL-SENSITIVE"];

/// Every text of a message but what the statement is there to tell.
fn told_inside(message: &Message) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for (name, member) in message.0.as_object().unwrap() {
        if !STATED.contains(&name.as_str()) {
            gather(name, member, &mut texts);
        }
    }
    // The day of its acceptance may be one that it speaks of.
    let today = message.0["created_at"].as_str().unwrap().split('T').next().unwrap();
    texts.retain(|text| !today.contains(text.as_str()) && !SUBJECT.contains(&text.as_str()));
    texts
}

fn gather(name: &str, value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        // Which agencies, and by which law, is told. The digest of a paper that a reader can fetch is too.
        Value::String(_) if ["legal_basis", "sha256"].contains(&name) => {}
        Value::String(id) if [CO_ORDINATOR, MAILBOX, WEBHOOK, MAIL].contains(&id.as_str()) => {}
        Value::String(text) => {
            texts.insert(text.clone());
            // Names and numbers, also by themselves.
            let words = text.split(|letter: char| !letter.is_alphanumeric() && !"-/".contains(letter));
            let names = |word: &&str| word.starts_with(|first: char| !first.is_lowercase());
            texts.extend(words.filter(names).map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(name, item, texts)),
        Value::Object(members) => members.iter().for_each(|(name, member)| gather(name, member, texts)),
        _ => {}
    }
}

/// Whether the text stands there, or a digest of it that anyone can compute.
fn stands_in(text: &str, outside: &str) -> bool {
    let digest = sha256(text.as_bytes());
    [text.to_owned(), crypto::hex(&digest), BASE64.encode(digest)].iter().any(|form| outside.contains(form))
}

/// A sealed copy without what is sealed, its headers decoded.
fn outside_of_jwe(sealed: &[u8]) -> String {
    let mut copy: Value = serde_json::from_slice(sealed).unwrap();
    for member in ["ciphertext", "iv", "tag", "encrypted_key"] {
        copy.as_object_mut().unwrap().remove(member);
    }
    let decoded = |member: &str| {
        let text = copy.get(member).and_then(Value::as_str)?;
        Some(String::from_utf8(BASE64.decode(text).unwrap()).unwrap())
    };
    let (protected, aad) = (decoded("protected").unwrap(), decoded("aad").unwrap_or_default());
    assert!(protected.contains("\"enc\""));
    format!("{copy} {protected} {aad}")
}

/// Header and payload of a signed statement.
fn decoded(statement: &str) -> String {
    let parts = statement.split('.').take(2).map(|part| BASE64.decode(part).unwrap());
    let text: Vec<_> = parts.map(|part| String::from_utf8(part).unwrap()).collect();
    assert!(text[1].contains("policy_set"));
    text.join(" ")
}

/// What is outside, of each recipient's copy, with the statement that is inside it.
async fn outside(gateway: &TestGateway, message: &Message, papers: bool) -> Vec<(&'static str, String)> {
    let item = gateway.inbox(MAILBOX).await.into_iter().find(|item| item.message_id == message.id()).unwrap();
    let path = format!("/v1/inbox/{}", item.delivery_id);
    let reply = gateway.door(MAILBOX).get(&path).await;
    let opened = gateway.open(MAILBOX, item.delivery_id, &reply.body);
    let mut found = vec![
        ("mailbox", outside_of_jwe(&reply.body)),
        ("headers of the answer", format!("{:?}", reply.headers)),
        ("statement", decoded(&opened.content.statement)),
    ];
    if papers {
        let reply = gateway.door(MAILBOX).get(&format!("{path}/attachments/0")).await;
        assert_eq!(reply.status.as_u16(), 200);
        found.push(("headers of an attachment", format!("{:?}", reply.headers)));
        found.push(("attachment", String::from_utf8_lossy(&reply.body).into_owned()));
    }
    let pushed = gateway.webhook().wait_for(1, PATIENCE).await.unwrap().pop().unwrap();
    let opened = gateway.open(WEBHOOK, pushed.id.as_ref().unwrap().parse().unwrap(), &pushed.body);
    assert_eq!(opened.statement.message_id, message.id());
    found.push(("webhook", outside_of_jwe(&pushed.body)));
    found.push(("headers of the webhook", format!("{:?}", pushed.headers)));
    found.push(("its statement", decoded(&opened.content.statement)));
    let mail = gateway.mail().wait_for(1, PATIENCE).await.unwrap().pop().unwrap();
    let inside = opened_mail(gateway, MAIL, &mail.bytes).await;
    found.push(("mail", String::from_utf8_lossy(&mail.bytes).into_owned()));
    let statement = String::from_utf8(part(&inside, "statement.jws")).unwrap();
    found.push(("statement of the mail", decoded(statement.trim())));
    found
}

async fn tells_nothing(gateway: &TestGateway, message: &Message, papers: bool) {
    let inside = told_inside(message);
    assert!(inside.len() > 50 && inside.contains(message.0["case_ref"].as_str().unwrap()));
    for (place, outside) in outside(gateway, message, papers).await {
        // Short ones, "V1" and "2", stand by chance in what is random.
        let told: Vec<_> = inside.iter().filter(|text| text.len() > 4 && stands_in(text, &outside)).collect();
        assert!(told.is_empty(), "{place}: {told:?}");
    }
}

async fn gateway() -> TestGateway {
    Builder::default().mail().webhook().start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_tells_nothing_outside_its_encryption() {
    let gateway = gateway().await;
    let to = [MAILBOX, WEBHOOK, MAIL];
    let referral = gateway.case(&to).await.passed_on(&gateway, &to);
    let receipt = gateway.post(CO_ORDINATOR, &referral).await;
    tells_nothing(&gateway, &referral, false).await;
    let told: Vec<_> = told_inside(&referral).into_iter().filter(|text| text.len() > 4).collect();
    let stated = decoded(&receipt.statement);
    assert!(!told.iter().any(|text| stands_in(text, &stated)), "the receipt's own statement");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_pack_tells_nothing_outside_its_encryption_nor_do_its_papers() {
    let gateway = gateway().await;
    let to = [MAILBOX, WEBHOOK, MAIL];
    let mut case = gateway.case(&to).await;
    case.meeting.confirmed = set(&to);
    case.record(&gateway).await;
    let pack = case.message(&gateway, PACK).for_all(&to);
    assert_eq!(pack.0["attachments"].as_array().unwrap().len(), PAPERS.len());
    gateway.post_with(CO_ORDINATOR, &pack, papers()).await;
    tells_nothing(&gateway, &pack, true).await;
    gateway.stop().await;
}
