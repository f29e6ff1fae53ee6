//! What a caller may not know exists answers exactly as what does not exist: at every door the same status,
//! the same headers, the same body, and the same event in the ledger. How long the answer takes is measured
//! by `cargo bench --bench hidden`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use portcullis::{
    journey::Code,
    ledger::event::{Basis, Entry, Event},
    message::{DeliveryId, Fact, MessageId, Purpose},
    store::{FactChange, Learned},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    claimed::held_by_others,
    refused::{door_of, issued},
    support::{Builder, CO_ORDINATOR, Case, Door, Message, NOTIFICATION, REFERRAL, Reply, TestGateway},
};

/// Agencies without a relation to the case, each of another kind.
const STRANGERS: [&str; 5] =
    ["hmp-thornfield", "kent-immigration", "kent-crown-court", "sussex-police", "sussex-mappa"];

/// A gateway that writes every refusal down and counts no checks.
pub async fn start() -> TestGateway {
    let unlimited = |config: &mut portcullis::config::Config| {
        (config.limits.refusal_events_per_minute, config.limits.checks_per_minute) = (100_000, 100_000);
    };
    Builder::default().config(unlimited).start().await
}

/// One call, to be made about what is hidden and about what is not there.
pub struct Ask {
    pub who: &'static str,
    pub method: Method,
    pub path: String,
    pub body: Option<Vec<u8>>,
}

impl Ask {
    pub fn get(who: &'static str, path: String) -> Self {
        Self { who, method: Method::GET, path, body: None }
    }

    pub fn put(who: &'static str, path: String, body: &Value) -> Self {
        Self { who, method: Method::PUT, path, body: Some(body.to_string().into_bytes()) }
    }

    pub fn post(who: &'static str, path: &str, message: &Message) -> Self {
        Self { who, method: Method::POST, path: path.into(), body: Some(message.bytes()) }
    }
}

/// Makes the calls, and keeps count of the ledger.
pub struct Asker<'a> {
    gateway: &'a TestGateway,
    doors: BTreeMap<&'static str, Door>,
    told: usize,
}

impl<'a> Asker<'a> {
    pub fn new(gateway: &'a TestGateway) -> Self {
        Self { gateway, doors: BTreeMap::new(), told: 0 }
    }

    /// The answer, and kind, code and places of each event that it left.
    pub async fn ask(&mut self, ask: Ask) -> (Reply, Vec<Value>) {
        self.told = self.gateway.events().await.len();
        let door = self.doors.entry(ask.who).or_insert_with(|| self.gateway.door(ask.who));
        let mut request = door.request(ask.method, &ask.path).header("content-type", "application/json");
        if let Some(body) = ask.body {
            request = request.body(body);
        }
        let reply = Door::send(request).await.unwrap();
        let events = self.gateway.events().await;
        // What the worker and the janitor do comes in its own time.
        let worker = ["delivery.attempted", "delivery.delivered", "delivery.failed", "certificate.expiring"];
        let told =
            events[self.told..].iter().filter(|event| !worker.iter().any(|kind| event["type"] == *kind));
        let told = told.map(|event| {
            json!([event["type"], event["code"], event["faults"], event["area"], event["message_type"]])
        });
        (reply, told.collect())
    }

    /// Asks both, and holds the answers against each other. Gives one.
    pub async fn alike(&mut self, what: &str, hidden: Ask, absent: Ask) -> Reply {
        let (one, left_by_one) = self.ask(hidden).await;
        let (other, left_by_other) = self.ask(absent).await;
        if one.status.is_success() {
            assert_eq!(one.status, other.status, "{what}");
            assert_eq!(shape(&one.json()), shape(&other.json()), "{what}");
            let names = |reply: &Reply| reply.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(names(&one), names(&other), "{what}");
        } else {
            assert_eq!(one.distinguishable(), other.distinguishable(), "{what}");
        }
        assert_eq!(left_by_one, left_by_other, "{what}");
        one
    }
}

/// An answer without what each accepted message has of its own: every text but for its length, its place in
/// the log, and how far the worker has come.
pub fn shape(value: &Value) -> Value {
    match value {
        Value::String(text) => text.len().into(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(members) => {
            let worker = ["index", "inclusion_path", "checkpoint", "attempts", "next_attempt_at"];
            let same = |name: &str| !worker.contains(&name);
            let members = members.iter().filter(|(name, _)| same(name));
            let shaped = |name: &str, value: &Value| match name {
                // The number of a fact in the whole store: only whether there is one counts.
                "case_facts" => json!(value != 0),
                _ => shape(value),
            };
            Value::Object(members.map(|(name, value)| (name.clone(), shaped(name, value))).collect())
        }
        other => other.clone(),
    }
}

/// The first sample of each type about a case.
pub fn a_sample_of_each_type() -> BTreeMap<String, String> {
    let folder = format!("{}/tests/messages/accepted", env!("CARGO_MANIFEST_DIR"));
    let mut samples = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let sample: Value = serde_json::from_str(&text).unwrap();
        if sample.get("case_ref").is_some() {
            samples.entry(sample["type"].as_str().unwrap().to_owned()).or_insert(text);
        }
    }
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_any_type_about_a_hidden_case_answers_as_about_none() {
    let gateway = start().await;
    let mut known = held_by_others(&gateway).await;
    let mut asker = Asker::new(&gateway);
    let mut answers = BTreeMap::<u16, usize>::new();
    for (message_type, sample) in a_sample_of_each_type() {
        for who in STRANGERS {
            for path in ["/v1/messages/check", "/v1/messages"] {
                let about = |case: &Case| {
                    let mut message = Message::new(&gateway, &sample, &case.case_ref).from(who);
                    if message.0.pointer("/body/meeting/meeting_id").is_some() {
                        message = message.of(known.meeting.meeting_id);
                    }
                    message.0["attachments"] = json!([]);
                    Ask::post(who, path, &message.without_victim_data())
                };
                let what = format!("{path} {message_type} by {who}");
                let reply = asker.alike(&what, about(&known), about(&gateway.unknown_case())).await;
                *answers.entry(reply.status.as_u16()).or_default() += 1;
                // It opened a case for itself: what follows that is told in `claimed.rs`.
                if reply.status.as_u16() == 202 {
                    known = held_by_others(&gateway).await;
                }
            }
        }
    }
    println!("{answers:?}");
    assert!(answers[&404] >= 100, "most come as far as the case: {answers:?}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_of_a_hidden_case_answer_as_those_of_none() {
    let gateway = start().await;
    let (known, nobodys) = (gateway.case(&["kent-yot"]).await, gateway.unknown_case());
    let mut asker = Asker::new(&gateway);
    let id = gateway.new_message_id();
    for who in STRANGERS {
        let now = gateway.gateway().clock.now();
        let calls = |case: &Case| {
            let (case_ref, meeting_id) = (&case.case_ref, known.meeting.meeting_id);
            let path = format!("/v1/cases/{case_ref}");
            let designated = json!({ "case_ref": case_ref, "agency_id": "kent-homes", "ra_agency": "kent-police",
                "officer": "A N Officer", "reason": "significant_contribution", "start": now,
                "expiry": "2099-01-01T00:00:00Z" });
            let approved = |kind: &str| {
                json!({ "case_ref": case_ref, "kind": kind, "to": "kent-homes", "meeting_id": meeting_id,
                    "reason": "why", "until": "2099-01-01T00:00:00Z" })
            };
            let mut calls = vec![
                Ask::get(who, path.clone()),
                Ask::put(who, path.clone(), &json!({ "category": 2 })),
                Ask::put(who, path.clone(), &json!({ "lead": "kent-nobody" })),
                Ask::put(who, path, &json!({})),
                Ask::put(who, format!("/v1/meetings/{meeting_id}"), &json!({ "case_ref": case_ref })),
                Ask::put(who, format!("/v1/designations/{id}"), &designated),
            ];
            for kind in ["minutes_release", "exec_summary", "cat4", "smb"] {
                calls.push(Ask::put(who, format!("/v1/approvals/{id}"), &approved(kind)));
            }
            calls
        };
        for (hidden, absent) in calls(&known).into_iter().zip(calls(&nobodys)) {
            let what = format!("{} {} by {who}", hidden.method, hidden.path);
            asker.alike(&what, hidden, absent).await.problem(Code::CaseNotKnown, 404);
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_copies_and_events_of_others_answer_as_none() {
    let gateway = start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let referral = case.passed_on(&gateway, &["kent-yot"]);
    gateway.post(CO_ORDINATOR, &referral).await;
    let copy = gateway.only_item("kent-yot").await.delivery_id;
    let fresh =
        (gateway.new_message_id(), DeliveryId::new(Timestamp::UNIX_EPOCH, gateway.random.bytes().unwrap()));
    let mut asker = Asker::new(&gateway);
    for who in STRANGERS.into_iter().chain(["kent-police", "kent-probation"]) {
        let calls = |message: MessageId, delivery: DeliveryId| {
            let acknowledge = format!("/v1/inbox/{delivery}/acknowledge");
            vec![
                Ask::get(who, format!("/v1/messages/{message}")),
                Ask::get(who, format!("/v1/inbox/{delivery}")),
                Ask::get(who, format!("/v1/inbox/{delivery}/attachments/0")),
                Ask { who, method: Method::POST, path: acknowledge, body: None },
            ]
        };
        for (hidden, absent) in calls(referral.id(), copy).into_iter().zip(calls(fresh.0, fresh.1)) {
            let what = format!("{} {} by {who}", hidden.method, hidden.path);
            asker.alike(&what, hidden, absent).await.problem(Code::NotFound, 404);
        }
    }
    // A commitment in the log that no statement tells: that of a look into an inbox.
    let leaves = gateway.gateway().store.leaves(0, 1000).await.unwrap();
    let untold = |leaf: &&portcullis::store::Leaf| {
        let event: Value = serde_json::from_slice(&leaf.opened.as_ref().unwrap().1).unwrap();
        event["type"] != "message.accepted"
    };
    let untold = portcullis::crypto::hex(&leaves.iter().find(untold).unwrap().commitment);
    let proof = |commitment: &str| Ask::get("kent-yot", format!("/v1/ledger/proofs/{commitment}"));
    let reply = asker.alike("an event's proof", proof(&untold), proof(&"0".repeat(64))).await;
    reply.problem(Code::NotFound, 404);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_refers_to_one_of_others_answers_as_if_that_were_none() {
    const RESPONSE: &str = include_str!("../messages/accepted/info-response-housing.json");
    const RECALL: &str = include_str!("../messages/accepted/recall-wrong-recipient.json");
    let gateway = start().await;
    let case = gateway.case(&["kent-yot", "kent-probation"]).await;
    let theirs = case.passed_on(&gateway, &["kent-yot"]);
    gateway.post(CO_ORDINATOR, &theirs).await;
    // The first referral by a member of the circle is a fact; those after it are not.
    gateway.post("kent-probation", &case.message(&gateway, REFERRAL).from("kent-probation")).await;
    let mut asker = Asker::new(&gateway);
    let (one, none) = (theirs.id(), gateway.new_message_id());
    for path in ["/v1/messages/check", "/v1/messages"] {
        // Who knows the case: its answer goes out or is refused either way.
        for member in ["/in_reply_to", "/supersedes", "/resends"] {
            let referring = |id: MessageId| {
                let referral = case.message(&gateway, REFERRAL).from("kent-probation");
                Ask::post("kent-probation", path, &referral.with(member, json!(id)))
            };
            let reply = asker.alike(&format!("{path} {member}"), referring(one), referring(none)).await;
            assert!(reply.status.is_success(), "{member}");
        }
        for who in ["kent-probation", "hmp-thornfield"] {
            let recalling = |id: MessageId| {
                let recall = case.message(&gateway, RECALL).from(who).to(&["kent-yot"]);
                Ask::post(who, path, &recall.with("/body/message_id", json!(id)))
            };
            asker.alike(&format!("{path} recall by {who}"), recalling(one), recalling(none)).await;
        }
        let answering = |id: MessageId| {
            let answer = case.message(&gateway, RESPONSE).from("hmp-thornfield").to(&[CO_ORDINATOR]);
            Ask::post("hmp-thornfield", path, &answer.with("/in_reply_to", json!(id)))
        };
        let reply = asker.alike(path, answering(one), answering(none)).await;
        reply.problem(Code::CaseNotKnown, 404);
    }
    // An id that another sender used is free.
    let stranger = |id: MessageId| {
        let notification = gateway.unknown_case().message(&gateway, NOTIFICATION).from("hmp-thornfield");
        let mine = notification.with("/body/mappa/lead_agency", json!("hmp-thornfield"));
        Ask::post("hmp-thornfield", "/v1/messages", &mine.with("/message_id", json!(id)))
    };
    let reply = asker.alike("an id of another sender", stranger(one), stranger(none)).await;
    assert_eq!(reply.status.as_u16(), 202);
    gateway.stop().await;
}

/// A notification about a case that one may not know is accepted as if it opened it. Neither its receipt nor
/// its tracking, with the event that the proof opens, tells more.
#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_claim_is_told_as_an_opening_is() {
    let gateway = start().await;
    let (known, nobodys) = (gateway.case(&["kent-yot"]).await, gateway.unknown_case());
    let mut asker = Asker::new(&gateway);
    let claim = |case: &Case| {
        let message = case.message(&gateway, NOTIFICATION).from("hmp-thornfield");
        message.with("/body/mappa/lead_agency", json!("hmp-thornfield"))
    };
    let (hidden, absent) = (claim(&known), claim(&nobodys));
    let post = |message: &Message| Ask::post("hmp-thornfield", "/v1/messages", message);
    let reply = asker.alike("the post", post(&hidden), post(&absent)).await;
    assert_eq!(reply.status.as_u16(), 202);
    let track = |message: &Message| Ask::get("hmp-thornfield", format!("/v1/messages/{}", message.id()));
    let tracked = asker.alike("its tracking", track(&hidden), track(&absent)).await.json();
    assert_eq!(tracked["proof"]["event"]["asked"]["decided_on"]["case_facts"], 0);
    let again = asker.alike("the same again", post(&hidden), post(&absent)).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    gateway.stop().await;
}

/// An id counts among those who may know what bears it: of a meeting in its area, of an approval for its
/// giver.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_taken_in_a_hidden_case_is_free() {
    let gateway = start().await;
    let (kent, own) = (gateway.case(&["kent-yot"]).await, gateway.case(&["kent-yot"]).await);
    let taken = gateway.new_message_id();
    let release = json!({ "case_ref": kent.case_ref, "kind": "minutes_release", "to": "kent-homes",
        "meeting_id": kent.meeting.meeting_id, "reason": "why", "until": "2099-01-01T00:00:00Z" });
    let mut asker = Asker::new(&gateway);
    let (made, _) = asker.ask(Ask::put(CO_ORDINATOR, format!("/v1/approvals/{taken}"), &release)).await;
    assert_eq!(made.status.as_u16(), 200);

    let approve = |id: MessageId| {
        let body = json!({ "case_ref": own.case_ref, "kind": "cat4", "to": "kent-council-housing",
            "reason": "why", "until": "2099-01-01T00:00:00Z" });
        Ask::put("kent-police", format!("/v1/approvals/{id}"), &body)
    };
    let reply = asker.alike("an approval", approve(taken), approve(gateway.new_message_id())).await;
    assert_eq!(reply.status.as_u16(), 200);

    let sussex = sussex_case(&gateway).await;
    let record = |id: String| {
        let body = json!({ "case_ref": sussex, "level": 2 });
        Ask::put("sussex-mappa", format!("/v1/meetings/{id}"), &body)
    };
    let fresh = gateway.unknown_case().meeting.meeting_id.to_string();
    let reply = asker.alike("a meeting", record(kent.meeting.meeting_id.to_string()), record(fresh)).await;
    assert_eq!(reply.status.as_u16(), 200);
    gateway.stop().await;
}

/// A case of another area, past the door: this gateway has no audit key to accept its messages with.
async fn sussex_case(gateway: &TestGateway) -> String {
    let area = "47".parse().unwrap();
    let case_ref = portcullis::message::CaseRef::new(area, 2026, gateway.random.bytes().unwrap());
    let by: portcullis::message::AgencyId = "sussex-police".parse().unwrap();
    let fact = Fact::CaseOpened {
        by: by.clone(),
        proposed: false,
        area,
        purpose: Purpose::A,
        category: Some(2),
        lead: Some(by.clone()),
        shared_supervision: Vec::new(),
        convicted: Some(true),
        foreign_national: None,
    };
    let event = Event::FactChanged {
        case_ref: case_ref.clone(),
        claimant: None,
        by,
        message_id: None,
        fact: fact.clone(),
        basis: Basis::default(),
    };
    let entry = Entry::new(&event, gateway.gateway().clock.now(), Some(area), &gateway.random).unwrap();
    let told = case_ref.to_string();
    let change =
        FactChange { case_ref, claimant: None, expected: 0, facts: vec![fact], entries: vec![entry] };
    assert_eq!(gateway.gateway().store.learn(change).await.unwrap(), Learned::Learned);
    gateway.gateway().signals.unsequenced.notify_one();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_name_a_certificate_bears_makes_no_difference_to_a_stranger() {
    let gateway = start().await;
    let answers = async |claimed: &str| {
        let door = door_of(&gateway, &issued(&gateway, claimed));
        let (whoami, post) = (door.get("/v1/whoami").await, door.post(gateway.referral().bytes()).await);
        [whoami.distinguishable(), post.distinguishable()]
    };
    assert_eq!(answers("kent-police").await, answers("kent-nobody").await);
    gateway.stop().await;
}

/// What is refused or checked leaves nothing that the caller could see afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_or_checked_message_leaves_nothing_to_see() {
    let gateway = start().await;
    let known = gateway.case(&["kent-yot"]).await;
    let who = "hmp-thornfield";
    let door = gateway.door(who);
    let referral = known.message(&gateway, REFERRAL).from(who);
    assert_eq!(door.check(referral.bytes()).await.status.as_u16(), 200);
    let refused = referral.clone().to(&["kent-yot"]);
    for _ in 0..2 {
        door.post(refused.bytes()).await.problem(Code::NotPermitted, 403);
        door.check(refused.bytes()).await.problem(Code::NotPermitted, 403);
    }
    assert_eq!(door.get("/v1/messages").await.json()["messages"], json!([]));
    door.get(&format!("/v1/messages/{}", referral.id())).await.problem(Code::NotFound, 404);
    // Other bytes under the same id: no conflict, for nothing was accepted under it.
    assert_eq!(door.post(referral.bytes()).await.status.as_u16(), 202);
    gateway.stop().await;
}
