//! Accepting: a message with all that belongs to it, or the reason why not. Every check comes before
//! the first write.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    codec::{self, Millis},
    directory,
    events::{self, About},
    facts, names,
};
use crate::{
    crypto::jwe::Ciphertext,
    message::{AgencyId, CaseRef, Channel, DeliveryId, MessageId, MessageType},
    store::{DeliveryState, NewCopy, NewDelivery, Recorded, Sealed, StoreFault, Submission},
};

pub(super) fn submission(
    conn: &Connection,
    sender: &AgencyId,
    id: MessageId,
) -> Result<Option<Submission>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT m.submission_sha256, m.receipt FROM message m
         WHERE m.sender = (SELECT id FROM agency WHERE name = ?) AND m.message_id = ?",
    )?;
    let found = select
        .query_row(params![sender, id], |row| Ok(Submission { sha256: row.get(0)?, receipt: row.get(1)? }));
    Ok(found.optional()?)
}

pub(super) fn record(conn: &Connection, sealed: &Sealed) -> Result<Recorded, StoreFault> {
    // First, whatever else moved: a sender that repeats gets its receipt.
    if let Some(earlier) = submission(conn, &sealed.sender, sealed.message_id)? {
        let same = earlier.sha256 == sealed.submission_sha256;
        return Ok(if same { Recorded::Repeat(earlier.receipt) } else { Recorded::Conflict });
    }
    if is_stale(conn, sealed)? {
        return Ok(Recorded::Stale);
    }
    let claimant = sealed.claimant.as_ref();
    let case = sealed.case_ref.as_ref().map(|case_ref| names::case(conn, case_ref, claimant)).transpose()?;
    let message = names::next(conn, "SELECT max(id) FROM message")?;
    let event = events::append(conn, &sealed.entries, About { message: Some(message), delivery: None })?;
    let event = event.ok_or(StoreFault::Corrupt("a message without its event"))?;
    match &sealed.case_ref {
        Some(case_ref) => facts::append(conn, case_ref, claimant, event, &sealed.facts)?,
        None if sealed.facts.is_empty() => {}
        None => return Err(StoreFault::Corrupt("facts about no case")),
    }
    insert_message(conn, sealed, message, case, event)?;
    let views =
        sealed.views.iter().map(|view| insert_view(conn, &view.ciphertext)).collect::<Result<Vec<_>, _>>()?;
    for (position, attachment) in (0i64..).zip(&sealed.attachments) {
        conn.prepare_cached("INSERT INTO attachment (message, position, file) VALUES (?, ?, ?)")?
            .execute(params![message, position, attachment.file.name])?;
    }
    for delivery in &sealed.deliveries {
        insert_delivery(conn, sealed, message, &views, delivery)?;
    }
    if let Some(reported) = sealed.reports {
        conn.prepare_cached("UPDATE delivery SET unreported_since = NULL WHERE delivery_id = ?")?
            .execute([reported])?;
    }
    Ok(Recorded::Recorded)
}

/// Whether the decision no longer rests on what is known now.
fn is_stale(conn: &Connection, sealed: &Sealed) -> Result<bool, StoreFault> {
    Ok(sealed.decided_on.directory != directory::version(conn)?
        || sealed.case_ref.as_ref().map_or(Ok(false), |case_ref| case_moved(conn, sealed, case_ref))?
        || sealed.reports.map_or(Ok(false), |delivery| is_settled(conn, sealed, delivery))?)
}

/// Whether the case is another than the one that was decided on. A message about no case rests on none.
fn case_moved(conn: &Connection, sealed: &Sealed, case_ref: &CaseRef) -> Result<bool, StoreFault> {
    Ok(sealed.decided_on.case_facts != facts::version(conn, case_ref, sealed.claimant.as_ref())?
        || facts::names_other_case(conn, case_ref, &sealed.facts)?)
}

/// Whether nobody needs to be told this about the delivery (any more). One that was withdrawn since is to be
/// asked for again: that it was not collected would be the wrong word, and the only one.
fn is_settled(conn: &Connection, sealed: &Sealed, delivery: DeliveryId) -> Result<bool, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT 1 FROM delivery WHERE delivery_id = ?1 AND unreported_since IS NOT NULL AND (state = ?2) = ?3",
    )?;
    let asks_again = sealed.message_type == MessageType::ResendRequest;
    Ok(!select.exists(params![delivery, DeliveryState::Withdrawn, asks_again])?)
}

fn insert_message(
    conn: &Connection,
    sealed: &Sealed,
    message: i64,
    case: Option<i64>,
    event: i64,
) -> Result<(), StoreFault> {
    let sender = names::agency(conn, &sealed.sender)?;
    let first_delivery = names::next(conn, "SELECT max(id) FROM delivery")?;
    let count = |length: usize| codec::column(length.try_into().unwrap_or(u64::MAX));
    conn.prepare_cached(
        "INSERT INTO message (id, sender, message_id, type, schema_version, area, known_case, accepted_at,
             event, first_delivery, deliveries, attachments, submission_sha256, receipt, reports)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        message,
        sender,
        sealed.message_id,
        sealed.message_type,
        sealed.schema_version,
        sealed.area,
        case,
        Millis(sealed.accepted_at),
        event,
        first_delivery,
        count(sealed.deliveries.len()),
        count(sealed.attachments.len()),
        sealed.submission_sha256,
        sealed.receipt,
        sealed.reports,
    ])?;
    Ok(())
}

fn insert_view(conn: &Connection, view: &Ciphertext) -> Result<i64, StoreFault> {
    conn.prepare_cached("INSERT INTO view (protected, aad, iv, tag, ciphertext) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![view.protected, view.aad, view.iv, view.tag, view.ciphertext()])?;
    Ok(conn.last_insert_rowid())
}

fn insert_delivery(
    conn: &Connection,
    sealed: &Sealed,
    message: i64,
    views: &[i64],
    delivery: &NewDelivery,
) -> Result<(), StoreFault> {
    let (view, wrap, mail) = match &delivery.copy {
        NewCopy::Jwe { view, wrap } => {
            let row = views.get(*view).ok_or(StoreFault::Corrupt("a delivery without its view"))?;
            (Some(row), Some(wrap), None)
        }
        NewCopy::Mail(file) => (None, None, Some(&file.name)),
    };
    let withheld = match &delivery.copy {
        NewCopy::Jwe { view, .. } => sealed.views.get(*view).and_then(|view| codec::numbers(&view.withheld)),
        NewCopy::Mail(_) => None,
    };
    let accepted_at = sealed.accepted_at.as_millisecond();
    // A mailbox is collected from, never attempted.
    let due_at = (delivery.channel != Channel::Mailbox).then_some(accepted_at);
    // No report about a report.
    let unreported_since = sealed.message_type.made_by_agencies().then_some(accepted_at);
    conn.prepare_cached(
        "INSERT INTO delivery (delivery_id, message, recipient, channel, state, attempts, due_at,
             unreported_since, kept_since, mail, view, encrypted_key, header,
             withheld)
         VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        delivery.delivery_id,
        message,
        names::agency(conn, &delivery.recipient)?,
        delivery.channel,
        DeliveryState::Waiting,
        due_at,
        unreported_since,
        accepted_at,
        mail,
        view,
        wrap.map(|wrap| &wrap.encrypted_key),
        wrap.map(|wrap| &wrap.header),
        withheld,
    ])?;
    Ok(())
}
