//! What is known about cases and meetings: appended, never changed.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{codec, events, names};
use crate::{
    message::{AgencyId, Area, CaseFacts, CaseRef, Fact, MeetingId},
    store::{FactChange, Learned, Seen, StoreFault},
};

pub(super) fn case(
    conn: &Connection,
    case_ref: &CaseRef,
    claimant: Option<&AgencyId>,
) -> Result<Option<CaseFacts>, StoreFault> {
    match names::known_case(conn, case_ref, claimant)? {
        Some(id) => fold(conn, case_ref, &Kept { id, claimant: claimant.cloned() }, u64::MAX),
        None => Ok(None),
    }
}

/// Facts that belong together: of a case, or of what one agency claims under its reference.
pub(super) struct Kept {
    id: i64,
    claimant: Option<AgencyId>,
}

impl Kept {
    /// `id` and the claimant's name.
    pub fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get(0)?, claimant: row.get(1)? })
    }
}

/// The fold of the facts up to the one of this number.
pub(super) fn fold(
    conn: &Connection,
    case_ref: &CaseRef,
    kept: &Kept,
    last: u64,
) -> Result<Option<CaseFacts>, StoreFault> {
    let mut select =
        conn.prepare_cached("SELECT id, fact FROM fact WHERE known_case = ? AND id <= ? ORDER BY id")?;
    let mut rows = select.query(params![kept.id, codec::column(last)])?;
    let mut facts = Vec::new();
    while let Some(row) = rows.next()? {
        let fact = row.get_ref(1)?.as_str().map_err(|_| UNREADABLE)?;
        let fact: Fact = serde_json::from_str(fact).map_err(|_| UNREADABLE)?;
        facts.push((codec::number(row.get(0)?), fact));
    }
    let case = CaseFacts::fold(case_ref, facts);
    Ok(case.map(|case| CaseFacts { claimant: kept.claimant.clone(), ..case }))
}

pub(super) fn case_for(conn: &Connection, case_ref: &CaseRef, agency: &AgencyId) -> Result<Seen, StoreFault> {
    // Every look-up is made whether the case is there or not, since the time would tell.
    let case = names::known_case(conn, case_ref, None)?.unwrap_or(NO_CASE);
    let version = newest(conn, case)?;
    let mut select = conn.prepare_cached(
        "SELECT 1 FROM brought_in WHERE known_case = ? AND agency = (SELECT id FROM agency WHERE name = ?)",
    )?;
    let mut kept = Vec::new();
    if select.exists(params![case, agency])? {
        kept.push(Kept { id: case, claimant: None });
    }
    let mut select = conn.prepare_cached(CLAIMED)?;
    for claimed in select.query_map(params![case_ref, agency], Kept::read)? {
        kept.push(claimed?);
    }
    let folded = kept.iter().map(|kept| fold(conn, case_ref, kept, u64::MAX));
    let facts = folded.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    Ok(Seen { version, facts })
}

/// What was claimed under the reference of a case, where that brings an agency in.
pub(super) const CLAIMED: &str = "
    SELECT c.id, a.name FROM known_case c JOIN agency a ON a.id = c.claimant
    WHERE c.case_ref = ?1 AND c.claimant > 0 AND EXISTS (
        SELECT 1 FROM brought_in b WHERE b.known_case = c.id
        AND b.agency = (SELECT id FROM agency WHERE name = ?2))
    ORDER BY c.id";

pub(super) fn claimants(conn: &Connection, case_ref: &CaseRef) -> Result<Vec<AgencyId>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT a.name FROM known_case c JOIN agency a ON a.id = c.claimant
         WHERE c.case_ref = ? AND c.claimant > 0 AND EXISTS (SELECT 1 FROM fact f WHERE f.known_case = c.id)
         ORDER BY c.id",
    )?;
    let names = select.query_map([case_ref], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// The number of the latest fact of a case, or of what was claimed under its reference; 0 where there is none.
pub(super) fn version(
    conn: &Connection,
    case_ref: &CaseRef,
    claimant: Option<&AgencyId>,
) -> Result<u64, StoreFault> {
    newest(conn, names::known_case(conn, case_ref, claimant)?.unwrap_or(NO_CASE))
}

fn newest(conn: &Connection, case: i64) -> Result<u64, StoreFault> {
    let mut select = conn.prepare_cached("SELECT max(id) FROM fact WHERE known_case = ?")?;
    let newest: Option<i64> = select.query_row([case], |row| row.get(0))?;
    Ok(codec::number(newest.unwrap_or(0)))
}

/// No row has this number.
const NO_CASE: i64 = 0;

pub(super) fn case_of_meeting(
    conn: &Connection,
    area: Area,
    meeting: MeetingId,
) -> Result<Option<CaseRef>, StoreFault> {
    case_of(conn, &Subject { id: *meeting.as_bytes(), scope: area.to_string() })
}

fn case_of(conn: &Connection, subject: &Subject) -> Result<Option<CaseRef>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT c.case_ref FROM fact_subject s JOIN known_case c ON c.id = s.known_case
         WHERE s.id = ? AND s.scope = ?",
    )?;
    Ok(select.query_row(params![subject.id, subject.scope], |row| row.get(0)).optional()?)
}

/// Whether a meeting, designation or approval named in the facts belongs to another case. What somebody
/// claimed under the reference of this one is no other: once drawn in, it approves anew under the same id.
pub(super) fn names_other_case(
    conn: &Connection,
    case_ref: &CaseRef,
    facts: &[Fact],
) -> Result<bool, StoreFault> {
    for subject in facts.iter().filter_map(|fact| Subject::of(fact, case_ref.area())) {
        if case_of(conn, &subject)?.is_some_and(|case| case != *case_ref) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Appends facts; `event` is the one that they came with.
pub(super) fn append(
    conn: &Connection,
    case_ref: &CaseRef,
    claimant: Option<&AgencyId>,
    event: i64,
    facts: &[Fact],
) -> Result<(), StoreFault> {
    let case = names::case(conn, case_ref, claimant)?;
    for fact in facts {
        let json = serde_json::to_string(fact).map_err(|_| UNREADABLE)?;
        conn.prepare_cached("INSERT INTO fact (known_case, event, fact) VALUES (?, ?, ?)")?
            .execute(params![case, event, json])?;
        if let Some(Subject { id, scope }) = Subject::of(fact, case_ref.area()) {
            conn.prepare_cached(
                "INSERT INTO fact_subject (id, scope, known_case) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            )?
            .execute(params![id, scope, case])?;
        }
        for agency in fact.brings_in() {
            conn.prepare_cached(
                "INSERT INTO brought_in (known_case, agency) VALUES (?, ?) ON CONFLICT DO NOTHING",
            )?
            .execute(params![case, names::agency(conn, agency)?])?;
        }
    }
    Ok(())
}

pub(super) fn learn(conn: &Connection, change: &FactChange) -> Result<Learned, StoreFault> {
    if names_other_case(conn, &change.case_ref, &change.facts)? {
        return Ok(Learned::OtherCase);
    }
    let claimant = change.claimant.as_ref();
    if version(conn, &change.case_ref, claimant)? != change.expected {
        return Ok(Learned::Stale);
    }
    let event = events::append(conn, &change.entries, events::About::default())?;
    let event = event.ok_or(StoreFault::Corrupt("facts without their event"))?;
    append(conn, &change.case_ref, claimant, event, &change.facts)?;
    Ok(Learned::Learned)
}

/// What a fact tells of, where that has an id of its own, and among whom the id counts.
struct Subject {
    id: [u8; 16],
    scope: String,
}

impl Subject {
    fn of(fact: &Fact, area: Area) -> Option<Self> {
        let (id, scope) = match fact {
            Fact::Meeting(meeting) => (*meeting.meeting_id.as_bytes(), area.to_string()),
            Fact::Present { meeting_id, .. } => (*meeting_id.as_bytes(), area.to_string()),
            Fact::Designated(designation) => (*designation.designation_id.as_bytes(), area.to_string()),
            Fact::Approved { approval } => (*approval.approval_id.as_bytes(), approval.by.to_string()),
            Fact::CaseOpened { .. }
            | Fact::CaseStated { .. }
            | Fact::LevelSet { .. }
            | Fact::Left { .. }
            | Fact::Referred { .. }
            | Fact::Claimed { .. } => return None,
        };
        Some(Self { id, scope })
    }
}

const UNREADABLE: StoreFault = StoreFault::Corrupt("a fact");
