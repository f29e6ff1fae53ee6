//! The same post again: one message, one receipt, whatever the network does.

use futures_util::{StreamExt as _, stream};
use portcullis::{cli::client::Upload, journey::Code};
use reqwest::{
    Body,
    multipart::{Form, Part},
};
use serde_json::json;

use crate::support::{CO_ORDINATOR, Message, PACK, TestGateway, papers, set};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_get_the_same_receipt() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    let police = gateway.door("kent-police");
    let first = police.post(referral.bytes()).await;
    assert_eq!(first.status.as_u16(), 202);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    gateway.advance(std::time::Duration::from_secs(3600));
    let again = police.post(referral.bytes()).await;
    assert_eq!((again.status.as_u16(), &again.body), (202, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(first.headers["location"], format!("/v1/messages/{}", referral.id()).as_str());
    assert_eq!(gateway.inbox(CO_ORDINATOR).await.len(), 1);
    assert_eq!(gateway.events_of("message.accepted").await.len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_byte_more_is_another_message() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    let mut more = referral.bytes();
    more.push(b'\n');
    gateway.door("kent-police").post(more).await.problem(Code::IdConflict, 409);
    assert_eq!(gateway.inbox(CO_ORDINATOR).await.len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_one_senders_own() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    gateway.post("kent-police", &referral).await;
    let theirs = Message::new(&gateway, crate::support::REFERRAL, &gateway.unknown_case().case_ref)
        .from("kent-probation")
        .with("/message_id", json!(referral.id()));
    gateway.post("kent-probation", &theirs).await;
    assert_eq!(gateway.inbox(CO_ORDINATOR).await.len(), 2);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_posts_at_once_one_becomes_the_message_and_all_get_its_receipt() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    let doors: Vec<_> = (0..10).map(|_| gateway.door("kent-police")).collect();
    let posts = doors.iter().map(|door| door.post(referral.bytes()));
    let replies = futures_util::future::join_all(posts).await;
    for reply in &replies {
        assert_eq!(reply.status.as_u16(), 202, "{}", String::from_utf8_lossy(&reply.body));
        assert_eq!(reply.body, replies[0].body);
    }
    let first = replies.iter().filter(|reply| !reply.headers.contains_key("idempotency-replayed"));
    assert_eq!(first.count(), 1);
    assert_eq!(gateway.inbox(CO_ORDINATOR).await.len(), 1);
    assert_eq!(gateway.events_of("message.accepted").await.len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_is_repeated_without_its_papers() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot"]).await;
    case.meeting.confirmed = set(&["kent-yot"]);
    case.record(&gateway).await;
    let pack = case.message(&gateway, PACK).for_all(&["kent-yot"]);
    let unit = gateway.client(CO_ORDINATOR);
    let first = unit.submit(pack.bytes(), papers()).await.unwrap();
    let files = gateway.sealed_files();

    // The answer comes after the first part, though the second never ends.
    let message = Part::bytes(pack.bytes()).mime_str("application/json").unwrap();
    let endless = stream::once(async { Ok::<_, std::io::Error>("a beginning") }).chain(stream::pending());
    let form =
        Form::new().part("message", message).part("attachment", Part::stream(Body::wrap_stream(endless)));
    let again = gateway.door(CO_ORDINATOR).post_form(form).await;
    assert_eq!((again.status.as_u16(), &again.body), (202, &first.bytes));
    assert_eq!(again.headers["idempotency-replayed"], "true");

    // Other papers, or none: the message part lists them, so its bytes decide.
    for others in [vec![], vec![Upload::Bytes("another".into())]] {
        let again = unit.submit(pack.bytes(), others).await.unwrap();
        assert!(again.replayed() && again.bytes == first.bytes);
    }
    assert_eq!(gateway.sealed_files(), files);
    assert_eq!(gateway.inbox("kent-yot").await.len(), 1);
    drop(unit);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_after_the_copy_was_erased() {
    let gateway = TestGateway::start().await;
    let referral = gateway.referral();
    let first = gateway.door("kent-police").post(referral.bytes()).await;
    let delivery = gateway.only_item(CO_ORDINATOR).await.delivery_id;
    gateway.client(CO_ORDINATOR).acknowledge(delivery).await.unwrap();
    let again = gateway.door("kent-police").post(referral.bytes()).await;
    assert_eq!(again.body, first.body);
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty(), "and is not delivered again");
    gateway.stop().await;
}
