use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    address::Envelope,
    transport::smtp::{
        Error,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        response::Response,
    },
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::{
    cli::pki::{DevelopmentCa, server_config},
    clock::Clock,
    crypto::random::Random,
};

const LONG: Duration = Duration::from_secs(30);

struct Post {
    sink: MailSink,
    ca: DevelopmentCa,
}

impl Post {
    async fn open(behaviour: Behaviour, save_to: Option<PathBuf>) -> Self {
        let ca = DevelopmentCa::new(Clock::system(), Random::system()).unwrap();
        let server = ca.issue_server(&["localhost"]).unwrap();
        let config = server_config(&server.certificate_pem, &server.key_pem, None).unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        Self { sink: MailSink::start(any, config, behaviour, save_to).await.unwrap(), ca }
    }

    /// What lettre gets for a mail sent with STARTTLS required.
    async fn send(&self, to: &str, mail: &[u8]) -> Result<Response, Error> {
        // The other side of the process has installed the same one, or will do with this one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let root = Certificate::from_pem(self.ca.certificate_pem().as_bytes()).unwrap();
        let tls = TlsParameters::builder("localhost".into())
            .certificate_store(CertificateStore::None)
            .add_root_certificate(root)
            .build_rustls()
            .unwrap();
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(self.sink.address().port())
            .tls(Tls::Required(tls))
            .build();
        let envelope =
            Envelope::new(Some("gateway@area.example".parse().unwrap()), vec![to.parse().unwrap()]);
        transport.send_raw(&envelope.unwrap(), mail).await
    }

    /// Everything the sink answers to these bytes, sent in clear and all at once.
    async fn say(&self, sent: &str) -> String {
        let mut stream = TcpStream::connect(self.sink.address()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        answers
    }
}

fn in_clear() -> Behaviour {
    Behaviour { starttls: StartTls::Absent, ..Behaviour::default() }
}

fn code(result: Result<Response, Error>) -> Option<String> {
    result.unwrap_err().status().map(|code| code.to_string())
}

const MAIL: &[u8] =
    b"Subject: OFFICIAL-SENSITIVE\r\n\r\n.one dot\r\n..two\r\n.\r\n8 bit: \xc3\xa9\xff\x00\r\nend";

#[tokio::test]
async fn a_mail_sent_over_tls_arrives_byte_for_byte_and_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let post = Post::open(Behaviour::default(), Some(folder.path().into())).await;
    post.send("a@housing.example", MAIL).await.unwrap();
    post.send("b@housing.example", b"second").await.unwrap();
    let mails = post.sink.wait_for(2, LONG).await.unwrap();
    let [first, second] = &mails[..] else { panic!("two mails") };
    // The line end before the final dot belongs to the mail; lettre always sends one.
    assert_eq!(first.bytes, [MAIL, b"\r\n"].concat());
    assert!(first.over_tls);
    assert_eq!(first.from, "gateway@area.example");
    assert_eq!(first.to, ["a@housing.example"]);
    assert_eq!(second.to, ["b@housing.example"]);
    assert_eq!(std::fs::read(folder.path().join("1.eml")).unwrap(), first.bytes);
    assert_eq!(std::fs::read(folder.path().join("2.eml")).unwrap(), second.bytes);
}

#[tokio::test]
async fn mail_in_clear_is_refused_by_a_server_that_requires_tls() {
    let post = Post::open(Behaviour::default(), None).await;
    let answers = post.say("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nQUIT\r\n").await;
    assert!(answers.contains("250-STARTTLS\r\n"), "{answers}");
    assert!(answers.contains("\r\n530 5.7.0"), "{answers}");
    assert!(
        answers.ends_with("503 5.5.1 not now\r\n503 5.5.1 not now\r\n221 2.0.0 goodbye\r\n"),
        "{answers}"
    );
    assert!(post.sink.mails().is_empty());
}

#[tokio::test]
async fn a_client_that_requires_tls_sends_nothing_to_a_server_without() {
    let post = Post::open(in_clear(), None).await;
    assert!(post.send("a@housing.example", MAIL).await.is_err());
    assert!(post.sink.mails().is_empty());
}

#[tokio::test]
async fn a_server_without_tls_takes_mail_in_clear_and_says_so() {
    let post = Post::open(in_clear(), None).await;
    let answers = post
        .say("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n..x\r\n.\r\nRSET\r\nNOOP\r\nSTARTTLS\r\nQUIT\r\n")
        .await;
    assert!(!answers.contains("STARTTLS"), "{answers}");
    let codes: Vec<&str> =
        answers.lines().filter(|line| !line.starts_with("250-")).map(|l| &l[..3]).collect();
    assert_eq!(codes, ["220", "250", "250", "250", "354", "250", "250", "250", "502", "221"]);
    let mails = post.sink.mails();
    assert_eq!((mails.len(), &*mails[0].bytes, mails[0].over_tls), (1, &b".x\r\n"[..], false));
}

#[tokio::test]
async fn commands_sent_along_with_starttls_are_never_obeyed() {
    let post = Post::open(Behaviour::default(), None).await;
    let answers = post.say("EHLO x\r\nSTARTTLS\r\nMAIL FROM:<a@b>\r\n").await;
    assert!(answers.ends_with("\r\n421 4.7.0 nothing may follow STARTTLS\r\n"), "{answers}");
}

#[tokio::test]
async fn a_mail_hidden_behind_a_bare_line_feed_is_not_seen_as_one() {
    let post = Post::open(in_clear(), None).await;
    let hidden = "MAIL FROM:<evil@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nhidden\r\n.\r\n";
    for ending in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r"] {
        let sent = format!("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nx{ending}{hidden}QUIT\r\n");
        let answers = post.say(&sent).await;
        assert!(
            answers.ends_with("\r\n554 5.6.0 CR and LF occur only together\r\n221 2.0.0 goodbye\r\n"),
            "{answers}"
        );
    }
    assert!(post.sink.mails().is_empty());
}

#[tokio::test]
async fn the_next_recipients_are_put_off_and_the_one_after_is_taken() {
    let post = Post::open(Behaviour { next_rcpts_451: 2, ..Behaviour::default() }, None).await;
    assert_eq!(code(post.send("a@housing.example", MAIL).await).as_deref(), Some("451"));
    assert_eq!(code(post.send("a@housing.example", MAIL).await).as_deref(), Some("451"));
    post.send("a@housing.example", MAIL).await.unwrap();
    assert_eq!(post.sink.mails().len(), 1);
}

#[tokio::test]
async fn an_unknown_recipient_is_refused_until_it_is_known() {
    let post = Post::open(Behaviour::default(), None).await;
    post.sink.change(|behaviour| {
        behaviour.unknown_recipients.insert("Gone@Housing.example".into());
    });
    assert_eq!(code(post.send("gone@housing.example", MAIL).await).as_deref(), Some("550"));
    post.send("here@housing.example", MAIL).await.unwrap();
    post.sink.change(|behaviour| behaviour.unknown_recipients.clear());
    post.send("gone@housing.example", MAIL).await.unwrap();
    assert_eq!(post.sink.mails().len(), 2);
}

#[tokio::test]
async fn a_connection_closed_after_data_leaves_the_client_in_doubt() {
    let post =
        Post::open(Behaviour { after_data: AfterData::DropAndClose, ..Behaviour::default() }, None).await;
    assert!(post.send("a@housing.example", MAIL).await.is_err());
    assert!(post.sink.mails().is_empty());
    post.sink.change(|behaviour| behaviour.after_data = AfterData::KeepAndClose);
    assert!(post.send("a@housing.example", MAIL).await.is_err());
    assert_eq!(post.sink.wait_for(1, LONG).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_refused_before_and_after_it_is_sent() {
    let post = Post::open(Behaviour { mail_bytes_max: 10, ..in_clear() }, None).await;
    let mail = "RCPT TO:<a@b>\r\nDATA\r\n0123456789\r\n.\r\n";
    let told = post.say("EHLO x\r\nMAIL FROM:<a@b> SIZE=12\r\n").await;
    assert!(
        told.contains("250-SIZE 10\r\n") && told.ends_with("552 5.3.4 mail larger than SIZE allows\r\n"),
        "{told}"
    );
    let found = post.say(&format!("EHLO x\r\nMAIL FROM:<a@b>\r\n{mail}QUIT\r\n")).await;
    assert!(found.contains("552 5.3.4"), "{found}");
    assert!(post.sink.mails().is_empty());
}

#[tokio::test]
async fn endless_lines_and_endless_errors_end() {
    let post = Post::open(in_clear(), None).await;
    let long = post.say(&format!("{}\r\nNOOP\r\n", "x".repeat(100_000))).await;
    assert!(long.ends_with("\r\n500 5.5.2 line too long\r\n250 2.0.0 here\r\n"), "{long}");
    let errors = post.say(&"NONSENSE\r\n".repeat(20)).await;
    assert!(errors.ends_with("\r\n421 4.7.0 too many errors\r\n"), "{errors}");
}

#[tokio::test]
async fn a_stopped_sink_takes_no_mail_and_one_started_in_its_place_does() {
    let mut post = Post::open(Behaviour::default(), None).await;
    post.sink.stop().await;
    assert!(post.send("a@housing.example", MAIL).await.is_err());
    let server = post.ca.issue_server(&["localhost"]).unwrap();
    let config = server_config(&server.certificate_pem, &server.key_pem, None).unwrap();
    post.sink = MailSink::start(post.sink.address(), config, Behaviour::default(), None).await.unwrap();
    post.send("a@housing.example", MAIL).await.unwrap();
}
