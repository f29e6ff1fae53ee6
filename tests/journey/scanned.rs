//! Attachments are what they say and hold nothing harmful, or nothing of their message is stored.

use std::time::Duration;

use portcullis::{
    config::{Scanner, ScannerAddress},
    crypto::{hex, sha256},
    journey::Code,
};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    archive::docx,
    clamd::{Clamd, SIGNATURE, eicar},
    support::{Builder, CO_ORDINATOR, Message, Reply, TestGateway},
};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A gateway with a scanner.
async fn scanned(clamd: &Clamd) -> TestGateway {
    let settings = clamd.settings();
    Builder::default().config(|config| config.scanner = settings).start().await
}

/// A referral with these files, each with its declared type.
fn referral(gateway: &TestGateway, files: &[(&str, &[u8])]) -> Message {
    let listed = files.iter().enumerate().map(|(number, (declared, bytes))| {
        let extension = match *declared {
            DOCX => "docx",
            "text/plain" => "txt",
            _ => "pdf",
        };
        json!({ "name": format!("file {number}.{extension}"), "media_type": declared, "bytes": bytes.len(),
                "sha256": hex(&sha256(bytes)), "owner_agency": "kent-police", "contains_victim_data": false })
    });
    gateway.referral().with("/attachments", listed.collect::<Value>())
}

async fn post(gateway: &TestGateway, message: &Message, files: &[(&str, &[u8])]) -> Reply {
    let part = |bytes: Vec<u8>| Part::bytes(bytes).mime_str("application/octet-stream").unwrap();
    let form = files.iter().fold(Form::new().part("message", part(message.bytes())), |form, (_, bytes)| {
        form.part("attachment", part(bytes.to_vec()))
    });
    gateway.door("kent-police").post_form(form).await
}

/// Posts a referral with these files and expects that nothing is left of it.
async fn refused(gateway: &TestGateway, files: &[(&str, &[u8])], code: Code, place: &str) -> Reply {
    let message = referral(gateway, files);
    let reply = post(gateway, &message, files).await;
    reply.problem(code, 422);
    assert_eq!(reply.faults(), [(place.to_owned(), code.as_str().to_owned())]);
    nothing_is_left(gateway, &message).await;
    reply
}

async fn nothing_is_left(gateway: &TestGateway, message: &Message) {
    let sender = "kent-police".parse().unwrap();
    assert!(gateway.gateway().store.track(&sender, message.id()).await.unwrap().is_none());
    assert_eq!(gateway.sealed_files(), 0);
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_type_is_refused_without_saying_of_which() {
    let gateway = TestGateway::start().await;
    let (program, macros) = (b"MZ\x90\0\x03\0\0\0 a program", docx("word/vbaProject.bin", b"macros"));
    let page = b"<!DOCTYPE html><script>alert(1)</script>";
    for (declared, bytes) in [
        ("application/pdf", &program[..]),
        ("text/plain", program),
        ("text/plain", page),
        ("application/pdf", page),
        ("text/plain", b"#!/bin/sh\nrm -rf ~\n"),
        ("application/pdf", b"PK\x03\x04 an archive"),
        (DOCX, b"PK\x03\x04 an archive"),
        (DOCX, &macros),
        ("text/plain", b"a bell \x07"),
    ] {
        let sound = b"a plain note";
        let files = [("text/plain", &sound[..]), (declared, bytes)];
        let reply = refused(&gateway, &files, Code::AttachmentType, "/attachments/1/media_type").await;
        let text = String::from_utf8_lossy(&reply.body).to_ascii_lowercase();
        assert!(text.contains("pdf, png, jpeg, docx"), "what is carried is named: {text}");
        for word in ["html", "script", "executable", "zip", "portable"] {
            assert!(!text.contains(word), "{text}");
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_scanner_objects_to_is_refused_and_a_clean_one_arrives() {
    let clamd = Clamd::start().await;
    let gateway = scanned(&clamd).await;
    let (note, eicar) = (b"a plain note".to_vec(), eicar());
    let packed = docx("word/media/image1.png", &eicar);
    for infected in [("text/plain", &*eicar), (DOCX, &*packed)] {
        let files = [("text/plain", &*note), infected];
        let reply = refused(&gateway, &files, Code::AttachmentInfected, "/attachments/1").await;
        assert!(String::from_utf8_lossy(&reply.body).contains(SIGNATURE));
    }
    let clean = docx("word/media/image1.png", b"a picture");
    let files = [("text/plain", &*note), (DOCX, &*clean)];
    let reply = post(&gateway, &referral(&gateway, &files), &files).await;
    assert_eq!(reply.status.as_u16(), 202, "{}", String::from_utf8_lossy(&reply.body));
    let delivery = gateway.only_item(CO_ORDINATOR).await.delivery_id;
    let opened = gateway.collect(CO_ORDINATOR, delivery).await;
    for (number, (_, bytes)) in files.iter().enumerate() {
        let sealed = gateway.client(CO_ORDINATOR).collect_attachment(delivery, number).await.unwrap();
        assert_eq!(opened.open_attachment(number, &sealed).unwrap().as_slice(), *bytes);
    }
    let metrics = gateway.gateway().metrics.text();
    for line in ["{word=\"infected\"} 2", "{word=\"clean\"} 4"] {
        assert!(metrics.contains(&format!("portcullis_attachment_scans_total{line}")), "{metrics}");
    }
    let refusals = gateway.events_of("message.refused").await;
    assert_eq!(refusals.iter().filter(|event| event["code"] == "attachment_infected").count(), 2);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_scanner_is_down_nothing_with_attachments_is_accepted() {
    let mut clamd = Clamd::start().await;
    let gateway = scanned(&clamd).await;
    assert_eq!(readiness(&gateway).await.0, 200);
    clamd.halt();

    let note = b"a plain note".to_vec();
    let files = [("text/plain", &*note)];
    let message = referral(&gateway, &files);
    let reply = post(&gateway, &message, &files).await;
    assert_eq!(reply.status.as_u16(), 503);
    assert_eq!(reply.json()["type"], "urn:portcullis:problem:scanner_unavailable");
    assert!(reply.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    nothing_is_left(&gateway, &message).await;
    assert!(gateway.events_of("message.refused").await.is_empty(), "it is not the sender's doing");
    let (status, told) = readiness(&gateway).await;
    assert!(status == 503 && told.starts_with("scanner: clamd"), "{told}");

    clamd.begin().await;
    assert_eq!(readiness(&gateway).await.0, 200);
    assert_eq!(post(&gateway, &message, &files).await.status.as_u16(), 202, "the same post again");
    gateway.stop().await;
}

/// A scanner that finds its first file clean and breaks off in the midst of the second.
async fn dies_at_the_second(listener: TcpListener) {
    let begun = async || {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; b"zINSTREAM\0".len()]).await.unwrap();
        stream
    };
    let mut first = begun().await;
    loop {
        match first.read_u32().await.unwrap() {
            0 => break,
            length => first.read_exact(&mut vec![0; length as usize]).await.map(drop).unwrap(),
        }
    }
    first.write_all(b"stream: OK\0").await.unwrap();
    drop(begun().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_fails_at_the_second_file_leaves_nothing_of_the_first() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Some(ScannerAddress::Tcp(listener.local_addr().unwrap()));
    let scanner = Scanner { address, timeout: Duration::from_secs(30) };
    let gateway = Builder::default().config(|config| config.scanner = scanner).start().await;
    let serves = tokio::spawn(dies_at_the_second(listener));
    let note = b"a plain note".to_vec();
    let files = [("text/plain", &*note), ("text/plain", &*note)];
    let message = referral(&gateway, &files);
    let reply = post(&gateway, &message, &files).await;
    assert_eq!(reply.status.as_u16(), 503, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(reply.json()["type"], "urn:portcullis:problem:scanner_unavailable");
    nothing_is_left(&gateway, &message).await;
    serves.await.unwrap();
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_attachments_needs_no_scanner() {
    let mut clamd = Clamd::start().await;
    let gateway = scanned(&clamd).await;
    clamd.halt();
    gateway.post("kent-police", &gateway.referral()).await;
    gateway.stop().await;
}

/// What the operator's monitor sees.
async fn readiness(gateway: &TestGateway) -> (u16, String) {
    let url = format!("http://{}/health/ready", gateway.running().admin);
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
    let answer = http.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
