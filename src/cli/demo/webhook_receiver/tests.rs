use base64::{Engine, engine::general_purpose::STANDARD};

use super::*;
use crate::{
    cli::pki::{DevelopmentCa, Issued, server_config},
    crypto::{
        ed25519::{SigningKey, generate},
        random::Random,
    },
};

const LONG: Duration = Duration::from_secs(30);
const BODY: &str = r#"{"protected":"e30"}"#;

struct Agency {
    receiver: WebhookReceiver,
    ca: DevelopmentCa,
    gateway: SigningKey,
}

impl Agency {
    async fn open(save_to: Option<PathBuf>) -> Self {
        let ca = DevelopmentCa::new(Clock::system(), Random::system()).unwrap();
        let server = ca.issue_server(&["localhost", "127.0.0.1"]).unwrap();
        let config =
            server_config(&server.certificate_pem, &server.key_pem, Some(ca.certificate_pem())).unwrap();
        let gateway = SigningKey::from_pkcs8(&generate().unwrap()).unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let receiver =
            WebhookReceiver::start(any, config, gateway.public(), Clock::system(), save_to).await.unwrap();
        Self { receiver, ca, gateway }
    }

    fn client(&self, identity: Option<Issued>) -> reqwest::Client {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let root = reqwest::Certificate::from_pem(self.ca.certificate_pem().as_bytes()).unwrap();
        let mut builder = reqwest::Client::builder()
            .tls_certs_only([root])
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        if let Some(issued) = identity {
            let pem = format!("{}{}", *issued.key_pem, issued.certificate_pem);
            builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
        }
        builder.build().unwrap()
    }

    /// A push of [`BODY`] as the gateway makes it, signed by `key`.
    fn push(&self, identity: Option<Issued>, key: &SigningKey, id: &str) -> reqwest::RequestBuilder {
        let at = Clock::system().now().as_second().to_string();
        let signature = STANDARD.encode(key.sign(format!("{id}.{at}.{BODY}").as_bytes()));
        self.client(identity)
            .post(format!("https://{}/hook?x=1", self.receiver.address()))
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", format!("v1a,{signature}"))
            .body(BODY)
    }

    async fn send(&self, id: &str) -> reqwest::Result<reqwest::Response> {
        self.push(Some(self.identity()), &self.gateway, id).send().await
    }

    fn identity(&self) -> Issued {
        self.ca.issue_client(&"kent-gateway".parse().unwrap()).unwrap()
    }
}

#[tokio::test]
async fn a_push_with_a_good_signature_is_taken_and_saved_as_received() {
    let folder = tempfile::tempdir().unwrap();
    let agency = Agency::open(Some(folder.path().into())).await;
    assert_eq!(agency.send("d-1").await.unwrap().status(), StatusCode::NO_CONTENT);
    let pushes = agency.receiver.wait_for(1, LONG).await.unwrap();
    let [push] = &pushes[..] else { panic!("one push") };
    assert!(push.signature_ok);
    assert_eq!((push.id.as_deref(), &*push.body), (Some("d-1"), BODY.as_bytes()));
    let sent: &str = push.headers["webhook-timestamp"].to_str().unwrap();
    assert_eq!(push.timestamp.unwrap().as_second().to_string(), sent);
    let file = std::fs::read_to_string(folder.path().join("d-1.http")).unwrap();
    let (head, body) = file.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, BODY);
    assert!(head.starts_with("POST /hook?x=1 HTTP/2"), "{head}");
    assert!(head.contains(&format!("\r\nwebhook-timestamp: {sent}\r\n")), "{head}");
}

#[tokio::test]
async fn a_push_with_a_wrong_signature_is_refused_shown_and_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let agency = Agency::open(Some(folder.path().into())).await;
    let other = SigningKey::from_pkcs8(&generate().unwrap()).unwrap();
    let answer = agency.push(Some(agency.identity()), &other, "d-1").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let pushes = agency.receiver.pushes();
    assert_eq!((pushes.len(), pushes[0].signature_ok), (1, false));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn without_a_client_certificate_of_the_authority_the_handshake_fails() {
    let agency = Agency::open(None).await;
    assert!(agency.push(None, &agency.gateway, "d-1").send().await.is_err());
    let elsewhere = DevelopmentCa::new(Clock::system(), Random::system()).unwrap();
    let stranger = elsewhere.issue_client(&"kent-gateway".parse().unwrap()).unwrap();
    assert!(agency.push(Some(stranger), &agency.gateway, "d-1").send().await.is_err());
    let server = agency.ca.issue_server(&["localhost"]).unwrap();
    assert!(agency.push(Some(server), &agency.gateway, "d-1").send().await.is_err());
    assert!(agency.receiver.pushes().is_empty());
}

#[tokio::test]
async fn answers_on_demand_come_in_their_order_and_then_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let agency = Agency::open(Some(folder.path().into())).await;
    agency.receiver.change(|behaviour| {
        *behaviour = Behaviour::next(2, Answer::RetryAfter(StatusCode::SERVICE_UNAVAILABLE, 7));
        behaviour.next.push_back(Answer::Redirect(HeaderValue::from_static("https://127.0.0.1:1/")));
        behaviour.next.push_back(Answer::Status(StatusCode::GONE));
    });
    for _ in 0..2 {
        let answer = agency.send("d-1").await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()["retry-after"], "7");
    }
    let redirect = agency.send("d-1").await.unwrap();
    assert_eq!(redirect.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(redirect.headers()["location"], "https://127.0.0.1:1/");
    assert_eq!(agency.send("d-1").await.unwrap().status(), StatusCode::GONE);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(agency.send("d-1").await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(agency.receiver.pushes().len(), 5);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_push_leaves_the_sender_in_doubt() {
    let agency = Agency::open(None).await;
    agency.receiver.change(|behaviour| behaviour.always = Some(Answer::Close));
    assert!(agency.send("d-1").await.is_err());
    assert!(agency.receiver.wait_for(1, LONG).await.unwrap().iter().all(|push| push.signature_ok));
    agency.receiver.change(|behaviour| behaviour.always = None);
    assert_eq!(agency.send("d-1").await.unwrap().status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn http_1_is_spoken_too_and_only_post_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let agency = Agency::open(Some(folder.path().into())).await;
    let push = agency.push(Some(agency.identity()), &agency.gateway, "d-1");
    let answer = push.version(reqwest::Version::HTTP_11).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let get = agency.client(Some(agency.identity())).get(format!("https://{}/", agency.receiver.address()));
    assert_eq!(get.send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(agency.receiver.pushes().len(), 1);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_and_not_kept() {
    let agency = Agency::open(None).await;
    let push = agency.push(Some(agency.identity()), &agency.gateway, "d-1").body(vec![b'x'; (8 << 20) + 1]);
    // The answer may come before all of the body is sent, and the client may call that an error.
    if let Ok(answer) = push.send().await {
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert!(agency.receiver.pushes().is_empty());
}

#[tokio::test]
async fn a_stopped_receiver_takes_nothing() {
    let agency = Agency::open(None).await;
    agency.receiver.stop().await;
    assert!(agency.send("d-1").await.is_err());
}
