//! A meeting pack with its papers: streamed, encrypted once, opened by each recipient; and what is
//! refused leaves nothing behind.

use portcullis::{
    crypto::{hex, sha256},
    journey::Code,
    message::MessageId,
};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::support::{CO_ORDINATOR, Case, Door, Message, PACK, PAPERS, TestGateway, papers, set, until};

const CONFIRMED: [&str; 2] = ["kent-police", "kent-probation"];

async fn confirmed(gateway: &TestGateway) -> Case {
    let mut case = gateway.case(&CONFIRMED).await;
    case.meeting.confirmed = set(&CONFIRMED);
    case.record(gateway).await;
    case
}

fn pack(gateway: &TestGateway, case: &Case) -> Message {
    case.message(gateway, PACK).for_all(&CONFIRMED)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_papers_reach_every_recipient_whole() {
    let gateway = TestGateway::start().await;
    let case = confirmed(&gateway).await;
    let pack = pack(&gateway, &case);
    gateway.post_with(CO_ORDINATOR, &pack, papers()).await;
    assert_eq!(gateway.sealed_files(), 2, "one ciphertext for all");
    for agency in CONFIRMED {
        let item = gateway.only_item(agency).await;
        assert_eq!(item.attachments, 2);
        let opened = gateway.collect(agency, item.delivery_id).await;
        assert_eq!(opened.content.message.as_bytes(), pack.bytes());
        for (number, paper) in PAPERS.iter().enumerate() {
            let sealed = gateway.client(agency).collect_attachment(item.delivery_id, number).await.unwrap();
            let came = opened.open_attachment(number, &sealed).unwrap();
            assert_eq!(came.as_slice(), *paper);
            assert!(!sealed.windows(8).any(|window| window == &paper[..8]), "no plaintext goes out");
        }
        let beyond = gateway.client(agency).collect_attachment(item.delivery_id, 2).await.unwrap_err();
        assert_eq!(beyond.problem().unwrap().document.code(), "not_found");
        gateway.client(agency).acknowledge(item.delivery_id).await.unwrap();
    }
    assert_eq!(gateway.sealed_files(), 0, "the last acknowledgement erases them");
    gateway.stop().await;
}

/// All came but the end of the form: what was written for it is taken away at once, not by a later sweep.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_breaks_off_behind_its_last_paper_leaves_no_file() {
    let gateway = TestGateway::start().await;
    let case = confirmed(&gateway).await;
    let pack = pack(&gateway, &case);
    let mut body = Vec::new();
    for (name, part) in [("message", &*pack.bytes()), ("attachment", PAPERS[0]), ("attachment", PAPERS[1])] {
        body.extend(format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes());
        body.extend(part);
        body.extend(b"\r\n");
    }
    body.extend(b"--cut\r\nContent-Disposition: form-da");
    let request = gateway.door(CO_ORDINATOR).request(Method::POST, "/v1/messages");
    let request = request.header("content-type", "multipart/form-data; boundary=cut").body(body);
    let reply = Door::send(request).await.unwrap();
    assert_eq!(reply.status.as_u16(), 400, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(gateway.sealed_files(), 0, "nothing stays behind");
    gone(&gateway, pack.id()).await;
    gateway.stop().await;
}

/// The connection is gone in the middle of a paper: nobody is there to be told, and nothing stays.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_aborted_leaves_no_file_and_can_be_made_again() {
    let gateway = TestGateway::start().await;
    let case = confirmed(&gateway).await;
    let pack = pack(&gateway, &case);
    let (mut feed, body) = tokio::io::duplex(1 << 16);
    let request = gateway.door(CO_ORDINATOR).request(Method::POST, "/v1/messages");
    let request = request.header("content-type", "multipart/form-data; boundary=cut");
    let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(body));
    let posting = tokio::spawn(Door::send(request.body(body)));
    let mut begun = Vec::new();
    let half = &PAPERS[1][..1 << 20];
    for (name, part) in [("message", &*pack.bytes()), ("attachment", PAPERS[0]), ("attachment", half)] {
        begun.extend(format!("\r\n--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes());
        begun.extend(part);
    }
    feed.write_all(&begun).await.unwrap();
    until("both papers have a file", async || (gateway.sealed_files() == 2).then_some(())).await;
    posting.abort();
    until("nothing stays behind", async || (gateway.sealed_files() == 0).then_some(())).await;
    gone(&gateway, pack.id()).await;
    gateway.post_with(CO_ORDINATOR, &pack, papers()).await;
    gateway.stop().await;
}

/// A form with the message and these parts.
fn form(message: &Message, parts: &[&[u8]]) -> Form {
    let typed = |bytes: Vec<u8>, kind: &str| Part::bytes(bytes).mime_str(kind).unwrap();
    let first = Form::new().part("message", typed(message.bytes(), "application/json"));
    parts
        .iter()
        .fold(first, |form, part| form.part("attachment", typed(part.to_vec(), "application/octet-stream")))
}

async fn refused(change: impl FnOnce(&mut Message), parts: &[&[u8]], code: Code, place: &str) {
    let gateway = TestGateway::start().await;
    let case = confirmed(&gateway).await;
    let mut message = pack(&gateway, &case);
    change(&mut message);
    let reply = gateway.door(CO_ORDINATOR).post_form(form(&message, parts)).await;
    reply.problem(code, 422);
    let faults = reply.faults();
    assert!(place.is_empty() && faults.is_empty() || faults[0].0 == place, "{faults:?}");
    assert_eq!(gateway.sealed_files(), 0, "nothing stays behind");
    assert!(gateway.inbox("kent-police").await.is_empty());
    gone(&gateway, message.id()).await;
    gateway.stop().await;
}

async fn gone(gateway: &TestGateway, message: MessageId) {
    gateway.door(CO_ORDINATOR).get(&format!("/v1/messages/{message}")).await.problem(Code::NotFound, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_with_another_digest_is_refused() {
    let other = hex(&sha256(b"another paper"));
    refused(
        |message| message.set("/attachments/1/sha256", json!(other)),
        &PAPERS,
        Code::AttachmentDigest,
        "/attachments/1/sha256",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_that_is_too_short_is_refused() {
    let short = &PAPERS[1][..PAPERS[1].len() - 1];
    refused(|_| (), &[PAPERS[0], short], Code::AttachmentDigest, "/attachments/1/bytes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_that_is_too_long_is_refused() {
    let long = [PAPERS[0], b"x"].concat();
    refused(|_| (), &[&long, PAPERS[1]], Code::AttachmentDigest, "/attachments/0/bytes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_papers_are_refused() {
    refused(|_| (), &[PAPERS[1], PAPERS[0]], Code::AttachmentDigest, "/attachments/0/bytes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_paper_is_refused() {
    refused(|_| (), &[PAPERS[0]], Code::AttachmentCount, "/attachments/1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_too_many_is_refused() {
    refused(|_| (), &[PAPERS[0], PAPERS[1], b"one more"], Code::AttachmentCount, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_that_the_message_does_not_list_is_refused() {
    refused(|message| message.set("/attachments", json!([])), &[b"not listed"], Code::AttachmentCount, "")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_none_is_refused() {
    let gateway = TestGateway::start().await;
    let door = gateway.door(CO_ORDINATOR);
    let post = |kind: &str, body: &'static str| {
        let request = door.request(reqwest::Method::POST, "/v1/messages").header("content-type", kind);
        request.body(body)
    };
    for (kind, body) in [
        ("multipart/form-data", "--x\r\n\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", "no boundary at all"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{}\r\n--x--\r\n",
        ),
    ] {
        let reply = crate::support::Door::send(post(kind, body)).await.unwrap();
        assert_eq!(reply.status.as_u16(), 400, "{kind} {body} {:?}", reply.body);
    }
    gateway.stop().await;
}
