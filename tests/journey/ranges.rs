//! A recipient whose connection broke goes on collecting an attachment where it was.

use std::{net::Ipv4Addr, path::Path};

use portcullis::{
    cli::client::{Client, InboxItem},
    journey::Code,
};
use reqwest::Method;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
};

use crate::support::{CO_ORDINATOR, Door, PACK, Reply, TestGateway, papers, set};

const CONFIRMED: [&str; 2] = ["kent-police", "kent-probation"];

/// A pack with its papers for two; gives the first one's delivery and the second paper, 3 MB when sealed.
async fn pack(gateway: &TestGateway) -> (InboxItem, Vec<u8>) {
    let mut case = gateway.case(&CONFIRMED).await;
    case.meeting.confirmed = set(&CONFIRMED);
    case.record(gateway).await;
    let pack = case.message(gateway, PACK).for_all(&CONFIRMED);
    gateway.post_with(CO_ORDINATOR, &pack, papers()).await;
    let item = gateway.only_item("kent-police").await;
    let whole = gateway.client("kent-police").collect_attachment(item.delivery_id, 1).await.unwrap();
    (item, whole.to_vec())
}

fn path(item: &InboxItem) -> String {
    format!("/v1/inbox/{}/attachments/1", item.delivery_id)
}

async fn asked(door: &Door, path: &str, fields: &[(&str, &str)]) -> Reply {
    let request = door.request(Method::GET, path);
    let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Door::send(request).await.unwrap()
}

/// Which parts were handed out, as the ledger has them.
async fn parts(gateway: &TestGateway) -> Vec<String> {
    let events = gateway.events_of("delivery.collected").await;
    events.iter().map(|event| event["part"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_is_collected_in_ranges_and_each_is_in_the_ledger() {
    let gateway = TestGateway::start().await;
    let (item, whole) = pack(&gateway).await;
    let (door, path, length) = (gateway.door("kent-police"), path(&item), whole.len());
    let first = asked(&door, &path, &[("range", "bytes=0-999999")]).await;
    assert_eq!(first.status.as_u16(), 206);
    assert_eq!(first.headers["content-range"], format!("bytes 0-999999/{length}"));
    assert_eq!(first.headers["content-type"], "application/jose");
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    let rest = asked(&door, &path, &[("range", "bytes=1000000-"), ("if-range", &etag)]).await;
    assert_eq!(
        (rest.status.as_u16(), rest.headers["content-length"].to_str().unwrap()),
        (206, &*(length - 1_000_000).to_string())
    );
    assert_eq!([&first.body[..], &rest.body].concat(), whole);

    // What is no range of this file, or asks for several, gets it whole.
    for fields in [
        &[][..],
        &[("range", "bytes=0-9,20-29")],
        &[("range", "bytes=9-0")],
        &[("range", "segments=0-1")],
        &[("range", "bytes=5-9"), ("if-range", "\"another\"")],
    ] {
        let reply = asked(&door, &path, fields).await;
        assert_eq!((reply.status.as_u16(), *reply.body == whole), (200, true), "{fields:?}");
        assert_eq!(
            (&reply.headers["accept-ranges"], &reply.headers["etag"]),
            (&"bytes".parse().unwrap(), &etag.parse().unwrap())
        );
        assert_eq!(reply.headers["content-length"], length.to_string());
        assert!(!reply.headers.contains_key("content-range"));
    }
    let last = length - 1;
    let told = parts(&gateway).await;
    assert_eq!(
        told[1..3],
        [
            format!("attachment 1, bytes 0 to 999999 of {length}"),
            format!("attachment 1, bytes 1000000 to {last} of {length}")
        ]
    );
    assert_eq!(told[3..], ["attachment 1"; 5]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_behind_the_end_and_one_of_another_agency_hand_nothing_out() {
    let gateway = TestGateway::start().await;
    let (item, whole) = pack(&gateway).await;
    let (door, path) = (gateway.door("kent-police"), path(&item));
    let before = parts(&gateway).await;
    let beyond = asked(&door, &path, &[("range", &format!("bytes={}-", whole.len()))]).await;
    assert_eq!(beyond.status.as_u16(), 416);
    assert_eq!(beyond.headers["content-range"], format!("bytes */{}", whole.len()));
    assert_eq!(beyond.json()["type"], "urn:portcullis:problem:range_not_satisfiable");
    // Head would write down that it was collected, and hand over nothing.
    let head = door.request(Method::HEAD, &path).header("range", "bytes=0-9");
    assert_eq!(Door::send(head).await.unwrap().status.as_u16(), 405);

    let other = gateway.door("kent-probation");
    let none = asked(&other, "/v1/inbox/019ab000-0000-7000-8000-0000000000d1/attachments/1", &[]).await;
    for range in ["bytes=0-9", "bytes=999999999-", "bytes=0-1,3-4"] {
        let reply = asked(&other, &path, &[("range", range)]).await;
        reply.problem(Code::NotFound, 404);
        assert_eq!(reply.distinguishable(), none.distinguishable(), "{range}");
    }
    gateway.client("kent-police").acknowledge(item.delivery_id).await.unwrap();
    asked(&door, &path, &[("range", "bytes=0-9")]).await.problem(Code::NotFound, 404);
    assert_eq!(parts(&gateway).await, before);
    gateway.stop().await;
}

/// Lets so many bytes of the gateway's answers through, and cuts the first connection there.
async fn cut_after(gateway: &TestGateway, bytes: u64) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (port, behind) = (listener.local_addr().unwrap().port(), gateway.running().agencies);
    tokio::spawn(async move {
        let mut limit = bytes;
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(behind).await.unwrap();
            let allowed = std::mem::replace(&mut limit, u64::MAX);
            tokio::spawn(forward(client, server, allowed));
        }
    });
    port
}

async fn forward(client: TcpStream, server: TcpStream, allowed: u64) {
    let ((mut from_client, mut to_client), (from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let mut from_server = from_server.take(allowed);
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_costs_only_what_was_on_its_way() {
    let gateway = TestGateway::start().await;
    let (item, whole) = pack(&gateway).await;
    let mut profile = gateway.profile("kent-police");
    let port = cut_after(&gateway, 1_500_000).await;
    profile.url = format!("https://localhost:{port}").parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("paper.att1");
    let before = parts(&gateway).await.len();
    let length = Client::new(&profile).unwrap().save_attachment(item.delivery_id, 1, &file).await.unwrap();
    assert_eq!((length, std::fs::read(&file).unwrap() == whole), (whole.len() as u64, true));
    assert_eq!(names(folder.path()), ["paper.att1"], "nothing else is left");
    let told = parts(&gateway).await;
    assert_eq!((told.len() - before, &*told[before]), (2, "attachment 1"));
    let first: u64 = told[before + 1].split(' ').nth(3).unwrap().parse().unwrap();
    assert!(first > 1_000_000 && first < 1_500_000, "{}", told[before + 1]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_call_left_is_gone_on_with_if_it_is_a_part_of_the_same() {
    let gateway = TestGateway::start().await;
    let (item, whole) = pack(&gateway).await;
    let etag = format!("\"{}/1\"", item.delivery_id);
    let half = &whole[..whole.len() / 2];
    let longer = [&whole[..], b"and more"].concat();
    let (from_half, from_end) = (Some(half.len() - 1), Some(whole.len() - 1));
    for (left, mark, goes_on_from) in [
        (half, Some(&*etag), from_half),
        (&whole, Some(&*etag), from_end),
        (half, Some("\"of something else\""), None),
        (half, None, None),
        (&[], Some(&*etag), None),
        (&longer, Some(&*etag), None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("paper.att1");
        std::fs::write(folder.path().join("paper.att1.partial"), left).unwrap();
        if let Some(mark) = mark {
            std::fs::write(folder.path().join("paper.att1.partial.etag"), mark).unwrap();
        }
        gateway.client("kent-police").save_attachment(item.delivery_id, 1, &file).await.unwrap();
        assert!(std::fs::read(&file).unwrap() == whole, "{mark:?}");
        assert_eq!(names(folder.path()), ["paper.att1"], "nothing else is left");
        let last = parts(&gateway).await.pop().unwrap();
        let expected = goes_on_from.map_or_else(
            || "attachment 1".to_owned(),
            |first| format!("attachment 1, bytes {first} to {} of {}", whole.len() - 1, whole.len()),
        );
        assert_eq!(last, expected, "{mark:?}");
    }
    gateway.stop().await;
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
