//! Who claims a case that it may not know is answered, from then on, as whoever opened one that nobody knew:
//! every later call, made by the claimant and by those whom it names, is held against the same call about a
//! case that was opened by the same message. And the case itself, its circle and its lead see nothing of it.

use portcullis::{
    journey::Code,
    message::{AgencyId, CaseFacts, DeliveryId, InviteReason, Invitee, MessageId},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    hidden::{Ask, Asker, a_sample_of_each_type, shape, start},
    support::{CO_ORDINATOR, Case, Message, NOTIFICATION, REFERRAL, TestGateway, until},
};

const CORRECTION: &str = include_str!("../messages/accepted/correction-referral.json");
const RECALL: &str = include_str!("../messages/accepted/recall-wrong-recipient.json");
const REQUEST: &str = include_str!("../messages/accepted/info-request-housing.json");
const RESPONSE: &str = include_str!("../messages/accepted/info-response-housing.json");

/// A case that others hold, and one that nobody knows.
struct Pair<'a> {
    asker: Asker<'a>,
    gateway: &'a TestGateway,
    hidden: Case,
    absent: Case,
    before: CaseFacts,
}

impl<'a> Pair<'a> {
    async fn new(gateway: &'a TestGateway) -> Self {
        let (hidden, absent) = (held_by_others(gateway).await, gateway.unknown_case());
        let before = gateway.gateway().store.case(&hidden.case_ref).await.unwrap().unwrap();
        Self { asker: Asker::new(gateway), gateway, hidden, absent, before }
    }

    /// Makes a call about each. Gives the status.
    async fn call(&mut self, what: &str, ask: impl Fn(&Case) -> Ask) -> u16 {
        let (hidden, absent) = (ask(&self.hidden), ask(&self.absent));
        self.asker.alike(what, hidden, absent).await.status.as_u16()
    }

    /// Posts the same message about each. Gives their ids where both are accepted, else the answer.
    async fn post(
        &mut self,
        who: &'static str,
        message: impl Fn(&Case) -> Message,
    ) -> Result<[MessageId; 2], Value> {
        let (hidden, absent) = (message(&self.hidden), message(&self.absent));
        let what = format!("{} by {who}", hidden.0["type"]);
        let post = |message: &Message| Ask::post(who, "/v1/messages", message);
        let reply = self.asker.alike(&what, post(&hidden), post(&absent)).await;
        if reply.status.as_u16() == 202 { Ok([hidden.id(), absent.id()]) } else { Err(reply.json()) }
    }

    async fn opens(&mut self, who: &'static str, opening: &Opening) -> [MessageId; 2] {
        let gateway = self.gateway;
        self.post(who, |case| opening.by(gateway, who, case)).await.unwrap()
    }

    /// The case itself is as it was, and told to its circle as before.
    async fn untouched(&self) {
        let now = self.gateway.gateway().store.case(&self.hidden.case_ref).await.unwrap().unwrap();
        assert_eq!(now, self.before);
    }
}

/// A case that the police lead, alone and with youth justice at its meeting.
pub async fn held_by_others(gateway: &TestGateway) -> Case {
    let mut case = gateway.unknown_case();
    let mut opening = Opening::NOTIFICATION.by(gateway, "kent-police", &case);
    opening.0["body"]["mappa"]["shared_supervision"] = json!([]);
    gateway.post("kent-police", &opening).await;
    case.meeting.invited = vec![Invitee {
        agency_id: "kent-yot".parse().unwrap(),
        reason: Some(InviteReason::SignificantContribution),
    }];
    case.record(gateway).await;
    case
}

/// What opens a case.
struct Opening {
    sample: &'static str,
    shares: &'static [&'static str],
}

impl Opening {
    const NOTIFICATION: Self = Self { sample: NOTIFICATION, shares: &[] };
    const REFERRAL: Self = Self { sample: REFERRAL, shares: &[] };

    fn by(&self, gateway: &TestGateway, who: &str, case: &Case) -> Message {
        let mut message = case.message(gateway, self.sample).from(who);
        message.set("/body/mappa/lead_agency", json!(who));
        if !self.shares.is_empty() {
            message.0["body"]["mappa"]["shared_supervision"] = json!(self.shares);
        }
        message
    }
}

/// Each agency with what it claims by.
const CLAIMS: [(&str, Opening); 3] = [
    ("hmp-thornfield", Opening::NOTIFICATION),
    ("hmp-thornfield", Opening::REFERRAL),
    ("kent-council-csc", Opening::REFERRAL),
];

#[tokio::test(flavor = "multi_thread")]
async fn after_a_claim_a_message_of_any_type_answers_as_after_an_opening() {
    let gateway = start().await;
    for (who, opening) in &CLAIMS {
        let mut pair = Pair::new(&gateway).await;
        pair.opens(who, opening).await;
        let meeting = pair.hidden.meeting.meeting_id;
        let mut accepted = Vec::new();
        for (message_type, sample) in a_sample_of_each_type() {
            let about = |case: &Case| {
                let mut message = Message::new(&gateway, &sample, &case.case_ref).from(who);
                if message.0.pointer("/body/meeting/meeting_id").is_some() {
                    message = message.of(meeting);
                }
                message.0["attachments"] = json!([]);
                message.without_victim_data()
            };
            let check = |case: &Case| Ask::post(who, "/v1/messages/check", &about(case));
            pair.call(&format!("check of {message_type} by {who}"), check).await;
            accepted.extend(pair.post(who, about).await.ok().map(|ids| (message_type, ids)));
        }
        println!("{who}: {:?}", accepted.iter().map(|(message_type, _)| message_type).collect::<Vec<_>>());
        for (message_type, [hidden, absent]) in &accepted {
            let track = |id: &MessageId| Ask::get(who, format!("/v1/messages/{id}"));
            pair.asker.alike(&format!("tracking of {message_type}"), track(hidden), track(absent)).await;
        }
        pair.untouched().await;
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_claim_the_calls_about_facts_answer_as_after_an_opening() {
    let gateway = start().await;
    for (who, opening) in CLAIMS {
        let mut pair = Pair::new(&gateway).await;
        pair.opens(who, &opening).await;
        let now = gateway.gateway().clock.now();
        let meeting_id = pair.hidden.meeting.meeting_id;
        let shown = pair.call("GET case", |case| Ask::get(who, format!("/v1/cases/{}", case.case_ref))).await;
        assert_eq!(shown, 200, "who opened a case sees it");
        for body in [json!({ "category": 2 }), json!({ "lead": "kent-police" }), json!({})] {
            let path = |case: &Case| format!("/v1/cases/{}", case.case_ref);
            pair.call("PUT case", |case| Ask::put(who, path(case), &body)).await;
        }
        let meeting = |case: &Case| {
            Ask::put(who, format!("/v1/meetings/{meeting_id}"), &json!({ "case_ref": case.case_ref }))
        };
        pair.call("PUT meeting", meeting).await;
        let ids = [gateway.new_message_id(), gateway.new_message_id()];
        for (agency, number) in [("kent-homes", 0), ("kent-yot", 0), ("kent-homes", 1)] {
            let designated = |case: &Case| {
                let body = json!({ "case_ref": case.case_ref, "agency_id": agency, "ra_agency": "kent-police",
                    "officer": "A N Officer", "reason": "significant_contribution", "start": now,
                    "expiry": "2099-01-01T00:00:00Z" });
                Ask::put(who, format!("/v1/designations/{}", ids[number]), &body)
            };
            pair.call("PUT designation", designated).await;
        }
        approvals(&mut pair, who).await;
        pair.call("GET case", |case| Ask::get(who, format!("/v1/cases/{}", case.case_ref))).await;
        pair.untouched().await;
    }
    gateway.stop().await;
}

/// An id of its own for each case, then the same once more, another to the same, and one of the other case.
async fn approvals(pair: &mut Pair<'_>, who: &'static str) {
    let meeting_id = pair.hidden.meeting.meeting_id;
    for kind in ["minutes_release", "exec_summary", "cat4", "smb"] {
        let (own, absent) = (pair.gateway.new_message_id(), pair.absent.case_ref.clone());
        let other = pair.gateway.new_message_id();
        for to in ["kent-council-housing", "kent-council-housing", "kent-yot"] {
            let approved = |case: &Case| {
                let body = json!({ "case_ref": case.case_ref, "kind": kind, "to": to,
                    "meeting_id": (kind == "minutes_release").then_some(meeting_id), "reason": "why",
                    "until": "2099-01-01T00:00:00Z" });
                let id = if case.case_ref == absent { own } else { other };
                Ask::put(who, format!("/v1/approvals/{id}"), &body)
            };
            pair.call(&format!("PUT approval {kind}"), approved).await;
        }
    }
}

/// The opening once more, another one, and what mends each of them.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_claim_what_was_sent_is_repeated_and_mended_as_after_an_opening() {
    let gateway = start().await;
    for (who, opening) in CLAIMS {
        let mut pair = Pair::new(&gateway).await;
        let messages = [opening.by(&gateway, who, &pair.hidden), opening.by(&gateway, who, &pair.absent)];
        let post = |message: &Message| Ask::post(who, "/v1/messages", message);
        let mut sent = vec![messages.clone().map(|message| message.id())];
        for what in ["the opening", "the same again"] {
            let reply = pair.asker.alike(what, post(&messages[0]), post(&messages[1])).await;
            assert_eq!(reply.status.as_u16(), 202);
        }
        let [hidden, absent] =
            messages.map(|message| message.with("/created_at", json!("2026-01-02T03:04:05Z")));
        let conflict = pair.asker.alike("other bytes", post(&hidden), post(&absent)).await;
        assert_eq!(conflict.status.as_u16(), 409);
        for again in [Opening::NOTIFICATION, Opening::REFERRAL] {
            sent.extend(pair.post(who, |case| again.by(&gateway, who, case)).await);
        }
        for sample in [CORRECTION, RECALL] {
            for [hidden, absent] in sent.clone() {
                let (absent_ref, opened) = (pair.absent.case_ref.clone(), &opening);
                let mended = |case: &Case| {
                    let of = if case.case_ref == absent_ref { absent } else { hidden };
                    let mending = case.message(&gateway, sample).from(who).to(&[CO_ORDINATOR]);
                    let sort = if opened.sample == REFERRAL { "referral" } else { "notification" };
                    let mut mending =
                        mending.with("/body/message_id", json!(of)).with("/supersedes", json!(of));
                    if mending.0.pointer("/body/type").is_some() {
                        mending = mending.with("/body/type", json!(sort));
                    }
                    mending
                };
                sent.extend(pair.post(who, mended).await);
            }
        }
        println!("{who}: {} accepted", sent.len());
        for [hidden, absent] in &sent {
            let track = |id: &MessageId| Ask::get(who, format!("/v1/messages/{id}"));
            pair.asker.alike("tracking", track(hidden), track(absent)).await;
        }
        outboxes_are_alike(&gateway, who, &pair).await;
        pair.untouched().await;
    }
    gateway.stop().await;
}

async fn outboxes_are_alike(gateway: &TestGateway, who: &str, pair: &Pair<'_>) {
    let outbox = gateway.door(who).get("/v1/messages").await.json();
    let about = |case: &Case| {
        let listed = outbox["messages"].as_array().unwrap().iter();
        let listed = listed.filter(|sent| sent["case_ref"] == json!(case.case_ref));
        listed.map(shape).collect::<Vec<_>>()
    };
    assert!(!about(&pair.hidden).is_empty());
    assert_eq!(about(&pair.hidden), about(&pair.absent));
}

/// Somebody who is no part of the case either, and whom the claimant names: it may know the claim, as it
/// might a case; ask about it, answer, and state what only a member may.
#[tokio::test(flavor = "multi_thread")]
async fn whom_a_claimant_names_is_answered_as_whom_an_opener_names() {
    const NAMING: Opening = Opening { sample: NOTIFICATION, shares: &["kent-probation"] };
    let gateway = start().await;
    let mut pair = Pair::new(&gateway).await;
    let (one, other) = ("hmp-thornfield", "kent-probation");
    pair.opens(one, &NAMING).await;
    let shown = async |pair: &mut Pair<'_>, who| {
        pair.call("GET case", |case| Ask::get(who, format!("/v1/cases/{}", case.case_ref))).await
    };
    assert_eq!(shown(&mut pair, other).await, 200);
    assert_eq!(shown(&mut pair, "kent-tagging").await, 404);
    pair.post(other, |case| Opening::REFERRAL.by(&gateway, other, case)).await.unwrap();
    pair.post(other, |case| Opening::NOTIFICATION.by(&gateway, other, case)).await.unwrap_err();

    for asked in [other, "kent-council-housing"] {
        let request = |case: &Case| case.message(&gateway, REQUEST).from(one).to(&[asked]);
        let [hidden, absent] = pair.post(one, request).await.unwrap();
        let absent_ref = pair.absent.case_ref.clone();
        let answer = |case: &Case| {
            let of = if case.case_ref == absent_ref { absent } else { hidden };
            let answer = case.message(&gateway, RESPONSE).from(asked).to(&[one]);
            answer.with("/in_reply_to", json!(of))
        };
        pair.post(asked, answer).await.unwrap();
        shown(&mut pair, asked).await;
    }
    // A third claims what two hold together, or joins nobody.
    pair.opens("kent-council-csc", &Opening::REFERRAL).await;
    for who in [one, other, "kent-council-csc", "kent-council-housing"] {
        shown(&mut pair, who).await;
    }
    pair.untouched().await;
    gateway.stop().await;
}

/// The circle and the lead see nothing; the unit sees who claims, and auditors see what.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_shows_to_the_unit_and_the_auditors_alone() {
    let gateway = start().await;
    let pair = Pair::new(&gateway).await;
    let path = format!("/v1/cases/{}", pair.hidden.case_ref);
    let mut seen = Vec::new();
    for who in ["kent-police", "kent-yot", CO_ORDINATOR] {
        seen.push(gateway.door(who).get(&path).await.json());
    }
    let claim = Opening::NOTIFICATION.by(&gateway, "hmp-thornfield", &pair.hidden);
    gateway.post("hmp-thornfield", &claim).await;
    let event = gateway.events_of("fact.changed").await.pop().unwrap();
    assert_eq!((&event["claimant"], &event["by"]), (&json!("hmp-thornfield"), &json!("hmp-thornfield")));
    assert_eq!((&event["fact"]["kind"], &event["message_id"]), (&json!("case_opened"), &json!(claim.id())));
    for (who, before) in ["kent-police", "kent-yot"].into_iter().zip(&seen) {
        assert_eq!(&gateway.door(who).get(&path).await.json(), before);
    }
    seen[2]["claimed_by"] = json!(["hmp-thornfield"]);
    assert_eq!(gateway.door(CO_ORDINATOR).get(&path).await.json(), seen[2]);
    let own = gateway.door("hmp-thornfield").get(&path).await.json();
    assert_eq!((&own["lead"], &own["meetings"]), (&json!("hmp-thornfield"), &json!([])));
    let looked = gateway.events_of("record.viewed").await.pop().unwrap();
    assert_eq!((&looked["viewer"], &looked["view"]), (&json!("hmp-thornfield"), &json!("claim")));
    pair.untouched().await;
    gateway.stop().await;
}

/// A claim lets nobody of the case speak to the claimant: for whom the case itself knows, that counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_opens_no_way_out_of_the_case_itself() {
    let gateway = start().await;
    let pair = Pair::new(&gateway).await;
    let who = "hmp-thornfield";
    gateway.post(who, &Opening::NOTIFICATION.by(&gateway, who, &pair.hidden)).await;
    let asked = pair.hidden.message(&gateway, REQUEST).from(who).to(&["kent-yot"]);
    gateway.post(who, &asked).await;
    let path = format!("/v1/cases/{}", pair.hidden.case_ref);
    assert_eq!(gateway.door("kent-yot").get(&path).await.json()["lead"], "kent-police");
    for from in ["kent-yot", "kent-police"] {
        let referral = pair.hidden.message(&gateway, REFERRAL).from(from).to(&[who]);
        gateway.door(from).post(referral.bytes()).await.problem(Code::NotPermitted, 403);
    }
    pair.untouched().await;
    gateway.stop().await;
}

/// The unit asks the claimant, as it well may after a claim, and so does somebody else who claims the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_claimant_that_is_asked_is_answered_out_of_its_claim() {
    let gateway = start().await;
    let mut pair = Pair::new(&gateway).await;
    let (who, another) = ("hmp-thornfield", "kent-council-csc");
    pair.opens(who, &Opening::NOTIFICATION).await;
    pair.opens(another, &Opening::REFERRAL).await;
    for asker in [CO_ORDINATOR, another] {
        let request = |case: &Case| case.message(&gateway, REQUEST).from(asker).to(&[who]);
        let (hidden, absent) = (request(&pair.hidden), request(&pair.absent));
        gateway.post(asker, &hidden).await;
        gateway.post(asker, &absent).await;
        let absent_ref = pair.absent.case_ref.clone();
        let answer = |case: &Case| {
            let of = if case.case_ref == absent_ref { absent.id() } else { hidden.id() };
            case.message(&gateway, RESPONSE).from(who).to(&[asker]).with("/in_reply_to", json!(of))
        };
        pair.call("check of an answer", |case| Ask::post(who, "/v1/messages/check", &answer(case))).await;
        let other_purpose = |case: &Case| answer(case).with("/purpose", json!("b"));
        let ask = |case: &Case| Ask::post(who, "/v1/messages/check", &other_purpose(case));
        pair.call("check of an answer for another purpose", ask).await;
        pair.post(who, answer).await.unwrap();
    }
    pair.untouched().await;
    gateway.stop().await;
}

/// A stranger's claim is not in the way of the agency that the case proposes as its lead.
#[tokio::test(flavor = "multi_thread")]
async fn whom_the_case_proposes_as_lead_takes_it_whatever_others_claim() {
    let gateway = start().await;
    let case = gateway.unknown_case();
    let mut referral = case.message(&gateway, REFERRAL).from("kent-yot");
    referral.set("/body/mappa/lead_agency", json!("kent-probation"));
    gateway.post("kent-yot", &referral).await;
    let stranger = "hmp-thornfield";
    let claim = Opening { sample: NOTIFICATION, shares: &["kent-probation"] };
    gateway.post(stranger, &claim.by(&gateway, stranger, &case)).await;
    gateway.post("kent-probation", &Opening::NOTIFICATION.by(&gateway, "kent-probation", &case)).await;
    let itself = gateway.gateway().store.case(&case.case_ref).await.unwrap().unwrap();
    assert_eq!(itself.lead, Some("kent-probation".parse().unwrap()));
    gateway.stop().await;
}

/// Once the unit draws the claimant in, the case itself counts for it, and what it claimed no more.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_drawn_in_is_answered_by_the_case_itself() {
    let gateway = start().await;
    let mut pair = Pair::new(&gateway).await;
    let who = "hmp-thornfield";
    let claim = Opening::NOTIFICATION.by(&gateway, who, &pair.hidden);
    gateway.post(who, &claim).await;
    let (door, path) = (gateway.door(who), format!("/v1/cases/{}", pair.hidden.case_ref));
    assert_eq!(door.get(&path).await.json()["lead"], who);
    let mut later = pair.hidden.clone();
    later.meeting.confirmed.insert(who.parse().unwrap());
    later.record(&gateway).await;
    let shown = door.get(&path).await.json();
    assert_eq!((&shown["lead"], shown["meetings"].as_array().unwrap().len()), (&json!("kent-police"), 1));
    assert_eq!(shown["opened_by"], json!(["kent-police"]));
    // What it sent stays its own to follow and to mend, now by the rules about the case itself.
    assert_eq!(door.get(&format!("/v1/messages/{}", claim.id())).await.status.as_u16(), 200);
    let recall = pair.hidden.message(&gateway, RECALL).from(who).to(&[CO_ORDINATOR]);
    let recall = recall.with("/body/message_id", json!(claim.id())).with("/supersedes", json!(claim.id()));
    gateway.post(who, &recall).await;
    gateway.post(who, &Opening::REFERRAL.by(&gateway, who, &pair.hidden)).await;
    pair.before = gateway.gateway().store.case(&pair.hidden.case_ref).await.unwrap().unwrap();
    let id: AgencyId = who.parse().unwrap();
    assert!(pair.before.referrers.contains(&id), "{:?}", pair.before.referrers);
    gateway.stop().await;
}

/// A report that a copy was never collected comes as one about a case that the sender opened.
#[tokio::test(flavor = "multi_thread")]
async fn a_claimants_messages_are_reported_when_nobody_collects_them() {
    let gateway = start().await;
    let mut pair = Pair::new(&gateway).await;
    let who = "hmp-thornfield";
    pair.opens(who, &Opening::NOTIFICATION).await;
    gateway.advance(std::time::Duration::from_hours(6 * 24));
    let items = until("two reports", async || {
        let items = gateway.inbox(who).await;
        (items.len() >= 2).then_some(items)
    })
    .await;
    let copies: Vec<DeliveryId> = items.iter().map(|item| item.delivery_id).collect();
    let mut asker = Asker::new(&gateway);
    let acknowledge = |id: &DeliveryId| {
        let path = format!("/v1/inbox/{id}/acknowledge");
        Ask { who, method: Method::POST, path, body: None }
    };
    let [one, other] = [&copies[0], &copies[1]];
    asker.alike("the report", acknowledge(one), acknowledge(other)).await;
    let told: Vec<Value> = items.iter().map(|item| json!(item.message_type)).collect();
    assert_eq!(told[0], told[1]);
    gateway.stop().await;
}
