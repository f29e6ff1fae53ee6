//! Delivering by webhook and e-mail: what is due, who holds it, how it ended.
//!
//! One column, `due_at`, says when a delivery may be taken next. A claim moves it to the end of its
//! lease, so a delivery whose worker died comes back by itself.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    codec::{self, Millis},
    events::{self, About},
};
use crate::{
    message::Channel,
    store::{AttemptEnd, Claim, DeliveryState, Due, Settlement, StoreFault},
};

pub(super) const DUE: &str = "
    SELECT d.delivery_id, m.message_id, s.name, m.type, m.area, r.name, d.channel, d.attempts, m.accepted_at,
           d.mail
    FROM delivery d JOIN message m ON m.id = d.message
         JOIN agency s ON s.id = m.sender JOIN agency r ON r.id = d.recipient
    WHERE d.due_at <= ? ORDER BY d.due_at, d.id LIMIT ?";

pub(super) fn due(conn: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreFault> {
    let read = |row: &Row<'_>| {
        Ok(Due {
            delivery_id: row.get(0)?,
            message_id: row.get(1)?,
            sender: row.get(2)?,
            message_type: row.get(3)?,
            area: row.get(4)?,
            recipient: row.get(5)?,
            channel: row.get(6)?,
            attempts: row.get(7)?,
            accepted_at: row.get::<_, Millis>(8)?.0,
            mail: row.get(9)?,
        })
    };
    let mut select = conn.prepare_cached(DUE)?;
    let due = select.query_map(params![Millis(now), codec::limit(limit)], read)?;
    Ok(due.collect::<Result<_, _>>()?)
}

pub(super) fn next_due(conn: &Connection) -> Result<Option<Timestamp>, StoreFault> {
    let mut select = conn.prepare_cached("SELECT min(due_at) FROM delivery WHERE due_at IS NOT NULL")?;
    let due: Option<Millis> = select.query_row([], |row| row.get(0))?;
    Ok(due.map(Timestamp::from))
}

pub(super) fn claim(conn: &Connection, claims: &[Claim]) -> Result<Vec<bool>, StoreFault> {
    claims.iter().map(|claim| claim_one(conn, claim)).collect()
}

fn claim_one(conn: &Connection, claim: &Claim) -> Result<bool, StoreFault> {
    let mut update = conn.prepare_cached(
        "UPDATE delivery SET attempts = attempts + 1, due_at = ?4
         WHERE delivery_id = ?1 AND attempts = ?2 AND due_at <= ?3 RETURNING id, message, attempts",
    )?;
    let lease = params![claim.delivery_id, claim.attempts, Millis(claim.now), Millis(claim.lease_until)];
    let taken = update
        .query_row(lease, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, u32>(2)?)))
        .optional()?;
    let Some((delivery, message, number)) = taken else { return Ok(false) };
    conn.prepare_cached("INSERT INTO attempt (delivery, number, started_at) VALUES (?, ?, ?)")?
        .execute(params![delivery, number, Millis(claim.now)])?;
    let about = About { message: Some(message), delivery: Some(delivery) };
    events::append(conn, std::slice::from_ref(&claim.entry), about)?;
    Ok(true)
}

pub(super) fn settle(conn: &Connection, settlement: &Settlement) -> Result<bool, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT d.id, d.message, d.state, d.channel FROM delivery d
         JOIN attempt a ON a.delivery = d.id AND a.number = d.attempts
         WHERE d.delivery_id = ? AND d.attempts = ? AND a.ended_at IS NULL",
    )?;
    let read = |row: &Row<'_>| {
        let about = About { delivery: row.get(0)?, message: row.get(1)? };
        Ok((row.get::<_, i64>(0)?, about, row.get::<_, DeliveryState>(2)?, row.get::<_, Channel>(3)?))
    };
    let found = select.query_row(params![settlement.delivery_id, settlement.attempt], read).optional()?;
    let Some((delivery, about, state, channel)) = found else { return Ok(false) };
    conn.prepare_cached("UPDATE attempt SET ended_at = ?3, code = ?4 WHERE delivery = ?1 AND number = ?2")?
        .execute(params![delivery, settlement.attempt, Millis(settlement.at), settlement.code])?;
    // What the recipient did itself in the meantime counts for more than how our attempt ended.
    if state == DeliveryState::Waiting {
        move_on(conn, delivery, channel, settlement)?;
    }
    events::append(conn, &settlement.entries, about)?;
    Ok(true)
}

fn move_on(
    conn: &Connection,
    delivery: i64,
    channel: Channel,
    settlement: &Settlement,
) -> Result<(), StoreFault> {
    match settlement.end {
        AttemptEnd::Delivered => conn
            .prepare_cached(
                "UPDATE delivery SET state = ?2, delivered_at = ?3, due_at = NULL, unreported_since = NULL
                 WHERE id = ?1",
            )?
            .execute(params![delivery, DeliveryState::Delivered, Millis(settlement.at)])?,
        // Nothing is left to be sent of a payload that was erased in the meantime.
        AttemptEnd::Later { not_before } => conn
            .prepare_cached("UPDATE delivery SET due_at = ?2 WHERE id = ?1 AND kept_since IS NOT NULL")?
            .execute(params![delivery, Millis(not_before)])?,
        AttemptEnd::Failed { permanent } => {
            // Nobody can collect a mail.
            let at_once = permanent || channel == Channel::Email;
            conn.prepare_cached(
                "UPDATE delivery SET state = ?2, due_at = NULL,
                     unreported_since = CASE WHEN ?3 AND unreported_since IS NOT NULL THEN 0
                                             ELSE unreported_since END
                 WHERE id = ?1",
            )?
            .execute(params![delivery, DeliveryState::Failed, at_once])?
        }
    };
    Ok(())
}
