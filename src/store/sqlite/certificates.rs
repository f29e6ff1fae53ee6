//! Certificates whose end is forecast, and what was told about it.

use rusqlite::{Connection, params};

use super::{codec::Millis, events};
use crate::{
    ledger::event::Entry,
    store::{KnownCertificate, SeenCertificate, StoreFault},
};

pub(super) fn seen(conn: &Connection, seen: &[SeenCertificate]) -> Result<(), StoreFault> {
    for certificate in seen {
        // One that was renewed under the same key begins its forecast again.
        conn.prepare_cached(
            "INSERT INTO certificate (holder, purpose, spki, not_after) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET not_after = excluded.not_after, told = NULL
             WHERE excluded.not_after > not_after",
        )?
        .execute(params![
            certificate.holder,
            certificate.purpose,
            certificate.spki_sha256,
            Millis(certificate.not_after)
        ])?;
    }
    Ok(())
}

pub(super) fn known(conn: &Connection) -> Result<Vec<KnownCertificate>, StoreFault> {
    let mut select = conn.prepare_cached("SELECT holder, purpose, spki, not_after, told FROM certificate")?;
    let rows = select.query_map([], |row| {
        Ok(KnownCertificate {
            holder: row.get(0)?,
            purpose: row.get(1)?,
            spki_sha256: row.get(2)?,
            not_after: row.get::<_, Millis>(3)?.0,
            told_days: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn told(
    conn: &Connection,
    told: &SeenCertificate,
    days: u16,
    entry: &Entry,
) -> Result<bool, StoreFault> {
    let changed = conn
        .prepare_cached(
            "UPDATE certificate SET told = ?4
             WHERE holder = ?1 AND purpose = ?2 AND spki = ?3 AND (told IS NULL OR told > ?4)",
        )?
        .execute(params![told.holder, told.purpose, told.spki_sha256, days])?;
    if changed > 0 {
        events::append(conn, std::slice::from_ref(entry), events::About::default())?;
    }
    Ok(changed > 0)
}
