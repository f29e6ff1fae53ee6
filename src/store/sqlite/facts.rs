//! What is known about cases and meetings: appended, never changed.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{codec, events, names};
use crate::{
    message::{CaseFacts, CaseRef, Fact, MeetingId},
    store::{FactChange, Learned, StoreFault},
};

pub(super) fn case(conn: &Connection, case_ref: &CaseRef) -> Result<Option<CaseFacts>, StoreFault> {
    case_until(conn, case_ref, u64::MAX)
}

/// The fold of the facts up to the one of this number.
pub(super) fn case_until(
    conn: &Connection,
    case_ref: &CaseRef,
    last: u64,
) -> Result<Option<CaseFacts>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT f.id, f.fact FROM known_case c JOIN fact f ON f.known_case = c.id
         WHERE c.case_ref = ? AND f.id <= ? ORDER BY f.id",
    )?;
    let mut rows = select.query(params![case_ref, codec::column(last)])?;
    let mut facts = Vec::new();
    while let Some(row) = rows.next()? {
        let fact = row.get_ref(1)?.as_str().map_err(|_| UNREADABLE)?;
        let fact: Fact = serde_json::from_str(fact).map_err(|_| UNREADABLE)?;
        facts.push((codec::number(row.get(0)?), fact));
    }
    Ok(CaseFacts::fold(case_ref, facts))
}

/// The number of the latest fact of a case, 0 where there is none.
pub(super) fn version(conn: &Connection, case_ref: &CaseRef) -> Result<u64, StoreFault> {
    let Some(case) = names::known_case(conn, case_ref)? else { return Ok(0) };
    let mut select = conn.prepare_cached("SELECT max(id) FROM fact WHERE known_case = ?")?;
    let newest: Option<i64> = select.query_row([case], |row| row.get(0))?;
    Ok(codec::number(newest.unwrap_or(0)))
}

pub(super) fn case_of_meeting(conn: &Connection, meeting: MeetingId) -> Result<Option<CaseRef>, StoreFault> {
    case_of(conn, *meeting.as_bytes())
}

fn case_of(conn: &Connection, id: [u8; 16]) -> Result<Option<CaseRef>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT c.case_ref FROM fact_subject s JOIN known_case c ON c.id = s.known_case WHERE s.id = ?",
    )?;
    Ok(select.query_row([id], |row| row.get(0)).optional()?)
}

/// Whether a meeting, designation or approval named in the facts belongs to another case.
pub(super) fn names_other_case(
    conn: &Connection,
    case_ref: &CaseRef,
    facts: &[Fact],
) -> Result<bool, StoreFault> {
    for id in facts.iter().filter_map(subject) {
        if case_of(conn, id)?.is_some_and(|case| case != *case_ref) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Appends facts; `event` is the one that they came with.
pub(super) fn append(conn: &Connection, case: i64, event: i64, facts: &[Fact]) -> Result<(), StoreFault> {
    for fact in facts {
        let json = serde_json::to_string(fact).map_err(|_| UNREADABLE)?;
        conn.prepare_cached("INSERT INTO fact (known_case, event, fact) VALUES (?, ?, ?)")?
            .execute(params![case, event, json])?;
        if let Some(id) = subject(fact) {
            conn.prepare_cached(
                "INSERT INTO fact_subject (id, known_case) VALUES (?, ?) ON CONFLICT DO NOTHING",
            )?
            .execute(params![id, case])?;
        }
    }
    Ok(())
}

pub(super) fn learn(conn: &Connection, change: &FactChange) -> Result<Learned, StoreFault> {
    if names_other_case(conn, &change.case_ref, &change.facts)? {
        return Ok(Learned::OtherCase);
    }
    if version(conn, &change.case_ref)? != change.expected {
        return Ok(Learned::Stale);
    }
    let event = events::append(conn, &change.entries, events::About::default())?;
    let event = event.ok_or(StoreFault::Corrupt("facts without their event"))?;
    append(conn, names::case(conn, &change.case_ref)?, event, &change.facts)?;
    Ok(Learned::Learned)
}

/// What a fact tells of, where that has an id of its own.
fn subject(fact: &Fact) -> Option<[u8; 16]> {
    match fact {
        Fact::Meeting(meeting) => Some(*meeting.meeting_id.as_bytes()),
        Fact::Present { meeting_id, .. } => Some(*meeting_id.as_bytes()),
        Fact::Designated(designation) => Some(*designation.designation_id.as_bytes()),
        Fact::Approved { approval } => Some(*approval.approval_id.as_bytes()),
        Fact::CaseOpened { .. }
        | Fact::CaseStated { .. }
        | Fact::LevelSet { .. }
        | Fact::Left { .. }
        | Fact::Referred { .. }
        | Fact::Claimed { .. } => None,
    }
}

const UNREADABLE: StoreFault = StoreFault::Corrupt("a fact");
