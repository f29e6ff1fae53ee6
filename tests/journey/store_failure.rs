//! In doubt the gateway stops accepting: 503, never a 202, nothing half kept, and it goes on when the
//! store does.

use portcullis::message::MessageId;
use rusqlite::Connection;

use crate::support::{CO_ORDINATOR, Case, Message, PACK, PAPERS, Reply, TestGateway, papers, set};

/// Another process's hand in the database.
fn database(gateway: &TestGateway) -> Connection {
    let database = Connection::open(gateway.config.store.path.join("portcullis.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
    database
}

/// From now on no row goes into this table, as if the disk were full.
pub fn fill(gateway: &TestGateway, table: &str) {
    let trigger = format!(
        "CREATE TRIGGER full_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
    );
    database(gateway).execute_batch(&trigger).unwrap();
}

pub fn free(gateway: &TestGateway, table: &str) {
    database(gateway).execute_batch(&format!("DROP TRIGGER full_{table}")).unwrap();
}

fn unavailable(reply: &Reply) {
    let text = String::from_utf8_lossy(&reply.body);
    assert_eq!(reply.status.as_u16(), 503, "{text}");
    assert_eq!(reply.json()["type"], "urn:portcullis:problem:unavailable");
    assert!(reply.headers["retry-after"].to_str().unwrap().parse::<u32>().is_ok());
    assert!(!text.contains("full") && !text.contains("trigger"), "our faults are not the sender's to read");
}

async fn nothing_kept(gateway: &TestGateway, sender: &str, message: MessageId) {
    nothing_recorded(gateway, sender, message).await;
    assert_eq!(gateway.sealed_files(), 0);
}

async fn nothing_recorded(gateway: &TestGateway, sender: &str, message: MessageId) {
    let store = &gateway.gateway().store;
    assert!(store.track(&sender.parse().unwrap(), message).await.unwrap().is_none());
    assert!(store.submission(&sender.parse().unwrap(), message).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_transaction_breaks_off_nothing_of_it_stays() {
    let gateway = TestGateway::start().await;
    for table in ["event", "fact", "message", "view", "delivery"] {
        let referral = gateway.referral();
        let before = gateway.events().await.len();
        fill(&gateway, table);
        unavailable(&gateway.door("kent-police").post(referral.bytes()).await);
        nothing_kept(&gateway, "kent-police", referral.id()).await;
        assert_eq!(gateway.events().await.len(), before, "{table}: no event without what it tells");
        free(&gateway, table);
        // The very same post, as the sender was told to do.
        gateway.post("kent-police", &referral).await;
        let item = gateway.only_item(CO_ORDINATOR).await;
        assert_eq!(item.message_id, referral.id());
        gateway.client(CO_ORDINATOR).acknowledge(item.delivery_id).await.unwrap();
    }
    gateway.stop().await;
}

async fn pack(gateway: &TestGateway) -> (Case, Message) {
    let mut case = gateway.case(&["kent-yot"]).await;
    case.meeting.confirmed = set(&["kent-yot"]);
    case.record(gateway).await;
    let pack = case.message(gateway, PACK).for_all(&["kent-yot"]);
    (case, pack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_whose_record_fails_leaves_ciphertext_that_is_swept() {
    let gateway = TestGateway::start().await;
    let (_, pack) = pack(&gateway).await;
    fill(&gateway, "attachment");
    let fault = gateway.client(CO_ORDINATOR).submit(pack.bytes(), papers()).await.err().unwrap();
    let problem = fault.problem().unwrap();
    assert_eq!((problem.status, problem.retry_after_s.is_some()), (503, true));
    nothing_recorded(&gateway, CO_ORDINATOR, pack.id()).await;
    // A write that failed may be there after all: only the sweep, a day later, can be sure.
    assert_eq!(gateway.sealed_files(), PAPERS.len());
    free(&gateway, "attachment");
    let day = std::time::Duration::from_secs(24 * 3600 + 60);
    let swept = async || (gateway.sealed_files() == 0).then_some(());
    crate::undelivered::janitor(&gateway, day, swept).await;
    gateway.post_with(CO_ORDINATOR, &pack, papers()).await;
    assert_eq!(gateway.sealed_files(), PAPERS.len());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_finds_no_room_for_its_files_is_not_accepted() {
    let gateway = TestGateway::start().await;
    let (_, pack) = pack(&gateway).await;
    let sealed = gateway.config.store.path.join("sealed");
    let away = gateway.config.store.path.join("away");
    std::fs::rename(&sealed, &away).unwrap();
    let fault = gateway.client(CO_ORDINATOR).submit(pack.bytes(), papers()).await.err().unwrap();
    assert_eq!(fault.problem().unwrap().status, 503);
    std::fs::rename(&away, &sealed).unwrap();
    nothing_kept(&gateway, CO_ORDINATOR, pack.id()).await;
    gateway.post_with(CO_ORDINATOR, &pack, papers()).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_cannot_be_written_down_is_not_given() {
    let gateway = TestGateway::start().await;
    fill(&gateway, "event");
    unavailable(&gateway.door("kent-police").post("nonsense").await);
    free(&gateway, "event");
    assert_eq!(gateway.door("kent-police").post("nonsense").await.status.as_u16(), 400);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_whose_collection_cannot_be_written_down_is_not_handed_out() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    let delivery = gateway.only_item(CO_ORDINATOR).await.delivery_id;
    fill(&gateway, "event");
    let door = gateway.door(CO_ORDINATOR);
    unavailable(&door.get(&format!("/v1/inbox/{delivery}")).await);
    unavailable(&door.get("/v1/inbox").await);
    free(&gateway, "event");
    assert_eq!(gateway.collect(CO_ORDINATOR, delivery).await.content.message.as_bytes(), referral.bytes());
    gateway.stop().await;
}
