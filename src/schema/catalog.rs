//! The schema files, embedded: the same bytes validate, are served and are documented. And the
//! catalogue that lists them: which versions there are, and which of them are on their way out.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::message::MessageType;

/// Every JSON file under `schemas/`, by its path there, in their order.
pub const FILES: &[(&str, &str)] = &[
    ("action_update/1.0.json", include_str!("../../schemas/action_update/1.0.json")),
    ("agency_report/1.0.json", include_str!("../../schemas/agency_report/1.0.json")),
    ("attendance/1.0.json", include_str!("../../schemas/attendance/1.0.json")),
    ("audit_form/1.0.json", include_str!("../../schemas/audit_form/1.0.json")),
    ("catalog.json", include_str!("../../schemas/catalog.json")),
    ("common/agencies.json", include_str!("../../schemas/common/agencies.json")),
    ("common/attachment.json", include_str!("../../schemas/common/attachment.json")),
    ("common/conviction.json", include_str!("../../schemas/common/conviction.json")),
    ("common/envelope.json", include_str!("../../schemas/common/envelope.json")),
    ("common/hospital.json", include_str!("../../schemas/common/hospital.json")),
    ("common/identifiers.json", include_str!("../../schemas/common/identifiers.json")),
    ("common/mappa.json", include_str!("../../schemas/common/mappa.json")),
    ("common/mappa_status.json", include_str!("../../schemas/common/mappa_status.json")),
    ("common/meeting.json", include_str!("../../schemas/common/meeting.json")),
    ("common/offender.json", include_str!("../../schemas/common/offender.json")),
    ("common/offender_identity.json", include_str!("../../schemas/common/offender_identity.json")),
    ("common/offender_informed.json", include_str!("../../schemas/common/offender_informed.json")),
    ("common/person.json", include_str!("../../schemas/common/person.json")),
    ("common/referral_reason.json", include_str!("../../schemas/common/referral_reason.json")),
    ("common/risk.json", include_str!("../../schemas/common/risk.json")),
    ("common/rmp.json", include_str!("../../schemas/common/rmp.json")),
    ("common/victims.json", include_str!("../../schemas/common/victims.json")),
    ("correction/1.0.json", include_str!("../../schemas/correction/1.0.json")),
    ("dwp_notice/1.0.json", include_str!("../../schemas/dwp_notice/1.0.json")),
    ("exec_summary/1.0.json", include_str!("../../schemas/exec_summary/1.0.json")),
    ("exit/1.0.json", include_str!("../../schemas/exit/1.0.json")),
    ("housing_benefit_notice/1.0.json", include_str!("../../schemas/housing_benefit_notice/1.0.json")),
    ("info_request/1.0.json", include_str!("../../schemas/info_request/1.0.json")),
    ("info_response/1.0.json", include_str!("../../schemas/info_response/1.0.json")),
    ("invitation/1.0.json", include_str!("../../schemas/invitation/1.0.json")),
    ("level_change/1.0.json", include_str!("../../schemas/level_change/1.0.json")),
    ("meeting_pack/1.0.json", include_str!("../../schemas/meeting_pack/1.0.json")),
    ("minutes/1.0.json", include_str!("../../schemas/minutes/1.0.json")),
    ("minutes_request/1.0.json", include_str!("../../schemas/minutes_request/1.0.json")),
    ("non_delivery/1.0.json", include_str!("../../schemas/non_delivery/1.0.json")),
    ("notification/1.0.json", include_str!("../../schemas/notification/1.0.json")),
    ("published.json", include_str!("../../schemas/published.json")),
    ("recall/1.0.json", include_str!("../../schemas/recall/1.0.json")),
    ("receipt/1.0.json", include_str!("../../schemas/receipt/1.0.json")),
    ("referral/1.0.json", include_str!("../../schemas/referral/1.0.json")),
    ("referral_decision/1.0.json", include_str!("../../schemas/referral_decision/1.0.json")),
    ("resend_request/1.0.json", include_str!("../../schemas/resend_request/1.0.json")),
    ("rmp/1.0.json", include_str!("../../schemas/rmp/1.0.json")),
    ("scr_report/1.0.json", include_str!("../../schemas/scr_report/1.0.json")),
    ("screening/1.0.json", include_str!("../../schemas/screening/1.0.json")),
    ("sfo_notice/1.0.json", include_str!("../../schemas/sfo_notice/1.0.json")),
    ("stats_return/1.0.json", include_str!("../../schemas/stats_return/1.0.json")),
    ("third_party_disclosure/1.0.json", include_str!("../../schemas/third_party_disclosure/1.0.json")),
    ("transfer/1.0.json", include_str!("../../schemas/transfer/1.0.json")),
];

/// The schemas among these files, which all stand in folders: not the catalogue, and not the list of
/// what was published.
pub fn schemas<'a>(
    files: &'a [(&'static str, &'static str)],
) -> impl Iterator<Item = (&'static str, &'static str)> + 'a {
    files.iter().copied().filter(|(path, _)| path.contains('/'))
}

/// One file by its path.
pub fn file(path: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == path).map(|(_, text)| *text)
}

/// `catalog.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    schemas: Vec<Entry>,
}

/// One version of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The type.
    #[serde(rename = "type")]
    pub message_type: MessageType,
    /// The document of the field that it stands for: `D3`.
    pub document: String,
    /// The version.
    pub version: Version,
    /// Where its schema is, under `schemas/`.
    pub file: String,
    /// Its name for people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Who makes it.
    pub made_by: MadeBy,
    /// From when on it should no longer be used, because there is a newer version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<Date>,
    /// The last day on which it is accepted (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunset: Option<Date>,
}

/// Who makes messages of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MadeBy {
    /// Agencies.
    Agency,
    /// The gateway alone.
    Gateway,
}

impl MadeBy {
    /// The word that stands for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Gateway => "gateway",
        }
    }
}

/// That a version is on its way out: what the answer to a message of it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deprecation {
    /// From when on.
    pub since: Timestamp,
    /// The first moment at which it is refused, if that is decided.
    pub ends: Option<Timestamp>,
    /// The schema to use instead, by its path.
    pub successor: String,
}

/// Live versions of a type: the newest and the one before it.
const LIVE_MAX: usize = 2;

impl Catalogue {
    /// Reads the catalogue, newest version of each type first among its like.
    ///
    /// # Errors
    /// In words: it is not of its form, or promises what would not hold.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut catalogue: Self = serde_json::from_str(text).map_err(|fault| fault.to_string())?;
        // A stable sort: types stay in the order of their documents.
        let order = catalogue.schemas.iter().map(|entry| entry.message_type).collect::<Vec<_>>();
        let place = |entry: &Entry| order.iter().position(|known| *known == entry.message_type);
        catalogue.schemas.sort_by_key(|entry| (place(entry), std::cmp::Reverse(entry.version)));
        for entry in &catalogue.schemas {
            catalogue.check(entry).map_err(|why| format!("{}: {why}", entry.file))?;
        }
        Ok(catalogue)
    }

    fn check(&self, entry: &Entry) -> Result<(), &'static str> {
        let like: Vec<&Entry> = self.of(entry.message_type).collect();
        let newest = like.first().is_some_and(|first| first.version == entry.version);
        if entry.file != format!("{}/{}.json", entry.message_type, entry.version) {
            Err("the file is not named after type and version")
        } else if like.iter().filter(|other| other.version == entry.version).count() > 1 {
            Err("the version is listed twice")
        } else if like.len() > LIVE_MAX {
            Err("more than two versions of the type are live")
        } else if newest && (entry.deprecated.is_some() || entry.sunset.is_some()) {
            Err("the newest version cannot be on its way out")
        } else if entry.sunset.is_some_and(|sunset| entry.deprecated.is_none_or(|day| day > sunset)) {
            Err("a version is deprecated before its sunset")
        } else {
            Ok(())
        }
    }

    /// Every version of every type, by document; of a type the newest first.
    pub fn entries(&self) -> &[Entry] {
        &self.schemas
    }

    /// The versions of a type, newest first.
    pub fn of(&self, message_type: MessageType) -> impl Iterator<Item = &Entry> {
        self.schemas.iter().filter(move |entry| entry.message_type == message_type)
    }

    /// Whether a version is on its way out, and what to use instead.
    pub fn deprecation(&self, message_type: MessageType, version: &str) -> Option<Deprecation> {
        let entry = self.of(message_type).find(|entry| entry.version.to_string() == version)?;
        let successor = self.of(message_type).next()?.file.clone();
        Some(Deprecation { since: entry.deprecated.and_then(midnight)?, ends: entry.ends(), successor })
    }
}

impl Entry {
    /// The first moment after its last day.
    pub fn ends(&self) -> Option<Timestamp> {
        midnight(self.sunset?.tomorrow().ok()?)
    }

    /// Whether its last day is over on this day (UTC).
    pub fn is_over(&self, day: Date) -> bool {
        self.sunset.is_some_and(|sunset| day > sunset)
    }
}

fn midnight(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let mut found = 0;
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "json") {
                    let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                    assert!(file(name).is_some(), "{name} is not in FILES");
                    found += 1;
                }
            }
        }
        assert_eq!(found, FILES.len());
        assert!(FILES.is_sorted_by_key(|(path, _)| *path), "where one stands is found at once");
    }
}
