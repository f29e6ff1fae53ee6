//! Certificates are withdrawn, replaced and run out while the gateway runs, and open connections notice.

use std::{sync::Arc, time::Duration};

use portcullis::{
    cli::{
        client::InboxPage,
        pki::{DevelopmentCa, Issued},
    },
    journey::Code,
};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams,
};
use reqwest::Method;
use rustls::{
    HandshakeKind,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use tokio::{io::AsyncReadExt as _, net::TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_cert::{Certificate, der::Decode as _};

use crate::{
    refused::{door_of, foreign_authority},
    support::{Builder, CO_ORDINATOR, Door, TestGateway, until},
};

/// A gateway whose authority has revoked nobody yet.
async fn with_crl() -> TestGateway {
    Builder::default()
        .config(|config| {
            let path = config.tls.client_ca.with_file_name("agencies.crl");
            std::fs::write(&path, crl(&config.tls.client_ca.with_file_name("ca"), &[])).unwrap();
            config.tls.crls = Some(path);
        })
        .start()
        .await
}

/// The list of the development authority, with these certificates (PEM) on it.
fn crl(ca_folder: &std::path::Path, revoked: &[&[u8]]) -> String {
    let key = KeyPair::from_pem(&std::fs::read_to_string(ca_folder.join("ca.key")).unwrap()).unwrap();
    let mut authority = CertificateParams::default();
    authority.distinguished_name = DistinguishedName::new();
    authority.distinguished_name.push(DnType::CommonName, "Portcullis development CA");
    authority.key_usages = vec![KeyUsagePurpose::CrlSign];
    let issuer = Issuer::new(authority, key);
    let entry = |pem: &&[u8]| RevokedCertParams {
        serial_number: serial(pem).into(),
        revocation_time: rcgen::date_time_ymd(2026, 1, 1),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2026, 1, 1),
        next_update: rcgen::date_time_ymd(2040, 1, 1),
        crl_number: 1.into(),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&issuer).unwrap().pem().unwrap()
}

fn serial(pem: &[u8]) -> Vec<u8> {
    let der = CertificateDer::from_pem_slice(pem).unwrap();
    Certificate::from_der(&der).unwrap().tbs_certificate.serial_number.as_bytes().to_vec()
}

fn revoke(gateway: &TestGateway, revoked: &[&[u8]]) {
    let path = gateway.config.tls.crls.as_ref().unwrap();
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, crl(&gateway.dir.join("ca"), revoked)).unwrap();
    std::fs::rename(fresh, path).unwrap();
}

/// A connection of the police that has shaken hands, and stays.
async fn connected(gateway: &TestGateway, agency: &str) -> TlsStream<TcpStream> {
    let profile = gateway.profile(agency);
    let tls = Door::tls(&profile.ca, Some((&profile.certificate, &profile.key)));
    let stream = TcpStream::connect(gateway.running().agencies).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(tls)).connect(name, stream).await.unwrap()
}

/// Waits until the gateway ends the connection. Before, it says what HTTP says by itself.
async fn ends(mut stream: TlsStream<TcpStream>) {
    let mut said = Vec::new();
    let end = tokio::time::timeout(crate::support::PATIENCE, stream.read_to_end(&mut said)).await;
    assert!(end.is_ok(), "the connection stays open");
}

async fn answers(gateway: &TestGateway, agency: &str) -> bool {
    let door = gateway.door(agency);
    Door::send(door.request(Method::GET, "/v1/whoami")).await.is_ok_and(|reply| reply.status.as_u16() == 200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_good_for_nothing_two_seconds_later_on_open_connections_too() {
    let gateway = with_crl().await;
    let (police, unit) = (connected(&gateway, "kent-police").await, connected(&gateway, "kent-yot").await);
    assert!(answers(&gateway, "kent-police").await);
    revoke(&gateway, &[&gateway.profile("kent-police").certificate]);
    // By the gateway's clock; nobody sends a signal.
    gateway.advance(Duration::from_secs(2));
    ends(police).await;
    assert!(!answers(&gateway, "kent-police").await, "nor does it shake hands");
    assert!(answers(&gateway, "kent-yot").await);
    drop(unit);
    let metrics = gateway.gateway().metrics.text();
    assert!(metrics.contains("portcullis_client_certificates_refused_total{word=\"revoked\"}"), "{metrics}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_list_changes_nothing_and_an_empty_one_does_not_switch_the_check_off() {
    let gateway = with_crl().await;
    revoke(&gateway, &[&gateway.profile("kent-police").certificate]);
    gateway.running().reloader.trust().unwrap();
    for broken in ["", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "nonsense"] {
        std::fs::write(gateway.config.tls.crls.as_ref().unwrap(), broken).unwrap();
        assert!(gateway.running().reloader.trust().is_err(), "{broken}");
        assert!(!answers(&gateway, "kent-police").await);
        assert!(answers(&gateway, "kent-yot").await);
    }
    assert!(gateway.gateway().metrics.text().contains("portcullis_last_reload_successful{word=\"tls\"} 0"));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_directory_withdraws_ends_its_connection_and_its_long_poll() {
    let gateway = TestGateway::start().await;
    let idle = connected(&gateway, CO_ORDINATOR).await;
    let unit = gateway.client(CO_ORDINATOR);
    let poll =
        tokio::spawn(async move { unit.inbox(InboxPage { wait_s: 60, ..InboxPage::default() }).await });
    until("somebody polls", async || (gateway.gateway().signals.inbox.receiver_count() > 0).then_some(()))
        .await;
    gateway.change_agency(CO_ORDINATOR, |agency| agency.suspended = true).await;
    ends(idle).await;
    // What comes now is not told to it any more.
    assert!(poll.await.unwrap().is_err());
    gateway.door(CO_ORDINATOR).get("/v1/inbox").await.problem(Code::Suspended, 403);
    assert!(answers(&gateway, "kent-police").await);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_withdraws_a_certificate_and_connections_end_within_a_round() {
    let gateway = TestGateway::start().await;
    let idle = connected(&gateway, "kent-police").await;
    let directory = gateway.gateway().directory();
    let mut police = directory.agency(&"kent-police".parse().unwrap()).unwrap().clone();
    police.tls_spki_sha256.clear();
    gateway.gateway().store.put_agencies(vec![police], Vec::new()).await.unwrap();
    gateway.advance(Duration::from_secs(2));
    ends(idle).await;
    gateway.stop().await;
}

/// Puts what was issued in the place of the gateway's own certificate.
fn show(gateway: &TestGateway, own: &Issued) {
    std::fs::write(&gateway.config.tls.certificate, &own.certificate_pem).unwrap();
    std::fs::write(&gateway.config.tls.key, own.key_pem.as_bytes()).unwrap();
}

fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_of_the_gateway_is_shown_to_the_next_and_nobody_is_cut_off() {
    let gateway = TestGateway::start().await;
    let door = gateway.door("kent-police");
    door.get("/v1/whoami").await;
    let before = shown(&connected(&gateway, "kent-police").await);
    let renewed = gateway.installation.ca.issue_server(&["localhost"]).unwrap();
    // The certificate without its key, as a renewal halfway: nothing changes.
    std::fs::write(&gateway.config.tls.certificate, &renewed.certificate_pem).unwrap();
    assert!(gateway.running().reloader.trust().is_err());
    assert_eq!(shown(&connected(&gateway, "kent-police").await), before);
    show(&gateway, &renewed);
    gateway.running().reloader.trust().unwrap();
    let expected = CertificateDer::from_pem_slice(renewed.certificate_pem.as_bytes()).unwrap();
    assert_eq!(shown(&connected(&gateway, "kent-police").await), expected.to_vec());
    assert_eq!(door.get("/v1/whoami").await.status.as_u16(), 200, "on the connection that was open");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_authority_is_trusted_after_a_reload_and_the_old_one_no_more() {
    let gateway = TestGateway::start().await;
    let idle = connected(&gateway, "kent-police").await;
    let other: DevelopmentCa = foreign_authority(&gateway);
    let own = other.issue_client(&"kent-police".parse().unwrap()).unwrap();
    assert!(Door::send(door_of(&gateway, &own).request(Method::GET, "/v1/whoami")).await.is_err());
    // The settings of the story point to ca.crt, which clients trust as well: they get a copy.
    let kept = gateway.read("ca.crt");
    std::fs::write(&gateway.config.tls.client_ca, other.certificate_pem()).unwrap();
    gateway.running().reloader.trust().unwrap();
    std::fs::write(gateway.dir.join("ca.crt"), &kept).unwrap();
    ends(idle).await;
    assert!(!answers(&gateway, "kent-police").await);
    // It shakes hands now; its key is not in the directory.
    door_of(&gateway, &own).get("/v1/whoami").await.problem(Code::UnknownAgency, 403);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_resumed() {
    let gateway = TestGateway::start().await;
    let profile = gateway.profile("kent-police");
    for versions in [&[&TLS13], &[&TLS12]] {
        let own = Some((&profile.certificate[..], &profile.key[..]));
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let tls = TlsConnector::from(Arc::new(Door::tls_of(&profile.ca, own, provider, versions)));
        for _ in 0..2 {
            let stream = TcpStream::connect(gateway.running().agencies).await.unwrap();
            let stream = tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_certificate_is_told_once_for_each_step() {
    let gateway = Builder::default().mail().start().await;
    answers(&gateway, "kent-police").await;
    // Those of the development authority are valid for thirty days.
    let days = async |gateway: &TestGateway, holder: &str, purpose: &str| -> Vec<u64> {
        let events = gateway.events_of("certificate.expiring").await;
        let of = events.iter().filter(|e| e["holder"] == holder && e["purpose"] == purpose);
        of.map(|event| event["days"].as_u64().unwrap()).collect()
    };
    let mut expected = Vec::new();
    for (advance, step) in [(0, 30), (16, 14), (8, 7), (0, 7), (5, 1)] {
        gateway.advance(Duration::from_secs(3_600 + advance * 24 * 3_600));
        if expected.last() != Some(&step) {
            expected.push(step);
        }
        for (holder, purpose) in [
            ("gateway", "tls"),
            ("gateway", "tls_client"),
            ("gateway", "mail"),
            ("kent-police", "tls"),
            ("kent-council-housing", "mail"),
        ] {
            until(&format!("{holder} {purpose} {step}"), async || {
                (days(&gateway, holder, purpose).await == expected).then_some(())
            })
            .await;
        }
    }
    // The authority is good for ninety days, and told of once although three settings name it.
    assert_eq!(days(&gateway, "gateway", "authority").await, [90]);
    let metrics = gateway.gateway().metrics.text();
    let line =
        "portcullis_certificate_not_after_timestamp_seconds{holder=\"kent-police\",purpose=\"tls\",key=";
    assert!(metrics.contains(line), "{metrics}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_was_renewed_or_withdrawn_ends_in_peace() {
    let gateway = TestGateway::start().await;
    answers(&gateway, "kent-police").await;
    gateway.advance(Duration::from_secs(61));
    let told = async |holder: &str| {
        let events = gateway.events_of("certificate.expiring").await;
        events.into_iter().filter(|event| event["holder"] == holder).count()
    };
    until("the first step is told", async || (told("kent-police").await == 1).then_some(())).await;
    gateway.change_agency("kent-police", |agency| agency.tls_spki_sha256.clear()).await;
    gateway.advance(Duration::from_secs(20 * 24 * 3_600));
    until("the next step is told to the others", async || (told("gateway").await == 7).then_some(())).await;
    assert_eq!(told("kent-police").await, 1);
    assert!(!gateway.gateway().metrics.text().contains("holder=\"kent-police\",purpose=\"tls\""));
    gateway.stop().await;
}
