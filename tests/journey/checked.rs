//! What is wrong with a message is told in one answer, the same by every way that a sender may ask, and
//! nothing of what was submitted stands in it, in the log or in the ledger.

use std::{
    io::{self, Write},
    process::Command,
    sync::{LazyLock, Mutex},
};

use portcullis::journey::Code;
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{Builder, CO_ORDINATOR, Door, Message, Reply, TestGateway};

/// Stands in every value that is wrong, and in the name of a member.
const CANARY: &str = "Quillfeather-7f3k";

/// A referral with four faults that its schema finds and three of the rules.
fn seven_faults(gateway: &TestGateway) -> Message {
    gateway
        .referral()
        .with("/sender/person/name", json!(CANARY))
        .with("/recipients/0/justification", json!(CANARY))
        .with("/body/offender/given_names", json!(CANARY))
        .with("/body/offender/date_of_birth", json!(CANARY))
        .with("/body/risk/rosh_overall", json!(CANARY))
        .with("/body/agencies/agencies_involved/0/agency_id", json!(format!("{CANARY} Office")))
        .with(&format!("/body/risk/{CANARY}"), json!(CANARY))
        .with("/marking/tier", json!("SECRET"))
        .with("/body/risk/tools", json!([]))
        .with("/body/mappa/level_rationale", json!(""))
}

/// Pointer, code and rule of each.
const SEVEN: [[&str; 3]; 7] = [
    ["/body/agencies/agencies_involved/0/agency_id", "pattern", "schema"],
    ["/body/mappa/level_rationale", "level_rationale_missing", "V32"],
    ["/body/offender/date_of_birth", "format", "schema"],
    ["/body/risk", "unknown_member", "schema"],
    ["/body/risk/rosh_overall", "enum", "schema"],
    ["/body/risk/tools", "risk_tool_missing", "V31"],
    ["/marking/tier", "marking_tier", "V72"],
];

/// The faults of an answer, in the order of their places.
fn faults(answer: &Value) -> Vec<Value> {
    let mut faults = answer["errors"].as_array().unwrap().clone();
    faults.sort_by_key(|fault| fault["pointer"].as_str().unwrap().to_owned());
    faults
}

/// What `portcullis check message FILE --json` says, and its exit code.
fn told_by_the_command(gateway: &TestGateway, message: &[u8]) -> (Value, i32) {
    let file = gateway.dir.join("message.json");
    std::fs::write(&file, message).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(["--json", "check", "message"]).arg(&file);
    let output = command.arg("--config").arg(gateway.installation.settings()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!told.contains(CANARY), "{told}");
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}"));
    (answer, output.status.code().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn seven_faults_are_seven_entries_by_every_way_and_nothing_is_repeated() {
    Log::listen();
    let gateway = TestGateway::start().await;
    let message = seven_faults(&gateway).bytes();
    let door = gateway.door("kent-police");
    let (posted, checked) = (door.post(message.clone()).await, door.check(message.clone()).await);
    let (told, exit) = told_by_the_command(&gateway, &message);
    assert_eq!(exit, 4);

    let answers = [posted.problem(Code::Schema, 422), checked.problem(Code::Schema, 422), told];
    let found = faults(&answers[0]);
    let words =
        |fault: &Value| ["pointer", "code", "rule"].map(|word| fault[word].as_str().unwrap().to_owned());
    assert_eq!(found.iter().map(words).collect::<Vec<_>>(), SEVEN, "{found:#?}");
    for answer in &answers {
        assert_eq!(faults(answer), found, "the same in the same words");
        assert!(!answer.to_string().contains(CANARY), "{answer}");
    }
    for fault in &found {
        for word in ["message", "fix", "source"] {
            assert!(fault[word].as_str().is_some_and(|text| !text.is_empty()), "{fault}");
        }
    }

    for kind in ["message.refused", "message.checked"] {
        let [event] = &gateway.events_of(kind).await[..] else { panic!("one {kind}") };
        assert_eq!(event["faults"].as_array().unwrap().len(), 7, "{event}");
    }
    let events = Value::from(gateway.events().await).to_string();
    assert!(!events.contains(CANARY), "{events}");
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
    gateway.stop().await;
    let log = Log::text();
    assert!(log.contains("message refused"), "the log was listened to");
    assert!(!log.contains(CANARY), "a submitted value is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_no_message_has_one_fault_by_every_way() {
    let long = vec![b' '; (1 << 20) + 1];
    let wide = format!("[{}0]", "0,".repeat(60_000));
    for (text, code, status) in [
        (&b"{\"a\": \xff}"[..], Code::NotUtf8, 400),
        (b"{\"a\": Quillfeather-7f3k}", Code::NotJson, 400),
        (b"{\"a\": 1, \"a\": 2}", Code::DuplicateMember, 400),
        (&[b'['; 100], Code::TooDeep, 400),
        (wide.as_bytes(), Code::TooManyValues, 400),
        (&long, Code::TooLarge, 413),
        (b"{\"type\": \"Quillfeather-7f3k\"}", Code::Envelope, 400),
    ] {
        let gateway = TestGateway::start().await;
        let door = gateway.door("kent-police");
        let (posted, checked) = (door.post(text.to_vec()).await, door.check(text.to_vec()).await);
        let (told, exit) = told_by_the_command(&gateway, text);
        let answers = [posted.problem(code, status), checked.problem(code, status), told];
        let found = faults(&answers[0]);
        assert!(
            found.iter().all(|fault| fault["rule"].is_string() && fault["source"].is_string()),
            "{found:?}"
        );
        assert!(code == Code::Envelope || found[0]["code"] == code.as_str(), "{found:?}");
        for answer in &answers {
            assert_eq!(faults(answer), found);
            assert!(!answer.to_string().contains(CANARY), "{answer}");
        }
        assert_eq!(exit, 4);
        gateway.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_recipients_than_this_gateway_takes_are_one_fault_by_every_way() {
    let gateway = Builder::default().config(|config| config.limits.recipients = 1).start().await;
    let message = gateway.referral().to(&[CO_ORDINATOR, "kent-probation"]).bytes();
    let door = gateway.door("kent-police");
    for reply in [door.post(message.clone()).await, door.check(message).await] {
        let problem = reply.problem(Code::Rules, 422);
        let [fault] = &faults(&problem)[..] else { panic!("{problem}") };
        assert_eq!((&fault["pointer"], &fault["rule"]), (&json!("/recipients"), &json!("limit")));
    }
    let many: Vec<String> = (0..65).map(|number| format!("agency-{number}")).collect();
    let many = gateway.referral().to(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let told = door.post(many.bytes()).await.faults();
    assert_eq!(told, [("/recipients".into(), "max_items".into())], "schema and limit speak once");
    gateway.stop().await;
}

async fn checked_as(door: &Door, media_type: &str, body: Vec<u8>) -> Reply {
    let request = door.request(Method::POST, "/v1/messages/check").header(header::CONTENT_TYPE, media_type);
    Door::send(request.body(body)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_takes_the_media_types_of_a_post_without_attachments() {
    let gateway = TestGateway::start().await;
    let (door, message) = (gateway.door("kent-police"), gateway.referral().bytes());
    for media_type in ["text/plain", "multipart/form-data; boundary=x"] {
        let problem = checked_as(&door, media_type, message.clone()).await.problem(Code::WrongMediaType, 415);
        assert!(problem["detail"].as_str().unwrap().contains("application/json"), "{problem}");
    }
    assert_eq!(checked_as(&door, "application/json; charset=utf-8", message).await.status.as_u16(), 200);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_of_attachments_that_the_post_would_be_refused_for() {
    let gateway = Builder::default().config(|config| config.limits.attachment_bytes = 1024).start().await;
    let listed = json!([{ "name": "report.pdf", "media_type": "application/pdf", "bytes": 1025,
                          "sha256": "0".repeat(64), "owner_agency": "kent-police",
                          "contains_victim_data": false }]);
    let message = gateway.referral().with("/attachments", listed).bytes();
    let door = gateway.door("kent-police");
    for reply in [door.check(message.clone()).await, door.post(message).await] {
        reply.problem(Code::AttachmentTooLarge, 413);
        assert_eq!(reply.faults(), [("/attachments/0/bytes".into(), "attachment_too_large".into())]);
    }
    gateway.stop().await;
}

/// What this process logs at the level of production, of all its tests together.
struct Log;

static LINES: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(Mutex::default);

impl Log {
    fn listen() {
        tracing_subscriber::fmt().with_ansi(false).with_writer(|| Self).init();
    }

    fn text() -> String {
        String::from_utf8_lossy(&LINES.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
