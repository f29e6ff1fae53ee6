//! The end of a payload: on acknowledgement, after mail was delivered, or at the end of its life.
//!
//! The recipient's wrap goes first; the shared ciphertext and the attachments go with the last wrap.
//! `secure_delete` overwrites what stood in the file. The message, its deliveries and the ledger stay.
//! Files are named here and removed after the commit: the other way round a failed commit would leave
//! a record of files that are gone.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    codec::Millis,
    events::{self, About},
    inbox,
};
use crate::{
    message::MessageType,
    store::{Acknowledged, DeliveryState, Mark, StoreFault},
};

/// Files that no record names any more.
pub(super) type Doomed = Vec<String>;

struct Row {
    id: i64,
    message: i64,
    state: DeliveryState,
    acknowledged_at: Option<Timestamp>,
    is_kept: bool,
}

pub(super) fn acknowledge(conn: &Connection, mark: &Mark) -> Result<(Acknowledged, Doomed), StoreFault> {
    let nothing = Doomed::new();
    let Some(row) = find(conn, mark)? else { return Ok((Acknowledged::Unknown, nothing)) };
    match (row.state, row.acknowledged_at) {
        (DeliveryState::Expired | DeliveryState::Withdrawn, _) => {
            return Ok((Acknowledged::Unknown, nothing));
        }
        (DeliveryState::Acknowledged, Some(at)) => return Ok((Acknowledged::Before(at), nothing)),
        // Nothing happens without its event: the caller found no copy that it could confirm.
        _ if mark.entries.is_empty() => return Ok((Acknowledged::Unknown, nothing)),
        _ => {}
    }
    let doomed = erase_payload(conn, &row)?;
    conn.prepare_cached(
        "UPDATE delivery SET state = ?2, acknowledged_at = ?3, unreported_since = NULL WHERE id = ?1",
    )?
    .execute(params![row.id, DeliveryState::Acknowledged, Millis(mark.at)])?;
    events::append(conn, &mark.entries, row.about())?;
    Ok((Acknowledged::Now, doomed))
}

pub(super) fn erase(conn: &Connection, mark: &Mark, expired: bool) -> Result<(bool, Doomed), StoreFault> {
    let Some(row) = find(conn, mark)?.filter(|row| row.is_kept) else { return Ok((false, Doomed::new())) };
    let doomed = erase_payload(conn, &row)?;
    if expired {
        // A sender that was never told stays to be told: `unreported_since` is left as it is.
        conn.prepare_cached("UPDATE delivery SET state = ?2 WHERE id = ?1")?
            .execute(params![row.id, DeliveryState::Expired])?;
    }
    events::append(conn, &mark.entries, row.about())?;
    Ok((true, doomed))
}

/// Destroys a copy that nobody has taken, because the key that it was sealed to was revoked. Its sender is to
/// be asked for it at once, also one who was told before that nobody collected it. A report of the gateway's
/// is made anew instead, if what it tells still holds.
pub(super) fn withdraw(conn: &Connection, mark: &Mark) -> Result<(bool, Doomed), StoreFault> {
    let untaken = |row: &Row| row.is_kept && UNTAKEN.contains(&row.state);
    let Some(row) = find(conn, mark)?.filter(untaken) else { return Ok((false, Doomed::new())) };
    let doomed = erase_payload(conn, &row)?;
    let about: MessageType = conn
        .prepare_cached("SELECT type FROM message WHERE id = ?")?
        .query_row([row.message], |row| row.get(0))?;
    conn.prepare_cached(
        "UPDATE delivery SET state = ?2, unreported_since = CASE WHEN ?3 THEN 0 END WHERE id = ?1",
    )?
    .execute(params![row.id, DeliveryState::Withdrawn, about.made_by_agencies()])?;
    conn.prepare_cached(
        "UPDATE delivery SET unreported_since = 0 WHERE state IN (?2, ?3, ?4, ?5)
         AND delivery_id = (SELECT reports FROM message WHERE id = ?1)",
    )?
    .execute(params![
        row.message,
        UNTAKEN[0],
        UNTAKEN[1],
        DeliveryState::Expired,
        DeliveryState::Withdrawn
    ])?;
    events::append(conn, &mark.entries, row.about())?;
    Ok((true, doomed))
}

/// The states of a copy that its recipient has not taken.
pub(super) const UNTAKEN: [DeliveryState; 2] = [DeliveryState::Waiting, DeliveryState::Failed];

/// Those of these files that no record names.
pub(super) fn unknown(conn: &Connection, files: Vec<String>) -> Result<Doomed, StoreFault> {
    let mut doomed = Doomed::new();
    if files.is_empty() {
        return Ok(doomed);
    }
    let mut select = conn.prepare_cached(
        "SELECT 1 FROM attachment WHERE file = ?1 UNION ALL SELECT 1 FROM delivery WHERE mail = ?1",
    )?;
    for file in files {
        if !select.exists([&file])? {
            doomed.push(file);
        }
    }
    Ok(doomed)
}

impl Row {
    fn about(&self) -> About {
        About { message: Some(self.message), delivery: Some(self.id) }
    }
}

fn find(conn: &Connection, mark: &Mark) -> Result<Option<Row>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT id, message, state, acknowledged_at, kept_since IS NOT NULL FROM delivery
         WHERE delivery_id = ? AND recipient = (SELECT id FROM agency WHERE name = ?)",
    )?;
    let row = select.query_row(params![mark.delivery_id, mark.agency], |row| {
        Ok(Row {
            id: row.get(0)?,
            message: row.get(1)?,
            state: row.get(2)?,
            acknowledged_at: row.get::<_, Option<Millis>>(3)?.map(Timestamp::from),
            is_kept: row.get(4)?,
        })
    });
    Ok(row.optional()?)
}

fn erase_payload(conn: &Connection, row: &Row) -> Result<Doomed, StoreFault> {
    if !row.is_kept {
        return Ok(Doomed::new());
    }
    let (mail, view): (Option<String>, Option<i64>) = conn
        .prepare_cached("SELECT mail, view FROM delivery WHERE id = ?")?
        .query_row([row.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    conn.prepare_cached(
        "UPDATE delivery SET kept_since = NULL, due_at = NULL, mail = NULL, view = NULL, encrypted_key = NULL,
             header = NULL WHERE id = ?",
    )?
    .execute([row.id])?;
    let mut doomed: Doomed = mail.into_iter().collect();
    if let Some(view) = view
        && !is_needed(conn, row.message, Some(view))?
    {
        conn.prepare_cached("DELETE FROM view WHERE id = ?")?.execute([view])?;
    }
    if !is_needed(conn, row.message, None)? {
        doomed.extend(inbox::files(conn, row.message)?);
        conn.prepare_cached("DELETE FROM attachment WHERE message = ?")?.execute([row.message])?;
    }
    Ok(doomed)
}

/// Whether a delivery of this message still has a wrap, of this view if one is named.
fn is_needed(conn: &Connection, message: i64, view: Option<i64>) -> Result<bool, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT 1 FROM message m JOIN delivery d
             ON d.id BETWEEN m.first_delivery AND m.first_delivery + m.deliveries - 1
         WHERE m.id = ?1 AND d.view IS NOT NULL AND (?2 IS NULL OR d.view = ?2)",
    )?;
    Ok(select.exists(params![message, view])?)
}
