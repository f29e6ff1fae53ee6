//! Deliveries that call for something: a report to the sender, or the end of their payload.

use jiff::Timestamp;
use rusqlite::{Connection, Params, Row, params};

use super::{
    codec::{self, Millis},
    erase::UNTAKEN,
};
use crate::store::{Overdue, StoreFault};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT d.delivery_id, m.message_id, m.type, s.name, r.name, d.channel, m.area, c.case_ref,
                    m.accepted_at, d.state,
                    (SELECT a.code FROM attempt a WHERE a.delivery = d.id AND a.code IS NOT NULL
                     ORDER BY a.number DESC LIMIT 1), l.name
             FROM delivery d JOIN message m ON m.id = d.message
                  LEFT JOIN known_case c ON c.id = m.known_case LEFT JOIN agency l ON l.id = c.claimant
                  JOIN agency s ON s.id = m.sender JOIN agency r ON r.id = d.recipient ",
            $rest
        )
    };
}

pub(super) const OVERDUE: &str =
    select!("WHERE d.unreported_since < ?1 ORDER BY d.unreported_since, d.id LIMIT ?2");

pub(super) const PERISHABLE: &str = select!(
    "WHERE d.id IN (
         SELECT id FROM (SELECT id FROM delivery WHERE kept_since < ?1 ORDER BY kept_since LIMIT ?3)
         UNION
         SELECT id FROM (SELECT id FROM delivery WHERE mail IS NOT NULL AND delivered_at < ?2
                         ORDER BY delivered_at LIMIT ?3))
     ORDER BY d.id LIMIT ?3"
);

// The few keys first, whatever the planner thinks of it: then the copies of their agencies by the inbox's index.
pub(super) const WITHDRAWABLE: &str = select!(
    "WHERE d.id IN (
         SELECT d.id FROM agency_key k CROSS JOIN delivery d ON d.recipient = k.agency
         WHERE k.revoked_at IS NOT NULL AND k.settled = 0 AND d.view IS NOT NULL AND d.state IN (?1, ?2)
             AND json_extract(d.header, '$.kid') = k.kid
         ORDER BY d.id LIMIT ?3)
     ORDER BY d.id"
);

pub(super) fn withdrawable(conn: &Connection, limit: usize) -> Result<Vec<Overdue>, StoreFault> {
    let [waiting, failed] = UNTAKEN;
    rows(conn, WITHDRAWABLE, params![waiting, failed, codec::limit(limit)])
}

pub(super) fn overdue(
    conn: &Connection,
    accepted_before: Timestamp,
    limit: usize,
) -> Result<Vec<Overdue>, StoreFault> {
    rows(conn, OVERDUE, params![Millis(accepted_before), codec::limit(limit)])
}

pub(super) fn perishable(
    conn: &Connection,
    accepted_before: Timestamp,
    mailed_before: Timestamp,
    limit: usize,
) -> Result<Vec<Overdue>, StoreFault> {
    let moments = params![Millis(accepted_before), Millis(mailed_before), codec::limit(limit)];
    rows(conn, PERISHABLE, moments)
}

fn rows(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<Overdue>, StoreFault> {
    let read = |row: &Row<'_>| {
        Ok(Overdue {
            delivery_id: row.get(0)?,
            message_id: row.get(1)?,
            message_type: row.get(2)?,
            sender: row.get(3)?,
            recipient: row.get(4)?,
            channel: row.get(5)?,
            area: row.get(6)?,
            case_ref: row.get(7)?,
            accepted_at: row.get::<_, Millis>(8)?.0,
            state: row.get(9)?,
            last_code: row.get(10)?,
            claimant: row.get(11)?,
        })
    };
    let mut select = conn.prepare_cached(sql)?;
    let rows = select.query_map(params, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
