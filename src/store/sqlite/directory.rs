//! The directory's entries, and the version that every decision is tied to.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{agency_keys, codec, events, history, names};
use crate::{
    directory::Directory,
    ledger::event::Entry,
    message::{Agency, AgencyId, AgencyKey, EncryptionKey},
    store::StoreFault,
};

pub(super) fn directory(conn: &Connection) -> Result<Directory, StoreFault> {
    let mut select = conn.prepare_cached("SELECT entry FROM agency WHERE entry IS NOT NULL")?;
    let mut rows = select.query([])?;
    let mut agencies = Vec::new();
    while let Some(row) = rows.next()? {
        let entry = row.get_ref(0)?.as_str().map_err(|_| UNREADABLE)?;
        agencies.push(serde_json::from_str::<Agency>(entry).map_err(|_| UNREADABLE)?);
    }
    Ok(Directory::new(version(conn)?, agencies))
}

pub(super) fn version(conn: &Connection) -> Result<u64, StoreFault> {
    let mut select = conn.prepare_cached("SELECT directory_version FROM head")?;
    Ok(codec::number(select.query_row([], |row| row.get(0))?))
}

/// Every call is a new version, even one that repeats an earlier one.
pub(super) fn put(conn: &Connection, agencies: &[Agency], entries: &[Entry]) -> Result<u64, StoreFault> {
    let next = version(conn)?.saturating_add(1);
    for agency in agencies {
        let id = names::agency(conn, &agency.agency_id)?;
        history::stands(conn, id, next, agency)?;
        let mut agency = agency.clone();
        AgencyKey::settle(&agency_keys::of(conn, &agency.agency_id)?, &mut agency.encryption_keys);
        let entry = serde_json::to_string(&agency).map_err(|_| UNREADABLE)?;
        conn.prepare_cached("UPDATE agency SET entry = ?2 WHERE id = ?1")?.execute(params![id, entry])?;
    }
    conn.prepare_cached("UPDATE head SET directory_version = directory_version + 1")?.execute([])?;
    events::append(conn, entries, events::About::default())?;
    version(conn)
}

/// Changes the keys of one entry. A new version only if they are others than before; `None` where there is no
/// such entry.
pub(super) fn put_keys(
    conn: &Connection,
    agency: &AgencyId,
    change: impl FnOnce(&mut Vec<EncryptionKey>),
) -> Result<Option<()>, StoreFault> {
    let entry: Option<String> = conn
        .prepare_cached("SELECT entry FROM agency WHERE name = ?")?
        .query_row([agency], |row| row.get(0))
        .optional()?
        .flatten();
    let Some(entry) = entry else { return Ok(None) };
    let mut entry: Agency = serde_json::from_str(&entry).map_err(|_| UNREADABLE)?;
    let before = entry.encryption_keys.clone();
    change(&mut entry.encryption_keys);
    if entry.encryption_keys != before {
        let entry = serde_json::to_string(&entry).map_err(|_| UNREADABLE)?;
        conn.prepare_cached("UPDATE agency SET entry = ?2 WHERE name = ?1")?
            .execute(params![agency, entry])?;
        conn.prepare_cached("UPDATE head SET directory_version = directory_version + 1")?.execute([])?;
    }
    Ok(Some(()))
}

const UNREADABLE: StoreFault = StoreFault::Corrupt("a directory entry");
