//! Copies that also resist quantum computers: who gets them, and that a message that requires them goes to
//! nobody otherwise.

use portcullis::{
    crypto::{
        jwe,
        jwk::{KeyKind, PrivateJwk},
        random::Random,
    },
    journey::Code,
    message::MessageId,
};
use serde_json::{Value, json};

use crate::support::{Builder, CO_ORDINATOR, Message, TestGateway};

fn key(kind: KeyKind<'_>, kid: &str) -> PrivateJwk {
    PrivateJwk::generate_as(kind, kid, &Random::system()).unwrap()
}

fn requiring(gateway: &TestGateway) -> Message {
    gateway.referral().with("/marking/require_pq", json!(true))
}

/// The co-ordination unit's copy of a message, as it is collected.
async fn copy(gateway: &TestGateway, message: MessageId) -> Value {
    let items = gateway.inbox(CO_ORDINATOR).await;
    let item = items.iter().find(|item| item.message_id == message).unwrap();
    let sealed = gateway.client(CO_ORDINATOR).collect(item.delivery_id).await.unwrap();
    serde_json::from_slice(&sealed).unwrap()
}

async fn refused(gateway: &TestGateway, message: &Message) {
    let reply = gateway.door("kent-police").post(message.bytes()).await;
    reply.problem(Code::NoChannelFits, 422);
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_requires_it_is_refused_until_the_recipient_has_such_a_key() {
    let gateway = TestGateway::start().await;
    refused(&gateway, &requiring(&gateway)).await;

    let (quantum_safe, newer) = (key(KeyKind::XWing("HPKE-10-KE"), "pq-1"), key(KeyKind::P256, "newer-1"));
    let keys = [quantum_safe.public(), newer.public()];
    gateway.change_agency(CO_ORDINATOR, |agency| agency.encryption_keys.extend(keys)).await;
    let required = requiring(&gateway);
    gateway.post("kent-police", &required).await;
    let sealed = copy(&gateway, required.id()).await;
    assert_eq!((&sealed["header"]["alg"], &sealed["header"]["kid"]), (&json!("HPKE-10-KE"), &json!("pq-1")));
    assert!(jwe::open(sealed.to_string().as_bytes(), &quantum_safe).is_ok());
    // One wrap only: a classical one beside it would undo it.
    assert!(sealed.get("recipients").is_none() && sealed["header"].get("epk").is_none());

    let ordinary = gateway.referral();
    gateway.post("kent-police", &ordinary).await;
    assert_eq!(copy(&gateway, ordinary.id()).await["header"]["kid"], "newer-1");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_that_requires_it_gets_nothing_under_a_classical_key() {
    let gateway = TestGateway::start().await;
    gateway.change_agency(CO_ORDINATOR, |agency| agency.require_pq = true).await;
    refused(&gateway, &gateway.referral()).await;

    let (quantum_safe, newer) = (key(KeyKind::XWing("HPKE-10-KE"), "pq-1"), key(KeyKind::P256, "newer-1"));
    let keys = [quantum_safe.public(), newer.public()];
    gateway.change_agency(CO_ORDINATOR, |agency| agency.encryption_keys.extend(keys)).await;
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    assert_eq!(copy(&gateway, referral.id()).await["header"]["kid"], "pq-1");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_another_version_of_the_profile_is_not_sealed_to() {
    let other = |config: &mut portcullis::config::Config| config.keys.post_quantum_alg = "HPKE-99-KE".into();
    let gateway = Builder::default().config(other).start().await;
    let (old, new) = (key(KeyKind::XWing("HPKE-10-KE"), "pq-1"), key(KeyKind::XWing("HPKE-99-KE"), "pq-2"));
    gateway.change_agency(CO_ORDINATOR, |agency| agency.encryption_keys = vec![old.public()]).await;
    refused(&gateway, &gateway.referral()).await;

    gateway.change_agency(CO_ORDINATOR, |agency| agency.encryption_keys.push(new.public())).await;
    let referral = requiring(&gateway);
    gateway.post("kent-police", &referral).await;
    assert_eq!(copy(&gateway, referral.id()).await["header"]["alg"], "HPKE-99-KE");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_never_quantum_safe() {
    let gateway = Builder::default().mail().start().await;
    let mut by_mail = gateway.gateway().directory().agency(&"kent-homes".parse().unwrap()).unwrap().clone();
    let sealed_to = key(KeyKind::XWing("HPKE-10-KE"), "pq-1").public();
    gateway
        .change_agency(CO_ORDINATOR, |agency| {
            agency.channels = std::mem::take(&mut by_mail.channels);
            agency.mail = by_mail.mail.take();
            agency.encryption_keys = vec![sealed_to];
        })
        .await;
    let reply = gateway.door("kent-police").post(requiring(&gateway).bytes()).await;
    reply.problem(Code::NoChannelFits, 422);
    gateway.stop().await;
}
