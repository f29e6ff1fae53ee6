//! What a message says is nowhere but in its sealed copies: canaries go in by bodies and attachments, in
//! requests that are accepted, refused and that panic, and neither the data folder nor the log, at its most
//! talkative, nor the metrics give one away in any of ten encodings. The same gateway with a door that logs
//! bodies gives them all away: the search finds what is there to be found.
//!
//! A binary of its own, since it listens to the log of the whole process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it should be")]

mod search;
#[allow(dead_code, unused_imports, reason = "the stories need more of it")]
#[path = "../journey/support/mod.rs"]
mod support;

use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use axum::{body::Bytes, extract::Request, http::Method, middleware, middleware::Next, response::Response};
use portcullis::{
    cli::serve::files,
    crypto::{hex, sha256},
    http::{self, Access, App, Call, server, trust::Trust},
    telemetry,
};
use reqwest::multipart::{Form, Part};
use search::{Canaries, ENCODINGS};
use serde_json::json;
use support::{Door, Message, TestGateway};
use tokio_util::sync::CancellationToken;

/// Each with something that every encoding writes differently.
const REASON: &str = "Reason œuf 7x+\"quoted\" = 100%/ж";
const SUMMARY: &str = "Summary žluť 4k+\"cited\" = 50%/я";
const PERSON: &str = "Person Ångström+Weiß 9q %/ю";
const WHY: &str = "Justified łódź 2m+\"because\" = 10%/ш";
const PAPER: &str = "Paper ñandú 5v+\"written\" = 75%/щ";
const UNKNOWN: &str = "Unknown çedilla 8j+ = 20%/э";
const BROKEN: &str = "Broken ünicode 3w+ = 30%/ы";
const ALL: [&str; 7] = [REASON, SUMMARY, PERSON, WHY, PAPER, UNKNOWN, BROKEN];

/// Everything that the process logs, as it would reach the operator.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The one of this process: every level of every part, and panics.
    fn of_process() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .init();
            telemetry::panics_without_values();
            log
        })
        .clone()
    }

    fn taken(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One at a time: there is one log.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A second door of a gateway, with a call that panics, and perhaps one that logs bodies.
struct SecondDoor {
    url: String,
    stop: CancellationToken,
}

impl SecondDoor {
    async fn open(gateway: &TestGateway, logs_bodies: bool) -> Self {
        let stop = CancellationToken::new();
        let app = App {
            gateway: gateway.gateway().clone(),
            long_poll_max: Duration::from_secs(1),
            request_timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_secs(30),
            large_uploads: Arc::new(tokio::sync::Semaphore::new(8)),
            draining: stop.clone(),
        };
        let mut calls = http::of_agencies();
        calls.push(Call::new(Method::POST, "/v1/panic", Access::Rules, axum::routing::post(panics)));
        let mut router = http::guarded(app, calls);
        if logs_bodies {
            router = router.layer(middleware::from_fn(log_body));
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let files = files::tls(&gateway.config).unwrap();
        let trust = Arc::new(Trust::new(&files, Default::default()).unwrap());
        let second = Duration::from_secs(5);
        let rules = server::Rules {
            connections: 16,
            handshake_timeout: second,
            header_timeout: second,
            streams: 16,
            drain: second,
        };
        let serving =
            server::serve_agencies(listener, trust, gateway.gateway().clone(), router, rules, stop.clone());
        tokio::spawn(serving);
        Self { url, stop }
    }

    fn door(&self, gateway: &TestGateway) -> Door {
        let profile = gateway.profile("kent-police");
        Door::new(self.url.clone(), Door::tls(&profile.ca, Some((&profile.certificate, &profile.key))))
    }
}

/// Panics as a slice inside a character does: with the text in its words.
async fn panics(body: Bytes) {
    panic!("cannot go on with {}", String::from_utf8_lossy(&body));
}

/// What nobody may do: the body in the log, in every encoding.
async fn log_body(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for (name, write) in ENCODINGS {
        // As bytes, past the formatting: UTF-16 is no text.
        Log::of_process().write_all(&[name.as_bytes(), b" ", &write(&text), b"\n"].concat()).unwrap();
    }
    next.run(Request::from_parts(head, bytes.into())).await
}

fn message(gateway: &TestGateway) -> Message {
    gateway
        .referral()
        .with("/body/referral_reason/reason_text", json!(REASON))
        .with("/body/conviction/offence_summary", json!(SUMMARY))
        .with("/sender/person/name", json!(PERSON))
        .with("/recipients/0/justification", json!(WHY))
}

fn with_paper(message: Message, paper: &[u8], said: &[u8]) -> (Message, Form) {
    let listed = json!([{ "name": "a.txt", "media_type": "text/plain", "bytes": said.len(),
                          "sha256": hex(&sha256(said)), "owner_agency": "kent-police",
                          "contains_victim_data": false }]);
    let message = message.with("/attachments", listed);
    let part = |bytes: Vec<u8>, kind: &str| Part::bytes(bytes).mime_str(kind).unwrap();
    let form = Form::new()
        .part("message", part(message.bytes(), "application/json"))
        .part("attachment", part(paper.to_vec(), "text/plain"));
    (message, form)
}

/// Requests that are accepted, refused, and that panic; each has canaries in it.
async fn everything(gateway: &TestGateway, door: &Door) {
    let status = |reply: support::Reply| reply.status.as_u16();
    let paper = format!("{PAPER}\n").repeat(5_000).into_bytes();
    assert_eq!(status(door.post(message(gateway).bytes()).await), 202);
    let (_, form) = with_paper(message(gateway), &paper, &paper);
    assert_eq!(status(door.post_form(form).await), 202);
    assert_eq!(status(door.check(message(gateway).bytes()).await), 200);

    // Another digest than that of the paper; after its beginning is on disk.
    let (_, form) = with_paper(message(gateway), &paper, b"something else");
    assert!((400..500).contains(&status(door.post_form(form).await)));
    let mut unknown = message(gateway);
    unknown.0["body"][UNKNOWN] = json!(UNKNOWN);
    unknown.0["recipients"][0][UNKNOWN] = json!({ UNKNOWN: UNKNOWN });
    assert_eq!(status(door.post(unknown.bytes()).await), 422);
    let wrong = message(gateway).with("/type", json!(BROKEN)).with("/area", json!(BROKEN));
    assert!((400..500).contains(&status(door.post(wrong.bytes()).await)));
    let mut half = message(gateway).with("/body/risk/imminence", json!(BROKEN)).bytes();
    half.truncate(half.len() - 40);
    assert_eq!(status(door.post(half).await), 400);
    let stranger = message(gateway).with("/recipients/0/agency_id", json!("kent-nobody"));
    assert!((400..500).contains(&status(door.post(stranger.bytes()).await)));

    let panicking = door.request(Method::POST, "/v1/panic").body(message(gateway).bytes());
    assert!(Door::send(panicking).await.is_err(), "the connection breaks, there is no answer");
    assert_eq!(status(door.get("/v1/whoami").await), 200, "others go on");
}

fn look(canaries: &Canaries, folder: &Path, found: &mut Vec<String>) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += look(canaries, &path, found);
            continue;
        }
        files += 1;
        let given = canaries.find(&std::fs::read(&path).unwrap());
        found.extend(given.map(|canary| format!("{}: {canary}", path.display())));
    }
    files
}

async fn metrics(gateway: &TestGateway) -> String {
    let address = gateway.running().admin;
    reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_of_a_body_or_an_attachment_is_in_data_folder_log_or_metrics() {
    let _alone = ALONE.lock().await;
    let (log, canaries) = (Log::of_process(), Canaries::new(&ALL));
    let gateway = TestGateway::start().await;
    let second = SecondDoor::open(&gateway, false).await;
    log.taken();
    everything(&gateway, &second.door(&gateway)).await;
    let events = gateway.events().await;
    assert!(events.iter().any(|event| event["type"] == "message.accepted"));
    assert!(events.iter().any(|event| event["type"] == "message.refused"));

    let mut found = Vec::new();
    // While it runs, so that the engine's own log is there too.
    let files = look(&canaries, &gateway.config.store.path, &mut found);
    assert!(files > 3, "database, its log, ciphertext");
    let told = metrics(&gateway).await;
    assert!(told.contains("portcullis_messages_accepted_total"), "{told}");
    found.extend(canaries.find(told.as_bytes()).map(|canary| format!("metrics: {canary}")));
    second.stop.cancel();
    let logged = log.taken();
    let text = String::from_utf8_lossy(&logged);
    assert!(text.contains("TRACE") && text.contains("tests/canary/main.rs"), "it said much, and the panic");
    found.extend(canaries.find(&logged).map(|canary| format!("log: {canary}")));
    assert!(found.is_empty(), "{}", found.join("\n"));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_logs_bodies_gives_every_canary_away_in_every_encoding() {
    let _alone = ALONE.lock().await;
    let log = Log::of_process();
    let gateway = TestGateway::start().await;
    let second = SecondDoor::open(&gateway, true).await;
    log.taken();
    everything(&gateway, &second.door(&gateway)).await;
    let logged = log.taken();
    for canary in ALL {
        assert_eq!(Canaries::new(&[canary]).find(&logged), Some(canary));
    }
    // The same log, wherever it would lie, and one encoding at a time.
    let leak = gateway.config.store.path.join("leak.log");
    for (name, write) in ENCODINGS {
        std::fs::write(&leak, write(&format!("before {REASON} after"))).unwrap();
        let mut found = Vec::new();
        look(&Canaries::new(&[REASON]), &gateway.config.store.path, &mut found);
        assert_eq!(found.len(), 1, "{name}");
    }
    second.stop.cancel();
    gateway.stop().await;
}
