//! What the ledger holds can be checked by those it concerns, with published keys alone.

use portcullis::{
    crypto::{hex, sha256},
    journey::{Code, statement},
    ledger::{Bundle, Checkpoint, Proof, TILE_WIDTH, TileId},
};

use crate::support::{CO_ORDINATOR, Message, TestGateway};

/// A referral and its receipt.
async fn posted(gateway: &TestGateway) -> (Message, portcullis::cli::client::Receipt) {
    let referral = gateway.referral();
    let receipt = gateway.post("kent-police", &referral).await;
    gateway.events().await;
    (referral, receipt)
}

/// The sender's bundle.
async fn bundle(gateway: &TestGateway, message: &Message) -> Bundle {
    let tracked = gateway.track("kent-police", message.id()).await;
    serde_json::from_value(tracked.proof.unwrap()).unwrap()
}

async fn recipients_proof(gateway: &TestGateway, commitment: &str) -> Proof {
    let answer = gateway.client(CO_ORDINATOR).proof(commitment).await.unwrap();
    serde_json::from_value(answer.value).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipts_statement_verifies_and_is_what_the_recipient_gets() {
    let gateway = TestGateway::start().await;
    let (referral, receipt) = posted(&gateway).await;
    let keys = gateway.client("kent-police").keys().await.unwrap().value;
    let stated = statement::verify(&receipt.statement, &keys).unwrap();
    assert_eq!(stated.sha256, hex(&sha256(&referral.bytes())));
    assert_eq!((stated.bytes, stated.message_id), (referral.bytes().len() as u64, referral.id()));
    assert_eq!(stated.gateway, gateway.config.gateway.name);
    assert_eq!(stated.accepted_at, receipt.accepted_at);
    assert_eq!(stated.policy_set, gateway.gateway().policies().sha256_hex());

    let item = gateway.only_item(CO_ORDINATOR).await;
    let opened = gateway.collect(CO_ORDINATOR, item.delivery_id).await;
    assert_eq!(opened.content.statement, receipt.statement);
    let hash = hex(&sha256(opened.content.statement.as_bytes()));
    assert_eq!(receipt.recipients[0].statement_sha256, hash);

    let forged = receipt.statement.replacen('A', "B", 1);
    assert!(statement::verify(&forged, &keys).is_err());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_senders_bundle_opens_the_event_and_verifies() {
    let gateway = TestGateway::start().await;
    let (referral, receipt) = posted(&gateway).await;
    let key = gateway.verifier_key("kent-police").await;
    let bundle = bundle(&gateway, &referral).await;
    bundle.verify(&key).unwrap();
    let keys = gateway.client("kent-police").keys().await.unwrap().value;
    let stated = statement::verify(&receipt.statement, &keys).unwrap();
    // Statement and ledger commit to each other.
    assert_eq!(stated.ledger.unwrap().commitment, hex(&bundle.proof.commitment));
    assert_eq!(bundle.event["statements"][0]["sha256"], stated.sha256);
    assert_eq!(bundle.receipt.as_ref().unwrap()["statement"], receipt.statement);
    let mut altered = bundle.clone();
    altered.event.insert("sender".into(), "kent-probation".into());
    assert!(altered.verify(&key).is_err());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_proves_by_the_commitment_of_its_statement_and_sees_no_event() {
    let gateway = TestGateway::start().await;
    posted(&gateway).await;
    let key = gateway.verifier_key(CO_ORDINATOR).await;
    let item = gateway.only_item(CO_ORDINATOR).await;
    let opened = gateway.collect(CO_ORDINATOR, item.delivery_id).await;
    let commitment = opened.statement.ledger.unwrap().commitment;
    let answer = gateway.client(CO_ORDINATOR).proof(&commitment).await.unwrap().value;
    let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["commitment", "index", "inclusion_path", "checkpoint"]);
    let proof: Proof = serde_json::from_value(answer).unwrap();
    proof.verify(&key).unwrap();
    assert_eq!(hex(&proof.commitment), commitment);
    for nothing in ["0".repeat(64), "0".repeat(63), commitment.to_uppercase(), "x".into()] {
        let reply = gateway.door(CO_ORDINATOR).get(&format!("/v1/ledger/proofs/{nothing}")).await;
        reply.problem(Code::NotFound, 404);
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_hold_before_and_after_the_tree_has_grown_by_a_tile() {
    let gateway = TestGateway::start().await;
    let (referral, _) = posted(&gateway).await;
    let key = gateway.verifier_key("kent-police").await;
    let early = bundle(&gateway, &referral).await;
    // Each look is an event.
    let client = gateway.client("kent-police");
    for _ in 0..20 {
        let looks = (0..20).map(|_| client.outbox(None, Some(1)));
        assert!(futures_util::future::join_all(looks).await.iter().all(Result::is_ok));
    }
    gateway.events().await;
    let late = bundle(&gateway, &referral).await;
    assert_eq!(late.proof.index, early.proof.index);
    let (before, after) = (early.verify(&key).unwrap(), late.verify(&key).unwrap());
    assert!(before.size < u64::from(TILE_WIDTH) && after.size > u64::from(TILE_WIDTH));
    let proof = recipients_proof(&gateway, &hex(&early.proof.commitment)).await;
    proof.verify(&key).unwrap();
    drop(client);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoint_and_tiles_are_those_of_the_store() {
    let gateway = TestGateway::start().await;
    posted(&gateway).await;
    let key = gateway.verifier_key("kent-police").await;
    let client = gateway.client("kent-police");
    let note = client.document("ledger/checkpoint").await.unwrap();
    let checkpoint = Checkpoint::open(std::str::from_utf8(&note).unwrap(), &key).unwrap();
    let store = &gateway.gateway().store;
    let id = TileId { level: 0, index: 0 };
    let kept = store.tile(id).await.unwrap().unwrap();
    let width = id.width(checkpoint.size);
    let served = client.document(&format!("ledger/{}", id.path(width))).await.unwrap();
    assert_eq!(served.as_ref(), &kept[..usize::from(width) * 32]);
    for narrower in 1..width {
        let tile = client.document(&format!("ledger/{}", id.path(narrower))).await.unwrap();
        assert_eq!(tile.as_ref(), &kept[..usize::from(narrower) * 32]);
    }
    let leaves = store.leaves(0, 1000).await.unwrap();
    let first = portcullis::ledger::leaf_hash(&leaves[0].commitment);
    assert_eq!(&kept[..32], &first[..]);
    for nothing in ["tile/0/000", "tile/9/000.p/1", "tile/0/000.p/255", "tile/../../x", "entries"] {
        let reply = gateway.door("kent-police").get(&format!("/ledger/{nothing}")).await;
        assert_eq!(reply.status.as_u16(), 404, "{nothing}");
    }
    drop(client);
    gateway.stop().await;
}
