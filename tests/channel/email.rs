use portcullis::{
    channel::{ChannelFault, Outcome, email::EmailChannel},
    cli::{
        demo::mail_sink::{AfterData, Behaviour, MailSink, StartTls},
        pki::{DevelopmentCa, server_config},
    },
    config,
};
use std::{net::SocketAddr, sync::Arc};
use tokio::io::AsyncWriteExt;

use super::{Files, LONG, SHORT, authority, delivered, delivery, expired_authority, later, never, peers};

const TO: &str = "team@housing.kent.example";
const MAIL: &[u8] = b"Subject: OFFICIAL-SENSITIVE\r\n\r\n.one dot\r\n..two\r\n.\r\n\r\nend\r\n";

/// The gateway's side and its relay's certificate.
struct Post {
    ca: DevelopmentCa,
    files: Files,
}

impl Post {
    fn new() -> Self {
        Self { ca: authority(), files: Files::new() }
    }

    fn config(&self, relay: SocketAddr) -> config::Mail {
        config::Mail {
            host: relay.ip().to_string(),
            port: relay.port(),
            server_name: "relay.kent.example".into(),
            ca: Some(self.files.put("relay-ca.crt", self.ca.certificate_pem())),
            from: "portcullis@kent.example".into(),
            helo: "gateway.kent.example".into(),
            timeout: LONG,
            connections: 2,
        }
    }

    fn channel(&self, relay: SocketAddr) -> EmailChannel {
        EmailChannel::new(&self.config(relay)).unwrap()
    }

    fn tls_of(&self, ca: &DevelopmentCa, name: &str) -> Arc<rustls::ServerConfig> {
        let server = ca.issue_server(&[name]).unwrap();
        server_config(&server.certificate_pem, &server.key_pem, None).unwrap()
    }

    fn tls(&self) -> Arc<rustls::ServerConfig> {
        self.tls_of(&self.ca, "relay.kent.example")
    }

    async fn sink(&self, behaviour: Behaviour) -> MailSink {
        MailSink::start("127.0.0.1:0".parse().unwrap(), self.tls(), behaviour, None).await.unwrap()
    }
}

async fn send(channel: &EmailChannel) -> Outcome {
    channel.send(TO, delivery(1), MAIL.into()).await
}

#[tokio::test]
async fn a_mail_arrives_byte_for_byte_over_tls() {
    let post = Post::new();
    let sink = post.sink(Behaviour::default()).await;
    let channel = post.channel(sink.address());
    let eight_bit = "Subject: x\r\n\r\né\r\n".as_bytes();
    assert_eq!(send(&channel).await, delivered("smtp_250"));
    assert_eq!(channel.send(TO, delivery(2), eight_bit.into()).await, delivered("smtp_250"));
    let mails = sink.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].bytes, MAIL);
    assert_eq!(mails[1].bytes, eight_bit);
    for mail in mails {
        assert!(mail.over_tls);
        assert_eq!((mail.from.as_str(), &mail.to[..]), ("portcullis@kent.example", &[TO.to_owned()][..]));
    }
}

#[tokio::test]
async fn a_recipient_may_be_refused_for_now_or_for_good() {
    let post = Post::new();
    let unknown_recipients = [TO.to_owned()].into();
    let sink = post.sink(Behaviour { next_rcpts_451: 1, unknown_recipients, ..Behaviour::default() }).await;
    let channel = post.channel(sink.address());
    assert_eq!(send(&channel).await, later("smtp_451"));
    assert_eq!(send(&channel).await, never("smtp_550"));
    sink.change(|behaviour| behaviour.unknown_recipients.clear());
    assert_eq!(send(&channel).await, delivered("smtp_250"));
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_larger_than_the_relay_takes_is_refused_before_it_is_sent() {
    let post = Post::new();
    let sink = post.sink(Behaviour { mail_bytes_max: MAIL.len() - 1, ..Behaviour::default() }).await;
    let channel = post.channel(sink.address());
    assert_eq!(send(&channel).await, never("smtp_552"));
    sink.change(|behaviour| behaviour.mail_bytes_max = MAIL.len());
    assert_eq!(send(&channel).await, delivered("smtp_250"));
}

#[tokio::test]
async fn a_relay_without_starttls_gets_nothing_in_clear() {
    let post = Post::new();
    let sink = post.sink(Behaviour { starttls: StartTls::Absent, ..Behaviour::default() }).await;
    assert_eq!(send(&post.channel(sink.address())).await, later("starttls_missing"));
    assert!(sink.mails().is_empty());
    let (address, heard) = peers::serve_one(|mut stream| async move {
        stream.write_all(b"220 relay\r\n").await.unwrap();
        peers::converse(&mut stream, &["250-relay\r\n250 8BITMIME\r\n", "221 bye\r\n"]).await
    })
    .await;
    assert_eq!(send(&post.channel(address)).await, later("starttls_missing"));
    assert_eq!(heard.await.unwrap(), ["EHLO gateway.kent.example\r\n", "QUIT\r\n"]);
}

#[tokio::test]
async fn a_relay_that_is_not_who_it_should_be_gets_nothing() {
    let (post, elsewhere, expired) = (Post::new(), authority(), expired_authority());
    for (ca, name, trusted) in [
        (&post.ca, "other.kent.example", &post.ca),
        (&elsewhere, "relay.kent.example", &post.ca),
        (&expired, "relay.kent.example", &expired),
    ] {
        let any = "127.0.0.1:0".parse().unwrap();
        let tls = post.tls_of(ca, name);
        let sink = MailSink::start(any, tls, Behaviour::default(), None).await.unwrap();
        let mut config = post.config(sink.address());
        config.ca = Some(post.files.put("trusted.crt", trusted.certificate_pem()));
        assert_eq!(send(&EmailChannel::new(&config).unwrap()).await, later("tls"));
        assert!(sink.mails().is_empty());
        // Nor is a development authority one of the public ones.
        config.ca = None;
        assert_eq!(send(&EmailChannel::new(&config).unwrap()).await, later("tls"));
    }
}

#[tokio::test]
async fn replies_that_were_slipped_in_before_tls_are_not_believed() {
    let post = Post::new();
    let tls = post.tls();
    let (address, heard) = peers::serve_one(|mut stream| async move {
        stream.write_all(b"220 relay\r\n").await.unwrap();
        peers::line(&mut stream).await.unwrap();
        stream.write_all(b"250-relay\r\n250 STARTTLS\r\n").await.unwrap();
        peers::line(&mut stream).await.unwrap();
        let forged = [
            &["220 go\r\n", "250 relay\r\n", "250 relay\r\n"][..],
            &["250 ok\r\n"; 2],
            &["354 go\r\n", "250 ok\r\n"],
        ];
        stream.write_all(forged.concat().concat().as_bytes()).await.unwrap();
        let mut stream = peers::tls(stream, tls).await.ok()?;
        Some(peers::converse(&mut stream, &[]).await)
    })
    .await;
    assert_eq!(send(&post.channel(address)).await, later("tls"));
    assert_eq!(heard.await.unwrap(), None);
}

#[tokio::test]
async fn a_mail_without_an_answer_is_sent_again() {
    let post = Post::new();
    for (after_data, copies) in [(AfterData::KeepAndClose, 2), (AfterData::DropAndClose, 1)] {
        let sink = post.sink(Behaviour { after_data, ..Behaviour::default() }).await;
        let channel = post.channel(sink.address());
        assert_eq!(send(&channel).await, later("smtp_lost"));
        sink.change(|behaviour| behaviour.after_data = AfterData::Reply);
        assert_eq!(send(&channel).await, delivered("smtp_250"));
        let mails = sink.mails();
        assert_eq!(mails.len(), copies);
        assert!(mails.iter().all(|mail| mail.bytes == MAIL));
    }
}

#[tokio::test]
async fn a_relay_that_is_away_silent_or_unwilling_is_tried_later() {
    let post = Post::new();
    assert_eq!(send(&post.channel(peers::nobody().await)).await, later("connect"));
    let mut config = post.config(peers::nobody().await);
    config.host = "nowhere.invalid".into();
    assert_eq!(send(&EmailChannel::new(&config).unwrap()).await, later("resolve"));
    let (address, held) = peers::serve_one(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let config = config::Mail { timeout: SHORT, ..post.config(address) };
    assert_eq!(send(&EmailChannel::new(&config).unwrap()).await, later("timeout"));
    held.abort();
    for (greeting, code) in [
        ("554 5.7.1 go away\r\n", "smtp_554"),
        ("421 busy\r\n", "smtp_421"),
        ("hello\r\n", "smtp_broken"),
        ("", "smtp_broken"),
    ] {
        let greet = move |mut stream: tokio::net::TcpStream| async move {
            stream.write_all(greeting.as_bytes()).await.unwrap();
        };
        let (address, _) = peers::serve_one(greet).await;
        assert_eq!(send(&post.channel(address)).await, later(code), "{greeting:?}");
    }
}

#[tokio::test]
async fn a_relay_that_falls_silent_over_the_mail_leaves_the_outcome_open() {
    let post = Post::new();
    let tls = post.tls();
    let (address, served) = peers::serve_one(|stream| async move {
        let ehlo = "250-relay\r\n250 8BITMIME\r\n";
        let (ok, go) = ("250 ok\r\n", "354 go\r\n");
        peers::converse(&mut up_to_tls(stream, tls).await, &[ehlo, ehlo, ok, ok, go]).await
    })
    .await;
    // Long enough for the handshake on a busy machine.
    let config = config::Mail { timeout: SHORT * 10, ..post.config(address) };
    assert_eq!(send(&EmailChannel::new(&config).unwrap()).await, later("smtp_lost"));
    assert_eq!(served.await.unwrap().last().unwrap(), ".\r\n");
}

#[tokio::test]
async fn a_relay_that_makes_delivery_reports_is_asked_for_them_under_the_deliverys_id() {
    let post = Post::new();
    let tls = post.tls();
    let (address, heard) = peers::serve_one(|stream| async move {
        let (ehlo, ok) = ("250-relay\r\n250 DSN\r\n", "250 ok\r\n");
        let replies = [ehlo, ehlo, ok, ok, "354 go\r\n", "", ok];
        peers::converse(&mut up_to_tls(stream, tls).await, &replies).await
    })
    .await;
    let channel = post.channel(address);
    let id = delivery(1);
    assert_eq!(channel.send(TO, id, b"x\r\n".to_vec()).await, delivered("smtp_250"));
    drop(channel);
    let heard = heard.await.unwrap();
    assert_eq!(heard[2], format!("MAIL FROM:<portcullis@kent.example> RET=HDRS ENVID={id}\r\n"));
    assert_eq!(heard[3], format!("RCPT TO:<{TO}> NOTIFY=SUCCESS,FAILURE\r\n"));
    assert_eq!(heard[5..7], ["x\r\n", ".\r\n"]);
}

#[tokio::test]
async fn one_connection_serves_many_mails_and_a_relay_that_came_back_is_found() {
    let post = Post::new();
    let sink = post.sink(Behaviour::default()).await;
    let address = sink.address();
    let channel = post.channel(address);
    for _ in 0..3 {
        assert_eq!(send(&channel).await, delivered("smtp_250"));
    }
    sink.stop().await;
    assert_eq!(send(&channel).await, later("connect"));
    let sink = MailSink::start(address, post.tls(), Behaviour::default(), None).await.unwrap();
    let both = tokio::join!(send(&channel), send(&channel), send(&channel));
    assert_eq!(both, (delivered("smtp_250"), delivered("smtp_250"), delivered("smtp_250")));
    assert_eq!(sink.mails().len(), 3);
}

#[tokio::test]
async fn what_cannot_be_said_in_smtp_is_not_sent() {
    let post = Post::new();
    let sink = post.sink(Behaviour::default()).await;
    let channel = post.channel(sink.address());
    for to in ["", "team", "a@b.example>\r\nRCPT TO:<c@d.example"] {
        assert_eq!(channel.send(to, delivery(1), MAIL.into()).await, later("bad_address"));
    }
    let smuggled = b"a\r\n\n.\nMAIL FROM:<>\r\n".to_vec();
    assert_eq!(channel.send(TO, delivery(1), smuggled).await, never("bad_mail"));
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn settings_that_are_no_use_are_named() {
    let post = Post::new();
    let relay = "127.0.0.1:25".parse().unwrap();
    let empty = config::Mail { ca: Some(post.files.put("empty.crt", "")), ..post.config(relay) };
    assert!(matches!(EmailChannel::new(&empty), Err(ChannelFault::NotPem { .. })));
    let nobody = config::Mail { from: "nobody".into(), ..post.config(relay) };
    assert!(matches!(EmailChannel::new(&nobody), Err(ChannelFault::From)));
}

/// The relay's side of a connection up to TLS.
async fn up_to_tls(
    mut stream: tokio::net::TcpStream,
    tls: Arc<rustls::ServerConfig>,
) -> tokio_rustls::server::TlsStream<tokio::net::TcpStream> {
    stream.write_all(b"220 relay\r\n").await.unwrap();
    for reply in ["250-relay\r\n250 STARTTLS\r\n", "220 go\r\n"] {
        peers::line(&mut stream).await.unwrap();
        stream.write_all(reply.as_bytes()).await.unwrap();
    }
    peers::tls(stream, tls).await.unwrap()
}
