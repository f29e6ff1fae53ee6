//! What only the embedded engine can be asked: its file, its limits, its weight.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use portcullis::{
    crypto::jwe::Wrap,
    message::Channel,
    store::{
        Files, NewCopy, Recorded, Store as _, StoreFault,
        sqlite::{SqliteOptions, SqliteStore},
    },
};

use crate::support::{Bed, Draft, opened, view};

#[tokio::test]
async fn a_store_written_by_a_newer_version_is_refused() {
    let bed = Bed::sqlite();
    let dir = bed.dir();
    let conn = rusqlite::Connection::open(dir.join("portcullis.db")).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    let files = Files::open(dir.join("files"), bed.random.clone()).unwrap();
    let refused = SqliteStore::open(&dir, files, &SqliteOptions::default()).err().unwrap();
    assert!(matches!(refused, StoreFault::Version { found: 99, .. }));
    assert!(refused.to_string().contains("run the newer program"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_its_size_limit_the_store_answers_full_and_keeps_what_it_confirmed() {
    let bed = Bed::sqlite_of(1_500_000);
    let mut drafts = Vec::new();
    let mut posts = Vec::new();
    for _ in 0..64 {
        let mut draft = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
        draft.bytes = vec![7; 30_000];
        let (store, sealed) = (Arc::clone(&bed.store), draft.sealed(&bed).await);
        posts.push(tokio::spawn(async move { store.record(sealed).await }));
        drafts.push(draft);
    }
    let answers: Vec<_> = join_all(posts).await.into_iter().map(Result::unwrap).collect();
    let count_full = answers.iter().filter(|answer| matches!(answer, Err(StoreFault::Full))).count();
    assert!((1..64).contains(&count_full), "{count_full}");

    for (draft, answer) in drafts.iter().zip(&answers) {
        let stored = bed.store.submission(&draft.sender, draft.message_id).await.unwrap().is_some();
        assert_eq!(stored, matches!(answer, Ok(Recorded::Recorded)));
        assert_eq!(bed.store.acceptance(&draft.sender, draft.message_id).await.unwrap().is_some(), stored);
    }
    assert_eq!(bed.events().await, 64 - count_full);
    // With room again, it goes on as if nothing had been.
    let bed = bed.reopen();
    for (draft, answer) in drafts.iter().zip(answers) {
        if answer.is_err() {
            bed.accepted(draft).await;
        }
    }
}

#[tokio::test]
async fn what_was_confirmed_is_found_although_the_store_was_never_closed() {
    let bed = Bed::sqlite();
    let mut drafts = Vec::new();
    for _ in 0..50 {
        drafts.push(bed.one(Channel::Mailbox).await.0);
        // What a process leaves that is killed now: the database and its log, as they stand.
        let left = tempfile::tempdir().unwrap();
        for name in ["portcullis.db", "portcullis.db-wal"] {
            std::fs::copy(bed.dir().join(name), left.path().join(name)).unwrap();
        }
        let files = Files::open(left.path().join("files"), bed.random.clone()).unwrap();
        let found = SqliteStore::open(left.path(), files, &SqliteOptions::default()).unwrap();
        assert_eq!(found.unsequenced(100).await.unwrap().len(), drafts.len());
        let last = drafts.last().unwrap();
        assert!(found.submission(&last.sender, last.message_id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn what_was_erased_stands_nowhere_in_the_folder() {
    let bed = Bed::sqlite();
    let mut kept = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
    kept.bytes = b"the ciphertext that stays".repeat(500);
    bed.accepted(&kept).await;
    let mut gone = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
    gone.bytes = b"the ciphertext that goes!".repeat(500);
    let ids = bed.accepted(&gone).await;
    let stands = |text: &[u8]| {
        let files = std::fs::read_dir(bed.dir()).unwrap().map(|file| file.unwrap().path());
        files
            .filter(|path| path.is_file())
            .any(|path| std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text))
    };
    assert!(stands(b"the ciphertext that goes!"));
    bed.acknowledged(&gone, ids[0], "kent-mappa", 1).await;
    bed.store.tidy(Timestamp::UNIX_EPOCH, 0).await.unwrap();
    assert!(!stands(b"the ciphertext that goes!"));
    assert!(stands(b"the ciphertext that stays"));
}

#[tokio::test]
async fn the_space_of_erased_payloads_goes_back_to_the_machine() {
    let bed = Bed::sqlite();
    let mut drafts = Vec::new();
    for _ in 0..20 {
        let mut draft = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
        draft.bytes = vec![7; 50_000];
        bed.accepted(&draft).await;
        drafts.push(draft);
    }
    bed.store.tidy(Timestamp::UNIX_EPOCH, 0).await.unwrap();
    let size = || std::fs::metadata(bed.dir().join("portcullis.db")).unwrap().len();
    let before = size();
    for draft in &drafts {
        bed.acknowledged(draft, draft.to[0].0, "kent-mappa", 1).await;
    }
    bed.store.tidy(Timestamp::UNIX_EPOCH, 0).await.unwrap();
    assert!(size() + 900_000 < before, "{before} bytes became {}", size());
}

#[tokio::test]
async fn two_processes_may_write_to_one_file() {
    let bed = Bed::sqlite();
    let files = Files::open(bed.dir().join("files"), bed.random.clone()).unwrap();
    let other = SqliteStore::open(&bed.dir(), files, &SqliteOptions::default()).unwrap();
    let (draft, _) = bed.one(Channel::Mailbox).await;
    let repeat = draft.sealed(&bed).await;
    let answer = other.record(repeat).await.unwrap();
    assert_eq!(answer, Recorded::Repeat(draft.receipt()));
}

/// A 20 KB referral to six invitees weighs this much on disk (design §8): ciphertext 22 KB on
/// average, receipt 3 KB, event 2 KB, wraps 2 KB, and what it takes to keep and find them.
/// `--nocapture` shows the figure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_referral_of_20_kb_to_six_stays_within_its_weight() {
    const MESSAGES: usize = 400;
    let bed = Bed::sqlite();
    let size = || std::fs::metadata(bed.dir().join("portcullis.db")).unwrap().len();
    bed.store.tidy(Timestamp::UNIX_EPOCH, 0).await.unwrap();
    let before = size();
    let names = ["kent-yot", "kent-nhs", "kent-csc", "kent-housing", "kent-dwp", "kent-probation"];
    for n in 0..MESSAGES {
        let draft = bed.draft("kent-mappa", &names.map(|name| (name, Channel::Mailbox)));
        // Lengths that differ, so that no page boundary favours the result.
        let sealed = weighty(&bed, &draft, 20_000 + n * 31 % 4_000).await;
        assert_eq!(bed.store.record(sealed).await.unwrap(), Recorded::Recorded);
    }
    bed.store.tidy(Timestamp::UNIX_EPOCH, 0).await.unwrap();
    let bytes = (size() - before) / MESSAGES as u64;
    println!("one referral of 20 KB to six: {bytes} bytes on disk");
    assert!(bytes <= 32 << 10, "{bytes}");
}

/// With headers, receipt and event of the length that real ones have.
async fn weighty(bed: &Bed, draft: &Draft, length: usize) -> portcullis::store::Sealed {
    let draft = Draft { facts: vec![opened("kent-mappa")], ..draft.clone() };
    let mut sealed = draft.sealed(bed).await;
    sealed.views = vec![view(vec![7; length])];
    sealed.receipt = vec![b'r'; 2_600 + length % 800];
    sealed.entries[0].event = vec![b'e'; 1_600 + length % 700];
    for delivery in &mut sealed.deliveries {
        let header = format!(r#"{{"alg":"ECDH-ES+A256KW","kid":"{:0>260}"}}"#, delivery.recipient.as_str());
        delivery.copy = NewCopy::Jwe { view: 0, wrap: Wrap { header, encrypted_key: vec![9; 40] } };
    }
    sealed
}
