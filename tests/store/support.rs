//! A store to try, and the things that go into it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use portcullis::{
    crypto::{
        jwe::{Ciphertext, Wrap},
        random::Random,
    },
    ledger::event::{DecidedOn, Entry, Event, Step},
    message::{AgencyId, CaseRef, Channel, DeliveryId, Fact, MessageId, MessageType, Purpose},
    store::{
        Acknowledged, AttemptEnd, Claim, Files, Mark, NewCopy, NewDelivery, NewView, Recorded, Sealed,
        SealedAttachment, SealedMail, Settlement, Store, StoredFile, Tracked,
        sqlite::{SqliteOptions, SqliteStore},
    },
};

/// Runs each test on each engine.
macro_rules! contract {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::support::Bed::sqlite()).await;
            })+
        }
    };
}
pub(crate) use contract;

/// Opens one engine's store in a folder.
type Engine = fn(&Path, Files, size_bytes_max: Option<u64>) -> Arc<dyn Store>;

fn sqlite(dir: &Path, files: Files, size_bytes_max: Option<u64>) -> Arc<dyn Store> {
    let options = SqliteOptions { size_bytes_max, ..SqliteOptions::default() };
    Arc::new(SqliteStore::open(dir, files, &options).unwrap())
}

/// A store in a folder of its own.
pub struct Bed {
    engine: Engine,
    dir: tempfile::TempDir,
    pub store: Arc<dyn Store>,
    pub files: Files,
    pub random: Random,
}

impl Bed {
    pub fn sqlite() -> Self {
        Self::new(sqlite, None)
    }

    pub fn sqlite_of(size_bytes_max: u64) -> Self {
        Self::new(sqlite, Some(size_bytes_max))
    }

    fn new(engine: Engine, size_bytes_max: Option<u64>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let random = Random::system();
        let files = Files::open(dir.path().join("files"), random.clone()).unwrap();
        let store = engine(dir.path(), files.clone(), size_bytes_max);
        Self { engine, dir, store, files, random }
    }

    pub fn dir(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// Ends the store and opens what it left, as a restart does.
    pub fn reopen(self) -> Self {
        let Self { engine, dir, store, files, random } = self;
        assert_eq!(Arc::strong_count(&store), 1, "a restart leaves no other handle");
        drop(store);
        let store = engine(dir.path(), files.clone(), None);
        Self { engine, dir, store, files, random }
    }

    /// A referral from `sender` that opens its case, accepted at `at(0)`.
    pub fn draft(&self, sender: &str, to: &[(&str, Channel)]) -> Draft {
        let id = || DeliveryId::new(at(0), self.random.bytes().unwrap());
        Draft {
            message_id: MessageId::new(at(0), self.random.bytes().unwrap()),
            sender: agency(sender),
            message_type: MessageType::Referral,
            case_ref: CaseRef::new("46".parse().unwrap(), 2026, self.random.bytes().unwrap()),
            about_case: true,
            accepted_at: at(0),
            bytes: vec![7; 600],
            to: to.iter().map(|(name, channel)| (id(), agency(name), *channel)).collect(),
            attachments: 0,
            facts: vec![],
            claimant: None,
            decided_on: DecidedOn { directory: 0, case_facts: 0 },
            reports: None,
        }
    }

    /// Accepts a draft and gives its deliveries.
    pub async fn accepted(&self, draft: &Draft) -> Vec<DeliveryId> {
        assert_eq!(self.store.record(draft.sealed(self).await).await.unwrap(), Recorded::Recorded);
        draft.to.iter().map(|(id, ..)| *id).collect()
    }

    /// A message to one agency, accepted.
    pub async fn one(&self, channel: Channel) -> (Draft, DeliveryId) {
        let draft = self.draft("kent-police", &[("kent-mappa", channel)]);
        let ids = self.accepted(&draft).await;
        (draft, ids[0])
    }

    pub async fn file(&self, bytes: &[u8]) -> StoredFile {
        let mut file = self.files.create().await.unwrap();
        file.write_mail(&SealedMail::new(bytes.to_vec())).await.unwrap();
        file.finish().await.unwrap()
    }

    /// How many files the folder holds.
    pub fn file_count(&self) -> usize {
        std::fs::read_dir(self.dir.path().join("files")).unwrap().count()
    }

    pub async fn events(&self) -> usize {
        self.store.unsequenced(10_000).await.unwrap().len()
    }

    pub fn entry(&self, event: &Event) -> Entry {
        Entry::new(event, at(0), None, &self.random).unwrap()
    }

    /// An event about a delivery, of whatever kind.
    pub fn step(&self, draft: &Draft, delivery: DeliveryId, kind: fn(Step) -> Event) -> Entry {
        let (_, recipient, channel) = draft.to.iter().find(|(id, ..)| *id == delivery).unwrap().clone();
        self.entry(&kind(Step {
            delivery_id: delivery,
            message_id: draft.message_id,
            sender: draft.sender.clone(),
            recipient,
            channel,
            attempt: None,
            code: None,
        }))
    }

    pub fn claim(&self, draft: &Draft, delivery: DeliveryId, attempts: u32, now: i64) -> Claim {
        Claim {
            delivery_id: delivery,
            attempts,
            now: at(now),
            lease_until: at(now + LEASE),
            entry: self.step(draft, delivery, Event::DeliveryAttempted),
        }
    }

    pub async fn claimed(&self, draft: &Draft, delivery: DeliveryId, attempts: u32, now: i64) -> bool {
        let claims = vec![self.claim(draft, delivery, attempts, now)];
        self.store.claim(claims).await.unwrap() == [true]
    }

    pub async fn settled(
        &self,
        draft: &Draft,
        delivery: DeliveryId,
        attempt: u32,
        now: i64,
        end: AttemptEnd,
    ) -> bool {
        let entries = vec![self.step(draft, delivery, Event::DeliveryDelivered)];
        let settlement =
            Settlement { delivery_id: delivery, attempt, at: at(now), end, code: code(end).into(), entries };
        self.store.settle(settlement).await.unwrap()
    }

    pub fn mark(&self, draft: &Draft, delivery: DeliveryId, by: &str, now: i64) -> Mark {
        let entries = vec![self.step(draft, delivery, Event::DeliveryAcknowledged)];
        Mark { agency: agency(by), delivery_id: delivery, at: at(now), entries }
    }

    pub async fn acknowledged(
        &self,
        draft: &Draft,
        delivery: DeliveryId,
        by: &str,
        now: i64,
    ) -> Acknowledged {
        self.store.acknowledge(self.mark(draft, delivery, by, now)).await.unwrap()
    }

    pub async fn inbox(&self, by: &str) -> Vec<DeliveryId> {
        let items = self.store.inbox(&agency(by), 0, 100).await.unwrap();
        items.into_iter().map(|item| item.delivery_id).collect()
    }

    pub async fn tracked(&self, draft: &Draft) -> Tracked {
        self.store.track(&draft.sender, draft.message_id).await.unwrap().unwrap()
    }
}

/// A message that can be sealed again and again.
#[derive(Clone)]
pub struct Draft {
    pub message_id: MessageId,
    pub sender: AgencyId,
    pub message_type: MessageType,
    pub case_ref: CaseRef,
    /// Whether it is about that case at all.
    pub about_case: bool,
    pub accepted_at: Timestamp,
    pub bytes: Vec<u8>,
    pub to: Vec<(DeliveryId, AgencyId, Channel)>,
    pub attachments: usize,
    pub facts: Vec<Fact>,
    pub claimant: Option<AgencyId>,
    pub decided_on: DecidedOn,
    pub reports: Option<DeliveryId>,
}

impl Draft {
    pub fn receipt(&self) -> Vec<u8> {
        format!("receipt of {} bytes", self.bytes.len()).into_bytes()
    }

    pub async fn sealed(&self, bed: &Bed) -> Sealed {
        let mut deliveries = Vec::new();
        for (delivery_id, recipient, channel) in self.to.clone() {
            let copy = match channel {
                Channel::Email => NewCopy::Mail(bed.file(b"mail").await),
                Channel::Mailbox | Channel::Webhook => NewCopy::Jwe { view: 0, wrap: wrap(&recipient) },
            };
            deliveries.push(NewDelivery { delivery_id, recipient, channel, copy });
        }
        let mut attachments = Vec::new();
        for _ in 0..self.attachments {
            attachments.push(SealedAttachment { file: bed.file(b"attachment").await });
        }
        let accepted = Event::MessageAccepted {
            message_id: self.message_id,
            sender: self.sender.clone(),
            case_ref: self.about_case.then(|| self.case_ref.clone()),
            message_type: self.message_type,
            statements: vec![],
            asked: None,
            sealed_to: Vec::new(),
            in_reply_to: None,
            supersedes: None,
            resends: None,
            audit: None,
        };
        Sealed {
            message_id: self.message_id,
            sender: self.sender.clone(),
            message_type: self.message_type,
            schema_version: "1.0".into(),
            area: self.case_ref.area(),
            case_ref: self.about_case.then(|| self.case_ref.clone()),
            claimant: self.claimant.clone(),
            accepted_at: self.accepted_at,
            submission_sha256: portcullis::crypto::sha256(&self.bytes),
            receipt: self.receipt(),
            views: vec![view(self.bytes.clone())],
            attachments,
            deliveries,
            facts: self.facts.clone(),
            decided_on: self.decided_on,
            reports: self.reports,
            entries: vec![bed.entry(&accepted)],
        }
    }
}

pub fn ciphertext(bytes: Vec<u8>) -> Ciphertext {
    Ciphertext::restored("eyJwcm90ZWN0ZWQ".into(), "eyJhYWQ".into(), [1; 12], bytes, [2; 16])
}

/// A view of nothing but this ciphertext.
pub fn view(bytes: Vec<u8>) -> NewView {
    NewView { ciphertext: ciphertext(bytes), withheld: Vec::new() }
}

pub fn wrap(recipient: &AgencyId) -> Wrap {
    Wrap { header: format!(r#"{{"kid":"{recipient}"}}"#), encrypted_key: vec![9; 40] }
}

pub fn opened(by: &str) -> Fact {
    Fact::CaseOpened {
        by: agency(by),
        proposed: true,
        area: "46".parse().unwrap(),
        purpose: Purpose::A,
        category: Some(2),
        lead: None,
        shared_supervision: vec![],
        convicted: None,
        foreign_national: None,
    }
}

pub fn agency(name: &str) -> AgencyId {
    name.parse().unwrap()
}

/// Seconds after the tests' beginning of time.
pub fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-20T09:30:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

pub fn code(end: AttemptEnd) -> &'static str {
    match end {
        AttemptEnd::Delivered => "http_204",
        AttemptEnd::Later { .. } => "http_503",
        AttemptEnd::Failed { .. } => "http_410",
    }
}

/// Seconds that a claim holds.
pub const LEASE: i64 = 60;
pub const DAY: i64 = 86_400;
