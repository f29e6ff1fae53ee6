//! The closed list of events, and what each leaves behind.
//!
//! An event is RFC 8785 canonical JSON with `"v":1`. The tree holds only a salted commitment to it
//! (design §7), so an event can be erased and every proof still holds. Agency ids, case references,
//! codes and times stand in clear; justifications and persons stand only in `audit`, a JWE to the
//! area's audit key, whose private half is not on the gateway. No value that a sender submitted
//! stands in an event.
//!
//! | event | DPA 2018 s.62 |
//! |---|---|
//! | `message.accepted` | collection |
//! | `delivery.attempted` `delivery.delivered` `delivery.collected` `delivery.acknowledged` `delivery.failed` `delivery.expired` `delivery.withdrawn` | disclosure |
//! | `record.viewed` | consultation |
//! | `payload.erased` | erasure |
//! | `view.made` `message.refused` `message.checked` `fact.changed` `fact.refused` `designation.made` `approval.made` `directory.changed` `policies.changed` `key.rotated` `key.published` `key.proven` `key.announced` `key.revoked` `key.refused` `certificate.expiring` `gateway.started` | none: the gateway's own |

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use super::asked::DecidedOn;
use super::{asked::Asked, commitment};
use crate::{
    crypto::random::{NoRandom, Random},
    message::{
        AgencyId, Approval, Area, CaseRef, Channel, DeliveryId, Designation, EventId, Fact, MessageId,
        MessageType,
    },
};

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type")]
pub enum Event {
    /// A message was accepted: valid, permitted, sealed, and in the same transaction as this.
    #[serde(rename = "message.accepted")]
    MessageAccepted {
        /// Which.
        message_id: MessageId,
        /// Whose.
        sender: AgencyId,
        /// About which case, if it is about one.
        #[serde(skip_serializing_if = "Option::is_none")]
        case_ref: Option<CaseRef>,
        /// What it is.
        message_type: MessageType,
        /// The payload of every statement, without its member `ledger`.
        statements: Vec<Value>,
        /// What the rules were asked about it, on which state of facts and directory, and what they said;
        /// none for what the gateway itself makes.
        #[serde(skip_serializing_if = "Option::is_none")]
        asked: Option<Arc<Asked>>,
        /// To which key each copy was sealed.
        sealed_to: Vec<SealedTo>,
        /// The message that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        in_reply_to: Option<MessageId>,
        /// The message that it replaces.
        #[serde(skip_serializing_if = "Option::is_none")]
        supersedes: Option<MessageId>,
        /// The message that it sends again.
        #[serde(skip_serializing_if = "Option::is_none")]
        resends: Option<MessageId>,
        /// Persons and justifications: a JWE sealed to the area's audit key.
        #[serde(skip_serializing_if = "Option::is_none")]
        audit: Option<Value>,
    },
    /// Some recipients of a message get a view with gaps.
    #[serde(rename = "view.made")]
    ViewMade {
        /// Of which message.
        message_id: MessageId,
        /// Whose.
        sender: AgencyId,
        /// SHA-256 of the view's statement, hex.
        statement_sha256: String,
        /// What is not there.
        removed: Vec<Gap>,
        /// The salts of the hashes: a JWE sealed to the area's audit key.
        audit: Value,
    },
    /// A message was refused. Nothing of it is stored.
    #[serde(rename = "message.refused")]
    MessageRefused(Judged),
    /// A call that sets facts, or looks at those of a case, was refused.
    #[serde(rename = "fact.refused")]
    FactRefused(Judged),
    /// A message was checked without being sent.
    #[serde(rename = "message.checked")]
    MessageChecked(Judged),
    /// An attempt at a delivery begins.
    #[serde(rename = "delivery.attempted")]
    DeliveryAttempted(Step),
    /// The recipient's server took it over.
    #[serde(rename = "delivery.delivered")]
    DeliveryDelivered(Step),
    /// The recipient collected the sealed copy or an attachment.
    #[serde(rename = "delivery.collected")]
    DeliveryCollected {
        /// Which delivery.
        #[serde(flatten)]
        step: Step,
        /// `copy`, `attachment 0`, or `attachment 0, bytes 1000 to 4999 of 5000`.
        part: String,
    },
    /// The recipient confirmed that it has the message.
    #[serde(rename = "delivery.acknowledged")]
    DeliveryAcknowledged(Step),
    /// An attempt failed.
    #[serde(rename = "delivery.failed")]
    DeliveryFailed {
        /// Which delivery.
        #[serde(flatten)]
        step: Step,
        /// Whether no further attempt follows.
        last: bool,
    },
    /// The end of its life came before an acknowledgement.
    #[serde(rename = "delivery.expired")]
    DeliveryExpired(Step),
    /// The key that it was sealed to was revoked before anybody took it: the sender is asked to send it again.
    #[serde(rename = "delivery.withdrawn")]
    DeliveryWithdrawn(Step),
    /// A sealed copy was destroyed.
    #[serde(rename = "payload.erased")]
    PayloadErased(Step),
    /// Someone looked at what the gateway keeps about messages.
    #[serde(rename = "record.viewed")]
    RecordViewed {
        /// Who looked.
        viewer: AgencyId,
        /// `tracking`, `outbox`, `inbox` or `case`; `claim` where it is not the case itself that was shown, but
        /// what somebody who may not know it claims about it.
        view: &'static str,
        /// The messages, deliveries or the case that were shown.
        shown: Vec<String>,
    },
    /// A fact about a case or meeting was recorded.
    #[serde(rename = "fact.changed")]
    FactChanged {
        /// Which case.
        case_ref: CaseRef,
        /// Who claimed it, where the fact is not about the case itself, which that agency may not know, but
        /// about what it says under its reference.
        #[serde(skip_serializing_if = "Option::is_none")]
        claimant: Option<AgencyId>,
        /// Who set it.
        by: AgencyId,
        /// The message that carried it, if one did.
        #[serde(skip_serializing_if = "Option::is_none")]
        message_id: Option<MessageId>,
        /// The fact: ids, relations, dates and flags. A member of its own, since it names an area and an
        /// agency too, and canonical JSON has each member once.
        fact: Fact,
        /// By which rule and law, where a call set it; a message's own event has them otherwise.
        #[serde(flatten)]
        basis: Basis,
    },
    /// An associate was designated for one case, section 325(4A)(c) of the Criminal Justice Act 2003.
    #[serde(rename = "designation.made")]
    DesignationMade {
        /// Which case.
        case_ref: CaseRef,
        /// Which unit recorded it.
        by: AgencyId,
        /// Which designation: who, why, by whose officer, from when until when.
        designation: Designation,
        /// The officer: a JWE sealed to the area's audit key.
        audit: Value,
        /// By which rule and law.
        #[serde(flatten)]
        basis: Basis,
    },
    /// Something was approved in writing.
    #[serde(rename = "approval.made")]
    ApprovalMade {
        /// Which case.
        case_ref: CaseRef,
        /// Which approval: what, by whom, to whom, until when.
        approval: Approval,
        /// The reason: a JWE sealed to the area's audit key.
        audit: Value,
        /// By which rule and law.
        #[serde(flatten)]
        basis: Basis,
    },
    /// A directory entry was added or changed.
    #[serde(rename = "directory.changed")]
    DirectoryChanged {
        /// Which agency.
        agency_id: AgencyId,
        /// The new entry: its standing, channels, keys and certificates. Contacts are people and are
        /// left out.
        entry: Value,
        /// By which command.
        by: &'static str,
    },
    /// The operator had the policies read again, and from here on another set decides: whatever message
    /// is recorded after this was decided by it.
    #[serde(rename = "policies.changed")]
    PoliciesChanged {
        /// SHA-256 of the new set, in hex.
        policy_set: String,
        /// SHA-256 of the set that was in force.
        previous: String,
    },
    /// The keys that the gateway signs with are others from here on.
    #[serde(rename = "key.rotated")]
    KeyRotated {
        /// What it signs: `statements`, `webhooks`, `checkpoints` or `smime`.
        purpose: &'static str,
        /// The name of the key in force.
        kid: String,
        /// Its public key as the published set has it: `x`, or `n` of an RSA key.
        key: String,
        /// The names of those that still sign beside it.
        beside: Vec<String>,
        /// The names of those that sign no more.
        ended: Vec<String>,
    },
    /// An agency published a key for itself, and was challenged to open with it.
    #[serde(rename = "key.published")]
    KeyPublished(KeyStep),
    /// The canary that was sealed to a published key came back opened, and nobody vouches for the key: not yet,
    /// or not any more, since the key that did was revoked.
    #[serde(rename = "key.proven")]
    KeyProven(KeyStep),
    /// A proven key was vouched for: it is sealed to from `valid_from` on.
    #[serde(rename = "key.announced")]
    KeyAnnounced {
        /// Which key.
        #[serde(flatten)]
        step: KeyStep,
        /// The first moment at which it is sealed to.
        #[serde(with = "crate::message::time")]
        valid_from: Timestamp,
        /// The key in force that opened the voucher; none where the operator approved.
        #[serde(skip_serializing_if = "Option::is_none")]
        vouched_by: Option<String>,
        /// Who approved and why: a JWE sealed to the area's audit key.
        #[serde(skip_serializing_if = "Option::is_none")]
        audit: Option<Value>,
    },
    /// An agency revoked a key of its own, or the operator did: nothing is sealed to it any more.
    #[serde(rename = "key.revoked")]
    KeyRevoked {
        /// Which key.
        #[serde(flatten)]
        step: KeyStep,
        /// Where the operator did, who and why: a JWE sealed to the area's audit key.
        #[serde(skip_serializing_if = "Option::is_none")]
        audit: Option<Value>,
    },
    /// A call about an agency's own keys was refused.
    #[serde(rename = "key.refused")]
    KeyRefused(Judged),
    /// A certificate ends soon: one event for each step of the forecast.
    #[serde(rename = "certificate.expiring")]
    CertificateExpiring {
        /// Whose: an agency, or `gateway`.
        holder: AgencyId,
        /// What it is for: `tls`, `tls_client`, `mail`, `authority`.
        purpose: &'static str,
        /// SHA-256 of its subject public key info, hex.
        spki_sha256: String,
        /// Its last moment.
        #[serde(with = "crate::message::time")]
        not_after: Timestamp,
        /// The step: so many days are left at most.
        days: u16,
    },
    /// The gateway started, with this policy set in force.
    #[serde(rename = "gateway.started")]
    GatewayStarted {
        /// SHA-256 of the set, in hex.
        policy_set: String,
    },
}

/// One step of an agency's own key.
#[derive(Debug, Clone, Serialize)]
pub struct KeyStep {
    /// Whose.
    pub agency_id: AgencyId,
    /// Its name.
    pub kid: String,
    /// SHA-256 of the public key, hex, as in `sealed_to`.
    pub sha256: String,
}

/// A place that a view leaves out.
#[derive(Debug, Clone, Serialize)]
pub struct Gap {
    /// Where in the full text: JSON Pointer (RFC 6901).
    pub pointer: String,
    /// Why.
    pub reason: &'static str,
    /// SHA-256 of a salt and of what stood there, hex.
    pub hash: String,
}

/// What permitted a call.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Basis {
    /// The rules, such as `P22`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub policies: BTreeSet<String>,
    /// The law that they rest on.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub legal_basis: BTreeSet<String>,
}

/// The key that one copy was sealed to.
#[derive(Debug, Clone, Serialize)]
pub struct SealedTo {
    /// Which copy.
    pub delivery_id: DeliveryId,
    /// The name of the encryption key, or `smime`.
    pub kid: String,
    /// SHA-256 of the public key, hex: of its uncompressed point, or of a mail certificate's subject
    /// public key info.
    pub sha256: String,
}

/// A verdict about a message that is not kept: codes, pointers and what [`Asked`] may keep, never values.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// Who posted it: the TLS identity; `unknown` where the directory knows no such certificate.
    pub sender: AgencyId,
    /// Whom the certificate of an unknown caller names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<AgencyId>,
    /// Which, if it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// Its type, if it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type: Option<MessageType>,
    /// The stable code of the answer, `accepted` for a check that found nothing.
    pub code: &'static str,
    /// Where the faults are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultPlace>,
    /// What the rules were asked about it and what they said, if it got so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Arc<Asked>>,
    /// How many more refusals of this sender this event stands for, beyond the rate that is
    /// recorded one by one.
    #[serde(skip_serializing_if = "is_zero")]
    pub uncounted: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// One fault of a refused message.
#[derive(Debug, Clone, Serialize)]
pub struct FaultPlace {
    /// JSON Pointer (RFC 6901) made only of names that our schemas know, and of numbers.
    pub pointer: String,
    /// Its stable code.
    pub code: String,
    /// The rule that refused it, `P15` or `V31`; nothing where no rule permits what was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The law that a rule of permission rests on; where none permits, that of the rules which would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
}

/// One step in a delivery's life.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// Of which message.
    pub message_id: MessageId,
    /// Whose message.
    pub sender: AgencyId,
    /// To whom.
    pub recipient: AgencyId,
    /// By which channel.
    pub channel: Channel,
    /// Which attempt, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The outcome's stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

#[derive(Serialize)]
struct Written<'a> {
    v: u8,
    id: EventId,
    #[serde(with = "crate::message::time")]
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<Area>,
    #[serde(flatten)]
    event: &'a Event,
}

/// An event as it is stored: its canonical bytes, the salt, and the commitment that goes into the
/// tree.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The event's id.
    pub event_id: EventId,
    /// When.
    pub at: Timestamp,
    /// Its dotted name.
    pub kind: &'static str,
    /// The area, where it has one.
    pub area: Option<Area>,
    /// The message and its sender that it is about, for look-ups.
    pub message: Option<(AgencyId, MessageId)>,
    /// The delivery that it is about, for look-ups.
    pub delivery: Option<DeliveryId>,
    /// Thirty-two random bytes.
    pub salt: [u8; 32],
    /// SHA-256 of salt and event.
    pub commitment: [u8; 32],
    /// The event, RFC 8785 canonical JSON.
    pub event: Vec<u8>,
}

/// The event could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum EntryFault {
    /// No randomness for id or salt.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// The event has no canonical form.
    #[error("an event has no canonical form")]
    Canonical(#[source] serde_json::Error),
}

impl Entry {
    /// Writes the event down, with a fresh id and salt.
    pub fn new(
        event: &Event,
        at: Timestamp,
        area: Option<Area>,
        random: &Random,
    ) -> Result<Self, EntryFault> {
        let event_id = EventId::new(at, random.bytes()?);
        let written = Written { v: 1, id: event_id, at, area, event };
        let bytes = serde_json_canonicalizer::to_vec(&written).map_err(EntryFault::Canonical)?;
        let salt = random.bytes()?;
        let commitment = commitment(&salt, &bytes);
        let (message, delivery) = (event.message(), event.delivery());
        Ok(Self { event_id, at, kind: event.kind(), area, message, delivery, salt, commitment, event: bytes })
    }
}

impl Event {
    /// Its dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MessageAccepted { .. } => "message.accepted",
            Self::ViewMade { .. } => "view.made",
            Self::MessageRefused(_) => "message.refused",
            Self::FactRefused(_) => "fact.refused",
            Self::MessageChecked(_) => "message.checked",
            Self::DeliveryAttempted(_) => "delivery.attempted",
            Self::DeliveryDelivered(_) => "delivery.delivered",
            Self::DeliveryCollected { .. } => "delivery.collected",
            Self::DeliveryAcknowledged(_) => "delivery.acknowledged",
            Self::DeliveryFailed { .. } => "delivery.failed",
            Self::DeliveryExpired(_) => "delivery.expired",
            Self::DeliveryWithdrawn(_) => "delivery.withdrawn",
            Self::PayloadErased(_) => "payload.erased",
            Self::RecordViewed { .. } => "record.viewed",
            Self::FactChanged { .. } => "fact.changed",
            Self::DesignationMade { .. } => "designation.made",
            Self::ApprovalMade { .. } => "approval.made",
            Self::DirectoryChanged { .. } => "directory.changed",
            Self::PoliciesChanged { .. } => "policies.changed",
            Self::KeyRotated { .. } => "key.rotated",
            Self::KeyPublished(_) => "key.published",
            Self::KeyProven(_) => "key.proven",
            Self::KeyAnnounced { .. } => "key.announced",
            Self::KeyRevoked { .. } => "key.revoked",
            Self::KeyRefused(_) => "key.refused",
            Self::CertificateExpiring { .. } => "certificate.expiring",
            Self::GatewayStarted { .. } => "gateway.started",
        }
    }

    fn step(&self) -> Option<&Step> {
        match self {
            Self::DeliveryAttempted(step)
            | Self::DeliveryDelivered(step)
            | Self::DeliveryCollected { step, .. }
            | Self::DeliveryAcknowledged(step)
            | Self::DeliveryFailed { step, .. }
            | Self::DeliveryExpired(step)
            | Self::DeliveryWithdrawn(step)
            | Self::PayloadErased(step) => Some(step),
            _ => None,
        }
    }

    fn message(&self) -> Option<(AgencyId, MessageId)> {
        match self {
            Self::MessageAccepted { message_id, sender, .. } | Self::ViewMade { message_id, sender, .. } => {
                Some((sender.clone(), *message_id))
            }
            // A refused message has no record; its id stays free, so no look-up leads to it.
            _ => self.step().map(|step| (step.sender.clone(), step.message_id)),
        }
    }

    fn delivery(&self) -> Option<DeliveryId> {
        self.step().map(|step| step.delivery_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_that_names_an_area_and_an_agency_has_a_canonical_form() {
        let by: AgencyId = "kent-police".parse().unwrap();
        let area: Area = "46".parse().unwrap();
        let fact = Fact::CaseOpened {
            by: by.clone(),
            proposed: true,
            area,
            purpose: crate::message::Purpose::A,
            category: Some(2),
            lead: None,
            shared_supervision: vec![],
            convicted: None,
            foreign_national: None,
        };
        let event = Event::FactChanged {
            case_ref: "46-2026-7K3M9Q2F".parse().unwrap(),
            claimant: None,
            by,
            message_id: None,
            fact,
            basis: Basis::default(),
        };
        let at = Timestamp::UNIX_EPOCH;
        assert!(Entry::new(&event, at, Some(area), &Random::system()).is_ok());
    }
}
