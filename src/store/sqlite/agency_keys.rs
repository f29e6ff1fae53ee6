//! The keys that agencies look after by themselves. The rows keep all of them; the directory's entry lists
//! those that may be sealed to, and both change in one transaction.

use rusqlite::{Connection, params};

use super::{codec::Millis, directory, erase::UNTAKEN, events, names};
use crate::{
    message::{AgencyId, AgencyKey},
    store::{KeyChange, StoreFault},
};

pub(super) fn of(conn: &Connection, agency: &AgencyId) -> Result<Vec<AgencyKey>, StoreFault> {
    let mut select = conn.prepare_cached(
        "SELECT record FROM agency_key WHERE agency = (SELECT id FROM agency WHERE name = ?) ORDER BY id",
    )?;
    let mut rows = select.query([agency])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let record = row.get_ref(0)?.as_str().map_err(|_| UNREADABLE)?;
        keys.push(serde_json::from_str(record).map_err(|_| UNREADABLE)?);
    }
    Ok(keys)
}

pub(super) fn change(conn: &Connection, change: &KeyChange) -> Result<bool, StoreFault> {
    let (agency, after) = (&change.agency, &change.after);
    let known = of(conn, agency)?;
    let stored = known.iter().find(|key| key.key.kid == after.key.kid);
    // The word of a key that was revoked meanwhile counts for nothing; one that was given before stands.
    let revoked = |kid: &&String| known.iter().any(|key| key.key.kid == **kid && key.revoked_at.is_some());
    let new_word =
        after.vouched_by.as_ref().filter(|_| after.announced_at != stored.and_then(|key| key.announced_at));
    // Nor is a key revoked over the head of one that stands on its word alone: that is put back first.
    let has_heir = |at| known.iter().any(|key| key.without_word_of(&after.key.kid, at).is_some());
    let in_the_way = new_word.is_some_and(|kid| revoked(&kid)) || after.revoked_at.is_some_and(has_heir);
    if stored != change.before.as_ref() || in_the_way {
        return Ok(false);
    }
    let settled =
        directory::put_keys(conn, agency, |keys| AgencyKey::settle(std::slice::from_ref(after), keys));
    if settled?.is_none() {
        return Ok(false);
    }
    let record = serde_json::to_string(after).map_err(|_| UNREADABLE)?;
    conn.prepare_cached(
        "INSERT INTO agency_key (agency, kid, record, revoked_at, settled) VALUES (?1, ?2, ?3, ?4, 0)
         ON CONFLICT (agency, kid) DO UPDATE SET record = excluded.record, revoked_at = excluded.revoked_at",
    )?
    .execute(params![
        names::agency(conn, agency)?,
        after.key.kid,
        record,
        after.revoked_at.map(Millis)
    ])?;
    events::append(conn, &change.entries, events::About::default())?;
    Ok(true)
}

pub(super) fn settle_revoked(conn: &Connection) -> Result<(), StoreFault> {
    let [waiting, failed] = UNTAKEN;
    conn.prepare_cached(
        "UPDATE agency_key AS k SET settled = 1
         WHERE k.revoked_at IS NOT NULL AND k.settled = 0 AND NOT EXISTS (
             SELECT 1 FROM delivery d WHERE d.recipient = k.agency AND d.view IS NOT NULL
                 AND d.state IN (?1, ?2) AND json_extract(d.header, '$.kid') = k.kid)",
    )?
    .execute(params![waiting, failed])?;
    Ok(())
}

const UNREADABLE: StoreFault = StoreFault::Corrupt("an agency's key");
