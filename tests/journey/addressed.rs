//! A meeting pack and minutes may leave their recipients out: the gateway computes them from what is
//! recorded about the meeting, and names them in the receipt.

use std::time::Duration;

use jiff::Timestamp;
use portcullis::{
    cli::client::Receipt,
    journey::{Code, statement},
    ledger::event::{Basis, Entry, Event},
    message::{Approval, ApprovalId, ApprovalKind, Fact, MeetingId},
    store::{FactChange, Learned},
};
use serde_json::{Value, json};

use crate::support::{Builder, CO_ORDINATOR, Case, Message, PACK, Reply, SMALL_MINUTES, TestGateway, set};

fn pack(gateway: &TestGateway, case: &Case) -> Message {
    case.message(gateway, PACK).unaddressed().with("/attachments", json!([]))
}

/// Drafts, which record nobody as present themselves, and with nobody on their list.
fn minutes(gateway: &TestGateway, case: &Case) -> Message {
    let minutes = case.message(gateway, SMALL_MINUTES).unaddressed();
    minutes
        .with("/body/minutes_status", json!("draft"))
        .with("/body/distribution_list", list(&[CO_ORDINATOR]))
}

fn list(agencies: &[&str]) -> Value {
    agencies.iter().map(|id| json!({ "agency_id": id, "reason": "Attended." })).collect()
}

/// Who receives a message, as the receipt says, its statement says too, and the inboxes show.
async fn named(gateway: &TestGateway, receipt: &Receipt) -> Vec<String> {
    let named: Vec<String> = receipt.recipients.iter().map(|to| to.agency_id.to_string()).collect();
    let keys = gateway.client(CO_ORDINATOR).keys().await.unwrap().value;
    let stated = statement::verify(&receipt.statement, &keys).unwrap().recipients;
    assert!(stated.iter().map(|to| to.agency_id.as_str()).eq(named.iter().map(String::as_str)));
    assert!(stated.iter().all(|to| !to.policies.is_empty() && !to.legal_basis.is_empty()));
    for agency in &named {
        let items = gateway.inbox(agency).await;
        assert!(items.iter().any(|item| item.message_id == receipt.message_id), "{agency}");
    }
    named
}

async fn refused(gateway: &TestGateway, message: &Message) -> Reply {
    let reply = gateway.door(CO_ORDINATOR).post(message.bytes()).await;
    reply.problem(Code::Rules, 422);
    assert_eq!(gateway.look_for(message).await, None, "nothing is stored");
    reply
}

impl TestGateway {
    async fn look_for(&self, message: &Message) -> Option<()> {
        let sender = CO_ORDINATOR.parse().unwrap();
        self.gateway().store.track(&sender, message.id()).await.unwrap().map(drop)
    }

    /// A written authority, as the store keeps it.
    async fn release(&self, case: &Case, to: &str, meeting_id: MeetingId, until: Timestamp) {
        let (gateway, now) = (self.gateway(), self.gateway().clock.now());
        let by = CO_ORDINATOR.parse().unwrap();
        let approval = Approval {
            approval_id: ApprovalId::new(now, self.random.bytes().unwrap()),
            kind: ApprovalKind::MinutesRelease,
            by: Clone::clone(&by),
            to: to.parse().unwrap(),
            meeting_id: Some(meeting_id),
            message_id: None,
            until,
        };
        let fact = Fact::Approved { approval };
        let case_ref = case.case_ref.clone();
        let event = Event::FactChanged {
            case_ref: case_ref.clone(),
            claimant: None,
            by,
            message_id: None,
            fact: fact.clone(),
            basis: Basis::default(),
        };
        let entries = vec![Entry::new(&event, now, None, &self.random).unwrap()];
        let expected = gateway.store.case(&case_ref).await.unwrap().unwrap().version;
        let change = FactChange { case_ref, claimant: None, expected, facts: vec![fact], entries };
        assert_eq!(gateway.store.learn(change).await.unwrap(), Learned::Learned);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_goes_to_those_who_confirmed_and_not_back_to_its_sender() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot", "kent-probation", "kent-immigration"]).await;
    case.meeting.confirmed = set(&["kent-yot", "kent-probation", CO_ORDINATOR]);
    case.record(&gateway).await;
    let pack = pack(&gateway, &case);
    let checked = gateway.door(CO_ORDINATOR).check(pack.bytes()).await.json();
    assert_eq!(checked["recipients"].as_array().map(Vec::len), Some(2), "{checked}");
    let receipt = gateway.post(CO_ORDINATOR, &pack).await;
    assert_eq!(named(&gateway, &receipt).await, ["kent-probation", "kent-yot"]);
    assert!(gateway.inbox("kent-immigration").await.is_empty(), "invited, and not confirmed");
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
    let delivery = gateway.only_item("kent-yot").await.delivery_id;
    let opened = gateway.collect("kent-yot", delivery).await;
    assert_eq!(opened.content.message.as_bytes(), pack.bytes(), "byte for byte, without recipients");
    // A repeat is answered as before, whoever has confirmed since.
    case.meeting.confirmed = set(&["kent-immigration"]);
    case.record(&gateway).await;
    assert_eq!(gateway.post(CO_ORDINATOR, &pack).await, receipt);
    gateway.stop().await;
}

/// What releases to an agency that had no part in the meeting.
const RELEASED: &str = r#"
@id("P17-story") @legal_basis("CJA 2003 s.325(4)") @source("domain P17")
@text("The minutes were released to education.") @missing("no release")
permit(principal, action == Action::"receive_minutes", resource)
when { principal.type == AgencyType::"LA_EDU" };
"#;

#[tokio::test(flavor = "multi_thread")]
async fn minutes_go_to_those_present_with_an_action_in_the_lead_or_with_a_release() {
    let gateway = Builder::default().policy(RELEASED).start().await;
    let mut case = gateway.case(&["kent-probation", "kent-immigration"]).await;
    case.meeting.confirmed = set(&["kent-probation", "kent-immigration"]);
    case.meeting.attended = set(&["kent-probation", CO_ORDINATOR]);
    case.meeting.action_owners = set(&["kent-yot"]);
    case.record(&gateway).await;
    let (now, hour) = (gateway.gateway().clock.now(), Duration::from_secs(3600));
    gateway.release(&case, "kent-council-education", case.meeting.meeting_id, now + 2 * hour).await;
    // Of another meeting, and one that has ended.
    let other = gateway.unknown_case().meeting.meeting_id;
    gateway.release(&case, "kent-council-csc", other, now + 2 * hour).await;
    gateway.release(&case, "kent-tagging", case.meeting.meeting_id, now + hour).await;
    gateway.advance(hour);
    let minutes = minutes(&gateway, &case);
    let minutes = minutes.with("/body/distribution_list", list(&["kent-council-education", CO_ORDINATOR]));
    let receipt = gateway.post(CO_ORDINATOR, &minutes).await;
    let all = ["kent-council-education", "kent-police", "kent-probation", "kent-yot"];
    assert_eq!(named(&gateway, &receipt).await, all);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_recorded_the_message_is_refused_with_what_to_do() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot"]).await;
    case.meeting.confirmed = set(&[CO_ORDINATOR]);
    case.record(&gateway).await;
    let pack = pack(&gateway, &case);
    let reply = refused(&gateway, &pack).await;
    assert_eq!(reply.faults(), [("/recipients".into(), "nobody_recorded".into())]);
    assert!(reply.json()["detail"].as_str().unwrap().contains("PUT /v1/meetings"));
    case.meeting.confirmed = set(&["kent-yot"]);
    case.record(&gateway).await;
    let receipt = gateway.post(CO_ORDINATOR, &pack).await;
    assert_eq!(named(&gateway, &receipt).await, ["kent-yot"]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_recipients_than_a_message_may_have_are_not_computed_either() {
    let gateway = Builder::default().config(|config| config.limits.recipients = 1).start().await;
    let mut case = gateway.case(&["kent-yot"]).await;
    // The lead agency besides the one present.
    case.meeting.attended = set(&["kent-yot"]);
    case.record(&gateway).await;
    let reply = refused(&gateway, &minutes(&gateway, &case)).await;
    assert_eq!(reply.faults(), [("/recipients".into(), "max_items".into())]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_whose_list_goes_beyond_those_who_get_them_are_refused() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-probation"]).await;
    case.meeting.attended = set(&["kent-probation"]);
    case.record(&gateway).await;
    let listed = list(&["kent-police", "kent-yot", "kent-probation", CO_ORDINATOR]);
    let beyond = minutes(&gateway, &case).with("/body/distribution_list", listed);
    let reply = refused(&gateway, &beyond).await;
    let place = "/body/distribution_list/1/agency_id".to_owned();
    assert_eq!(reply.faults(), [(place, "distribution_beyond_recipients".into())]);
    assert_eq!(reply.json()["errors"][0]["rule"], "V51");
    let within = beyond.with("/body/distribution_list", list(&["kent-probation", CO_ORDINATOR]));
    let receipt = gateway.post(CO_ORDINATOR, &within).await;
    assert_eq!(named(&gateway, &receipt).await, ["kent-police", "kent-probation"]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_may_not_receive_or_cannot_be_reached_is_named_and_refuses_all() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot", "kent-probation"]).await;
    case.meeting.confirmed = set(&["kent-yot", "kent-probation"]);
    case.record(&gateway).await;
    gateway.change_agency("kent-yot", |agency| agency.suspended = true).await;
    let reply = gateway.door(CO_ORDINATOR).post(pack(&gateway, &case).bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    assert_eq!(reply.faults(), [("/recipients".into(), "P2".into())]);
    assert!(reply.json()["errors"][0]["message"].as_str().unwrap().starts_with("`kent-yot`: "));

    let keyless = |agency: &mut portcullis::message::Agency| {
        agency.suspended = false;
        agency.encryption_keys.clear();
    };
    gateway.change_agency("kent-yot", keyless).await;
    let reply = gateway.door(CO_ORDINATOR).post(pack(&gateway, &case).bytes()).await;
    reply.problem(Code::NoChannelFits, 422);
    assert_eq!(reply.faults(), [("/recipients".into(), "no_channel_fits".into())]);
    assert!(reply.json()["errors"][0]["message"].as_str().unwrap().starts_with("`kent-yot`: "));
    assert!(gateway.inbox("kent-probation").await.is_empty(), "all or nothing");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_send_it_learns_nothing_of_who_is_recorded() {
    let gateway = TestGateway::start().await;
    let mut known = gateway.case(&["kent-yot"]).await;
    known.meeting.confirmed = set(&["kent-yot"]);
    known.record(&gateway).await;
    // In the lead: it knows the case, and may not send its papers.
    let lead = pack(&gateway, &known).from("kent-police");
    let reply = gateway.door("kent-police").post(lead.bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    assert!(reply.faults().iter().all(|(place, _)| place == "/sender/agency_id"), "{:?}", reply.faults());
    assert!(!String::from_utf8_lossy(&reply.body).contains("kent-yot"));
    // Without a relation to the case: as if there were none.
    let nobodys = gateway.unknown_case();
    let ask = async |case: &Case| {
        let message = pack(&gateway, case).from("kent-immigration");
        gateway.door("kent-immigration").post(message.bytes()).await
    };
    let (one, other) = (ask(&known).await, ask(&nobodys).await);
    one.problem(Code::CaseNotKnown, 404);
    assert_eq!(one.distinguishable(), other.distinguishable());
    gateway.stop().await;
}
