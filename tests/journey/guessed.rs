//! Somebody who gets a view without a victim's address and knows the rest of the message tries ten
//! thousand addresses against everything that came: none can be told from another. The same attack on
//! what a reader of the full text got finds the address at once, so it is one that could succeed.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose as base64s};
use portcullis::crypto::sha256;
use serde_json::{Value, json};

use crate::support::{Builder, CO_ORDINATOR, Message, PATIENCE, REFERRAL, TestGateway, opened_mail, part};

const ADDRESS: &str = "/body/victims/victims/0/address";
const RELATIONSHIP: &str = "/body/victims/victims/0/relationship";
const TEXT: &str = "/body/victims/victim_issues_text";

/// The true one stands somewhere in the middle.
const CANDIDATES: usize = 10_000;
const TRUE: usize = 6_180;

fn candidate(number: usize) -> Value {
    let (house, road, sector) = (number % 100 + 1, number / 100, number % 9 + 1);
    let lines = json!([format!("{house} Tollhouse Road {road}"), "Harrowmere"]);
    json!({ "lines": lines, "postcode": format!("TN99 {sector}LB") })
}

/// Everything that a recipient got, as bytes.
struct Got(Vec<Vec<u8>>);

impl Got {
    /// Thirty-two bytes in a row that were written as text in any of the usual ways.
    fn digests(&self) -> BTreeSet<[u8; 32]> {
        let mut found = BTreeSet::new();
        for bytes in &self.0 {
            let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(byte);
            for word in bytes.split(|byte| !is_word(byte)).filter(|word| word.len() >= 43) {
                found.extend(unhex(word));
                let engines = [&base64s::URL_SAFE_NO_PAD, &base64s::STANDARD, &base64s::STANDARD_NO_PAD];
                for engine in engines {
                    found.extend(engine.decode(word).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()));
                }
            }
        }
        found
    }

    /// The candidates that something in it speaks for: their text, a digest of theirs or of the message
    /// with them, bare or with any thirty-two bytes that were got as its salt.
    fn speaks_for(&self, message: &Message, candidates: impl Iterator<Item = usize>) -> Vec<usize> {
        let digests = self.digests();
        assert!(digests.len() > 3, "{}", digests.len());
        let told = |text: &[u8]| self.0.iter().any(|got| got.windows(text.len()).any(|part| part == text));
        let matches = |bytes: &[u8]| {
            let salted = |salt: &[u8; 32]| sha256(&[salt, bytes].concat());
            digests.contains(&sha256(bytes)) || digests.iter().any(|salt| digests.contains(&salted(salt)))
        };
        let speaks = |number: &usize| {
            let address = candidate(*number);
            let first = address["lines"][0].as_str().unwrap().to_owned();
            let full = message.clone().with(ADDRESS, address.clone()).bytes();
            let written =
                [serde_json::to_vec(&address).unwrap(), as_posted(&full), first.clone().into_bytes()];
            digests.contains(&sha256(&full)) || written.iter().any(|w| matches(w)) || told(first.as_bytes())
        };
        candidates.filter(speaks).collect()
    }
}

fn unhex(word: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(word).ok().filter(|text| text.len() == 64)?;
    let bytes: Option<Vec<u8>> =
        (0..32).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect();
    bytes?.try_into().ok()
}

/// The address as it stands in the posted text.
fn as_posted(full: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(full).unwrap();
    let start = text.find("\"address\": ").unwrap() + "\"address\": ".len();
    let rest = &text[start..];
    let end = rest.find("\n          }").unwrap() + "\n          }".len();
    rest.as_bytes()[..end].to_vec()
}

/// What a system gets: list, sealed copy, what opens from it, the proof, checkpoint and the log's tiles.
async fn got_by_system(gateway: &TestGateway, agency: &str) -> Got {
    let item = gateway.only_item(agency).await;
    let door = gateway.door(agency);
    let mut got = vec![door.get("/v1/inbox").await.body];
    let sealed = gateway.client(agency).collect(item.delivery_id).await.unwrap().to_vec();
    let opened = gateway.open(agency, item.delivery_id, &sealed);
    let statement = opened.content.statement.clone();
    let payload = statement.split('.').nth(1).unwrap();
    got.push(base64s::URL_SAFE_NO_PAD.decode(payload).unwrap().into());
    got.extend([
        opened.content.message.as_bytes().to_vec().into(),
        statement.into_bytes().into(),
        sealed.into(),
    ]);
    let commitment = opened.statement.ledger.unwrap().commitment;
    for path in
        [format!("/v1/ledger/proofs/{commitment}"), "/ledger/checkpoint".into(), "/v1/agencies".into()]
    {
        got.push(door.get(&path).await.body);
    }
    Got(got.into_iter().map(|bytes| bytes.to_vec()).collect())
}

/// The referral with the true address and nothing else that is cut, as the unit passes it on.
fn referral(gateway: &TestGateway, case: &crate::support::Case, to: &[&str]) -> Message {
    let message = Message::new(gateway, REFERRAL, &case.case_ref).from(CO_ORDINATOR).to(to);
    message.with(ADDRESS, candidate(TRUE))
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_addresses_are_alike_to_who_gets_the_view() {
    let gateway = TestGateway::start().await;
    let (police, yot) = ("kent-police", "kent-yot");
    let case = gateway.case(&[yot, police]).await;
    let message = referral(&gateway, &case, &[yot, police]);
    gateway.post(CO_ORDINATOR, &message).await;

    let got = got_by_system(&gateway, yot).await;
    assert_eq!(got.speaks_for(&message, 0..CANDIDATES), Vec::<usize>::new());
    for cut in [RELATIONSHIP, TEXT] {
        let cut = message.0.pointer(cut).unwrap().as_str().unwrap();
        assert!(!got.0.iter().any(|bytes| String::from_utf8_lossy(bytes).contains(cut)), "{cut}");
    }
    // The attack works where it should: on the full text, and with the salts that the auditors have.
    let full = got_by_system(&gateway, police).await;
    assert_eq!(full.speaks_for(&message, TRUE - 3..TRUE + 3), [TRUE]);
    let made = gateway.events_of("view.made").await.pop().unwrap();
    let mut with_salts = got;
    with_salts.0.push(gateway.audited(&made["audit"]).to_string().into_bytes());
    assert_eq!(with_salts.speaks_for(&message, TRUE - 3..TRUE + 3), [TRUE]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_addresses_are_alike_to_who_gets_the_view_by_mail() {
    let gateway = Builder::default().mail().start().await;
    let housing = "kent-council-housing";
    let case = gateway.case(&[housing]).await;
    let message = referral(&gateway, &case, &[housing]);
    gateway.post(CO_ORDINATOR, &message).await;
    let mails = gateway.mail().wait_for(1, PATIENCE).await.unwrap();
    let opened = opened_mail(&gateway, housing, &mails[0].bytes).await;
    let statement = part(&opened, "statement.jws");
    let payload = statement.split(|byte| *byte == b'.').nth(1).unwrap();
    let payload = base64s::URL_SAFE_NO_PAD.decode(payload).unwrap();
    let parts = ["message.json", "message.txt"].map(|name| part(&opened, name));
    let [json, text] = parts;
    let got = Got(vec![mails[0].bytes.to_vec(), opened.into_bytes(), statement, payload, json, text]);
    assert_eq!(got.speaks_for(&message, 0..CANDIDATES), Vec::<usize>::new());
    gateway.stop().await;
}

/// Two messages that differ in nothing but a longer address: what comes of them has the same lengths, and
/// the same words wherever they are not random.
#[tokio::test(flavor = "multi_thread")]
async fn a_longer_address_makes_no_longer_copy() {
    let gateway = TestGateway::start().await;
    let yot = "kent-yot";
    let case = gateway.case(&[yot]).await;
    let mut shapes = Vec::new();
    for lines in
        [json!(["1 Ash Road"]), json!(["Flat 11, The Old Customs House", "27 Saltpan Close", "Harrowmere"])]
    {
        let message = referral(&gateway, &case, &[yot]).with(&format!("{ADDRESS}/lines"), lines);
        gateway.post(CO_ORDINATOR, &message).await;
        let item = gateway.only_item(yot).await;
        let sealed = gateway.client(yot).collect(item.delivery_id).await.unwrap().to_vec();
        let opened = gateway.open(yot, item.delivery_id, &sealed);
        let text = opened.content.message.replace(&message.id().to_string(), "");
        shapes.push((sealed.len(), opened.content.statement.len(), opened.statement.bytes, text));
        gateway.client(yot).acknowledge(item.delivery_id).await.unwrap();
    }
    assert_eq!(shapes[0], shapes[1]);
    gateway.stop().await;
}
