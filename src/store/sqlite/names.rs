//! Names that recur, each written once and meant by a small number from then on.

use rusqlite::{Connection, OptionalExtension as _, ToSql, params};

use crate::{
    message::{AgencyId, CaseRef},
    store::StoreFault,
};

/// The number of an agency, in the directory or not.
pub(super) fn agency(conn: &Connection, id: &AgencyId) -> Result<i64, StoreFault> {
    number(
        conn,
        "SELECT id FROM agency WHERE name = ?",
        "INSERT INTO agency (name) VALUES (?) RETURNING id",
        id,
    )
}

/// The number of a case, or of what an agency claims under its reference.
pub(super) fn case(
    conn: &Connection,
    case_ref: &CaseRef,
    claimant: Option<&AgencyId>,
) -> Result<i64, StoreFault> {
    if let Some(known) = known_case(conn, case_ref, claimant)? {
        return Ok(known);
    }
    let claimant = claimant.map_or(Ok(NOBODY), |id| agency(conn, id))?;
    let mut insert =
        conn.prepare_cached("INSERT INTO known_case (case_ref, claimant) VALUES (?, ?) RETURNING id")?;
    Ok(insert.query_row(params![case_ref, claimant], |row| row.get(0))?)
}

/// The same, where something is known about it.
pub(super) fn known_case(
    conn: &Connection,
    case_ref: &CaseRef,
    claimant: Option<&AgencyId>,
) -> Result<Option<i64>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT id FROM known_case WHERE case_ref = ?1
         AND claimant = CASE WHEN ?2 IS NULL THEN 0 ELSE (SELECT id FROM agency WHERE name = ?2) END",
    )?;
    Ok(select.query_row(params![case_ref, claimant], |row| row.get(0)).optional()?)
}

/// The number of an event's dotted name.
pub(super) fn kind(conn: &Connection, name: &str) -> Result<i64, StoreFault> {
    number(
        conn,
        "SELECT id FROM kind WHERE name = ?",
        "INSERT INTO kind (name) VALUES (?) RETURNING id",
        &name,
    )
}

/// The key that the next row of a table will get, for rows that point at each other.
pub(super) fn next(conn: &Connection, newest: &str) -> Result<i64, StoreFault> {
    let newest: Option<i64> = conn.prepare_cached(newest)?.query_row([], |row| row.get(0))?;
    Ok(newest.unwrap_or(0).saturating_add(1))
}

fn number(conn: &Connection, select: &str, insert: &str, name: &dyn ToSql) -> Result<i64, StoreFault> {
    let known = conn.prepare_cached(select)?.query_row([name], |row| row.get(0)).optional()?;
    match known {
        Some(id) => Ok(id),
        None => Ok(conn.prepare_cached(insert)?.query_row([name], |row| row.get(0))?),
    }
}

/// The claimant of the case itself. No agency has this number.
const NOBODY: i64 = 0;
