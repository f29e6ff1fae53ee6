//! The gateway's keys change while it runs: what the old ones signed is verified on, and nothing new is
//! signed with them.

use std::time::Duration;

use portcullis::{
    cli::{
        Exit,
        inbox::{CopyFault, open_copy},
        run_on,
        serve::files,
        terminal::Terminal,
    },
    crypto::{
        ed25519, jws,
        keyring::{KeyPurpose, PublishedKeys},
    },
    journey::statement::{self, StatementFault},
};

use crate::support::{Builder, CO_ORDINATOR, TestGateway, until};

/// `portcullis key …` on the installation of the story.
pub async fn key(gateway: &TestGateway, arguments: &[&str]) -> Exit {
    let mut line: Vec<String> = vec!["portcullis".into(), "key".into()];
    line.extend(arguments.iter().map(|word| (*word).to_owned()));
    line.extend(["--config".into(), gateway.installation.settings().to_str().unwrap().to_owned()]);
    command(line).await
}

/// A command, without what it says.
pub async fn command(line: Vec<String>) -> Exit {
    let silent = |json| Terminal::new(json, Box::new(std::io::sink()), Box::new(std::io::sink()));
    // Commands have a runtime of their own, so a thread as well.
    tokio::task::spawn_blocking(move || run_on(line, silent).unwrap()).await.unwrap()
}

pub async fn published(gateway: &TestGateway) -> PublishedKeys {
    gateway.client("kent-police").keys().await.unwrap().value
}

pub fn in_force(keys: &PublishedKeys, purpose: KeyPurpose) -> Vec<String> {
    let signing = keys.keys.iter().filter(|key| key.purpose == purpose && key.retired_at.is_none());
    signing.map(|key| key.kid.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_for_statements_signs_from_the_reload_on_and_the_old_one_still_verifies() {
    let gateway = TestGateway::start().await;
    let before = published(&gateway).await;
    let old = in_force(&before, KeyPurpose::Statements);
    let first = gateway.post("kent-police", &gateway.referral()).await.statement;
    assert_eq!(key(&gateway, &["rotate", "statements"]).await, Exit::Ok);
    let second = gateway.post("kent-police", &gateway.referral()).await.statement;
    assert_eq!(vec![jws::kid(&second).unwrap()], old, "nobody asked for a reload yet");

    gateway.advance(Duration::from_secs(60));
    let changed = gateway.running().reloader.keys().await.unwrap();
    assert_eq!(changed, [KeyPurpose::Statements]);
    let third = gateway.post("kent-police", &gateway.referral()).await.statement;
    let keys = published(&gateway).await;
    let new = in_force(&keys, KeyPurpose::Statements);
    assert_eq!(vec![jws::kid(&third).unwrap()], new);
    assert_ne!(new, old);
    for signed in [&first, &second, &third] {
        statement::verify(signed, &keys).unwrap();
    }
    assert!(matches!(statement::verify(&third, &before), Err(StatementFault::UnknownKey)));

    let events = gateway.events_of("key.rotated").await;
    assert_eq!(events.len(), 1);
    let told = (&events[0]["purpose"], &events[0]["kid"], &events[0]["ended"]);
    assert_eq!(told, (&"statements".into(), &new[0].clone().into(), &old.clone().into()));
    assert!(gateway.running().reloader.keys().await.unwrap().is_empty(), "nothing has changed since");
    assert_eq!(gateway.events_of("key.rotated").await.len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_takes_a_key_for_its_own_purpose_only() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    let receipt = gateway.post("kent-police", &referral).await;
    let keys = published(&gateway).await;
    let payload = serde_json::to_vec(&statement::verify(&receipt.statement, &keys).unwrap()).unwrap();
    let files = &gateway.config.keys;
    for (path, purpose) in
        [(&files.webhooks, KeyPurpose::Webhooks), (&files.checkpoints, KeyPurpose::Checkpoints)]
    {
        let pem = std::fs::read(path).unwrap();
        let other = portcullis::crypto::keyring::NamedKey::from_pem(&pem, purpose).unwrap();
        let forged = jws::sign(&payload, statement::TYP, &other.kid, &other.key);
        assert!(matches!(statement::verify(&forged, &keys), Err(StatementFault::UnknownKey)));
        let own = &in_force(&keys, KeyPurpose::Statements)[0];
        let forged = jws::sign(&payload, statement::TYP, own, &other.key);
        assert!(matches!(statement::verify(&forged, &keys), Err(StatementFault::Signature(_))));
    }

    // `inbox open` with a set in which the key that signed stands for something else.
    let item = gateway.only_item(CO_ORDINATOR).await;
    let sealed = gateway.client(CO_ORDINATOR).collect(item.delivery_id).await.unwrap();
    let profile = gateway.profile(CO_ORDINATOR);
    let own = profile.private_jwk.as_ref().unwrap();
    let open = |keys: &PublishedKeys| open_copy(&sealed, own, keys, &profile.agency_id, item.delivery_id);
    assert!(open(&keys).is_ok());
    for purpose in [KeyPurpose::Webhooks, KeyPurpose::Checkpoints, KeyPurpose::Smime] {
        let mut astray = keys.clone();
        astray.keys.iter_mut().for_each(|key| key.purpose = purpose);
        let refused = open(&astray).err().unwrap();
        assert!(matches!(refused, CopyFault::Statement(StatementFault::UnknownKey)), "{refused}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stolen_old_key_signs_later_is_not_believed() {
    let gateway = TestGateway::start().await;
    let pem = std::fs::read(&gateway.config.keys.statements).unwrap();
    let stolen = portcullis::crypto::keyring::NamedKey::from_pem(&pem, KeyPurpose::Statements).unwrap();
    let genuine = gateway.post("kent-police", &gateway.referral()).await.statement;
    assert_eq!(key(&gateway, &["rotate", "statements"]).await, Exit::Ok);
    gateway.running().reloader.keys().await.unwrap();
    let keys = published(&gateway).await;
    let mut forged = serde_json::to_value(statement::verify(&genuine, &keys).unwrap()).unwrap();
    let late = gateway.gateway().clock.now() + jiff::SignedDuration::from_hours(48);
    forged["accepted_at"] = serde_json::json!(late.to_string());
    let forged = jws::sign(&serde_json::to_vec(&forged).unwrap(), statement::TYP, &stolen.kid, &stolen.key);
    assert!(matches!(statement::verify(&forged, &keys), Err(StatementFault::RetiredKey)));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_replaced_while_nothing_ran_stays_published() {
    let mut gateway = TestGateway::start().await;
    let receipt = gateway.post("kent-police", &gateway.referral()).await;
    gateway.halt().await;
    for _ in 0..2 {
        assert_eq!(key(&gateway, &["rotate", "statements"]).await, Exit::Ok);
    }
    gateway.begin().await;
    let keys = published(&gateway).await;
    statement::verify(&receipt.statement, &keys).unwrap();
    let all = keys.keys.iter().filter(|key| key.purpose == KeyPurpose::Statements).count();
    assert_eq!(all, 2, "the one in between never signed");
    assert_eq!(gateway.events_of("key.rotated").await.len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_bear_both_signatures_until_the_old_key_for_webhooks_is_retired() {
    let gateway = Builder::default().webhook().start().await;
    let old = published(&gateway).await;
    assert_eq!(key(&gateway, &["retire", "webhooks"]).await, Exit::Failed, "nothing is being replaced");
    assert_eq!(key(&gateway, &["rotate", "webhooks"]).await, Exit::Ok);
    assert_eq!(key(&gateway, &["rotate", "webhooks"]).await, Exit::Failed, "the last one has not ended");
    assert_eq!(gateway.running().reloader.keys().await.unwrap(), [KeyPurpose::Webhooks]);
    let both = published(&gateway).await;
    assert_eq!(in_force(&both, KeyPurpose::Webhooks).len(), 2);

    // The trust's server knows the old key only, and takes the push.
    let case = gateway.case(&["kent-mh-trust"]).await;
    let message = case.passed_on(&gateway, &["kent-mh-trust"]);
    gateway.post(CO_ORDINATOR, &message).await;
    until("the push arrives", async || {
        let states = gateway.states(CO_ORDINATOR, message.id()).await;
        (states["kent-mh-trust"] == "delivered").then_some(())
    })
    .await;

    assert_eq!(key(&gateway, &["retire", "webhooks"]).await, Exit::Ok);
    gateway.running().reloader.keys().await.unwrap();
    let after = published(&gateway).await;
    let left = in_force(&after, KeyPurpose::Webhooks);
    assert_eq!(left.len(), 1);
    assert_ne!(left, in_force(&old, KeyPurpose::Webhooks));
    assert_eq!(gateway.events_of("key.rotated").await.len(), 2);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_used_leave_those_in_force() {
    let gateway = TestGateway::start().await;
    let before = published(&gateway).await;
    let keys = gateway.config.keys.clone();
    let swap = |path: &std::path::Path, bytes: &[u8]| {
        let kept = std::fs::read(path).unwrap();
        std::fs::write(path, bytes).unwrap();
        kept
    };
    let webhooks = std::fs::read(&keys.webhooks).unwrap();

    let kept = swap(&keys.statements, b"no key");
    assert!(gateway.running().reloader.keys().await.is_err());
    swap(&keys.statements, &webhooks);
    let shared = gateway.running().reloader.keys().await.unwrap_err();
    assert!(format!("{shared:#}").contains("one key for both statements and webhooks"), "{shared:#}");
    swap(&keys.statements, &kept);

    let pem = x509_pem(&ed25519::generate().unwrap());
    let kept = swap(&keys.checkpoints, pem.as_bytes());
    let another = gateway.running().reloader.keys().await.unwrap_err();
    assert!(format!("{another:#}").contains("outsiders know the log by it"), "{another:#}");
    swap(&keys.checkpoints, &kept);

    assert!(files::keyring(&gateway.config).is_ok());
    assert_eq!(published(&gateway).await, before);
    assert!(gateway.gateway().metrics.text().contains("portcullis_last_reload_successful{word=\"keys\"} 0"));
    gateway.running().reloader.keys().await.unwrap();
    assert!(gateway.gateway().metrics.text().contains("portcullis_last_reload_successful{word=\"keys\"} 1"));
    gateway.stop().await;
}

fn x509_pem(der: &[u8]) -> String {
    use x509_cert::der::pem::{LineEnding, encode_string};
    encode_string("PRIVATE KEY", LineEnding::LF, der).unwrap()
}
