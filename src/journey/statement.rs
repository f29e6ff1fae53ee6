//! The transfer statement: the one signed object about a transfer (design §5). The gateway makes it
//! when it seals; an agency checks it when it opens.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    crypto::{hex, jws, keyring::KeyPurpose, keyring::PublishedKeys, sha256},
    message::{AgencyId, Area, Channel, DeliveryId, MessageId, MessageType},
};

/// `typ` of a statement: a signature made for another purpose is none.
pub const TYP: &str = "portcullis-statement+jws";

/// What the gateway states about one view of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The gateway that states it.
    pub gateway: String,
    /// The message.
    pub message_id: MessageId,
    /// SHA-256 of what the readers of this view get, hex.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub message_type: MessageType,
    /// Its schema's version.
    pub schema_version: String,
    /// Its area.
    pub area: Area,
    /// Its sender.
    pub sender: StatedSender,
    /// When it was accepted.
    #[serde(with = "crate::message::time")]
    pub accepted_at: Timestamp,
    /// SHA-256 of the policy set that decided, hex.
    pub policy_set: String,
    /// Who gets this view, how, and by which law.
    pub recipients: Vec<StatedRecipient>,
    /// What the permission requires besides, of its readers or of the gateway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<StatedObligation>,
    /// What this view leaves out; `null` for the full text.
    pub view: Option<StatedView>,
    /// The attachments, in order.
    pub attachments: Vec<StatedAttachment>,
    /// What the rules warn about. The reader knows of it, the co-ordinator among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<StatedWarning>,
    /// The event in the ledger that says the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<StatedLedger>,
}

/// The sending agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedSender {
    /// Which.
    pub agency_id: AgencyId,
}

/// One recipient's permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedRecipient {
    /// Who.
    pub agency_id: AgencyId,
    /// Its delivery.
    pub delivery_id: DeliveryId,
    /// Its channel.
    pub channel: Channel,
    /// The rules that permit it.
    pub policies: Vec<String>,
    /// The law that they rest on.
    pub legal_basis: Vec<String>,
}

/// One obligation; its rule has the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedObligation {
    /// The rule, `P28`.
    pub rule: String,
    /// The law that it rests on.
    pub legal_basis: String,
}

/// What a view leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedView {
    /// Each gap.
    pub removed: Vec<StatedGap>,
}

/// One gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedGap {
    /// Where in the full text: JSON Pointer (RFC 6901).
    pub pointer: String,
    /// Why, `victim_address`.
    pub reason: String,
    /// SHA-256 of a salt that only the area's auditors can learn, and of what stood there; hex.
    pub hash: String,
}

/// One warning of the rules, without its words: the rule has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedWarning {
    /// The rule, `V31`.
    pub rule: String,
    /// What it says.
    pub code: String,
    /// Where: JSON Pointer (RFC 6901).
    pub pointer: String,
}

/// One attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedAttachment {
    /// Of its plaintext, hex.
    pub sha256: String,
    /// Of its plaintext.
    pub bytes: u64,
}

/// Where the ledger says the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedLedger {
    /// The leaf's commitment, hex.
    pub commitment: String,
}

/// What a sealed copy holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The statement, a compact JWS.
    pub statement: String,
    /// The bytes of this view.
    pub message: Zeroizing<String>,
    /// The keys of the attachments.
    pub attachments: Vec<ContentAttachment>,
}

/// The key of one attachment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentAttachment {
    /// Of its plaintext, hex.
    pub sha256: String,
    /// A symmetric JWK.
    pub key: OctKey,
}

/// A symmetric JWK (RFC 7518 §6.4).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OctKey {
    /// `oct`.
    pub kty: String,
    /// The key.
    pub k: Zeroizing<String>,
}

impl Statement {
    /// The number, in the full text, of the `number`th attachment of this view: the one that its
    /// segments bear. Counted from 0.
    pub fn attachment_in_full_text(&self, number: usize) -> usize {
        let withheld = |full: &usize| {
            let place = format!("/attachments/{full}");
            self.view.iter().flat_map(|view| &view.removed).any(|gap| gap.pointer == place)
        };
        (0..).filter(|full| !withheld(full)).nth(number).unwrap_or(number)
    }
}

/// Why a copy, although it opened, is not what it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementFault {
    /// The decrypted content has another form.
    #[error("the content is not that of a sealed copy")]
    Content,
    /// The gateway does not publish such a statement key.
    #[error("the gateway publishes no statement key of this name")]
    UnknownKey,
    /// The key signed nothing any more when the message is said to have been accepted.
    #[error("the statement is later than the end of the key that signed it")]
    RetiredKey,
    /// The signature.
    #[error(transparent)]
    Signature(#[from] jws::JwsFault),
    /// The message is not the one that the statement is about.
    #[error("the message is not the one that the statement is about")]
    Digest,
    /// The statement names neither this agency nor this delivery.
    #[error("the statement does not name this agency and this delivery as recipient")]
    NotTheRecipient,
    /// The keys are not those of the attachments that the statement lists.
    #[error("the attachment keys do not match the statement's list")]
    Attachments,
}

/// Reads what a sealed copy held and checks it: signature, digest, recipient, attachments.
pub fn check_content(
    plaintext: &[u8],
    keys: &PublishedKeys,
    agency: &AgencyId,
    delivery: DeliveryId,
) -> Result<(Statement, Content), StatementFault> {
    let content: Content = serde_json::from_slice(plaintext).map_err(|_| StatementFault::Content)?;
    let statement = verify(&content.statement, keys)?;
    if hex(&sha256(content.message.as_bytes())) != statement.sha256 {
        return Err(StatementFault::Digest);
    }
    let named = |to: &StatedRecipient| &to.agency_id == agency && to.delivery_id == delivery;
    if !statement.recipients.iter().any(named) {
        return Err(StatementFault::NotTheRecipient);
    }
    let listed = statement.attachments.iter().map(|attachment| &attachment.sha256);
    if !listed.eq(content.attachments.iter().map(|attachment| &attachment.sha256)) {
        return Err(StatementFault::Attachments);
    }
    Ok((statement, content))
}

/// The statement in a JWS, if a published statement key signed it.
pub fn verify(jws: &str, keys: &PublishedKeys) -> Result<Statement, StatementFault> {
    let kid = jws::kid(jws)?;
    let public = keys.find(&kid, KeyPurpose::Statements).ok_or(StatementFault::UnknownKey)?;
    let payload = jws::verify(jws, TYP, &public)?;
    let statement: Statement = serde_json::from_slice(&payload).map_err(|_| StatementFault::Content)?;
    // Whoever steals a key that was replaced can sign with it what claims to be old, but nothing new.
    let in_force = keys.find_at(&kid, KeyPurpose::Statements, statement.accepted_at);
    in_force.map(|_| statement).ok_or(StatementFault::RetiredKey)
}
