//! The public halves of the gateway's own keys, those in force and those that were.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{codec::Millis, events};
use crate::{crypto::keyring::PublishedKey, ledger::event::Entry, store::StoreFault};

pub(super) fn published(conn: &Connection) -> Result<Vec<PublishedKey>, StoreFault> {
    let mut select = conn.prepare_cached("SELECT key, retired_at FROM published_key ORDER BY id")?;
    let mut rows = select.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let text = row.get_ref(0)?.as_str().map_err(|_| UNREADABLE)?;
        let mut key = serde_json::from_str::<PublishedKey>(text).map_err(|_| UNREADABLE)?;
        key.retired_at = row.get::<_, Option<Millis>>(1)?.map(|at| at.0);
        keys.push(key);
    }
    Ok(keys)
}

pub(super) fn in_force(
    conn: &Connection,
    keys: &[PublishedKey],
    at: Timestamp,
    entries: &[Entry],
) -> Result<(), StoreFault> {
    // First all end, then what the list says about each holds: with a handful of keys nothing more is needed.
    conn.prepare_cached("UPDATE published_key SET retired_at = ? WHERE retired_at IS NULL")?
        .execute([Millis(at)])?;
    for key in keys {
        let text = serde_json::to_string(&PublishedKey { retired_at: None, ..key.clone() });
        conn.prepare_cached(
            "INSERT INTO published_key (kid, key, retired_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (kid) DO UPDATE SET key = ?2, retired_at = ?3",
        )?
        .execute(params![key.kid, text.map_err(|_| UNREADABLE)?, key.retired_at.map(Millis)])?;
    }
    events::append(conn, entries, events::About::default())?;
    Ok(())
}

const UNREADABLE: StoreFault = StoreFault::Corrupt("a published key");
