//! An agency changes its own keys: what is sealed to which, what a stolen TLS key is not enough for, and what
//! becomes of copies whose key was revoked.

use std::time::Duration;

use portcullis::{
    cli::{Exit, key::agency::answer_to, serve},
    crypto::{
        jwe,
        jwk::{KeyKind, PrivateJwk},
    },
    journey::{Code, agency_keys::OPEN_MAX},
    message::{AgencyKey, DeliveryId, MessageType},
    store::KeyChange,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    rotated,
    support::{Builder, CO_ORDINATOR, Door, Reply, TestGateway, until},
    undelivered::janitor,
};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// A key pair of an agency's own making.
pub fn pair(gateway: &TestGateway, kid: &str) -> PrivateJwk {
    PrivateJwk::generate_as(KeyKind::P256, kid, &gateway.random).unwrap()
}

/// The key that an installation gave an agency.
pub fn first_key(gateway: &TestGateway, agency: &str) -> PrivateJwk {
    gateway.profile(agency).private_jwk.unwrap()
}

/// A gateway that puts no wait before a new key.
async fn without_delay() -> TestGateway {
    Builder::default().config(|config| config.keys.delay = Duration::ZERO).start().await
}

/// Publishes a key and answers the challenge, with the key in force if it is at hand. Gives the state.
pub async fn change(
    gateway: &TestGateway,
    agency: &str,
    new: &PrivateJwk,
    in_force: Option<&PrivateJwk>,
) -> String {
    let client = gateway.client(agency);
    let asked = client.publish_key(&new.public(), None, None).await.unwrap().value;
    let proof = answer_to(&asked, new, in_force).unwrap();
    let proven = client.prove_key(&new.kid, &proof).await.unwrap().value;
    proven["state"].as_str().unwrap().to_owned()
}

async fn state(gateway: &TestGateway, agency: &str, kid: &str) -> String {
    gateway.client(agency).own_key(kid).await.unwrap().value["state"].as_str().unwrap().to_owned()
}

/// Posts a referral and gives its delivery to the co-ordination unit.
async fn referred(gateway: &TestGateway) -> DeliveryId {
    gateway.post("kent-police", &gateway.referral()).await.recipients[0].delivery_id
}

/// The name of the key that a waiting copy is sealed to.
async fn sealed_to(gateway: &TestGateway, delivery: DeliveryId) -> (String, Vec<u8>) {
    let copy = gateway.client(CO_ORDINATOR).collect(delivery).await.unwrap();
    let json: Value = serde_json::from_slice(&copy).unwrap();
    (json["header"]["kid"].as_str().unwrap().to_owned(), copy.to_vec())
}

async fn call(gateway: &TestGateway, agency: &str, method: Method, path: &str, body: Value) -> Reply {
    let path = format!("/v1/agencies/me/keys/{path}");
    Door::send(gateway.door(agency).request(method, &path).json(&body)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_sealed_to_when_it_is_proven_vouched_for_and_its_wait_is_over() {
    let gateway = TestGateway::start().await;
    let (old, new) = (first_key(&gateway, CO_ORDINATOR), pair(&gateway, "kent-mappa-next"));
    let client = gateway.client(CO_ORDINATOR);
    let asked = client.publish_key(&new.public(), None, None).await.unwrap().value;
    assert_eq!(
        (asked["state"].as_str(), asked["challenge"]["voucher_kid"].as_str()),
        (Some("published"), Some(old.kid.as_str()))
    );
    assert_eq!(change(&gateway, CO_ORDINATOR, &new, Some(&old)).await, "announced");

    let notices = async || client.inbox(Default::default()).await.unwrap().value.notices;
    let told = notices().await;
    assert_eq!(
        (told.len(), told[0].code.as_str(), told[0].kid.as_str()),
        (1, "key_announced", new.kid.as_str())
    );
    let early = referred(&gateway).await;
    let (kid, early) = sealed_to(&gateway, early).await;
    assert_eq!(kid, old.kid, "the wait is not over");
    gateway.advance(DAY - MINUTE);
    let (kid, _) = sealed_to(&gateway, referred(&gateway).await).await;
    assert_eq!(kid, old.kid, "a minute is left");

    gateway.advance(MINUTE);
    assert_eq!(state(&gateway, CO_ORDINATOR, &new.kid).await, "in_force");
    assert_eq!(notices().await.len(), 1, "whoever looked away for a day learns of it too");
    let (kid, late) = sealed_to(&gateway, referred(&gateway).await).await;
    assert_eq!(kid, new.kid);
    assert!(jwe::open(&late, &new).is_ok() && jwe::open(&late, &old).is_err());
    assert!(jwe::open(&early, &old).is_ok(), "the old key opens what was sealed to it");
    assert_eq!(state(&gateway, CO_ORDINATOR, &old.kid).await, "in_force", "they overlap");

    let events = gateway.events_of("key.announced").await;
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["kid"], &events[0]["vouched_by"]), (&json!(new.kid), &json!(old.kid)));
    assert_eq!(gateway.events_of("key.published").await.len(), 2, "it was asked for twice");
    gateway.advance(15 * DAY);
    assert!(notices().await.is_empty());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_tls_key_alone_brings_nobody_a_copy() {
    let gateway = TestGateway::start().await;
    let (own, stolen) = (first_key(&gateway, CO_ORDINATOR), pair(&gateway, "kent-mappa-forged"));
    // The thief calls as the agency, and holds its own key and not the agency's.
    assert_eq!(change(&gateway, CO_ORDINATOR, &stolen, None).await, "proven");
    let client = gateway.client(CO_ORDINATOR);
    let asked = client.publish_key(&stolen.public(), None, None).await.unwrap().value;
    let canary = answer_to(&asked, &stolen, None).unwrap()["canary"].clone();
    let posing = PrivateJwk::generate_as(KeyKind::P256, &own.kid, &gateway.random).unwrap();
    assert!(answer_to(&asked, &stolen, Some(&posing)).is_err(), "the voucher does not open");
    let proof = format!("{}/proof", stolen.kid);
    for wrong in [
        json!({ "canary": canary, "voucher": canary }),
        json!({ "canary": "guessed" }),
        json!({ "canary": "guessed", "voucher": "guessed" }),
    ] {
        let reply = call(&gateway, CO_ORDINATOR, Method::POST, &proof, wrong).await;
        reply.problem(Code::ProofWrong, 422);
    }
    gateway.advance(30 * DAY);
    let (kid, _) = sealed_to(&gateway, referred(&gateway).await).await;
    assert_eq!(kid, own.kid);

    // It can stop the agency's mail, and still reads nothing.
    client.revoke_key(&own.kid).await.unwrap();
    assert_eq!(
        change(&gateway, CO_ORDINATOR, &stolen, Some(&own)).await,
        "proven",
        "nobody is left to vouch"
    );
    gateway.advance(30 * DAY);
    let reply = gateway.door("kent-police").post(gateway.referral().bytes()).await;
    reply.problem(Code::NoChannelFits, 422);
    assert!(gateway.events_of("key.announced").await.is_empty());
    let refused = gateway.events_of("key.refused").await;
    assert_eq!(refused.len(), 3);
    assert!(refused.iter().all(|event| event["code"] == "proof_wrong"));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_stolen_one_vouched_for_goes_with_it() {
    let gateway = TestGateway::start().await;
    let (stolen, thiefs) = (first_key(&gateway, CO_ORDINATOR), pair(&gateway, "kent-mappa-forged"));
    assert_eq!(change(&gateway, CO_ORDINATOR, &thiefs, Some(&stolen)).await, "announced");
    gateway.client(CO_ORDINATOR).revoke_key(&stolen.kid).await.unwrap();
    assert_eq!(state(&gateway, CO_ORDINATOR, &thiefs.kid).await, "proven", "nobody's word is behind it");
    gateway.advance(30 * DAY);
    let reply = gateway.door("kent-police").post(gateway.referral().bytes()).await;
    reply.problem(Code::NoChannelFits, 422);
    assert_eq!(state(&gateway, CO_ORDINATOR, &thiefs.kid).await, "proven");
    gateway.stop().await;
}

/// Its TLS key is in other hands and its certificate revoked, so the agency cannot call any more.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_revokes_a_key_for_an_agency_that_cannot() {
    let gateway = TestGateway::start().await;
    let own = first_key(&gateway, CO_ORDINATOR);
    let waits = referred(&gateway).await;
    let revoke = async |kid: &str, by: &str| {
        let words =
            ["revoke-for", kid, "--agency", CO_ORDINATOR, "--by", by, "--why", "its laptop was stolen"];
        rotated::key(&gateway, &words).await
    };
    assert_eq!(revoke("another", "Robin Aske").await, Exit::Refused);
    assert_eq!(revoke(&own.kid, " ").await, Exit::Usage);
    assert_eq!(revoke(&own.kid, "Robin Aske").await, Exit::Ok);
    assert_eq!(revoke(&own.kid, "Robin Aske").await, Exit::Ok, "repeatable");
    // The gateway is not told by the command; it looks.
    gateway.advance(5 * MINUTE);
    assert_eq!(state(&gateway, CO_ORDINATOR, &own.kid).await, "revoked");
    let events = gateway.events_of("key.revoked").await;
    assert_eq!((events.len(), &events[0]["kid"]), (1, &json!(own.kid)));
    let told = gateway.audited(&events[0]["audit"]);
    assert_eq!((&told["by"], &told["why"]), (&json!("Robin Aske"), &json!("its laptop was stolen")));
    let withdrawn = until("its copy is withdrawn", async || {
        let events = gateway.events_of("delivery.withdrawn").await;
        events.first().map(|event| event["delivery_id"].clone())
    });
    assert_eq!(withdrawn.await, json!(waits));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_in_force_the_operator_vouches_and_the_auditors_learn_who_and_why() {
    let gateway = TestGateway::start().await;
    let (lost, new) = (first_key(&gateway, CO_ORDINATOR), pair(&gateway, "kent-mappa-next"));
    gateway.client(CO_ORDINATOR).revoke_key(&lost.kid).await.unwrap();
    let approve = async |sha256: &str| {
        let words = ["approve", &new.kid, "--agency", CO_ORDINATOR, "--sha256", sha256];
        let person = ["--by", "Robin Aske", "--why", "telephoned the unit on its listed number"];
        rotated::key(&gateway, &[&words[..], &person[..]].concat()).await
    };
    assert_eq!(approve(&"0".repeat(64)).await, Exit::Refused, "nothing is published");
    let asked = gateway.client(CO_ORDINATOR).publish_key(&new.public(), None, None).await.unwrap().value;
    let sha256 = asked["sha256"].as_str().unwrap().to_owned();
    assert_eq!(approve(&sha256).await, Exit::Refused, "its canary has not come back");
    assert_eq!(change(&gateway, CO_ORDINATOR, &new, None).await, "proven");
    assert_eq!(approve(&"0".repeat(64)).await, Exit::Refused, "another key");
    assert_eq!(approve(&sha256).await, Exit::Ok);
    assert_eq!(approve(&sha256).await, Exit::Refused, "it was announced");

    gateway.advance(DAY + MINUTE);
    gateway.gateway().refresh_directory().await.unwrap();
    let (kid, _) = sealed_to(&gateway, referred(&gateway).await).await;
    assert_eq!(kid, new.kid);
    let events = gateway.events_of("key.announced").await;
    assert_eq!(events.len(), 1);
    assert!(events[0].get("vouched_by").is_none());
    assert!(!events[0].to_string().contains("Robin"));
    let audited = gateway.audited(&events[0]["audit"]);
    assert_eq!(audited["by"], "Robin Aske");
    assert_eq!(audited["why"], "telephoned the unit on its listed number");
    gateway.stop().await;
}

/// The requests to send again that wait for an agency, opened with one of its keys.
pub async fn resend_requests(gateway: &TestGateway, agency: &str, key: &PrivateJwk) -> Vec<Value> {
    let mut requests = Vec::new();
    let mut after = 0;
    loop {
        let page = portcullis::cli::client::InboxPage { after, ..Default::default() };
        let inbox = gateway.client(agency).inbox(page).await.unwrap().value;
        let Some(next) = inbox.next else { return requests };
        after = next;
        for item in inbox.items.iter().filter(|item| item.message_type == "resend_request") {
            let copy = gateway.client(agency).collect(item.delivery_id).await.unwrap();
            let opened: Value = serde_json::from_slice(&jwe::open(&copy, key).unwrap()).unwrap();
            requests.push(serde_json::from_str(opened["message"].as_str().unwrap()).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_under_a_revoked_key_is_withdrawn_and_asked_for_again() {
    let gateway = without_delay().await;
    let (old, new) = (first_key(&gateway, CO_ORDINATOR), pair(&gateway, "kent-mappa-next"));
    let police = first_key(&gateway, "kent-police");
    let waiting = gateway.referral();
    let delivery = gateway.post("kent-police", &waiting).await.recipients[0].delivery_id;
    let taken = gateway.referral();
    let collected = gateway.post("kent-police", &taken).await.recipients[0].delivery_id;
    sealed_to(&gateway, collected).await;
    assert_eq!(change(&gateway, CO_ORDINATOR, &new, Some(&old)).await, "in_force");

    let client = gateway.client(CO_ORDINATOR);
    let revoked = client.revoke_key(&old.kid).await.unwrap().value;
    assert_eq!(revoked["state"], "revoked");
    let again = client.revoke_key(&old.kid).await.unwrap().value;
    assert_eq!(again["revoked_at"], revoked["revoked_at"], "once");
    until("the sender is asked", async || {
        (!resend_requests(&gateway, "kent-police", &police).await.is_empty()).then_some(())
    })
    .await;
    assert_eq!(gateway.states("kent-police", waiting.id()).await[CO_ORDINATOR], "withdrawn");
    assert_eq!(gateway.states("kent-police", taken.id()).await[CO_ORDINATOR], "collected", "it has that one");
    gateway.door(CO_ORDINATOR).get(&format!("/v1/inbox/{delivery}")).await.problem(Code::NotFound, 404);

    let asked = resend_requests(&gateway, "kent-police", &police).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["in_reply_to"], json!(waiting.id()));
    let body = &asked[0]["body"];
    assert_eq!((&body["recipient"], &body["ground_code"]), (&json!(CO_ORDINATOR), &json!("key_replaced")));
    let faults = gateway.gateway().schemas.faults(MessageType::ResendRequest, "1.0", &asked[0]);
    assert!(faults.is_some_and(|faults| faults.is_empty()), "{:#}", asked[0]);
    let events = gateway.events_of("delivery.withdrawn").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["delivery_id"], json!(delivery));

    gateway.advance(Duration::from_secs(1));
    let (kid, _) = sealed_to(&gateway, referred(&gateway).await).await;
    assert_eq!(kid, new.kid);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sealed_on_an_older_directory_is_not_recorded_after_a_revocation() {
    let gateway = without_delay().await;
    let (old, new) = (first_key(&gateway, CO_ORDINATOR), pair(&gateway, "kent-mappa-next"));
    change(&gateway, CO_ORDINATOR, &new, Some(&old)).await;
    // Another node revokes it: this one has not read the directory again.
    let store = &gateway.gateway().store;
    let agency = CO_ORDINATOR.parse().unwrap();
    let before = store.agency_keys(&agency).await.unwrap().remove(0);
    let after = AgencyKey { revoked_at: Some(gateway.gateway().clock.now()), ..before.clone() };
    let change = KeyChange { agency, before: Some(before), after, entries: Vec::new() };
    assert!(store.change_key(change).await.unwrap());

    let referral = gateway.referral();
    let door = gateway.door("kent-police");
    let reply = door.post(referral.bytes()).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["type"]),
        (503, &json!("urn:portcullis:problem:facts_changed"))
    );
    let receipt = gateway.post("kent-police", &referral).await;
    let (kid, _) = sealed_to(&gateway, receipt.recipients[0].delivery_id).await;
    assert_eq!(kid, old.kid, "the one that is left");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_under_a_revoked_key_is_made_anew() {
    let gateway = without_delay().await;
    let (old, new) = (first_key(&gateway, "kent-police"), pair(&gateway, "kent-police-next"));
    let police = "kent-police".parse().unwrap();
    let waiting = async || gateway.gateway().store.inbox(&police, 0, 10).await.unwrap();
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    let first = janitor(&gateway, 5 * DAY, async || waiting().await.first().cloned()).await;
    assert_eq!(change(&gateway, "kent-police", &new, Some(&old)).await, "in_force");
    gateway.client("kent-police").revoke_key(&old.kid).await.unwrap();
    let second = until("another report", async || {
        waiting().await.into_iter().find(|item| item.delivery_id != first.delivery_id)
    })
    .await;
    let copy = gateway.client("kent-police").collect(second.delivery_id).await.unwrap();
    let opened: Value = serde_json::from_slice(&jwe::open(&copy, &new).unwrap()).unwrap();
    let told: Value = serde_json::from_str(opened["message"].as_str().unwrap()).unwrap();
    assert_eq!((&told["type"], &told["in_reply_to"]), (&json!("non_delivery"), &json!(referral.id())));
    assert_eq!(waiting().await.len(), 1, "the one before is gone");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_key_is_refused_with_its_place_and_nothing_of_it_is_repeated() {
    let gateway = TestGateway::start().await;
    let good = json!(pair(&gateway, "fine").public());
    let with = |changes: Value| {
        let mut key = good.clone();
        key.as_object_mut().unwrap().shift_remove("kid");
        for (member, value) in changes.as_object().unwrap() {
            key[member] = value.clone();
        }
        json!({ "key": key })
    };
    let zero = "A".repeat(43);
    let no_y = |mut body: Value| {
        body["key"].as_object_mut().unwrap().shift_remove("y");
        body
    };
    let cases = [
        (with(json!({ "crv": "P-384" })), "/key/crv", "curve"),
        (with(json!({ "crv": "secp256k1" })), "/key/crv", "curve"),
        (no_y(with(json!({ "kty": "OKP", "crv": "Ed25519" }))), "/key/crv", "curve"),
        (with(json!({ "kty": "RSA" })), "/key/kty", "kind"),
        (with(json!({ "x": zero, "y": zero })), "/key", "not_a_public_key"),
        (no_y(with(json!({ "kty": "OKP", "crv": "X25519", "x": zero }))), "/key", "not_a_public_key"),
        (with(json!({ "x": "AA" })), "/key", "format"),
        (with(json!({ "x": 7 })), "/key/x", "format"),
        (with(json!({ "use": "sig" })), "/key/use", "use"),
        (with(json!({ "d": zero })), "/key", "private"),
        (with(json!({ "n": "AQAB" })), "/key", "member"),
        (with(json!({ "kid": "another" })), "/key/kid", "name"),
        (with(json!({ "alg": "RSA-OAEP" })), "/key", "format"),
        (
            json!({ "key": with(json!({}))["key"], "valid_until": "2026-01-01T00:00:00Z" }),
            "/valid_until",
            "too_early",
        ),
        (json!({ "key": with(json!({}))["key"], "valid_from": "soon" }), "/valid_from", "format"),
        (json!({ "keys": [] }), "", "format"),
        (json!([]), "", "format"),
    ];
    let count = cases.len();
    for (body, pointer, code) in cases {
        let reply = call(&gateway, CO_ORDINATOR, Method::PUT, "fine", body.clone()).await;
        reply.problem(Code::KeyUnusable, 422);
        assert_eq!(reply.faults(), [(pointer.to_owned(), code.to_owned())], "{body}");
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        for value in ["P-384", "secp256k1", "Ed25519", "RSA-OAEP", "2026-01-01", "another"] {
            assert!(!text.contains(value), "{text}");
        }
    }
    for kid in ["-fine", "with%20space", &"k".repeat(65)] {
        let reply = call(&gateway, CO_ORDINATOR, Method::PUT, kid, with(json!({}))).await;
        assert_eq!(reply.faults(), [("/key/kid".to_owned(), "name".to_owned())], "{kid}");
    }
    assert_eq!(gateway.events_of("key.refused").await.len(), count + 3);
    call(&gateway, CO_ORDINATOR, Method::GET, "fine", json!({})).await.problem(Code::NotFound, 404);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_keys_are_taken_once_and_another_agencys_are_not_there() {
    let gateway = without_delay().await;
    let (old, new) = (first_key(&gateway, CO_ORDINATOR), pair(&gateway, "kent-mappa-next"));
    let police = first_key(&gateway, "kent-police");
    let publish = async |path: &str, key: &PrivateJwk| {
        let mut jwk = json!(key.public());
        jwk.as_object_mut().unwrap().shift_remove("kid");
        call(&gateway, CO_ORDINATOR, Method::PUT, path, json!({ "key": jwk })).await
    };
    for (path, key) in [(police.kid.as_str(), &new), ("mine-now", &police), (old.kid.as_str(), &new)] {
        publish(path, key).await.problem(Code::KeyConflict, 409);
    }
    for (method, path) in [
        (Method::GET, police.kid.clone()),
        (Method::POST, format!("{}/revoke", police.kid)),
        (Method::POST, format!("{}/proof", police.kid)),
    ] {
        let body = json!({ "canary": "guessed" });
        call(&gateway, CO_ORDINATOR, method, &path, body).await.problem(Code::NotFound, 404);
    }
    change(&gateway, CO_ORDINATOR, &new, Some(&old)).await;
    let repeated = publish(&new.kid, &new).await.json();
    assert_eq!((&repeated["state"], &repeated["challenge"]), (&json!("in_force"), &Value::Null));
    publish("another-name", &new).await.problem(Code::KeyConflict, 409);
    gateway.client(CO_ORDINATOR).revoke_key(&new.kid).await.unwrap();
    publish(&new.kid, &new).await.problem(Code::KeyConflict, 409);
    publish("another-name", &new).await.problem(Code::KeyConflict, 409);
    // The one that the installation brought, and those that are published here.
    for number in 1..OPEN_MAX {
        let key = pair(&gateway, &format!("more-{number}"));
        assert_eq!(publish(&key.kid, &key).await.status.as_u16(), 200, "{number}");
    }
    let last = pair(&gateway, "one-too-many");
    publish(&last.kid, &last).await.problem(Code::TooManyKeys, 409);
    gateway.client(CO_ORDINATOR).revoke_key("more-1").await.unwrap();
    assert_eq!(publish(&last.kid, &last).await.status.as_u16(), 200);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_ends_with_its_hour_and_each_one_replaces_the_last() {
    let gateway = TestGateway::start().await;
    let (old, new) = (first_key(&gateway, CO_ORDINATOR), pair(&gateway, "kent-mappa-next"));
    let client = gateway.client(CO_ORDINATOR);
    let ask = async || client.publish_key(&new.public(), None, None).await.unwrap().value;
    let (first, second) = (ask().await, ask().await);
    let proof = format!("{}/proof", new.kid);
    let prove = async |asked: &Value| {
        let body = answer_to(asked, &new, Some(&old)).unwrap();
        call(&gateway, CO_ORDINATOR, Method::POST, &proof, body).await
    };
    prove(&first).await.problem(Code::ProofWrong, 422);
    gateway.advance(61 * MINUTE);
    prove(&second).await.problem(Code::ProofWrong, 422);
    let third = ask().await;
    assert_eq!(prove(&third).await.json()["state"], "announced");
    prove(&third).await.problem(Code::ProofWrong, 422);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_of_the_operators_neither_takes_a_key_away_nor_brings_one_back() {
    let gateway = without_delay().await;
    let (old, new) = (first_key(&gateway, CO_ORDINATOR), pair(&gateway, "kent-mappa-next"));
    change(&gateway, CO_ORDINATOR, &new, Some(&old)).await;
    gateway.client(CO_ORDINATOR).revoke_key(&old.kid).await.unwrap();
    let parts = gateway.gateway();
    let file = gateway.installation.agencies.clone();
    serve::import(&*parts.store, file, "agency import", &parts.clock, &parts.random).await.unwrap();
    parts.refresh_directory().await.unwrap();
    let listed = parts.directory();
    let listed = &listed.agency(&CO_ORDINATOR.parse().unwrap()).unwrap().encryption_keys;
    assert_eq!(listed.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), [new.kid.as_str()]);
    let (kid, _) = sealed_to(&gateway, referred(&gateway).await).await;
    assert_eq!(kid, new.kid);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_changes_its_key_with_the_commands_alone() {
    let gateway = TestGateway::start().await;
    let dir = gateway.dir.to_str().unwrap().to_owned();
    let file = gateway.dir.join("agencies/kent-mappa/enc-next.jwk").to_str().unwrap().to_owned();
    let url = gateway.url("");
    let key = async |words: &[&str]| {
        let who = ["--dir", dir.as_str(), "--as", CO_ORDINATOR, "--url", url.as_str()];
        let line = [&["portcullis", "key"][..], words, &who[..]].concat();
        rotated::command(line.into_iter().map(str::to_owned).collect()).await
    };
    assert_eq!(key(&["publish", &file]).await, Exit::Usage, "it has to be named");
    assert_eq!(key(&["publish", &file, "--kid", "kent-mappa-next", "--kind", "x25519"]).await, Exit::Ok);
    assert_eq!(state(&gateway, CO_ORDINATOR, "kent-mappa-next").await, "published");
    assert_eq!(key(&["prove", &file]).await, Exit::Ok);
    assert_eq!(state(&gateway, CO_ORDINATOR, "kent-mappa-next").await, "announced");
    assert_eq!(key(&["list"]).await, Exit::Ok);
    assert_eq!(key(&["revoke", "kent-mappa-next"]).await, Exit::Ok);
    assert_eq!(state(&gateway, CO_ORDINATOR, "kent-mappa-next").await, "revoked");
    assert_eq!(key(&["revoke", "nothing"]).await, Exit::Refused);
    gateway.stop().await;
}
