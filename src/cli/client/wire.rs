//! The bodies of the API's answers as a client reads them.
//!
//! Members that this version does not know are skipped, and words of lists that grow (types,
//! channels, states, codes) stay text: an older client goes on working with a newer gateway.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    message::{AgencyId, ApprovalId, CaseRef, DeliveryId, DesignationId, MeetingId, MessageId},
    schema,
};

/// The answer to an accepted message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Receipt {
    /// The message.
    pub message_id: MessageId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Who gets it.
    pub recipients: Vec<ReceiptRecipient>,
    /// What was noticed and refused nothing.
    #[serde(default)]
    pub warnings: Vec<schema::Fault>,
    /// The statement of the full text, a compact JWS.
    pub statement: String,
}

/// One recipient in a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReceiptRecipient {
    /// Who.
    pub agency_id: AgencyId,
    /// Its delivery.
    pub delivery_id: DeliveryId,
    /// By which channel.
    pub channel: String,
    /// The rules that permit it.
    #[serde(default)]
    pub policies: Vec<String>,
    /// The law that they rest on.
    #[serde(default)]
    pub legal_basis: Vec<String>,
    /// SHA-256 of the statement of the view that it gets, hex.
    pub statement_sha256: String,
    /// What was kept back from it.
    #[serde(default)]
    pub withheld: Vec<Withheld>,
}

/// A place that is left out of a recipient's copy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Withheld {
    /// Where in the full text: JSON Pointer (RFC 6901).
    pub pointer: String,
    /// Why, `victim_address`.
    pub reason: String,
}

/// What is left out of a copy, in a few words; nothing where it is the full text.
pub fn left_out(withheld: &[Withheld]) -> String {
    let reasons: BTreeSet<String> = withheld.iter().map(|gap| gap.reason.replace('_', " ")).collect();
    if reasons.is_empty() {
        return String::new();
    }
    format!("{}: {}", withheld.len(), reasons.into_iter().collect::<Vec<_>>().join(", "))
}

/// What would become of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Verdict {
    /// The message.
    #[serde(default)]
    pub message_id: Option<MessageId>,
    /// `accepted`.
    pub verdict: String,
    /// May the sender send it?
    #[serde(default)]
    pub sender: Option<Explained>,
    /// Who would get it, and who would be passed over.
    pub recipients: Vec<Explained>,
    /// What the rules only warn about.
    #[serde(default)]
    pub warnings: Vec<schema::Fault>,
}

/// The answer about one party of a checked message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Explained {
    /// Where the message names it.
    pub pointer: String,
    /// Who, where the directory knows it.
    #[serde(default)]
    pub agency_id: Option<AgencyId>,
    /// `allowed` or `refused`.
    pub verdict: String,
    /// By which channel.
    #[serde(default)]
    pub channel: Option<String>,
    /// The rules that decided.
    #[serde(default)]
    pub policies: Vec<String>,
    /// The law that they rest on.
    #[serde(default)]
    pub legal_basis: Vec<String>,
    /// What would be kept back from it.
    #[serde(default)]
    pub withheld: Vec<Withheld>,
    /// The policies that decided.
    #[serde(default)]
    pub grounds: Vec<Policy>,
    /// What is recorded and was looked at; only for those who may know.
    #[serde(default)]
    pub facts: Vec<Recorded>,
    /// What would make it allowed; only for those who may know.
    #[serde(default)]
    pub would_allow: Vec<Policy>,
}

/// A policy as a reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Policy {
    /// Its full id, `P15-present`.
    pub id: String,
    /// The law that it rests on.
    pub legal_basis: String,
    /// Its fixed sentence.
    #[serde(default)]
    pub text: Option<String>,
    /// What the agency lacks for it.
    #[serde(default)]
    pub lacks: Option<String>,
}

/// One thing that is recorded about a party.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Recorded {
    /// The word.
    pub fact: String,
    /// The sentence.
    pub text: String,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Tracking {
    /// The message.
    pub message_id: MessageId,
    /// Its type.
    #[serde(rename = "type")]
    pub message_type: String,
    /// Its case, if it is about one.
    #[serde(default)]
    pub case_ref: Option<CaseRef>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Each delivery.
    pub deliveries: Vec<Delivery>,
    /// The receipt as it was given.
    pub receipt: Value,
    /// The proof bundle, once the ledger has its place.
    #[serde(default)]
    pub proof: Option<Value>,
}

/// Where one delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Delivery {
    /// Which.
    pub delivery_id: DeliveryId,
    /// To whom.
    pub recipient: AgencyId,
    /// By which channel.
    pub channel: String,
    /// `waiting`, `delivered`, `collected`, `failed`, `acknowledged` or `expired`.
    pub state: String,
    /// When the next attempt is due.
    #[serde(default)]
    pub next_attempt_at: Option<Timestamp>,
    /// When the recipient's server took it.
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
    /// When the recipient first collected it.
    #[serde(default)]
    pub collected_at: Option<Timestamp>,
    /// When the recipient confirmed that it has it.
    #[serde(default)]
    pub acknowledged_at: Option<Timestamp>,
    /// Each attempt.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; not while it goes on.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    #[serde(default)]
    pub code: Option<String>,
}

/// One page of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Outbox {
    /// The messages, newest first.
    pub messages: Vec<OutboxItem>,
    /// The cursor for the page of older ones.
    #[serde(default)]
    pub next: Option<u64>,
}

/// A sent message in short.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutboxItem {
    /// The message.
    pub message_id: MessageId,
    /// Its type.
    #[serde(rename = "type")]
    pub message_type: String,
    /// Its case, if it is about one.
    #[serde(default)]
    pub case_ref: Option<CaseRef>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// How many deliveries stand in each state.
    pub states: BTreeMap<String, u32>,
}

/// One page of what waits for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Inbox {
    /// The deliveries, oldest first.
    pub items: Vec<InboxItem>,
    /// The cursor for the page of newer ones.
    #[serde(default)]
    pub next: Option<u64>,
    /// What whoever looks here is to know.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

/// Something that an agency is to know about itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Notice {
    /// What it is, `key_announced`.
    pub code: String,
    /// The key that it is about.
    pub kid: String,
    /// From when on the key is sealed to.
    pub valid_from: Timestamp,
    /// What to do.
    pub detail: String,
}

/// A waiting delivery.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InboxItem {
    /// Which.
    pub delivery_id: DeliveryId,
    /// The message.
    pub message_id: MessageId,
    /// Its type.
    #[serde(rename = "type")]
    pub message_type: String,
    /// Who sent it; the gateway itself for reports.
    pub sender: AgencyId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it was first collected.
    #[serde(default)]
    pub collected_at: Option<Timestamp>,
    /// How many attachments it has.
    pub attachments: usize,
}

/// The answer to an acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Acknowledgement {
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// When it was first acknowledged.
    pub acknowledged_at: Timestamp,
}

/// The answer to a recorded meeting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MeetingRecorded {
    /// Which meeting.
    pub meeting_id: MeetingId,
    /// Of which case.
    pub case_ref: CaseRef,
}

/// The answer to what was stated about a case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CaseStated {
    /// Which case.
    pub case_ref: CaseRef,
}

/// The answer to a designation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Designated {
    /// Which designation.
    pub designation_id: DesignationId,
    /// For which case.
    pub case_ref: CaseRef,
}

/// The answer to an approval.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Approved {
    /// Which approval.
    pub approval_id: ApprovalId,
    /// In which case.
    pub case_ref: CaseRef,
}

/// The caller as the gateway knows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WhoAmI {
    /// Who.
    pub agency_id: AgencyId,
    /// Its name for people.
    pub name: String,
    /// The gateway's name.
    pub gateway: String,
    /// The gateway's time.
    pub time: Timestamp,
    /// The keys that messages to the caller may be sealed to.
    pub encryption_keys: Vec<String>,
}
