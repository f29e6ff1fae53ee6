//! The store: what is on disk, and in which steps it gets there.
//!
//! [`Store`] is a small trait of domain verbs. **One method is one whole transaction**, its ledger
//! events included, so state and ledger cannot disagree, and a method that returned has been made
//! durable (SQLite `synchronous=FULL`, group commit). [`Store::record`] takes only [`Sealed`], whose
//! content can be made by `crypto` alone: plaintext cannot get here.
//!
//! Reads never block the writer. Every read that serves an agency takes that agency: there is no
//! finder without it.

mod error;
mod files;
mod records;
pub mod sqlite;

use async_trait::async_trait;
use jiff::Timestamp;

pub use error::StoreFault;
pub use files::{Files, NewFile, SealedMail, StoredFile};
pub use records::*;

use crate::{
    crypto::keyring::PublishedKey,
    directory::Directory,
    ledger::{TileId, event::Entry},
    message::{Agency, AgencyId, AgencyKey, Area, CaseFacts, CaseRef, DeliveryId, MeetingId, MessageId},
};

/// What a store can do. Shared as `Arc<dyn Store>`.
#[async_trait]
pub trait Store: Send + Sync {
    // ---- Who is who --------------------------------------------------------------------------

    /// The directory as it stands.
    async fn directory(&self) -> Result<Directory, StoreFault>;

    /// Adds or replaces entries, with their events. Gives the directory's new version. Repeatable.
    async fn put_agencies(&self, agencies: Vec<Agency>, entries: Vec<Entry>) -> Result<u64, StoreFault>;

    /// The directory as it stood at a version, as far as the rules look at it (`directory::Standing`):
    /// without names, keys, addresses and people, which are not kept. `None` for a version to come.
    async fn directory_at(&self, version: u64) -> Result<Option<Directory>, StoreFault>;

    // ---- The agencies' own keys --------------------------------------------------------------

    /// Every key that an agency published or revoked by itself, in the order of their first step.
    async fn agency_keys(&self, agency: &AgencyId) -> Result<Vec<AgencyKey>, StoreFault>;

    /// A step of one key, with its events, and the directory's entry brought into agreement with it
    /// ([`AgencyKey::settle`]). Where that changes the entry, the directory has a new version, so nothing
    /// that was sealed on an older one is recorded any more. `false`, and nothing written, if the key does
    /// not stand as `change.before` says any more, or the agency is not in the directory.
    async fn change_key(&self, change: KeyChange) -> Result<bool, StoreFault>;

    /// Copies that nobody has taken and that were sealed to a key revoked since, oldest first.
    async fn withdrawable(&self, limit: usize) -> Result<Vec<Overdue>, StoreFault>;

    /// Destroys such a copy: its sender is to be told at once ([`Store::overdue`]); of a report of the
    /// gateway's, whoever it reported to is told anew. `false`, and nothing written, if it was taken or
    /// erased in the meantime.
    async fn withdraw(&self, mark: Mark) -> Result<bool, StoreFault>;

    /// Forgets to look for copies of revoked keys that have none left.
    async fn settle_revoked_keys(&self) -> Result<(), StoreFault>;

    // ---- The gateway's own keys and everybody's certificates ----------------------------------

    /// The public half of every key that the gateway ever signed with, oldest first.
    async fn published_keys(&self) -> Result<Vec<PublishedKey>, StoreFault>;

    /// From `at` on exactly these keys sign: those of `keys` are kept as they are given, all others have ended,
    /// and the events tell it. One that is given with an end has ended then. Repeatable.
    async fn keys_in_force(
        &self,
        keys: Vec<PublishedKey>,
        at: Timestamp,
        entries: Vec<Entry>,
    ) -> Result<(), StoreFault>;

    /// Certificates were seen. Of several with one key the one that ends last counts. Repeatable.
    async fn certificates_seen(&self, seen: Vec<SeenCertificate>) -> Result<(), StoreFault>;

    /// Every certificate that was seen, with what was told about its end.
    async fn certificates(&self) -> Result<Vec<KnownCertificate>, StoreFault>;

    /// Notes that the end of a certificate was told for the step of `days`, with its event. `false`, and
    /// nothing written, if that step or a later one was told already.
    async fn certificate_told(
        &self,
        told: SeenCertificate,
        days: u16,
        entry: Entry,
    ) -> Result<bool, StoreFault>;

    // ---- Accepting ---------------------------------------------------------------------------

    /// What was accepted from this sender under this id, if anything was.
    async fn submission(&self, sender: &AgencyId, id: MessageId) -> Result<Option<Submission>, StoreFault>;

    /// What is known about a case: for the gateway's own work, and for those who may know every case of
    /// its area.
    async fn case(&self, case_ref: &CaseRef) -> Result<Option<CaseFacts>, StoreFault>;

    /// What an agency that may not know the case claimed under its reference: a case of its own, which
    /// nobody else's facts touch.
    async fn claimed(&self, case_ref: &CaseRef, by: &AgencyId) -> Result<Option<CaseFacts>, StoreFault>;

    /// Who claimed something under the reference of a case, the first one first: for those who may know
    /// every case of its area.
    async fn claimants(&self, case_ref: &CaseRef) -> Result<Vec<AgencyId>, StoreFault>;

    /// What was known about a case when its facts were at a version, or about what was claimed under its
    /// reference, whichever that version is of. `None` where it is of neither.
    async fn case_at(&self, case_ref: &CaseRef, version: u64) -> Result<Option<CaseFacts>, StoreFault>;

    /// What one agency may look at of a case, and of what was claimed under its reference. Unless a fact
    /// brought it in, no fact is read, and a case that is there takes the same look-ups as one that is not.
    async fn case_for(&self, case_ref: &CaseRef, agency: &AgencyId) -> Result<Seen, StoreFault>;

    /// The case, or the claim under its reference, about which one of the agencies `by` asked this one for
    /// information by that message (P7).
    async fn asked_about(
        &self,
        agency: &AgencyId,
        by: &[AgencyId],
        request: MessageId,
        case_ref: &CaseRef,
    ) -> Result<Option<CaseFacts>, StoreFault>;

    /// The case of this area that a meeting belongs to.
    async fn case_of_meeting(&self, area: Area, meeting: MeetingId) -> Result<Option<CaseRef>, StoreFault>;

    /// Message, deliveries, sealed copies, facts and events in one transaction. Of two posts of one
    /// id at once the first to get here decides. Safe to repeat. The files named in `sealed` are the
    /// store's from here: where the answer is not [`Recorded::Recorded`] they are removed.
    async fn record(&self, sealed: Sealed) -> Result<Recorded, StoreFault>;

    /// Facts that no message carries. Nothing is written if the case's facts moved on from
    /// `change.expected`.
    async fn learn(&self, change: FactChange) -> Result<Learned, StoreFault>;

    /// Events alone: refusals, checks, views.
    async fn note(&self, entries: Vec<Entry>) -> Result<(), StoreFault>;

    // ---- Delivering --------------------------------------------------------------------------

    /// Deliveries by webhook or e-mail whose time has come and that nobody holds, oldest first.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreFault>;

    /// When the next delivery falls due, if one waits.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreFault>;

    /// Takes due deliveries under a lease and writes their attempts, each with its event. An answer
    /// for each, in order: `false` where another worker was faster. The attempt counts from here,
    /// whatever becomes of the process.
    async fn claim(&self, claims: Vec<Claim>) -> Result<Vec<bool>, StoreFault>;

    /// Writes the outcome of an attempt. `false`, and nothing written, if it is not the current
    /// attempt of that delivery any more.
    async fn settle(&self, settlement: Settlement) -> Result<bool, StoreFault>;

    /// Copies that wait for this agency, oldest first, from after `after`.
    async fn inbox(&self, agency: &AgencyId, after: u64, limit: usize) -> Result<Vec<InboxItem>, StoreFault>;

    /// One sealed copy of this agency, unless it was erased.
    async fn copy(&self, agency: &AgencyId, delivery: DeliveryId) -> Result<Option<Copy>, StoreFault>;

    /// The recipient is about to be handed the copy: first collection is kept, every one has its
    /// event. `false` if there is no such copy.
    async fn collected(&self, mark: Mark) -> Result<bool, StoreFault>;

    /// The recipient confirmed. Its wrap is destroyed, and what no other recipient needs with it:
    /// files go after the commit. Repeatable: a second time writes nothing.
    async fn acknowledge(&self, mark: Mark) -> Result<Acknowledged, StoreFault>;

    /// Deliveries that were never handed over and whose sender was not told: those accepted before
    /// `accepted_before`, and at once those that failed for good ([`AttemptEnd::Failed`]). One that
    /// expired untold stays here. Reports about reports are never due.
    async fn overdue(&self, accepted_before: Timestamp, limit: usize) -> Result<Vec<Overdue>, StoreFault>;

    /// Deliveries whose payload has reached its end: accepted before `accepted_before` and not
    /// erased, or mail delivered before `mailed_before` and not erased.
    async fn perishable(
        &self,
        accepted_before: Timestamp,
        mailed_before: Timestamp,
        limit: usize,
    ) -> Result<Vec<Overdue>, StoreFault>;

    /// Destroys a copy at the end of its life; `expired` makes that its final state, otherwise its
    /// state stays (delivered mail).
    async fn erase(&self, mark: Mark, expired: bool) -> Result<bool, StoreFault>;

    /// Housekeeping: removes at most `limit` files last written before `files_before` that no record
    /// names (a crash left them; give uploads a day), gives freed space back to the machine and drops
    /// what was erased from the engine's own log. Gives the number of files removed. Repeatable.
    async fn tidy(&self, files_before: Timestamp, limit: usize) -> Result<usize, StoreFault>;

    // ---- Looking -----------------------------------------------------------------------------

    /// The state of one message of this sender.
    async fn track(&self, sender: &AgencyId, id: MessageId) -> Result<Option<Tracked>, StoreFault>;

    /// Messages of this sender, newest first, from before `before` (a cursor of an earlier answer).
    async fn outbox(
        &self,
        sender: &AgencyId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Sent>, StoreFault>;

    // ---- The ledger --------------------------------------------------------------------------

    /// Commitments that have no index yet, in the order of their transactions.
    async fn unsequenced(&self, limit: usize) -> Result<Vec<Unsequenced>, StoreFault>;

    /// Gives indexes, writes tiles and the checkpoint, in one transaction. `false`, and nothing
    /// written, if the last checkpoint is not `batch.after` any more or the events are not exactly
    /// the next ones of [`Store::unsequenced`]: a log never forks.
    async fn sequence(&self, batch: Sequenced) -> Result<bool, StoreFault>;

    /// The latest checkpoint, a signed note.
    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreFault>;

    /// One tile as last written.
    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StoreFault>;

    /// The `message.accepted` event behind a commitment: only those are handed out, in statements.
    async fn leaf(&self, commitment: [u8; 32]) -> Result<Option<Leaf>, StoreFault>;

    /// The `message.accepted` event of a message of this sender.
    async fn acceptance(&self, sender: &AgencyId, id: MessageId) -> Result<Option<Leaf>, StoreFault>;

    /// Sequenced events from `index`, in order.
    async fn leaves(&self, index: u64, limit: usize) -> Result<Vec<Leaf>, StoreFault>;

    /// The events that tell of a decision about a message, accepted, refused or checked, after the key
    /// `after` and within `span`, in their order, sequenced or not.
    async fn decisions(&self, after: u64, span: Span, limit: usize) -> Result<Vec<Decided>, StoreFault>;

    /// Whether the store can write now: for readiness.
    async fn probe(&self) -> Result<(), StoreFault>;
}
