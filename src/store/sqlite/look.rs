//! What a sender may see of its own messages.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    codec::{self, Millis},
    facts::{self, Kept},
};
use crate::{
    message::{AgencyId, CaseFacts, CaseRef, MessageId, MessageType},
    store::{DeliveryState, Sent, StoreFault, Tracked, TrackedAttempt, TrackedDelivery},
};

/// The keys of a message's deliveries.
struct Range {
    first: i64,
    last: i64,
}

pub(super) fn track(
    conn: &Connection,
    sender: &AgencyId,
    id: MessageId,
) -> Result<Option<Tracked>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT m.id, m.message_id, m.type, c.case_ref, m.accepted_at, m.first_delivery, m.deliveries, m.receipt,
                a.name
         FROM message m LEFT JOIN known_case c ON c.id = m.known_case LEFT JOIN agency a ON a.id = c.claimant
         WHERE m.sender = (SELECT id FROM agency WHERE name = ?) AND m.message_id = ?",
    )?;
    let read = |row: &Row<'_>| Ok((sent(row)?, row.get::<_, Vec<u8>>(7)?, row.get(8)?));
    let found = select.query_row(params![sender, id], read).optional()?;
    let Some(((sent, range), receipt, claimant)) = found else { return Ok(None) };
    let deliveries = deliveries(conn, &range)?;
    let sent = Sent { states: states(conn, &range)?, ..sent };
    Ok(Some(Tracked { sent, claimant, receipt, deliveries }))
}

/// Nothing but keys is read, so that a request to somebody else takes hardly longer than none.
pub(super) fn asked_about(
    conn: &Connection,
    agency: &AgencyId,
    by: &[AgencyId],
    request: MessageId,
    case_ref: &CaseRef,
) -> Result<Option<CaseFacts>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT c.id, a.name
         FROM message m JOIN delivery d ON d.id BETWEEN m.first_delivery AND m.first_delivery + m.deliveries - 1
             JOIN known_case c ON c.id = m.known_case LEFT JOIN agency a ON a.id = c.claimant
         WHERE m.sender = (SELECT id FROM agency WHERE name = ?1) AND m.message_id = ?2 AND m.type = ?3
             AND c.case_ref = ?4
             AND d.recipient = (SELECT id FROM agency WHERE name = ?5)",
    )?;
    for asker in by {
        let request = params![asker, request, MessageType::InfoRequest, case_ref, agency];
        if let Some(kept) = select.query_row(request, Kept::read).optional()? {
            return facts::fold(conn, case_ref, &kept, u64::MAX);
        }
    }
    Ok(None)
}

pub(super) const OUTBOX: &str = "
    SELECT m.id, m.message_id, m.type, c.case_ref, m.accepted_at, m.first_delivery, m.deliveries
    FROM message m LEFT JOIN known_case c ON c.id = m.known_case
    WHERE m.sender = (SELECT id FROM agency WHERE name = ?) AND m.id < ? ORDER BY m.id DESC LIMIT ?";

pub(super) fn outbox(
    conn: &Connection,
    sender: &AgencyId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Sent>, StoreFault> {
    let mut select = conn.prepare_cached(OUTBOX)?;
    let before = before.map_or(i64::MAX, codec::column);
    let rows = select.query_map(params![sender, before, codec::limit(limit)], sent)?;
    let mut outbox = Vec::new();
    for row in rows {
        let (sent, range) = row?;
        outbox.push(Sent { states: states(conn, &range)?, ..sent });
    }
    Ok(outbox)
}

fn sent(row: &Row<'_>) -> rusqlite::Result<(Sent, Range)> {
    let (first, count): (i64, i64) = (row.get(5)?, row.get(6)?);
    let sent = Sent {
        cursor: codec::number(row.get(0)?),
        message_id: row.get(1)?,
        message_type: row.get(2)?,
        case_ref: row.get(3)?,
        accepted_at: row.get::<_, Millis>(4)?.0,
        states: [0; 7],
    };
    Ok((sent, Range { first, last: first.saturating_add(count).saturating_sub(1) }))
}

fn states(conn: &Connection, range: &Range) -> Result<[u32; 7], StoreFault> {
    let mut select =
        conn.prepare_cached("SELECT state, count(*) FROM delivery WHERE id BETWEEN ? AND ? GROUP BY state")?;
    let mut rows = select.query([range.first, range.last])?;
    let mut states = [0; 7];
    while let Some(row) = rows.next()? {
        let state: DeliveryState = row.get(0)?;
        let place = DeliveryState::ALL.iter().position(|known| *known == state);
        if let Some(count) = place.and_then(|place| states.get_mut(place)) {
            *count = row.get(1)?;
        }
    }
    Ok(states)
}

fn deliveries(conn: &Connection, range: &Range) -> Result<Vec<TrackedDelivery>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT d.id, d.delivery_id, r.name, d.channel, d.state, d.due_at, d.delivered_at, d.collected_at,
                d.acknowledged_at
         FROM delivery d JOIN agency r ON r.id = d.recipient WHERE d.id BETWEEN ? AND ? ORDER BY d.id",
    )?;
    let mut rows = select.query([range.first, range.last])?;
    let mut deliveries = Vec::new();
    while let Some(row) = rows.next()? {
        let time = |column| row.get::<_, Option<Millis>>(column).map(|at| at.map(Timestamp::from));
        let attempts = attempts(conn, row.get(0)?)?;
        // While an attempt runs, `due_at` is the end of its lease.
        let runs = attempts.last().is_some_and(|attempt| attempt.ended_at.is_none());
        deliveries.push(TrackedDelivery {
            delivery_id: row.get(1)?,
            recipient: row.get(2)?,
            channel: row.get(3)?,
            state: row.get(4)?,
            next_attempt_at: time(5)?.filter(|_| !runs),
            delivered_at: time(6)?,
            collected_at: time(7)?,
            acknowledged_at: time(8)?,
            attempts,
        });
    }
    Ok(deliveries)
}

fn attempts(conn: &Connection, delivery: i64) -> Result<Vec<TrackedAttempt>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT number, started_at, ended_at, code FROM attempt WHERE delivery = ? ORDER BY number",
    )?;
    let read = |row: &Row<'_>| {
        Ok(TrackedAttempt {
            number: row.get(0)?,
            started_at: row.get::<_, Millis>(1)?.0,
            ended_at: row.get::<_, Option<Millis>>(2)?.map(Timestamp::from),
            code: row.get(3)?,
        })
    };
    let attempts = select.query_map([delivery], read)?;
    Ok(attempts.collect::<Result<_, _>>()?)
}
