//! The rules change while the gateway runs: a sound set takes over between two decisions and the ledger
//! says so first; a broken one changes nothing.

use portcullis::{
    cli::serve::Reloader,
    crypto::{hex, sha256},
    journey::{
        Code,
        reload::{ReloadFault, Reloaded},
        statement,
    },
};
use reqwest::{
    Body,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{Message, TestGateway, until};

/// No referral goes to anyone.
const CLOSED: &str = r#"@id("P6-closed") @legal_basis("CJA 2003 s.325(4)") @source("a story") @text("Closed.")
forbid(principal, action == Action::"receive_referral", resource);"#;

fn write(gateway: &TestGateway, text: &str) {
    std::fs::write(gateway.config.directory.policies.join("story.cedar"), text).unwrap();
}

fn in_force(gateway: &TestGateway) -> String {
    gateway.gateway().policies().sha256_hex().to_owned()
}

fn reloader(gateway: &TestGateway) -> &Reloader {
    &gateway.running().reloader
}

/// The set that decided about an accepted message.
async fn decided_by(gateway: &TestGateway, signed: &str) -> String {
    let keys = gateway.client("kent-police").keys().await.unwrap().value;
    statement::verify(signed, &keys).unwrap().policy_set
}

fn measured(gateway: &TestGateway, line: &str) -> bool {
    gateway.gateway().metrics.text().lines().any(|measured| measured == line)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_set_decides_once_it_is_reloaded_and_the_ledger_knows_it_before() {
    let gateway = TestGateway::start().await;
    let old = in_force(&gateway);
    write(&gateway, CLOSED);
    let receipt = gateway.post("kent-police", &gateway.referral()).await;
    assert_eq!(decided_by(&gateway, &receipt.statement).await, old, "nobody asked for a reload yet");

    gateway.advance(std::time::Duration::from_secs(60));
    let reloaded = reloader(&gateway).reload().await.unwrap();
    let new = in_force(&gateway);
    assert_eq!(reloaded, Reloaded::Changed { policy_set: new.clone(), previous: old.clone() });
    assert_ne!(new, old);
    let reply = gateway.door("kent-police").post(gateway.referral().bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    assert_eq!(reply.json()["errors"][0]["message"], "Closed.");

    let events = gateway.events().await;
    let place = |kind: &str| events.iter().position(|event| event["type"] == kind).unwrap();
    let changed = &events[place("policies.changed")];
    assert_eq!((&changed["policy_set"], &changed["previous"]), (&json!(new), &json!(old)));
    assert!(place("message.accepted") < place("policies.changed"));
    assert!(place("policies.changed") < place("message.refused"));
    assert!(measured(&gateway, &format!("portcullis_policy_set_info{{sha256=\"{new}\"}} 1")));
    let now = gateway.gateway().clock.now().as_second();
    assert!(measured(&gateway, &format!("portcullis_policies_loaded_timestamp_seconds {now}")));
    assert!(!gateway.gateway().metrics.text().contains(&old), "one set is in force, not two");

    assert_eq!(reloader(&gateway).reload().await.unwrap(), Reloaded::Unchanged);
    assert_eq!(gateway.events_of("policies.changed").await.len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_set_is_refused_and_the_old_one_decides_on() {
    let gateway = TestGateway::start().await;
    let old = in_force(&gateway);
    write(&gateway, &CLOSED.replace("principal, action", "principal, actoin"));
    let fault = reloader(&gateway).reload().await.unwrap_err();
    assert!(matches!(&fault, ReloadFault::Refused(fault) if fault.told().contains("`story.cedar`")));
    assert_eq!(in_force(&gateway), old);
    assert!(measured(&gateway, "portcullis_policies_last_reload_successful 0"));
    assert!(measured(&gateway, &format!("portcullis_policy_set_info{{sha256=\"{old}\"}} 1")));
    let receipt = gateway.post("kent-police", &gateway.referral()).await;
    assert_eq!(decided_by(&gateway, &receipt.statement).await, old);
    assert!(gateway.events_of("policies.changed").await.is_empty());

    write(&gateway, CLOSED);
    reloader(&gateway).reload().await.unwrap();
    assert!(measured(&gateway, "portcullis_policies_last_reload_successful 1"));
    gateway.door("kent-police").post(gateway.referral().bytes()).await.problem(Code::NotPermitted, 403);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_the_ledger_cannot_be_told_of_does_not_decide() {
    let gateway = TestGateway::start().await;
    let old = in_force(&gateway);
    write(&gateway, CLOSED);
    crate::store_failure::fill(&gateway, "event");
    assert!(matches!(reloader(&gateway).reload().await, Err(ReloadFault::Unrecorded(_))));
    assert_eq!(in_force(&gateway), old);
    crate::store_failure::free(&gateway, "event");
    let receipt = gateway.post("kent-police", &gateway.referral()).await;
    assert_eq!(decided_by(&gateway, &receipt.statement).await, old);
    reloader(&gateway).reload().await.unwrap();
    assert_ne!(in_force(&gateway), old);
    gateway.stop().await;
}

/// A paper that comes in two halves, the second one when the story says so.
struct Halves {
    message: Message,
    form: Form,
    rest: mpsc::Sender<Vec<u8>>,
}

fn halves(gateway: &TestGateway) -> Halves {
    let mut first = b"Plain words. ".repeat(20_000);
    let second = first.split_off(first.len() / 2);
    let whole = [&first[..], &second].concat();
    let listed: Value = json!([{ "name": "a.txt", "media_type": "text/plain", "bytes": whole.len(),
        "sha256": hex(&sha256(&whole)), "owner_agency": "kent-police", "contains_victim_data": false }]);
    let message = gateway.referral().with("/attachments", listed);
    let (rest, coming) = mpsc::channel(2);
    rest.try_send(first).unwrap();
    let chunks = futures_util::stream::unfold((coming, Some(second)), async |(mut coming, second)| {
        let chunk: Option<Vec<u8>> = coming.recv().await;
        let chunk = chunk.map(|chunk| if chunk.is_empty() { second.clone().unwrap() } else { chunk });
        chunk.map(|chunk| (Ok::<_, std::io::Error>(chunk), (coming, second)))
    });
    let part = Part::stream_with_length(Body::wrap_stream(chunks), whole.len() as u64);
    let form = Form::new()
        .part("message", Part::bytes(message.bytes()).mime_str("application/json").unwrap())
        .part("attachment", part.mime_str("application/octet-stream").unwrap());
    Halves { message, form, rest }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_under_way_is_not_recorded_once_another_set_is_in_force() {
    let gateway = TestGateway::start().await;
    let Halves { message, form, rest } = halves(&gateway);
    let door = gateway.door("kent-police");
    let posting = tokio::spawn(async move { door.post_form(form).await });
    // A file for its ciphertext: it has been decided about, and waits for its second half.
    until("the first half arrived", async || (gateway.sealed_files() > 0).then_some(())).await;

    write(&gateway, CLOSED);
    reloader(&gateway).reload().await.unwrap();
    gateway.door("kent-police").post(gateway.referral().bytes()).await.problem(Code::NotPermitted, 403);
    rest.send(Vec::new()).await.unwrap();
    drop(rest);
    let reply = posting.await.unwrap();
    assert_eq!(reply.status, 503, "{}", String::from_utf8_lossy(&reply.body));
    assert!(reply.json()["type"].as_str().unwrap().ends_with("facts_changed"));
    assert!(gateway.events_of("message.accepted").await.is_empty(), "nothing was stored");

    // Posted again it is decided by the set in force; its id was not used up.
    std::fs::remove_file(gateway.config.directory.policies.join("story.cedar")).unwrap();
    reloader(&gateway).reload().await.unwrap();
    let receipt = gateway.post("kent-police", &message.with("/attachments", json!([]))).await;
    assert_eq!(decided_by(&gateway, &receipt.statement).await, in_force(&gateway));
    gateway.stop().await;
}
