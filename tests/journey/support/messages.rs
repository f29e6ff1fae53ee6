//! The sample messages, with fresh ids, and the cases that they are about.

use std::collections::BTreeSet;

use portcullis::{
    cli::client::{Receipt, Upload},
    message::{CaseRef, InviteReason, Invitee, MeetingFacts, MeetingId, MessageId},
};
use serde_json::{Value, json};

use super::TestGateway;

pub const NOTIFICATION: &str = include_str!("../../messages/accepted/notification-category2.json");
pub const REFERRAL: &str = include_str!("../../messages/accepted/referral-minimal.json");
pub const SMALL_MINUTES: &str = include_str!("../../messages/accepted/minutes-small.json");
pub const STATISTICS: &str = include_str!("../../messages/accepted/stats-return-police.json");
pub const PACK: &str = include_str!("../../messages/accepted/meeting-pack-level2.json");
pub const MINUTES: &str = include_str!("../../messages/accepted/minutes-level2-review.json");

/// The papers of the meeting pack, in its order.
pub const PAPERS: [&[u8]; 2] = [
    include_bytes!("../../messages/attachments/agency-report.pdf"),
    include_bytes!("../../messages/attachments/previous-minutes-scan.pdf"),
];

/// The papers, to be sent.
pub fn papers() -> Vec<Upload> {
    PAPERS.iter().map(|paper| Upload::Bytes((*paper).into())).collect()
}

pub const CO_ORDINATOR: &str = "kent-mappa";
const WHY: &str = "Invited to the meeting on this case; needs it to prepare its part of the plan.";

/// A message that can still be changed.
#[derive(Clone)]
pub struct Message(pub Value);

impl Message {
    /// A sample about this case, with an id of its own.
    pub fn new(gateway: &TestGateway, sample: &str, case: &CaseRef) -> Self {
        let mut message = Self(serde_json::from_str(sample).unwrap());
        message.set("/message_id", json!(gateway.new_message_id()));
        message.set("/case_ref", json!(case));
        message.set("/created_at", json!(gateway.gateway().clock.now()));
        message
    }

    /// A sample about no case.
    pub fn about_no_case(gateway: &TestGateway, sample: &str) -> Self {
        let mut message = Self(serde_json::from_str(sample).unwrap());
        assert!(message.0.get("case_ref").is_none());
        message.set("/message_id", json!(gateway.new_message_id()));
        message.set("/created_at", json!(gateway.gateway().clock.now()));
        message
    }

    /// Sets what a pointer leads to.
    pub fn set(&mut self, pointer: &str, value: Value) {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        match self.0.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[member.parse::<usize>().unwrap()] = value,
            object => object[member] = value,
        }
    }

    /// The same with another value.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        self.set(pointer, value);
        self
    }

    /// Leaves of the victims only their references (P29).
    pub fn without_victim_data(mut self) -> Self {
        if let Some(Value::Object(block)) = self.0.pointer_mut("/body/victims") {
            block.retain(|name, _| matches!(name.as_str(), "victims" | "potential_victims" | "owner_agency"));
            for person in block.values_mut().filter_map(Value::as_array_mut).flatten() {
                person.as_object_mut().unwrap().retain(|name, _| name == "ref");
            }
            if block.is_empty() {
                block.insert(
                    "no_victim_issues_reason".into(),
                    json!("Nothing that these recipients may have."),
                );
            }
        }
        self
    }

    /// From another agency.
    pub fn from(self, agency: &str) -> Self {
        self.with("/sender/agency_id", json!(agency))
    }

    /// To these, each with its justification.
    pub fn to(self, recipients: &[&str]) -> Self {
        let recipients: Value = recipients
            .iter()
            .map(|id| json!({ "agency_id": id, "justification": WHY, "strict_necessity": WHY }))
            .collect();
        self.with("/recipients", recipients)
    }

    /// To these, with one justification for all.
    pub fn for_all(self, recipients: &[&str]) -> Self {
        let named: Value =
            recipients.iter().map(|id| json!({ "agency_id": id, "strict_necessity": WHY })).collect();
        let mut message = self.with("/recipients", named);
        // Minutes name in their own text whom they are distributed to.
        if message.0.pointer("/body/distribution_list").is_some() {
            let entry = |id: &&str| json!({ "agency_id": id, "reason": "attended" });
            message.set("/body/distribution_list", recipients.iter().map(entry).collect());
        }
        message
    }

    /// Without recipients: the gateway is to compute them.
    pub fn unaddressed(mut self) -> Self {
        self.0.as_object_mut().unwrap().shift_remove("recipients").unwrap();
        self
    }

    /// Of this meeting.
    pub fn of(self, meeting: MeetingId) -> Self {
        self.with("/body/meeting/meeting_id", json!(meeting))
    }

    /// Its id.
    pub fn id(&self) -> MessageId {
        self.0["message_id"].as_str().unwrap().parse().unwrap()
    }

    /// What is posted.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(&self.0).unwrap()
    }
}

/// A case with one meeting.
#[derive(Clone)]
pub struct Case {
    pub case_ref: CaseRef,
    pub meeting: MeetingFacts,
}

impl Case {
    /// A sample about this case.
    pub fn message(&self, gateway: &TestGateway, sample: &str) -> Message {
        let message = Message::new(gateway, sample, &self.case_ref).without_victim_data();
        if message.0.pointer("/body/meeting/meeting_id").is_some() {
            return message.of(self.meeting.meeting_id);
        }
        message
    }

    /// The referral as the co-ordination unit passes it on.
    pub fn passed_on(&self, gateway: &TestGateway, to: &[&str]) -> Message {
        self.message(gateway, REFERRAL).from(CO_ORDINATOR).to(to)
    }

    /// The co-ordination unit records the meeting as it stands here.
    pub async fn record(&self, gateway: &TestGateway) {
        gateway.client(CO_ORDINATOR).put_meeting(&self.case_ref, &self.meeting).await.unwrap();
    }
}

/// Agency ids as a set.
pub fn set<I: FromIterator<portcullis::message::AgencyId>>(agencies: &[&str]) -> I {
    agencies.iter().map(|agency| agency.parse().unwrap()).collect()
}

impl TestGateway {
    /// A fresh id.
    pub fn new_message_id(&self) -> MessageId {
        MessageId::new(self.gateway().clock.now(), self.random.bytes().unwrap())
    }

    /// A case that nobody has told the gateway of.
    pub fn unknown_case(&self) -> Case {
        let meeting_id = MeetingId::new(self.gateway().clock.now(), self.random.bytes().unwrap());
        let meeting = MeetingFacts {
            meeting_id,
            date: None,
            level: Some(2),
            invited: Vec::new(),
            confirmed: BTreeSet::new(),
            attended: BTreeSet::new(),
            action_owners: BTreeSet::new(),
        };
        Case { case_ref: CaseRef::new("46".parse().unwrap(), 2026, self.random.bytes().unwrap()), meeting }
    }

    /// A message from the police to the co-ordination unit that opens a case.
    pub fn referral(&self) -> Message {
        Message::new(self, REFERRAL, &self.unknown_case().case_ref)
    }

    /// A case that the police lead, with a meeting to which these are invited. The messages that
    /// opened it are out of the co-ordination unit's inbox.
    pub async fn case(&self, invited: &[&str]) -> Case {
        let mut case = self.unknown_case();
        let notification = case.message(self, NOTIFICATION);
        self.post("kent-police", &notification).await;
        let invitee = |id: &&str| Invitee {
            agency_id: id.parse().unwrap(),
            reason: Some(InviteReason::SignificantContribution),
        };
        case.meeting.invited = invited.iter().map(invitee).collect();
        case.record(self).await;
        let delivery = self.only_item(CO_ORDINATOR).await.delivery_id;
        self.client(CO_ORDINATOR).acknowledge(delivery).await.unwrap();
        case
    }

    /// Posts a message that is accepted.
    pub async fn post(&self, sender: &str, message: &Message) -> Receipt {
        self.post_with(sender, message, Vec::new()).await
    }

    /// The same with attachments.
    pub async fn post_with(&self, sender: &str, message: &Message, attachments: Vec<Upload>) -> Receipt {
        let answer = self.client(sender).submit(message.bytes(), attachments).await;
        let answer = answer.unwrap_or_else(|fault| match fault.problem() {
            Some(problem) => panic!("{}", String::from_utf8_lossy(&problem.bytes)),
            None => panic!("{fault:?}"),
        });
        assert_eq!(answer.status.as_u16(), 202);
        answer.value
    }
}
