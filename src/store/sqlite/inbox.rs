//! What waits for an agency, and its collection. Every query names the agency.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    codec::{self, Millis},
    events::{self, About},
};
use crate::{
    crypto::jwe::{Ciphertext, Wrap},
    message::{AgencyId, DeliveryId},
    store::{Copy, DeliveryState, InboxItem, Mark, StoreFault},
};

pub(super) const INBOX: &str = "
    SELECT d.id, d.delivery_id, m.message_id, m.type, s.name, m.accepted_at, d.collected_at, m.attachments,
           d.withheld
    FROM delivery d JOIN message m ON m.id = d.message JOIN agency s ON s.id = m.sender
    WHERE d.recipient = (SELECT id FROM agency WHERE name = ?) AND d.view IS NOT NULL AND d.id > ?
    ORDER BY d.id LIMIT ?";

pub(super) fn inbox(
    conn: &Connection,
    agency: &AgencyId,
    after: u64,
    limit: usize,
) -> Result<Vec<InboxItem>, StoreFault> {
    let mut select = conn.prepare_cached(INBOX)?;
    let items = select.query_map(params![agency, codec::column(after), codec::limit(limit)], item)?;
    Ok(items.collect::<Result<_, _>>()?)
}

fn item(row: &Row<'_>) -> rusqlite::Result<InboxItem> {
    let attachments = row.get::<_, u32>(7)?.try_into().unwrap_or(usize::MAX);
    Ok(InboxItem {
        cursor: codec::number(row.get(0)?),
        delivery_id: row.get(1)?,
        message_id: row.get(2)?,
        message_type: row.get(3)?,
        sender: row.get(4)?,
        accepted_at: row.get::<_, Millis>(5)?.0,
        collected_at: row.get::<_, Option<Millis>>(6)?.map(|at| at.0),
        attachments: attachments.saturating_sub(codec::listed(row.get(8)?).len()),
    })
}

pub(super) fn copy(
    conn: &Connection,
    agency: &AgencyId,
    delivery: DeliveryId,
) -> Result<Option<Copy>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT d.id, d.delivery_id, m.message_id, m.type, s.name, m.accepted_at, d.collected_at, m.attachments,
                d.withheld, m.area, d.channel, v.protected, v.aad, v.iv, v.ciphertext, v.tag, d.header,
                d.encrypted_key, m.id
         FROM delivery d JOIN message m ON m.id = d.message JOIN agency s ON s.id = m.sender
              JOIN view v ON v.id = d.view
         WHERE d.delivery_id = ? AND d.recipient = (SELECT id FROM agency WHERE name = ?)",
    )?;
    let read = |row: &Row<'_>| {
        let copy = Copy {
            item: item(row)?,
            area: row.get(9)?,
            channel: row.get(10)?,
            ciphertext: Ciphertext::restored(
                row.get(11)?,
                row.get(12)?,
                row.get(13)?,
                row.get(14)?,
                row.get(15)?,
            ),
            wrap: Wrap { header: row.get(16)?, encrypted_key: row.get(17)? },
            attachments: Vec::new(),
        };
        Ok((copy, row.get::<_, i64>(18)?, codec::listed(row.get(8)?)))
    };
    let found = select.query_row(params![delivery, agency], read).optional()?;
    let Some((mut copy, message, withheld)) = found else { return Ok(None) };
    let all = files(conn, message)?.into_iter().enumerate();
    copy.attachments = all.filter(|(number, _)| !withheld.contains(number)).map(|(_, file)| file).collect();
    Ok(Some(copy))
}

/// The files of a message's attachments, in order.
pub(super) fn files(conn: &Connection, message: i64) -> Result<Vec<String>, StoreFault> {
    let mut select =
        conn.prepare_cached("SELECT file FROM attachment WHERE message = ? ORDER BY position")?;
    let files = select.query_map([message], |row| row.get(0))?;
    Ok(files.collect::<Result<_, _>>()?)
}

pub(super) fn collected(conn: &Connection, mark: &Mark) -> Result<bool, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT id, message FROM delivery
         WHERE delivery_id = ? AND recipient = (SELECT id FROM agency WHERE name = ?) AND view IS NOT NULL",
    )?;
    let found = select
        .query_row(params![mark.delivery_id, mark.agency], |row| {
            Ok(About { delivery: row.get(0)?, message: row.get(1)? })
        })
        .optional()?;
    let Some(about) = found else { return Ok(false) };
    // The first time is kept. Whoever collected needs no push, and no report about it.
    conn.prepare_cached(
        "UPDATE delivery SET state = ?2, collected_at = ?3, due_at = NULL, unreported_since = NULL
         WHERE id = ?1 AND collected_at IS NULL",
    )?
    .execute(params![about.delivery, DeliveryState::Collected, Millis(mark.at)])?;
    events::append(conn, &mark.entries, about)?;
    Ok(true)
}
