use std::{collections::BTreeMap, sync::Arc};

use hyper::{StatusCode, header::HeaderValue};
use portcullis::{
    channel::{
        ChannelFault, Outcome,
        webhook::{Signer, WebhookChannel},
    },
    cli::{
        demo::webhook_receiver::{Answer, Behaviour, WebhookReceiver},
        pki::{DevelopmentCa, server_config},
    },
    clock::Clock,
    config,
    crypto::ed25519::{SigningKey, generate},
    message::AgencyId,
};
use tokio::io::AsyncWriteExt;

use super::{
    Duration, Files, LONG, SHORT, authority, delivered, delivery, expired_authority, later, never, peers,
};

const BODY: &str = r#"{"protected":"e30"}"#;

fn housing() -> AgencyId {
    "kent-council-housing".parse().unwrap()
}

/// The gateway's side: an authority for all, files, and settings under which the housing department's
/// server may be on loopback.
struct Gateway {
    ca: DevelopmentCa,
    files: Files,
    key: Arc<SigningKey>,
    config: config::Webhook,
}

impl Gateway {
    fn new() -> Self {
        let (ca, files) = (authority(), Files::new());
        let client = ca.issue_client(&"kent-gateway".parse().unwrap()).unwrap();
        let loopback = ["127.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
        let config = config::Webhook {
            ca: files.put("ca.crt", ca.certificate_pem()),
            client_certificate: files.put("client.crt", &client.certificate_pem),
            client_key: files.put("client.key", &client.key_pem),
            passphrase: None,
            timeout: LONG,
            allow: BTreeMap::from([(housing(), loopback.into())]),
        };
        let key = Arc::new(SigningKey::from_pkcs8(&generate().unwrap()).unwrap());
        Self { ca, files, key, config }
    }

    fn channel(&self) -> WebhookChannel {
        self.try_channel().unwrap()
    }

    fn try_channel(&self) -> Result<WebhookChannel, ChannelFault> {
        let key = self.key.clone();
        let signer: Signer = Arc::new(move |bytes| vec![key.sign(bytes)]);
        WebhookChannel::new(&self.config, signer, Clock::system())
    }

    /// The agency's server with a certificate of `ca` for these names.
    async fn receiver_of(&self, ca: &DevelopmentCa, names: &[&str]) -> WebhookReceiver {
        let server = ca.issue_server(names).unwrap();
        let tls = server_config(&server.certificate_pem, &server.key_pem, Some(self.ca.certificate_pem()));
        let any = "127.0.0.1:0".parse().unwrap();
        WebhookReceiver::start(any, tls.unwrap(), self.key.public(), Clock::system(), None).await.unwrap()
    }

    async fn receiver(&self) -> WebhookReceiver {
        self.receiver_of(&self.ca, &["localhost", "127.0.0.1"]).await
    }
}

fn url_of(receiver: &WebhookReceiver) -> String {
    format!("https://{}/hook", receiver.address())
}

async fn push(channel: &WebhookChannel, url: &str) -> Outcome {
    channel.push(&housing(), url, delivery(1), BODY.into()).await
}

#[tokio::test]
async fn a_push_arrives_signed_under_one_id_on_each_attempt() {
    let gateway = Gateway::new();
    let (receiver, channel) = (gateway.receiver().await, gateway.channel());
    receiver.change(|behaviour| *behaviour = Behaviour::next(1, Answer::Status(StatusCode::BAD_GATEWAY)));
    assert_eq!(push(&channel, &url_of(&receiver)).await, later("http_502"));
    assert_eq!(push(&channel, &url_of(&receiver)).await, delivered("http_204"));
    let pushes = receiver.pushes();
    assert_eq!(pushes.len(), 2);
    for push in pushes {
        assert!(push.signature_ok);
        assert_eq!(push.id, Some(delivery(1).to_string()));
        assert_eq!(push.body, BODY);
        assert_eq!(push.headers["content-type"], "application/jose+json");
    }
}

#[tokio::test]
async fn answers_become_outcomes() {
    let gateway = Gateway::new();
    let (receiver, channel) = (gateway.receiver().await, gateway.channel());
    for (status, outcome) in [
        (200, delivered("http_200")),
        (202, delivered("http_202")),
        (401, later("http_401")),
        (403, later("http_403")),
        (404, later("http_404")),
        (408, later("http_408")),
        (410, never("http_410")),
        (413, never("http_413")),
        (415, never("http_415")),
        (422, never("http_422")),
        (429, later("http_429")),
        (500, later("http_500")),
        (503, later("http_503")),
    ] {
        let answer = Answer::Status(StatusCode::from_u16(status).unwrap());
        receiver.change(|behaviour| *behaviour = Behaviour::next(1, answer));
        assert_eq!(push(&channel, &url_of(&receiver)).await, outcome);
    }
}

#[tokio::test]
async fn the_wait_that_a_server_asks_for_is_told() {
    let gateway = Gateway::new();
    let (receiver, channel) = (gateway.receiver().await, gateway.channel());
    for (asked_s, told_s) in [(7, 7), (200_000, 86_400)] {
        let answer = Answer::RetryAfter(StatusCode::SERVICE_UNAVAILABLE, asked_s);
        receiver.change(|behaviour| *behaviour = Behaviour::next(1, answer));
        let wait = Some(Duration::from_secs(told_s));
        let outcome = Outcome::Later { code: "http_503".into(), retry_after: wait };
        assert_eq!(push(&channel, &url_of(&receiver)).await, outcome);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let gateway = Gateway::new();
    let (receiver, channel) = (gateway.receiver().await, gateway.channel());
    let there = HeaderValue::from_str(&url_of(&receiver)).unwrap();
    receiver.change(|behaviour| *behaviour = Behaviour::next(1, Answer::Redirect(there)));
    assert_eq!(push(&channel, &url_of(&receiver)).await, later("http_307"));
    assert_eq!(receiver.pushes().len(), 1);
}

#[tokio::test]
async fn a_server_in_a_private_network_is_pushed_to_only_where_that_agency_is_listed() {
    let gateway = Gateway::new();
    let (receiver, channel) = (gateway.receiver().await, gateway.channel());
    let (url, port) = (url_of(&receiver), receiver.address().port());
    let by_name = format!("https://localhost:{port}/hook");
    let stranger: AgencyId = "kent-police".parse().unwrap();
    for url in
        [&url, &by_name, &format!("https://0x7f.1:{port}/"), &format!("https://[::ffff:127.0.0.1]:{port}/")]
    {
        let outcome = channel.push(&stranger, url, delivery(1), BODY.into()).await;
        assert_eq!(outcome, later("forbidden_address"), "{url}");
    }
    assert!(receiver.pushes().is_empty());
    for url in [&url, &by_name] {
        assert_eq!(push(&channel, url).await, delivered("http_204"));
    }
}

#[tokio::test]
async fn a_server_that_is_not_who_it_should_be_gets_nothing() {
    let (gateway, elsewhere, expired) = (Gateway::new(), authority(), expired_authority());
    let both = format!("{}{}", gateway.ca.certificate_pem(), expired.certificate_pem());
    gateway.files.put("ca.crt", &both);
    let channel = gateway.channel();
    for (ca, name) in [(&gateway.ca, "other.example"), (&elsewhere, "127.0.0.1"), (&expired, "127.0.0.1")] {
        let receiver = gateway.receiver_of(ca, &[name]).await;
        assert_eq!(push(&channel, &url_of(&receiver)).await, later("tls"));
        assert!(receiver.pushes().is_empty());
    }
}

#[tokio::test]
async fn the_gateways_certificate_is_shown_and_can_be_replaced_while_it_runs() {
    let (gateway, elsewhere) = (Gateway::new(), authority());
    let receiver = gateway.receiver().await;
    let sound = [&gateway.config.client_certificate, &gateway.config.client_key]
        .map(|path| std::fs::read_to_string(path).unwrap());
    let foreign = elsewhere.issue_client(&"kent-gateway".parse().unwrap()).unwrap();
    gateway.files.put("client.crt", &foreign.certificate_pem);
    gateway.files.put("client.key", &foreign.key_pem);
    let channel = gateway.channel();
    // The server's alert may be overtaken by the end of its connection (TLS 1.3 asks for the certificate
    // so late that the push is under way by then).
    let refused = push(&channel, &url_of(&receiver)).await;
    assert!(refused == later("tls") || refused == later("lost"), "{refused:?}");
    assert!(receiver.pushes().is_empty());
    gateway.files.put("client.crt", &sound[0]);
    assert!(matches!(channel.reload(), Err(ChannelFault::Tls(_))), "another's key");
    gateway.files.put("client.key", &sound[1]);
    channel.reload().unwrap();
    assert_eq!(push(&channel, &url_of(&receiver)).await, delivered("http_204"));
}

#[tokio::test]
async fn a_file_that_is_missing_or_something_else_is_named() {
    let mut gateway = Gateway::new();
    gateway.config.ca = gateway.files.put("empty.crt", "");
    assert!(
        gateway.try_channel().err().unwrap().to_string().ends_with("empty.crt holds no certificate in PEM")
    );
    gateway.config.ca.set_file_name("nowhere.crt");
    assert!(matches!(gateway.try_channel(), Err(ChannelFault::Unreadable { .. })));
}

#[tokio::test]
async fn what_cannot_be_dialled_may_be_dialled_later() {
    let channel = Gateway::new().channel();
    for (url, code) in [
        (format!("https://{}/", peers::nobody().await), "connect"),
        ("https://nowhere.invalid/".into(), "resolve"),
        ("http://127.0.0.1/".into(), "bad_url"),
        ("housing".into(), "bad_url"),
    ] {
        assert_eq!(push(&channel, &url).await, later(code), "{url}");
    }
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for() {
    let mut gateway = Gateway::new();
    gateway.config.timeout = SHORT;
    let (address, held) = peers::serve_one(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(push(&gateway.channel(), &format!("https://{address}/")).await, later("timeout"));
    held.abort();
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_outcome_open_and_nothing_is_sent_twice() {
    let gateway = Gateway::new();
    let (receiver, channel) = (gateway.receiver().await, gateway.channel());
    receiver.change(|behaviour| *behaviour = Behaviour::next(1, Answer::Close));
    assert_eq!(push(&channel, &url_of(&receiver)).await, later("lost"));
    assert_eq!(receiver.pushes().len(), 1);
}

#[tokio::test]
async fn an_endless_answer_neither_hangs_nor_fills_the_memory() {
    let gateway = Gateway::new();
    let server = gateway.ca.issue_server(&["127.0.0.1"]).unwrap();
    let tls = server_config(&server.certificate_pem, &server.key_pem, None).unwrap();
    let (address, taken) = peers::serve_one(move |stream| async move {
        let mut stream = peers::tls(stream, tls).await.unwrap();
        peers::request(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut bytes = 0_usize;
        while stream.write_all(&[b'x'; 16 << 10]).await.is_ok() {
            bytes += 16 << 10;
        }
        bytes
    })
    .await;
    assert_eq!(push(&gateway.channel(), &format!("https://{address}/")).await, delivered("http_200"));
    // The gateway has hung up; what was written until then filled the buffers of the two sockets.
    let bytes = tokio::time::timeout(LONG, taken).await.unwrap().unwrap();
    assert!(bytes < 64 << 20, "{bytes}");
}

#[tokio::test]
async fn a_short_answer_is_read_so_that_one_connection_serves_many_pushes() {
    let gateway = Gateway::new();
    let server = gateway.ca.issue_server(&["127.0.0.1"]).unwrap();
    let tls = server_config(&server.certificate_pem, &server.key_pem, None).unwrap();
    // It takes one connection only: over a second one nothing would be answered.
    let (address, served) = peers::serve_one(move |stream| async move {
        let mut stream = peers::tls(stream, tls).await.unwrap();
        while peers::request(&mut stream).await.is_some() {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nok\r\n").await.unwrap();
        }
    })
    .await;
    let channel = gateway.channel();
    for _ in 0..3 {
        assert_eq!(push(&channel, &format!("https://{address}/")).await, delivered("http_200"));
    }
    served.abort();
}
