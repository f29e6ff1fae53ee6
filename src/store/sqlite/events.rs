//! Ledger events, written in the transaction of what they tell.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{codec::Millis, names};
use crate::{ledger::event::Entry, message::DeliveryId, store::StoreFault};

/// The rows that events are about.
#[derive(Clone, Copy, Default)]
pub(super) struct About {
    pub(super) message: Option<i64>,
    pub(super) delivery: Option<i64>,
}

/// Appends events in their order; gives the key of the first.
pub(super) fn append(conn: &Connection, entries: &[Entry], about: About) -> Result<Option<i64>, StoreFault> {
    let mut first = None;
    for entry in entries {
        let kind = names::kind(conn, entry.kind)?;
        let message = about.message.filter(|_| entry.message.is_some());
        let delivery = about.delivery.filter(|_| entry.delivery.is_some());
        conn.prepare_cached(
            "INSERT INTO event (event_id, kind, at, area, message, delivery, commitment, salt, event)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            entry.event_id,
            kind,
            Millis(entry.at),
            entry.area,
            message,
            delivery,
            entry.commitment,
            entry.salt,
            entry.event
        ])?;
        first.get_or_insert(conn.last_insert_rowid());
    }
    Ok(first)
}

/// Appends events that come by themselves, and finds what each is about.
pub(super) fn note(conn: &Connection, entries: &[Entry]) -> Result<(), StoreFault> {
    for entry in entries {
        let about = match &entry.delivery {
            Some(delivery) => about(conn, delivery)?,
            None => About::default(),
        };
        append(conn, std::slice::from_ref(entry), about)?;
    }
    Ok(())
}

fn about(conn: &Connection, delivery: &DeliveryId) -> Result<About, StoreFault> {
    let found = conn
        .prepare_cached("SELECT message, id FROM delivery WHERE delivery_id = ?")?
        .query_row([delivery], |row| Ok(About { message: row.get(0)?, delivery: row.get(1)? }))
        .optional()?;
    Ok(found.unwrap_or_default())
}
