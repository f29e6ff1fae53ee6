//! The ledger's place in the database. An event's key minus one is its place in the tree, and it is
//! sequenced once the checkpoint has reached it.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::codec::{self, Millis};
use crate::{
    ledger::TileId,
    message::{AgencyId, MessageId},
    store::{Leaf, Sequenced, StoreFault, StoredCheckpoint, Unsequenced},
};

pub(super) fn unsequenced(conn: &Connection, limit: usize) -> Result<Vec<Unsequenced>, StoreFault> {
    let mut select =
        conn.prepare_cached("SELECT event_id, commitment FROM event WHERE id > ? ORDER BY id LIMIT ?")?;
    let rows = select.query_map([codec::column(size(conn)?), codec::limit(limit)], |row| {
        Ok(Unsequenced { event_id: row.get(0)?, commitment: row.get(1)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn sequence(conn: &Connection, batch: &Sequenced) -> Result<bool, StoreFault> {
    if size(conn)? != batch.after || !continues(conn, batch)? {
        return Ok(false);
    }
    for (tile, hashes) in &batch.tiles {
        conn.prepare_cached(
            "INSERT INTO tile (id, hashes) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET hashes = ?2",
        )?
        .execute(params![key(*tile)?, hashes])?;
    }
    let size =
        codec::column(batch.after).saturating_add(i64::try_from(batch.events.len()).unwrap_or(i64::MAX));
    conn.prepare_cached(
        "INSERT INTO checkpoint (id, size, note, at) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET size = ?1, note = ?2, at = ?3",
    )?
    .execute(params![size, batch.checkpoint, Millis(batch.at)])?;
    Ok(true)
}

/// Whether the batch is exactly what comes next: none left out, none twice, none out of turn.
fn continues(conn: &Connection, batch: &Sequenced) -> Result<bool, StoreFault> {
    let mut select = conn.prepare_cached("SELECT event_id FROM event WHERE id > ? ORDER BY id LIMIT ?")?;
    let count = i64::try_from(batch.events.len()).unwrap_or(i64::MAX);
    let mut rows = select.query([codec::column(batch.after), count])?;
    for event in &batch.events {
        match rows.next()? {
            Some(row) if row.get_ref(0)?.as_blob() == Ok(event.as_bytes()) => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

pub(super) fn checkpoint(conn: &Connection) -> Result<Option<StoredCheckpoint>, StoreFault> {
    let mut select = conn.prepare_cached("SELECT size, note, at FROM checkpoint")?;
    let read = |row: &Row<'_>| {
        let (size, at): (i64, Millis) = (row.get(0)?, row.get(2)?);
        Ok(StoredCheckpoint { size: codec::number(size), note: row.get(1)?, at: at.0 })
    };
    Ok(select.query_row([], read).optional()?)
}

pub(super) fn tile(conn: &Connection, id: TileId) -> Result<Option<Vec<u8>>, StoreFault> {
    let mut select = conn.prepare_cached("SELECT hashes FROM tile WHERE id = ?")?;
    Ok(select.query_row([key(id)?], |row| row.get(0)).optional()?)
}

macro_rules! leaf {
    ($rest:literal) => {
        concat!(
            "SELECT e.event_id, CASE WHEN e.id <= (SELECT size FROM checkpoint) THEN e.id - 1 END, e.commitment,
                    e.salt, e.event FROM event e ",
            $rest
        )
    };
}

pub(super) const BY_COMMITMENT: &str =
    leaf!("WHERE e.kind = 1 AND substr(e.commitment, 1, 8) = ?1 AND e.commitment = ?2");

pub(super) fn by_commitment(conn: &Connection, commitment: [u8; 32]) -> Result<Option<Leaf>, StoreFault> {
    let [a, b, c, d, e, f, g, h, ..] = commitment;
    let mut select = conn.prepare_cached(BY_COMMITMENT)?;
    Ok(select.query_row(params![[a, b, c, d, e, f, g, h], commitment], leaf).optional()?)
}

pub(super) fn acceptance(
    conn: &Connection,
    sender: &AgencyId,
    id: MessageId,
) -> Result<Option<Leaf>, StoreFault> {
    let mut select = conn.prepare_cached(leaf!(
        "WHERE e.id = (SELECT m.event FROM message m
                       WHERE m.sender = (SELECT id FROM agency WHERE name = ?1) AND m.message_id = ?2)"
    ))?;
    Ok(select.query_row(params![sender, id], leaf).optional()?)
}

pub(super) fn leaves(conn: &Connection, index: u64, limit: usize) -> Result<Vec<Leaf>, StoreFault> {
    let mut select = conn.prepare_cached(leaf!("WHERE e.id > ?1 AND e.id <= ?2 ORDER BY e.id LIMIT ?3"))?;
    let bounds = [codec::column(index), codec::column(size(conn)?), codec::limit(limit)];
    let leaves = select.query_map(bounds, leaf)?;
    Ok(leaves.collect::<Result<_, _>>()?)
}

fn leaf(row: &Row<'_>) -> rusqlite::Result<Leaf> {
    let opened: (Option<[u8; 32]>, Option<Vec<u8>>) = (row.get(3)?, row.get(4)?);
    Ok(Leaf {
        event_id: row.get(0)?,
        index: row.get::<_, Option<i64>>(1)?.map(codec::number),
        commitment: row.get(2)?,
        opened: opened.0.zip(opened.1),
    })
}

fn size(conn: &Connection) -> Result<u64, StoreFault> {
    let mut select = conn.prepare_cached("SELECT size FROM checkpoint")?;
    let size: Option<i64> = select.query_row([], |row| row.get(0)).optional()?;
    Ok(codec::number(size.unwrap_or(0)))
}

/// Level and index in one key, so that a tile is found without an index beside the table.
fn key(tile: TileId) -> Result<i64, StoreFault> {
    let index = i64::try_from(tile.index).ok().filter(|index| *index < 1 << 56);
    match index {
        Some(index) if tile.level < 64 => Ok(i64::from(tile.level) << 56 | index),
        _ => Err(StoreFault::Corrupt("a tile beyond any tree")),
    }
}
