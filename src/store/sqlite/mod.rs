//! The embedded engine: one SQLite file, one writer with group commit, a few readers.
//!
//! Files by theme: `schema` opens and migrates, `writer` and `readers` run the transactions, `codec`
//! and `names` say how our types stand in columns; the others hold the SQL of a few verbs of the
//! trait each. No SQL stands elsewhere.

mod accept;
mod agency_keys;
mod certificates;
mod codec;
mod deliver;
mod directory;
mod erase;
mod events;
mod facts;
mod history;
mod inbox;
mod keys;
mod log;
mod look;
mod names;
mod readers;
mod schema;
mod watch;
mod writer;

#[cfg(test)]
mod plans;

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use self::{readers::Readers, writer::Writer};
use super::*;
use crate::ledger::TileId;

/// The store in one SQLite file. Several processes may open the same one.
pub struct SqliteStore {
    // Readers are closed first: the last connection to go tidies up, and only the writer can.
    readers: Readers,
    writer: Writer,
    files: Files,
}

/// How the engine is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// How many reads may run at once.
    pub readers: usize,
    /// The database stops growing here and answers [`StoreFault::Full`]; `None`: at the end of the disk.
    pub size_bytes_max: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 4, size_bytes_max: None }
    }
}

impl SqliteStore {
    /// Opens `dir/portcullis.db`; makes folder (0700) and file (0600) where they are missing, and
    /// brings an older file up to date. `files` holds what is too large for it. Blocks.
    pub fn open(dir: &Path, files: Files, options: &SqliteOptions) -> Result<Self, StoreFault> {
        let path = dir.join("portcullis.db");
        let conn = schema::open_writer(&path, options.size_bytes_max)?;
        let readers = Readers::open(&path, options.readers)?;
        Ok(Self { readers, writer: Writer::start(conn)?, files })
    }

    async fn read<T, F>(&self, work: F) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreFault> + Send + 'static,
    {
        self.readers.run(work).await
    }

    async fn write<T, F>(&self, work: F) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreFault> + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Removes files after the commit that dropped their records, even if the caller goes away now.
    async fn discard(&self, doomed: Vec<String>) {
        if !doomed.is_empty() {
            let files = self.files.clone();
            let removal = tokio::spawn(async move { files.remove_all(&doomed).await });
            let _ = removal.await;
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn directory(&self) -> Result<Directory, StoreFault> {
        self.read(directory::directory).await
    }

    async fn directory_at(&self, version: u64) -> Result<Option<Directory>, StoreFault> {
        self.read(move |conn| history::directory_at(conn, version)).await
    }

    async fn put_agencies(&self, agencies: Vec<Agency>, entries: Vec<Entry>) -> Result<u64, StoreFault> {
        self.write(move |conn| directory::put(conn, &agencies, &entries)).await
    }

    async fn agency_keys(&self, agency: &AgencyId) -> Result<Vec<AgencyKey>, StoreFault> {
        let agency = agency.clone();
        self.read(move |conn| agency_keys::of(conn, &agency)).await
    }

    async fn change_key(&self, change: KeyChange) -> Result<bool, StoreFault> {
        self.write(move |conn| agency_keys::change(conn, &change)).await
    }

    async fn withdrawable(&self, limit: usize) -> Result<Vec<Overdue>, StoreFault> {
        self.read(move |conn| watch::withdrawable(conn, limit)).await
    }

    async fn withdraw(&self, mark: Mark) -> Result<bool, StoreFault> {
        let (withdrawn, doomed) = self.write(move |conn| erase::withdraw(conn, &mark)).await?;
        self.discard(doomed).await;
        Ok(withdrawn)
    }

    async fn settle_revoked_keys(&self) -> Result<(), StoreFault> {
        self.write(agency_keys::settle_revoked).await
    }

    async fn published_keys(&self) -> Result<Vec<PublishedKey>, StoreFault> {
        self.read(keys::published).await
    }

    async fn keys_in_force(
        &self,
        keys: Vec<PublishedKey>,
        at: Timestamp,
        entries: Vec<Entry>,
    ) -> Result<(), StoreFault> {
        self.write(move |conn| keys::in_force(conn, &keys, at, &entries)).await
    }

    async fn certificates_seen(&self, seen: Vec<SeenCertificate>) -> Result<(), StoreFault> {
        self.write(move |conn| certificates::seen(conn, &seen)).await
    }

    async fn certificates(&self) -> Result<Vec<KnownCertificate>, StoreFault> {
        self.read(certificates::known).await
    }

    async fn certificate_told(
        &self,
        told: SeenCertificate,
        days: u16,
        entry: Entry,
    ) -> Result<bool, StoreFault> {
        self.write(move |conn| certificates::told(conn, &told, days, &entry)).await
    }

    async fn submission(&self, sender: &AgencyId, id: MessageId) -> Result<Option<Submission>, StoreFault> {
        let sender = sender.clone();
        self.read(move |conn| accept::submission(conn, &sender, id)).await
    }

    async fn case(&self, case_ref: &CaseRef) -> Result<Option<CaseFacts>, StoreFault> {
        let case_ref = case_ref.clone();
        self.read(move |conn| facts::case(conn, &case_ref, None)).await
    }

    async fn claimed(&self, case_ref: &CaseRef, by: &AgencyId) -> Result<Option<CaseFacts>, StoreFault> {
        let (case_ref, by) = (case_ref.clone(), by.clone());
        self.read(move |conn| facts::case(conn, &case_ref, Some(&by))).await
    }

    async fn claimants(&self, case_ref: &CaseRef) -> Result<Vec<AgencyId>, StoreFault> {
        let case_ref = case_ref.clone();
        self.read(move |conn| facts::claimants(conn, &case_ref)).await
    }

    async fn case_at(&self, case_ref: &CaseRef, version: u64) -> Result<Option<CaseFacts>, StoreFault> {
        let case_ref = case_ref.clone();
        self.read(move |conn| history::case_at(conn, &case_ref, version)).await
    }

    async fn case_for(&self, case_ref: &CaseRef, agency: &AgencyId) -> Result<Seen, StoreFault> {
        let (case_ref, agency) = (case_ref.clone(), agency.clone());
        self.read(move |conn| facts::case_for(conn, &case_ref, &agency)).await
    }

    async fn asked_about(
        &self,
        agency: &AgencyId,
        by: &[AgencyId],
        request: MessageId,
        case_ref: &CaseRef,
    ) -> Result<Option<CaseFacts>, StoreFault> {
        let (agency, by, case_ref) = (agency.clone(), by.to_vec(), case_ref.clone());
        self.read(move |conn| look::asked_about(conn, &agency, &by, request, &case_ref)).await
    }

    async fn case_of_meeting(&self, area: Area, meeting: MeetingId) -> Result<Option<CaseRef>, StoreFault> {
        self.read(move |conn| facts::case_of_meeting(conn, area, meeting)).await
    }

    async fn record(&self, sealed: Sealed) -> Result<Recorded, StoreFault> {
        let (recorded, doomed) = self
            .write(move |conn| {
                let recorded = accept::record(conn, &sealed)?;
                // After a record the files are known: nothing is doomed.
                Ok((recorded, erase::unknown(conn, sealed.files())?))
            })
            .await?;
        self.discard(doomed).await;
        Ok(recorded)
    }

    async fn learn(&self, change: FactChange) -> Result<Learned, StoreFault> {
        self.write(move |conn| facts::learn(conn, &change)).await
    }

    async fn note(&self, entries: Vec<Entry>) -> Result<(), StoreFault> {
        self.write(move |conn| events::note(conn, &entries)).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreFault> {
        self.read(move |conn| deliver::due(conn, now, limit)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreFault> {
        self.read(deliver::next_due).await
    }

    async fn claim(&self, claims: Vec<Claim>) -> Result<Vec<bool>, StoreFault> {
        self.write(move |conn| deliver::claim(conn, &claims)).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<bool, StoreFault> {
        self.write(move |conn| deliver::settle(conn, &settlement)).await
    }

    async fn inbox(&self, agency: &AgencyId, after: u64, limit: usize) -> Result<Vec<InboxItem>, StoreFault> {
        let agency = agency.clone();
        self.read(move |conn| inbox::inbox(conn, &agency, after, limit)).await
    }

    async fn copy(&self, agency: &AgencyId, delivery: DeliveryId) -> Result<Option<Copy>, StoreFault> {
        let agency = agency.clone();
        self.read(move |conn| inbox::copy(conn, &agency, delivery)).await
    }

    async fn collected(&self, mark: Mark) -> Result<bool, StoreFault> {
        self.write(move |conn| inbox::collected(conn, &mark)).await
    }

    async fn acknowledge(&self, mark: Mark) -> Result<Acknowledged, StoreFault> {
        let (acknowledged, doomed) = self.write(move |conn| erase::acknowledge(conn, &mark)).await?;
        self.discard(doomed).await;
        Ok(acknowledged)
    }

    async fn overdue(&self, accepted_before: Timestamp, limit: usize) -> Result<Vec<Overdue>, StoreFault> {
        self.read(move |conn| watch::overdue(conn, accepted_before, limit)).await
    }

    async fn perishable(
        &self,
        accepted_before: Timestamp,
        mailed_before: Timestamp,
        limit: usize,
    ) -> Result<Vec<Overdue>, StoreFault> {
        self.read(move |conn| watch::perishable(conn, accepted_before, mailed_before, limit)).await
    }

    async fn erase(&self, mark: Mark, expired: bool) -> Result<bool, StoreFault> {
        let (erased, doomed) = self.write(move |conn| erase::erase(conn, &mark, expired)).await?;
        self.discard(doomed).await;
        Ok(erased)
    }

    async fn tidy(&self, files_before: Timestamp, limit: usize) -> Result<usize, StoreFault> {
        let old = self.files.older_than(files_before).await?;
        let mut orphans = Vec::new();
        for names in old.chunks(FILES_AT_ONCE) {
            // In portions, so that no read stays open for long.
            let names = names.to_vec();
            orphans.extend(self.read(move |conn| erase::unknown(conn, names)).await?);
            if orphans.len() >= limit {
                break;
            }
        }
        orphans.truncate(limit);
        self.files.remove_all(&orphans).await;
        self.writer.tidy().await?;
        Ok(orphans.len())
    }

    async fn track(&self, sender: &AgencyId, id: MessageId) -> Result<Option<Tracked>, StoreFault> {
        let sender = sender.clone();
        self.read(move |conn| look::track(conn, &sender, id)).await
    }

    async fn outbox(
        &self,
        sender: &AgencyId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Sent>, StoreFault> {
        let sender = sender.clone();
        self.read(move |conn| look::outbox(conn, &sender, before, limit)).await
    }

    async fn unsequenced(&self, limit: usize) -> Result<Vec<Unsequenced>, StoreFault> {
        self.read(move |conn| log::unsequenced(conn, limit)).await
    }

    async fn sequence(&self, batch: Sequenced) -> Result<bool, StoreFault> {
        self.write(move |conn| log::sequence(conn, &batch)).await
    }

    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreFault> {
        self.read(log::checkpoint).await
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StoreFault> {
        self.read(move |conn| log::tile(conn, id)).await
    }

    async fn leaf(&self, commitment: [u8; 32]) -> Result<Option<Leaf>, StoreFault> {
        self.read(move |conn| log::by_commitment(conn, commitment)).await
    }

    async fn acceptance(&self, sender: &AgencyId, id: MessageId) -> Result<Option<Leaf>, StoreFault> {
        let sender = sender.clone();
        self.read(move |conn| log::acceptance(conn, &sender, id)).await
    }

    async fn leaves(&self, index: u64, limit: usize) -> Result<Vec<Leaf>, StoreFault> {
        self.read(move |conn| log::leaves(conn, index, limit)).await
    }

    async fn decisions(&self, after: u64, span: Span, limit: usize) -> Result<Vec<Decided>, StoreFault> {
        self.read(move |conn| history::decisions(conn, after, span, limit)).await
    }

    async fn probe(&self) -> Result<(), StoreFault> {
        self.write(|conn| {
            conn.prepare_cached("UPDATE head SET probes = probes + 1")?.execute([])?;
            Ok(())
        })
        .await
    }
}

/// How many file names are looked up in one read.
const FILES_AT_ONCE: usize = 256;
