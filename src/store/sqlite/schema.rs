//! Opening the database file: its settings, its migrations, and the refusal of a newer one.

use std::{fs, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use crate::store::{StoreFault, files::create_dir};

/// Opens the database for writing; makes it (mode 0600, which SQLite gives to its side files too)
/// and brings it up to date where needed. `size_bytes_max` bounds the file.
pub(super) fn open_writer(path: &Path, size_bytes_max: Option<u64>) -> Result<Connection, StoreFault> {
    let is_new = !path.exists();
    if let Some(dir) = path.parent().filter(|_| is_new) {
        create_dir(dir)?;
        fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    }
    let mut conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    // Another process, such as `portcullis agency add` beside `serve`, may be writing.
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.execute_batch(FORM)?;
    conn.execute_batch(CONDUCT)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    migrate(&mut conn, &MIGRATIONS)?;
    if let Some(bytes) = size_bytes_max {
        let pages = i64::try_from(bytes / PAGE_BYTES).unwrap_or(i64::MAX);
        conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    if let Some(dir) = path.parent().filter(|_| is_new) {
        // The file's name must survive a power cut as its content does.
        fs::File::open(dir)?.sync_all()?;
    }
    Ok(conn)
}

/// Opens the database for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreFault> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    Ok(conn)
}

/// Each migration is one transaction together with the version that it leads to.
fn migrate(conn: &mut Connection, migrations: &[&str]) -> Result<(), StoreFault> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    for (version, sql) in (1i64..).zip(migrations) {
        let step = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Read within the transaction: another process may have been faster.
        let found: i64 = step.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found > known {
            return Err(StoreFault::Version { found, known });
        }
        if found < version {
            step.execute_batch(sql)?;
            step.pragma_update(None, "user_version", version)?;
        }
        step.commit()?;
    }
    Ok(())
}

/// In order. Only added to, never edited: `user_version` counts them.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_first.sql")];

/// What is fixed when the file is made; on an existing one it changes nothing. Sixteen kibibytes: a
/// row of a ciphertext or receipt fills a page badly, a large page less so (20 KB referral to six:
/// 33.1 KB on disk at 4 KiB, 33.8 at 8, 32.0 at 16, and the most messages a second). Incremental, so
/// that erased payloads give their space back to the machine.
const FORM: &str = "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;";

/// What each connection that writes must say. FULL: a commit that returned survives a power cut.
/// A thousand pages between checkpoints kept commits shortest (spike: 46,800/s against 28,400/s at
/// four thousand).
const CONDUCT: &str = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; \
    PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;";

const PAGE_BYTES: u64 = 16384;
const WRITER_CACHE_KIB: i64 = 64 << 10;
const READER_CACHE_KIB: i64 = 8 << 10;
const BUSY: Duration = Duration::from_secs(5);
/// More than there are statements.
const STATEMENTS: usize = 128;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_new_database_has_the_settings_that_the_promises_rest_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store/portcullis.db");
        let conn = open_writer(&path, None).unwrap();
        conn.execute_batch("UPDATE head SET probes = 1").unwrap();
        let pragma = |name: &str| {
            conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0))
                .unwrap()
        };
        for (name, value) in [
            ("synchronous", 2),
            ("secure_delete", 1),
            ("foreign_keys", 1),
            ("auto_vacuum", 2),
            ("wal_autocheckpoint", 1000),
            ("page_size", PAGE_BYTES as i64),
            ("user_version", MIGRATIONS.len() as i64),
        ] {
            assert_eq!(pragma(name), value.into(), "{name}");
        }
        assert_eq!(pragma("journal_mode"), "wal".to_owned().into());
        for file in fs::read_dir(path.parent().unwrap()).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        }
        assert!(open_reader(&path).unwrap().execute_batch("UPDATE head SET probes = 2").is_err());
    }

    #[test]
    fn a_failed_migration_leaves_the_version_before() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, &["CREATE TABLE a (x)"]).unwrap();
        let broken = ["CREATE TABLE a (x)", "CREATE TABLE b (x); nonsense"];
        assert!(migrate(&mut conn, &broken).is_err());
        assert!(conn.prepare("SELECT x FROM b").is_err());
        migrate(&mut conn, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        assert!(matches!(
            migrate(&mut conn, &["CREATE TABLE a (x)"]),
            Err(StoreFault::Version { found: 2, known: 1 })
        ));
    }

    #[test]
    fn events_and_facts_cannot_be_changed_even_by_hand() {
        let dir = tempfile::tempdir().unwrap();
        let conn = open_writer(&dir.path().join("portcullis.db"), None).unwrap();
        conn.execute_batch(
            "INSERT INTO event VALUES (1, x'01', 1, 1, NULL, NULL, NULL, x'02', x'03', x'04');
             INSERT INTO known_case VALUES (1, 'c', 0);
             INSERT INTO fact VALUES (1, 1, 1, '{}');",
        )
        .unwrap();
        for forbidden in [
            "DELETE FROM event",
            "UPDATE event SET commitment = x'05'",
            "UPDATE event SET id = 7",
            "DELETE FROM fact",
            "UPDATE fact SET fact = ''",
        ] {
            assert!(conn.execute_batch(forbidden).is_err(), "{forbidden}");
        }
        conn.execute_batch("UPDATE event SET salt = NULL, event = NULL").unwrap();
    }
}
