//! What goes into the store and comes out of it. Rows are private to each engine.

use jiff::Timestamp;

use super::StoredFile;
use crate::{
    crypto::jwe::{Ciphertext, Wrap},
    ledger::{TileId, event::Entry},
    message::{
        AgencyId, AgencyKey, Area, CaseFacts, CaseRef, Channel, DeliveryId, EventId, Fact, MessageId,
        MessageType,
    },
};

/// A message, sealed: all that [`super::Store::record`] takes.
pub struct Sealed {
    /// Which.
    pub message_id: MessageId,
    /// Whose.
    pub sender: AgencyId,
    /// What.
    pub message_type: MessageType,
    /// By which schema.
    pub schema_version: String,
    /// Where.
    pub area: Area,
    /// About which case, if it is about one.
    pub case_ref: Option<CaseRef>,
    /// Whose claim under that reference it belongs to; nobody's where it belongs to the case itself.
    pub claimant: Option<AgencyId>,
    /// When.
    pub accepted_at: Timestamp,
    /// SHA-256 of the message part as posted: equality decides a repeat.
    pub submission_sha256: [u8; 32],
    /// The answer, byte for byte, for every repeat.
    pub receipt: Vec<u8>,
    /// One for each view that a system may collect.
    pub views: Vec<NewView>,
    /// Encrypted attachments, in order, one ciphertext for all.
    pub attachments: Vec<SealedAttachment>,
    /// One for each recipient.
    pub deliveries: Vec<NewDelivery>,
    /// Facts that the message carries about its case; none where it is about none.
    pub facts: Vec<Fact>,
    /// The versions that the decision was made on.
    pub decided_on: crate::ledger::event::DecidedOn,
    /// The delivery that this message reports as not delivered: told at most once.
    pub reports: Option<DeliveryId>,
    /// The events of the acceptance; the first is `message.accepted`.
    pub entries: Vec<Entry>,
}

impl Sealed {
    /// The names of all files that belong to it.
    pub fn files(&self) -> Vec<String> {
        let attachments = self.attachments.iter().map(|attachment| &attachment.file);
        let mails = self.deliveries.iter().filter_map(|delivery| match &delivery.copy {
            NewCopy::Mail(file) => Some(file),
            NewCopy::Jwe { .. } => None,
        });
        attachments.chain(mails).map(|file| file.name.clone()).collect()
    }
}

/// What the systems that read one view share.
pub struct NewView {
    /// The ciphertext.
    pub ciphertext: Ciphertext,
    /// The attachments that are no part of it, by their numbers in the message.
    pub withheld: Vec<usize>,
}

/// An encrypted attachment, durable on disk.
pub struct SealedAttachment {
    /// Its file.
    pub file: StoredFile,
}

/// A delivery to be made.
pub struct NewDelivery {
    /// Its id.
    pub delivery_id: DeliveryId,
    /// To whom.
    pub recipient: AgencyId,
    /// By which channel.
    pub channel: Channel,
    /// What the recipient gets.
    pub copy: NewCopy,
}

/// The two sealed forms.
pub enum NewCopy {
    /// A wrap of the `view`th ciphertext, to be collected or pushed.
    Jwe {
        /// Index into [`Sealed::views`].
        view: usize,
        /// The recipient's own key wrap.
        wrap: Wrap,
    },
    /// A sealed mail in a file.
    Mail(StoredFile),
}

/// What became of [`super::Store::record`].
#[derive(Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is durable.
    Recorded,
    /// The same bytes under the same id were accepted before: this was the answer.
    Repeat(Vec<u8>),
    /// Other bytes were accepted under this id before.
    Conflict,
    /// The directory or the case's facts moved since the decision, a meeting in its facts belongs to
    /// another case, or the delivery that it reports needs no report (any more). Nothing was written.
    Stale,
}

/// An earlier acceptance.
#[derive(Debug, PartialEq, Eq)]
pub struct Submission {
    /// SHA-256 of the message part as posted.
    pub sha256: [u8; 32],
    /// The answer that was given.
    pub receipt: Vec<u8>,
}

/// What one agency may look at of a case.
pub struct Seen {
    /// The number of the case's latest fact; 0 where nobody opened it.
    pub version: u64,
    /// What ever brought the agency in ([`Fact::brings_in`]): the case itself first, then what was claimed
    /// under its reference, the oldest claim first. Whether a relation is still open is for the caller to say.
    pub facts: Vec<CaseFacts>,
}

/// Facts set by a call of the API.
pub struct FactChange {
    /// About which case.
    pub case_ref: CaseRef,
    /// Whose claim under that reference they belong to; nobody's where they are about the case itself.
    pub claimant: Option<AgencyId>,
    /// The version that the caller saw.
    pub expected: u64,
    /// What to add, in order.
    pub facts: Vec<Fact>,
    /// The events.
    pub entries: Vec<Entry>,
}

/// What became of [`super::Store::learn`].
#[derive(Debug, PartialEq, Eq)]
pub enum Learned {
    /// It is durable.
    Learned,
    /// The case's facts moved on; nothing was written.
    Stale,
    /// A meeting, designation or approval named in the facts belongs to another case that whoever sets
    /// them may know; nothing was written.
    OtherCase,
}

/// A delivery whose time has come.
#[derive(Debug, Clone)]
pub struct Due {
    /// Which.
    pub delivery_id: DeliveryId,
    /// Of which message.
    pub message_id: MessageId,
    /// Whose message.
    pub sender: AgencyId,
    /// What.
    pub message_type: MessageType,
    /// Where.
    pub area: Area,
    /// To whom.
    pub recipient: AgencyId,
    /// By which channel.
    pub channel: Channel,
    /// How many attempts were made before.
    pub attempts: u32,
    /// When the message was accepted.
    pub accepted_at: Timestamp,
    /// The sealed mail, for e-mail.
    pub mail: Option<String>,
}

/// A worker's claim on a [`Due`].
pub struct Claim {
    /// Which.
    pub delivery_id: DeliveryId,
    /// The attempts that the worker saw: the claim fails if they are not these any more.
    pub attempts: u32,
    /// The present moment.
    pub now: Timestamp,
    /// Until when nobody else may take it.
    pub lease_until: Timestamp,
    /// `delivery.attempted`.
    pub entry: Entry,
}

/// The outcome of an attempt.
pub struct Settlement {
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// Which attempt, counted from 1.
    pub attempt: u32,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub end: AttemptEnd,
    /// Its stable code, such as `http_204` or `smtp_450`.
    pub code: String,
    /// The events.
    pub entries: Vec<Entry>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// The recipient's server took it over.
    Delivered,
    /// Try again then.
    Later {
        /// Not before this moment.
        not_before: Timestamp,
    },
    /// No further attempt. The copy stays collectable where the agency has a mailbox.
    Failed {
        /// The other side refused for good, rather than the waits having come to their end. The
        /// sender is then told at once, as with every failed mail, which nobody can collect.
        permanent: bool,
    },
}

/// A copy that waits in an inbox.
#[derive(Debug, Clone)]
pub struct InboxItem {
    /// The place in the inbox, for paging.
    pub cursor: u64,
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// Of which message.
    pub message_id: MessageId,
    /// What.
    pub message_type: MessageType,
    /// From whom.
    pub sender: AgencyId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it was first collected.
    pub collected_at: Option<Timestamp>,
    /// How many attachments it has.
    pub attachments: usize,
}

/// One sealed copy, to be handed out.
pub struct Copy {
    /// About what.
    pub item: InboxItem,
    /// Where.
    pub area: Area,
    /// By which channel it was sent.
    pub channel: Channel,
    /// The shared part.
    pub ciphertext: Ciphertext,
    /// The recipient's part.
    pub wrap: Wrap,
    /// The files of the attachments, in order.
    pub attachments: Vec<String>,
}

/// Something that happens to one delivery.
pub struct Mark {
    /// The recipient: no mark without it.
    pub agency: AgencyId,
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// When.
    pub at: Timestamp,
    /// The events.
    pub entries: Vec<Entry>,
}

/// What became of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledged {
    /// Now.
    Now,
    /// Before, at this moment.
    Before(Timestamp),
    /// There is no such delivery, or it expired.
    Unknown,
}

/// A delivery that waited too long.
#[derive(Debug, Clone)]
pub struct Overdue {
    /// Which.
    pub delivery_id: DeliveryId,
    /// Of which message.
    pub message_id: MessageId,
    /// What.
    pub message_type: MessageType,
    /// Whose message.
    pub sender: AgencyId,
    /// To whom.
    pub recipient: AgencyId,
    /// By which channel.
    pub channel: Channel,
    /// Where.
    pub area: Area,
    /// About which case, if it is about one.
    pub case_ref: Option<CaseRef>,
    /// As in [`Sealed::claimant`].
    pub claimant: Option<AgencyId>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// The outcome of the last attempt.
    pub last_code: Option<String>,
}

/// Where a delivery stands. The only states there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not yet handed over: in the mailbox, or before its next attempt.
    Waiting,
    /// The recipient's server took it over.
    Delivered,
    /// The recipient collected the copy.
    Collected,
    /// No further attempt; still collectable where the agency has a mailbox.
    Failed,
    /// The recipient confirmed that it has the message. Final.
    Acknowledged,
    /// The end of its life came first. Final.
    Expired,
    /// Nobody had taken it when the key that it was sealed to was revoked; the sender is asked to send the
    /// message again. Final.
    Withdrawn,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Delivered,
        Self::Collected,
        Self::Failed,
        Self::Acknowledged,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// The word that stands for it everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Collected => "collected",
            Self::Failed => "failed",
            Self::Acknowledged => "acknowledged",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A message as its sender may see it.
#[derive(Debug)]
pub struct Tracked {
    /// In short.
    pub sent: Sent,
    /// As in [`Sealed::claimant`]. Not for the sender to see.
    pub claimant: Option<AgencyId>,
    /// The answer that was given at acceptance.
    pub receipt: Vec<u8>,
    /// Each delivery.
    pub deliveries: Vec<TrackedDelivery>,
}

/// A message in short.
#[derive(Debug)]
pub struct Sent {
    /// The place in the outbox, for paging.
    pub cursor: u64,
    /// Which.
    pub message_id: MessageId,
    /// What.
    pub message_type: MessageType,
    /// About which case, if it is about one.
    pub case_ref: Option<CaseRef>,
    /// When.
    pub accepted_at: Timestamp,
    /// How many deliveries stand in each state, in the order of [`DeliveryState::ALL`].
    pub states: [u32; 7],
}

/// One delivery as the sender may see it.
#[derive(Debug)]
pub struct TrackedDelivery {
    /// Which.
    pub delivery_id: DeliveryId,
    /// To whom.
    pub recipient: AgencyId,
    /// By which channel.
    pub channel: Channel,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it will be tried next, while it waits for that.
    pub next_attempt_at: Option<Timestamp>,
    /// When the recipient's server took it over.
    pub delivered_at: Option<Timestamp>,
    /// When it was first collected.
    pub collected_at: Option<Timestamp>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// Every attempt, oldest first.
    pub attempts: Vec<TrackedAttempt>,
}

/// One attempt as the sender may see it.
#[derive(Debug)]
pub struct TrackedAttempt {
    /// Counted from 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it runs, or where a crash cut it off.
    pub ended_at: Option<Timestamp>,
    /// Its outcome's stable code.
    pub code: Option<String>,
}

/// A commitment that waits for its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsequenced {
    /// Its event.
    pub event_id: EventId,
    /// What goes into the tree.
    pub commitment: [u8; 32],
}

/// A step of the sequencer.
pub struct Sequenced {
    /// The size of the tree that this step follows.
    pub after: u64,
    /// Events in their order; the first gets index `after`. May be empty: a fresh checkpoint alone.
    pub events: Vec<EventId>,
    /// Every tile that changed, whole.
    pub tiles: Vec<(TileId, Vec<u8>)>,
    /// The new checkpoint, a signed note.
    pub checkpoint: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// The tree's size.
    pub size: u64,
    /// The note.
    pub note: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// From when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first moment that belongs to it.
    pub from: Timestamp,
    /// The first that does not any more.
    pub until: Timestamp,
}

/// An event that tells of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Its place, for reading on.
    pub key: u64,
    /// The canonical event, unless erased.
    pub event: Option<Vec<u8>>,
}

/// An event as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Its id.
    pub event_id: EventId,
    /// Its place in the log, once sequenced.
    pub index: Option<u64>,
    /// What stands in the tree.
    pub commitment: [u8; 32],
    /// Salt and canonical event, unless erased.
    pub opened: Option<([u8; 32], Vec<u8>)>,
}

/// A step of one of an agency's keys.
pub struct KeyChange {
    /// Whose.
    pub agency: AgencyId,
    /// As the caller read it; none for one that nobody recorded yet.
    pub before: Option<AgencyKey>,
    /// As it stands from here on.
    pub after: AgencyKey,
    /// The events.
    pub entries: Vec<Entry>,
}

/// A certificate whose end is forecast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCertificate {
    /// Whose: an agency, or `gateway`.
    pub holder: AgencyId,
    /// What it is for: `tls`, `tls_client`, `mail`.
    pub purpose: &'static str,
    /// SHA-256 of its subject public key info, hex.
    pub spki_sha256: String,
    /// Its last moment.
    pub not_after: Timestamp,
}

/// A certificate as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCertificate {
    /// Whose.
    pub holder: AgencyId,
    /// What it is for.
    pub purpose: String,
    /// SHA-256 of its subject public key info, hex.
    pub spki_sha256: String,
    /// Its last moment.
    pub not_after: Timestamp,
    /// The last step told, in days.
    pub told_days: Option<u16>,
}
