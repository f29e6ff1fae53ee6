//! Who gets in, by which TLS and HTTP, and how the door is closed.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use portcullis::{cli::client::InboxPage, journey::Code};
use reqwest::{
    Body, Method, Version,
    multipart::{Form, Part},
};
use rustls::{
    ClientConfig, NamedGroup, ProtocolVersion,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::ServerName,
    version::{TLS12, TLS13},
};
use serde_json::json;
use tokio::{net::TcpStream, sync::mpsc};

use crate::{
    refused::{door_of, foreign_authority, issued},
    support::{CO_ORDINATOR, Door, PACK, PAPERS, TestGateway, set, until},
};

fn hello(door: &Door) -> reqwest::RequestBuilder {
    door.request(Method::GET, "/v1/whoami")
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_certificate() {
    let gateway = TestGateway::start().await;
    let nobody = Door::new(gateway.url(""), Door::tls(&gateway.read("ca.crt"), None));
    assert!(Door::send(hello(&nobody)).await.is_err(), "no answer at all, not even a refusal");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_with_a_certificate_of_another_authority() {
    let gateway = TestGateway::start().await;
    let forged = foreign_authority(&gateway).issue_client(&"kent-police".parse().unwrap()).unwrap();
    assert!(Door::send(hello(&door_of(&gateway, &forged))).await.is_err());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_certificate_is_none_for_a_client() {
    let gateway = TestGateway::start().await;
    let server = gateway.installation.ca.issue_server(&["kent-police"]).unwrap();
    assert!(Door::send(hello(&door_of(&gateway, &server))).await.is_err());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_directory_does_not_list_is_nobody() {
    let gateway = TestGateway::start().await;
    for claimed in ["kent-nobody", "kent-police", "gateway"] {
        let stranger = door_of(&gateway, &issued(&gateway, claimed));
        for path in ["/v1/whoami", "/v1/inbox", "/v1/agencies", "/v1/schemas", "/ledger/checkpoint", "/"] {
            stranger.get(path).await.problem(Code::UnknownAgency, 403);
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_was_withdrawn_is_nobody_at_the_next_call() {
    let gateway = TestGateway::start().await;
    let door = gateway.door("kent-police");
    assert_eq!(door.get("/v1/whoami").await.status.as_u16(), 200);
    gateway.change_agency("kent-police", |agency| agency.tls_spki_sha256.clear()).await;
    // On the connection that is open.
    door.get("/v1/whoami").await.problem(Code::UnknownAgency, 403);
    gateway.stop().await;
}

fn police(
    gateway: &TestGateway,
    provider: CryptoProvider,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ClientConfig {
    let profile = gateway.profile("kent-police");
    Door::tls_of(&profile.ca, Some((&profile.certificate, &profile.key)), provider, versions)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_http_are_spoken() {
    let gateway = TestGateway::start().await;
    for (protocol, version) in [("h2", Version::HTTP_2), ("http/1.1", Version::HTTP_11)] {
        let mut tls = police(&gateway, aws_lc_rs::default_provider(), &[&TLS13, &TLS12]);
        tls.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let door = Door::new(gateway.url(""), tls);
        let reply = door.get("/v1/whoami").await;
        assert_eq!((reply.version, reply.status.as_u16()), (version, 200), "{protocol}");
        assert_eq!(reply.json()["agency_id"], "kent-police");
        assert_eq!(door.post(gateway.referral().bytes()).await.status.as_u16(), 202, "{protocol}");
    }
    gateway.stop().await;
}

/// Shakes hands; gives version and key exchange.
async fn handshake(gateway: &TestGateway, tls: ClientConfig) -> (ProtocolVersion, NamedGroup) {
    let stream = TcpStream::connect(gateway.running().agencies).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(tls)).connect(name, stream).await.unwrap();
    let (_, connection) = stream.get_ref();
    let group = connection.negotiated_key_exchange_group().unwrap().name();
    (connection.protocol_version().unwrap(), group)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hybrid_key_exchange_is_taken_when_it_is_offered() {
    let gateway = TestGateway::start().await;
    let offered = police(&gateway, aws_lc_rs::default_provider(), &[&TLS13]);
    let agreed = handshake(&gateway, offered).await;
    assert_eq!(agreed, (ProtocolVersion::TLSv1_3, NamedGroup::X25519MLKEM768));

    let mut older = aws_lc_rs::default_provider();
    older.kx_groups.retain(|group| group.name() == NamedGroup::X25519);
    let agreed = handshake(&gateway, police(&gateway, older, &[&TLS13])).await;
    assert_eq!(agreed, (ProtocolVersion::TLSv1_3, NamedGroup::X25519), "who has none gets in too");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_is_spoken_with_authenticated_encryption() {
    let gateway = TestGateway::start().await;
    let tls = police(&gateway, aws_lc_rs::default_provider(), &[&TLS12]);
    let reply = Door::new(gateway.url(""), tls.clone()).get("/v1/whoami").await;
    assert_eq!(reply.status.as_u16(), 200);
    assert_eq!(handshake(&gateway, tls).await.0, ProtocolVersion::TLSv1_2);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_is_answered_when_the_gateway_stops() {
    let mut gateway = TestGateway::start().await;
    let unit = gateway.client(CO_ORDINATOR);
    let polls = tokio::spawn(async move {
        unit.inbox(InboxPage { wait_s: 60, ..InboxPage::default() }).await.map(|answer| answer.value.items)
    });
    let waiting = || gateway.gateway().signals.inbox.receiver_count() > 0;
    until("somebody polls", async || waiting().then_some(())).await;
    gateway.running().begin_stop();
    assert_eq!(polls.await.unwrap().unwrap(), []);
    gateway.halt().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_has_begun_ends_well_when_the_gateway_stops() {
    let mut gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot"]).await;
    case.meeting.confirmed = set(&["kent-yot"]);
    case.record(&gateway).await;
    let pack = case.message(&gateway, PACK).for_all(&["kent-yot"]);
    let listed = pack.0["attachments"][0].clone();
    let pack = pack.with("/attachments", json!([listed]));

    let (first, second) = PAPERS[0].split_at(PAPERS[0].len() / 2);
    let (sender, receiver) = mpsc::channel::<&'static [u8]>(2);
    sender.send(first).await.unwrap();
    let paper =
        stream::unfold(receiver, async |mut receiver| receiver.recv().await.map(|bytes| (bytes, receiver)));
    let message = Part::bytes(pack.bytes()).mime_str("application/json").unwrap();
    let paper = Part::stream(Body::wrap_stream(paper.map(Ok::<_, std::io::Error>)));
    let form = Form::new().part("message", message).part("attachment", paper);
    let door = gateway.door(CO_ORDINATOR);
    let posts = tokio::spawn(async move { door.post_form(form).await });
    until("the paper arrives", async || (gateway.sealed_files() > 0).then_some(())).await;

    gateway.running().begin_stop();
    until("the door is closed", async || {
        Door::send(hello(&gateway.door("kent-police"))).await.is_err().then_some(())
    })
    .await;
    sender.send(second).await.unwrap();
    drop(sender);
    let reply = posts.await.unwrap();
    assert_eq!(reply.status.as_u16(), 202, "{}", String::from_utf8_lossy(&reply.body));
    gateway.restart().await;
    let item = gateway.only_item("kent-yot").await;
    let opened = gateway.collect("kent-yot", item.delivery_id).await;
    let sealed = gateway.client("kent-yot").collect_attachment(item.delivery_id, 0).await.unwrap();
    assert_eq!(opened.open_attachment(0, &sealed).unwrap().as_slice(), PAPERS[0]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_not_is_not_found_and_what_takes_another_method_says_so() {
    let gateway = TestGateway::start().await;
    let door = gateway.door("kent-police");
    door.get("/v1/nothing").await.problem(Code::NotFound, 404);
    door.get("/v1/inbox/not-an-id").await.problem(Code::NotFound, 404);
    door.get("/v1/inbox?wait=soon").await.problem(Code::BadRequest, 400);
    door.get("/v1/inbox?unknown=1").await.problem(Code::BadRequest, 400);
    let wrong = Door::send(door.request(Method::DELETE, "/v1/inbox")).await.unwrap();
    wrong.problem(Code::WrongMethod, 405);
    assert!(wrong.headers["allow"].to_str().unwrap().contains("GET"), "{:?}", wrong.headers);
    gateway.stop().await;
}
