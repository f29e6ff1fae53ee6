//! The envelope that every message has (design §4), read after the schema accepted it.

use serde::Deserialize;

use super::{AgencyId, Area, CaseRef, MessageId, MessageType, Purpose};

/// The envelope without its body. Members that the gateway does not act on are not read.
#[derive(Clone, Deserialize)]
pub struct Envelope {
    /// Chosen by the sender.
    pub message_id: MessageId,
    /// What it is.
    #[serde(rename = "type")]
    pub message_type: MessageType,
    /// The version of its schema, `1.0`.
    pub schema_version: String,
    /// The MAPPA area.
    pub area: Area,
    /// The case. A few types are, or may be, about none: statistics, an audit, what a jobcentre is told
    /// about somebody outside MAPPA, and what corrects or recalls one of these. Their schemas say so.
    #[serde(default)]
    pub case_ref: Option<CaseRef>,
    /// Who sends.
    pub sender: Sender,
    /// Who is to receive. Empty where a meeting pack or minutes leave them out, until the gateway has
    /// computed them (design §4).
    #[serde(default)]
    pub recipients: Vec<Recipient>,
    /// One justification for all, for a meeting pack and minutes.
    #[serde(default)]
    pub justification: Option<String>,
    /// One note for all on why health data is strictly necessary, for a meeting pack and minutes (P31).
    #[serde(default)]
    pub strict_necessity: Option<String>,
    /// The limb of s.325(2) (P3). A message about no case may serve none.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// The protective marking.
    pub marking: Marking,
    /// The message that it answers.
    #[serde(default)]
    pub in_reply_to: Option<MessageId>,
    /// The message that it replaces.
    #[serde(default)]
    pub supersedes: Option<MessageId>,
    /// The message that it sends again.
    #[serde(default)]
    pub resends: Option<MessageId>,
    /// What comes with it.
    #[serde(default)]
    pub attachments: Vec<AttachmentHead>,
}

/// The sending agency and the person who acts for it.
#[derive(Clone, Deserialize)]
pub struct Sender {
    /// Equal to the TLS identity.
    pub agency_id: AgencyId,
    /// Personal data: goes only into the message and, sealed, into the ledger.
    #[serde(default)]
    pub person: Option<serde_json::Value>,
}

/// One recipient and why it needs the message.
#[derive(Clone, Deserialize)]
pub struct Recipient {
    /// Who.
    pub agency_id: AgencyId,
    /// Why this is necessary and proportionate for this recipient (P4).
    #[serde(default)]
    pub justification: Option<String>,
    /// Why health data is strictly necessary (P31).
    #[serde(default)]
    pub strict_necessity: Option<String>,
    /// A named contact of that agency (P32, P39).
    #[serde(default)]
    pub attention: Option<String>,
}

/// The protective marking.
#[derive(Clone, Deserialize)]
pub struct Marking {
    /// Handling words beyond the standard ones.
    #[serde(default)]
    pub handling: Option<String>,
    /// Refuse the message unless every copy resists quantum computers.
    #[serde(default)]
    pub require_pq: bool,
}

/// What the message says about one attachment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AttachmentHead {
    /// File name. Personal data may hide in it: never logged.
    pub name: String,
    /// Media type from the allow-list of the schema.
    pub media_type: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Lower-case hex.
    pub sha256: String,
    /// Whether victim data may stand in it (P29). What does not say counts as if it did.
    #[serde(default = "yes")]
    pub contains_victim_data: bool,
}

fn yes() -> bool {
    true
}
