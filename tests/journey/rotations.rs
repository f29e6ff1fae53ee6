//! One hundred changes of an agency's key, and ten of the gateway's, while messages are posted and collected:
//! nothing is lost, and nothing is sealed to a key after its revocation.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use portcullis::{
    cli::{Exit, client::InboxPage},
    crypto::{jwe, jwk::PrivateJwk},
    message::MessageId,
};
use serde_json::Value;

use crate::{
    agency_keys::{change, first_key, pair, resend_requests},
    rotated,
    support::{Builder, CO_ORDINATOR, TestGateway, until},
};

/// How many times the recipient changes its key.
const ROTATIONS: usize = 100;
/// How many of them a change of the gateway's key for statements goes with: every tenth.
const EVERY: usize = 10;
const SENDERS: usize = 2;

struct Story {
    gateway: TestGateway,
    /// The recipient keeps each of its keys until nothing waits that was sealed to it.
    keys: Mutex<BTreeMap<String, PrivateJwk>>,
    accepted: Mutex<BTreeSet<MessageId>>,
    opened: Mutex<BTreeSet<MessageId>>,
    rotated: AtomicBool,
}

impl Story {
    /// Posts one referral, again where the directory moved on meanwhile.
    async fn post(&self) {
        let (referral, door) = (self.gateway.referral(), self.gateway.door("kent-police"));
        loop {
            let reply = door.post(referral.bytes()).await;
            match reply.status.as_u16() {
                202 => break,
                503 => assert_eq!(reply.json()["type"], "urn:portcullis:problem:facts_changed"),
                status => panic!("{status}: {}", String::from_utf8_lossy(&reply.body)),
            }
        }
        self.accepted.lock().unwrap().insert(referral.id());
    }

    async fn posts(&self) {
        while !self.rotated.load(Ordering::Acquire) {
            self.post().await;
        }
    }

    /// Changes the recipient's key: publish, prove, revoke the one before.
    async fn rotate(&self, number: usize, before: &str) -> String {
        let new = pair(&self.gateway, &format!("rotated-{number}"));
        let kid = new.kid.clone();
        // Kept before it is published: something may come as soon as it is in force.
        let copy = |key: &PrivateJwk| serde_json::from_value(serde_json::to_value(key).unwrap()).unwrap();
        self.keys.lock().unwrap().insert(kid.clone(), copy(&new));
        let current: PrivateJwk = copy(&self.keys.lock().unwrap()[before]);
        assert_eq!(change(&self.gateway, CO_ORDINATOR, &new, Some(&current)).await, "in_force");
        self.gateway.client(CO_ORDINATOR).revoke_key(before).await.unwrap();
        if number.is_multiple_of(EVERY) {
            assert_eq!(rotated::key(&self.gateway, &["rotate", "statements"]).await, Exit::Ok);
            self.gateway.running().reloader.keys().await.unwrap();
        }
        kid
    }

    /// Collects, opens and acknowledges all that waits. What is withdrawn between two calls is not there.
    async fn collect(&self) {
        let client = self.gateway.client(CO_ORDINATOR);
        for item in client.inbox(InboxPage::default()).await.unwrap().value.items {
            let Ok(copy) = client.collect(item.delivery_id).await else { continue };
            let sealed: Value = serde_json::from_slice(&copy).unwrap();
            let kid = sealed["header"]["kid"].as_str().unwrap();
            let plain = jwe::open(&copy, &self.keys.lock().unwrap()[kid]).unwrap();
            let content: Value = serde_json::from_slice(&plain).unwrap();
            let message: Value = serde_json::from_str(content["message"].as_str().unwrap()).unwrap();
            assert_eq!(message["message_id"], item.message_id.to_string());
            self.opened.lock().unwrap().insert(item.message_id);
            client.acknowledge(item.delivery_id).await.unwrap();
        }
    }

    async fn collects(&self) {
        while !self.rotated.load(Ordering::Acquire) {
            self.collect().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_changes_of_key_under_load_lose_nothing_and_seal_nothing_to_a_revoked_key() {
    let gateway = Builder::default().config(|config| config.keys.delay = Duration::ZERO).start().await;
    let first = first_key(&gateway, CO_ORDINATOR);
    let kid = first.kid.clone();
    let story = Story {
        gateway,
        keys: Mutex::new([(kid.clone(), first)].into()),
        accepted: Mutex::default(),
        opened: Mutex::default(),
        rotated: AtomicBool::new(false),
    };
    // Nobody collects this one: the first revocation withdraws it.
    story.post().await;
    let kid = story.rotate(0, &kid).await;
    let rotates = async {
        let mut before = kid;
        for number in 1..ROTATIONS {
            before = story.rotate(number, &before).await;
        }
        story.rotated.store(true, Ordering::Release);
    };
    let senders = futures_util::future::join_all((0..SENDERS).map(|_| story.posts()));
    tokio::join!(rotates, senders, story.collects());

    let withdrawn = nothing_is_lost(&story).await;
    let sealed_to_revoked = nothing_is_sealed_to_a_revoked_key(&story.gateway.events().await);
    assert_eq!(sealed_to_revoked, ROTATIONS);
    let accepted = story.accepted.lock().unwrap().len();
    println!("{accepted} accepted, {withdrawn} of them withdrawn and asked for again, {ROTATIONS} rotations");
    story.gateway.stop().await;
}

/// Each accepted message was opened, or withdrawn and asked for again. Gives how many were.
async fn nothing_is_lost(story: &Story) -> usize {
    let police = first_key(&story.gateway, "kent-police");
    let (store, sender) = (&story.gateway.gateway().store, "kent-police".parse().unwrap());
    until("as many are opened or asked for again as were accepted", async || {
        story.collect().await;
        let asked = store.inbox(&sender, 0, 10_000).await.unwrap().len();
        let (accepted, opened) = (story.accepted.lock().unwrap().len(), story.opened.lock().unwrap().len());
        (opened + asked >= accepted).then_some(())
    })
    .await;
    let requests = resend_requests(&story.gateway, "kent-police", &police).await;
    let requested: BTreeSet<MessageId> =
        requests.iter().map(|it| it["in_reply_to"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(requested.len(), requests.len(), "each is asked for once");
    assert!(!requested.is_empty());
    let lost = |id: &&MessageId| !story.opened.lock().unwrap().contains(id) && !requested.contains(id);
    assert_eq!(story.accepted.lock().unwrap().iter().find(lost), None);
    for message in &requested {
        let states = story.gateway.states("kent-police", *message).await;
        assert_eq!(states[CO_ORDINATOR], "withdrawn");
        assert!(!story.opened.lock().unwrap().contains(message), "{message} was taken, and is asked for");
    }
    requested.len()
}

/// The ledger has the order of the transactions. Gives how many keys were revoked.
fn nothing_is_sealed_to_a_revoked_key(events: &[Value]) -> usize {
    let mut revoked = BTreeSet::new();
    for event in events {
        match event["type"].as_str().unwrap() {
            "key.revoked" => assert!(revoked.insert(event["kid"].as_str().unwrap())),
            "message.accepted" => {
                for copy in event["sealed_to"].as_array().unwrap() {
                    let kid = copy["kid"].as_str().unwrap();
                    assert!(!revoked.contains(kid), "sealed to {kid} after its revocation");
                }
            }
            _ => {}
        }
    }
    revoked.len()
}
