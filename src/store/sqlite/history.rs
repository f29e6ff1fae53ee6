//! The past, for trying other rules on it: which decisions there were, and how the directory and a case
//! stood then.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    codec::{self, Millis},
    directory,
    facts::{self, Kept},
};
use crate::{
    directory::{Directory, Standing},
    message::{Agency, AgencyId, CaseFacts, CaseRef},
    store::{Decided, Span, StoreFault},
};

/// Keeps how an agency stands from a version of the directory on. Nothing is written where it stands as
/// before: importing the same file each night leaves no trace.
pub(super) fn stands(conn: &Connection, id: i64, version: u64, agency: &Agency) -> Result<(), StoreFault> {
    let standing = serde_json::to_string(&Standing::of(agency)).map_err(|_| UNREADABLE)?;
    conn.prepare_cached(
        "INSERT INTO agency_standing (agency, version, standing) SELECT ?1, ?2, ?3
         WHERE ?3 IS NOT (SELECT standing FROM agency_standing WHERE agency = ?1
                          ORDER BY version DESC LIMIT 1)
         ON CONFLICT (agency, version) DO UPDATE SET standing = excluded.standing",
    )?
    .execute(params![id, codec::column(version), standing])?;
    Ok(())
}

pub(super) fn directory_at(conn: &Connection, version: u64) -> Result<Option<Directory>, StoreFault> {
    if version > directory::version(conn)? {
        return Ok(None);
    }
    let mut select = conn.prepare_cached(
        "SELECT a.name, s.standing FROM agency a JOIN agency_standing s ON s.agency = a.id
         WHERE s.version = (SELECT max(version) FROM agency_standing WHERE agency = a.id AND version <= ?)",
    )?;
    let mut rows = select.query([codec::column(version)])?;
    let mut agencies = Vec::new();
    while let Some(row) = rows.next()? {
        let id: AgencyId = row.get(0)?;
        let standing = row.get_ref(1)?.as_str().map_err(|_| UNREADABLE)?;
        let standing: Standing = serde_json::from_str(standing).map_err(|_| UNREADABLE)?;
        agencies.push(standing.into_agency(id));
    }
    Ok(Some(Directory::new(version, agencies)))
}

pub(super) fn case_at(
    conn: &Connection,
    case_ref: &CaseRef,
    version: u64,
) -> Result<Option<CaseFacts>, StoreFault> {
    // The number of a fact tells whether it is one of the case itself or of a claim.
    let mut select = conn.prepare_cached(
        "SELECT c.id, a.name FROM fact f JOIN known_case c ON c.id = f.known_case
         LEFT JOIN agency a ON a.id = c.claimant WHERE f.id = ? AND c.case_ref = ?",
    )?;
    let kept = select.query_row(params![codec::column(version), case_ref], Kept::read).optional()?;
    kept.map_or(Ok(None), |kept| facts::fold(conn, case_ref, &kept, version))
}

pub(super) fn decisions(
    conn: &Connection,
    after: u64,
    span: Span,
    limit: usize,
) -> Result<Vec<Decided>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT id, event FROM event
         WHERE id > ?1 AND at >= ?2 AND at < ?3 AND kind IN (SELECT id FROM kind WHERE name IN
             ('message.accepted', 'message.refused', 'message.checked'))
         ORDER BY id LIMIT ?4",
    )?;
    let bounds = params![codec::column(after), Millis(span.from), Millis(span.until), codec::limit(limit)];
    let rows = select
        .query_map(bounds, |row| Ok(Decided { key: codec::number(row.get(0)?), event: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const UNREADABLE: StoreFault = StoreFault::Corrupt("how an agency stood");
